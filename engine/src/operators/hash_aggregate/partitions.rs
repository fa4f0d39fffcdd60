//! Groups shared by all workers, split by the hash of their keys so that each part fits the processor's cache. A part that finds no
//! room puts the groups that it has on disk and begins anew; they come together again when the part is taken.

use super::groups::{GroupStates, HandedOut};
use super::kept::{Pieces, merged_in_order};
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::operators::gather::value_bytes;
use crate::operators::group_table::hash_rows;
use crate::operators::spill::{SharedSpillFile, SpilledRows};
use crate::operators::split::{Split, sliced};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation};
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// Parts, a power of two.
pub(super) const PARTITIONS: usize = 256;

/// Rows that wait for a part before it may take them in: enough to make the lock and the cold cache worth it ..
const BACKLOG_ROWS_MIN: usize = 8 * 1024;
/// .. the bytes from which it does ..
const BACKLOG_BYTES_MIN: usize = 1 << 20;
/// .. and the bytes for each byte of its groups. Where rows hardly share groups, they are the smaller of the two, and a part that takes
/// them in when it is asked for is in the cache only once.
const BACKLOG_BYTES_PER_GROUP_BYTE: usize = 8;
/// What waits for all parts may take of the memory at most: one byte of so many.
const BACKLOG_MEMORY_ONE_IN: usize = 4;

/// All parts.
pub(super) struct Partitions {
    specification: Arc<AggregateSpecification>,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    parts: Vec<Mutex<Partition>>,
    spill: SharedSpillFile,
    /// Held while a part is merged in order, which takes what memory there is.
    in_order: Mutex<()>,
}

