//! Which rows of a part are deleted: sets of rows per block, shared between states so that a delete copies one block.

use super::CommitVersion;
use crate::limits::BLOCK_ROWS;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use roaring::RoaringBitmap;
use std::ops::Range;
use std::sync::Arc;

/// Deleted rows of one part. Immutable; a further delete makes a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deletes {
    /// By block of [`BLOCK_ROWS`] rows; rows are numbered within the part.
    blocks: Vec<Option<Arc<RoaringBitmap>>>,
    count: u32,
    version: CommitVersion,
}

impl Deletes {
    /// These and more, deleted at `version`. Gives back the first row that was deleted already, if any.
    pub(crate) fn with(
        current: Option<&Deletes>,
        rows: &RoaringBitmap,
        version: CommitVersion,
    ) -> Result<Deletes, u32> {
        let mut next = current.cloned().unwrap_or_default();
        next.version = version;
        for row in rows {
            let block = row as usize / BLOCK_ROWS;
            if next.blocks.len() <= block {
                next.blocks.resize(block + 1, None);
            }
            let set = next.blocks[block].get_or_insert_default();
            if !Arc::make_mut(set).insert(row) {
                return Err(row);
            }
            next.count += 1;
        }
        Ok(next)
    }

    /// How many rows are deleted.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The newest delete's version.
    pub(crate) fn version(&self) -> CommitVersion {
        self.version
    }

    /// All deleted rows as one set.
    pub(crate) fn rows(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        for set in self.blocks.iter().flatten() {
            all |= &**set;
        }
        all
    }

    /// Whether a row among these is deleted.
    pub(crate) fn touches(&self, rows: &Range<u32>) -> bool {
        self.sets(rows).any(|set| set.range_cardinality(rows.clone()) > 0)
    }

    /// How many of these rows are deleted.
    pub(crate) fn count_in(&self, rows: &Range<u32>) -> u32 {
        let counts = self.sets(rows).map(|set| set.range_cardinality(rows.clone()));
        counts.sum::<u64>() as u32
    }

    /// One bit per row, set where the row is alive; `None` where all are.
    pub(crate) fn alive(&self, rows: &Range<u32>) -> Option<BooleanBuffer> {
        if !self.touches(rows) {
            return None;
        }
        let mut bits = BooleanBufferBuilder::new(rows.len());
        bits.append_n(rows.len(), true);
        for set in self.sets(rows) {
            for row in set.range(rows.clone()) {
                bits.set_bit((row - rows.start) as usize, false);
            }
        }
        Some(bits.finish())
    }

    fn sets(&self, rows: &Range<u32>) -> impl Iterator<Item = &RoaringBitmap> {
        let first = (rows.start as usize / BLOCK_ROWS).min(self.blocks.len());
        let end = (rows.end as usize).div_ceil(BLOCK_ROWS).clamp(first, self.blocks.len());
        self.blocks[first..end].iter().flatten().map(|set| &**set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletes_across_blocks_are_found_counted_and_refused_twice() {
        let far = BLOCK_ROWS as u32 + 7;
        let rows = RoaringBitmap::from_iter([3, 5, far]);
        let deletes = Deletes::with(None, &rows, CommitVersion(4)).unwrap();
        assert_eq!((deletes.count(), deletes.version()), (3, CommitVersion(4)));
        assert_eq!(deletes.rows(), rows);
        assert_eq!((deletes.count_in(&(3..5)), deletes.count_in(&(0..far + 1))), (1, 3));
        assert!(deletes.touches(&(0..4)) && !deletes.touches(&(6..60_000)));
        let alive = deletes.alive(&(4..8)).unwrap();
        assert_eq!(alive.iter().collect::<Vec<_>>(), [true, false, true, true]);
        assert!(deletes.alive(&(far + 1..far + 9)).is_none());
        let again = RoaringBitmap::from_iter([4, far]);
        assert_eq!(
            Deletes::with(Some(&deletes), &again, CommitVersion(5)).unwrap_err(),
            far
        );
    }
}
