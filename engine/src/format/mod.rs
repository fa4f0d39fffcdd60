//! Values as Postgres writes and reads them: its text form (results, COPY text and csv, casts to and from text) and its binary form
//! (results, parameters, COPY binary). One file per direction and form; `field` writes either as rows carry it.

pub mod binary;
mod field;
pub mod text;

pub use field::FieldWriter;

use crate::functions::SessionFacts;
use jiff::tz::TimeZone;
use std::sync::Arc;
use stoa_storage::clock::{Clock, SystemClock};

/// What of a session decides how values look.
#[derive(Clone, Debug)]
pub struct FormatSettings {
    /// `TimeZone`: in which `timestamptz` is shown and read.
    pub time_zone: TimeZone,
    /// `DateStyle`'s order for ambiguous input.
    pub date_order: DateOrder,
    /// `IntervalStyle`.
    pub interval_style: IntervalStyle,
    /// `bytea_output`: hex or escape.
    pub bytea_escape: bool,
    /// `extra_float_digits` above 0 (the default): shortest digits that read back the same.
    pub extra_float_digits: i32,
    /// What `now`, `today`, `tomorrow` and `yesterday` mean in input: the begin of the transaction, in microseconds since 1970 UTC.
    pub transaction_time: i64,
    /// Who knows the names that `regclass` and its kin are shown by; without, their numbers are.
    pub objects: Option<Arc<dyn SessionFacts>>,
}

/// The order of day, month and year in ambiguous dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Postgres's names")]
pub enum DateOrder {
    MonthDayYear,
    DayMonthYear,
    YearMonthDay,
}

/// How intervals are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "Postgres's names")]
pub enum IntervalStyle {
    Postgres,
    PostgresVerbose,
    SqlStandard,
    Iso8601,
}

impl Default for FormatSettings {
    fn default() -> Self {
        FormatSettings {
            time_zone: TimeZone::UTC,
            date_order: DateOrder::MonthDayYear,
            interval_style: IntervalStyle::Postgres,
            bytea_escape: false,
            extra_float_digits: 1,
            transaction_time: SystemClock.now(),
            objects: None,
        }
    }
}

#[cfg(test)]
mod round_trip_test;
