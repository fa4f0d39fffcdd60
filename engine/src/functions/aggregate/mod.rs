//! Aggregate functions, a file each (families that share their states share a file).
//!
//! States are columns: one entry per group, grown as groups appear, handed out and taken in as arrays. Sums are exact and checked,
//! those of floating-point numbers are rounded once, at the end: they, averages and variances do not depend on which worker took which
//! rows. What regressions and higher moments keep of floating-point numbers does, in the last digits.

mod any_value;
mod approximate_count_distinct;
mod approximate_percentile;
mod argument_extreme;
mod array_aggregate;
mod average;
mod best_rows;
mod bit_operations;
mod boolean;
mod count;
mod entropy;
mod events;
mod exact_variance;
mod extreme;
mod float_variance;
mod histogram;
mod json_aggregate;
mod moments;
mod ordered_set;
mod picked;
mod quantile_sketch;
mod reduce;
mod regression;
mod retention;
mod rows;
mod sequence_match;
mod sequence_pattern;
mod shape;
mod signature;
mod string_aggregate;
mod sum;
#[cfg(test)]
mod tests;
mod top_k;
mod total_order;
mod value_counts;
pub(crate) mod value_lists;
mod variance;
mod window_funnel;

use super::AggregateFunction;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static AggregateFunction> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}

static FAMILIES: &[&[&AggregateFunction]] = &[
    count::FUNCTIONS,
    sum::FUNCTIONS,
    average::FUNCTIONS,
    extreme::FUNCTIONS,
    boolean::FUNCTIONS,
    bit_operations::FUNCTIONS,
    variance::FUNCTIONS,
    regression::FUNCTIONS,
    array_aggregate::FUNCTIONS,
    string_aggregate::FUNCTIONS,
    json_aggregate::FUNCTIONS,
    any_value::FUNCTIONS,
    argument_extreme::FUNCTIONS,
    ordered_set::FUNCTIONS,
    approximate_count_distinct::FUNCTIONS,
    approximate_percentile::FUNCTIONS,
    top_k::FUNCTIONS,
    entropy::FUNCTIONS,
    histogram::FUNCTIONS,
    shape::FUNCTIONS,
    window_funnel::FUNCTIONS,
    retention::FUNCTIONS,
    sequence_match::FUNCTIONS,
];
