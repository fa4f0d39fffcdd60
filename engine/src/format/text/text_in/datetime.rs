//! Dates, times and timestamps in. The forms that programs write are read straight from their bytes; all others that
//! Postgres takes (`January 8, 1999`, `99-Jan-08`, `20240105T101112`, `now`, `10:00 PST` ..) by the words of `datetime_fields`.

use super::datetime_fields::{Fields, Wanted, Zone, decode};
use super::datetime_words::Special;
use super::error::DateTimeProblem;
use super::number::trim;
use crate::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, DAY, HOUR, MINUTE, SECOND, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
    ZoneClock, checked_date, days_from_civil, days_in_month, is_timestamp, offset_of_local,
};
use crate::error::Result;
use crate::format::FormatSettings;

/// Days since 1970.
#[inline]
pub(crate) fn parse_date(text: &[u8], settings: &FormatSettings) -> Result<i32> {
    if let Some(days) = plain_date(text) {
        return Ok(days as i32);
    }
    date_of_words(text, settings).map_err(|problem| problem.into_error("date", text))
}

/// Microseconds since midnight.
pub(crate) fn parse_time(text: &[u8], settings: &FormatSettings) -> Result<i64> {
    if let Some((time, b"")) = plain_time(text) {
        return Ok(time);
    }
    time_of_words(text, settings).map_err(|problem| problem.into_error("time", text))
}

/// Microseconds since 1970, whatever time zone the text names.
#[inline]
pub(crate) fn parse_timestamp(text: &[u8], settings: &FormatSettings) -> Result<i64> {
    if let Some((local, _)) = plain_timestamp(text) {
        return Ok(local);
    }
    timestamp_of_words(text, settings, false).map_err(|problem| problem.into_error("timestamp", text))
}

/// Microseconds since 1970 UTC; a text without a time zone is in the session's.
#[inline]
pub(crate) fn parse_timestamp_tz(text: &[u8], settings: &FormatSettings) -> Result<i64> {
    if let Some((local, offset)) = plain_timestamp(text) {
        return Ok(local - offset.unwrap_or_else(|| offset_of_local(&settings.time_zone, local)));
    }
    timestamp_of_words(text, settings, true).map_err(|problem| problem.into_error("timestamp with time zone", text))
}

/// Two digits.
#[inline]
fn two(text: &[u8], at: usize) -> Option<u32> {
    let tens = text.get(at)?.wrapping_sub(b'0');
    let ones = text.get(at + 1)?.wrapping_sub(b'0');
    (tens <= 9 && ones <= 9).then_some(u32::from(tens) * 10 + u32::from(ones))
}

/// Days of exactly `2024-01-31`.
#[inline]
fn plain_date(text: &[u8]) -> Option<i64> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = i64::from(two(text, 0)? * 100 + two(text, 2)?);
    let (month, day) = (i64::from(two(text, 5)?), i64::from(two(text, 8)?));
    let exists = year > 0 && day >= 1 && (day <= 28 || day <= days_in_month(year, month)) && (1..=12).contains(&month);
    exists.then(|| days_from_civil(year, month, day))
}

/// The microseconds of `10:00:00` or `10:00:00.123456` and what follows.
#[inline]
fn plain_time(text: &[u8]) -> Option<(i64, &[u8])> {
    if *text.get(2)? != b':' || *text.get(5)? != b':' {
        return None;
    }
    let (hour, minute, second) = (two(text, 0)?, two(text, 3)?, two(text, 6)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = &text[8..];
    let mut microseconds = 0;
    if let [b'.', digits @ ..] = rest {
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > 6 {
            return None;
        }
        let padded = digits[..count].iter().chain(std::iter::repeat(&b'0')).take(6);
        microseconds = padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        rest = &digits[count..];
    }
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Some((seconds * SECOND + microseconds, rest))
}

/// Local microseconds, and those of the offset if there is one, of `2024-01-31`, `2024-01-31 10:00:00`, `2024-01-31T10:00:00.5Z`,
/// `2024-01-31 10:00:00+05:30`.
#[inline]
fn plain_timestamp(text: &[u8]) -> Option<(i64, Option<i64>)> {
    let days = plain_date(text.get(..10)?)?;
    let rest = &text[10..];
    let midnight = days * DAY;
    let [b' ' | b'T', time @ ..] = rest else {
        return rest.is_empty().then_some((midnight, None));
    };
    let (time, rest) = plain_time(time)?;
    let offset = match rest {
        [] => None,
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), zone @ ..] => {
            let hours = two(zone, 0)?;
            let minutes = match zone.len() {
                2 => 0,
                5 if zone[2] == b':' => two(zone, 3)?,
                _ => return None,
            };
            if hours > 15 || minutes > 59 {
                return None;
            }
            let offset = i64::from(hours) * HOUR + i64::from(minutes) * MINUTE;
            Some(if *sign == b'-' { -offset } else { offset })
        }
        _ => return None,
    };
    Some((midnight + time, offset))
}

