//! `to_timestamp(text, template)` and `to_date(text, template)`: texts read by a template.
//!
//! Unless `FX` is given, blanks around fields are skipped, and a separator of the template takes any separator of the text, or
//! none.

use super::names::{DAYS, MONTHS, ROMAN_MONTHS};
use super::template::{self, Node, Pattern};
use super::to_char::Templates;
use crate::calendar::{
    DAY, HOUR, JULIAN_EPOCH, MINUTE, SECOND, ZoneClock, checked_timestamp, days_from_civil, days_in_month, is_date,
    is_leap, iso_year_start,
};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Call, Value};
use arrow_array::types::{Date32Type, TimestampMicrosecondType};

pub(super) fn execute_timestamp(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    let mut templates = Templates::new(call.texts(1)?, |text| Ok(template::parse(text)));
    let clock = ZoneClock::new(&call.statement.time_zone);
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let text = texts.value(row);
        let read = read(text, templates.get(row)?)?;
        let local = read.timestamp(text)?;
        match read.offset() {
            Some(offset) => checked_timestamp(local.checked_sub(offset)),
            None => clock.to_instant(local),
        }
    })
}

pub(super) fn execute_date(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    let mut templates = Templates::new(call.texts(1)?, |text| Ok(template::parse(text)));
    call.map_rows::<Date32Type>(|row| {
        let text = texts.value(row);
        let days = read(text, templates.get(row)?)?.days(text)?;
        match is_date(days) {
            true => Ok(days as i32),
            false => Err(Error::user(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!("date out of range: \"{text}\""),
            )),
        }
    })
}

/// What a text says by a template of the SQL standard, which it must fit to the letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standard {
    /// Days since 1970, where the template has a date.
    pub(crate) days: Option<i64>,
    /// Microseconds since midnight, where it has a time.
    pub(crate) time: Option<i64>,
    /// Microseconds east of UTC, where it has a zone.
    pub(crate) offset: Option<i64>,
}

/// Separators that templates of the standard may have.
const STANDARD_SEPARATORS: &str = "-./,':; ";

/// Reads a text by a template of the SQL standard.
///
/// # Errors
/// 22007, 22008 where it does not fit; 22007 for a template that the standard does not have.
pub(crate) fn read_standard(text: &str, template: &str) -> Result<Standard> {
    let invalid_format = |message: String| Err(Error::user(SqlState::INVALID_DATETIME_FORMAT, message));
    // Parts in quotes may be anything.
    let unquoted: Vec<&str> = template.split('"').step_by(2).collect();
    for node in template::parse(&unquoted.join(" ")) {
        if let Node::Literal(character) = node
            && !STANDARD_SEPARATORS.contains(character)
        {
            return invalid_format(format!("invalid datetime format separator: \"{character}\""));
        }
    }
    let nodes = template::parse(template);
    let read = read_by(text, &nodes, true)?;
    let kinds = nodes.iter().filter_map(|node| match node {
        Node::Field { pattern, .. } => Some(pattern.kinds()),
        _ => None,
    });
    let (dated, timed, zoned) = kinds.fold((false, false, false), |known, kinds| {
        (known.0 || kinds.0, known.1 || kinds.1, known.2 || kinds.2)
    });
    let days = dated.then(|| read.days(text)).transpose()?;
    let time = read.time(text)?;
    if days.is_some_and(|days| !is_date(days)) {
        return Err(out_of_range(text));
    }
    Ok(Standard {
        days,
        time: timed.then_some(time),
        offset: zoned.then(|| read.offset().unwrap_or(0)),
    })
}

/// What a text says, field by field.
#[derive(Debug, Default)]
struct Read {
    hour: i64,
    minute: i64,
    second: i64,
    second_of_day: Option<i64>,
    microsecond: i64,
    twelve_hours: bool,
    afternoon: Option<bool>,
    before_christ: bool,
    century: Option<i64>,
    /// As written, and from how many digits.
    year: Option<(i64, u8)>,
    iso_year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    iso_week: Option<i64>,
    iso_day: Option<i64>,
    week_of_year: Option<i64>,
    week_of_month: Option<i64>,
    julian: Option<i64>,
    zone_sign: i64,
    zone_hour: Option<i64>,
    zone_minute: i64,
}

