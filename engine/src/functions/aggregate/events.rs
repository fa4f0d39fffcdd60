//! Rows kept as events, a time and which conditions hold, for aggregates that look at their order: funnels and sequences.

use super::value_lists::{GroupedValues, ValueLists};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// So many conditions an event may tell of.
pub(super) const CONDITIONS_MAX: usize = 32;

/// A row: when, and which conditions held (bit 0 is the first).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) time: i64,
    pub(super) conditions: u32,
}

/// The events of all groups.
pub(super) struct EventLists {
    values: ValueLists,
    /// Rows where no condition holds are events, too.
    keeps_all: bool,
}

/// How many units of a time column a second has, or, of a date or a number, one.
pub(super) fn units_per_second(data_type: &LogicalType) -> i64 {
    match data_type {
        LogicalType::Timestamp | LogicalType::TimestampTz => 1_000_000,
        _ => 1,
    }
}

/// That there are not too many conditions.
pub(super) fn check_conditions(binding: &AggregateBinding, others: usize, name: &str) -> Result<()> {
    match binding.argument_types.len().saturating_sub(others) <= CONDITIONS_MAX {
        true => Ok(()),
        false => Err(Error::user(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("{name} takes at most {CONDITIONS_MAX} conditions"),
        )),
    }
}

impl EventLists {
    pub(super) fn new(keeps_all: bool) -> Self {
        EventLists {
            values: ValueLists::new(vec![DataType::Int64, DataType::Int64]),
            keeps_all,
        }
    }

    /// Takes rows in: a time column and conditions. Rows whose time is NULL do not count.
    fn add(
        &mut self,
        times: &ArrayRef,
        conditions: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
    ) -> Result<()> {
        let mut bits = vec![0i64; times.len()];
        for (place, condition) in conditions.iter().enumerate() {
            let condition = condition.as_boolean();
            let holds = match condition.nulls() {
                Some(nulls) => condition.values() & nulls.inner(),
                None => condition.values().clone(),
            };
            super::rows::for_each_set(&holds, |row| bits[row] |= 1 << place);
        }
        let mut mask = super::rows::counting_rows([times], selection);
        if !self.keeps_all {
            let any: BooleanBuffer = bits.iter().map(|bits| *bits != 0).collect();
            mask = Some(mask.map_or_else(|| any.clone(), |mask| &mask & &any));
        }
        let columns = [whole_numbers(times)?, Arc::new(Int64Array::from(bits)) as ArrayRef];
        self.values.add(&columns, groups, mask.as_ref())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    /// Calls `answer` with the events of every group in the order of their times; empty afterwards. Of the same time those come first
    /// whose first condition does.
    pub(super) fn for_each_group(
        &mut self,
        group_count: usize,
        mut answer: impl FnMut(&[Event]) -> Result<()>,
    ) -> Result<()> {
        let grouped: GroupedValues = self.values.take(group_count)?;
        let times = grouped.columns[0].as_primitive::<Int64Type>().values();
        let bits = grouped.columns[1].as_primitive::<Int64Type>().values();
        let mut events: Vec<Event> = Vec::new();
        for range in grouped.ranges() {
            let range: Range<usize> = range;
            events.clear();
            events.extend(range.map(|row| Event {
                time: times[row],
                conditions: bits[row] as u32,
            }));
            events.sort_by_key(|event| (event.time, event.conditions.trailing_zeros(), event.conditions));
            answer(&events)?;
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }
}

/// What an aggregate makes of events in order.
pub(super) trait OfEvents: Send {
    /// The answers of all groups.
    fn answer(&self, events: &mut EventLists, group_count: usize) -> Result<ArrayRef>;
}

/// An aggregate over a time and conditions.
pub(super) struct Ordered<A> {
    pub(super) events: EventLists,
    /// The place of the time among the arguments; the conditions follow.
    pub(super) time: usize,
    pub(super) conditions: usize,
    pub(super) answer: A,
}

impl<A: OfEvents> Accumulator for Ordered<A> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        let conditions = &arguments[self.time + 1..=self.time + self.conditions];
        self.events.add(&arguments[self.time], conditions, groups, selection)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.events.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.events.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.events.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        self.answer.answer(&mut self.events, group_count)
    }

    fn memory_bytes(&self) -> usize {
        self.events.memory_bytes()
    }
}

/// Times as numbers in their own unit: microseconds, days, or what the numbers are.
fn whole_numbers(times: &ArrayRef) -> Result<ArrayRef> {
    let numbers: Int64Array = match times.data_type() {
        DataType::Int64 => return Ok(times.clone()),
        DataType::Int32 => times.as_primitive::<Int32Type>().unary(i64::from),
        DataType::Int16 => times.as_primitive::<Int16Type>().unary(i64::from),
        DataType::Date32 => times.as_primitive::<Date32Type>().unary(i64::from),
        DataType::Timestamp(..) => times.as_primitive::<TimestampMicrosecondType>().unary(|time| time),
        other => return Err(Error::Internal(format!("events at times of type {other}"))),
    };
    Ok(Arc::new(numbers))
}
