//! Scalar functions and operators: a folder per family, a file per name, each family with its list.

use super::ScalarFunction;

/// All of them. A family is a folder with `pub(super) static FUNCTIONS: &[&ScalarFunction]`.
pub(super) fn all() -> impl Iterator<Item = &'static ScalarFunction> {
    let families: &[&'static [&'static ScalarFunction]] = &[];
    families.iter().flat_map(|family| family.iter().copied())
}
