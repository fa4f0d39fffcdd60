//! `percentile_cont` and `percentile_disc` over rows that arrive sorted.

use super::interpolate::{between, between_intervals, continuous_place, discrete_place};
use super::ordered_type;
use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::rows::{counting_rows, visit};
use crate::functions::aggregate::value_lists::{GroupedValues, ValueLists, item_field, list_offsets, list_type};
use crate::functions::{Accumulator, AggregateBinding, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, PrimitiveArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The ordered values, until the end.
pub(super) struct Percentile {
    values: ValueLists,
    data_type: DataType,
    is_continuous: bool,
    /// A fraction may be NULL; no list is a NULL fraction or a NULL array of them.
    fractions: Option<Vec<Option<f64>>>,
    answers_array: bool,
    /// Values come in order, and only those at these places are kept.
    sorted: Option<SortedPlaces>,
}

/// The places that percentiles are made of, by group.
struct SortedPlaces {
    /// Values of each group.
    counts: Vec<usize>,
    /// Ascending.
    wanted: Vec<Vec<usize>>,
    /// Values that have come.
    seen: Vec<usize>,
}

/// The ordered values of a group, or those of them that matter.
struct GroupValues<'v> {
    values: &'v ArrayRef,
    range: std::ops::Range<usize>,
    count: usize,
    /// The places of the values that are there; without these, all are.
    places: Option<&'v [usize]>,
}

impl GroupValues<'_> {
    /// The row of the value at a place in the order.
    fn row(&self, place: usize) -> usize {
        let offset = self
            .places
            .map_or(place, |places| places.partition_point(|known| *known < place));
        self.range.start + offset
    }
}

impl Percentile {
    pub(super) fn new(binding: &AggregateBinding, is_continuous: bool) -> Result<Self> {
        let name = match is_continuous {
            true => "percentile_cont",
            false => "percentile_disc",
        };
        let data_type = ordered_type(binding, name)?;
        let Some(Some(constant)) = binding.constants.first() else {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("{name} of a fraction that is not a constant is not supported"),
            ));
        };
        Ok(Percentile {
            values: ValueLists::new(vec![data_type.clone()]),
            data_type,
            is_continuous,
            fractions: fractions(constant)?,
            answers_array: matches!(constant.data_type(), DataType::List(_)),
            sorted: None,
        })
    }

    /// Of doubles that arrive sorted, the middle.
    pub(super) fn median() -> Self {
        Percentile {
            values: ValueLists::new(vec![DataType::Float64]),
            data_type: DataType::Float64,
            is_continuous: true,
            fractions: Some(vec![Some(0.5)]),
            answers_array: false,
            sorted: None,
        }
    }

    /// Takes values in.
    pub(super) fn add(
        &mut self,
        values: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
    ) -> Result<()> {
        let mask = counting_rows(values, selection);
        let Some(sorted) = &mut self.sorted else {
            return self.values.add(values, groups, mask.as_ref());
        };
        let mut kept = BooleanBufferBuilder::new(groups.row_count());
        kept.append_n(groups.row_count(), false);
        visit(groups, mask.as_ref(), |group, row| {
            if sorted.wanted[group].binary_search(&sorted.seen[group]).is_ok() {
                kept.set_bit(row, true);
            }
            sorted.seen[group] += 1;
        });
        self.values.add(values, groups, Some(&kept.finish()))
    }

    /// The places of the values that a fraction's answer is made of.
    fn places(&self, fraction: f64, count: usize) -> [usize; 2] {
        match self.is_continuous {
            false => [discrete_place(fraction, count); 2],
            true => {
                let (place, _) = continuous_place(fraction, count);
                [place, (place + 1).min(count - 1)]
            }
        }
    }

    fn value_at(&self, group: &GroupValues<'_>, fraction: f64) -> Result<Picked> {
        let [low, high] = self.places(fraction, group.count).map(|place| group.row(place));
        if !self.is_continuous {
            return Ok(Picked::Row(low));
        }
        let (_, part) = continuous_place(fraction, group.count);
        let values = group.values;
        match self.data_type {
            DataType::Float64 => {
                let values = values.as_primitive::<Float64Type>();
                Ok(Picked::Double(between(values.value(low), values.value(high), part)))
            }
            _ => {
                let values = values.as_primitive::<IntervalMonthDayNanoType>();
                let interval = between_intervals(values.value(low), values.value(high), part);
                interval
                    .map(Picked::Interval)
                    .ok_or_else(|| Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range"))
            }
        }
    }

    /// The picked values as an array of the ordered type.
    fn array_of(&self, picked: &[Option<Picked>], values: &ArrayRef) -> Result<ArrayRef> {
        if !self.is_continuous {
            let rows = picked.iter().map(|picked| match picked {
                Some(Picked::Row(row)) => Some(*row as u32),
                _ => None,
            });
            let rows: UInt32Array = rows.collect();
            if values.is_empty() {
                return Ok(arrow_array::new_null_array(&self.data_type, rows.len()));
            }
            return Ok(arrow_select::take::take(values, &rows, None)?);
        }
        if self.data_type == DataType::Float64 {
            let doubles = picked.iter().map(|picked| match picked {
                Some(Picked::Double(value)) => Some(*value),
                _ => None,
            });
            return Ok(Arc::new(doubles.collect::<Float64Array>()));
        }
        let intervals = picked.iter().map(|picked| match picked {
            Some(Picked::Interval(value)) => Some(*value),
            _ => None,
        });
        Ok(Arc::new(
            intervals.collect::<PrimitiveArray<IntervalMonthDayNanoType>>(),
        ))
    }
}

