//! Any so many groups will do, as below a LIMIT without an order: the first keys that some worker meets are the ones, and rows of others are
//! left out before they are looked up. No row of the chosen groups is ever left out, whichever worker has it.

use super::specification::InputRows;
use crate::error::Result;
use crate::operators::group_table::hash_rows;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::Selection;

/// See the module. Groups are known by the hashes of their keys: of two with the same hash both are chosen, and both are whole.
pub(super) struct LimitedGroups {
    groups_max: usize,
    /// Chosen so far.
    choosing: Mutex<HashSet<u64, RandomState>>,
    /// All of them, once they are as many as are wanted.
    chosen: OnceLock<HashSet<u64, RandomState>>,
}

/// More groups than this are looked up in the usual way.
const GROUPS_MAX: usize = 4096;

impl LimitedGroups {
    /// Where so few groups are wanted that it pays.
    pub(super) fn of(group_limit: Option<usize>) -> Option<Self> {
        let groups_max = group_limit.filter(|groups| (1..=GROUPS_MAX).contains(groups))?;
        Some(LimitedGroups {
            groups_max,
            choosing: Mutex::default(),
            chosen: OnceLock::new(),
        })
    }

    /// Whether no other groups will be chosen.
    pub(super) fn are_chosen(&self) -> bool {
        self.chosen.get().is_some()
    }

    /// The rows that belong to chosen groups, with their keys.
    pub(super) fn wanted(&self, rows: InputRows) -> Result<InputRows> {
        let wanted = self.wanted_bits(&rows)?;
        if wanted.count_set_bits() == rows.row_count {
            return Ok(rows);
        }
        let selection = Selection::new(wanted);
        let filter = |column: &ArrayRef| selection.filter(column);
        let filters = rows.filters.into_iter().map(|filter| {
            let filter = selection.filter(&(Arc::new(BooleanArray::new(filter, None)) as ArrayRef));
            super::specification::condition(&filter)
        });
        Ok(InputRows {
            filters: filters.collect(),
            keys: rows.keys.iter().map(filter).collect(),
            arguments: rows.arguments.iter().map(filter).collect(),
            row_count: selection.selected_count(),
            selection: None,
        })
    }

    fn wanted_bits(&self, rows: &InputRows) -> Result<BooleanBuffer> {
        let hashes = hash_rows(&rows.keys, rows.row_count)?;
        if let Some(chosen) = self.chosen.get() {
            return Ok(hashes.iter().map(|hash| chosen.contains(hash)).collect());
        }
        let mut choosing = self.choosing.lock();
        let wanted = hashes.iter().map(|hash| {
            let is_chosen = choosing.contains(hash);
            is_chosen || choosing.len() < self.groups_max && choosing.insert(*hash)
        });
        let wanted = wanted.collect();
        if choosing.len() == self.groups_max {
            self.chosen.get_or_init(|| choosing.clone());
        }
        Ok(wanted)
    }
}
