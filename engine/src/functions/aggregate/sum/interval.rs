//! Sums of intervals: months, days and time each by themselves, as Postgres adds them.

use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::rows::{counting_rows, grow, visit_values};
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::IntervalMonthDayNanoType;
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, IntervalMonthDayNano};
use arrow_schema::{DataType, IntervalUnit};
use std::sync::Arc;

/// Sums per group.
#[derive(Default)]
pub(in crate::functions::aggregate) struct IntervalSum {
    sums: Vec<Option<IntervalMonthDayNano>>,
}

impl Accumulator for IntervalSum {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.sums, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<IntervalMonthDayNanoType>().values();
        let mut overflowed = false;
        visit_values(values, groups, mask.as_ref(), |group, value| {
            let sum = self.sums[group].map_or(Some(value), |sum| add(sum, value));
            overflowed |= sum.is_none();
            self.sums[group] = sum;
        });
        match overflowed {
            true => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range")),
            false => Ok(()),
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.update(states, groups, None, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Interval(IntervalUnit::MonthDayNano)]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(group_count)?])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.sums, group_count, None);
        let sums = std::mem::take(&mut self.sums).into_iter();
        Ok(Arc::new(sums.collect::<PrimitiveArray<IntervalMonthDayNanoType>>()))
    }

    fn memory_bytes(&self) -> usize {
        self.sums.capacity() * size_of::<Option<IntervalMonthDayNano>>()
    }
}

fn add(left: IntervalMonthDayNano, right: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(
        left.months.checked_add(right.months)?,
        left.days.checked_add(right.days)?,
        left.nanoseconds.checked_add(right.nanoseconds)?,
    ))
}
