//! Time zones by the names that functions take. What their clocks show is in [`crate::calendar`].

use crate::error::{Error, Result, SqlState};
use jiff::tz::{Offset, TimeZone};

/// The zone's name, abbreviation or POSIX form as a zone; `+3` counts westward, as POSIX and Postgres have it.
///
/// # Errors
/// 22023 where there is no such zone.
pub(crate) fn zone(name: &str) -> Result<TimeZone> {
    find_zone(name).ok_or_else(|| {
        Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("time zone \"{name}\" not recognized"),
        )
    })
}

fn find_zone(name: &str) -> Option<TimeZone> {
    let trimmed = name.trim();
    if let Some(minutes) = abbreviation(trimmed) {
        return fixed(i64::from(minutes) * 60);
    }
    let is_name = trimmed.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_name && let Ok(zone) = TimeZone::get(trimmed) {
        return Some(zone);
    }
    posix_fixed(trimmed).or_else(|| TimeZone::posix(trimmed).ok())
}

/// A zone of seconds east of UTC.
pub(crate) fn fixed(seconds: i64) -> Option<TimeZone> {
    let offset = Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
    Some(TimeZone::fixed(offset))
}

/// Minutes east of UTC of the abbreviations Postgres knows by default, as far as they are in use.
fn abbreviation(name: &str) -> Option<i32> {
    const ABBREVIATIONS: &[(&str, i32)] = &[
        ("acdt", 630),
        ("acst", 570),
        ("adt", -180),
        ("aedt", 660),
        ("aest", 600),
        ("akdt", -480),
        ("akst", -540),
        ("art", -180),
        ("ast", -240),
        ("awst", 480),
        ("bdst", 120),
        ("brst", -120),
        ("brt", -180),
        ("bst", 60),
        ("cadt", 630),
        ("cast", 570),
        ("cdt", -300),
        ("cest", 120),
        ("cet", 60),
        ("clst", -180),
        ("clt", -240),
        ("cot", -300),
        ("cst", -360),
        ("eat", 180),
        ("edt", -240),
        ("eest", 180),
        ("eet", 120),
        ("est", -300),
        ("gmt", 0),
        ("gst", 240),
        ("hkt", 480),
        ("hst", -600),
        ("ict", 420),
        ("idt", 180),
        ("ist", 120),
        ("jst", 540),
        ("kst", 540),
        ("mdt", -360),
        ("mest", 120),
        ("met", 60),
        ("msd", 240),
        ("msk", 180),
        ("mst", -420),
        ("myt", 480),
        ("ndt", -150),
        ("nst", -210),
        ("nzdt", 780),
        ("nzst", 720),
        ("pdt", -420),
        ("pet", -300),
        ("pht", 480),
        ("pkt", 300),
        ("pst", -480),
        ("sgt", 480),
        ("ut", 0),
        ("utc", 0),
        ("uct", 0),
        ("uyt", -180),
        ("wat", 60),
        ("west", 60),
        ("wet", 0),
        ("wib", 420),
        ("z", 0),
        ("zulu", 0),
    ];
    let found = ABBREVIATIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, minutes)| *minutes)
}

/// `UTC+3`, `<abc>-02:30`, `+03:00`, `3`: an optional name and the hours west of UTC.
fn posix_fixed(text: &str) -> Option<TimeZone> {
    let rest = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?.1,
        None => text.trim_start_matches(|character: char| character.is_ascii_alphabetic()),
    };
    let (sign, digits) = match rest.as_bytes().first()? {
        b'-' => (1, rest.get(1..)?),
        b'+' => (-1, rest.get(1..)?),
        _ => (-1, rest),
    };
    let mut seconds = 0;
    let mut parts = 0;
    for (part, unit) in digits.split(':').zip([3_600, 60, 1]) {
        if part.is_empty() || part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        seconds += part.parse::<i64>().ok()? * unit;
        parts += 1;
    }
    let complete = parts == digits.split(':').count();
    (complete && seconds <= 167 * 3_600).then(|| fixed(sign * seconds))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{HOUR, ZoneClock};

    #[test]
    fn names_abbreviations_and_posix_forms() {
        for (name, hours) in [
            ("UTC", 0),
            ("+03:00", -3),
            ("UTC+3", -3),
            ("EST", -5),
            ("3", -3),
            ("msk", 3),
            ("-02", 2),
            ("<xy>-4", 4),
        ] {
            let clock = ZoneClock::new(&zone(name).unwrap());
            assert_eq!(clock.fixed_offset(), Some(hours * HOUR), "{name}");
        }
        assert!(ZoneClock::new(&zone("europe/berlin").unwrap()).fixed_offset().is_none());
        for name in ["", "Foo/Bar", "+", "UTC+1:", "UTC+x"] {
            assert_eq!(
                zone(name).unwrap_err().to_string(),
                format!("time zone \"{name}\" not recognized")
            );
        }
    }
}
