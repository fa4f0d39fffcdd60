//! A folder of the operating system's file system, locked for one process. Sealed files are mapped; logs and manifests are
//! read. Durable means `fdatasync` of the file and `fsync` of its folder.

use super::{AppendFile, Disk, FileBytes};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that is locked; it holds the process's number for others to read.
pub(crate) const LOCK_FILE: &str = "LOCK";

/// A local folder, held exclusively until dropped or unlocked.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
    lock: Mutex<Option<File>>,
}

impl LocalDisk {
    /// Opens a folder, made if missing, for this process alone.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process (or another store of this one) has it.
    pub fn open(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| failure("create folder", root, error))?;
        let root = root
            .canonicalize()
            .map_err(|error| failure("open folder", root, error))?;
        let lock = lock_folder(&root)?;
        Ok(LocalDisk {
            root,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// A folder to read from only, whoever has it open.
    pub(crate) fn unlocked(root: &Path) -> Self {
        LocalDisk {
            root: root.to_path_buf(),
            lock: Mutex::new(None),
        }
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        match path.as_os_str().is_empty() {
            // Without the separator that joining would leave at the end.
            true => self.root.clone(),
            false => self.root.join(path),
        }
    }
}

fn lock_folder(root: &Path) -> Result<File> {
    let path = root.join(LOCK_FILE);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| failure("open", &path, error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = Read::by_ref(&mut file).take(32).read_to_string(&mut holder);
            return Err(Error::Locked {
                path: root.to_path_buf(),
                process_id: holder.trim().parse().ok(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failure("lock", &path, error)),
    }
    let state = file
        .set_len(0)
        .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()));
    state.map_err(|error| failure("write", &path, error))?;
    Ok(file)
}

/// What the operating system said, as this crate says it.
fn failure(operation: &'static str, path: &Path, source: std::io::Error) -> Error {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::Full {
            path: path.to_path_buf(),
        },
        _ => Error::Io {
            operation,
            path: path.to_path_buf(),
            source,
        },
    }
}

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        let path = self.resolve(path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| failure("create", &path, error))?;
        Ok(Box::new(LocalAppendFile { file, path, length: 0 }))
    }

    fn open_append(&self, path: &Path, length_bytes: u64) -> Result<Box<dyn AppendFile>> {
        let path = self.resolve(path);
        let mut file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(|error| failure("open", &path, error))?;
        file.set_len(length_bytes)
            .and_then(|()| file.seek(SeekFrom::Start(length_bytes)))
            .map_err(|error| failure("cut", &path, error))?;
        Ok(Box::new(LocalAppendFile {
            file,
            path,
            length: length_bytes,
        }))
    }

    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>> {
        let path = self.resolve(path);
        let file = File::open(&path).map_err(|error| failure("open", &path, error))?;
        let length = file.metadata().map_err(|error| failure("open", &path, error))?.len();
        if length == 0 {
            return Ok(Arc::new(Vec::new()));
        }
        // SAFETY: only sealed files are mapped: this process alone holds the folder, and never writes to or cuts a file
        // after it was sealed; removal leaves the mapping intact.
        let mapping = unsafe { memmap2::Mmap::map(&file) }.map_err(|error| failure("map", &path, error))?;
        // Readers say what they need. Otherwise the first touch of any place would read megabytes around it.
        let _ = mapping.advise(memmap2::Advice::Random);
        Ok(Arc::new(mapping))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let path = self.resolve(path);
        std::fs::read(&path).map_err(|error| failure("read", &path, error))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (self.resolve(from), self.resolve(to));
        std::fs::rename(&from, &to).map_err(|error| failure("rename", &from, error))
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let path = self.resolve(path);
        std::fs::remove_file(&path).map_err(|error| failure("remove", &path, error))
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        let folder = self.resolve(folder);
        let entries = std::fs::read_dir(&folder).map_err(|error| failure("list", &folder, error))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failure("list", &folder, error))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        let folder = self.resolve(folder);
        std::fs::create_dir_all(&folder).map_err(|error| failure("create folder", &folder, error))
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        let folder = self.resolve(folder);
        File::open(&folder)
            .and_then(|file| file.sync_all())
            .map_err(|error| failure("sync folder", &folder, error))
    }

    fn length_bytes(&self, path: &Path) -> Result<Option<u64>> {
        let path = self.resolve(path);
        match std::fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure("examine", &path, error)),
        }
    }

    fn free_bytes(&self) -> Result<u64> {
        use std::os::unix::ffi::OsStrExt;
        let unusable = |error| failure("examine", &self.root, error);
        let path = std::ffi::CString::new(self.root.as_os_str().as_bytes()).map_err(|error| unusable(error.into()))?;
        let mut answer = std::mem::MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: the path ends with a zero byte and the answer has the size the call fills.
        let status = unsafe { libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) };
        if status != 0 {
            return Err(unusable(std::io::Error::last_os_error()));
        }
        // SAFETY: the call succeeded, so it filled the answer.
        let answer = unsafe { answer.assume_init() };
        #[allow(clippy::unnecessary_cast, reason = "these have other widths on other systems")]
        let free = (answer.f_bavail as u64).saturating_mul(answer.f_frsize as u64);
        Ok(free)
    }

    fn describe(&self, path: &Path) -> PathBuf {
        self.resolve(path)
    }

    fn unlock(&self) {
        self.lock.lock().take();
    }
}

struct LocalAppendFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl AppendFile for LocalAppendFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|error| failure("write", &self.path, error))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.file
            .sync_data()
            .map_err(|error| failure("sync", &self.path, error))
    }

    fn length_bytes(&self) -> u64 {
        self.length
    }
}

impl FileBytes for memmap2::Mmap {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn will_need(&self, range: std::ops::Range<usize>) {
        let end = range.end.min(self.len());
        if range.start < end {
            // Advice: where it is refused, reading is merely slower.
            let _ = self.advise_range(memmap2::Advice::WillNeed, range.start, end - range.start);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_free_after_unlock() {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(folder.path()).unwrap();
        match LocalDisk::open(folder.path()) {
            Err(Error::Locked { process_id, .. }) => assert_eq!(process_id, Some(std::process::id())),
            other => panic!("expected a lock, got {other:?}"),
        }
        disk.unlock();
        LocalDisk::open(folder.path()).unwrap();
    }

    #[test]
    fn what_is_written_can_be_read_cut_and_mapped() {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalDisk::open(folder.path()).unwrap();
        let path = Path::new("a/b");
        disk.create_folder(Path::new("a")).unwrap();
        let mut file = disk.create(path).unwrap();
        assert!(disk.create(path).is_err());
        file.append(b"hello world").unwrap();
        file.sync().unwrap();
        disk.sync_folder(Path::new("a")).unwrap();
        let mut file = disk.open_append(path, 5).unwrap();
        file.append(b"!").unwrap();
        assert_eq!(file.length_bytes(), 6);
        assert_eq!(disk.read(path).unwrap(), b"hello!");
        let mapped = disk.map(path).unwrap();
        disk.remove(path).unwrap();
        assert_eq!(mapped.bytes(), b"hello!");
        assert_eq!(disk.length_bytes(path).unwrap(), None);
        assert!(disk.free_bytes().unwrap() > 0);
    }
}
