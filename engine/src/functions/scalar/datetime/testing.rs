//! Times written down in tests: `2024-02-29 12:30:00.5`, `0044-03-15 BC`, `infinity`. Only for tests: the forms that people may
//! write are read elsewhere.

use crate::calendar::{DAY, HOUR, MINUTE, SECOND, days_from_civil};
use crate::functions::scalar::testing::Typed;
use crate::types::{Literal, LogicalType};

fn days(text: &str) -> i64 {
    let (text, bc) = match text.strip_suffix(" BC") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let mut parts = text.split('-').map(|part| part.parse::<i64>().unwrap());
    let year = parts.next().unwrap();
    let year = if bc { 1 - year } else { year };
    days_from_civil(year, parts.next().unwrap(), parts.next().unwrap())
}

/// Microseconds since midnight; more than a day and negative ones are fine.
pub(crate) fn microseconds(text: &str) -> i64 {
    let (text, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1),
        None => (text, 1),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let fraction: i64 = format!("{fraction:0<6}").parse().unwrap();
    let units = whole.split(':').zip([HOUR, MINUTE, SECOND]);
    let whole: i64 = units.map(|(part, unit)| part.parse::<i64>().unwrap() * unit).sum();
    sign * (whole + fraction)
}

/// Microseconds of `2024-02-29 12:30:00.5`.
pub(crate) fn instant(text: &str) -> i64 {
    match text {
        "infinity" => return i64::MAX,
        "-infinity" => return i64::MIN,
        _ => {}
    }
    let (text, era) = match text.strip_suffix(" BC") {
        Some(rest) => (rest, " BC"),
        None => (text, ""),
    };
    let (date, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    days(&format!("{date}{era}")) * DAY + microseconds(time)
}

/// `timestamp`
pub(crate) fn timestamp(text: &str) -> Typed {
    (Literal::Timestamp(instant(text)), LogicalType::Timestamp)
}
/// `timestamptz`, in UTC
pub(crate) fn timestamptz(text: &str) -> Typed {
    (Literal::Timestamp(instant(text)), LogicalType::TimestampTz)
}
/// `date`
pub(crate) fn date(text: &str) -> Typed {
    let days = match text {
        "infinity" => i32::MAX,
        "-infinity" => i32::MIN,
        text => days(text) as i32,
    };
    (Literal::Date(days), LogicalType::Date)
}
/// `time`
pub(crate) fn time(text: &str) -> Typed {
    (Literal::Time(microseconds(text)), LogicalType::Time)
}
/// `interval`: months, days, `-12:30:00.5`
pub(crate) fn interval(months: i32, days: i32, time: &str) -> Typed {
    let microseconds = microseconds(time);
    (
        Literal::Interval {
            months,
            days,
            microseconds,
        },
        LogicalType::Interval,
    )
}
