//! `median` and `mad` (the median of deviations from it) of doubles.

use super::interpolate::{between, continuous_place};
use super::percentile::Percentile;
use crate::error::Result;
use crate::functions::aggregate::rows::counting_rows;
use crate::functions::aggregate::value_lists::ValueLists;
use crate::functions::{Accumulator, Groups, KeptOrder, KeptRows};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// The values, until the end.
pub(super) struct Median {
    values: ValueLists,
    of_deviations: bool,
    /// Values come in order.
    sorted: Option<Percentile>,
}

impl Median {
    pub(super) fn new(of_deviations: bool) -> Self {
        Median {
            of_deviations,
            values: ValueLists::new(vec![DataType::Float64]),
            sorted: None,
        }
    }
}

impl Accumulator for Median {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        if let Some(sorted) = &mut self.sorted {
            return sorted.add(&arguments[..1], groups, selection);
        }
        let mask = counting_rows(&arguments[..1], selection);
        self.values.add(&arguments[..1], groups, mask.as_ref())
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
        if let Some(sorted) = &mut self.sorted {
            return sorted.finish(group_count);
        }
        let grouped = self.values.take(group_count)?;
        let mut values = grouped.columns[0].as_primitive::<Float64Type>().values().to_vec();
        let medians = grouped.ranges().map(|range| {
            let group = &mut values[range];
            let middle = median(group)?;
            if !self.of_deviations {
                return Some(middle);
            }
            group.iter_mut().for_each(|value| *value = (*value - middle).abs());
            median(group)
        });
        Ok(Arc::new(medians.collect::<Float64Array>()))
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }

    fn kept_rows(&self) -> Option<KeptRows> {
        // Deviations have another order.
        (!self.of_deviations).then(|| KeptRows {
            types: vec![DataType::Float64],
            order: vec![KeptOrder::ascending(0)],
        })
    }

    fn begin_sorted(&mut self, counts: &[usize]) -> Result<()> {
        let sorted = self.sorted.insert(Percentile::median());
        sorted.begin_sorted(counts)
    }
}

/// The middle of the values, which are put in some order; `None` of none.
fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (place, part) = continuous_place(0.5, values.len());
    let (_, low, above) = values.select_nth_unstable_by(place, |left, right| order(*left, *right));
    let low = *low;
    let high = above
        .iter()
        .copied()
        .min_by(|left, right| order(*left, *right))
        .unwrap_or(low);
    Some(between(low, high, part))
}

/// NaN is above all numbers.
fn order(left: f64, right: f64) -> std::cmp::Ordering {
    left.partial_cmp(&right)
        .unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}