/// The text yet to be read.
struct Reader<'t> {
    rest: &'t str,
    /// Characters skipped that no part of the template asked for; negative where the template asked in vain.
    skipped: i64,
    /// The last character passed was a minus, which may turn out to be the sign of a zone.
    passed_minus: bool,
    exact: bool,
}

fn is_separator(character: char) -> bool {
    character.is_ascii() && !character.is_ascii_control() && !character.is_ascii_alphanumeric() && character != ' '
}

fn invalid(value: &str, word: &str, detail: String) -> Error {
    stoa_sql::Error::new(
        SqlState::INVALID_DATETIME_FORMAT,
        format!("invalid value \"{value}\" for \"{word}\""),
    )
    .with_detail(detail)
    .into()
}

fn out_of_range(text: &str) -> Error {
    Error::user(
        SqlState::DATETIME_FIELD_OVERFLOW,
        format!("date/time field value out of range: \"{text}\""),
    )
}

impl<'t> Reader<'t> {
    fn skip_blanks(&mut self) {
        let trimmed = self
            .rest
            .trim_start_matches(|character: char| character.is_ascii_whitespace());
        if trimmed.len() < self.rest.len() {
            self.skipped += (self.rest.len() - trimmed.len()) as i64;
            self.passed_minus = false;
        }
        self.rest = trimmed;
    }

    fn skip_one(&mut self) {
        let mut characters = self.rest.chars();
        self.passed_minus = characters.next() == Some('-');
        self.rest = characters.as_str();
    }

    /// A character of the template that is no pattern.
    fn literal(&mut self, character: char) {
        let separates = is_separator(character) || character.is_ascii_whitespace();
        if self.exact {
            self.skip_one();
        } else if separates {
            let here = self.rest.chars().next();
            if here.is_some_and(|here| here.is_ascii_whitespace() || is_separator(here)) {
                self.skip_one();
            } else {
                self.skipped -= 1;
            }
        } else if self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.skip_one();
        }
    }

    /// A whole number of at most `width` characters, or of any number of digits where nothing numeric follows (`free`).
    fn integer(&mut self, width: usize, free: bool, word: &str) -> Result<(i64, usize)> {
        self.skip_blanks();
        let field = match free {
            true => self.rest,
            false => {
                let available = self.rest.chars().count();
                if available < width {
                    let message = format!("source string too short for \"{word}\" formatting field");
                    return Err(stoa_sql::Error::new(SqlState::INVALID_DATETIME_FORMAT, message)
                        .with_detail(format!(
                            "Field requires {width} characters, but only {available} remain."
                        ))
                        .with_hint(FIXED_WIDTH_HINT)
                        .into());
                }
                let end = self
                    .rest
                    .char_indices()
                    .nth(width)
                    .map_or(self.rest.len(), |(at, _)| at);
                self.rest.get(..end).unwrap_or(self.rest)
            }
        };
        let sign = usize::from(field.starts_with(['+', '-']));
        let digits = field.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            let shown: String = field.chars().take(width).collect();
            return Err(invalid(&shown, word, "Value must be an integer.".into()));
        }
        let length = sign + digits;
        if !free && length < width {
            let detail = format!("Field requires {width} characters, but only {length} could be parsed.");
            let message = format!("invalid value \"{field}\" for \"{word}\"");
            return Err(stoa_sql::Error::new(SqlState::INVALID_DATETIME_FORMAT, message)
                .with_detail(detail)
                .with_hint(FIXED_WIDTH_HINT)
                .into());
        }
        let (number, rest) = self.rest.split_at(length);
        let value = number.parse::<i32>().map_err(|_| {
            stoa_sql::Error::new(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!("value for \"{word}\" in source string is out of range"),
            )
            .with_detail("Value must be in the range -2147483648 to 2147483647.")
        })?;
        self.rest = rest;
        Ok((value.into(), length))
    }

    /// One of several names, whatever their case; the longest that fits.
    fn name(&mut self, names: &[&str], word: &str) -> Result<usize> {
        let fits = |name: &str| {
            self.rest
                .get(..name.len())
                .is_some_and(|here| here.eq_ignore_ascii_case(name))
        };
        let found = names
            .iter()
            .enumerate()
            .filter(|(_, name)| fits(name))
            .max_by_key(|(_, name)| name.len());
        let Some((at, name)) = found else {
            let shown = self.rest.split_ascii_whitespace().next().unwrap_or("");
            let detail = "The given value did not match any of the allowed values for this field.";
            return Err(invalid(shown, word, detail.into()));
        };
        self.rest = self.rest.get(name.len()..).unwrap_or("");
        Ok(at)
    }
}

