//! `count(*)` and `count(x)`.

use super::rows::{counting_rows, for_each_set, grow, visit};
use super::signature::aggregate;
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups, SummaryState};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::LogicalType;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&COUNT];

static COUNT: AggregateFunction = AggregateFunction {
    info: || aggregate("count", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "Counts rows, or the rows in which the argument is not NULL.",
        example: "count(*)",
        result: "3",
    },
    accumulator: |_| Ok(Box::new(Count::default())),
    summary: Some(|binding: &AggregateBinding| {
        Some(vec![match binding.argument_types.is_empty() {
            true => SummaryState::RowCount,
            false => SummaryState::Count,
        }])
    }),
};

const SIGNATURES: &[Signature] = &[
    Signature {
        parameters: &[],
        variadic: false,
        returns: |_| LogicalType::BigInt,
    },
    Signature {
        parameters: &[Parameter::Any],
        variadic: false,
        returns: |_| LogicalType::BigInt,
    },
];

/// Rows per group. With several arguments a row counts where none is NULL.
#[derive(Default)]
pub(super) struct Count {
    counts: Vec<i64>,
}

impl Count {
    /// Counts the rows of a mask.
    pub(super) fn add(&mut self, groups: Groups<'_>, mask: Option<&BooleanBuffer>, group_count: usize) {
        grow(&mut self.counts, group_count, 0);
        match (groups, mask) {
            (Groups::One { group, row_count }, None) => self.counts[group as usize] += row_count as i64,
            (Groups::One { group, .. }, Some(mask)) => self.counts[group as usize] += mask.count_set_bits() as i64,
            (Groups::PerRow(groups), None) => count_groups(&mut self.counts, groups),
            (Groups::PerRow(groups), Some(mask)) => for_each_set(mask, |row| self.counts[groups[row] as usize] += 1),
        }
    }

    /// The counts; empty afterwards.
    pub(super) fn take(&mut self, group_count: usize) -> Vec<i64> {
        grow(&mut self.counts, group_count, 0);
        std::mem::take(&mut self.counts)
    }
}

/// Groups up to which counting goes to several places in turn, so that an addition need not wait for the one before.
const REPLICATED_GROUPS_MAX: usize = 64;
/// Rows from which that pays.
const REPLICATED_ROWS_MIN: usize = 512;

fn count_groups(counts: &mut [i64], groups: &[u32]) {
    if counts.len() > REPLICATED_GROUPS_MAX || groups.len() < REPLICATED_ROWS_MIN {
        for group in groups {
            counts[*group as usize] += 1;
        }
        return;
    }
    let mut replicas = [[0u32; REPLICATED_GROUPS_MAX]; 4];
    let quads = groups.chunks_exact(4);
    for group in quads.remainder() {
        counts[*group as usize] += 1;
    }
    for quad in quads {
        for (replica, group) in replicas.iter_mut().zip(quad) {
            replica[*group as usize % REPLICATED_GROUPS_MAX] += 1;
        }
    }
    for replica in &replicas {
        for (count, more) in counts.iter_mut().zip(replica) {
            *count += i64::from(*more);
        }
    }
}

impl Accumulator for Count {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(arguments, selection);
        self.add(groups, mask.as_ref(), group_count);
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        grow(&mut self.counts, group_count, 0);
        let counts = states[0].as_primitive::<Int64Type>().values();
        visit(groups, None, |group, row| self.counts[group] += counts[row]);
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(group_count)?])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(self.take(group_count))))
    }

    fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
    }
}
