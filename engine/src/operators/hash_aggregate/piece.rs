//! Rows, or states of groups, on their way into a part, and their division by the hashes of their keys. Groups nothing.

use super::groups::{GroupStates, HandedOut};
use super::specification::{InputRows, condition};
use crate::error::Result;
use crate::operators::gather::value_bytes;
use crate::operators::group_table::{KeyFacts, hash_rows};
use crate::operators::split::{Split, sliced};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, UInt64Array};
use arrow_buffer::{BooleanBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// See the module. Keys are plain.
pub(super) struct Piece {
    content: Content,
    /// Of the keys, where texts are among them: they are seldom near any more when they are hashed again.
    hashes: Option<UInt64Array>,
    /// The texts of its keys are most of what their buffers hold, and can stay there.
    texts_stay: bool,
}

enum Content {
    Rows { keys: Vec<ArrayRef>, rows: InputRows },
    States(HandedOut),
}

impl Piece {
    pub(super) fn rows(keys: Vec<ArrayRef>, rows: InputRows) -> Self {
        Piece {
            content: Content::Rows { keys, rows },
            hashes: None,
            texts_stay: false,
        }
    }

    pub(super) fn states(states: HandedOut) -> Self {
        Piece {
            content: Content::States(states),
            hashes: None,
            texts_stay: false,
        }
    }

    /// Groups by the codes of a dictionary, of which they are a large part: their texts can stay there.
    pub(super) fn of_dictionary(states: HandedOut) -> Self {
        Piece {
            texts_stay: true,
            ..Piece::states(states)
        }
    }

    pub(super) fn keys(&self) -> &[ArrayRef] {
        match &self.content {
            Content::Rows { keys, .. } => keys,
            Content::States(states) => &states.keys,
        }
    }

    pub(super) fn row_count(&self) -> usize {
        match &self.content {
            Content::Rows { rows, .. } => rows.row_count,
            Content::States(states) => states.group_count,
        }
    }

    /// Some of its rows.
    pub(super) fn slice(&self, rows: &Range<usize>) -> Piece {
        Piece {
            content: match &self.content {
                Content::Rows { keys, rows: all } => Content::Rows {
                    keys: sliced(keys, rows),
                    rows: all.slice(rows.start, rows.len()),
                },
                Content::States(states) => Content::States(states.slice(rows)),
            },
            hashes: self.hashes.as_ref().map(|hashes| hashes.slice(rows.start, rows.len())),
            texts_stay: self.texts_stay,
        }
    }

    /// About what a row takes that is moved about.
    pub(super) fn bytes_per_row(&self) -> usize {
        self.bytes_per_row_with(|column| match self.texts_stay && is_text(column) {
            true => size_of::<u128>(),
            false => value_bytes(column) / column.len().max(1),
        })
    }

    /// About what a row takes with the texts that stay where they are.
    pub(super) fn held_bytes_per_row(&self) -> usize {
        self.bytes_per_row_with(|column| value_bytes(column) / column.len().max(1))
    }

    fn bytes_per_row_with(&self, value_bytes: impl Fn(&ArrayRef) -> usize) -> usize {
        let per_row = |column: &ArrayRef| value_bytes(column) + 1;
        let columns: usize = match &self.content {
            Content::Rows { keys, rows } => keys.iter().chain(&rows.arguments).map(per_row).sum(),
            Content::States(states) => {
                let columns = states.keys.iter().chain(states.states.iter().flatten());
                columns.map(per_row).sum()
            }
        };
        let hashes = if has_texts(self.keys()) { size_of::<u64>() } else { 0 };
        columns + hashes
    }

    /// The hashes of its keys.
    ///
    /// # Errors
    /// A type that cannot be compared.
    pub(super) fn hashes(&self) -> Result<ScalarBuffer<u64>> {
        match &self.hashes {
            Some(hashes) => Ok(hashes.values().clone()),
            None => Ok(hash_rows(self.keys(), self.row_count())?.into()),
        }
    }

    /// The pieces that its rows are in by some bits of their keys' hashes, of which the lowest is bit `shift`; with their numbers, of so
    /// many, a power of two.
    ///
    /// # Errors
    /// Those of Arrow's kernels.
    pub(super) fn divided(&self, shift: u32, count: usize) -> Result<Vec<(usize, Piece)>> {
        let hashes = self.hashes()?;
        let split = Split::new(&hashes, shift, count);
        let kept =
            has_texts(self.keys()).then(|| split.arrange(&(Arc::new(UInt64Array::new(hashes, None)) as ArrayRef)));
        let kept = kept.transpose()?;
        let contents = match &self.content {
            Content::Rows { keys, rows } => divided_rows(keys, rows, &split)?,
            Content::States(states) => divided_states(states, &split)?,
        };
        let pieces = split.partitions().zip(contents).map(|((number, rows), content)| {
            let hashes = kept.as_ref().map(|hashes| hashes.slice(rows.start, rows.len()));
            let hashes = hashes.map(|hashes| hashes.as_primitive::<UInt64Type>().clone());
            let texts_stay = self.texts_stay;
            (
                number,
                Piece {
                    content,
                    hashes,
                    texts_stay,
                },
            )
        });
        Ok(pieces.collect())
    }

    /// Brings it into groups.
    ///
    /// # Errors
    /// Those of aggregates.
    pub(super) fn add_to(self, groups: &mut GroupStates) -> Result<()> {
        let facts = KeyFacts {
            hashes: self.hashes.as_ref().map(|hashes| &hashes.values()[..]),
            texts_stay: self.texts_stay,
        };
        match &self.content {
            Content::Rows { keys, rows } => groups.update(keys, facts, rows),
            Content::States(states) => groups.merge(&states.keys, facts, &states.states, states.group_count),
        }
    }
}

/// Whether hashing the keys means reading texts.
fn has_texts(keys: &[ArrayRef]) -> bool {
    keys.iter().any(is_text)
}

fn is_text(column: &ArrayRef) -> bool {
    matches!(column.data_type(), DataType::Utf8View | DataType::BinaryView)
}

fn divided_rows(keys: &[ArrayRef], rows: &InputRows, split: &Split) -> Result<Vec<Content>> {
    let keys = split.arrange_all(keys)?;
    let arguments = split.arrange_all(&rows.arguments)?;
    let filters = rows.filters.iter().map(|filter| {
        let filter: ArrayRef = Arc::new(BooleanArray::new(filter.clone(), None));
        split.arrange(&filter)
    });
    let filters = filters.collect::<Result<Vec<_>>>()?;
    let content = |(_, range): (usize, Range<usize>)| Content::Rows {
        rows: InputRows {
            keys: Vec::new(),
            arguments: sliced(&arguments, &range),
            filters: sliced(&filters, &range).iter().map(condition).collect(),
            row_count: range.len(),
            selection: None,
        },
        keys: sliced(&keys, &range),
    };
    Ok(split.partitions().map(content).collect())
}

fn divided_states(states: &HandedOut, split: &Split) -> Result<Vec<Content>> {
    let keys = split.arrange_all(&states.keys)?;
    let columns = states.states.iter().map(|columns| split.arrange_all(columns));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let content = |(_, range): (usize, Range<usize>)| {
        Content::States(HandedOut {
            keys: sliced(&keys, &range),
            states: columns.iter().map(|columns| sliced(columns, &range)).collect(),
            group_count: range.len(),
        })
    };
    Ok(split.partitions().map(content).collect())
}

/// Pieces as one of each kind, so that parts get them in larger pieces.
///
/// # Errors
/// Those of Arrow's kernels.
pub(super) fn joined(pieces: impl IntoIterator<Item = Piece>) -> Result<Vec<Piece>> {
    let mut kinds: BTreeMap<(bool, bool), Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        let kind = (matches!(piece.content, Content::Rows { .. }), piece.texts_stay);
        kinds.entry(kind).or_default().push(piece);
    }
    kinds.into_values().map(|pieces| joined_kind(&pieces)).collect()
}