const FIXED_WIDTH_HINT: &str = "If your source string is not fixed-width, try using the \"FM\" modifier.";

/// Whether a field takes all digits there are: what follows it in the template is no number.
fn is_free(nodes: &[Node], at: usize, bare: bool, ordinal: bool) -> bool {
    if bare || ordinal {
        return true;
    }
    match nodes.get(at + 1) {
        None => true,
        Some(Node::Literal(character)) => !character.is_ascii_digit(),
        Some(Node::Exact) => true,
        Some(Node::Field { pattern, .. }) => !is_numeric(*pattern),
    }
}

fn is_numeric(pattern: Pattern) -> bool {
    !matches!(
        pattern,
        Pattern::Meridiem(..)
            | Pattern::Era(..)
            | Pattern::MonthName(_)
            | Pattern::MonthShort(_)
            | Pattern::MonthRoman(_)
            | Pattern::DayName(_)
            | Pattern::DayShort(_)
            | Pattern::Zone(_)
            | Pattern::ZoneHour
            | Pattern::ZoneOffset
    )
}

fn read(text: &str, nodes: &[Node]) -> Result<Read> {
    read_by(text, nodes, false)
}

/// `standard`: every character must be as the template has it, and none may remain.
fn read_by(text: &str, nodes: &[Node], standard: bool) -> Result<Read> {
    let mismatch = |message: String| Err(Error::user(SqlState::INVALID_DATETIME_FORMAT, message));
    let mut read = Read {
        zone_sign: 1,
        ..Read::default()
    };
    let mut reader = Reader {
        rest: text,
        skipped: 0,
        passed_minus: false,
        exact: standard,
    };
    for (at, node) in nodes.iter().enumerate() {
        if reader.rest.is_empty() {
            if standard {
                return mismatch("input string is too short for datetime format".to_owned());
            }
            break;
        }
        match node {
            Node::Literal(character) if standard && !reader.rest.starts_with(*character) => {
                let kind = match is_separator(*character) || *character == ' ' {
                    true => "separator",
                    false => "character",
                };
                return mismatch(format!("unmatched format {kind} \"{character}\""));
            }
            Node::Exact => reader.exact = true,
            Node::Literal(character) => {
                if at == 0 && !reader.exact {
                    reader.skip_blanks();
                }
                reader.literal(*character);
            }
            Node::Field {
                pattern,
                word,
                bare,
                ordinal,
                ..
            } => {
                if !reader.exact {
                    reader.skip_blanks();
                }
                let free = is_free(nodes, at, *bare, ordinal.is_some());
                read.field(*pattern, word, free, &mut reader)?;
                if ordinal.is_some() {
                    reader.rest = reader.rest.get(2..).unwrap_or("");
                }
                if !reader.exact {
                    reader.skipped = 0;
                    reader.skip_blanks();
                }
            }
        }
    }
    let remains = !reader.rest.trim_ascii().is_empty();
    if standard && remains {
        return mismatch("trailing characters remain in input string after datetime format".to_owned());
    }
    Ok(read)
}

/// `24` is 2024, `99` is 1999, as near to 2020 as can be.
fn near_2020(year: i64) -> i64 {
    match year {
        0..70 => year + 2_000,
        70..100 => year + 1_900,
        100..520 => year + 2_000,
        520..1_000 => year + 1_000,
        other => other,
    }
}

/// A fraction of a second from so many digits, in microseconds.
fn fraction(value: i64, length: usize) -> i64 {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match length {
        0..=6 => value * 10_i64.pow(6 - length),
        _ => value / 10_i64.checked_pow(length - 6).unwrap_or(i64::MAX),
    }
}

