//! Intervals in: `1 day 02:03:04`, `@ 3 days ago`, `1-2`, `1 year 2 mons`, `P1DT2H`. Numbers are read from the right, because a unit
//! stands behind its number.

use super::error::DateTimeProblem;
use super::number::{is_space, trim};
use crate::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::format::IntervalStyle;

type Result<T> = std::result::Result<T, DateTimeProblem>;

/// Stretches of one text at most.
const TOKENS_MAX: usize = 25;

/// Characters of a unit's name that count.
const UNIT_CHARACTERS_MAX: usize = 10;

const DAYS_PER_MONTH: f64 = 30.0;

/// Months, days and time, each with its own sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) months: i32,
    pub(crate) days: i32,
    pub(crate) microseconds: i64,
}

/// Reads an interval.
pub(crate) fn parse(text: &[u8], style: IntervalStyle) -> crate::error::Result<Interval> {
    read(text, style).map_err(|problem| problem.into_error("interval", text))
}

fn read(text: &[u8], style: IntervalStyle) -> Result<Interval> {
    let text = std::str::from_utf8(trim(text)).map_err(|_| DateTimeProblem::Format)?;
    let sum = match words(text, style) {
        Err(DateTimeProblem::Format) => iso(text)?,
        other => other?,
    };
    // The columns hold nanoseconds.
    match (i32::try_from(sum.months), sum.microseconds.checked_mul(1_000)) {
        (Ok(months), Some(_)) => Ok(Interval {
            months,
            days: sum.days,
            microseconds: sum.microseconds,
        }),
        _ => Err(DateTimeProblem::IntervalRange),
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
}

impl Unit {
    /// By its name in lower case.
    fn named(name: &str) -> Option<Unit> {
        let name = name.get(..UNIT_CHARACTERS_MAX).unwrap_or(name);
        Some(match name {
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => Unit::Microsecond,
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => Unit::Millisecond,
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "mon" | "mons" | "month" | "months" => Unit::Month,
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
            "dec" | "decs" | "decade" | "decades" => Unit::Decade,
            "c" | "cent" | "century" | "centuries" => Unit::Century,
            "mil" | "mils" | "millennia" | "millennium" => Unit::Millennium,
            _ => return None,
        })
    }
}

/// An interval on its way: months and years may together be too many only at the end.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    months: i64,
    days: i32,
    microseconds: i64,
}

impl Sum {
    fn add_months(&mut self, months: i64) -> Option<()> {
        self.months = self.months.checked_add(months)?;
        Some(())
    }

    /// A number of years, given in units of so many, and a fraction of that unit, rounded to months.
    fn add_years(&mut self, count: i64, fraction: f64, years: i64) -> Option<()> {
        let whole = i32::try_from(count.checked_mul(years)?).ok()?;
        let part = (fraction * years as f64 * 12.0).round_ties_even() as i64;
        self.add_months(i64::from(whole) * 12 + part)
    }

    fn add_days(&mut self, days: i64) -> Option<()> {
        self.days = self.days.checked_add(i32::try_from(days).ok()?)?;
        Some(())
    }

    fn add_microseconds(&mut self, count: i64, each: i64) -> Option<()> {
        self.microseconds = self.microseconds.checked_add(count.checked_mul(each)?)?;
        Some(())
    }

    /// A fraction of a unit of so many microseconds, rounded.
    fn add_fraction(&mut self, fraction: f64, each: i64) -> Option<()> {
        let exact = fraction * each as f64;
        let whole = exact.trunc();
        let rest = exact - whole;
        let rounded = whole as i64 + i64::from(rest > 0.5) - i64::from(rest < -0.5);
        self.microseconds = self.microseconds.checked_add(rounded)?;
        Some(())
    }

    /// A fraction of a unit of so many days: whole days, then time.
    fn add_day_fraction(&mut self, fraction: f64, each: f64) -> Option<()> {
        let days = fraction * each;
        self.add_days(days.trunc() as i64)?;
        self.add_fraction(days.fract(), DAY)
    }

