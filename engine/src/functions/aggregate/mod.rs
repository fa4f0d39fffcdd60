//! Aggregate functions, a file each.

use super::AggregateFunction;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static AggregateFunction> {
    let functions: &[&'static AggregateFunction] = &[];
    functions.iter().copied()
}
