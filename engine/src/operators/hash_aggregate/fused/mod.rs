//! The commonest aggregation in tight loops: counts and sums of integer columns by keys of small ranges (dates, small numbers,
//! dictionaries' codes), or those keys alone. Counts and sums stand in arrays indexed by the keys' place; they go to the groups as states when the keys'
//! ranges or dictionaries change, or at the end. Whatever does not fit takes the general way.

mod places;

use super::call::{AggregateInput, AggregateStep};
use super::groups::HandedOut;
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::functions::SummaryState;
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Int16Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef, Decimal128Array, Int64Array};
use arrow_schema::DataType;
use places::Places;
use std::ops::Range;
use std::sync::Arc;

/// See the module.
pub(super) struct FusedSums {
    /// Where the arguments are, none of whose rows may be NULL.
    arguments: Vec<usize>,
    /// Those of them that are summed, and the scales of the sums.
    summed: Vec<(usize, i8)>,
    /// What the states of each call are.
    states: Vec<Vec<StateColumn>>,
    places: Option<Places>,
    /// Copies of each place, next to one another's whole: neighbouring rows of one group need not wait for each other.
    replicas: usize,
    counts: Vec<u32>,
    /// Of each summed column.
    sums: Vec<Vec<i64>>,
    /// Of the rows in hand; kept for its memory.
    row_places: Vec<u32>,
    /// Rows in the counts, and rows offered so far.
    rows: usize,
    rows_offered: usize,
    /// Times that the sums were handed out, rows they held in all, places, and whether those were a dictionary's once.
    flush_count: usize,
    flushed_rows: usize,
    flushed_places: usize,
    flushed_codes: bool,
}

/// A state of a call.
#[derive(Clone, Copy)]
enum StateColumn {
    Count,
    /// Of a summed column.
    Sum(usize),
}

/// Rows after which sums are handed out: 64 bits hold so many values of up to 2^40.
const ROWS_MAX: usize = 1 << 22;
/// Rows are taken in and checked in pieces that the first-level cache holds.
const CHUNK_ROWS: usize = 1024;
/// Magnitude of values that [`ROWS_MAX`] of can be added.
const SMALL: i64 = 1 << 40;
/// Rows per handing out below which this does not pay, if it is so for long ..
const ROWS_PER_FLUSH_MIN: usize = 4 * 1024;
const FLUSHES_MIN: usize = 8;
/// .. and places per row above which it does not, either: of numbers at once, where they are many.
const PLACES_PER_ROW_MAX: usize = 4;
const WASTED_PLACES_MIN: usize = 16 * 1024;
/// Places up to which each has a copy: they stay in the first-level cache.
const REPLICATED_PLACES_MAX: usize = 512;

impl FusedSums {
    /// For an aggregation that has this form.
    pub(super) fn of(specification: &AggregateSpecification) -> Option<Self> {
        let keys_fit = specification.key_types.iter().all(places::is_key);
        if specification.key_types.is_empty() || !keys_fit || specification.numbers_sets() {
            return None;
        }
        let (mut arguments, mut summed) = (Vec::new(), Vec::new());
        let states = specification.calls.iter().map(|call| {
            let states = states_of(call, &mut summed)?;
            arguments.extend(plain_arguments(call)?);
            Some(states)
        });
        Some(FusedSums {
            states: states.collect::<Option<_>>()?,
            arguments,
            sums: vec![Vec::new(); summed.len()],
            summed,
            places: None,
            replicas: 1,
            counts: Vec::new(),
            row_places: Vec::new(),
            rows: 0,
            rows_offered: 0,
            flush_count: 0,
            flushed_rows: 0,
            flushed_places: 0,
            flushed_codes: false,
        })
    }

