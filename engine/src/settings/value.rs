//! Whether a text is a value of a setting, and how the value is shown.

use super::definition::{Definition, Kind};
use crate::catalog::state::is_system_schema;
use crate::error::{Error, Result, SqlState};
use crate::format::DateOrder;
use crate::limits::COMMIT_CAUSE_BYTES_MAX;
use jiff::tz::{Offset, TimeZone};

/// The value as it is kept and shown; `current` is what it was before.
///
/// # Errors
/// 22023 with Postgres's sentence, 0A000 where Postgres would take it.
pub(super) fn normalize(definition: &Definition, value: &str, current: &str) -> Result<String> {
    let name = definition.name;
    match definition.kind {
        Kind::Boolean => match boolean(value) {
            Some(true) => Ok("on".into()),
            Some(false) => Ok("off".into()),
            None => Err(invalid(format!("parameter \"{name}\" requires a Boolean value"))),
        },
        Kind::Integer { minimum, maximum } => {
            let number: i64 = value.trim().parse().map_err(|_| wrong(name, value))?;
            in_range(name, number, minimum, maximum)?;
            Ok(number.to_string())
        }
        Kind::Duration { maximum_ms } => {
            let number = with_unit(value, DURATIONS).ok_or_else(|| wrong_unit(name, value, DURATION_HINT))?;
            in_range(name, number, 0, maximum_ms)?;
            Ok(show_unit(number, DURATIONS))
        }
        Kind::Size { maximum_bytes } => {
            let number = with_unit(value, SIZES).ok_or_else(|| wrong_unit(name, value, SIZE_HINT))?;
            in_range(name, number, 0, maximum_bytes)?;
            Ok(show_unit(number, SIZES))
        }
        Kind::Choice(choices) => choice(name, value, choices),
        Kind::Text => Ok(value.to_owned()),
        Kind::TimeZone => time_zone(value).map(|(name, _)| name).ok_or_else(|| wrong(name, value)),
        Kind::DateStyle => date_style(value, current),
        Kind::Encoding => encoding(value),
        Kind::SearchPath => Ok(value.to_owned()),
        Kind::Token => match value.trim() {
            "" => Ok(String::new()),
            text => {
                let number: i64 = text.parse().map_err(|_| wrong(name, text))?;
                in_range(name, number, 0, i64::MAX)?;
                Ok(number.to_string())
            }
        },
        Kind::Cause => cause(name, value.trim()),
        Kind::AsOf => Ok(value.trim().to_owned()),
        Kind::Passes => passes(name, value),
    }
}

fn cause(name: &str, value: &str) -> Result<String> {
    match value {
        "before" | "after" => Err(invalid(format!(
            "invalid value for parameter \"{name}\": \"{value}\" is what an explanation begins or ends with"
        ))),
        value if value.len() > COMMIT_CAUSE_BYTES_MAX => Err(invalid(format!(
            "invalid value for parameter \"{name}\": it has {} bytes, and {COMMIT_CAUSE_BYTES_MAX} at most are kept with each commit",
            value.len()
        ))),
        value => Ok(value.to_owned()),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn wrong(name: &str, value: &str) -> Error {
    invalid(format!("invalid value for parameter \"{name}\": \"{value}\""))
}

fn wrong_unit(name: &str, value: &str, hint: &str) -> Error {
    let message = format!("invalid value for parameter \"{name}\": \"{value}\"");
    Error::Sql(stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_hint(hint))
}

fn in_range(name: &str, number: i64, minimum: i64, maximum: i64) -> Result<()> {
    match (minimum..=maximum).contains(&number) {
        true => Ok(()),
        false => Err(invalid(format!(
            "{number} is outside the valid range for parameter \"{name}\" ({minimum} .. {maximum})"
        ))),
    }
}

/// A truth value in any of Postgres's spellings.
pub(super) fn boolean(value: &str) -> Option<bool> {
    let value = value.trim().to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    match value.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || value == "on" => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

/// Unit names and how many of the smallest they are, ascending.
type Units = &'static [(&'static str, i64)];

const DURATIONS: Units = &[
    ("ms", 1),
    ("s", 1_000),
    ("min", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];
const DURATION_HINT: &str = "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".";
const SIZES: Units = &[
    ("B", 1),
    ("kB", 1 << 10),
    ("MB", 1 << 20),
    ("GB", 1 << 30),
    ("TB", 1 << 40),
];
const SIZE_HINT: &str = "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".";

/// A number with a unit, in the smallest one; without, it is in the smallest.
pub(super) fn with_unit_ms(value: &str) -> Option<i64> {
    with_unit(value, DURATIONS)
}

/// A size in bytes.
pub(super) fn with_unit_bytes(value: &str) -> Option<i64> {
    with_unit(value, SIZES)
}

fn with_unit(value: &str, units: Units) -> Option<i64> {
    let value = value.trim();
    let end = value
        .find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+')))
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "" => 1.0,
        "us" if units.first()?.0 == "ms" => 0.001,
        unit => units.iter().find(|(name, _)| *name == unit)?.1 as f64,
    };
    let total = (number * factor).round();
    (total.abs() < 9e18).then_some(total as i64)
}

/// In the largest unit that gives a whole number.
fn show_unit(number: i64, units: Units) -> String {
    if number == 0 {
        return "0".into();
    }
    let unit = units.iter().rev().find(|(_, factor)| number % factor == 0);
    unit.map_or_else(
        || number.to_string(),
        |(name, factor)| format!("{}{name}", number / factor),
    )
}

fn choice(name: &str, value: &str, choices: &[&str]) -> Result<String> {
    let found = choices.iter().find(|choice| choice.eq_ignore_ascii_case(value.trim()));
    // on and off may be spelt as truth values.
    let found = found.or_else(|| {
        let word = if boolean(value)? { "on" } else { "off" };
        choices.iter().find(|choice| **choice == word)
    });
    match found {
        Some(choice) => Ok((*choice).to_owned()),
        None => {
            let error = stoa_sql::Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid value for parameter \"{name}\": \"{value}\""),
            );
            Err(Error::Sql(
                error.with_hint(format!("Available values: {}.", choices.join(", "))),
            ))
        }
    }
}

