//! The state of the database at a position of the log, in one file that is replaced as a whole: tables, segments with their
//! statistics, deleted rows, objects, the next identities, the latest commits. It says which segment files exist, and from where on
//! the log is needed. Rows in memory stay in the log; of them it has the identities of their parts.

mod dump;
mod format;

pub use dump::dump;
pub(crate) use format::{Deleted, DeletedRows, Manifest, ManifestPart, ManifestTable};

use crate::disk::Disk;
use crate::error::Result;
use std::path::{Path, PathBuf};

/// The folder of manifests: one, or two while one is replaced.
pub(crate) const MANIFEST_FOLDER: &str = "manifest";

fn file_path(number: u64) -> PathBuf {
    Path::new(MANIFEST_FOLDER).join(format!("{number:08}.manifest"))
}

fn list(disk: &dyn Disk) -> Result<Vec<u64>> {
    let names = disk.list(Path::new(MANIFEST_FOLDER))?;
    let mut numbers: Vec<u64> = names
        .iter()
        .filter_map(|name| name.strip_suffix(".manifest")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Whether there is a manifest, whatever it says.
pub(crate) fn exists(disk: &dyn Disk) -> Result<bool> {
    Ok(!list(disk)?.is_empty())
}

/// Reads the newest manifest, if there is any: its number, what it says, and how many bytes that took.
pub(crate) fn read_newest(disk: &dyn Disk) -> Result<Option<(u64, Manifest, u64)>> {
    let Some(number) = list(disk)?.pop() else {
        return Ok(None);
    };
    let path = file_path(number);
    let bytes = disk.read(&path)?;
    let manifest = format::decode(&bytes, &disk.describe(&path))?;
    Ok(Some((number, manifest, bytes.len() as u64)))
}

/// Writes a manifest; durable when this returns.
pub(crate) fn write(disk: &dyn Disk, number: u64, manifest: &Manifest) -> Result<()> {
    let path = file_path(number);
    let temporary = path.with_extension("tmp");
    if disk.length_bytes(&temporary)?.is_some() {
        disk.remove(&temporary)?;
    }
    let mut file = disk.create(&temporary)?;
    file.append(&format::encode(manifest))?;
    file.sync()?;
    drop(file);
    disk.rename(&temporary, &path)?;
    disk.sync_folder(Path::new(MANIFEST_FOLDER))
}

/// Removes what is older than the newest manifest, and what was never finished.
pub(crate) fn remove_older(disk: &dyn Disk, newest: u64) -> Result<()> {
    for name in disk.list(Path::new(MANIFEST_FOLDER))? {
        let number: Option<u64> = name.strip_suffix(".manifest").and_then(|number| number.parse().ok());
        if number.is_some_and(|number| number < newest) || name.ends_with(".tmp") {
            disk.remove(&Path::new(MANIFEST_FOLDER).join(name))?;
        }
    }
    Ok(())
}