    /// Whether it was handed out so often that the general way is better.
    pub(super) fn is_in_vain(&self) -> bool {
        let is_sparse = self.flushed_places > self.flushed_rows * PLACES_PER_ROW_MAX;
        match self.flush_count >= FLUSHES_MIN {
            true => is_sparse || self.flushed_rows < self.flush_count * ROWS_PER_FLUSH_MIN,
            false => is_sparse && !self.flushed_codes && self.flushed_places >= WASTED_PLACES_MIN,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Rows in the sums.
    pub(super) fn row_count(&self) -> usize {
        self.rows
    }

    /// Combinations of keys that have room.
    pub(super) fn place_count(&self) -> usize {
        self.places.as_ref().map_or(0, Places::count)
    }

    /// Whether a dictionary's values are among the keys.
    pub(super) fn has_codes(&self) -> bool {
        self.places.as_ref().is_some_and(Places::has_codes)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let sums: usize = self.sums.iter().map(Vec::capacity).sum();
        (self.counts.capacity() + self.row_places.capacity()) * size_of::<u32>() + sums * size_of::<i64>()
    }

    /// Takes rows in, from the first on; says how many. Where that is not all, no more can be taken before what is here is handed out.
    pub(super) fn take_in(&mut self, keys: &[ArrayRef], arguments: &[ArrayRef], row_count: usize) -> usize {
        self.rows_offered += row_count;
        if keys.iter().any(|key| !places::is_coded(key) && may_have_nulls(key))
            || self.arguments.iter().any(|place| may_have_nulls(&arguments[*place]))
            || self.rows + row_count > ROWS_MAX
        {
            return 0;
        }
        let summed: Vec<&ArrayRef> = self.summed.iter().map(|(place, _)| &arguments[*place]).collect();
        let keys: Vec<ArrayRef> = keys.iter().map(places::addressable).collect();
        let mut start = 0;
        while start < row_count {
            let rows = start..row_count.min(start + CHUNK_ROWS);
            if !self.place(&keys, &rows) || !summed.iter().all(|column| is_small(column, &rows)) {
                break;
            }
            self.add(&summed, &rows);
            start = rows.end;
        }
        self.rows += start;
        start
    }

    /// Finds the places of rows, with new ones where there are none for them yet.
    fn place(&mut self, keys: &[ArrayRef], rows: &Range<usize>) -> bool {
        if let Some(places) = &self.places
            && places.find(keys, rows, &mut self.row_places)
        {
            self.replicate();
            return true;
        }
        let places_max = places::max_for(self.rows_offered, keys);
        let Some(wider) = Places::covering(self.places.as_ref(), keys, rows, places_max) else {
            return false;
        };
        self.move_to(wider);
        let found = self
            .places
            .as_ref()
            .is_some_and(|places| places.find(keys, rows, &mut self.row_places));
        self.replicate();
        found
    }

    /// Sends every other row to the copy of its place.
    fn replicate(&mut self) {
        if self.replicas == 2 {
            let place_count = (self.counts.len() / 2) as u32;
            for pair in self.row_places.chunks_exact_mut(2) {
                pair[1] += place_count;
            }
        }
    }

    fn move_to(&mut self, wider: Places) {
        let place_count = wider.count();
        self.replicas = if place_count <= REPLICATED_PLACES_MAX { 2 } else { 1 };
        let length = place_count * self.replicas;
        let mut counts = vec![0; length];
        let mut sums = vec![vec![0; length]; self.sums.len()];
        if let Some(places) = &self.places {
            for (place, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let target = wider.translate(places, place % places.count());
                counts[target] += count;
                for (sums, known) in sums.iter_mut().zip(&self.sums) {
                    sums[target] += known[place];
                }
            }
        }
        (self.counts, self.sums, self.places) = (counts, sums, Some(wider));
    }

    fn add(&mut self, summed: &[&ArrayRef], rows: &Range<usize>) {
        for place in &self.row_places {
            self.counts[*place as usize] += 1;
        }
        for (sums, column) in self.sums.iter_mut().zip(summed) {
            match column.data_type() {
                DataType::Int16 => add(
                    sums,
                    &self.row_places,
                    &column.as_primitive::<Int16Type>().values()[rows.clone()],
                ),
                DataType::Int32 => add(
                    sums,
                    &self.row_places,
                    &column.as_primitive::<Int32Type>().values()[rows.clone()],
                ),
                DataType::Int64 => add(
                    sums,
                    &self.row_places,
                    &column.as_primitive::<Int64Type>().values()[rows.clone()],
                ),
                _ => add(
                    sums,
                    &self.row_places,
                    &column.as_primitive::<Decimal64Type>().values()[rows.clone()],
                ),
            }
        }
    }

    /// What was added up, as groups with their states; empty afterwards.
    pub(super) fn hand_out(&mut self) -> Result<Option<HandedOut>> {
        self.flush_count += 1;
        self.flushed_rows += std::mem::take(&mut self.rows);
        let Some(places) = self.places.take() else {
            return Ok(None);
        };
        self.flushed_places += places.count();
        self.flushed_codes |= places.has_codes();
        let counts = folded(std::mem::take(&mut self.counts), places.count());
        let present: Vec<usize> = (0..counts.len()).filter(|place| counts[*place] > 0).collect();
        let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(
            present.iter().map(|place| i64::from(counts[*place])),
        ));
        let sum_columns = self.sums.iter_mut().zip(&self.summed).map(|(sums, (_, scale))| {
            let sums = folded(std::mem::take(sums), places.count());
            let sums = Decimal128Array::from_iter_values(present.iter().map(|place| i128::from(sums[*place])));
            Arc::new(sums.with_data_type(DataType::Decimal128(38, *scale))) as ArrayRef
        });
        let sums: Vec<ArrayRef> = sum_columns.collect();
        let column = |state: &StateColumn| match state {
            StateColumn::Count => counts.clone(),
            StateColumn::Sum(at) => sums[*at].clone(),
        };
        Ok(Some(HandedOut {
            keys: places.keys(&present)?,
            states: self
                .states
                .iter()
                .map(|states| states.iter().map(column).collect())
                .collect(),
            group_count: present.len(),
        }))
    }
}

/// The copies of each place as one.
fn folded<T: Copy + std::ops::AddAssign>(mut values: Vec<T>, place_count: usize) -> Vec<T> {
    let (firsts, copies) = values.split_at_mut(place_count);
    for (value, copy) in firsts.iter_mut().zip(copies) {
        *value += *copy;
    }
    values.truncate(place_count);
    values
}

/// The arguments of a call that takes all rows as they come.
fn plain_arguments(call: &AggregateStep) -> Option<&[usize]> {
    match &call.input {
        AggregateInput::Rows {
            arguments,
            filter: None,
        } if call.order.is_none() && !call.distinct => Some(arguments),
        _ => None,
    }
}

/// The states of a call, where they are sums and counts of rows; what is summed joins the columns that are.
fn states_of(call: &AggregateStep, summed: &mut Vec<(usize, i8)>) -> Option<Vec<StateColumn>> {
    let arguments = plain_arguments(call)?;
    let states = (call.function.summary?)(&call.binding)?;
    let state = |state: &SummaryState| match state {
        SummaryState::RowCount | SummaryState::Count => Some(StateColumn::Count),
        SummaryState::Sum => {
            let column = (*arguments.first()?, scale_of_sum(call.binding.argument_types.first()?)?);
            let known = summed.iter().position(|known| *known == column);
            Some(StateColumn::Sum(known.unwrap_or_else(|| {
                summed.push(column);
                summed.len() - 1
            })))
        }
        SummaryState::Minimum | SummaryState::Maximum => None,
    };
    states.iter().map(state).collect()
}

/// The scale of the sum of a column, where that is of integers of up to 64 bits.
fn scale_of_sum(argument: &LogicalType) -> Option<i8> {
    match array_type(argument) {
        DataType::Int16 | DataType::Int32 | DataType::Int64 => Some(0),
        DataType::Decimal64(_, scale) => Some(scale),
        _ => None,
    }
}

/// Whether [`ROWS_MAX`] values as large as a column's rows can be added up in 64 bits.
fn is_small(column: &ArrayRef, rows: &Range<usize>) -> bool {
    let values = match column.data_type() {
        DataType::Int64 => &column.as_primitive::<Int64Type>().values()[rows.clone()],
        DataType::Decimal64(_, _) => &column.as_primitive::<Decimal64Type>().values()[rows.clone()],
        _ => return true,
    };
    let bits = values
        .iter()
        .fold(0, |bits, value| bits | value.wrapping_add(SMALL) as u64);
    bits < 2 * SMALL as u64
}

fn add<V: Copy + Into<i64>>(sums: &mut [i64], places: &[u32], values: &[V]) {
    for (place, value) in places.iter().zip(values) {
        sums[*place as usize] += (*value).into();
    }
}

/// Whether a column, perhaps encoded, may have a NULL: that of a run or of a dictionary's value is none of the array itself.
fn may_have_nulls(column: &ArrayRef) -> bool {
    let values = match column.data_type() {
        DataType::RunEndEncoded(..) => column.as_run_opt::<Int32Type>().map(|runs| runs.values()),
        DataType::Dictionary(..) => column.as_dictionary_opt::<UInt32Type>().map(|codes| codes.values()),
        _ => None,
    };
    column.null_count() > 0 || values.is_some_and(|values| values.null_count() > 0)
}