    /// A number with its fraction, which has the number's sign.
    fn add(&mut self, unit: Unit, whole: i64, fraction: f64) -> Option<()> {
        match unit {
            Unit::Microsecond => {
                self.add_microseconds(whole, 1)?;
                self.add_fraction(fraction, 1)
            }
            Unit::Millisecond => {
                self.add_microseconds(whole, 1_000)?;
                self.add_fraction(fraction, 1_000)
            }
            Unit::Second => {
                self.add_microseconds(whole, SECOND)?;
                self.add_fraction(fraction, SECOND)
            }
            Unit::Minute => {
                self.add_microseconds(whole, MINUTE)?;
                self.add_fraction(fraction, MINUTE)
            }
            Unit::Hour => {
                self.add_microseconds(whole, HOUR)?;
                self.add_fraction(fraction, HOUR)
            }
            Unit::Day => {
                self.add_days(whole)?;
                self.add_fraction(fraction, DAY)
            }
            Unit::Week => {
                self.add_days(whole.checked_mul(7)?)?;
                self.add_day_fraction(fraction, 7.0)
            }
            Unit::Month => {
                self.add_months(i32::try_from(whole).ok()?.into())?;
                self.add_day_fraction(fraction, DAYS_PER_MONTH)
            }
            Unit::Year => self.add_years(whole, fraction, 1),
            Unit::Decade => self.add_years(whole, fraction, 10),
            Unit::Century => self.add_years(whole, fraction, 100),
            Unit::Millennium => self.add_years(whole, fraction, 1_000),
        }
    }

    fn negated(self) -> Option<Self> {
        Some(Sum {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            microseconds: self.microseconds.checked_neg()?,
        })
    }
}

/// A stretch of text: a number (perhaps `1-2` or `10:20:30`) with its sign, or a word.
#[derive(Clone, Copy, Debug)]
enum Token<'a> {
    Number { sign: Option<bool>, text: &'a str },
    Word(&'a str),
}

/// The length of the longest beginning of such bytes.
fn span(text: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| accept(**byte)).count()
}

fn split<'a>(text: &'a str, tokens: &mut [Token<'a>; TOKENS_MAX]) -> Result<usize> {
    let bytes = text.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if is_space(byte) {
            at += 1;
            continue;
        }
        let sign = match byte {
            b'+' => Some(false),
            b'-' => Some(true),
            _ => None,
        };
        let begin = match sign {
            Some(_) => at + 1 + span(&bytes[at + 1..], is_space),
            None => at,
        };
        let rest = &bytes[begin..];
        let token;
        let length;
        match rest.first() {
            Some(b'0'..=b'9') => {
                length = number_length(rest);
                token = Token::Number {
                    sign,
                    text: &text[begin..begin + length],
                };
            }
            Some(b'.') if sign.is_none() => {
                length = 1 + span(&rest[1..], |byte| byte.is_ascii_digit());
                token = Token::Number {
                    sign,
                    text: &text[begin..begin + length],
                };
            }
            Some(byte) if byte.is_ascii_alphabetic() && sign.is_none() => {
                length = span(rest, |byte| byte.is_ascii_alphabetic());
                token = Token::Word(&text[begin..begin + length]);
                if matches!(rest.get(length), Some(b'-' | b'/' | b'.' | b'+')) {
                    return Err(DateTimeProblem::Format);
                }
            }
            Some(byte) if byte.is_ascii_punctuation() && sign.is_none() => {
                at += 1;
                continue;
            }
            _ => return Err(DateTimeProblem::Format),
        }
        *tokens.get_mut(count).ok_or(DateTimeProblem::Format)? = token;
        count += 1;
        at = begin + length;
    }
    Ok(count)
}

