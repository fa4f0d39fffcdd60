//! Intervals out, in all four of Postgres's styles.

use super::datetime::write_fraction;
use super::number::write_integer;
use crate::calendar::{SECOND, microseconds_of};
use crate::format::IntervalStyle;
use arrow_buffer::IntervalMonthDayNano;
use std::io::Write;

/// An interval taken apart; all parts have their own sign.
struct Parts {
    years: i64,
    months: i64,
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
    microseconds: i64,
}

impl Parts {
    fn new(interval: IntervalMonthDayNano) -> Self {
        let time = microseconds_of(interval);
        let seconds = time / SECOND;
        Parts {
            years: i64::from(interval.months / 12),
            months: i64::from(interval.months % 12),
            days: interval.days.into(),
            hours: seconds / 3_600,
            minutes: seconds / 60 % 60,
            seconds: seconds % 60,
            microseconds: time % SECOND,
        }
    }

    fn has_time(&self) -> bool {
        self.hours != 0 || self.minutes != 0 || self.has_seconds()
    }

    fn has_seconds(&self) -> bool {
        self.seconds != 0 || self.microseconds != 0
    }

    fn time_is_negative(&self) -> bool {
        self.hours < 0 || self.minutes < 0 || self.seconds < 0 || self.microseconds < 0
    }
}

/// In the session's style.
pub(crate) fn write(interval: IntervalMonthDayNano, style: IntervalStyle, out: &mut Vec<u8>) {
    let parts = Parts::new(interval);
    match style {
        IntervalStyle::Postgres => write_postgres(&parts, out),
        IntervalStyle::PostgresVerbose => write_verbose(&parts, out),
        IntervalStyle::SqlStandard => write_sql_standard(&parts, out),
        IntervalStyle::Iso8601 => write_iso(&parts, out),
    }
}

/// `1 year 2 mons 3 days 04:05:06.5`
fn write_postgres(parts: &Parts, out: &mut Vec<u8>) {
    let begin = out.len();
    let mut after_negative = false;
    for (value, unit) in [(parts.years, "year"), (parts.months, "mon"), (parts.days, "day")] {
        if value == 0 {
            continue;
        }
        if out.len() > begin {
            out.push(b' ');
        }
        if after_negative && value > 0 {
            out.push(b'+');
        }
        write_integer(value, out);
        out.push(b' ');
        out.extend_from_slice(unit.as_bytes());
        if value != 1 {
            out.push(b's');
        }
        after_negative = value < 0;
    }
    if out.len() == begin || parts.has_time() {
        if out.len() > begin {
            out.push(b' ');
        }
        match (parts.time_is_negative(), after_negative) {
            (true, _) => out.push(b'-'),
            (false, true) => out.push(b'+'),
            (false, false) => {}
        }
        write_clock(parts, 2, out);
    }
}

/// `04:05:06.5`, without a sign, the hours with at least so many digits.
fn write_clock(parts: &Parts, hour_digits: usize, out: &mut Vec<u8>) {
    let (hours, minutes, seconds) = (parts.hours.abs(), parts.minutes.abs(), parts.seconds.abs());
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{hours:0hour_digits$}:{minutes:02}:{seconds:02}");
    write_fraction(parts.microseconds.unsigned_abs() as u32, out);
}

/// `@ 1 year 2 mons 3 days 4 hours 5 mins 6.5 secs ago`
fn write_verbose(parts: &Parts, out: &mut Vec<u8>) {
    out.push(b'@');
    // The first part that is not zero decides the sign of all: "ago" turns it.
    let mut ago = None;
    let units = [
        (parts.years, "year"),
        (parts.months, "mon"),
        (parts.days, "day"),
        (parts.hours, "hour"),
        (parts.minutes, "min"),
    ];
    for (value, unit) in units {
        if value == 0 {
            continue;
        }
        let turned = *ago.get_or_insert(value < 0);
        let value = if turned { -value } else { value };
        out.push(b' ');
        write_integer(value, out);
        out.push(b' ');
        out.extend_from_slice(unit.as_bytes());
        if value != 1 {
            out.push(b's');
        }
    }
    if parts.has_seconds() {
        let negative = parts.seconds < 0 || parts.microseconds < 0;
        let turned = *ago.get_or_insert(negative);
        out.push(b' ');
        if negative != turned {
            out.push(b'-');
        }
        write_integer(parts.seconds.abs(), out);
        write_fraction(parts.microseconds.unsigned_abs() as u32, out);
        let single = parts.seconds.abs() == 1 && parts.microseconds == 0;
        out.extend_from_slice(if single { b" sec" } else { b" secs" });
    }
    match ago {
        None => out.extend_from_slice(b" 0"),
        Some(true) => out.extend_from_slice(b" ago"),
        Some(false) => {}
    }
}

/// `1-2`, `3 4:05:06`, `+1-2 -3 +4:05:06`
fn write_sql_standard(parts: &Parts, out: &mut Vec<u8>) {
    let has_months = parts.years != 0 || parts.months != 0;
    let has_days = parts.days != 0 || parts.has_time();
    let values = [
        parts.years,
        parts.months,
        parts.days,
        parts.hours,
        parts.minutes,
        parts.seconds,
        parts.microseconds,
    ];
    let has_negative = values.iter().any(|value| *value < 0);
    let has_positive = values.iter().any(|value| *value > 0);
    if !has_negative && !has_positive {
        return out.push(b'0');
    }
    let sign = |negative: bool| if negative { b'-' } else { b'+' };
    if (has_negative && has_positive) || (has_months && has_days) {
        // Parts of one kind may have several signs: all are written, each with its own.
        out.push(sign(parts.years < 0 || parts.months < 0));
        let _ = write!(out, "{}-{}", parts.years.abs(), parts.months.abs());
        out.push(b' ');
        out.push(sign(parts.days < 0));
        write_integer(parts.days.abs(), out);
        out.push(b' ');
        out.push(sign(parts.time_is_negative()));
        return write_clock(parts, 1, out);
    }
    if has_negative {
        out.push(b'-');
    }
    if has_months {
        let _ = write!(out, "{}-{}", parts.years.abs(), parts.months.abs());
    } else if parts.days != 0 {
        write_integer(parts.days.abs(), out);
        out.push(b' ');
        write_clock(parts, 1, out);
    } else {
        write_clock(parts, 1, out);
    }
}

/// `P1Y2M3DT4H5M6.5S`
fn write_iso(parts: &Parts, out: &mut Vec<u8>) {
    let begin = out.len();
    out.push(b'P');
    let write_unit = |value: i64, unit: u8, out: &mut Vec<u8>| {
        if value != 0 {
            write_integer(value, out);
            out.push(unit);
        }
    };
    write_unit(parts.years, b'Y', out);
    write_unit(parts.months, b'M', out);
    write_unit(parts.days, b'D', out);
    if parts.has_time() {
        out.push(b'T');
        write_unit(parts.hours, b'H', out);
        write_unit(parts.minutes, b'M', out);
        if parts.has_seconds() {
            if parts.seconds < 0 || parts.microseconds < 0 {
                out.push(b'-');
            }
            write_integer(parts.seconds.abs(), out);
            write_fraction(parts.microseconds.unsigned_abs() as u32, out);
            out.push(b'S');
        }
    }
    if out.len() == begin + 1 {
        out.extend_from_slice(b"T0S");
    }
}
