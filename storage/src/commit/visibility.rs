//! Which rows of a part are deleted: sets of rows per block, shared between states so that a delete copies one block.

use super::CommitVersion;
use crate::limits::BLOCK_ROWS;
use arrow_array::Int64Array;
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
    /// Which of them which commits deleted, for who reads as of an older version; those of commits before have been forgotten.
    recent: Option<Arc<Deleted>>,
}

/// What one commit deleted, and what those before it did: shared by all states from then on.
#[derive(Debug)]
struct Deleted {
    version: CommitVersion,
    rows: RoaringBitmap,
    before: Option<Arc<Deleted>>,
}

impl Drop for Deleted {
    /// One after the other: a chain of thousands would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut deleted) = next.and_then(Arc::into_inner) {
            next = deleted.before.take();
        }
    }
}

impl Deletes {
    /// These and more, deleted at `version`, which is remembered if asked. Gives back the first row that was deleted already, if any.
    pub(crate) fn with(
        current: Option<&Deletes>,
        rows: &RoaringBitmap,
        version: CommitVersion,
        remembers: bool,
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
        if remembers {
            next.remember(version, rows.clone());
        }
        Ok(next)
    }

    /// All rows, those that are left deleted at `version`, which is remembered.
    pub(crate) fn all(current: Option<&Deletes>, row_count: u32, version: CommitVersion) -> Deletes {
        let mut left = RoaringBitmap::new();
        left.insert_range(0..row_count);
        let blocks = (0..row_count).step_by(BLOCK_ROWS).map(|start| {
            let mut set = RoaringBitmap::new();
            set.insert_range(start..row_count.min(start + BLOCK_ROWS as u32));
            Some(Arc::new(set))
        });
        if let Some(current) = current {
            left -= current.rows();
        }
        let mut all = Deletes {
            blocks: blocks.collect(),
            count: row_count,
            version,
            recent: current.and_then(|current| current.recent.clone()),
        };
        all.remember(version, left);
        all
    }

    fn remember(&mut self, version: CommitVersion, rows: RoaringBitmap) {
        if !rows.is_empty() {
            self.recent = Some(Arc::new(Deleted {
                version,
                rows,
                before: self.recent.take(),
            }));
        }
    }

    /// What commits after a version deleted, newest first, as far as it is remembered.
    pub(crate) fn after(&self, version: CommitVersion) -> impl Iterator<Item = (CommitVersion, &RoaringBitmap)> {
        let all = self.all_remembered();
        all.take_while(move |deleted| deleted.version > version)
            .map(|deleted| (deleted.version, &deleted.rows))
    }

    /// Likewise, oldest first.
    fn ascending_after(&self, version: CommitVersion) -> Vec<(CommitVersion, RoaringBitmap)> {
        let mut after: Vec<_> = self
            .after(version)
            .map(|(version, rows)| (version, rows.clone()))
            .collect();
        after.reverse();
        after
    }

    fn all_remembered(&self) -> impl Iterator<Item = &Deleted> {
        let newest = self.recent.as_deref();
        std::iter::successors(newest, |deleted| deleted.before.as_deref())
    }

    /// How many rows are deleted as of a version.
    pub(crate) fn count_at(&self, version: CommitVersion) -> u32 {
        match self.version <= version {
            true => self.count,
            false => self.count - self.after(version).map(|(_, rows)| rows.len() as u32).sum::<u32>(),
        }
    }

    /// The rows that are deleted as of a version; `None` where none is.
    pub(crate) fn at(&self, version: CommitVersion) -> Option<Deletes> {
        if self.version <= version {
            return Some(self.clone());
        }
        let mut rows = self.rows();
        for (_, later) in self.after(version) {
            rows -= later;
        }
        Deletes::of(&rows, version)
    }

    /// A set of rows, deleted at some version; `None` where it is empty.
    pub(crate) fn of(rows: &RoaringBitmap, version: CommitVersion) -> Option<Deletes> {
        match rows.is_empty() {
            true => None,
            false => Deletes::with(None, rows, version, false).ok(),
        }
    }