impl Read {
    fn field(&mut self, pattern: Pattern, word: &str, free: bool, reader: &mut Reader<'_>) -> Result<()> {
        let mut integer = |width: usize| reader.integer(width, free, word);
        match pattern {
            Pattern::Hour12 => {
                self.hour = integer(2)?.0;
                self.twelve_hours = true;
            }
            Pattern::Hour24 => self.hour = integer(2)?.0,
            Pattern::Minute => self.minute = integer(2)?.0,
            Pattern::Second => self.second = integer(2)?.0,
            Pattern::Millisecond => {
                let (value, length) = integer(3)?;
                self.microsecond = fraction(value, length.min(9));
            }
            Pattern::Microsecond => {
                let (value, length) = integer(6)?;
                self.microsecond = fraction(value, length);
            }
            Pattern::Fraction(digits) => {
                let (value, length) = integer(digits.into())?;
                self.microsecond = fraction(value, length);
            }
            Pattern::SecondOfDay => self.second_of_day = Some(integer(5)?.0),
            Pattern::YearWithComma => self.year_with_comma(reader, word)?,
            Pattern::Year(digits) => {
                let (year, length) = integer(digits.into())?;
                self.year = Some((
                    if digits < 4 && length < 4 {
                        near_2020(year)
                    } else {
                        year
                    },
                    digits,
                ));
            }
            Pattern::IsoYear(digits) => {
                let (year, length) = integer(digits.into())?;
                self.iso_year = Some(if digits < 4 && length < 4 {
                    near_2020(year)
                } else {
                    year
                });
            }
            Pattern::Month => self.month = Some(integer(2)?.0),
            Pattern::Day => self.day = Some(integer(2)?.0),
            Pattern::DayOfYear => self.day_of_year = Some(integer(3)?.0),
            Pattern::IsoDayOfYear => {
                self.iso_day = Some(integer(3)?.0);
                self.iso_week = Some(1);
            }
            Pattern::DayOfWeek | Pattern::Quarter => drop(integer(1)?),
            Pattern::IsoDayOfWeek => self.iso_day = Some(integer(1)?.0),
            Pattern::WeekOfMonth => self.week_of_month = Some(integer(1)?.0),
            Pattern::WeekOfYear => self.week_of_year = Some(integer(2)?.0),
            Pattern::IsoWeek => self.iso_week = Some(integer(2)?.0),
            Pattern::Century => self.century = Some(integer(2)?.0),
            Pattern::Julian => self.julian = Some(reader.integer(reader.rest.len(), true, word)?.0),
            other => return self.named_field(other, word, free, reader),
        }
        Ok(())
    }

