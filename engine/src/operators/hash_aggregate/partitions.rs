//! Groups shared by all workers, split by the hash of their keys so that each part fits the processor's cache. A part that finds no
//! room puts the groups that it has on disk and begins anew; they come together again when the part is taken.

use super::expected_groups::ExpectedGroups;
use super::groups::{GroupStates, HandedOut};
use super::kept::{Pieces, merged_in_order};
use super::piece::{Piece, joined};
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::operators::group_table::KeyFacts;
use crate::operators::spill::{SharedSpillFile, SpilledRows};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation};
use arrow_array::ArrayRef;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;

/// Parts, a power of two.
pub(super) const PARTITIONS: usize = 256;
/// The lowest of the bits of a hash that choose a part, which are the highest: tables find their slots by the lowest.
const PARTITION_SHIFT: u32 = u64::BITS - PARTITIONS.trailing_zeros();
/// Shares of a part at most, a power of two.
const SHARES_MAX: usize = 64;

/// Rows that wait for a part before it may take them in: enough to make the lock and the cold cache worth it ..
const BACKLOG_ROWS_MIN: usize = 8 * 1024;
/// .. the bytes from which it does, twice as many for the last part as for the first: rows are spread evenly, and a worker to whom it fell
/// to take in those of all parts at once would be the last to end ..
const BACKLOG_BYTES_MIN: usize = 1 << 20;
/// .. and the bytes for each byte of its groups. Where rows hardly share groups, they are the smaller of the two, and a part that takes
/// them in when it is asked for is in the cache only once.
const BACKLOG_BYTES_PER_GROUP_BYTE: usize = 8;
/// What a group takes, before there are any.
const GROUP_BYTES: usize = 64;
/// What waits for all parts may take of the memory at most: one byte of so many.
const BACKLOG_MEMORY_ONE_IN: usize = 4;

/// All parts.
pub(super) struct Partitions {
    specification: Arc<AggregateSpecification>,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    parts: Vec<Mutex<Partition>>,
    expected_groups: ExpectedGroups,
    /// Of parts that were divided.
    shares: Mutex<Vec<Share>>,
    /// Rows waiting for a part from which it is divided.
    divided_rows_min: usize,
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
    /// With the texts that stay where they are.
    backlog_held_bytes: usize,
    /// Groups on disk.
    spilled: Vec<SpilledRows>,
    reservation: Reservation,
}

/// What a part was divided into, until somebody makes groups of it.
struct Share {
    pieces: Vec<Piece>,
    reservation: Reservation,
}

impl Partitions {
    pub(super) fn new(
        specification: &Arc<AggregateSpecification>,
        memory: &Arc<MemoryBudget>,
        cancel: &Arc<Cancel>,
        divided_rows_min: usize,
    ) -> Self {
        let part = |_| {
            Mutex::new(Partition {
                groups: None,
                backlog: Vec::new(),
                backlog_rows: 0,
                backlog_bytes: 0,
                backlog_held_bytes: 0,
                spilled: Vec::new(),
                reservation: memory.reservation(),
            })
        };
        Partitions {
            specification: specification.clone(),
            memory: memory.clone(),
            cancel: cancel.clone(),
            parts: (0..PARTITIONS).map(part).collect(),
            expected_groups: ExpectedGroups::default(),
            shares: Mutex::default(),
            divided_rows_min,
            spill: SharedSpillFile::new(memory),
            in_order: Mutex::default(),
        }
    }

    /// Sends rows or groups to their parts; where they are the last ones, they stay as they are until the part is taken, which all workers do.
    pub(super) fn send(&self, piece: &Piece, are_last: bool) -> Result<()> {
        let bytes_per_row = (piece.bytes_per_row(), piece.held_bytes_per_row());
        let mut busy = Vec::new();
        for (number, piece) in piece.divided(PARTITION_SHIFT, PARTITIONS)? {
            match self.parts[number].try_lock() {
                Some(part) => self.send_to(number, part, piece, bytes_per_row, are_last)?,
                None => busy.push((number, piece)),
            }
        }
        for (number, piece) in busy {
            self.send_to(number, self.parts[number].lock(), piece, bytes_per_row, are_last)?;
        }
        Ok(())
    }

    fn send_to(
        &self,
        number: usize,
        mut part: MutexGuard<'_, Partition>,
        piece: Piece,
        (bytes_per_row, held_bytes_per_row): (usize, usize),
        is_last: bool,
    ) -> Result<()> {
        part.backlog_rows += piece.row_count();
        part.backlog_bytes += piece.row_count() * bytes_per_row;
        part.backlog_held_bytes += piece.row_count() * held_bytes_per_row;
        part.backlog.push(piece);
        if !is_last && self.waits_long_enough(number, &part)? {
            self.cancel.check()?;
            part.take_in(&self.specification)?;
        }
        let held = part.held_bytes();
        if !part.reservation.try_resize_partition(held) {
            self.spill(&mut part)?;
        }
        Ok(())
    }

