//! An index asked for many hashes at once. Hashes are spread evenly, so that a hash's value tells about where it stands.

use super::{HASH, ROW};
use crate::error::Result;
use crate::limits::VECTOR_ROWS;
use crate::segment::SegmentReader;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_buffer::ScalarBuffer;
use std::ops::Range;

/// A hash that is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    /// As it stands in an index.
    pub(super) hash: i64,
    /// The hash's own hash, which the Bloom filter knows it by.
    pub(super) bloom: u64,
    /// Whose it is.
    pub(super) asker: u32,
}

impl Query {
    pub(super) fn new(hash: u64, asker: u32) -> Self {
        let hash = hash.cast_signed();
        Query {
            hash,
            bloom: crate::index::hash::hash(&hash.to_le_bytes()),
            asker,
        }
    }
}

/// Puts queries into the order in which Bloom filters are read from one end to the other.
pub(super) fn sort(queries: &mut [Query]) {
    queries.sort_unstable_by_key(|query| query.bloom);
}

/// Visits askers and rows of an index with the hashes of these queries, which are sorted.
pub(super) fn probe(index: &SegmentReader, queries: &[Query], mut found: impl FnMut(u32, u32)) -> Result<()> {
    if index.row_count() == 0 {
        return Ok(());
    }
    let bloom = index.bloom(HASH)?;
    let may_be_there = |query: &&Query| bloom.as_ref().is_none_or(|bloom| bloom.has_hash(query.bloom));
    let mut left: Vec<Query> = queries.iter().filter(may_be_there).copied().collect();
    left.sort_unstable_by_key(|query| query.hash);
    let mut vectors = Vectors {
        index,
        place: usize::MAX,
        hashes: ScalarBuffer::from(Vec::new()),
    };
    for query in left {
        vectors.visit(query.hash, |row| found(query.asker, row))?;
    }
    Ok(())
}

/// The hashes of an index, a vector at a time.
struct Vectors<'a> {
    index: &'a SegmentReader,
    /// The vector in hand.
    place: usize,
    hashes: ScalarBuffer<i64>,
}

impl Vectors<'_> {
    fn count(&self) -> usize {
        (self.index.row_count() as usize).div_ceil(VECTOR_ROWS)
    }

    fn rows(&self, place: usize) -> Range<u32> {
        let start = place * VECTOR_ROWS;
        let end = (start + VECTOR_ROWS).min(self.index.row_count() as usize);
        start as u32..end as u32
    }

    fn load(&mut self, place: usize) -> Result<()> {
        if self.place != place {
            let hashes = self.index.decode(HASH, self.rows(place))?;
            self.hashes = crate::vector::flatten(&hashes)
                .as_primitive::<Int64Type>()
                .values()
                .clone();
            self.place = place;
        }
        Ok(())
    }

    /// The first vector whose last hash is not below this one; their number if there is none. Hashes are spread evenly, so that the
    /// first look is next to it; from there on steps double until it lies between two of them.
    fn seek(&mut self, hash: i64) -> Result<usize> {
        let count = self.count();
        let (mut low, mut high) = (0, count);
        let (mut has_low, mut has_high) = (false, false);
        let offset = (i128::from(hash) - i128::from(i64::MIN)) as u128;
        let mut place = ((offset * count as u128) >> 64) as usize;
        let mut step = 1;
        while low < high {
            self.load(place)?;
            if self.hashes.last().is_some_and(|last| *last < hash) {
                (low, has_low) = (place + 1, true);
                place = (place + step).min(high - 1);
            } else if self.hashes.first().is_some_and(|first| *first < hash) {
                return Ok(place);
            } else {
                (high, has_high) = (place, true);
                place = place.saturating_sub(step).max(low);
            }
            if has_low && has_high {
                place = low.midpoint(high);
            }
            step *= 2;
        }
        Ok(low)
    }

    fn visit(&mut self, hash: i64, mut found: impl FnMut(u32)) -> Result<()> {
        let mut place = self.seek(hash)?;
        while place < self.count() {
            self.load(place)?;
            let start = self.hashes.partition_point(|known| *known < hash);
            let end = self.hashes.partition_point(|known| *known <= hash);
            if start < end {
                let first = self.rows(place).start;
                let rows = self.index.decode(ROW, first + start as u32..first + end as u32)?;
                let rows = crate::vector::flatten(&rows);
                let rows = rows.as_primitive::<Int32Type>().values().iter();
                rows.for_each(|row| found(row.cast_unsigned()));
            }
            if end < self.hashes.len() {
                break;
            }
            place += 1;
        }
        Ok(())
    }
}