fn fields_of(text: &[u8], settings: &FormatSettings, wanted: Wanted) -> Result<Fields, DateTimeProblem> {
    let text = std::str::from_utf8(trim(text)).map_err(|_| DateTimeProblem::Format)?;
    decode(text, settings.date_order, wanted)
}

/// The calendar day, in the session's zone, of the transaction's begin, and its time of day.
fn now_local(settings: &FormatSettings) -> i64 {
    ZoneClock::new(&settings.time_zone).local_time(settings.transaction_time)
}

/// Days since 1970 of the date that the fields name.
fn days_of(fields: &Fields, settings: &FormatSettings) -> Result<i64, DateTimeProblem> {
    match fields.special {
        Some(Special::Now) => Ok(now_local(settings).div_euclid(DAY)),
        Some(Special::Day(days)) => Ok(now_local(settings).div_euclid(DAY) + days),
        _ => fields.days(),
    }
}

fn date_of_words(text: &[u8], settings: &FormatSettings) -> Result<i32, DateTimeProblem> {
    let fields = fields_of(text, settings, Wanted::Date)?;
    match fields.special {
        Some(Special::Infinity) => return Ok(DATE_INFINITY),
        Some(Special::MinusInfinity) => return Ok(DATE_MINUS_INFINITY),
        Some(Special::Epoch) => return Ok(0),
        _ => {}
    }
    checked_date(days_of(&fields, settings)?).map_err(|_| DateTimeProblem::Range("date"))
}

fn time_of_words(text: &[u8], settings: &FormatSettings) -> Result<i64, DateTimeProblem> {
    let fields = fields_of(text, settings, Wanted::Time)?;
    match fields.special {
        Some(Special::Now) => Ok(now_local(settings).rem_euclid(DAY)),
        Some(Special::AllBalls) => Ok(0),
        Some(Special::Infinity | Special::MinusInfinity | Special::Epoch) => Err(DateTimeProblem::Format),
        _ => fields.time.ok_or(DateTimeProblem::Format),
    }
}

fn timestamp_of_words(text: &[u8], settings: &FormatSettings, with_zone: bool) -> Result<i64, DateTimeProblem> {
    let fields = fields_of(text, settings, Wanted::Date)?;
    match fields.special {
        Some(Special::Infinity) => return Ok(TIMESTAMP_INFINITY),
        Some(Special::MinusInfinity) => return Ok(TIMESTAMP_MINUS_INFINITY),
        Some(Special::Epoch) => return Ok(0),
        Some(Special::Now) if with_zone => return Ok(settings.transaction_time),
        Some(Special::Now) => return Ok(now_local(settings)),
        _ => {}
    }
    let out_of_range = DateTimeProblem::Range("timestamp");
    let days = i128::from(days_of(&fields, settings)?);
    let local = days * i128::from(DAY) + i128::from(fields.time.unwrap_or(0));
    let in_range = |moment: i128| match i64::try_from(moment) {
        Ok(moment) if is_timestamp(moment) => Some(moment),
        _ => None,
    };
    if !with_zone {
        return in_range(local).ok_or(out_of_range);
    }
    let near = local.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let offset = match &fields.zone {
        Some(Zone::Offset(seconds)) => i64::from(*seconds) * SECOND,
        Some(Zone::Named(zone)) => offset_of_local(zone, near),
        None => offset_of_local(&settings.time_zone, near),
    };
    in_range(local - i128::from(offset)).ok_or(out_of_range)
}
