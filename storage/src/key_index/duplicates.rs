//! Rows of a bulk load whose keys are there already: in the table, or in an earlier row of the load. The load's segments are written by
//! then, so that nothing but their indexes is looked at, a range of hashes after the other, and memory does not grow with the load.

use super::fetch::{Source, equal_keys, fetch};
use super::find::{Candidate, Existing};
use super::probe::{Query, sort};
use super::repeats::{Entry, visit_repeats};
use super::zones::LoadZones;
use super::{HASH, ROW};
use crate::commit::PartId;
use crate::error::{Error, Result};
use crate::schema::KeySchema;
use crate::segment::SegmentReader;
use crate::store::state::{SegmentState, TableState};
use crate::vector::flatten;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use roaring::RoaringBitmap;
use std::ops::Range;

/// Rows of a load that are looked at together.
const RANGE_ROWS: u64 = if cfg!(test) { 1 << 13 } else { 1 << 20 };

/// The keys of a bulk load.
#[derive(Debug, Default)]
pub struct LoadedKeys {
    /// Rows whose key is there already.
    pub duplicates: Vec<(PartId, RoaringBitmap)>,
    /// The keys of the other rows, by hash.
    pub hashes: Vec<u64>,
}

/// Which rows of a load's segments have a key that a visible row of the table has, or a row of an earlier segment or an earlier row of
/// the same one. `segments` have their indexes.
pub(crate) fn duplicates_of_load(table: &TableState, key: &KeySchema, segments: &[SegmentState]) -> Result<LoadedKeys> {
    let load = LoadedRows::of(table, key, segments)?;
    let existing = Existing::of(table, key);
    let mut duplicates = vec![RoaringBitmap::new(); segments.len()];
    let mut left = Vec::new();
    for hashes in load.ranges() {
        let mut rows = load.rows_in(&hashes)?;
        rows.sort_unstable();
        load.add_known(&existing, &rows, &mut duplicates)?;
        let fetch = |rows: &[(u32, u32)]| fetch(table, key, &load.sources, rows);
        visit_repeats(&rows, fetch, |segment, row| {
            duplicates[segment as usize].insert(row);
        })?;
        let is_left = |entry: &&Entry| !duplicates[entry.1 as usize].contains(entry.2);
        left.extend(rows.iter().filter(is_left).map(|entry| entry.0.cast_unsigned()));
    }
    let parts = segments.iter().map(SegmentState::id).zip(duplicates);
    Ok(LoadedKeys {
        duplicates: parts.filter(|(_, rows)| !rows.is_empty()).collect(),
        hashes: left,
    })
}

struct LoadedRows<'a> {
    table: &'a TableState,
    key: &'a KeySchema,
    segments: &'a [SegmentState],
    sources: Vec<Source<'a>>,
    indexes: Vec<Index<'a>>,
}

/// The index of a segment, and the first hash of each block of it.
struct Index<'a> {
    reader: &'a SegmentReader,
    firsts: Vec<i64>,
}

impl<'a> Index<'a> {
    fn of(segment: &'a SegmentState, key: &KeySchema) -> Result<Self> {
        let index = segment.key_index(key.id).ok_or_else(|| Error::Invalid {
            reason: format!("segment {} has no index of key {}", segment.id().0, key.id.0),
        })?;
        let reader = index.file.reader()?;
        let firsts = (0..reader.block_count()).map(|block| {
            let first = reader.block_rows(block).start;
            let hashes = flatten(&reader.decode(HASH, first..first + 1)?);
            Ok(hashes.as_primitive::<Int64Type>().value(0))
        });
        Ok(Index {
            firsts: firsts.collect::<Result<_>>()?,
            reader,
        })
    }

    /// The blocks that may have hashes of a range.
    fn blocks(&self, hashes: &Range<i128>) -> Range<usize> {
        let before = |bound: i128| self.firsts.partition_point(|first| i128::from(*first) < bound);
        before(hashes.start).saturating_sub(1)..before(hashes.end)
    }
}

impl<'a> LoadedRows<'a> {
    fn of(table: &'a TableState, key: &'a KeySchema, segments: &'a [SegmentState]) -> Result<Self> {
        let sources = segments.iter().map(|segment| Source::Segment(&segment.file));
        let indexes = segments.iter().map(|segment| Index::of(segment, key));
        Ok(LoadedRows {
            table,
            key,
            segments,
            sources: sources.collect(),
            indexes: indexes.collect::<Result<_>>()?,
        })
    }

    /// Ranges of hashes with about so many rows each.
    fn ranges(&self) -> impl Iterator<Item = Range<i128>> {
        let rows: u64 = self
            .indexes
            .iter()
            .map(|index| u64::from(index.reader.row_count()))
            .sum();
        let count = rows.div_ceil(RANGE_ROWS).max(1);
        let bound = move |place: u64| i128::from(i64::MIN) + ((i128::from(place) << 64) / i128::from(count));
        (0..count).map(move |place| bound(place)..bound(place + 1))
    }

    fn rows_in(&self, hashes: &Range<i128>) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (segment, index) in (0..).zip(&self.indexes) {
            for block in index.blocks(hashes) {
                let rows = index.reader.block_rows(block);
                let known = flatten(&index.reader.decode(HASH, rows.clone())?);
                let known = known.as_primitive::<Int64Type>().values();
                let start = known.partition_point(|hash| i128::from(*hash) < hashes.start) as u32;
                let end = known.partition_point(|hash| i128::from(*hash) < hashes.end) as u32;
                if start == end {
                    continue;
                }
                let found = flatten(&index.reader.decode(ROW, rows.start + start..rows.start + end)?);
                let found = found.as_primitive::<Int32Type>().values();
                let known = known[start as usize..end as usize].iter();
                entries.extend(
                    known
                        .zip(found)
                        .map(|(hash, row)| (*hash, segment, row.cast_unsigned())),
                );
            }
        }
        Ok(entries)
    }

    /// Adds the rows whose keys the table has.
    fn add_known(&self, existing: &Existing<'_>, rows: &[Entry], duplicates: &mut [RoaringBitmap]) -> Result<()> {
        let queries = rows.iter().enumerate();
        let queries = queries.map(|(asker, entry)| Query::new(entry.0.cast_unsigned(), asker as u32));
        let mut queries: Vec<Query> = queries.collect();
        sort(&mut queries);
        let zones = LoadZones {
            key: self.key,
            segments: self.segments,
            rows,
        };
        let candidates = existing.candidates(&queries, &zones)?;
        let of = |found: &Candidate| rows[found.asker as usize];
        let ours: Vec<_> = candidates.iter().map(|found| (of(found).1, of(found).2)).collect();
        let theirs: Vec<_> = candidates.iter().map(|found| (found.source, found.row)).collect();
        let ours_values = fetch(self.table, self.key, &self.sources, &ours)?;
        let theirs = fetch(self.table, self.key, &existing.sources, &theirs)?;
        let equal = equal_keys(&ours_values, &theirs);
        for ((segment, row), _) in ours.into_iter().zip(equal).filter(|(_, equal)| *equal) {
            duplicates[segment as usize].insert(row);
        }
        Ok(())
    }
}