/// A time zone and the name under which it is shown: an IANA name, or hours from UTC.
pub(super) fn time_zone(value: &str) -> Option<(String, TimeZone)> {
    let value = value.trim();
    if let Ok(hours) = value.parse::<f64>() {
        let seconds = (hours * 3_600.0).round();
        if seconds.abs() > 15.0 * 3_600.0 {
            return None;
        }
        let offset = Offset::from_seconds(seconds as i32).ok()?;
        return Some((offset_name(seconds as i32), TimeZone::fixed(offset)));
    }
    if let Some(seconds) = posix_offset(value) {
        let offset = Offset::from_seconds(-seconds).ok()?;
        return Some((value.to_owned(), TimeZone::fixed(offset)));
    }
    if matches!(
        value.to_ascii_uppercase().as_str(),
        "UTC" | "GMT" | "Z" | "ZULU" | "DEFAULT" | "LOCAL"
    ) {
        let name = if value.eq_ignore_ascii_case("GMT") {
            "GMT"
        } else {
            "UTC"
        };
        return Some((name.to_owned(), TimeZone::UTC));
    }
    if let Ok(zone) = TimeZone::get(value) {
        let name = zone.iana_name().unwrap_or(value).to_owned();
        return Some((name, zone));
    }
    // `<+02>-02` as it is shown, and rules such as `EST5EDT`.
    let zone = TimeZone::posix(value).ok()?;
    Some((value.to_owned(), zone))
}

/// `+08:00` and `8:30`: hours and minutes west of Greenwich, as POSIX has them.
fn posix_offset(value: &str) -> Option<i32> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |part: &str| {
        let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// As Postgres shows `SET TIME ZONE 2`: `<+02>-02`.
fn offset_name(seconds: i32) -> String {
    let part = |seconds: i32| {
        let sign = if seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
        match minutes {
            0 => format!("{sign}{hours:02}"),
            minutes => format!("{sign}{hours:02}:{minutes:02}"),
        }
    };
    format!("<{}>{}", part(seconds), part(-seconds))
}

fn date_style(value: &str, current: &str) -> Result<String> {
    let mut order = date_order(current);
    for word in value.split(',').map(str::trim) {
        match word.to_ascii_lowercase().as_str() {
            "iso" | "default" => {}
            "mdy" | "us" | "noneuro" | "noneuropean" => order = DateOrder::MonthDayYear,
            "dmy" | "euro" | "european" => order = DateOrder::DayMonthYear,
            "ymd" => order = DateOrder::YearMonthDay,
            "sql" | "postgres" | "german" => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("DateStyle {word} is not supported: dates are shown as ISO"),
                ));
            }
            _ => return Err(wrong("DateStyle", value)),
        }
    }
    let order = match order {
        DateOrder::MonthDayYear => "MDY",
        DateOrder::DayMonthYear => "DMY",
        DateOrder::YearMonthDay => "YMD",
    };
    Ok(format!("ISO, {order}"))
}

/// The order that a shown `DateStyle` says.
pub(super) fn date_order(style: &str) -> DateOrder {
    match style.rsplit(',').next().map(str::trim) {
        Some("DMY") => DateOrder::DayMonthYear,
        Some("YMD") => DateOrder::YearMonthDay,
        _ => DateOrder::MonthDayYear,
    }
}

fn encoding(value: &str) -> Result<String> {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_uppercase().as_str() {
        "UTF8" | "UNICODE" | "SQLASCII" => Ok("UTF8".into()),
        _ => Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("client encoding \"{value}\" is not supported: only UTF8 is"),
        )),
    }
}

fn passes(name: &str, value: &str) -> Result<String> {
    let known = stoa_sql::pass_names();
    for pass in value.split(',').map(str::trim).filter(|pass| !pass.is_empty()) {
        if pass != "all" && !known.contains(&pass) {
            let error = stoa_sql::Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid value for parameter \"{name}\": \"{value}\""),
            );
            return Err(Error::Sql(
                error.with_hint(format!("The passes are {}.", known.join(", "))),
            ));
        }
    }
    Ok(value.to_owned())
}

/// The schemas that a search path names, `"$user"` replaced; a user who is called like a system schema has none of his own.
pub(super) fn search_path(value: &str, user: &str) -> Vec<String> {
    let mut is_quoted = false;
    value
        .split(|letter| {
            is_quoted ^= letter == '"';
            letter == ',' && !is_quoted
        })
        .map(str::trim)
        .filter(|part| !part.is_empty() && *part != "\"\"")
        .filter_map(|part| {
            let name = part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match name.map_or_else(|| part.to_owned(), |name| name.replace("\"\"", "\"")) {
                variable if variable == "$user" => (!is_system_schema(user)).then(|| user.to_owned()),
                name => Some(name),
            }
        })
        .collect()
}
