//! Functions that choose among their arguments. CASE, COALESCE and NULLIF are expressions of their own.

mod greatest;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[&greatest::GREATEST, &greatest::LEAST];
