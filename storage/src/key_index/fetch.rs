//! The key's values of single rows, wherever they are.

use super::memory::{missing, piece_columns};
use crate::error::{Error, Result};
use crate::limits::BLOCK_ROWS;
use crate::memtable::Part;
use crate::schema::{ColumnId, KeySchema};
use crate::segment::SegmentReader;
use crate::store::columns::{join, take};
use crate::store::segment_file::SegmentFile;
use crate::store::state::TableState;
use crate::vector::flatten;
use crate::vector::key::{bytes_at, lane_keys, wide_keys};
use arrow_array::{Array, ArrayRef, UInt32Array};

/// Where rows are.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Memory(&'a Part),
    Segment(&'a SegmentFile),
}

/// The key's values of rows, each given by the place of its source and its number there, in their order.
pub(super) fn fetch(
    table: &TableState,
    key: &KeySchema,
    sources: &[Source<'_>],
    wanted: &[(u32, u32)],
) -> Result<Vec<ArrayRef>> {
    let mut order: Vec<u32> = (0..wanted.len() as u32).collect();
    order.sort_unstable_by_key(|place| wanted[*place as usize]);
    // Rows that are wanted several times are read once.
    let mut rows: Vec<(u32, u32)> = order.iter().map(|place| wanted[*place as usize]).collect();
    rows.dedup();
    let mut pieces: Vec<Vec<ArrayRef>> = vec![Vec::new(); key.columns.len()];
    for of_source in rows.chunk_by(|left, right| left.0 == right.0) {
        let source = sources.get(of_source[0].0 as usize).copied();
        let source = source.ok_or_else(|| Error::Invalid {
            reason: "a row is of no source".into(),
        })?;
        let of_source: Vec<u32> = of_source.iter().map(|(_, row)| *row).collect();
        match source {
            Source::Memory(part) => from_memory(table, key, part, &of_source, &mut pieces)?,
            Source::Segment(file) => from_segment(table, key, file.reader()?, &of_source, &mut pieces)?,
        }
    }
    let mut places = vec![0; wanted.len()];
    let mut last = 0;
    for place in order {
        while rows[last] != wanted[place as usize] {
            last += 1;
        }
        places[place as usize] = last as u32;
    }
    let places = UInt32Array::from(places);
    let columns = pieces
        .iter()
        .zip(&key.columns)
        .map(|(pieces, id)| match pieces.is_empty() {
            true => Ok(missing(table, *id, 0)),
            false => take(&join(pieces)?, &places),
        });
    columns.collect()
}

/// Rows of a part, which ascend.
fn from_memory(
    table: &TableState,
    key: &KeySchema,
    part: &Part,
    mut rows: &[u32],
    pieces: &mut [Vec<ArrayRef>],
) -> Result<()> {
    for (place, piece) in part.pieces.iter().enumerate() {
        let count = rows.partition_point(|row| *row < piece.first_row + piece.row_count);
        let (of_piece, rest) = rows.split_at(count);
        rows = rest;
        if of_piece.is_empty() {
            continue;
        }
        let within: UInt32Array = of_piece.iter().map(|row| Some(row - piece.first_row)).collect();
        for (pieces, column) in pieces.iter_mut().zip(piece_columns(table, key, part, place)) {
            pieces.push(take(&column, &within)?);
        }
    }
    Ok(())
}

/// Rows of a segment, which ascend.
fn from_segment(
    table: &TableState,
    key: &KeySchema,
    reader: &SegmentReader,
    rows: &[u32],
    pieces: &mut [Vec<ArrayRef>],
) -> Result<()> {
    let block_of = |row: u32| row as usize / BLOCK_ROWS;
    for of_block in rows.chunk_by(|left, right| block_of(*left) == block_of(*right)) {
        let block = block_of(of_block[0]);
        let start = (block * BLOCK_ROWS) as u32;
        let within: Vec<u32> = of_block.iter().map(|row| row - start).collect();
        for (pieces, id) in pieces.iter_mut().zip(&key.columns) {
            pieces.push(match reader.has_column(*id) {
                true => flatten(&reader.pick(*id, block, &within)?),
                false => missing(table, *id, within.len()),
            });
        }
    }
    Ok(())
}

/// All of a block's values of the key, with the deleted rows'.
pub(super) fn block_columns(
    table: &TableState,
    columns: &[ColumnId],
    reader: &SegmentReader,
    block: usize,
) -> Result<Vec<ArrayRef>> {
    let rows = reader.block_rows(block);
    let columns = columns.iter().map(|id| match reader.has_column(*id) {
        true => Ok(flatten(&reader.decode(*id, rows.clone())?)),
        false => Ok(missing(table, *id, rows.len())),
    });
    columns.collect()
}

/// Of each row, whether its key is the same on both sides; none of the values is NULL.
pub(super) fn equal_keys(left: &[ArrayRef], right: &[ArrayRef]) -> Vec<bool> {
    let row_count = left.first().map_or(0, |column| column.len());
    let mut equal = vec![true; row_count];
    for (left, right) in left.iter().zip(right) {
        and_equal(left.as_ref(), right.as_ref(), &mut equal);
    }
    equal
}

fn and_equal(left: &dyn Array, right: &dyn Array, equal: &mut [bool]) {
    if let (Some(left), Some(right)) = (lane_keys(left), lane_keys(right)) {
        let both = left.iter().zip(right.iter());
        equal
            .iter_mut()
            .zip(both)
            .for_each(|(equal, (left, right))| *equal &= left == right);
    } else if let (Some(left), Some(right)) = (wide_keys(left), wide_keys(right)) {
        let both = left.iter().zip(&right);
        equal
            .iter_mut()
            .zip(both)
            .for_each(|(equal, (left, right))| *equal &= left == right);
    } else {
        for (row, equal) in equal.iter_mut().enumerate() {
            *equal &= bytes_at(left, row) == bytes_at(right, row);
        }
    }
}
