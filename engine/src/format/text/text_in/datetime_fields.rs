//! A date's or time's text, taken apart into fields: what each stretch means given what came before. The order of day, month and year is the session's unless a word or a long year decides it.

use super::datetime_tokens::{TOKENS_MAX, Token, span, split};
use super::datetime_words::{Special, Word, look_up};
use super::error::DateTimeProblem;
use crate::calendar::{DAY, HOUR, JULIAN_EPOCH, SECOND, days_from_civil, days_in_month};
use crate::format::DateOrder;
use jiff::tz::TimeZone;

type Result<T> = std::result::Result<T, DateTimeProblem>;

/// Hours that a zone may be ahead of or behind UTC.
const DISPLACEMENT_HOURS_MAX: i64 = 15;

/// A time zone as the text names it.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// Seconds ahead of UTC.
    Offset(i32),
    /// By its name.
    Named(TimeZone),
}

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) special: Option<Special>,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    julian_day: Option<i64>,
    /// The month was a word.
    has_month_name: bool,
    /// The year has two digits at most.
    year_is_short: bool,
    before_christ: Option<bool>,
    afternoon: Option<bool>,
    /// Microseconds since midnight.
    pub(super) time: Option<i64>,
    pub(super) zone: Option<Zone>,
}

/// What a number is read as that may be a date or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A date, until there is one.
    Date,
    /// A time, until there is one.
    Time,
}

/// What kind of field a prefix (`J`, `T`) asks for next.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    Any,
    Julian,
    Time,
}

/// Takes a text apart.
pub(super) fn decode(text: &str, order: DateOrder, wanted: Wanted) -> Result<Fields> {
    let lower = text.to_ascii_lowercase();
    let mut tokens = [Token::Number(""); TOKENS_MAX];
    let count = split(&lower, &mut tokens)?;
    let mut decoder = Decoder {
        fields: Fields::default(),
        order,
        expected: Expected::Any,
        wanted,
    };
    for token in &tokens[..count] {
        decoder.take(*token)?;
    }
    if decoder.expected != Expected::Any || count == 0 {
        return Err(DateTimeProblem::Format);
    }
    decoder.fields.finish()
}

struct Decoder {
    fields: Fields,
    order: DateOrder,
    wanted: Wanted,
    expected: Expected,
}

impl Decoder {
    fn take(&mut self, token: Token<'_>) -> Result<()> {
        match token {
            Token::Date(text) => self.take_date(text),
            Token::Time(text) => {
                self.expected = match self.expected {
                    Expected::Julian => return Err(DateTimeProblem::Format),
                    _ => Expected::Any,
                };
                let time = clock_time(text)?;
                self.set_time(time)
            }
            Token::Offset(text) => {
                let offset = displacement(text)?;
                self.set_zone(Zone::Offset(offset))
            }
            Token::Number(text) => self.take_number(text),
            Token::Word(text) => self.take_word(text),
        }
    }

    fn set_time(&mut self, time: i64) -> Result<()> {
        match self.fields.time.replace(time) {
            None => Ok(()),
            Some(_) => Err(DateTimeProblem::Format),
        }
    }

    fn set_zone(&mut self, zone: Zone) -> Result<()> {
        match self.fields.zone.replace(zone) {
            None => Ok(()),
            Some(_) => Err(DateTimeProblem::Format),
        }
    }

