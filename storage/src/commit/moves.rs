//! Where rows went that were sealed or merged, for as long as someone may still name them by their old place: a delete computed on
//! an older snapshot finds its rows. What is remembered is bounded; beyond, such a delete conflicts.

use super::PartId;
use super::apply::conflict;
use super::logged::LoggedChange;
use crate::error::Result;
use crate::schema::TableId;
use crate::store::state::DatabaseState;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef};
use roaring::RoaringBitmap;
use std::any::Any;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Weak;

/// Rows remembered, eight bytes each.
const ROWS_REMEMBERED_MAX: usize = 16 << 20;
/// Moves of the same row that are followed.
const MOVES_FOLLOWED_MAX: usize = 16;

/// Something that lives as long as a snapshot shows a part.
pub(crate) type Pin = Weak<dyn Any + Send + Sync>;

/// One rewriting of parts as segments.
#[derive(Default)]
pub(crate) struct Moved {
    /// The parts, and what lives as long as someone sees them.
    pub(crate) sources: Vec<(PartId, Pin)>,
    /// The segments, and where each of their rows came from: the source's place above, its row in the lower 32 bits.
    pub(crate) outputs: Vec<(PartId, ArrayRef)>,
}

impl Moved {
    fn row_count(&self) -> usize {
        self.outputs.iter().map(|(_, origins)| origins.len()).sum()
    }

    /// Whether someone may name rows by a source of this: one that is still seen, or that rows were moved into which may be named.
    fn is_wanted(&self, reachable: &HashSet<PartId>) -> bool {
        let wanted = |(part, pin): &(PartId, Pin)| pin.strong_count() > 0 || reachable.contains(part);
        self.sources.iter().any(wanted)
    }

    /// Where rows of a part are now; `None` where the part was not among those moved.
    fn follow(&self, part: PartId, rows: &RoaringBitmap) -> Option<Vec<(PartId, RoaringBitmap)>> {
        let source = self.sources.iter().position(|(source, _)| *source == part)? as u64;
        let found = self.outputs.iter().map(|(segment, origins)| {
            let origins = origins.as_primitive::<UInt64Type>().values().iter().enumerate();
            let moved = origins.filter(|(_, origin)| *origin >> 32 == source && rows.contains(**origin as u32));
            (*segment, moved.map(|(row, _)| row as u32).collect::<RoaringBitmap>())
        });
        Some(found.filter(|(_, rows)| !rows.is_empty()).collect())
    }
}

/// Recent moves, oldest first.
#[derive(Default)]
pub(crate) struct Moves {
    moved: VecDeque<Moved>,
}

impl Moves {
    /// Remembers a move, and forgets those that nobody can ask for any more.
    pub(crate) fn add(&mut self, moved: Moved) {
        if moved.sources.is_empty() {
            return;
        }
        self.moved.push_back(moved);
        let mut reachable = HashSet::new();
        self.moved.retain(|moved| {
            let is_wanted = moved.is_wanted(&reachable);
            if is_wanted {
                reachable.extend(moved.outputs.iter().map(|(segment, _)| *segment));
            }
            is_wanted
        });
        let mut rows: usize = self.moved.iter().map(Moved::row_count).sum();
        while rows > ROWS_REMEMBERED_MAX {
            rows -= self.moved.pop_front().map_or(rows, |oldest| oldest.row_count());
        }
    }

    /// Names the rows of deletes by where they are in a state. Gives back whether any had moved.
    ///
    /// # Errors
    /// A conflict where a row that moved was deleted before it did.
    pub(crate) fn translate(&self, changes: &mut [LoggedChange], state: &DatabaseState) -> Result<bool> {
        let mut any = false;
        for change in changes {
            if let LoggedChange::Delete(table, sets) = change {
                for _ in 0..MOVES_FOLLOWED_MAX {
                    let Some(next) = self.step(*table, sets, state)? else {
                        break;
                    };
                    *sets = next;
                    any = true;
                }
            }
        }
        Ok(any)
    }

    /// One move further; `None` where all parts are there, or nothing is known of those that are not.
    fn step(
        &self,
        table: TableId,
        sets: &[(PartId, RoaringBitmap)],
        state: &DatabaseState,
    ) -> Result<Option<Vec<(PartId, RoaringBitmap)>>> {
        let Some(table) = state.tables.get(&table) else {
            return Ok(None);
        };
        let is_there = |part| table.segment_position(part).is_some() || table.part_position(part).is_some();
        let mut next: BTreeMap<PartId, RoaringBitmap> = BTreeMap::new();
        let mut any = false;
        for (part, rows) in sets {
            let known = || self.moved.iter().rev().find_map(|moved| moved.follow(*part, rows));
            let followed = if is_there(*part) { None } else { known() };
            let Some(followed) = followed else {
                *next.entry(*part).or_default() |= rows;
                continue;
            };
            any = true;
            let found: u64 = followed.iter().map(|(_, rows)| rows.len()).sum();
            if found < rows.len() {
                return conflict(format!("a row of part {} was deleted meanwhile", part.0));
            }
            for (segment, rows) in followed {
                *next.entry(segment).or_default() |= rows;
            }
        }
        Ok(any.then(|| next.into_iter().collect()))
    }
}
