//! Functions about whether values are there. Comparison operators are expressions of their own, not functions.

mod num_nulls;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[&num_nulls::NUM_NULLS, &num_nulls::NUM_NONNULLS];
