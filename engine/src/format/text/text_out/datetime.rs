//! Dates and times out, in DateStyle ISO: `2024-01-31`, `10:00:00.5`, `2024-01-31 10:00:00+00`, `0044-03-15 BC`, `infinity`.

use super::number::{DIGIT_PAIRS, write_integer};
use crate::calendar::{
    Civil, DATE_INFINITY, DATE_MINUS_INFINITY, DAY, SECOND, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, ZoneClock,
    civil, split,
};

const INFINITY: &[u8] = b"infinity";
const MINUS_INFINITY: &[u8] = b"-infinity";
const BEFORE_CHRIST: &[u8] = b" BC";

/// `2024-01-31`
#[inline]
pub(crate) fn write_date(days: i32, out: &mut Vec<u8>) {
    match days {
        DATE_INFINITY => out.extend_from_slice(INFINITY),
        DATE_MINUS_INFINITY => out.extend_from_slice(MINUS_INFINITY),
        days => {
            let civil = civil(days.into());
            write_civil(civil, out);
            if civil.year <= 0 {
                out.extend_from_slice(BEFORE_CHRIST);
            }
        }
    }
}

/// Year, month and day without an era.
#[inline]
fn write_civil(civil: Civil, out: &mut Vec<u8>) {
    let year = if civil.year > 0 { civil.year } else { 1 - civil.year };
    let mut text = *b"0000-00-00";
    if year > 9_999 {
        write_integer(year, out);
    } else {
        text[0..2].copy_from_slice(&DIGIT_PAIRS[(year / 100) as usize]);
        text[2..4].copy_from_slice(&DIGIT_PAIRS[(year % 100) as usize]);
    }
    text[5..7].copy_from_slice(&DIGIT_PAIRS[civil.month as usize]);
    text[8..10].copy_from_slice(&DIGIT_PAIRS[civil.day as usize]);
    out.extend_from_slice(if year > 9_999 { &text[4..] } else { &text });
}

/// `10:00:00.5`
#[inline]
pub(crate) fn write_time(microseconds: i64, out: &mut Vec<u8>) {
    let microseconds = microseconds.clamp(0, DAY);
    let seconds = (microseconds / SECOND) as u32;
    let mut text = *b"00:00:00";
    text[0..2].copy_from_slice(&DIGIT_PAIRS[(seconds / 3_600) as usize]);
    text[3..5].copy_from_slice(&DIGIT_PAIRS[(seconds / 60 % 60) as usize]);
    text[6..8].copy_from_slice(&DIGIT_PAIRS[(seconds % 60) as usize]);
    out.extend_from_slice(&text);
    write_fraction((microseconds % SECOND) as u32, out);
}

/// `.5` for 500,000 microseconds; nothing for none.
#[inline]
pub(crate) fn write_fraction(microseconds: u32, out: &mut Vec<u8>) {
    if microseconds == 0 {
        return;
    }
    let mut text = *b".000000";
    text[1..3].copy_from_slice(&DIGIT_PAIRS[(microseconds / 10_000) as usize]);
    text[3..5].copy_from_slice(&DIGIT_PAIRS[(microseconds / 100 % 100) as usize]);
    text[5..7].copy_from_slice(&DIGIT_PAIRS[(microseconds % 100) as usize]);
    let zeros = text.iter().rev().take_while(|digit| **digit == b'0').count();
    out.extend_from_slice(&text[..text.len() - zeros]);
}

/// `2024-01-31 10:00:00`
#[inline]
pub(crate) fn write_timestamp(microseconds: i64, out: &mut Vec<u8>) {
    write_moment(microseconds, None, out);
}

/// `2024-01-31 10:00:00+00`, as clocks of the zone show it.
#[inline]
pub(crate) fn write_timestamp_tz(instant: i64, clock: &ZoneClock, out: &mut Vec<u8>) {
    write_moment(instant, Some(clock), out);
}

#[inline]
fn write_moment(microseconds: i64, clock: Option<&ZoneClock>, out: &mut Vec<u8>) {
    match microseconds {
        TIMESTAMP_INFINITY => return out.extend_from_slice(INFINITY),
        TIMESTAMP_MINUS_INFINITY => return out.extend_from_slice(MINUS_INFINITY),
        _ => {}
    }
    let (days, of_day) = match clock {
        Some(clock) => clock.local_day_and_time(microseconds),
        None => split(microseconds),
    };
    let civil = civil(days);
    write_civil(civil, out);
    out.push(b' ');
    write_time(of_day, out);
    if let Some(clock) = clock {
        write_offset((clock.offset(microseconds) / SECOND) as i32, out);
    }
    if civil.year <= 0 {
        out.extend_from_slice(BEFORE_CHRIST);
    }
}

/// `+00`, `-03:30`, `+00:53:28`
fn write_offset(seconds: i32, out: &mut Vec<u8>) {
    out.push(if seconds < 0 { b'-' } else { b'+' });
    let seconds = seconds.unsigned_abs();
    out.extend_from_slice(&DIGIT_PAIRS[(seconds / 3_600 % 100) as usize]);
    if !seconds.is_multiple_of(3_600) {
        out.push(b':');
        out.extend_from_slice(&DIGIT_PAIRS[(seconds / 60 % 60) as usize]);
    }
    if !seconds.is_multiple_of(60) {
        out.push(b':');
        out.extend_from_slice(&DIGIT_PAIRS[(seconds % 60) as usize]);
    }
}