    /// Whether enough waits for a part.
    fn waits_long_enough(&self, number: usize, part: &Partition) -> Result<bool> {
        let least = BACKLOG_BYTES_MIN + BACKLOG_BYTES_MIN / PARTITIONS * number;
        if part.backlog_rows < BACKLOG_ROWS_MIN || part.backlog_bytes < least {
            return Ok(false);
        }
        let share = self.memory.limit_bytes() / BACKLOG_MEMORY_ONE_IN / PARTITIONS;
        let group_bytes = match part.groups {
            Some(_) => part.group_bytes(),
            None => self.expected_groups.of_part(&part.backlog)?.saturating_mul(GROUP_BYTES),
        };
        Ok(part.backlog_bytes >= group_bytes.saturating_mul(BACKLOG_BYTES_PER_GROUP_BYTE).min(share))
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
        let keeps_rows = self.keeps_rows(&groups);
        let mut has_room = true;
        pieces.visit(&self.specification, |piece| {
            groups.merge(&piece.keys, KeyFacts::default(), &piece.states, piece.group_count)?;
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

    /// Groups of a part that nobody has taken yet; `None` where it has none. Where it is divided the others are left in
    /// [shares](Self::take_share). The reservation holds their memory.
    pub(super) fn take(&self, part: usize) -> Result<Option<(GroupStates, Reservation)>> {
        let mut part = self.parts[part].lock();
        if self.divide(&mut part)? {
            drop(part);
            return self.take_share();
        }
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

    /// Whether aggregates keep rows whole, which can go through them in order where they exceed the memory.
    fn keeps_rows(&self, groups: &GroupStates) -> bool {
        !self.specification.gives_states && groups.kept_rows().iter().any(Option::is_some)
    }

    /// Divides a part whose waiting rows are too many for a table that fits the cache, if there is room for them twice. Rows that aggregates
    /// keep stay together: of shares none could go to disk.
    fn divide(&self, part: &mut Partition) -> Result<bool> {
        let group_count = part.groups.as_ref().map_or(0, GroupStates::group_count);
        let held = part.held_bytes();
        if part.backlog_rows < self.divided_rows_min.max(group_count)
            || self.keeps_rows(&GroupStates::of_partition(&self.specification)?)
            || !part.spilled.is_empty()
            || !part.reservation.try_resize(2 * held)
        {
            return Ok(false);
        }
        let count = (4 * part.backlog_rows / self.divided_rows_min.max(1)).next_power_of_two();
        let count = count.clamp(2, SHARES_MAX);
        let groups = part.groups.take().map(GroupStates::hand_out).transpose()?;
        let backlog = std::mem::take(&mut part.backlog);
        part.clear_backlog();
        let pieces = joined(groups.map(Piece::states).into_iter().chain(backlog))?;
        let mut shares: Vec<Vec<Piece>> = Vec::new();
        shares.resize_with(count, Vec::new);
        for piece in pieces {
            self.cancel.check()?;
            for (number, piece) in piece.divided(PARTITION_SHIFT - count.trailing_zeros(), count)? {
                shares[number].push(piece);
            }
        }
        shares.retain(|pieces| !pieces.is_empty());
        let shares = shares.into_iter().map(|pieces| {
            let bytes = pieces
                .iter()
                .map(|piece| piece.row_count() * piece.held_bytes_per_row())
                .sum();
            let reservation = part.reservation.split_off(bytes);
            Share { pieces, reservation }
        });
        self.shares.lock().extend(shares);
        part.reservation.resize(0)?;
        Ok(true)
    }

    /// The groups of a share of a part that was divided; `None` where there is none left.
    pub(super) fn take_share(&self) -> Result<Option<(GroupStates, Reservation)>> {
        let Some(mut share) = self.shares.lock().pop() else {
            return Ok(None);
        };
        let mut groups = GroupStates::of_partition(&self.specification)?;
        for piece in share.pieces {
            piece.add_to(&mut groups)?;
        }
        share.reservation.resize(groups.memory_bytes())?;
        Ok(Some((groups, share.reservation)))
    }
}

impl Partition {
    fn held_bytes(&self) -> usize {
        self.backlog_held_bytes + self.group_bytes()
    }

    fn clear_backlog(&mut self) {
        (self.backlog_rows, self.backlog_bytes, self.backlog_held_bytes) = (0, 0, 0);
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
            piece.add_to(groups)?;
        }
        self.clear_backlog();
        Ok(())
    }
}
