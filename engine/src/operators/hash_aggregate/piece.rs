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

    /// The hashes of its keys.
    ///
    /// # Errors
    /// A type that cannot be compared.
    pub(super) fn hashes(&self) -> Result<Vec<u64>> {
        match self {
            Piece::Rows { keys, rows } => hash_rows(keys, rows.row_count),
            Piece::States(states) => hash_rows(&states.keys, states.group_count),
        }
    }

    /// The pieces that its rows are in by some bits of their keys' hashes, of which the lowest is bit `shift`; with their numbers, of so
    /// many, a power of two.
    ///
    /// # Errors
    /// Those of Arrow's kernels.
    pub(super) fn divided(&self, shift: u32, count: usize) -> Result<Vec<(usize, Piece)>> {
        let split = Split::new(&self.hashes()?, shift, count);
        match self {
            Piece::Rows { keys, rows } => divided_rows(keys, rows, &split),
            Piece::States(states) => divided_states(states, &split),
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

fn divided_rows(keys: &[ArrayRef], rows: &InputRows, split: &Split) -> Result<Vec<(usize, Piece)>> {
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

fn divided_states(states: &HandedOut, split: &Split) -> Result<Vec<(usize, Piece)>> {
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

/// Pieces as one of rows and one of states, so that parts get them in larger pieces.
///
/// # Errors
/// Those of Arrow's kernels.
pub(super) fn joined(pieces: impl IntoIterator<Item = Piece>) -> Result<Vec<Piece>> {
    let (mut rows, mut states) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Rows { keys, rows: others } => rows.push((keys, others)),
            Piece::States(others) => states.push(others),
        }
    }
    let rows = (!rows.is_empty()).then(|| joined_rows(&rows)).transpose()?;
    let states = (!states.is_empty()).then(|| joined_states(&states)).transpose()?;
    Ok(rows.into_iter().chain(states).collect())
}

fn joined_rows(pieces: &[(Vec<ArrayRef>, InputRows)]) -> Result<Piece> {
    let filter_count = pieces.first().map_or(0, |(_, rows)| rows.filters.len());
    let filters = (0..filter_count).map(|at| {
        let bits = pieces.iter().flat_map(|(_, rows)| rows.filters[at].iter());
        bits.collect::<BooleanBuffer>()
    });
    Ok(Piece::Rows {
        keys: concatenated(pieces, |(keys, _)| keys)?,
        rows: InputRows {
            keys: Vec::new(),
            arguments: concatenated(pieces, |(_, rows)| &rows.arguments)?,
            filters: filters.collect(),
            row_count: pieces.iter().map(|(_, rows)| rows.row_count).sum(),
            selection: None,
        },
    })
}

fn joined_states(pieces: &[HandedOut]) -> Result<Piece> {
    let call_count = pieces.first().map_or(0, |piece| piece.states.len());
    let states = (0..call_count).map(|call| concatenated(pieces, |piece| &piece.states[call]));
    Ok(Piece::States(HandedOut {
        keys: concatenated(pieces, |piece| &piece.keys)?,
        states: states.collect::<Result<_>>()?,
        group_count: pieces.iter().map(|piece| piece.group_count).sum(),
    }))
}

/// Some columns of all pieces, one after the other.
fn concatenated<P>(pieces: &[P], columns: impl Fn(&P) -> &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let column_count = pieces.first().map_or(0, |piece| columns(piece).len());
    let concat = |at: usize| {
        let parts: Vec<&dyn Array> = pieces.iter().map(|piece| &*columns(piece)[at]).collect();
        Ok(arrow_select::concat::concat(&parts)?)
    };
    (0..column_count).map(concat).collect()
}
