//! Groups shared by all workers, split by the hash of their keys so that each part fits the processor's cache.

use super::groups::{GroupStates, HandedOut};
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::operators::group_table::hash_rows;
use crate::pipeline::{Cancel, MemoryBudget, Reservation};
use arrow_array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// Parts, a power of two.
pub(super) const PARTITIONS: usize = 256;

/// Rows that wait for a part before it takes them in: enough to make the lock and the cold cache worth it.
const BACKLOG_ROWS_MAX: usize = 8 * 1024;

/// All parts.
pub(super) struct Partitions {
    specification: Arc<AggregateSpecification>,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    parts: Vec<Mutex<Partition>>,
}

/// One part.
struct Partition {
    groups: Option<GroupStates>,
    backlog: Vec<Piece>,
    backlog_rows: usize,
    backlog_bytes: usize,
    reservation: Reservation,
}

/// Rows or states on their way into a part.
enum Piece {
    Rows { keys: Vec<ArrayRef>, rows: InputRows },
    States(HandedOut),
}

impl Piece {
    fn row_count(&self) -> usize {
        match self {
            Piece::Rows { rows, .. } => rows.row_count,
            Piece::States(states) => states.group_count,
        }
    }
}

impl Partitions {
    pub(super) fn new(
        specification: &Arc<AggregateSpecification>,
        memory: &Arc<MemoryBudget>,
        cancel: &Arc<Cancel>,
    ) -> Self {
        let part = |_| {
            Mutex::new(Partition {
                groups: None,
                backlog: Vec::new(),
                backlog_rows: 0,
                backlog_bytes: 0,
                reservation: memory.reservation(),
            })
        };
        Partitions {
            specification: specification.clone(),
            memory: memory.clone(),
            cancel: cancel.clone(),
            parts: (0..PARTITIONS).map(part).collect(),
        }
    }

    /// Sends rows to their parts.
    pub(super) fn send_rows(&self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        let keys: Vec<ArrayRef> = keys.iter().map(flatten).collect();
        let split = Split::new(&keys, rows.row_count)?;
        let keys = split.arrange_all(&keys)?;
        let arguments = split.arrange_all(&rows.arguments)?;
        let filters = rows
            .filters
            .iter()
            .map(|filter| {
                let filter: ArrayRef = Arc::new(BooleanArray::new(filter.clone(), None));
                split.arrange(&filter)
            })
            .collect::<Result<Vec<_>>>()?;
        let bytes_per_row = bytes_per_row(keys.iter().chain(&arguments));
        split.for_each(|part, start, row_count| {
            let slice = |columns: &[ArrayRef]| columns.iter().map(|column| column.slice(start, row_count)).collect();
            let filters: Vec<ArrayRef> = slice(&filters);
            let rows = InputRows {
                keys: Vec::new(),
                arguments: slice(&arguments),
                filters: filters.iter().map(super::specification::condition).collect(),
                row_count,
                selection: None,
            };
            let keys = slice(&keys);
            self.send(part, Piece::Rows { keys, rows }, row_count * bytes_per_row)
        })
    }

    /// Sends groups to their parts.
    pub(super) fn send_states(&self, states: &HandedOut) -> Result<()> {
        let split = Split::new(&states.keys, states.group_count)?;
        let keys = split.arrange_all(&states.keys)?;
        let columns = states
            .states
            .iter()
            .map(|columns| split.arrange_all(columns))
            .collect::<Result<Vec<_>>>()?;
        let bytes_per_row = bytes_per_row(keys.iter().chain(columns.iter().flatten()));
        split.for_each(|part, start, row_count| {
            let slice = |columns: &[ArrayRef]| columns.iter().map(|column| column.slice(start, row_count)).collect();
            let piece = Piece::States(HandedOut {
                keys: slice(&keys),
                states: columns.iter().map(|columns| slice(columns)).collect(),
                group_count: row_count,
            });
            self.send(part, piece, row_count * bytes_per_row)
        })
    }