    fn take_date(&mut self, text: &str) -> Result<()> {
        // `040506-08`, where a time is wanted.
        let is_time = self.wanted == Wanted::Time
            && self.fields.time.is_none()
            && text.matches(['-', '+']).count() == 1
            && text.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        let lacks_date = !(self.fields.month.is_some() && self.fields.day.is_some());
        if self.expected == Expected::Any && lacks_date && !is_time {
            let begins_with_letter = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
            if self.fields.time.is_some() && begins_with_letter && text.contains('/') {
                return self.take_zone_name(text);
            }
            return self.take_date_parts(text);
        }
        if text.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) {
            // A time run together, and its offset: `101112-08`.
            let at = text.find(['-', '+']).ok_or(DateTimeProblem::Format)?;
            let (time, zone) = text.split_at(at);
            self.expected = Expected::Any;
            self.set_zone(Zone::Offset(displacement(zone)?))?;
            return self.take_run_together(time, true);
        }
        self.take_zone_name(text)
    }

    fn take_zone_name(&mut self, text: &str) -> Result<()> {
        let zone = named_zone(text).ok_or_else(|| DateTimeProblem::UnknownZone(text.to_owned()))?;
        self.set_zone(zone)
    }

    /// Parts of a date: words first, because they leave no doubt, then the numbers in their order.
    fn take_date_parts(&mut self, text: &str) -> Result<()> {
        if self.fields.has_date() || self.fields.special.is_some() {
            return Err(DateTimeProblem::Format);
        }
        let mut parts = [""; 3];
        let mut count = 0;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            at += span(&bytes[at..], |byte| !byte.is_ascii_alphanumeric());
            let rest = &bytes[at..];
            let length = match rest.first() {
                None => return Err(DateTimeProblem::Format),
                Some(b'0'..=b'9') => span(rest, |byte| byte.is_ascii_digit()),
                Some(_) => span(rest, |byte| byte.is_ascii_alphabetic()),
            };
            *parts.get_mut(count).ok_or(DateTimeProblem::Format)? = &text[at..at + length];
            count += 1;
            at += length;
        }
        let parts = &parts[..count];
        let is_number = |part: &&&str| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        for part in parts.iter().filter(|part| !is_number(part)) {
            match look_up(part) {
                Some(Word::Month(month)) if self.fields.month.is_none() => {
                    self.fields.month = Some(month.into());
                    self.fields.has_month_name = true;
                }
                Some(Word::Noise) => {}
                _ => return Err(DateTimeProblem::Format),
            }
        }
        for part in parts.iter().filter(is_number) {
            self.take_date_number(part)?;
        }
        match self.fields.has_date() {
            true => Ok(()),
            false => Err(DateTimeProblem::Format),
        }
    }

    fn take_number(&mut self, text: &str) -> Result<()> {
        match std::mem::replace(&mut self.expected, Expected::Any) {
            Expected::Julian => return self.take_julian(text),
            Expected::Time => return self.take_run_together(text, true),
            Expected::Any => {}
        }
        let point = text.find('.');
        let wants_time = self.wanted == Wanted::Time && self.fields.time.is_none();
        let has_date = wants_time || self.fields.has_date() || self.fields.special.is_some();
        if wants_time && point.is_none() && matches!(text.len(), 4 | 6) {
            return self.take_run_together(text, true);
        }
        match point {
            Some(at) if !has_date && at <= 4 && self.fields.is_dateless() => self.take_date_parts(text),
            Some(at) if at > 2 => self.take_run_together(text, has_date),
            None if text.len() >= 6 && (!has_date || self.fields.time.is_none()) => {
                self.take_run_together(text, has_date)
            }
            Some(_) => Err(DateTimeProblem::Format),
            None => self.take_date_number(text),
        }
    }

    fn take_julian(&mut self, text: &str) -> Result<()> {
        let (day, fraction) = text.split_once('.').unwrap_or((text, ""));
        let day: i64 = day.parse().map_err(|_| DateTimeProblem::Field)?;
        self.fields.julian_day = Some(day);
        if !fraction.is_empty() {
            let of_day: f64 = format!("0.{fraction}").parse().map_err(|_| DateTimeProblem::Format)?;
            self.set_time((of_day * DAY as f64) as i64)?;
        }
        Ok(())
    }

    /// A number of a date, by what is known already.
    fn take_date_number(&mut self, text: &str) -> Result<()> {
        let value: i64 = match text.parse() {
            Ok(value) if value <= i64::from(i32::MAX) => value,
            Ok(_) => return Err(DateTimeProblem::Field),
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => return Err(DateTimeProblem::Field),
            Err(_) => return Err(DateTimeProblem::Format),
        };
        let fields = &mut self.fields;
        let length = text.len();
        let known = (fields.year.is_some(), fields.month.is_some(), fields.day.is_some());
        if length == 3 && known == (true, false, false) && (1..=366).contains(&value) {
            fields.day_of_year = Some(value);
            return Ok(());
        }
        if fields.julian_day.is_some() || fields.day_of_year.is_some() {
            return self.take_run_together(text, true);
        }
        match known {
            (false, false, false) if length >= 3 || self.order == DateOrder::YearMonthDay => {
                fields.set_year(value, length)
            }
            (false, false, false) if self.order == DateOrder::DayMonthYear => fields.day = Some(value),
            (false, false, false) | (true, false, false) | (false, false, true) => fields.month = Some(value),
            (false, true, false) if fields.has_month_name => {
                match length >= 3 || self.order == DateOrder::YearMonthDay {
                    true => fields.set_year(value, length),
                    false => fields.day = Some(value),
                }
            }
            (false, true, false) => fields.day = Some(value),
            (true, true, false) if fields.has_month_name && length >= 3 && fields.year_is_short => {
                // What looked like a year was the day: `08-Jan-1999` where the year comes first.
                fields.day = fields.year;
                fields.set_year(value, length);
            }
            (true, true, false) => fields.day = Some(value),
            (false, true, true) => fields.set_year(value, length),
            (true, true, true) => return self.take_run_together(text, true),
            (true, false, true) => return Err(DateTimeProblem::Format),
        }
        Ok(())
    }

    /// `20240105`, `240105`, `101112`, `1011`, `101112.5`
    fn take_run_together(&mut self, text: &str, has_date: bool) -> Result<()> {
        let (digits, fraction) = match text.find('.') {
            Some(at) => (&text[..at], Some(&text[at..])),
            None => (text, None),
        };
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateTimeProblem::Format);
        }
        let number = |from: usize, to: usize| digits[from..to].parse::<i64>().map_err(|_| DateTimeProblem::Field);
        let length = digits.len();
        if fraction.is_none() && !has_date && length >= 6 {
            let (year, month, day) = (
                number(0, length - 4)?,
                number(length - 4, length - 2)?,
                number(length - 2, length)?,
            );
            if !self.fields.is_dateless() {
                return Err(DateTimeProblem::Format);
            }
            self.fields.set_year(year, length - 4);
            self.fields.month = Some(month);
            self.fields.day = Some(day);
            return Ok(());
        }
        let (hour, minute, second) = match length {
            6 => (number(0, 2)?, number(2, 4)?, number(4, 6)?),
            4 => (number(0, 2)?, number(2, 4)?, 0),
            _ => return Err(DateTimeProblem::Format),
        };
        let time = time_of(hour, minute, second, fraction.map_or(Ok(0), fraction_microseconds)?)?;
        self.set_time(time)
    }

    fn take_word(&mut self, text: &str) -> Result<()> {
        if self.expected != Expected::Any {
            return Err(DateTimeProblem::Format);
        }
        let fields = &mut self.fields;
        match look_up(text) {
            Some(Word::Month(month)) => {
                // A number before it was taken for the month, but it was the day.
                if let (Some(day), false, None) = (fields.month, fields.has_month_name, fields.day) {
                    fields.day = Some(day);
                } else if fields.month.is_some() {
                    return Err(DateTimeProblem::Format);
                }
                fields.month = Some(month.into());
                fields.has_month_name = true;
            }
            Some(Word::Noise) => {}
            Some(Word::Meridiem { afternoon }) => fields.afternoon = Some(afternoon),
            Some(Word::Era { before_christ }) => fields.before_christ = Some(before_christ),
            Some(Word::TimeFollows) => self.expected = Expected::Time,
            Some(Word::JulianFollows) => self.expected = Expected::Julian,
            Some(Word::DaylightSaving) => match &mut fields.zone {
                Some(Zone::Offset(seconds)) => *seconds += 3_600,
                _ => return Err(DateTimeProblem::Format),
            },
            Some(Word::Special(special)) => {
                if special == Special::AllBalls {
                    self.set_time(0)?;
                    return self.set_zone(Zone::Offset(0));
                }
                if fields.special.is_some() || !fields.is_dateless() {
                    return Err(DateTimeProblem::Format);
                }
                fields.special = Some(special);
            }
            Some(Word::Zone { minutes }) => return self.set_zone(Zone::Offset(minutes * 60)),
            None => {
                let zone = named_zone(text).ok_or(DateTimeProblem::Format)?;
                return self.set_zone(zone);
            }
        }
        Ok(())
    }
}

