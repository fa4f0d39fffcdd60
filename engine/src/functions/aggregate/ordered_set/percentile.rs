//! `percentile_cont` and `percentile_disc` over rows that arrive sorted.

use super::interpolate::{between, between_intervals, continuous_place, discrete_place};
use super::ordered_type;
use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::rows::counting_rows;
use crate::functions::aggregate::value_lists::{GroupedValues, ValueLists, item_field, list_offsets, list_type};
use crate::functions::{Accumulator, AggregateBinding, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, Float64Array, ListArray, PrimitiveArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// The ordered values, until the end.
pub(super) struct Percentile {
    values: ValueLists,
    data_type: DataType,
    is_continuous: bool,
    /// A fraction may be NULL; no list is a NULL fraction or a NULL array of them.
    fractions: Option<Vec<Option<f64>>>,
    answers_array: bool,
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
        })
    }

    fn value_at(&self, values: &ArrayRef, range: &std::ops::Range<usize>, fraction: f64) -> Result<Picked> {
        let count = range.len();
        if !self.is_continuous {
            return Ok(Picked::Row(range.start + discrete_place(fraction, count)));
        }
        let (place, part) = continuous_place(fraction, count);
        let low = range.start + place;
        let high = (low + 1).min(range.end - 1);
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
        let mask = counting_rows(&arguments[1..2], selection);
        self.values.add(&arguments[1..2], groups, mask.as_ref())
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
        for range in grouped.ranges() {
            present.push(!range.is_empty());
            for fraction in fractions {
                match (fraction, range.is_empty()) {
                    (Some(fraction), false) => picked.push(Some(self.value_at(values, &range, *fraction)?)),
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
}
