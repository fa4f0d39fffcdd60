//! Functions of dates, times and timestamps. Calendar arithmetic and time zones are here for all families; intervals have a family of
//! their own.

pub(crate) mod calendar;
mod date_trunc;
mod extract;
mod field;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod unit;
pub(crate) mod zone;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &date_trunc::DATE_TRUNC,
    &extract::DATE_PART,
    &extract::EXTRACT,
];
