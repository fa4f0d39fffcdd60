//! Rows, or states of groups, on their way into a part, and their division by the hashes of their keys. Groups nothing.

use super::groups::{GroupStates, HandedOut};
use super::specification::{InputRows, condition};
use crate::error::Result;
use crate::operators::gather::value_bytes;
use crate::operators::group_table::hash_rows;
use crate::operators::split::{Split, sliced};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use std::sync::Arc;

/// See the module. Keys are plain.
pub(super) enum Piece {
    Rows { keys: Vec<ArrayRef>, rows: InputRows },
    States(HandedOut),
}

impl Piece {
    pub(super) fn row_count(&self) -> usize {
        match self {
            Piece::Rows { rows, .. } => rows.row_count,
            Piece::States(states) => states.group_count,
        }
    }

    /// About what a row takes.
    pub(super) fn bytes_per_row(&self) -> usize {
        let per_row = |column: &ArrayRef| value_bytes(column) / column.len().max(1) + 1;
        match self {
            Piece::Rows { keys, rows } => keys.iter().chain(&rows.arguments).map(per_row).sum(),
            Piece::States(states) => {
                let columns = states.keys.iter().chain(states.states.iter().flatten());
                columns.map(per_row).sum()
            }
        }
    }

    /// The pieces that its rows are in by some bits of their keys' hashes, of which the lowest is bit `shift`; with their numbers, of so
    /// many, a power of two.
    ///
    /// # Errors
    /// Those of Arrow's kernels.
    pub(super) fn divided(&self, shift: u32, count: usize) -> Result<Vec<(usize, Piece)>> {
        match self {
            Piece::Rows { keys, rows } => divided_rows(keys, rows, shift, count),
            Piece::States(states) => divided_states(states, shift, count),
        }
    }

    /// Brings it into groups.
    ///
    /// # Errors
    /// Those of aggregates.
    pub(super) fn add_to(self, groups: &mut GroupStates) -> Result<()> {
        match self {
            Piece::Rows { keys, rows } => groups.update(&keys, &rows),
            Piece::States(states) => groups.merge(&states.keys, &states.states, states.group_count),
        }
    }
}

fn divided_rows(keys: &[ArrayRef], rows: &InputRows, shift: u32, count: usize) -> Result<Vec<(usize, Piece)>> {
    let split = Split::new(&hash_rows(keys, rows.row_count)?, shift, count);
    let keys = split.arrange_all(keys)?;
    let arguments = split.arrange_all(&rows.arguments)?;
    let filters = rows.filters.iter().map(|filter| {
        let filter: ArrayRef = Arc::new(BooleanArray::new(filter.clone(), None));
        split.arrange(&filter)
    });
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let piece = |(number, range)| {
        let rows = InputRows {
            keys: Vec::new(),
            arguments: sliced(&arguments, &range),
            filters: sliced(&filters, &range).iter().map(condition).collect(),
            row_count: range.len(),
            selection: None,
        };
        let keys = sliced(&keys, &range);
        (number, Piece::Rows { keys, rows })
    };
    Ok(split.partitions().map(piece).collect())
}

fn divided_states(states: &HandedOut, shift: u32, count: usize) -> Result<Vec<(usize, Piece)>> {
    let split = Split::new(&hash_rows(&states.keys, states.group_count)?, shift, count);
    let keys = split.arrange_all(&states.keys)?;
    let columns = states.states.iter().map(|columns| split.arrange_all(columns));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let piece = |(number, range)| {
        let states = HandedOut {
            keys: sliced(&keys, &range),
            states: columns.iter().map(|columns| sliced(columns, &range)).collect(),
            group_count: range.len(),
        };
        (number, Piece::States(states))
    };
    Ok(split.partitions().map(piece).collect())
}

/// The same pieces, those of rows that follow each other as one.
///
/// # Errors
/// Those of Arrow's kernels.
pub(super) fn with_rows_joined(pieces: impl Iterator<Item = Piece>) -> Result<Vec<Piece>> {
    let (mut all, mut together) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Rows { keys, rows } => together.push((keys, rows)),
            states => {
                join_onto(&mut all, &mut together)?;
                all.push(states);
            }
        }
    }
    join_onto(&mut all, &mut together)?;
    Ok(all)
}

fn join_onto(all: &mut Vec<Piece>, together: &mut Vec<(Vec<ArrayRef>, InputRows)>) -> Result<()> {
    if !together.is_empty() {
        let (keys, rows) = joined(std::mem::take(together))?;
        all.push(Piece::Rows { keys, rows });
    }
    Ok(())
}

/// Batches as one, so that parts get rows in larger pieces.
///
/// # Errors
/// Those of Arrow's kernels.
pub(super) fn joined(pieces: Vec<(Vec<ArrayRef>, InputRows)>) -> Result<(Vec<ArrayRef>, InputRows)> {
    let concat = |pick: &dyn Fn(&(Vec<ArrayRef>, InputRows)) -> &[ArrayRef]| -> Result<Vec<ArrayRef>> {
        let columns = pieces.first().map_or(0, |piece| pick(piece).len());
        (0..columns)
            .map(|at| {
                let parts: Vec<&dyn Array> = pieces.iter().map(|piece| &*pick(piece)[at]).collect();
                Ok(arrow_select::concat::concat(&parts)?)
            })
            .collect()
    };
    let keys = concat(&|piece| &piece.0)?;
    let arguments = concat(&|piece| &piece.1.arguments)?;
    let filter_count = pieces.first().map_or(0, |(_, rows)| rows.filters.len());
    let filters = (0..filter_count).map(|at| {
        let bits = pieces.iter().flat_map(|(_, rows)| rows.filters[at].iter());
        bits.collect::<BooleanBuffer>()
    });
    let rows = InputRows {
        keys: Vec::new(),
        arguments,
        filters: filters.collect(),
        row_count: pieces.iter().map(|(_, rows)| rows.row_count).sum(),
        selection: None,
    };
    Ok((keys, rows))
}
