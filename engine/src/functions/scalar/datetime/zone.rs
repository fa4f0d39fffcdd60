//! Time zones: names to rules, and instants to local times and back, fast over columns. No clock, no session.
//!
//! Between two transitions of a zone lies a stretch of one offset. A column's neighbours mostly share a stretch, so a [`ZoneClock`]
//! remembers the one it was in (a row then costs two comparisons) and all it has seen (a search in a short list).

use super::calendar::{DAY, SECOND};
use crate::error::{Error, Result, SqlState};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

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

/// Microseconds as an instant the zone rules know; beyond the years they cover, the nearest one.
fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(if microseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn offset_microseconds(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// The instants from one transition (included) to the next, with their offset east of UTC, all in microseconds.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: i64,
    until: i64,
    offset: i64,
}

/// A zone that answers for many instants.
#[derive(Clone, Debug)]
pub(crate) struct ZoneClock {
    zone: TimeZone,
    fixed: Option<i64>,
    current: Stretch,
    /// Seen so far, in order, apart from each other.
    seen: Vec<Stretch>,
}

impl ZoneClock {
    pub(crate) fn new(zone: &TimeZone) -> Self {
        let fixed = zone.to_fixed_offset().ok().map(offset_microseconds);
        let current = match fixed {
            Some(offset) => Stretch {
                from: i64::MIN,
                until: i64::MAX,
                offset,
            },
            None => Stretch {
                from: 0,
                until: 0,
                offset: 0,
            },
        };
        ZoneClock {
            zone: zone.clone(),
            fixed,
            current,
            seen: Vec::new(),
        }
    }

    /// The offset of all instants, in microseconds east of UTC, if there is but one.
    pub(crate) fn fixed_offset(&self) -> Option<i64> {
        self.fixed
    }

    /// Microseconds east of UTC at an instant.
    #[inline]
    pub(crate) fn offset(&mut self, timestamp: i64) -> i64 {
        if timestamp < self.current.from || timestamp >= self.current.until {
            self.seek(timestamp);
        }
        self.current.offset
    }

    /// The local time of an instant.
    #[inline]
    pub(crate) fn local_time(&mut self, timestamp: i64) -> i64 {
        timestamp.saturating_add(self.offset(timestamp))
    }

    #[cold]
    fn seek(&mut self, timestamp: i64) {
        if self.fixed.is_some() {
            return;
        }
        let place = self.seen.partition_point(|stretch| stretch.from <= timestamp);
        if let Some(stretch) = place.checked_sub(1).and_then(|before| self.seen.get(before))
            && timestamp < stretch.until
        {
            self.current = *stretch;
            return;
        }
        let microseconds = |transition: Timestamp| transition.as_microsecond();
        let at = instant(timestamp);
        let mut before = self.zone.preceding(instant(timestamp.saturating_add(1)));
        let mut after = self.zone.following(at);
        self.current = Stretch {
            from: before
                .next()
                .map_or(i64::MIN, |transition| microseconds(transition.timestamp())),
            until: after
                .next()
                .map_or(i64::MAX, |transition| microseconds(transition.timestamp())),
            offset: offset_microseconds(self.zone.to_offset(at)),
        };
        self.seen.insert(place, self.current);
    }

    /// The instant of a local time. A time that a change skips is read with the offset before the change, one that happens
    /// twice with the offset after it, as Postgres does.
    #[inline]
    pub(crate) fn instant_of(&mut self, local: i64) -> i64 {
        let guess = local.saturating_sub(self.current.offset);
        if self.is_sure(guess) {
            guess
        } else {
            self.resolve(local)
        }
    }

    /// More than a day away from both transitions nothing is ambiguous.
    #[inline]
    fn is_sure(&self, guess: i64) -> bool {
        guess >= self.current.from.saturating_add(DAY) && guess < self.current.until.saturating_sub(DAY)
    }

    #[cold]
    fn resolve(&mut self, local: i64) -> i64 {
        if let Some(offset) = self.fixed {
            return local.saturating_sub(offset);
        }
        self.seek(local.saturating_sub(self.current.offset));
        let guess = local.saturating_sub(self.current.offset);
        if self.is_sure(guess) {
            return guess;
        }
        let datetime = Offset::UTC.to_datetime(instant(local));
        let offset = match self.zone.to_ambiguous_timestamp(datetime).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => before,
            AmbiguousOffset::Fold { after, .. } => after,
        };
        local.saturating_sub(offset_microseconds(offset))
    }

    /// The abbreviation in use at an instant: `CET`, `UTC`; empty where the zone has none but its offset.
    pub(crate) fn abbreviation(&self, timestamp: i64) -> String {
        let info = self.zone.to_offset_info(instant(timestamp));
        let abbreviation = info.abbreviation();
        match abbreviation.starts_with(|first: char| first.is_ascii_alphabetic()) {
            true => abbreviation.to_owned(),
            false => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(year: i64, month: i64, day: i64, hour: i64) -> i64 {
        super::super::calendar::days_from_civil(year, month, day) * DAY + hour * 3_600 * SECOND
    }

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
            assert_eq!(clock.fixed_offset(), Some(hours * 3_600 * SECOND), "{name}");
        }
        assert!(ZoneClock::new(&zone("europe/berlin").unwrap()).fixed_offset().is_none());
        for name in ["", "Foo/Bar", "+", "UTC+1:", "UTC+x"] {
            assert_eq!(
                zone(name).unwrap_err().to_string(),
                format!("time zone \"{name}\" not recognized")
            );
        }
    }

    #[test]
    fn a_clock_answers_as_the_rules_do_in_any_order() {
        for name in [
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Antarctica/Troll",
        ] {
            let rules = zone(name).unwrap();
            let mut clock = ZoneClock::new(&rules);
            let mut at = -9_000_000_000_000_000_i64;
            for _ in 0..20_000 {
                at = at
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let timestamp = at % 9_000_000_000_000_000;
                assert_eq!(
                    clock.offset(timestamp),
                    offset_microseconds(rules.to_offset(instant(timestamp)))
                );
                let local = clock.local_time(timestamp);
                let mut fresh = ZoneClock::new(&rules);
                assert_eq!(clock.instant_of(local), fresh.instant_of(local), "{name} {local}");
            }
        }
    }

    #[test]
    fn skipped_times_take_the_offset_before_and_repeated_times_the_one_after() {
        let mut clock = ZoneClock::new(&zone("Europe/Berlin").unwrap());
        assert_eq!(clock.instant_of(local(2024, 3, 31, 2)), local(2024, 3, 31, 1));
        assert_eq!(clock.instant_of(local(2024, 10, 27, 2)), local(2024, 10, 27, 1));
        assert_eq!(clock.instant_of(local(2024, 7, 1, 0)), local(2024, 6, 30, 22));
    }
}
