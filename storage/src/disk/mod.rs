//! All file access of the database, behind one trait, so that every fault can be injected. Nothing else in storage or engine
//! touches `std::fs`. Paths are relative to the disk's root.

mod faulty;
mod local;
mod memory;

pub use faulty::{Fault, FaultyDisk, PowerLoss};
pub(crate) use local::LOCK_FILE;
pub use local::LocalDisk;
pub use memory::MemoryDisk;

use crate::error::Result;
use std::path::Path;
use std::sync::Arc;

/// A folder tree of files.
pub trait Disk: Send + Sync {
    /// Makes a file that must not exist yet, for appending.
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>>;
    /// Opens a file for appending at its end, after cutting it to `length_bytes`.
    fn open_append(&self, path: &Path, length_bytes: u64) -> Result<Box<dyn AppendFile>>;
    /// The whole of a file that will not change any more: mapped where the medium can, read otherwise.
    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>>;
    /// Reads a whole file into memory without mapping it.
    fn read(&self, path: &Path) -> Result<Vec<u8>>;
    /// Gives a file another name, replacing what had it. Durable after `sync_folder` of the folder.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> Result<()>;
    /// Names of the files and folders directly below a folder.
    fn list(&self, folder: &Path) -> Result<Vec<String>>;
    /// Makes a folder and its parents; it may exist.
    fn create_folder(&self, folder: &Path) -> Result<()>;
    /// Makes creations, renames and removals in a folder durable.
    fn sync_folder(&self, folder: &Path) -> Result<()>;
    /// Size of a file in bytes; `None` where there is none.
    fn length_bytes(&self, path: &Path) -> Result<Option<u64>>;
    /// Free bytes on the device.
    fn free_bytes(&self) -> Result<u64>;
    /// The path as the operating system knows it, for messages.
    fn describe(&self, path: &Path) -> std::path::PathBuf;
    /// Lets another process have the folder.
    fn unlock(&self) {}
}

/// A file being written from its beginning to its end.
pub trait AppendFile: Send {
    /// Writes all bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;
    /// Makes all bytes so far durable.
    fn sync(&mut self) -> Result<()>;
    /// Bytes so far.
    fn length_bytes(&self) -> u64;
}

/// Bytes of a sealed file, readable for as long as this lives, even after the file is removed.
pub trait FileBytes: Send + Sync {
    /// All of them.
    fn bytes(&self) -> &[u8];
    /// Tells the medium that a range will be read soon: a disk reads all of it at once, and nothing that it was not told of.
    fn will_need(&self, _range: std::ops::Range<usize>) {}
}
