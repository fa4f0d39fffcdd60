//! Rows of key columns to dense group numbers, and back.
//!
//! Every key column becomes a *lane* of integers: numbers and times as they are, texts and other wide values as ids that an
//! interner gives out (a dictionary's codes are interned once per distinct value, not per row). Then one of two indexes finds
//! the group of a combination of lanes:
//! 1. **direct**: as long as the product of the lanes' ranges is small, an array indexed by `lane - smallest`;
//! 2. **hashed**: the lanes packed into 64 or 128 bits, or compared one by one where even their ranges need more.
//!
//! Group numbers never change: growing a range or going over to hashing rebuilds only the index. Holds no aggregates.

mod column;
mod direct;
mod hashed;
mod interner;
mod lane;
mod packing;
mod range;
mod read_ahead;
mod rows;
mod shared_interner;
#[cfg(test)]
mod tests;

pub(crate) use rows::hash_rows;
pub(crate) use shared_interner::SharedInterner;

use crate::error::{Error, Result};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use column::KeyColumn;
use direct::DirectIndex;
use hashed::HashIndex;
use lane::Lane;

/// Groups and how they are found.
pub(crate) struct GroupTable {
    columns: Vec<KeyColumn>,
    index: Index,
    group_count: usize,
}

enum Index {
    Direct(DirectIndex),
    Hashed(HashIndex),
}

/// The groups of a batch's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assigned {
    /// All in one.
    One(u32),
    /// As written to the list.
    PerRow,
}

/// What is known of a batch's keys.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyFacts<'k> {
    /// What [`hash_rows`] makes of them.
    pub(crate) hashes: Option<&'k [u64]>,
    /// Texts need not be copied: most bytes of their buffers are theirs.
    pub(crate) texts_stay: bool,
}

impl GroupTable {
    /// For key columns of these plain types; without columns there is one group.
    ///
    /// # Errors
    /// A type that cannot be compared.
    pub(crate) fn new(types: &[DataType]) -> Result<Self> {
        let columns = types.iter().map(KeyColumn::new).collect::<Result<Vec<_>>>()?;
        let index = Index::Direct(DirectIndex::new(&columns));
        Ok(GroupTable {
            columns,
            index,
            group_count: 0,
        })
    }

    /// As [`Self::new`], never with an array of all keys between the smallest and the largest: for keys that are a hash's choice of many.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn hashed(types: &[DataType]) -> Result<Self> {
        let mut table = GroupTable::new(types)?;
        if !matches!(&table.columns[..], [only] if only.interns()) {
            table.index = Index::Hashed(HashIndex::new(&table.columns, &[], 0));
        }
        Ok(table)
    }

    /// Groups so far.
    pub(crate) fn group_count(&self) -> usize {
        self.group_count
    }

    /// Makes room for so many groups, where keys are texts that lie near one another.
    pub(crate) fn reserve_near(&mut self, group_count: usize) {
        self.columns
            .iter_mut()
            .for_each(|column| column.reserve_near(group_count));
    }

    /// Finds or makes the groups of rows. Key columns may be encoded; `groups` is overwritten unless all rows are in one group.
    pub(crate) fn assign(&mut self, keys: &[ArrayRef], row_count: usize, groups: &mut Vec<u32>) -> Result<Assigned> {
        self.assign_known(keys, KeyFacts::default(), row_count, groups)
    }

    /// As [`Self::assign`], with what is known of the keys.
    pub(crate) fn assign_known(
        &mut self,
        keys: &[ArrayRef],
        facts: KeyFacts<'_>,
        row_count: usize,
        groups: &mut Vec<u32>,
    ) -> Result<Assigned> {
        if row_count == 0 {
            groups.clear();
            return Ok(Assigned::PerRow);
        }
        if keys.len() != self.columns.len() {
            return Err(Error::Internal(format!(
                "{} key columns where {} are expected",
                keys.len(),
                self.columns.len()
            )));
        }
        let facts = KeyFacts {
            // Those of several keys are nothing of a single one.
            hashes: facts.hashes.filter(|_| keys.len() == 1),
            ..facts
        };
        let mut lanes = Vec::with_capacity(keys.len());
        for (column, key) in self.columns.iter_mut().zip(keys) {
            lanes.push(column.lane(key, facts)?);
        }
        if let Index::Direct(direct) = &self.index
            && !lanes.iter().any(Lane::may_be_constant)
            && direct.look_up(&lanes, groups)
        {
            return Ok(Assigned::PerRow);
        }
        // A column that happens to hold one value is as good as a constant, and its range is needed anyway.
        let ranges: Vec<_> = lanes.iter_mut().map(Lane::range).collect();
        let is_constant = lanes.iter().all(Lane::is_constant);
        let row_count = if is_constant { 1 } else { row_count };
        self.find(&lanes, &ranges, row_count, groups)?;
        if self.group_count > u32::MAX as usize - (1 << 20) {
            return Err(Error::user(
                crate::error::SqlState::PROGRAM_LIMIT_EXCEEDED,
                "too many groups for one worker",
            ));
        }
        Ok(match is_constant {
            true => Assigned::One(groups.first().copied().unwrap_or(0)),
            false => Assigned::PerRow,
        })
    }

    fn find(
        &mut self,
        lanes: &[Lane],
        ranges: &[Option<range::Range>],
        row_count: usize,
        groups: &mut Vec<u32>,
    ) -> Result<()> {
        if let Index::Direct(direct) = &mut self.index {
            if direct.covers(ranges) || direct.widen(ranges, &self.columns, self.group_count) {
                direct.find(lanes, row_count, groups, &mut self.columns, &mut self.group_count);
                return Ok(());
            }
            self.index = Index::Hashed(HashIndex::new(&self.columns, ranges, self.group_count));
        }
        if let Index::Hashed(hashed) = &mut self.index {
            hashed.find(
                lanes,
                ranges,
                row_count,
                groups,
                &mut self.columns,
                &mut self.group_count,
            );
        }
        Ok(())
    }

    /// The keys of all groups, in the order of their numbers.
    pub(crate) fn keys(&self) -> Result<Vec<ArrayRef>> {
        self.columns
            .iter()
            .map(|column| column.values(self.group_count))
            .collect()
    }

    /// The keys of some groups.
    pub(crate) fn keys_of(&self, groups: &[u32]) -> Result<Vec<ArrayRef>> {
        self.columns.iter().map(|column| column.values_of(groups)).collect()
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        let index = match &self.index {
            Index::Direct(direct) => direct.memory_bytes(),
            Index::Hashed(hashed) => hashed.memory_bytes(),
        };
        index + self.columns.iter().map(KeyColumn::memory_bytes).sum::<usize>()
    }

    /// Whether groups are found in an array rather than by hash.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.index, Index::Direct(_))
    }

    /// How groups are found, for EXPLAIN ANALYZE and tests.
    pub(crate) fn index_name(&self) -> &'static str {
        match &self.index {
            Index::Direct(_) => "direct",
            Index::Hashed(hashed) => hashed.name(),
        }
    }
}
