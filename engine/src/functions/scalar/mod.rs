//! Scalar functions and operators: a folder per family, a file per name, each family with its list.

pub(crate) mod signature;
#[cfg(test)]
pub(crate) mod testing;
mod datetime;
mod interval;
pub(crate) mod json;
mod text;

use super::ScalarFunction;

/// A family's list of functions: a folder with `pub(super) const FUNCTIONS: &[&ScalarFunction]`.
const FAMILIES: &[&[&ScalarFunction]] = &[text::FUNCTIONS, datetime::FUNCTIONS, interval::FUNCTIONS, json::FUNCTIONS];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static ScalarFunction> {
    FAMILIES.iter().flat_map(|family| family.iter().copied())
}
