//! One worker's rows on their way into groups: into groups of its own while that saves something, else to the partitions.

use super::adjacent::AdjacentRows;
use super::groups::GroupStates;
use super::piece::{Piece, joined};
use super::shared_groups::SharedGroups;
use super::specification::InputRows;
use crate::error::Result;
use crate::pipeline::Reservation;
use arrow_array::ArrayRef;
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// See the module.
pub(super) struct Worker {
    shared: Arc<SharedGroups>,
    groups: GroupStates,
    /// Rows that `groups` is made of.
    grouped_rows: usize,
    /// Rows go to partitions ungrouped.
    sends_rows: bool,
    /// Makes states of adjacent ones among them.
    adjacent: Option<AdjacentRows>,
    unsent: Vec<Piece>,
    unsent_rows: usize,
    unsent_bytes: usize,
    reservation: Reservation,
}

impl Worker {
    pub(super) fn new(shared: &Arc<SharedGroups>) -> Result<Self> {
        Ok(Worker {
            groups: GroupStates::of_worker(&shared.specification)?,
            grouped_rows: 0,
            sends_rows: false,
            adjacent: AdjacentRows::of(&shared.specification)?,
            unsent: Vec::new(),
            unsent_rows: 0,
            unsent_bytes: 0,
            reservation: shared.memory.reservation(),
            shared: shared.clone(),
        })
    }

    /// Takes in rows with these keys, for every grouping set.
    pub(super) fn take_in(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        self.shared.count_rows(rows.row_count);
        for number in 0..self.shared.specification.sets.len() {
            let keys = self.shared.specification.set_keys(number, keys, rows.row_count)?;
            self.take_in_set(keys, rows)?;
        }
        if !self.reservation.try_resize(self.held_bytes()) {
            self.make_room()?;
        }
        Ok(())
    }

    fn take_in_set(&mut self, keys: Vec<ArrayRef>, rows: &InputRows) -> Result<()> {
        if !self.sends_rows {
            self.groups.update(&keys, rows)?;
            self.grouped_rows += rows.row_count;
            if self.groups.group_count() >= self.groups_max() {
                self.hand_out()?;
            }
            return Ok(());
        }
        let keys: Vec<ArrayRef> = keys.iter().map(flatten).collect();
        let rows = rows.slice(0, rows.row_count);
        let piece = match &self.adjacent {
            Some(adjacent) => adjacent.joined(keys, rows)?,
            None => Piece::Rows { keys, rows },
        };
        self.unsent_rows += piece.row_count();
        self.unsent_bytes += piece.row_count() * piece.bytes_per_row();
        self.unsent.push(piece);
        match self.unsent_rows >= self.shared.limits.sent_rows_min {
            true => self.send(false),
            false => Ok(()),
        }
    }

    fn held_bytes(&self) -> usize {
        self.groups.memory_bytes() + self.unsent_bytes
    }

    /// Leaves what is held to the partitions, which can put it on disk.
    fn make_room(&mut self) -> Result<()> {
        self.send(false)?;
        self.groups.settle()?;
        if self.groups.group_count() > 0 {
            self.hand_out()?;
        }
        self.reservation.resize(self.held_bytes())
    }

    /// An array of groups is cheap to find one's way in, however many they are.
    fn groups_max(&self) -> usize {
        let limit = self.shared.limits.local_groups_max;
        if self.groups.is_direct() { limit * 4 } else { limit }
    }

    /// Gives the worker's groups to the partitions and begins anew.
    fn hand_out(&mut self) -> Result<()> {
        let empty = GroupStates::of_worker(&self.shared.specification)?;
        let mut groups = std::mem::replace(&mut self.groups, empty);
        groups.settle()?;
        self.sends_rows = self.grouped_rows < groups.group_count() * self.shared.limits.rows_per_group_min;
        self.grouped_rows = 0;
        self.shared
            .begin_partitions()
            .send(&Piece::States(groups.hand_out()?), false)
    }

    /// Sends the collected rows to the partitions.
    fn send(&mut self, are_last: bool) -> Result<()> {
        if self.unsent_rows == 0 {
            return Ok(());
        }
        (self.unsent_rows, self.unsent_bytes) = (0, 0);
        for piece in joined(std::mem::take(&mut self.unsent))? {
            self.shared.begin_partitions().send(&piece, are_last)?;
        }
        Ok(())
    }

    /// Leaves everything to the others.
    pub(super) fn finish(mut self) -> Result<()> {
        self.send(true)?;
        self.groups.settle()?;
        if self.groups.group_count() == 0 {
            return Ok(());
        }
        drop(self.reservation);
        match self.shared.partitions() {
            Some(partitions) => partitions.send(&Piece::States(self.groups.hand_out()?), true),
            None => self.shared.merge(self.groups),
        }
    }
}
