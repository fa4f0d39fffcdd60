//! The rows of a table that have given keys.

use super::KeyHashes;
use super::fetch::{Source, block_columns, equal_keys, fetch};
use super::filters::Passing;
use super::probe::{Query, probe, sort};
use super::zones::{KeyZones, Zones};
use crate::commit::RowId;
use crate::commit::visibility::Deletes;
use crate::error::Result;
use crate::schema::KeySchema;
use crate::segment::SegmentReader;
use crate::store::columns::take;
use crate::store::state::{SegmentState, TableState};
use arrow_array::{ArrayRef, UInt32Array};
use hashbrown::HashTable;

/// A row whose hash is that of a key looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The place of the key among those looked for.
    pub(super) asker: u32,
    /// The place of the row's source.
    pub(super) source: u32,
    /// The row there.
    pub(super) row: u32,
}

/// For each row of these columns, which are the key's and plain, a visible row of the table with the same key; none where the key has a
/// NULL.
pub(crate) fn find(table: &TableState, key: &KeySchema, columns: &[ArrayRef]) -> Result<Vec<Option<RowId>>> {
    let row_count = columns.first().map_or(0, |column| column.len());
    let mut found = vec![None; row_count];
    let queries = queries_of(columns);
    if queries.is_empty() {
        return Ok(found);
    }
    let existing = Existing::of(table, key);
    let candidates = existing.candidates(&queries, &KeyZones::new(key, columns, &queries))?;
    if candidates.is_empty() {
        return Ok(found);
    }
    let wanted: Vec<_> = candidates.iter().map(|found| (found.source, found.row)).collect();
    let theirs = fetch(table, key, &existing.sources, &wanted)?;
    let askers: UInt32Array = candidates.iter().map(|found| Some(found.asker)).collect();
    let ours = columns.iter().map(|column| take(column, &askers));
    let equal = equal_keys(&ours.collect::<Result<Vec<_>>>()?, &theirs);
    for (candidate, _) in candidates.iter().zip(equal).filter(|(_, equal)| *equal) {
        found[candidate.asker as usize] = Some(existing.row_id(candidate));
    }
    Ok(found)
}

/// Visible rows that may have one of these keys, ascending; others have none of them.
pub(crate) fn rows_that_may_have(table: &TableState, key: &KeySchema, columns: &[ArrayRef]) -> Result<Vec<RowId>> {
    let existing = Existing::of(table, key);
    let queries = queries_of(columns);
    let candidates = existing.candidates(&queries, &KeyZones::new(key, columns, &queries))?;
    let mut rows: Vec<RowId> = candidates.iter().map(|found| existing.row_id(found)).collect();
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}

/// What is looked for, sorted.
pub(super) fn queries_of(columns: &[ArrayRef]) -> Vec<Query> {
    let hashes = KeyHashes::new(columns);
    let mut queries: Vec<Query> = hashes.iter().map(|(row, hash)| Query::new(hash, row as u32)).collect();
    sort(&mut queries);
    queries
}

/// A table's visible rows by a key.
pub(super) struct Existing<'a> {
    table: &'a TableState,
    key: &'a KeySchema,
    /// Parts, then segments with visible rows.
    pub(super) sources: Vec<Source<'a>>,
    segments: Vec<&'a SegmentState>,
}

impl<'a> Existing<'a> {
    pub(super) fn of(table: &'a TableState, key: &'a KeySchema) -> Self {
        let segments: Vec<&SegmentState> = table.visible_segments().collect();
        let in_memory = table.parts.iter().map(|part| Source::Memory(part));
        let sealed = segments.iter().map(|segment| Source::Segment(&segment.file));
        Existing {
            table,
            key,
            sources: in_memory.chain(sealed).collect(),
            segments,
        }
    }

    /// Visible rows with the hashes of these queries, which are sorted.
    pub(super) fn candidates(&self, queries: &[Query], zones: &impl Zones) -> Result<Vec<Candidate>> {
        let mut candidates = Vec::new();
        let parts = self.table.parts.iter();
        for (source, part) in (0..).zip(parts) {
            let hashes = queries.iter().map(|query| query.hash.cast_unsigned());
            part.rows_of_keys(self.table, self.key, hashes, |place, row| {
                if is_alive(part.deletes.as_deref(), row) {
                    let asker = queries[place].asker;
                    candidates.push(Candidate { asker, source, row });
                }
            })?;
        }
        let passing = Passing::new(self.table, self.key, queries);
        for (source, segment) in (self.table.parts.len() as u32..).zip(&self.segments) {
            let queries = zones.narrow(&segment.file, || passing.of_segment(segment.id()));
            if queries.is_empty() {
                continue;
            }
            let mut add = |asker, row| {
                if is_alive(segment.deletes.as_deref(), row) {
                    candidates.push(Candidate { asker, source, row });
                }
            };
            match segment.key_index(self.key.id) {
                Some(index) => probe(index.file.reader()?, &queries, &mut add)?,
                None => read_through(self.table, self.key, segment.file.reader()?, &queries, &mut add)?,
            }
        }
        Ok(candidates)
    }

    pub(super) fn row_id(&self, candidate: &Candidate) -> RowId {
        let source = candidate.source as usize;
        let part = match self.table.parts.get(source) {
            Some(part) => part.id,
            None => self.segments[source - self.table.parts.len()].id(),
        };
        RowId {
            part,
            row: candidate.row,
        }
    }
}

fn is_alive(deletes: Option<&Deletes>, row: u32) -> bool {
    deletes.is_none_or(|deletes| !deletes.touches(&(row..row + 1)))
}

/// As [`probe`], of a segment that has no index yet.
fn read_through(
    table: &TableState,
    key: &KeySchema,
    reader: &SegmentReader,
    queries: &[Query],
    found: &mut impl FnMut(u32, u32),
) -> Result<()> {
    let mut by_hash: HashTable<&Query> = HashTable::with_capacity(queries.len());
    for query in queries {
        by_hash.insert_unique(query.hash.cast_unsigned(), query, |query| query.hash.cast_unsigned());
    }
    for block in 0..reader.block_count() {
        let first_row = reader.block_rows(block).start;
        let hashes = KeyHashes::new(&block_columns(table, &key.columns, reader, block)?);
        for (row, hash) in hashes.iter() {
            let askers = by_hash.iter_hash(hash).filter(|query| query.hash == hash.cast_signed());
            askers.for_each(|query| found(query.asker, first_row + row as u32));
        }
    }
    Ok(())
}
