//! `entropy`: the binary entropy of a column's values. A group's distinct values are kept until the end.

use super::signature::aggregate;
use super::value_counts::{Counted, GroupedCounts, OfCounts, ValueCounts};
use crate::error::Result;
use crate::functions::{AggregateFunction, Documentation};
use crate::types::{LogicalType, array_type};
use arrow_array::{ArrayRef, Float64Array};
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&ENTROPY];

static ENTROPY: AggregateFunction = AggregateFunction {
    info: || {
        aggregate(
            "entropy",
            &[Signature {
                parameters: &[Parameter::Any],
                variadic: false,
                returns: |_| LogicalType::Double,
            }],
        )
    },
    documentation: Documentation {
        category: "statistics",
        summary: "The entropy, in bits, of how often each value occurs that is not NULL; 0 of none.",
        example: "entropy(x)",
        result: "1.584962500721156",
    },
    accumulator: |binding| {
        Ok(Box::new(Counted {
            counts: ValueCounts::exact(array_type(&binding.argument_types[0]))?,
            answer: Entropy,
        }))
    },
    summary: None,
};

/// Of counts, their shares' information on average.
fn entropy(counts: &[i64]) -> f64 {
    let total: i64 = counts.iter().sum();
    let total = total as f64;
    let information = counts.iter().map(|count| {
        let share = *count as f64 / total;
        -share * share.log2()
    });
    information.sum::<f64>() + 0.0
}

struct Entropy;

impl OfCounts for Entropy {
    fn answer(&self, grouped: &GroupedCounts, _group_count: usize) -> Result<ArrayRef> {
        let answers = grouped.ranges().map(|range| Some(entropy(&grouped.counts[range])));
        Ok(Arc::new(answers.collect::<Float64Array>()))
    }
}
