//! Window functions, a file each; aggregates serve as window functions too.

use super::WindowFunction;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static WindowFunction> {
    let functions: &[&'static WindowFunction] = &[];
    functions.iter().copied()
}