/// The length of `12`, `1.5`, `1-2`, `10:20:30.5`.
fn number_length(rest: &[u8]) -> usize {
    let digits = span(rest, |byte| byte.is_ascii_digit());
    match rest.get(digits) {
        Some(b':') => span(rest, |byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')),
        Some(b'.' | b'-') => digits + 1 + span(&rest[digits + 1..], |byte| byte.is_ascii_digit()),
        _ => digits,
    }
}

fn words(text: &str, style: IntervalStyle) -> Result<Sum> {
    let lower = text.to_ascii_lowercase();
    let mut tokens = [Token::Word(""); TOKENS_MAX];
    let count = split(&lower, &mut tokens)?;
    let tokens = &tokens[..count];
    let signs = tokens
        .iter()
        .filter(|token| matches!(token, Token::Number { sign: Some(_), .. }));
    let leads_with_minus = matches!(tokens.first(), Some(Token::Number { sign: Some(true), .. }));
    // In SQL's own style a single minus at the begin counts for all fields.
    let all_negative = style == IntervalStyle::SqlStandard && leads_with_minus && signs.count() == 1;
    let overflow = DateTimeProblem::IntervalField;
    let mut interval = Sum::default();
    let mut seen = Vec::with_capacity(count);
    let mut unit = None;
    let mut ago = false;
    for token in tokens.iter().rev() {
        match token {
            Token::Word("ago") => ago = true,
            Token::Word(word) => unit = Some(Unit::named(word).ok_or(DateTimeProblem::Format)?),
            Token::Number { sign, text } => {
                let negative = sign.unwrap_or(false) || all_negative;
                let of = add_number(&mut interval, text, negative, unit).ok_or(overflow.clone())??;
                if seen.contains(&of) {
                    return Err(DateTimeProblem::Format);
                }
                seen.push(of);
                if text.contains(':') {
                    seen.extend([Unit::Minute, Unit::Second]);
                }
                // A number before a time or before hours counts days.
                unit = match of {
                    Unit::Hour => Some(Unit::Day),
                    _ => unit,
                };
            }
        }
    }
    if seen.is_empty() {
        return Err(DateTimeProblem::Format);
    }
    match ago {
        true => interval.negated().ok_or(overflow),
        false => Ok(interval),
    }
}

/// Adds a number and says of what it was; `None` where it does not fit.
fn add_number(interval: &mut Sum, text: &str, negative: bool, unit: Option<Unit>) -> Option<Result<Unit>> {
    let signed = |value: i64| if negative { -value } else { value };
    if text.contains(':') {
        let time = match clock_time(text) {
            Ok(time) => time?,
            Err(problem) => return Some(Err(problem)),
        };
        interval.add_microseconds(signed(time), 1)?;
        return Some(Ok(Unit::Hour));
    }
    if let Some((years, months)) = text.split_once('-') {
        let (years, months) = (digits(years)?, digits(months));
        let months = match months {
            Some(months @ 0..12) if !text.ends_with('-') => months,
            Some(_) if text.ends_with('-') => return Some(Err(DateTimeProblem::Format)),
            _ => return None,
        };
        interval.add_months(signed(years.checked_mul(12)?.checked_add(months)?))?;
        return Some(Ok(Unit::Month));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = digits(whole)?;
    let fraction = fraction_of(fraction)?;
    let unit = unit.unwrap_or(Unit::Second);
    interval.add(unit, signed(whole), if negative { -fraction } else { fraction })?;
    Some(Ok(unit))
}

/// The number of digits; nothing is 0.
fn digits(text: &str) -> Option<i64> {
    match text {
        "" => Some(0),
        text => text.parse().ok(),
    }
}

/// The value of digits behind a point.
fn fraction_of(digits: &str) -> Option<f64> {
    match digits {
        "" => Some(0.0),
        digits => format!("0.{digits}").parse().ok(),
    }
}

/// The microseconds of `10:20`, `10:20:30.5`, `20:30.5` (minutes and seconds); `None` where they do not fit.
fn clock_time(text: &str) -> Result<Option<i64>> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = [0_i64; 3];
    let mut count = 0;
    for part in clock.split(':') {
        let Some(value) = digits(part) else { return Ok(None) };
        *parts.get_mut(count).ok_or(DateTimeProblem::Format)? = value;
        count += 1;
    }
    let Some(fraction) = fraction_of(fraction) else {
        return Err(DateTimeProblem::Format);
    };
    let [hours, minutes, seconds] = match count {
        2 if text.contains('.') => [0, parts[0], parts[1]],
        _ => parts,
    };
    if minutes > 59 || seconds > 60 {
        return Err(DateTimeProblem::IntervalField);
    }
    let rest = (minutes * 60 + seconds) * SECOND + (fraction * SECOND as f64).round_ties_even() as i64;
    Ok(hours.checked_mul(HOUR).and_then(|time| time.checked_add(rest)))
}

/// `P1Y2M3DT4H5M6.5S`, `P1W`, `P0001-02-03T04:05:06`
fn iso(text: &str) -> Result<Sum> {
    let rest = text.strip_prefix('P').ok_or(DateTimeProblem::Format)?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let mut interval = Sum::default();
    let date_is_alternative = date.get(1..).is_some_and(|rest| rest.contains('-')) && date.bytes().all(is_alternative);
    if date_is_alternative {
        alternative_date(&mut interval, date)?;
    } else {
        designated(&mut interval, date, |designator| match designator {
            b'Y' => Some(Unit::Year),
            b'M' => Some(Unit::Month),
            b'W' => Some(Unit::Week),
            b'D' => Some(Unit::Day),
            _ => None,
        })?;
    }
    match time {
        None if date.is_empty() => return Err(DateTimeProblem::Format),
        None | Some("") => {}
        Some(time) if time.contains(':') => {
            let (negative, clock) = match time.strip_prefix('-') {
                Some(clock) => (true, clock),
                None => (false, time),
            };
            let value = clock_time(clock)?.ok_or(DateTimeProblem::IntervalField)?;
            let value = if negative { -value } else { value };
            interval
                .add_microseconds(value, 1)
                .ok_or(DateTimeProblem::IntervalField)?;
        }
        Some(time) => designated(&mut interval, time, |designator| match designator {
            b'H' => Some(Unit::Hour),
            b'M' => Some(Unit::Minute),
            b'S' => Some(Unit::Second),
            _ => None,
        })?,
    }
    Ok(interval)
}

fn is_alternative(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'-'
}

/// `0001-02-03`
fn alternative_date(interval: &mut Sum, date: &str) -> Result<()> {
    let mut parts = date.split('-');
    for unit in [Unit::Year, Unit::Month, Unit::Day] {
        let Some(part) = parts.next() else { break };
        let value = digits(part).ok_or(DateTimeProblem::IntervalField)?;
        interval.add(unit, value, 0.0).ok_or(DateTimeProblem::IntervalField)?;
    }
    match parts.next() {
        None => Ok(()),
        Some(_) => Err(DateTimeProblem::Format),
    }
}

/// Numbers, each with the letter that says what it counts.
fn designated(interval: &mut Sum, text: &str, unit_of: impl Fn(u8) -> Option<Unit>) -> Result<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let (negative, number) = match rest.as_bytes()[0] {
            b'-' => (true, &rest[1..]),
            b'+' => (false, &rest[1..]),
            _ => (false, rest),
        };
        let length = span(number.as_bytes(), |byte| byte.is_ascii_digit() || byte == b'.');
        let (value, after) = number.split_at(length);
        let unit = after.bytes().next().and_then(&unit_of).ok_or(DateTimeProblem::Format)?;
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(DateTimeProblem::Format);
        }
        let whole = digits(whole).ok_or(DateTimeProblem::IntervalField)?;
        let fraction = fraction_of(fraction).ok_or(DateTimeProblem::Format)?;
        let (whole, fraction) = if negative {
            (-whole, -fraction)
        } else {
            (whole, fraction)
        };
        interval
            .add(unit, whole, fraction)
            .ok_or(DateTimeProblem::IntervalField)?;
        rest = &after[1..];
    }
    Ok(())
}
