//! Keeps a store from being made in a folder that is somebody else's. Changes nothing.

use crate::disk::{Disk, LOCK_FILE};
use crate::error::{Error, Result};
use crate::manifest::{self, MANIFEST_FOLDER};
use crate::store::segment_file::TABLES_FOLDER;
use crate::temporary::TEMPORARY_FOLDER;
use crate::wal::LOG_FOLDER;
use std::io::ErrorKind;
use std::path::Path;

/// What is in a folder of a store, and what a file system puts into an empty one.
const OWN_NAMES: [&str; 6] = [
    LOCK_FILE,
    MANIFEST_FOLDER,
    LOG_FOLDER,
    TABLES_FOLDER,
    TEMPORARY_FOLDER,
    "lost+found",
];

/// Refuses a folder that has no manifest but something that no store makes. Hidden files are nobody's data.
pub(crate) fn refuse_foreign(disk: &dyn Disk) -> Result<()> {
    let root = Path::new("");
    let names = match disk.list(root) {
        Err(error) if is_missing(&error) => return Ok(()),
        names => names?,
    };
    let foreign = names
        .into_iter()
        .find(|name| !OWN_NAMES.contains(&name.as_str()) && !name.starts_with('.'));
    let Some(found) = foreign else { return Ok(()) };
    match manifest::exists(disk) {
        Err(error) if is_missing(&error) => {}
        exists => {
            if exists? {
                return Ok(());
            }
        }
    }
    Err(Error::Foreign {
        path: disk.describe(root),
        found,
    })
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::LocalDisk;

    #[test]
    fn only_what_is_ours_or_empty_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalDisk::unlocked(folder.path());
        let refused = || matches!(refuse_foreign(&disk), Err(Error::Foreign { found, .. }) if found == "notes");
        assert!(!refused(), "an empty folder");
        std::fs::write(folder.path().join(LOCK_FILE), "").unwrap();
        std::fs::write(folder.path().join(".hidden"), "").unwrap();
        std::fs::create_dir(folder.path().join(LOG_FOLDER)).unwrap();
        assert!(!refused(), "a start that was cut short");
        std::fs::write(folder.path().join("notes"), "").unwrap();
        assert!(refused(), "without a manifest's folder");
        std::fs::create_dir(folder.path().join(MANIFEST_FOLDER)).unwrap();
        assert!(refused(), "without a manifest");
        std::fs::write(folder.path().join(MANIFEST_FOLDER).join("00000001.manifest"), "").unwrap();
        assert!(!refused(), "notes beside a store");
        assert!(refuse_foreign(&LocalDisk::unlocked(&folder.path().join("missing"))).is_ok());
    }
}