/// A percentile.
enum Picked {
    Row(usize),
    Double(f64),
    Interval(arrow_buffer::IntervalMonthDayNano),
}

/// The fractions of a constant double or array of doubles.
pub(in crate::functions::aggregate) fn fractions(constant: &ArrayRef) -> Result<Option<Vec<Option<f64>>>> {
    if constant.is_null(0) {
        return Ok(None);
    }
    let doubles = match constant.data_type() {
        DataType::List(_) => constant.as_list::<i32>().value(0),
        _ => constant.slice(0, 1),
    };
    let doubles: Vec<Option<f64>> = doubles.as_primitive::<Float64Type>().iter().collect();
    for fraction in doubles.iter().flatten() {
        if !(0.0..=1.0).contains(fraction) {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                format!("percentile value {fraction} is not between 0 and 1"),
            ));
        }
    }
    Ok(Some(doubles))
}

impl Accumulator for Percentile {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        self.add(&arguments[1..2], groups, selection)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped: GroupedValues = self.values.take(group_count)?;
        let values = &grouped.columns[0];
        let Some(fractions) = &self.fractions else {
            let answer = match self.answers_array {
                true => list_type(&self.data_type),
                false => self.data_type.clone(),
            };
            return Ok(arrow_array::new_null_array(&answer, group_count));
        };
        let mut picked = Vec::with_capacity(group_count * fractions.len());
        let (mut offsets, mut present) = (vec![0], Vec::with_capacity(group_count));
        for (number, range) in grouped.ranges().enumerate() {
            present.push(!range.is_empty());
            let sorted = self.sorted.as_ref();
            let group = GroupValues {
                values,
                count: sorted.map_or(range.len(), |sorted| sorted.counts[number]),
                places: sorted.map(|sorted| sorted.wanted[number].as_slice()),
                range,
            };
            for fraction in fractions {
                match (fraction, group.range.is_empty()) {
                    (Some(fraction), false) => picked.push(Some(self.value_at(&group, *fraction)?)),
                    (None, false) => picked.push(None),
                    (_, true) if !self.answers_array => picked.push(None),
                    (_, true) => {}
                }
            }
            offsets.push(picked.len());
        }
        let answers = self.array_of(&picked, values)?;
        if !self.answers_array {
            return Ok(answers);
        }
        let nulls = Some(NullBuffer::from(present));
        Ok(Arc::new(ListArray::try_new(
            item_field(&self.data_type),
            list_offsets(&offsets)?,
            answers,
            nulls,
        )?))
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }

    fn begin_sorted(&mut self, counts: &[usize]) -> Result<()> {
        let fractions: Vec<f64> = self.fractions.iter().flatten().flatten().copied().collect();
        let wanted = counts.iter().map(|count| match count {
            0 => Vec::new(),
            // A NULL instead of a fraction is an element of the answer only where there are values.
            count if fractions.is_empty() => vec![count - 1],
            count => {
                let places = fractions.iter().flat_map(|fraction| self.places(*fraction, *count));
                let places: BTreeSet<usize> = places.collect();
                places.into_iter().collect()
            }
        });
        self.sorted = Some(SortedPlaces {
            wanted: wanted.collect(),
            seen: vec![0; counts.len()],
            counts: counts.to_vec(),
        });
        Ok(())
    }
}