fn joined_kind(pieces: &[Piece]) -> Result<Piece> {
    let hashes = match pieces.iter().any(|piece| piece.hashes.is_some()) {
        true => {
            let hashes = pieces.iter().map(Piece::hashes).collect::<Result<Vec<_>>>()?;
            let all: Vec<u64> = hashes.iter().flat_map(|hashes| hashes.iter().copied()).collect();
            Some(UInt64Array::from(all))
        }
        false => None,
    };
    let (mut rows, mut states) = (Vec::new(), Vec::new());
    for piece in pieces {
        match &piece.content {
            Content::Rows { keys, rows: others } => rows.push((keys, others)),
            Content::States(others) => states.push(others),
        }
    }
    let content = match rows.is_empty() {
        true => joined_states(&states)?,
        false => joined_rows(&rows)?,
    };
    Ok(Piece {
        content,
        hashes,
        texts_stay: pieces.iter().all(|piece| piece.texts_stay),
    })
}

fn joined_rows(pieces: &[(&Vec<ArrayRef>, &InputRows)]) -> Result<Content> {
    let filter_count = pieces.first().map_or(0, |(_, rows)| rows.filters.len());
    let filters = (0..filter_count).map(|at| {
        let bits = pieces.iter().flat_map(|(_, rows)| rows.filters[at].iter());
        bits.collect::<BooleanBuffer>()
    });
    Ok(Content::Rows {
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

fn joined_states(pieces: &[&HandedOut]) -> Result<Content> {
    let call_count = pieces.first().map_or(0, |piece| piece.states.len());
    let states = (0..call_count).map(|call| concatenated(pieces, |piece| &piece.states[call]));
    Ok(Content::States(HandedOut {
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
