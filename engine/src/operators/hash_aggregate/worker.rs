//! One worker's rows on their way into groups: into groups of its own while that saves something, else to the partitions.

use super::adjacent::AdjacentRows;
use super::fused::FusedSums;
use super::groups::GroupStates;
use super::piece::{Piece, joined};
use super::runs::Runs;
use super::shared_groups::SharedGroups;
use super::specification::InputRows;
use crate::error::Result;
use crate::operators::group_table::KeyFacts;
use crate::pipeline::Reservation;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// Values of a dictionary for each that is a group, up to which texts stay there: it is held on to as a whole.
const PLACES_PER_GROUP_MAX: usize = 4;

/// See the module.
pub(super) struct Worker {
    shared: Arc<SharedGroups>,
    /// Sums and counts that are nowhere else yet.
    fused: Option<FusedSums>,
    /// Rows were counted by the codes of a dictionary.
    has_codes: bool,
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
            fused: FusedSums::of(&shared.specification),
            has_codes: false,
            groups: GroupStates::new(&shared.specification)?,
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
        self.account()
    }

    /// Takes rows in as far as their keys are the codes of a dictionary and all that is asked for are counts and sums: texts are then looked
    /// at once per dictionary. Says how many, from the first on.
    pub(super) fn take_in_codes(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<usize> {
        if !matches!(keys, [key] if key.as_any_dictionary_opt().is_some()) {
            return Ok(0);
        }
        let taken = self.fuse(keys, rows)?;
        self.has_codes |= taken > 0;
        self.shared.count_rows(taken);
        self.account()?;
        Ok(taken)
    }

    /// Whether [`Self::take_in_codes`] took rows, and will go on doing so.
    pub(super) fn counts_codes(&self) -> bool {
        self.has_codes && self.fused.is_some()
    }

    fn account(&mut self) -> Result<()> {
        match self.reservation.try_resize(self.held_bytes()) {
            true => Ok(()),
            false => self.make_room(),
        }
    }

    fn take_in_set(&mut self, keys: Vec<ArrayRef>, rows: &InputRows) -> Result<()> {
        if !self.sends_rows
            && let Some(runs) = Runs::of(&keys, rows.row_count)?
        {
            self.groups.update_runs(&runs, rows)?;
            return self.count_grouped(rows.row_count);
        }
        match self.fuse(&keys, rows)? {
            0 => self.take_in_rows(&keys, rows),
            taken if taken == rows.row_count => Ok(()),
            taken => {
                let rest = rows.row_count - taken;
                let keys: Vec<ArrayRef> = keys.iter().map(|key| key.slice(taken, rest)).collect();
                self.take_in_rows(&keys, &rows.slice(taken, rest))
            }
        }
    }

    /// Adds rows up in arrays, from the first on, as far as that is possible; says how many.
    fn fuse(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<usize> {
        let mut taken = 0;
        while let Some(fused) = &mut self.fused
            && taken < rows.row_count
        {
            let was_empty = fused.is_empty();
            let rest = rows.row_count - taken;
            let cut = |columns: &[ArrayRef]| -> Vec<ArrayRef> {
                columns.iter().map(|column| column.slice(taken, rest)).collect()
            };
            let more = fused.take_in(&cut(keys), &cut(&rows.arguments), rest);
            taken += more;
            if taken < rows.row_count {
                self.hand_out_fused(false)?;
            }
            if was_empty && more == 0 {
                break;
            }
        }
        Ok(taken)
    }

    /// Empties the arrays: many texts go to the partitions, since the next dictionary has others.
    fn hand_out_fused(&mut self, are_last: bool) -> Result<()> {
        let Some(mut fused) = self.fused.take() else {
            return Ok(());
        };
        let (row_count, are_codes, place_count) = (fused.row_count(), fused.has_codes(), fused.place_count());
        let groups = fused.hand_out()?;
        self.fused = Some(fused).filter(|fused| !fused.is_in_vain());
        let Some(groups) = groups else {
            return Ok(());
        };
        if are_codes && groups.group_count >= self.shared.limits.sent_groups_min {
            let piece = match groups.group_count * PLACES_PER_GROUP_MAX >= place_count {
                true => Piece::of_dictionary(groups),
                false => Piece::states(groups),
            };
            return self.shared.take_in_dictionary(piece, are_last);
        }
        self.groups
            .merge(&groups.keys, KeyFacts::default(), &groups.states, groups.group_count)?;
        self.count_grouped(row_count)
    }

    fn count_grouped(&mut self, row_count: usize) -> Result<()> {
        self.grouped_rows += row_count;
        match self.groups.group_count() >= self.groups_max() {
            true => self.hand_out(),
            false => Ok(()),
        }
    }

    fn take_in_rows(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        if !self.sends_rows {
            self.groups.update_rows(keys, KeyFacts::default(), rows)?;
            return self.count_grouped(rows.row_count);
        }
        let keys: Vec<ArrayRef> = keys.iter().map(flatten).collect();
        let rows = rows.slice(0, rows.row_count);
        let piece = match &self.adjacent {
            Some(adjacent) => adjacent.joined(keys, rows)?,
            None => Piece::rows(keys, rows),
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
        let fused = self.fused.as_ref().map_or(0, FusedSums::memory_bytes);
        fused + self.groups.memory_bytes() + self.unsent_bytes
    }

    /// Leaves what is held to the partitions, which can put it on disk.
    fn make_room(&mut self) -> Result<()> {
        self.send(false)?;
        self.hand_out_fused(false)?;
        if self.groups.group_count() > 0 {
            self.hand_out()?;
        }
        self.shared.send_ascending(false)?;
        self.reservation.resize(self.held_bytes())
    }

    /// An array of groups is cheap to find one's way in, however many they are.
    fn groups_max(&self) -> usize {
        let limit = self.shared.limits.local_groups_max;
        if self.groups.is_direct() { limit * 4 } else { limit }
    }

    /// Gives the worker's groups to the partitions and begins anew.
    fn hand_out(&mut self) -> Result<()> {
        let empty = GroupStates::new(&self.shared.specification)?;
        let groups = std::mem::replace(&mut self.groups, empty);
        self.sends_rows = self.grouped_rows < groups.group_count() * self.shared.limits.rows_per_group_min;
        self.grouped_rows = 0;
        self.shared
            .begin_partitions()
            .send(&Piece::states(groups.hand_out()?), false)
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
        self.hand_out_fused(true)?;
        if self.shared.partitions().is_some() {
            self.shared.send_ascending(true)?;
        }
        if self.groups.group_count() == 0 {
            return Ok(());
        }
        drop(self.reservation);
        match self.shared.partitions() {
            Some(partitions) => partitions.send(&Piece::states(self.groups.hand_out()?), true),
            None => self.shared.merge(self.groups),
        }
    }
}
