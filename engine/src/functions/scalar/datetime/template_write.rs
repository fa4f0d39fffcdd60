//! `to_char` of timestamps and intervals: the fields of a template written out.

use super::names::{DAYS, MONTHS, ROMAN_MONTHS};
use super::template::{Letters, Node, Pattern};
use crate::calendar::{
    HOUR, JULIAN_EPOCH, MINUTE, SECOND, civil, day_of_year, days_from_civil, iso_week, iso_year_start, microseconds_of,
    split, weekday_from_sunday,
};
use crate::error::{Error, Result, SqlState};
use arrow_buffer::IntervalMonthDayNano;
use std::fmt::Write;

/// What a template writes of: a moment's fields, or an interval's.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment {
    is_interval: bool,
    /// Astronomical; of an interval, its whole years.
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
    /// Day number of year, month and day.
    days: i64,
    /// Day of the year of a moment; about how many days an interval has.
    day_count: i64,
    /// Seconds east of UTC.
    offset: i64,
    zone: String,
}

impl Moment {
    /// A local time, with its zone's offset in microseconds and abbreviation, if it has one.
    pub(super) fn of_timestamp(local: i64, offset: i64, zone: String) -> Self {
        let (days, time) = split(local);
        let date = civil(days);
        Moment {
            is_interval: false,
            year: date.year,
            month: date.month,
            day: date.day,
            hour: time / HOUR,
            minute: time % HOUR / MINUTE,
            second: time % MINUTE / SECOND,
            microsecond: time % SECOND,
            days,
            day_count: day_of_year(days),
            offset: offset / SECOND,
            zone,
        }
    }

    pub(super) fn of_interval(interval: IntervalMonthDayNano) -> Self {
        let time = microseconds_of(interval);
        let (months, days) = (i64::from(interval.months), i64::from(interval.days));
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
        // Month 0 is the December before.
        let date = days_from_civil(
            if month == 0 { year - 1 } else { year },
            if month == 0 { 12 } else { month },
            days,
        );
        Moment {
            is_interval: true,
            year: months / 12,
            month: months % 12,
            day: days,
            hour: time / HOUR,
            minute: time % HOUR / MINUTE,
            second: time % MINUTE / SECOND,
            microsecond: time % SECOND,
            days: date,
            day_count: months * 30 + days,
            offset: 0,
            zone: String::new(),
        }
    }

    /// The year as people write it, without its era.
    fn shown_year(&self, year: i64) -> i64 {
        if self.is_interval || year > 0 { year } else { 1 - year }
    }
}

fn not_for_intervals() -> Error {
    let message = "invalid format specification for an interval value";
    stoa_sql::Error::new(SqlState::INVALID_DATETIME_FORMAT, message)
        .with_hint("Intervals are not tied to specific calendar dates.")
        .into()
}

/// Writes a moment by a template.
///
/// # Errors
/// 22007 for a field that an interval does not have.
pub(super) fn write(nodes: &[Node], moment: &Moment, out: &mut String) -> Result<()> {
    for node in nodes {
        match node {
            Node::Literal(character) => out.push(*character),
            Node::Exact => {}
            Node::Field {
                pattern,
                bare,
                translated,
                ordinal,
                ..
            } => {
                let start = out.len();
                write_field(*pattern, moment, *bare, *translated, out)?;
                if let Some(letters) = ordinal {
                    let ending = ordinal_ending(out.get(start..).unwrap_or(""), *letters);
                    out.push_str(ending);
                }
            }
        }
    }
    Ok(())
}

/// `st`, `nd`, `rd`, `th` for digits.
pub(super) fn ordinal_ending(digits: &str, letters: Letters) -> &'static str {
    let mut last = digits.bytes().rev();
    let (ones, tens) = (last.next().unwrap_or(b'0'), last.next().unwrap_or(b'0'));
    let (lower, upper) = match (tens, ones) {
        (b'1', _) => ("th", "TH"),
        (_, b'1') => ("st", "ST"),
        (_, b'2') => ("nd", "ND"),
        (_, b'3') => ("rd", "RD"),
        _ => ("th", "TH"),
    };
    if letters == Letters::Upper { upper } else { lower }
}

