//! Functions of records: made of fields, and taken apart again.

mod field;
mod row;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[&field::RECORD_FIELD, &row::ROW];
