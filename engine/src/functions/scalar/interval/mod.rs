//! Functions that give intervals of numbers and of other intervals.

mod justify;
mod make_interval;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &justify::JUSTIFY_DAYS,
    &justify::JUSTIFY_HOURS,
    &justify::JUSTIFY_INTERVAL,
    &make_interval::MAKE_INTERVAL,
];
