//! Filters over the keys of many segments each: a key that none of them has is asked of a few filters, and not of all segments'. They are made
//! in the background of the segments' indexes, in temporary files that are mapped: what is held for them is pages that the system may
//! take. They say only where not to look; where one is missing, or has segments that are gone, nothing changes but time.

use super::HASH;
use super::probe::Query;
use crate::commit::PartId;
use crate::error::{Error, Result};
use crate::index::bloom::{Bloom, Builder};
use crate::schema::{KeySchema, TableId};
use crate::segment::SegmentReader;
use crate::store::state::{SegmentState, TableState};
use crate::temporary::{SealedTemporaryFile, TemporaryFiles};
use crate::vector::flatten;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parking_lot::Mutex;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Tests have small filters, measurements do not.
const IS_SMALL: bool = cfg!(all(test, debug_assertions));
/// Segments without one for which a filter is made.
const SEGMENTS_MIN: usize = if IS_SMALL { 2 } else { 16 };
/// Keys of a filter, which is held in memory while it is made: 128 MiB.
const KEYS_MAX: u64 = if IS_SMALL { 1 << 9 } else { 1 << 26 };
/// Segments of a filter: so many are asked for a key that passes.
const SEGMENTS_MAX: usize = if IS_SMALL { 8 } else { 64 };
/// One absent key in a thousand passes.
const BITS_PER_KEY: usize = 16;

/// The filters of a table's keys, shared by all of its versions: what is in a segment never changes.
#[derive(Debug, Default)]
pub(crate) struct KeyFilters {
    of_keys: Mutex<HashMap<TableId, Arc<Filters>>>,
    /// Held while filters are made.
    making: Mutex<()>,
}

/// The filters of a key.
#[derive(Debug, Default)]
struct Filters {
    all: Vec<Arc<Filter>>,
    /// By segment, which filter has its keys.
    places: HashMap<PartId, usize>,
}

struct Filter {
    segments: Vec<PartId>,
    key_count: u64,
    file: SealedTemporaryFile,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Filter({} keys of {:?})", self.key_count, self.segments)
    }
}

impl Filters {
    fn new(all: Vec<Arc<Filter>>) -> Self {
        let places = (0..).zip(&all);
        let places = places.flat_map(|(place, filter)| filter.segments.iter().map(move |segment| (*segment, place)));
        Filters {
            places: places.collect(),
            all,
        }
    }
}

/// Queries, and those of them that pass filters, each asked when it is first needed.
pub(super) struct Passing<'q> {
    filters: Arc<Filters>,
    queries: &'q [Query],
    passing: Vec<OnceCell<Vec<Query>>>,
}

impl<'q> Passing<'q> {
    pub(super) fn new(table: &TableState, key: &KeySchema, queries: &'q [Query]) -> Self {
        let filters = table.key_filters.of(key.id);
        Passing {
            passing: filters.all.iter().map(|_| OnceCell::new()).collect(),
            filters,
            queries,
        }
    }

    /// The queries that a segment's filter lets pass, in their order; all where it has none.
    pub(super) fn of_segment(&self, segment: PartId) -> &[Query] {
        let Some(place) = self.filters.places.get(&segment) else {
            return self.queries;
        };
        self.passing[*place].get_or_init(|| {
            let bloom = Bloom::of_blocks(self.filters.all[*place].file.bytes());
            let may_have = |query: &&Query| bloom.as_ref().map_or(true, |bloom| bloom.has_hash(query.bloom));
            self.queries.iter().filter(may_have).copied().collect()
        })
    }
}

impl KeyFilters {
    fn of(&self, key: TableId) -> Arc<Filters> {
        self.of_keys.lock().get(&key).cloned().unwrap_or_default()
    }

    /// The segments of each filter of a key, the smallest filter first.
    #[cfg(test)]
    pub(crate) fn segments(&self, key: TableId) -> Vec<Vec<PartId>> {
        let filters = self.of(key);
        filters.all.iter().map(|filter| filter.segments.clone()).collect()
    }
}

