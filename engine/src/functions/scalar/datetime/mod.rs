//! Functions of dates, times and timestamps, and of templates. Time zones by name are here for all families;
//! intervals have a family of their own.

mod age;
mod date_add;
mod date_bin;
mod date_trunc;
mod extract;
mod field;
mod isfinite;
mod make;
mod names;
mod now;
pub(crate) mod number;
mod number_template;
mod overlaps;
mod template;
pub(crate) mod template_read;
mod template_write;
#[cfg(test)]
pub(crate) mod testing;
mod time_bucket;
mod timezone;
mod to_char;
mod to_date;
mod to_number;
mod to_timestamp;
pub(crate) mod unit;
pub(crate) mod zone;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &age::AGE,
    &now::CLOCK_TIMESTAMP,
    &date_add::DATE_ADD,
    &date_bin::DATE_BIN,
    &extract::DATE_PART,
    &date_add::DATE_SUBTRACT,
    &date_trunc::DATE_TRUNC,
    &extract::EXTRACT,
    &isfinite::ISFINITE,
    &make::MAKE_DATE,
    &make::MAKE_TIME,
    &make::MAKE_TIMESTAMP,
    &make::MAKE_TIMESTAMPTZ,
    &now::NOW,
    &overlaps::OVERLAPS,
    &now::STATEMENT_TIMESTAMP,
    &time_bucket::TIME_BUCKET,
    &now::TIMEOFDAY,
    &timezone::TIMEZONE,
    &to_char::TO_CHAR,
    &to_date::TO_DATE,
    &to_number::TO_NUMBER,
    &to_timestamp::TO_TIMESTAMP,
    &now::TRANSACTION_TIMESTAMP,
];
