//! The index of a segment's rows. Reads nothing but the key's columns.

use super::fetch::block_columns;
use super::{HASH, KeyHashes, ROW};
use crate::error::Result;
use crate::schema::{ColumnSchema, KeySchema, TableSchema};
use crate::store::segment_file::SegmentFile;
use crate::store::state::{SegmentState, TableState};
use crate::vector::{Batch, flatten};
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array};
use arrow_schema::DataType;
use std::sync::Arc;

/// An index as a table.
pub(crate) fn index_schema(key: &KeySchema) -> TableSchema {
    let column = |id, name: &str, data_type| ColumnSchema {
        id,
        name: name.into(),
        data_type,
        nullable: false,
        missing_value: None,
    };
    let columns = vec![
        column(HASH, "hash", DataType::Int64),
        column(ROW, "row", DataType::Int32),
    ];
    TableSchema {
        sort_key: vec![HASH],
        bloom_columns: vec![HASH],
        ..TableSchema::new(key.id, columns, Arc::from(&[][..]))
    }
}

/// The rows of an index of a segment, whose rows' keys come a batch after the other, all of them.
pub(crate) fn entries_of(batches: impl Iterator<Item = Result<Vec<ArrayRef>>>) -> Result<Batch> {
    let mut entries: Vec<(i64, u32)> = Vec::new();
    let mut first_row = 0;
    for columns in batches {
        let columns = columns?;
        let hashes = KeyHashes::new(&columns);
        entries.extend(
            hashes
                .iter()
                .map(|(row, hash)| (hash.cast_signed(), first_row + row as u32)),
        );
        first_row += columns.first().map_or(0, |column| column.len() as u32);
    }
    entries.sort_unstable();
    let hashes: Int64Array = entries.iter().map(|(hash, _)| Some(*hash)).collect();
    let rows: Int32Array = entries.iter().map(|(_, row)| Some(row.cast_signed())).collect();
    let row_count = entries.len();
    Ok(Batch::new(vec![Arc::new(hashes), Arc::new(rows)], row_count))
}

/// Whether an index is what would be made of its segment now.
pub(crate) fn is_index_of(
    table: &TableState,
    key: &KeySchema,
    segment: &SegmentState,
    index: &SegmentFile,
) -> Result<bool> {
    let (rows, index) = (segment.file.reader()?, index.reader()?);
    let blocks = 0..rows.block_count();
    let expected = entries_of(blocks.map(|block| block_columns(table, &key.columns, rows, block)))?;
    if expected.row_count != index.row_count() as usize {
        return Ok(false);
    }
    for block in 0..index.block_count() {
        let rows = index.block_rows(block);
        for (id, expected) in [HASH, ROW].into_iter().zip(&expected.columns) {
            let expected = expected.slice(rows.start as usize, rows.len());
            if flatten(&index.decode(id, rows.clone())?).to_data() != expected.to_data() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