    /// All rows but these; which commits deleted these is as it is known.
    pub(crate) fn of_all_but(
        rows: &RoaringBitmap,
        row_count: u32,
        known: Option<&Deletes>,
        version: CommitVersion,
    ) -> Deletes {
        let blocks = (0..row_count).step_by(BLOCK_ROWS).map(|start| {
            let block = start..row_count.min(start + BLOCK_ROWS as u32);
            let mut set = RoaringBitmap::new();
            set.insert_range(block.clone());
            set -= rows.range(block).collect::<RoaringBitmap>();
            (!set.is_empty()).then(|| Arc::new(set))
        });
        Deletes {
            blocks: blocks.collect(),
            count: row_count - rows.len() as u32,
            version,
            recent: known.and_then(|known| known.recent.clone()),
        }
    }

    /// Which commit deleted each of these rows, as far as it is remembered.
    pub(crate) fn versions_of(&self, rows: &Range<u32>) -> Int64Array {
        let mut versions = vec![None; rows.len()];
        for deleted in self.all_remembered() {
            for row in deleted.rows.range(rows.clone()) {
                versions[(row - rows.start) as usize] = Some(deleted.version.0 as i64);
            }
        }
        Int64Array::from(versions)
    }

    /// What was deleted beyond what an older value of the same part says, by commits that ascend: all of it by the newest one where
    /// it is not remembered.
    pub(crate) fn since(&self, then: Option<&Deletes>) -> Vec<(CommitVersion, RoaringBitmap)> {
        let (count, version) = then.map_or_else(Default::default, |then| (then.count, then.version));
        if self.count == count {
            return Vec::new();
        }
        let remembered = self.ascending_after(version);
        let found: u64 = remembered.iter().map(|(_, rows)| rows.len()).sum();
        if found == u64::from(self.count - count) {
            return remembered;
        }
        let rows = self.rows() - then.map(Deletes::rows).unwrap_or_default();
        vec![(self.version, rows)]
    }

    /// The same rows, without which of the commits up to a version deleted them.
    pub(crate) fn forgetting(&self, version: CommitVersion) -> Deletes {
        let mut next = Deletes {
            recent: None,
            ..self.clone()
        };
        for (version, rows) in self.ascending_after(version) {
            next.remember(version, rows);
        }
        next
    }

    /// The rows of which it is not remembered what commit deleted them, and the others by commits, which ascend.
    pub(crate) fn taken_apart(&self) -> (RoaringBitmap, Vec<(CommitVersion, RoaringBitmap)>) {
        let mut old = self.rows();
        let recent = self.ascending_after(CommitVersion(0));
        recent.iter().for_each(|(_, rows)| old -= rows);
        (old, recent)
    }

    /// From what [`Self::taken_apart`] gave and the newest delete's version; `None` where a row is in two of the sets.
    pub(crate) fn put_together(
        version: CommitVersion,
        old: &RoaringBitmap,
        recent: &[(CommitVersion, RoaringBitmap)],
    ) -> Option<Deletes> {
        let mut deletes = Deletes::with(None, old, version, false).ok()?;
        for (version, rows) in recent {
            deletes = Deletes::with(Some(&deletes), rows, *version, true).ok()?;
        }
        deletes.version = version;
        Some(deletes)
    }

    /// The commits that are remembered, newest first.
    pub(crate) fn remembered(&self) -> impl Iterator<Item = CommitVersion> {
        self.all_remembered().map(|deleted| deleted.version)
    }

    /// Whether commits up to a version are remembered.
    pub(crate) fn remembers_until(&self, version: CommitVersion) -> bool {
        self.remembered().any(|remembered| remembered <= version)
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
        let deletes = Deletes::with(None, &rows, CommitVersion(4), true).unwrap();
        assert_eq!((deletes.count(), deletes.version()), (3, CommitVersion(4)));
        assert_eq!(deletes.rows(), rows);
        assert_eq!((deletes.count_in(&(3..5)), deletes.count_in(&(0..far + 1))), (1, 3));
        assert!(deletes.touches(&(0..4)) && !deletes.touches(&(6..60_000)));
        let alive = deletes.alive(&(4..8)).unwrap();
        assert_eq!(alive.iter().collect::<Vec<_>>(), [true, false, true, true]);
        assert!(deletes.alive(&(far + 1..far + 9)).is_none());
        let again = RoaringBitmap::from_iter([4, far]);
        assert_eq!(
            Deletes::with(Some(&deletes), &again, CommitVersion(5), true).unwrap_err(),
            far
        );
    }

