//! Table functions, a file each.

use super::TableFunction;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static TableFunction> {
    let functions: &[&'static TableFunction] = &[];
    functions.iter().copied()
}