/// One part.
struct Partition {
    groups: Option<GroupStates>,
    backlog: Vec<Piece>,
    backlog_rows: usize,
    backlog_bytes: usize,
    /// Groups on disk.
    spilled: Vec<SpilledRows>,
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
                spilled: Vec::new(),
                reservation: memory.reservation(),
            })
        };
        Partitions {
            specification: specification.clone(),
            memory: memory.clone(),
            cancel: cancel.clone(),
            parts: (0..PARTITIONS).map(part).collect(),
            spill: SharedSpillFile::new(memory),
            in_order: Mutex::default(),
        }
    }

    /// Sends rows to their parts.
    pub(super) fn send_rows(&self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        let keys: Vec<ArrayRef> = keys.iter().map(flatten).collect();
        let split = split(&keys, rows.row_count)?;
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
        for (part, range) in split.partitions() {
            let filters = sliced(&filters, &range);
            let rows = InputRows {
                keys: Vec::new(),
                arguments: sliced(&arguments, &range),
                filters: filters.iter().map(super::specification::condition).collect(),
                row_count: range.len(),
                selection: None,
            };
            let keys = sliced(&keys, &range);
            self.send(part, Piece::Rows { keys, rows }, range.len() * bytes_per_row)?;
        }
        Ok(())
    }

    /// Sends groups to their parts.
    pub(super) fn send_states(&self, states: &HandedOut) -> Result<()> {
        let split = split(&states.keys, states.group_count)?;
        let keys = split.arrange_all(&states.keys)?;
        let columns = states
            .states
            .iter()
            .map(|columns| split.arrange_all(columns))
            .collect::<Result<Vec<_>>>()?;
        let bytes_per_row = bytes_per_row(keys.iter().chain(columns.iter().flatten()));
        for (part, range) in split.partitions() {
            let piece = Piece::States(HandedOut {
                keys: sliced(&keys, &range),
                states: columns.iter().map(|columns| sliced(columns, &range)).collect(),
                group_count: range.len(),
            });
            self.send(part, piece, range.len() * bytes_per_row)?;
        }
        Ok(())
    }

    fn send(&self, part: usize, piece: Piece, bytes: usize) -> Result<()> {
        let mut part = self.parts[part].lock();
        part.backlog_rows += piece.row_count();
        part.backlog_bytes += bytes;
        part.backlog.push(piece);
        if part.backlog_rows >= BACKLOG_ROWS_MIN && part.backlog_bytes >= self.backlog_bytes_max(&part) {
            // Tables of all parts grow at about the same time.
            self.cancel.check()?;
            part.take_in(&self.specification)?;
        }
        let held = part.held_bytes();
        if !part.reservation.try_resize_partition(held) {
            self.spill(&mut part)?;
        }
        Ok(())
    }

    /// Bytes that may wait for a part.
    fn backlog_bytes_max(&self, part: &Partition) -> usize {
        let share = self.memory.limit_bytes() / BACKLOG_MEMORY_ONE_IN / PARTITIONS;
        let wanted = part.group_bytes().saturating_mul(BACKLOG_BYTES_PER_GROUP_BYTE);
        wanted.min(share).max(BACKLOG_BYTES_MIN)
    }

    /// Puts the groups of a part on disk.
    fn spill(&self, part: &mut Partition) -> Result<()> {
        part.take_in(&self.specification)?;
        if let Some(groups) = part.groups.take() {
            let groups = groups.hand_out()?;
            let columns: Vec<ArrayRef> = groups
                .keys
                .into_iter()
                .chain(groups.states.into_iter().flatten())
                .collect();
            part.spilled.push(self.spill.write(&columns, groups.group_count)?);
        }
        part.reservation.resize(0)
    }

    /// All groups of a part, those on disk and those in memory, as one.
    fn gather(&self, part: &mut Partition) -> Result<()> {
        let in_memory = part.groups.take().map(GroupStates::hand_out).transpose()?;
        let mut held = self.memory.reservation();
        part.reservation.resize(0)?;
        held.resize(in_memory.as_ref().map_or(0, HandedOut::memory_bytes))?;
        let pieces = Pieces {
            spill: &self.spill,
            cancel: &self.cancel,
            spilled: std::mem::take(&mut part.spilled),
            in_memory,
        };
        let groups = match self.merged(&pieces, &mut part.reservation)? {
            Some(groups) => groups,
            None => {
                part.reservation.resize(0)?;
                let _one_at_a_time = self.in_order.lock();
                merged_in_order(&self.specification, &pieces, &self.memory, &mut part.reservation)?
            }
        };
        part.groups = Some(groups);
        Ok(())
    }

    /// The groups of all pieces as one; `None` where there is no room for them and aggregates can do with less.
    fn merged(&self, pieces: &Pieces<'_>, reservation: &mut Reservation) -> Result<Option<GroupStates>> {
        let mut groups = GroupStates::of_partition(&self.specification)?;
        let keeps_rows = !self.specification.gives_states && groups.kept_rows().iter().any(Option::is_some);
        let mut has_room = true;
        pieces.visit(&self.specification, |piece| {
            groups.merge(&piece.keys, &piece.states, piece.group_count)?;
            match keeps_rows {
                true => has_room = reservation.try_resize(groups.memory_bytes()),
                false => reservation.resize(groups.memory_bytes())?,
            }
            Ok(if has_room { Demand::More } else { Demand::Enough })
        })?;
        Ok(has_room.then_some(groups))
    }

    /// Whether groups went to disk.
    pub(super) fn has_spilled(&self) -> bool {
        self.spill.is_used()
    }

    /// The groups of a part; `None` where it has none, or was taken before. The reservation holds their memory.
    pub(super) fn take(&self, part: usize) -> Result<Option<(GroupStates, Reservation)>> {
        let mut part = self.parts[part].lock();
        part.take_in(&self.specification)?;
        // What was taken in last may be more in memory than it was on its way.
        let held = part.held_bytes();
        if !part.spilled.is_empty() || !part.reservation.try_resize(held) {
            self.gather(&mut part)?;
        }
        let Some(groups) = part.groups.take() else {
            return Ok(None);
        };
        part.reservation.resize(groups.memory_bytes())?;
        let reservation = std::mem::replace(&mut part.reservation, self.memory.reservation());
        Ok(Some((groups, reservation)))
    }
}

impl Partition {
    fn held_bytes(&self) -> usize {
        self.backlog_bytes + self.group_bytes()
    }

    fn group_bytes(&self) -> usize {
        self.groups.as_ref().map_or(0, GroupStates::memory_bytes)
    }

    fn take_in(&mut self, specification: &Arc<AggregateSpecification>) -> Result<()> {
        if self.backlog.is_empty() {
            return Ok(());
        }
        let groups = match &mut self.groups {
            Some(groups) => groups,
            empty => empty.insert(GroupStates::of_partition(specification)?),
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
    let per_row = |column: &ArrayRef| value_bytes(column) / column.len().max(1) + 1;
    columns.map(per_row).sum()
}

/// The rows arranged by their parts.
fn split(keys: &[ArrayRef], row_count: usize) -> Result<Split> {
    // The highest bits: tables find their slots by the lowest.
    let shift = 64 - PARTITIONS.trailing_zeros();
    Ok(Split::new(&hash_rows(keys, row_count)?, shift, PARTITIONS))
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
