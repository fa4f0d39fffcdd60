//! Scalar functions and operators: a folder per family, a file per name, each family with its list.

mod arithmetic;
pub(crate) mod array;
mod comparison;
mod conditional;
pub(crate) mod datetime;
mod hash;
mod interval;
pub(crate) mod json;
mod numeric;
pub(in crate::functions) mod pattern;
mod record;
pub(crate) mod signature;
mod system;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod uuid;

use super::ScalarFunction;

/// A family's list of functions: a folder with `pub(super) const FUNCTIONS: &[&ScalarFunction]`.
#[rustfmt::skip]
const FAMILIES: &[&[&ScalarFunction]] = &[
    arithmetic::FUNCTIONS,
    array::FUNCTIONS,
    comparison::FUNCTIONS,
    conditional::FUNCTIONS,
    datetime::FUNCTIONS,
    hash::FUNCTIONS,
    interval::FUNCTIONS,
    json::FUNCTIONS,
    numeric::FUNCTIONS,
    pattern::FUNCTIONS,
    record::FUNCTIONS,
    system::FUNCTIONS,
    text::FUNCTIONS,
    uuid::FUNCTIONS,
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static ScalarFunction> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}