impl Fields {
    fn has_date(&self) -> bool {
        self.julian_day.is_some()
            || (self.year.is_some() && (self.day_of_year.is_some() || (self.month.is_some() && self.day.is_some())))
    }

    fn is_dateless(&self) -> bool {
        self.year.is_none() && self.month.is_none() && self.day.is_none() && self.julian_day.is_none()
    }

    fn set_year(&mut self, year: i64, digits: usize) {
        self.year = Some(year);
        self.year_is_short = digits <= 2;
    }

    /// What can only be decided once everything is known.
    fn finish(mut self) -> Result<Self> {
        let has_part = self.year.is_some() || self.month.is_some() || self.day.is_some();
        if has_part && (self.julian_day.is_some() || (!self.has_date() && self.special.is_some())) {
            return Err(DateTimeProblem::Format);
        }
        if let Some(afternoon) = self.afternoon {
            let time = self.time.ok_or(DateTimeProblem::Format)?;
            let hour = time / HOUR;
            let half_day = DAY / 2;
            self.time = Some(match (afternoon, hour) {
                (_, 13..) => return Err(DateTimeProblem::Field),
                (true, 12) => time,
                (true, _) => time + half_day,
                (false, 12) => time - half_day,
                (false, _) => time,
            });
        }
        match self.special {
            // `now` and the others that say it all.
            Some(Special::Now | Special::Epoch | Special::Infinity | Special::MinusInfinity)
                if self.time.is_some() || !self.is_dateless() =>
            {
                Err(DateTimeProblem::Format)
            }
            _ => Ok(self),
        }
    }

