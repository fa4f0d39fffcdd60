//! Files of running queries: blocks of bytes for what does not fit into memory, written once and read by place. Nothing here is
//! ever synced or outlives the process; what a crash leaves is removed when the store is opened.

use crate::disk::{AppendFile, Disk, FileBytes};
use crate::error::{Error, Result};
use crate::limits::TEMPORARY_FREE_BYTES_MIN;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// Where they are, below the store's folder.
pub(crate) const TEMPORARY_FOLDER: &str = "temporary";

/// Makes temporary files and counts what they take.
pub struct TemporaryFiles {
    disk: Arc<dyn Disk>,
    made: AtomicU64,
    used_bytes: AtomicU64,
}

impl std::fmt::Debug for TemporaryFiles {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TemporaryFiles({} bytes)", self.used_bytes())
    }
}

impl TemporaryFiles {
    /// For a store's disk.
    pub fn new(disk: Arc<dyn Disk>) -> Arc<Self> {
        Arc::new(TemporaryFiles {
            disk,
            made: AtomicU64::new(0),
            used_bytes: AtomicU64::new(0),
        })
    }

    /// Bytes of all files that are held.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Removes what an earlier process left.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn remove_left_over(disk: &dyn Disk) -> Result<()> {
        let folder = Path::new(TEMPORARY_FOLDER);
        let names = match disk.list(folder) {
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        names.iter().try_for_each(|name| disk.remove(&folder.join(name)))
    }

    /// A new, empty file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(self: &Arc<Self>) -> Result<TemporaryFile> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(TEMPORARY_FOLDER);
        if number == 0 {
            self.disk.create_folder(folder)?;
        }
        let path = folder.join(format!("{number}.blocks"));
        let file = match self.disk.create(&path) {
            // Whoever made the first file may not have made the folder yet.
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                self.disk.create_folder(folder)?;
                self.disk.create(&path)?
            }
            file => file?,
        };
        let held = Held {
            files: self.clone(),
            path,
            bytes: 0,
        };
        Ok(TemporaryFile { file, held })
    }
}

/// A file's name and what it counts for; both go when it is dropped.
struct Held {
    files: Arc<TemporaryFiles>,
    path: PathBuf,
    bytes: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.files.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        // A file that cannot be removed now is removed at the next start.
        let _ = self.files.disk.remove(&self.path);
    }
}

/// Where a block is.
#[derive(Clone, Copy, Debug)]
pub struct BlockPlace {
    offset: u64,
    length_bytes: usize,
    checksum: u64,
}

/// A file that takes blocks.
pub struct TemporaryFile {
    file: Box<dyn AppendFile>,
    held: Held,
}

impl TemporaryFile {
    /// Writes a block.
    ///
    /// # Errors
    /// [`Error::Full`] where the disk would be left with too little room for commits, [`Error::Io`].
    pub fn append(&mut self, block: &[u8]) -> Result<BlockPlace> {
        let disk = &self.held.files.disk;
        let length_bytes = block.len();
        if disk.free_bytes()? < TEMPORARY_FREE_BYTES_MIN + length_bytes as u64 {
            return Err(Error::Full {
                path: disk.describe(Path::new("")),
            });
        }
        let offset = self.file.length_bytes();
        self.file.append(block)?;
        self.held.bytes += length_bytes as u64;
        let used = &self.held.files.used_bytes;
        used.fetch_add(length_bytes as u64, Ordering::Relaxed);
        Ok(BlockPlace {
            offset,
            length_bytes,
            checksum: xxh3_64(block),
        })
    }

    /// Ends writing.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn seal(self) -> Result<SealedTemporaryFile> {
        let disk = &self.held.files.disk;
        drop(self.file);
        Ok(SealedTemporaryFile {
            bytes: disk.map(&self.held.path)?,
            held: self.held,
        })
    }
}

/// A file whose blocks can be read.
pub struct SealedTemporaryFile {
    bytes: Arc<dyn FileBytes>,
    held: Held,
}

impl SealedTemporaryFile {
    /// All blocks, one after the other, without a look at what they should be.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.bytes()
    }

    /// A block as it was written.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where it is not.
    pub fn read(&self, place: &BlockPlace) -> Result<&[u8]> {
        let start = place.offset as usize;
        let block = self.bytes.bytes().get(start..start + place.length_bytes);
        match block {
            Some(block) if xxh3_64(block) == place.checksum => Ok(block),
            _ => Err(Error::Corrupt {
                path: self.held.files.disk.describe(&self.held.path),
                offset: place.offset,
                reason: "a block of a temporary file is not what was written".into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::MemoryDisk;

    #[test]
    fn blocks_come_back_and_files_go() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        let files = TemporaryFiles::new(disk.clone());
        let mut file = files.create().unwrap();
        let places: Vec<BlockPlace> = [&b"first"[..], b"", b"the third"]
            .map(|block| file.append(block).unwrap())
            .into();
        assert_eq!(files.used_bytes(), 14);
        let sealed = file.seal().unwrap();
        let read = places.iter().map(|place| sealed.read(place).unwrap().to_vec());
        assert_eq!(read.collect::<Vec<_>>(), [&b"first"[..], b"", b"the third"]);
        let wrong = BlockPlace { offset: 1, ..places[0] };
        assert!(matches!(sealed.read(&wrong), Err(Error::Corrupt { offset: 1, .. })));
        drop(sealed);
        assert_eq!(files.used_bytes(), 0);
        assert!(disk.list(Path::new(TEMPORARY_FOLDER)).unwrap().is_empty());
    }

    #[test]
    fn what_a_crash_left_is_removed() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        TemporaryFiles::remove_left_over(&*disk).unwrap();
        let file = TemporaryFiles::new(disk.clone()).create().unwrap();
        std::mem::forget(file);
        assert_eq!(disk.list(Path::new(TEMPORARY_FOLDER)).unwrap().len(), 1);
        TemporaryFiles::remove_left_over(&*disk).unwrap();
        assert!(disk.list(Path::new(TEMPORARY_FOLDER)).unwrap().is_empty());
    }
}