    fn send(&self, part: usize, piece: Piece, bytes: usize) -> Result<()> {
        let mut part = self.parts[part].lock();
        part.backlog_rows += piece.row_count();
        part.backlog_bytes += bytes;
        part.backlog.push(piece);
        if part.backlog_rows >= BACKLOG_ROWS_MAX {
            // Tables of all parts grow at about the same time.
            self.cancel.check()?;
            part.take_in(&self.specification)?;
        }
        let held = part.backlog_bytes + part.groups.as_ref().map_or(0, GroupStates::memory_bytes);
        part.reservation.resize(held)
    }

    /// The groups of a part; `None` where it has none, or was taken before. The reservation holds their memory.
    pub(super) fn take(&self, part: usize) -> Result<Option<(GroupStates, Reservation)>> {
        let mut part = self.parts[part].lock();
        part.take_in(&self.specification)?;
        let Some(groups) = part.groups.take() else {
            return Ok(None);
        };
        part.reservation.resize(groups.memory_bytes())?;
        let reservation = std::mem::replace(&mut part.reservation, self.memory.reservation());
        Ok(Some((groups, reservation)))
    }
}

impl Partition {
    fn take_in(&mut self, specification: &Arc<AggregateSpecification>) -> Result<()> {
        if self.backlog.is_empty() {
            return Ok(());
        }
        let groups = match &mut self.groups {
            Some(groups) => groups,
            empty => empty.insert(GroupStates::new(specification)?),
        };
        for piece in self.backlog.drain(..) {
            match piece {
                Piece::Rows { keys, rows } => groups.update(&keys, &rows)?,
                Piece::States(states) => groups.merge(&states.keys, &states.states, states.group_count)?,
            }
        }
        (self.backlog_rows, self.backlog_bytes) = (0, 0);
        Ok(())
    }
}

/// About what a row of these columns takes.
fn bytes_per_row<'a>(columns: impl Iterator<Item = &'a ArrayRef>) -> usize {
    let per_row = |column: &ArrayRef| column.get_array_memory_size() / column.len().max(1) + 1;
    columns.map(per_row).sum()
}

/// The rows of a batch by the part they belong to.
struct Split {
    /// The rows, those of a part together.
    order: UInt32Array,
    /// Where each part's rows begin, and where the last ends.
    starts: Vec<usize>,
}

impl Split {
    fn new(keys: &[ArrayRef], row_count: usize) -> Result<Self> {
        let hashes = hash_rows(keys, row_count)?;
        // The highest bits: tables find their slots by the lowest.
        let part_of = |hash: &u64| (hash >> (64 - PARTITIONS.trailing_zeros())) as usize;
        let mut starts = vec![0usize; PARTITIONS + 1];
        for hash in &hashes {
            starts[part_of(hash) + 1] += 1;
        }
        for part in 0..PARTITIONS {
            starts[part + 1] += starts[part];
        }
        let mut places = starts.clone();
        let mut order = vec![0u32; row_count];
        for (row, hash) in hashes.iter().enumerate() {
            let place = &mut places[part_of(hash)];
            order[*place] = row as u32;
            *place += 1;
        }
        Ok(Split {
            order: UInt32Array::from(order),
            starts,
        })
    }

    fn arrange(&self, column: &ArrayRef) -> Result<ArrayRef> {
        Ok(arrow_select::take::take(column, &self.order, None)?)
    }

    fn arrange_all(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        columns.iter().map(|column| self.arrange(column)).collect()
    }

    /// Calls with each part that has rows, where they begin and how many they are.
    fn for_each(&self, mut send: impl FnMut(usize, usize, usize) -> Result<()>) -> Result<()> {
        for (part, window) in self.starts.windows(2).enumerate() {
            if window[1] > window[0] {
                send(part, window[0], window[1] - window[0])?;
            }
        }
        Ok(())
    }
}

/// Batches as one, so that parts get rows in larger pieces.
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
