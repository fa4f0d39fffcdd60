//! A manifest for people: what it refers to, a line each.

use super::format::{self, DeletedRows};
use crate::disk::Disk;
use crate::error::Result;
use std::fmt::Write;
use std::path::Path;

/// Prints a manifest.
pub fn dump(disk: &dyn Disk, path: &Path) -> Result<String> {
    let manifest = format::decode(&disk.read(path)?, &disk.describe(path))?;
    let mut text = format!(
        "manifest of store {:032x}\nversion {}, made at {}\nlog position {}, log needed from {}\nnext part {}, next table {}\n",
        manifest.store,
        manifest.version.0,
        manifest.time,
        manifest.position,
        manifest.low_water,
        manifest.next_part,
        manifest.next_table
    );
    for table in &manifest.tables {
        let _ = writeln!(
            text,
            "table {}: {} columns, {} segments, {} parts in memory, defined at version {}, history from version {}",
            table.schema.id.0,
            table.schema.columns.len(),
            table.segments.len(),
            table.parts.len(),
            table.schema_version.0,
            table.history_from.0
        );
        for (segment, deleted) in &table.segments {
            let _ = writeln!(
                text,
                "  segment {}: partition {:?}, {} rows, {} deleted, {} bytes, versions {} to {}",
                segment.id.0,
                segment.partition.0,
                segment.row_count,
                count(deleted),
                segment.file_bytes,
                segment.version_min.0,
                segment.version_max.0
            );
        }
        for part in &table.parts {
            let deleted = count(&part.deleted);
            let _ = writeln!(text, "  part {}: {} rows, {deleted} deleted", part.id.0, part.row_count);
        }
    }
    for (name, version, bytes) in &manifest.objects {
        let _ = writeln!(text, "object {name:?}: {} bytes, of version {}", bytes.len(), version.0);
    }
    let _ = writeln!(text, "{} latest commits", manifest.commits.len());
    Ok(text)
}

fn count(deleted: &DeletedRows) -> u64 {
    deleted.as_ref().map_or(0, |deleted| {
        let recent = deleted.recent.iter().map(|(_, rows)| rows.len());
        deleted.old.len() + recent.sum::<u64>()
    })
}
