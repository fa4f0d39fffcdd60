//! Files that are read and written on a user's word: the one place in the engine that opens files by name.
//!
//! Whatever a statement names stays below the import folder: no `..`, no symbolic link that leads out of it, no pipes or devices; and the
//! file that is open in the end is checked again, so that a link that changes in between leads nowhere.

use super::glob::{is_pattern, matches};
use crate::error::{Error, Result, SqlState};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// `58P01`
const UNDEFINED_FILE: SqlState = SqlState("58P01");

/// Files that one pattern may stand for.
const FILES_MAX: usize = 100_000;

/// How far a file has been read, for progress bars.
#[derive(Debug, Default)]
pub struct Progress {
    bytes_done: AtomicU64,
    rows_done: AtomicU64,
}

impl Progress {
    /// Bytes of the file, as it is stored, that have been dealt with.
    pub fn bytes_done(&self) -> u64 {
        self.bytes_done.load(Ordering::Relaxed)
    }

    /// Rows handed on.
    pub fn rows_done(&self) -> u64 {
        self.rows_done.load(Ordering::Relaxed)
    }

    pub(super) fn add_bytes(&self, count: u64) {
        self.bytes_done.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn add_rows(&self, count: usize) {
        self.rows_done.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// An open file, read at places, so that several threads can share it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: Arc<Path>,
    file: Arc<File>,
    byte_count: u64,
}

impl SourceFile {
    /// Opens a file that whoever runs this process named: no folder bounds it.
    ///
    /// # Errors
    /// 58P01 and other codes of the environment, with the path.
    pub fn open(path: &Path) -> Result<Self> {
        let is_file = std::fs::metadata(path)
            .map_err(|error| cannot_open(path, &error))?
            .is_file();
        if !is_file {
            return Err(not_a_file(path));
        }
        Self::of(path, File::open(path).map_err(|error| cannot_open(path, &error))?)
    }

    /// Opens a file below a folder, by the canonical path that [`find_below`] gave.
    ///
    /// # Errors
    /// As [`SourceFile::open`]; 42501 where the path leads out of the folder.
    pub fn open_below(folder: &Path, path: &Path) -> Result<Self> {
        let folder = folder.canonicalize().map_err(|error| cannot_open(folder, &error))?;
        let canonical = path.canonicalize().map_err(|error| cannot_open(path, &error))?;
        if !canonical.starts_with(&folder) {
            return Err(outside(path));
        }
        let source = Self::open(&canonical)?;
        stays_below(&source.file, &folder, path)?;
        Ok(source)
    }

    fn of(path: &Path, file: File) -> Result<Self> {
        let metadata = file.metadata().map_err(|error| cannot_open(path, &error))?;
        if !metadata.is_file() {
            return Err(not_a_file(path));
        }
        Ok(SourceFile {
            path: path.into(),
            file: Arc::new(file),
            byte_count: metadata.len(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size.
    pub fn byte_count(&self) -> u64 {
        self.byte_count
    }

    /// Fills the buffer from a place on, as far as the file goes.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// The bytes from a place on, in order.
    pub(super) fn reader(&self, offset: u64) -> SourceReader {
        SourceReader {
            source: self.clone(),
            offset,
            position: None,
        }
    }

    /// An environment error, with the path.
    #[cold]
    pub(super) fn cannot_read(&self, reason: impl std::fmt::Display) -> Error {
        Error::user(
            SqlState::IO_ERROR,
            format!("could not read file \"{}\": {reason}", self.path.display()),
        )
    }
}

/// A file's bytes from a place on, in order.
pub struct SourceReader {
    source: SourceFile,
    offset: u64,
    /// Also told how far it is, for progress.
    position: Option<Arc<Progress>>,
}

impl SourceReader {
    /// Counts what is read.
    pub(super) fn counted(mut self, progress: Arc<Progress>) -> Self {
        self.position = Some(progress);
        self
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        if let Some(progress) = &self.position {
            progress.add_bytes(count as u64);
        }
        Ok(count)
    }
}

impl parquet::file::reader::Length for SourceFile {
    fn len(&self) -> u64 {
        self.byte_count
    }
}

impl parquet::file::reader::ChunkReader for SourceFile {
    type T = std::io::BufReader<SourceReader>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(std::io::BufReader::new(self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        // A length that the file does not have is an error before it is an allocation.
        if start.checked_add(length as u64).is_none_or(|end| end > self.byte_count) {
            return Err(parquet::errors::ParquetError::EOF(format!(
                "{length} bytes at {start} are beyond the end of the file, {} bytes",
                self.byte_count
            )));
        }
        let mut buffer = vec![0; length];
        self.file.read_exact_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}

/// The files below a folder that a statement's path or pattern names, sorted. A path is relative to the folder, or absolute and inside of
/// it; `*`, `?` and `[a-z]` stand for parts of one name.
///
/// # Errors
/// 42501 where there is no folder or the path leads out of it; 58P01 where there is no such file.
pub fn find_below(folder: Option<&Path>, pattern: &str) -> Result<Vec<PathBuf>> {
    let folder = checked_folder(folder)?;
    let parts = parts_below(&folder, pattern)?;
    let mut found = vec![folder.clone()];
    for (at, part) in parts.iter().enumerate() {
        let mut next = Vec::new();
        for path in &found {
            extend(path, part, &mut next).map_err(|error| cannot_open(path, &error))?;
        }
        if next.len() > FILES_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("\"{pattern}\" stands for more than {FILES_MAX} files"),
            ));
        }
        let is_last = at + 1 == parts.len();
        next.retain(|path| {
            if is_last {
                !path.is_dir() || !is_pattern(part)
            } else {
                path.is_dir()
            }
        });
        found = next;
    }
    let mut files = Vec::with_capacity(found.len());
    for path in found {
        let canonical = path.canonicalize().map_err(|error| cannot_open(&path, &error))?;
        if !canonical.starts_with(&folder) {
            return Err(outside(&path));
        }
        if !canonical.is_file() {
            return Err(not_a_file(&path));
        }
        files.push(canonical);
    }
    if files.is_empty() {
        return Err(Error::user(
            UNDEFINED_FILE,
            format!("could not open file \"{pattern}\" for reading: No such file or directory"),
        ));
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Creates (or empties) a file below a folder, for COPY TO.
///
/// # Errors
/// As [`find_below`].
pub fn create_below(folder: Option<&Path>, path: &str) -> Result<File> {
    let folder = checked_folder(folder)?;
    let target = parts_below(&folder, path)?
        .iter()
        .fold(folder.clone(), |path, part| path.join(part));
    let cannot_write = |error: &std::io::Error| {
        Error::user(
            state_of(error),
            format!("could not open file \"{path}\" for writing: {}", reason(error)),
        )
    };
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(outside(&target));
    };
    let parent = parent.canonicalize().map_err(|error| cannot_write(&error))?;
    if !parent.starts_with(&folder) {
        return Err(outside(&target));
    }
    let target = parent.join(name);
    match std::fs::symlink_metadata(&target) {
        Ok(metadata) if !metadata.is_file() => return Err(not_a_file(&target)),
        _ => {}
    }
    let mut options = File::options();
    // Not through a link that appears meanwhile.
    options.write(true).create(true).truncate(false).custom_flags(NO_FOLLOW);
    let file = options.open(&target).map_err(|error| cannot_write(&error))?;
    stays_below(&file, &folder, &target)?;
    file.set_len(0).map_err(|error| cannot_write(&error))?;
    Ok(file)
}

/// `O_NOFOLLOW` of Linux on x86-64 and of the BSDs, in that order.
#[cfg(all(target_os = "linux", not(target_arch = "aarch64")))]
const NO_FOLLOW: i32 = 0o400_000;
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
const NO_FOLLOW: i32 = 0o100_000;
#[cfg(not(target_os = "linux"))]
const NO_FOLLOW: i32 = 0x100;

fn checked_folder(folder: Option<&Path>) -> Result<PathBuf> {
    let Some(folder) = folder else {
        return Err(Error::Sql(
            stoa_sql::Error::new(
                SqlState::INSUFFICIENT_PRIVILEGE,
                "COPY from or to a file of the server is not allowed: the server has no import folder",
            )
            .with_hint(
                "Start the server with --import-dir, or COPY FROM STDIN; psql's \\copy does that for a local file.",
            ),
        ));
    };
    folder.canonicalize().map_err(|error| cannot_open(folder, &error))
}

/// The names of a path below the folder.
fn parts_below(folder: &Path, path: &str) -> Result<Vec<String>> {
    let given = Path::new(path);
    let relative = match given.is_absolute() {
        true => given.strip_prefix(folder).map_err(|_| outside(given))?,
        false => given,
    };
    let mut parts = Vec::new();
    for component in relative.components() {
        match component {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            _ => return Err(outside(given)),
        }
    }
    match parts.is_empty() || path.contains('\0') {
        true => Err(not_a_file(given)),
        false => Ok(parts),
    }
}

/// The paths that a name or pattern stands for in a folder.
fn extend(folder: &Path, part: &str, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !is_pattern(part) {
        let path = folder.join(part);
        if path.symlink_metadata().is_ok() {
            out.push(path);
        }
        return Ok(());
    }
    let pattern: Vec<char> = part.chars().collect();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(text) = name.to_str() else { continue };
        let is_hidden = text.starts_with('.') && !part.starts_with('.');
        let text: Vec<char> = text.chars().collect();
        if !is_hidden && matches(&pattern, &text) {
            out.push(folder.join(&name));
        }
    }
    Ok(())
}

/// Where an open file really is, where the system says so.
fn stays_below(file: &File, folder: &Path, shown: &Path) -> Result<()> {
    use std::os::fd::AsRawFd;
    let link = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    match std::fs::read_link(link) {
        Ok(path) if !path.starts_with(folder) => Err(outside(shown)),
        _ => Ok(()),
    }
}

fn state_of(error: &std::io::Error) -> SqlState {
    match error.kind() {
        std::io::ErrorKind::NotFound => UNDEFINED_FILE,
        std::io::ErrorKind::PermissionDenied => SqlState::INSUFFICIENT_PRIVILEGE,
        std::io::ErrorKind::StorageFull => SqlState::DISK_FULL,
        _ => SqlState::IO_ERROR,
    }
}

/// Why, without the system's error number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cold]
fn cannot_open(path: &Path, error: &std::io::Error) -> Error {
    Error::user(
        state_of(error),
        format!(
            "could not open file \"{}\" for reading: {}",
            path.display(),
            reason(error)
        ),
    )
}

#[cold]
fn not_a_file(path: &Path) -> Error {
    Error::user(
        SqlState::WRONG_OBJECT_TYPE,
        format!("\"{}\" is not a regular file", path.display()),
    )
}

#[cold]
fn outside(path: &Path) -> Error {
    Error::user(
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("\"{}\" is outside of the import folder", path.display()),
    )
}
