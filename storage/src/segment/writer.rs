//! From sorted columns to a segment file, a column after the other, a block at a time: nothing but the block in hand and the
//! directory is held. The file is synced, its folder is not; until the manifest names it, it does not exist.

use super::SegmentMeta;
use super::column_writer;
use super::format::{self, Footer, Part};
use crate::commit::{CommitVersion, PartId};
use crate::disk::{AppendFile, Disk};
use crate::encoding::lanes;
use crate::error::{Error, Result};
use crate::limits::{BLOCK_ROWS, SEGMENT_ROWS_MAX};
use crate::schema::{PartitionKey, TableSchema};
use crate::vector::flatten;
use arrow_array::{Array, ArrayRef, Int64Array};
use std::path::Path;

/// The commits that brought a segment's rows.
#[derive(Clone, Debug)]
pub enum RowVersions {
    /// One commit brought all; the file holds none, and the caller fills in [`SegmentMeta::version_min`] and `version_max`.
    Single,
    /// One per row.
    PerRow(Int64Array),
}

/// What goes into a segment.
#[derive(Debug)]
pub struct SegmentInput<'a> {
    /// The table.
    pub schema: &'a TableSchema,
    /// The partition of all rows.
    pub partition: PartitionKey,
    /// The table's columns in its order, plain, rows sorted by its sort key; at most [`SEGMENT_ROWS_MAX`] rows.
    pub columns: &'a [ArrayRef],
    /// Which commits brought the rows.
    pub versions: RowVersions,
}

/// Writes and syncs a segment file, which must not exist yet.
///
/// # Errors
/// [`Error::Invalid`] where the columns do not fit the table, otherwise those of the disk; then the file is removed again.
pub fn write_segment(disk: &dyn Disk, path: &Path, id: PartId, input: SegmentInput<'_>) -> Result<SegmentMeta> {
    let row_count = check_input(&input)?;
    let file = disk.create(path)?;
    let written = SegmentWriter {
        file,
        id,
        parts: Vec::new(),
        offset: 0,
    }
    .write(&input, row_count);
    if written.is_err() {
        // The write's own error says more than that of a removal that fails on the same disk.
        let _ = disk.remove(path);
    }
    written
}

fn check_input(input: &SegmentInput<'_>) -> Result<u32> {
    let invalid = |reason: String| Err(Error::Invalid { reason });
    let schema = input.schema;
    if schema.columns.len() != input.columns.len() {
        return invalid(format!(
            "{} columns for a table of {}",
            input.columns.len(),
            schema.columns.len()
        ));
    }
    let versions = match &input.versions {
        RowVersions::Single => None,
        RowVersions::PerRow(versions) => Some(versions.len()),
    };
    let row_count = input
        .columns
        .first()
        .map(|column| column.len())
        .or(versions)
        .unwrap_or(0);
    if row_count > SEGMENT_ROWS_MAX || versions.is_some_and(|count| count != row_count) {
        return invalid(format!("a segment of {row_count} rows with {versions:?} versions"));
    }
    for (column, array) in schema.columns.iter().zip(input.columns) {
        let data_type = crate::vector::plain_type(array.data_type());
        if *data_type != column.data_type || array.len() != row_count {
            return invalid(format!(
                "column \"{}\" is {} and got {} values of {data_type}, {row_count} expected",
                column.name,
                column.data_type,
                array.len()
            ));
        }
    }
    Ok(row_count as u32)
}

pub(super) struct SegmentWriter {
    file: Box<dyn AppendFile>,
    id: PartId,
    pub(super) parts: Vec<Part>,
    offset: u64,
}

impl SegmentWriter {
    fn write(mut self, input: &SegmentInput<'_>, row_count: u32) -> Result<SegmentMeta> {
        self.append(&format::header(format::FORMAT_VERSION))?;
        let mut columns = Vec::with_capacity(input.columns.len());
        for (schema, array) in input.schema.columns.iter().zip(input.columns) {
            let has_bloom = input.schema.bloom_columns.contains(&schema.id);
            columns.push(column_writer::write(&mut self, schema, &flatten(array), has_bloom)?);
        }
        let (versions_first_part, version_min, version_max) = self.write_versions(&input.versions)?;
        let footer = Footer {
            id: self.id,
            partition: input.partition,
            row_count,
            parts: std::mem::take(&mut self.parts),
            columns,
            versions_first_part,
        };
        let footer_checksum = self.write_footer(&footer)?;
        self.file.sync()?;
        Ok(SegmentMeta {
            id: self.id,
            partition: input.partition,
            row_count,
            file_bytes: self.offset,
            footer_checksum,
            version_min,
            version_max,
            columns: footer
                .columns
                .iter()
                .map(|column| (column.id, super::reader::column_summary(column, row_count)))
                .collect(),
            partials: Vec::new(),
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.append(bytes)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Appends a part and returns its number.
    pub(super) fn append_part(&mut self, bytes: &[u8]) -> Result<u32> {
        let part = Part {
            offset: self.offset,
            length: bytes.len() as u64,
            checksum: format::checksum(self.id, self.offset, bytes),
        };
        self.append(bytes)?;
        self.parts.push(part);
        Ok(self.parts.len() as u32 - 1)
    }

    fn write_versions(&mut self, versions: &RowVersions) -> Result<(Option<u32>, CommitVersion, CommitVersion)> {
        let RowVersions::PerRow(versions) = versions else {
            return Ok((None, CommitVersion(0), CommitVersion(0)));
        };
        let first_part = self.parts.len() as u32;
        let mut chunk = Vec::new();
        for block in versions.values().chunks(BLOCK_ROWS) {
            chunk.clear();
            lanes::encode(block, &mut chunk);
            self.append_part(&chunk)?;
        }
        let least = versions.values().iter().min().copied().unwrap_or(0);
        let greatest = versions.values().iter().max().copied().unwrap_or(0);
        Ok((
            Some(first_part),
            CommitVersion(least as u64),
            CommitVersion(greatest as u64),
        ))
    }

    fn write_footer(&mut self, footer: &Footer) -> Result<u64> {
        let mut bytes = Vec::new();
        footer.write(&mut bytes);
        let footer_checksum = format::checksum(self.id, self.offset, &bytes);
        let length = bytes.len() as u64;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&footer_checksum.to_le_bytes());
        bytes.extend_from_slice(&format::TAIL_MAGIC);
        self.append(&bytes)?;
        Ok(footer_checksum)
    }
}