/// A number filled with zeros to a width, one wider where it is negative.
fn number(value: i64, width: usize, bare: bool, out: &mut String) {
    let width = match bare {
        true => 0,
        false => width + usize::from(value < 0),
    };
    let _ = write!(out, "{value:0width$}");
}

fn name(name: &str, letters: Letters, width: usize, out: &mut String) {
    let start = out.len();
    match letters {
        Letters::Upper => out.push_str(&name.to_uppercase()),
        Letters::Capitalized => out.push_str(name),
        Letters::Lower => out.push_str(&name.to_lowercase()),
    }
    while out.len() < start + width {
        out.push(' ');
    }
}

fn word(letters: Letters, points: bool, first: char, second: char, out: &mut String) {
    let start = out.len();
    out.push(first);
    if points {
        out.push('.');
    }
    out.push(second);
    if points {
        out.push('.');
    }
    if letters == Letters::Lower {
        let lower = out.split_off(start).to_lowercase();
        out.push_str(&lower);
    }
}

fn listed(names: &[&'static str], at: i64) -> &'static str {
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at))
        .copied()
        .unwrap_or("")
}

fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

fn write_field(pattern: Pattern, moment: &Moment, bare: bool, translated: bool, out: &mut String) -> Result<()> {
    let needs_date = matches!(
        pattern,
        Pattern::Era(..)
            | Pattern::DayName(_)
            | Pattern::DayShort(_)
            | Pattern::DayOfWeek
            | Pattern::IsoDayOfWeek
            | Pattern::MonthName(_)
            | Pattern::MonthShort(_)
            | Pattern::Zone(_)
            | Pattern::ZoneHour
            | Pattern::ZoneMinute
            | Pattern::ZoneOffset
    );
    if moment.is_interval && needs_date {
        return Err(not_for_intervals());
    }
    let name_width = if bare || translated { 0 } else { 9 };
    match pattern {
        Pattern::Hour12 => {
            let hour = moment.hour % 12;
            number(if hour == 0 { 12 } else { hour }, 2, bare, out);
        }
        Pattern::Hour24 => number(moment.hour, 2, bare, out),
        Pattern::Minute => number(moment.minute, 2, bare, out),
        Pattern::Second => number(moment.second, 2, bare, out),
        Pattern::Fraction(digits) => {
            let value = moment.microsecond / 10_i64.pow(6 - u32::from(digits.min(6)));
            number(value, digits.into(), false, out);
        }
        Pattern::Millisecond => number(moment.microsecond / 1_000, 3, false, out),
        Pattern::Microsecond => number(moment.microsecond, 6, false, out),
        Pattern::SecondOfDay => number(moment.hour * 3_600 + moment.minute * 60 + moment.second, 0, true, out),
        Pattern::Meridiem(letters, points) => {
            let afternoon = moment.hour % 24 >= 12;
            word(letters, points, if afternoon { 'P' } else { 'A' }, 'M', out);
        }
        Pattern::Era(letters, points) => {
            let (first, second) = if moment.year <= 0 { ('B', 'C') } else { ('A', 'D') };
            word(letters, points, first, second, out);
        }
        Pattern::MonthName(letters) if moment.month > 0 => {
            name(listed(&MONTHS, moment.month - 1), letters, name_width, out);
        }
        Pattern::MonthShort(letters) if moment.month > 0 => {
            name(short(listed(&MONTHS, moment.month - 1)), letters, 0, out);
        }
        Pattern::MonthName(_) | Pattern::MonthShort(_) => {}
        Pattern::Month => number(moment.month, 2, bare, out),
        Pattern::MonthRoman(letters) => write_roman(moment, letters, if bare { 0 } else { 4 }, out),
        Pattern::DayName(letters) => name(
            listed(&DAYS, weekday_from_sunday(moment.days)),
            letters,
            name_width,
            out,
        ),
        Pattern::DayShort(letters) => name(short(listed(&DAYS, weekday_from_sunday(moment.days))), letters, 0, out),
        Pattern::Day => {
            let width = if bare { 0 } else { 2 };
            let _ = write!(out, "{:0width$}", moment.day);
        }
        Pattern::DayOfWeek => number(weekday_from_sunday(moment.days) + 1, 1, true, out),
        Pattern::IsoDayOfWeek => {
            let day = weekday_from_sunday(moment.days);
            number(if day == 0 { 7 } else { day }, 1, true, out);
        }
        Pattern::DayOfYear => number(moment.day_count, 3, bare, out),
        Pattern::IsoDayOfYear => {
            let (year, _) = iso_week(moment.days);
            number(moment.days - iso_year_start(year) + 1, 3, bare, out);
        }
        Pattern::WeekOfMonth => number((moment.day - 1) / 7 + 1, 1, true, out),
        Pattern::WeekOfYear => number((moment.day_count - 1) / 7 + 1, 2, bare, out),
        Pattern::IsoWeek => number(iso_week(moment.days).1, 2, bare, out),
        Pattern::Quarter if moment.month != 0 => number((moment.month - 1) / 3 + 1, 1, true, out),
        Pattern::Quarter => {}
        Pattern::Century => {
            let century = match moment.year {
                year if moment.is_interval => year / 100,
                year if year > 0 => (year - 1) / 100 + 1,
                year => year / 100 - 1,
            };
            number(century, 2, bare, out);
        }
        Pattern::YearWithComma => {
            let year = moment.shown_year(moment.year);
            let _ = write!(out, "{},{:03}", year / 1_000, year % 1_000);
        }
        Pattern::Year(digits) => write_year(moment.shown_year(moment.year), digits, bare, out),
        Pattern::IsoYear(digits) => {
            write_year(moment.shown_year(iso_week(moment.days).0), digits, bare, out);
        }
        Pattern::Julian => number(moment.days + JULIAN_EPOCH, 0, true, out),
        Pattern::Zone(letters) => match letters {
            Letters::Lower => out.push_str(&moment.zone.to_lowercase()),
            _ => out.push_str(&moment.zone),
        },
        Pattern::ZoneHour => {
            let _ = write!(out, "{}{:02}", sign(moment.offset), moment.offset.abs() / 3_600);
        }
        Pattern::ZoneMinute => {
            let _ = write!(out, "{:02}", moment.offset.abs() % 3_600 / 60);
        }
        Pattern::ZoneOffset => {
            let width = if bare { 0 } else { 2 };
            let _ = write!(out, "{}{:0width$}", sign(moment.offset), moment.offset.abs() / 3_600);
            let minutes = moment.offset.abs() % 3_600 / 60;
            if minutes != 0 {
                let _ = write!(out, ":{minutes:02}");
            }
        }
    }
    Ok(())
}

fn sign(value: i64) -> char {
    if value < 0 { '-' } else { '+' }
}

fn write_year(year: i64, digits: u8, bare: bool, out: &mut String) {
    match digits {
        4 => number(year, 4, bare, out),
        1 => number(year % 10, 1, bare, out),
        digits => number(year % 10_i64.pow(digits.into()), digits.into(), bare, out),
    }
}

/// Months count down from an interval's end where it is negative.
fn write_roman(moment: &Moment, letters: Letters, width: usize, out: &mut String) {
    if moment.month == 0 && moment.year == 0 {
        return;
    }
    let at = match moment.month {
        0 if moment.year >= 0 => 11,
        0 => 0,
        month if month < 0 => 12 + month,
        month => month - 1,
    };
    name(
        listed(&ROMAN_MONTHS, at),
        if letters == Letters::Lower {
            letters
        } else {
            Letters::Upper
        },
        width,
        out,
    );
}