/// Makes a filter that a table's keys lack, and forgets those most of whose segments are gone; whether there was one to make. Stops
/// where it should.
///
/// # Errors
/// [`Error::Full`], [`Error::Io`], [`Error::Corrupt`], [`Error::Cancelled`]: nothing was made then.
pub(crate) fn make_filter(
    files: &Arc<TemporaryFiles>,
    table: &TableState,
    is_stopped: &dyn Fn() -> bool,
) -> Result<bool> {
    let Some(_making) = table.key_filters.making.try_lock() else {
        return Ok(false);
    };
    let keys = &table.schema.keys;
    let is_known = |id: &TableId| keys.iter().any(|key| key.id == *id);
    table.key_filters.of_keys.lock().retain(|id, _| is_known(id));
    for key in keys {
        if make_next(files, table, key, is_stopped)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes a key's next filter, if one is due: of segments that have none, and of filters that are no larger than that.
fn make_next(
    files: &Arc<TemporaryFiles>,
    table: &TableState,
    key: &KeySchema,
    is_stopped: &dyn Fn() -> bool,
) -> Result<bool> {
    let segments = Indexed::of(table, key);
    let known = table.key_filters.of(key.id);
    let mut kept: Vec<Arc<Filter>> = known.all.clone();
    kept.retain(|filter| keys_of(&segments.of_filter(filter)) * 2 > filter.key_count);
    kept.sort_by_key(|filter| filter.key_count);
    let without = segments.without(&kept);
    let is_due = without.len() >= SEGMENTS_MIN;
    if is_due {
        let mut chosen = Chosen::default();
        for segment in without {
            chosen.add(&[segment]);
        }
        kept.retain(|filter| filter.key_count > chosen.key_count || !chosen.add(&segments.of_filter(filter)));
        kept.push(Arc::new(chosen.filter(files, key, is_stopped)?));
    }
    if is_due || kept.len() < known.all.len() {
        let filters = Arc::new(Filters::new(kept));
        table.key_filters.of_keys.lock().insert(key.id, filters);
    }
    Ok(is_due)
}

/// Segments that have an index of a key.
struct Indexed<'a>(BTreeMap<PartId, &'a SegmentState>);

impl<'a> Indexed<'a> {
    fn of(table: &'a TableState, key: &KeySchema) -> Self {
        let segments = table.visible_segments();
        let segments = segments.filter(|segment| segment.key_index(key.id).is_some());
        Indexed(segments.map(|segment| (segment.id(), segment)).collect())
    }

    /// Those of a filter; others of it are gone.
    fn of_filter(&self, filter: &Filter) -> Vec<&'a SegmentState> {
        let segments = filter.segments.iter();
        segments.filter_map(|id| self.0.get(id).copied()).collect()
    }

    /// Those of no filter.
    fn without(&self, filters: &[Arc<Filter>]) -> Vec<&'a SegmentState> {
        let covered: HashSet<PartId> = filters
            .iter()
            .flat_map(|filter| filter.segments.iter().copied())
            .collect();
        let segments = self.0.values().copied();
        segments.filter(|segment| !covered.contains(&segment.id())).collect()
    }
}

fn keys_of(segments: &[&SegmentState]) -> u64 {
    segments
        .iter()
        .map(|segment| u64::from(segment.file.meta.row_count))
        .sum()
}

/// Segments for one filter.
#[derive(Default)]
struct Chosen<'a> {
    segments: Vec<&'a SegmentState>,
    key_count: u64,
}

impl<'a> Chosen<'a> {
    /// Adds segments, if they fit in.
    fn add(&mut self, segments: &[&'a SegmentState]) -> bool {
        let key_count = keys_of(segments);
        let fits = self.key_count + key_count <= KEYS_MAX && self.segments.len() + segments.len() <= SEGMENTS_MAX;
        let fits = fits || self.segments.is_empty();
        if fits {
            self.segments.extend(segments);
            self.key_count += key_count;
        }
        fits
    }

    fn filter(&self, files: &Arc<TemporaryFiles>, key: &KeySchema, is_stopped: &dyn Fn() -> bool) -> Result<Filter> {
        let mut file = files.create()?;
        let mut builder = Builder::with_bits(self.key_count as usize, BITS_PER_KEY);
        for segment in &self.segments {
            let index = segment.key_index(key.id);
            for_each_hash(index.map(|index| index.file.reader()).transpose()?, |hash| {
                builder.add(hash)
            })?;
            if is_stopped() {
                return Err(Error::Cancelled);
            }
        }
        let place = file.append(builder.blocks())?;
        drop(builder);
        let file = file.seal()?;
        file.read(&place)?;
        Ok(Filter {
            segments: self.segments.iter().map(|segment| segment.id()).collect(),
            key_count: self.key_count,
            file,
        })
    }
}

/// Visits the hashes by which filters know an index's keys.
fn for_each_hash(index: Option<&SegmentReader>, mut visit: impl FnMut(u64)) -> Result<()> {
    let Some(index) = index else {
        return Ok(());
    };
    for block in 0..index.block_count() {
        let hashes = flatten(&index.decode(HASH, index.block_rows(block))?);
        let hashes = hashes.as_primitive::<Int64Type>().values().iter();
        hashes.for_each(|hash| visit(Query::new(hash.cast_unsigned(), 0).bloom));
    }
    Ok(())
}