    /// Days since 1970.
    pub(super) fn days(&self) -> Result<i64> {
        if let Some(day) = self.julian_day {
            return Ok(day - JULIAN_EPOCH);
        }
        if !self.has_date() {
            // A field that cannot be what it was taken for is reported first.
            let is_month = self.month.is_none_or(|month| (1..=12).contains(&month));
            let is_day = self.day.is_none_or(|day| (1..=31).contains(&day));
            return Err(match is_month && is_day {
                true => DateTimeProblem::Format,
                false => DateTimeProblem::MonthOrDay,
            });
        }
        let year = self.astronomical_year()?;
        if let Some(day) = self.day_of_year {
            return Ok(days_from_civil(year, 1, 1) + day - 1);
        }
        let (month, day) = (self.month.unwrap_or(0), self.day.unwrap_or(0));
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(DateTimeProblem::MonthOrDay);
        }
        match day <= days_in_month(year, month) {
            true => Ok(days_from_civil(year, month, day)),
            false => Err(DateTimeProblem::Field),
        }
    }

    fn astronomical_year(&self) -> Result<i64> {
        let year = self.year.ok_or(DateTimeProblem::Format)?;
        if self.before_christ == Some(true) {
            return if year > 0 {
                Ok(1 - year)
            } else {
                Err(DateTimeProblem::Field)
            };
        }
        match year {
            0..70 if self.year_is_short => Ok(year + 2_000),
            70..100 if self.year_is_short => Ok(year + 1_900),
            1.. => Ok(year),
            _ => Err(DateTimeProblem::Field),
        }
    }
}

/// `10:00`, `10:00:00`, `10:00:00.5`; two fields with a fraction are minutes and seconds.
fn clock_time(text: &str) -> Result<i64> {
    let (clock, fraction) = match text.find('.') {
        Some(at) => (&text[..at], Some(fraction_microseconds(&text[at..])?)),
        None => (text, None),
    };
    let mut parts = [0_i64; 3];
    let mut count = 0;
    for part in clock.split(':') {
        let value = match part {
            // `10:` is 10:00.
            "" if count > 0 => 0,
            part => part.parse().map_err(|_| DateTimeProblem::Format)?,
        };
        *parts.get_mut(count).ok_or(DateTimeProblem::Format)? = value;
        count += 1;
    }
    match (count, fraction) {
        (2, Some(fraction)) => time_of(0, parts[0], parts[1], fraction),
        (2 | 3, fraction) => time_of(parts[0], parts[1], parts[2], fraction.unwrap_or(0)),
        _ => Err(DateTimeProblem::Format),
    }
}

/// Microseconds since midnight; 24:00:00 and a 60th second are taken.
fn time_of(hour: i64, minute: i64, second: i64, microsecond: i64) -> Result<i64> {
    if !(0..=24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return Err(DateTimeProblem::Field);
    }
    let time = (hour * 3_600 + minute * 60 + second) * SECOND + microsecond;
    match time <= DAY {
        true => Ok(time),
        false => Err(DateTimeProblem::Field),
    }
}

/// The microseconds of `.123456`, rounded.
pub(super) fn fraction_microseconds(text: &str) -> Result<i64> {
    let digits = text.strip_prefix('.').unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DateTimeProblem::Format);
    }
    if digits.is_empty() {
        return Ok(0);
    }
    let fraction: f64 = format!("0.{digits}").parse().map_err(|_| DateTimeProblem::Format)?;
    Ok((fraction * SECOND as f64).round_ties_even() as i64)
}

/// The seconds of `+05`, `-03:30`, `+0530`, `+00:53:28`.
fn displacement(text: &str) -> Result<i32> {
    let negative = text.starts_with('-');
    let text = text.trim_start_matches(['+', '-']).trim_start();
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or("");
    let number = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
        true => part.parse::<i64>().map_err(|_| DateTimeProblem::Displacement),
        false => Err(DateTimeProblem::Format),
    };
    let (mut hours, mut minutes, mut seconds) = (number(first)?, 0, 0);
    match parts.next() {
        Some(part) => {
            minutes = number(part)?;
            seconds = parts.next().map_or(Ok(0), number)?;
        }
        None if first.len() > 2 => {
            minutes = hours % 100;
            hours /= 100;
        }
        None => {}
    }
    if parts.next().is_some() {
        return Err(DateTimeProblem::Format);
    }
    if hours > DISPLACEMENT_HOURS_MAX || minutes > 59 || seconds > 59 {
        return Err(DateTimeProblem::Displacement);
    }
    let offset = (hours * 3_600 + minutes * 60 + seconds) as i32;
    Ok(if negative { -offset } else { offset })
}

/// A zone of the time zone database, or one in POSIX form (`utc+3`, `est5edt`).
fn named_zone(name: &str) -> Option<Zone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(Zone::Named(zone));
    }
    let has_digits = name.bytes().any(|byte| byte.is_ascii_digit());
    let zone = has_digits.then(|| TimeZone::posix(&name.to_ascii_uppercase()))?;
    Some(Zone::Named(zone.ok()?))
}