    fn named_field(&mut self, pattern: Pattern, word: &str, free: bool, reader: &mut Reader<'_>) -> Result<()> {
        let short_months: Vec<&str> = MONTHS.iter().map(|name| name.get(..3).unwrap_or(name)).collect();
        match pattern {
            Pattern::Meridiem(_, points) => {
                let names: &[&str] = if points { &["A.M.", "P.M."] } else { &["AM", "PM"] };
                self.afternoon = Some(reader.name(names, word)? == 1);
            }
            Pattern::Era(_, points) => {
                let names: &[&str] = if points { &["A.D.", "B.C."] } else { &["AD", "BC"] };
                self.before_christ = reader.name(names, word)? == 1;
            }
            Pattern::MonthName(_) => self.month = Some(reader.name(&MONTHS, word)? as i64 + 1),
            Pattern::MonthShort(_) => self.month = Some(reader.name(&short_months, word)? as i64 + 1),
            Pattern::MonthRoman(_) => self.month = Some(reader.name(&ROMAN_MONTHS, word)? as i64 + 1),
            Pattern::DayName(_) => {
                reader.name(&DAYS, word)?;
            }
            Pattern::DayShort(_) => {
                let names: Vec<&str> = DAYS.iter().map(|name| name.get(..3).unwrap_or(name)).collect();
                let _ = reader.name(&names, word)?;
            }
            Pattern::ZoneHour => {
                if reader.rest.starts_with(['+', '-', ' ']) {
                    reader.skipped = 1;
                    reader.skip_one();
                }
                let negative = reader.skipped > 0 && reader.passed_minus;
                self.zone_sign = if negative { -1 } else { 1 };
                self.zone_hour = Some(reader.integer(2, free, word)?.0);
            }
            Pattern::ZoneMinute => self.zone_minute = reader.integer(2, free, word)?.0,
            _ => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("formatting field \"{word}\" is only supported in to_char"),
                ));
            }
        }
        Ok(())
    }

    fn year_with_comma(&mut self, reader: &mut Reader<'_>, word: &str) -> Result<()> {
        let text = reader.rest;
        let (thousands, after) = text.split_once(',').unwrap_or(("", ""));
        let rest = after.get(..3).and_then(|digits| digits.parse::<i64>().ok());
        let (Ok(thousands), Some(rest)) = (thousands.parse::<i64>(), rest) else {
            return Err(Error::user(
                SqlState::INVALID_DATETIME_FORMAT,
                format!("invalid input string for \"{word}\""),
            ));
        };
        self.year = Some((thousands.clamp(0, 100_000) * 1_000 + rest, 4));
        reader.rest = after.get(3..).unwrap_or("");
        Ok(())
    }

    /// East of UTC, in microseconds, if the text says.
    fn offset(&self) -> Option<i64> {
        self.zone_hour
            .map(|hour| self.zone_sign * (hour * HOUR + self.zone_minute * MINUTE))
    }

    /// The astronomical year.
    fn astronomical_year(&self) -> Option<i64> {
        let year = match (self.year, self.century) {
            (Some((year, digits)), Some(century)) if digits <= 2 => {
                let in_century = year.rem_euclid(100);
                match in_century {
                    _ if century < 0 => century * 100 + in_century,
                    0 => century * 100,
                    _ => (century - 1) * 100 + in_century,
                }
            }
            (Some((year, _)), _) => year,
            (None, Some(century)) if century >= 0 => (century - 1) * 100 + 1,
            (None, Some(century)) => century * 100 + 1,
            (None, None) => return None,
        };
        Some(match self.before_christ {
            true if year > 0 => 1 - year,
            true => year,
            // -44 is 44 BC.
            false if year < 0 => year + 1,
            false => year,
        })
    }

    /// The day number.
    fn days(&self, text: &str) -> Result<i64> {
        if let Some(julian) = self.julian {
            return Ok(julian - JULIAN_EPOCH);
        }
        if let Some(week) = self.iso_week {
            let year = self.iso_year.or_else(|| self.astronomical_year()).unwrap_or(0);
            let day = self.iso_day.unwrap_or(1);
            return Ok(iso_year_start(year) + (week - 1) * 7 + day - 1);
        }
        // Without a year it is the year 1 BC, as Postgres has it.
        let year = self.astronomical_year().or(self.iso_year).unwrap_or(0);
        if !(-5_000..=6_000_000).contains(&year) {
            return Err(out_of_range(text));
        }
        let day_of_year = self
            .day_of_year
            .or_else(|| self.week_of_year.map(|week| (week - 1) * 7 + 1));
        if let (Some(day), None) = (day_of_year, self.month) {
            let longest = if is_leap(year) { 366 } else { 365 };
            if day < 1 || day > longest {
                return Err(out_of_range(text));
            }
            return Ok(days_from_civil(year, 1, 1) + day - 1);
        }
        let month = self.month.unwrap_or(1);
        let day = self
            .day
            .or_else(|| self.week_of_month.map(|week| (week - 1) * 7 + 1))
            .unwrap_or(1);
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return Err(out_of_range(text));
        }
        Ok(days_from_civil(year, month, day))
    }

    /// Microseconds since midnight.
    fn time(&self, text: &str) -> Result<i64> {
        let (mut hour, mut minute, mut second) = (self.hour, self.minute, self.second);
        if let Some(seconds) = self.second_of_day {
            (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        } else if self.twelve_hours || self.afternoon.is_some() {
            if !(1..=12).contains(&hour) {
                let message = format!("hour \"{hour}\" is invalid for the 12-hour clock");
                return Err(stoa_sql::Error::new(SqlState::INVALID_DATETIME_FORMAT, message)
                    .with_hint("Use the 24-hour clock, or give an hour between 1 and 12.")
                    .into());
            }
            hour = match self.afternoon {
                Some(true) if hour < 12 => hour + 12,
                Some(false) if hour == 12 => 0,
                _ => hour,
            };
        }
        let in_range = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        let in_range =
            in_range && (0..=15).contains(&self.zone_hour.unwrap_or(0)) && (0..60).contains(&self.zone_minute);
        if !in_range {
            return Err(out_of_range(text));
        }
        Ok(hour * HOUR + minute * MINUTE + second * SECOND + self.microsecond)
    }

    /// Microseconds since 1970 in local time.
    fn timestamp(&self, text: &str) -> Result<i64> {
        let (days, time) = (self.days(text)?, self.time(text)?);
        days.checked_mul(DAY)
            .and_then(|start| start.checked_add(time))
            .ok_or_else(|| out_of_range(text))
    }
}
