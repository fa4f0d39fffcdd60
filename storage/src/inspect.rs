//! Any file of a data directory as text for people, told by its name's ending. Needs nothing but the file itself, takes no lock, and
//! may be asked while a database is open.

use crate::commit::{CommitVersion, PartId};
use crate::disk::{Disk, LocalDisk};
use crate::error::{Error, Result};
use crate::schema::PartitionKey;
use crate::segment::{SegmentMeta, SegmentReader};
use std::path::Path;

/// Describes a segment, log or manifest file.
///
/// # Errors
/// [`Error::Invalid`] for a file that is none of these, [`Error::Corrupt`] and [`Error::Io`].
pub fn inspect(file: &Path) -> Result<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = LocalDisk::unlocked(folder.unwrap_or_else(|| Path::new(".")));
    let Some(name) = file.file_name().map(Path::new) else {
        return Err(Error::Invalid {
            reason: format!("\"{}\" is not a file", file.display()),
        });
    };
    match name.extension().and_then(|ending| ending.to_str()) {
        Some("segment") => segment(&disk, name),
        Some("log") => crate::wal::dump(&disk, name),
        Some("manifest") => crate::manifest::dump(&disk, name),
        _ => Err(Error::Invalid {
            reason: format!(
                "\"{}\" is not a file of a data directory: they end in .segment, .log or .manifest",
                file.display()
            ),
        }),
    }
}

/// A segment by what its own footer says. Whether that is what the database expects of it is for `check` to say.
fn segment(disk: &dyn Disk, name: &Path) -> Result<String> {
    let bytes = disk.map(name)?;
    let bytes = bytes.bytes();
    let damaged = |offset: usize, reason: &str| Error::Corrupt {
        path: disk.describe(name),
        offset: offset as u64,
        reason: reason.into(),
    };
    let (footer_at, footer_checksum) =
        crate::segment::footer_place(bytes).ok_or_else(|| damaged(bytes.len(), "does not end as a segment does"))?;
    let footer = bytes.get(footer_at..).unwrap_or_default();
    let number = |at: usize, length: usize| {
        let bytes = footer.get(at..at + length)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0u64, |number, byte| number << 8 | u64::from(*byte)),
        )
    };
    let (Some(id), Some(row_count)) = (number(0, 8), number(8, 4)) else {
        return Err(damaged(footer_at, "the footer is cut short"));
    };
    let meta = SegmentMeta {
        id: PartId(id),
        partition: PartitionKey(None),
        row_count: row_count as u32,
        file_bytes: bytes.len() as u64,
        footer_checksum,
        version_min: CommitVersion(0),
        version_max: CommitVersion(0),
        columns: Vec::new(),
        partials: Vec::new(),
    };
    let reader = SegmentReader::open(disk, name, &meta)?;
    let mut text = String::new();
    let _ = reader.dump(&mut text);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::{Change, Changes};
    use crate::schema::{ColumnId, ColumnSchema, TableSchema};
    use crate::store::{StoreOptions, open};
    use crate::vector::Batch;
    use std::sync::Arc;

    #[test]
    fn every_file_of_a_store_can_be_read_by_people() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), StoreOptions::default()).unwrap();
        let id = store.next_table_id();
        let schema = TableSchema::new(
            id,
            vec![ColumnSchema {
                id: ColumnId(0),
                name: "number".into(),
                data_type: arrow_schema::DataType::Int64,
                nullable: true,
                missing_value: None,
            }],
            Arc::from(&b""[..]),
        );
        let numbers = arrow_array::Int64Array::from_iter_values(0..100);
        let changes = vec![
            Change::CreateTable(Arc::new(schema)),
            Change::Insert(id, Batch::new(vec![Arc::new(numbers)], 100)),
        ];
        let base = store.snapshot().version();
        store
            .commit(
                Changes {
                    changes,
                    cause: "test".into(),
                },
                base,
            )
            .unwrap();
        store.flush(None).unwrap();
        let mut seen = Vec::new();
        let mut folders = vec![folder.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false if path.ends_with("LOCK") => assert!(inspect(&path).is_err()),
                    false => {
                        let text = inspect(&path).unwrap();
                        seen.push((path.extension().unwrap().to_str().unwrap().to_owned(), text));
                    }
                }
            }
        }
        let of = |ending: &str| {
            seen.iter()
                .find(|(found, _)| found == ending)
                .map(|(_, text)| text.clone())
        };
        assert!(of("segment").unwrap().contains("100 rows"));
        assert!(of("segment").unwrap().contains("\"number\""));
        assert!(of("log").unwrap().starts_with("log of store"));
        assert!(of("manifest").unwrap().starts_with("manifest of store"));
    }
}
