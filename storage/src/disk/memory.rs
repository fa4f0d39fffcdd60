//! Files in memory: for tests that need no durability. Never fails but for missing and doubled names.

use super::{AppendFile, Disk, FileBytes};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Content = Arc<Mutex<Vec<u8>>>;

/// A folder tree that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryDisk {
    files: Mutex<BTreeMap<PathBuf, Content>>,
    folders: Mutex<BTreeSet<PathBuf>>,
}

impl MemoryDisk {
    fn find(&self, path: &Path) -> Result<Content> {
        let files = self.files.lock();
        files.get(path).cloned().ok_or_else(|| missing("open", path))
    }
}

/// The error of a name that is not there.
pub(super) fn missing(operation: &'static str, path: &Path) -> Error {
    Error::Io {
        operation,
        path: path.to_path_buf(),
        source: ErrorKind::NotFound.into(),
    }
}

/// The error of a name that is there already.
pub(super) fn exists(path: &Path) -> Error {
    Error::Io {
        operation: "create",
        path: path.to_path_buf(),
        source: ErrorKind::AlreadyExists.into(),
    }
}

/// Names directly below a folder among all paths.
pub(super) fn names_below<'a>(folder: &Path, paths: impl Iterator<Item = &'a PathBuf>) -> Vec<String> {
    let names: BTreeSet<String> = paths
        .filter_map(|path| path.strip_prefix(folder).ok()?.components().next())
        .map(|name| name.as_os_str().to_string_lossy().into_owned())
        .collect();
    names.into_iter().collect()
}

impl Disk for MemoryDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        let mut files = self.files.lock();
        if files.contains_key(path) {
            return Err(exists(path));
        }
        let content = Content::default();
        files.insert(path.to_path_buf(), content.clone());
        Ok(Box::new(MemoryAppendFile { content }))
    }

    fn open_append(&self, path: &Path, length_bytes: u64) -> Result<Box<dyn AppendFile>> {
        let content = self.find(path)?;
        content.lock().truncate(length_bytes as usize);
        Ok(Box::new(MemoryAppendFile { content }))
    }

    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>> {
        Ok(Arc::new(self.read(path)?))
    }

    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        Ok(self.find(path)?.lock().clone())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut files = self.files.lock();
        let content = files.remove(from).ok_or_else(|| missing("rename", from))?;
        files.insert(to.to_path_buf(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut files = self.files.lock();
        files.remove(path).map(drop).ok_or_else(|| missing("remove", path))
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        let (files, folders) = (self.files.lock(), self.folders.lock());
        Ok(names_below(folder, files.keys().chain(folders.iter())))
    }

    fn create_folder(&self, folder: &Path) -> Result<()> {
        self.folders.lock().insert(folder.to_path_buf());
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> Result<()> {
        Ok(())
    }

    fn length_bytes(&self, path: &Path) -> Result<Option<u64>> {
        let files = self.files.lock();
        Ok(files.get(path).map(|content| content.lock().len() as u64))
    }

    fn free_bytes(&self) -> Result<u64> {
        Ok(u64::MAX)
    }

    fn describe(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

struct MemoryAppendFile {
    content: Content,
}

impl AppendFile for MemoryAppendFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.content.lock().extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        Ok(())
    }

    fn length_bytes(&self) -> u64 {
        self.content.lock().len() as u64
    }
}

impl FileBytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}
