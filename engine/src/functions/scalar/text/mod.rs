//! Functions of text. Positions and lengths count characters, never bytes; comparison is by bytes.

mod lower;

pub(super) use lower::lower_into;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[&lower::LOWER];