    fn rows(rows: &[u32]) -> RoaringBitmap {
        rows.iter().copied().collect()
    }

    #[test]
    fn older_versions_have_fewer_rows_deleted_until_they_are_forgotten() {
        let with = |current: Option<&Deletes>, of: &[u32], version| {
            Deletes::with(current, &rows(of), CommitVersion(version), true).unwrap()
        };
        let first = with(None, &[1, 2], 3);
        let second = with(Some(&first), &[7], 5);
        let all = Deletes::all(Some(&second), 10, CommitVersion(8));
        assert_eq!((all.count(), all.rows()), (10, (0..10).collect()));
        for (version, expected) in [
            (2, vec![]),
            (3, vec![1, 2]),
            (4, vec![1, 2]),
            (5, vec![1, 2, 7]),
            (7, vec![1, 2, 7]),
        ] {
            let version = CommitVersion(version);
            let found = all.at(version).map(|deletes| deletes.rows()).unwrap_or_default();
            assert_eq!(found, rows(&expected), "{version:?}");
            assert_eq!(all.count_at(version) as usize, expected.len());
        }
        assert_eq!(all.at(CommitVersion(8)).unwrap().count(), 10);
        let since = all.since(Some(&first));
        let versions: Vec<u64> = since.iter().map(|(version, _)| version.0).collect();
        assert_eq!((versions, since[0].1.clone()), (vec![5, 8], rows(&[7])));
        let later = all.forgetting(CommitVersion(5));
        assert_eq!((later.rows(), later.count_at(CommitVersion(5))), (all.rows(), 3));
        assert!(all.remembers_until(CommitVersion(3)) && !later.remembers_until(CommitVersion(7)));
    }

    #[test]
    fn rows_that_are_shown_alone_are_those_that_are_not_deleted() {
        let (far, count) = (BLOCK_ROWS as u32 + 7, BLOCK_ROWS as u32 * 2 + 10);
        let known = Deletes::with(None, &rows(&[3, far]), CommitVersion(4), true).unwrap();
        let alone = Deletes::of_all_but(&rows(&[3, far]), count, Some(&known), CommitVersion(9));
        assert_eq!(alone.count(), count - 2);
        assert_eq!((0..count).collect::<RoaringBitmap>() - alone.rows(), rows(&[3, far]));
        let versions = alone.versions_of(&(far - 1..far + 1));
        assert_eq!(versions.iter().collect::<Vec<_>>(), [None, Some(4)]);
        let all = Deletes::of_all_but(&(0..count).collect(), count, None, CommitVersion(9));
        assert!(all.alive(&(0..count)).is_none() && all.count() == 0);
    }

    #[test]
    fn what_is_not_remembered_is_of_the_newest_commit() {
        let first = Deletes::with(None, &rows(&[1]), CommitVersion(3), false).unwrap();
        let second = Deletes::with(Some(&first), &rows(&[4]), CommitVersion(6), false).unwrap();
        let third = Deletes::with(Some(&second), &rows(&[5]), CommitVersion(9), true).unwrap();
        assert_eq!(third.since(Some(&first)), [(CommitVersion(9), rows(&[4, 5]))]);
        assert_eq!(third.since(Some(&second)), [(CommitVersion(9), rows(&[5]))]);
        assert!(third.since(Some(&third)).is_empty());
    }

    #[test]
    fn a_long_history_goes_without_recursion() {
        let mut deletes = Deletes::default();
        for row in 0..200_000 {
            deletes.remember(CommitVersion(u64::from(row)), rows(&[row]));
        }
        assert_eq!(deletes.after(CommitVersion(0)).count(), 199_999);
        drop(deletes);
    }
}
