//! What the right side's keys tell scans of the left side: all of them where they are few, a set that lets few others pass, or the smallest
//! and largest.

use crate::error::Result;
use crate::operators::gather::{column_bytes, joined};
use crate::operators::key::{KeyEncoder, KeyField};
use crate::operators::sort::sorted_rows;
use crate::pipeline::Reservation;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::predicate::{Bound, Condition};
use stoa_storage::vector::{KeySet, Selection};

/// Rows up to which values are collected for a list.
const VALUE_ROWS_MAX: usize = 4096;
/// Rows of a worker up to which values are collected for a set: one of more would not stay in the processor's caches.
const SET_ROWS_MAX: usize = 4 << 20;
/// Distinct values up to which they are listed: looking one up must cost less than the join does.
const VALUES_MAX: usize = 32;
/// Likewise where an index of the values leads to their rows.
const INDEXED_VALUES_MAX: usize = VALUE_ROWS_MAX;

/// One key whose values are of interest.
pub(crate) struct Publication {
    /// Which of the join's keys.
    pub(crate) key: usize,
    data_type: DataType,
    encoder: KeyEncoder,
    condition: Arc<Mutex<Option<Condition>>>,
    values_max: usize,
}

impl Publication {
    /// Tells `condition` of a key of this type.
    pub(crate) fn new(key: usize, data_type: DataType, condition: Arc<Mutex<Option<Condition>>>) -> Result<Self> {
        Ok(Publication {
            key,
            encoder: KeyEncoder::new(vec![KeyField::without_nulls(data_type.clone())])?,
            data_type,
            condition,
            values_max: VALUES_MAX,
        })
    }

    /// The scans that hear of it have an index of the values.
    pub(crate) fn for_index(self) -> Self {
        Publication {
            values_max: INDEXED_VALUES_MAX,
            ..self
        }
    }

    /// The smallest and the largest value.
    fn extremes(&self, values: &ArrayRef) -> Result<Option<[ArrayRef; 2]>> {
        let keys = self.encoder.encode(std::slice::from_ref(values), values.len())?;
        let smallest = (0..keys.len()).min_by(|left, right| keys.compare(*left, *right));
        let largest = (0..keys.len()).max_by(|left, right| keys.compare(*left, *right));
        Ok(smallest
            .zip(largest)
            .map(|(smallest, largest)| [values.slice(smallest, 1), values.slice(largest, 1)]))
    }

    /// The distinct values in order.
    fn distinct(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let keys = self.encoder.encode(std::slice::from_ref(values), values.len())?;
        let mut rows = sorted_rows(&keys);
        rows.dedup_by(|left, right| keys.compare(*left as usize, *right as usize).is_eq());
        Ok(arrow_select::take::take(values, &UInt32Array::from(rows), None)?)
    }
}

/// What was seen of published keys.
#[derive(Default)]
pub(super) struct Seen {
    keys: Vec<SeenKey>,
}

#[derive(Default)]
struct SeenKey {
    /// Smallest and largest values of some rows each.
    extremes: Vec<ArrayRef>,
    /// All values, unless they are too many.
    values: Vec<ArrayRef>,
    lacks_values: bool,
    row_count: usize,
}

impl Seen {
    pub(super) fn new(publications: &[Publication]) -> Self {
        Seen {
            keys: publications.iter().map(|_| SeenKey::default()).collect(),
        }
    }

    /// Takes the keys of some rows; those that are not present do not count. Where there is no room for values, they are let go.
    pub(super) fn note(
        &mut self,
        publications: &[Publication],
        key_columns: &[ArrayRef],
        present: Option<&NullBuffer>,
        memory: &mut Reservation,
    ) -> Result<()> {
        for (publication, seen) in publications.iter().zip(&mut self.keys) {
            let column = &key_columns[publication.key];
            let column = match present {
                None => column.clone(),
                Some(present) => Selection::new(present.inner().clone()).filter(column),
            };
            seen.extremes
                .extend(publication.extremes(&column)?.into_iter().flatten());
            seen.row_count += column.len();
            seen.lacks_values |= seen.row_count > SET_ROWS_MAX || !memory.try_grow(column_bytes(&column));
            match seen.lacks_values {
                true => seen.values.clear(),
                false => seen.values.push(column),
            }
            if seen.extremes.len() > VALUE_ROWS_MAX {
                let all = joined(&seen.extremes, &publication.data_type)?;
                seen.extremes = publication.extremes(&all)?.into_iter().flatten().collect();
            }
        }
        Ok(())
    }

    pub(super) fn append(&mut self, other: Seen) {
        if self.keys.is_empty() {
            self.keys = other.keys;
            return;
        }
        for (this, other) in self.keys.iter_mut().zip(other.keys) {
            this.extremes.extend(other.extremes);
            this.row_count += other.row_count;
            this.values.extend(other.values);
            this.lacks_values |= other.lacks_values;
        }
    }

    /// Tells the conditions; of no rows there is nothing to tell.
    pub(super) fn publish(&self, publications: &[Publication]) -> Result<()> {
        for (publication, seen) in publications.iter().zip(&self.keys) {
            if seen.row_count > 0 {
                *publication.condition.lock() = seen.condition(publication)?;
            }
        }
        Ok(())
    }
}

impl SeenKey {
    fn condition(&self, publication: &Publication) -> Result<Option<Condition>> {
        if self.row_count <= VALUE_ROWS_MAX && !self.lacks_values {
            let distinct = publication.distinct(&joined(&self.values, &publication.data_type)?)?;
            if distinct.len() <= publication.values_max {
                return Ok(Some(Condition::In(distinct)));
            }
        }
        if !self.lacks_values
            && let Some(set) = KeySet::of(&self.values)
        {
            return Ok(Some(Condition::Among(Arc::new(set))));
        }
        let extremes = publication.extremes(&joined(&self.extremes, &publication.data_type)?)?;
        let bound = |value| Some(Bound { value, inclusive: true });
        Ok(extremes.map(|[smallest, largest]| Condition::Range {
            lower: bound(smallest),
            upper: bound(largest),
        }))
    }
}
