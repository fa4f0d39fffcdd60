//! Functions of text. Positions and lengths count characters, never bytes; comparison is by bytes.

mod lower;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[&lower::LOWER];
