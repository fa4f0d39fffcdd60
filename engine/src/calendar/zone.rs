//! Instants and the local times of a zone, as Postgres resolves them, fast over columns; also far beyond the years that the zone
//! library covers. Knows zones by their rules only, never by a name.
//!
//! Between two transitions of a zone lies a stretch of one offset. A column's neighbours mostly share a stretch, so a [`ZoneClock`]
//! remembers the one it was in (a row then costs two comparisons) and all it has seen (a search in a short list).

use super::{DAY, SECOND, checked_timestamp, is_infinite, split};
use crate::error::Result;
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::cell::{Cell, RefCell};

/// Microseconds of 400 years, after which the calendar repeats, weekdays included, and with it every rule of a time zone.
const ERA: i64 = 146_097 * DAY;

/// The instant, in the year 9500, after which the zone library's answers are taken from eras earlier.
const COVERED_MAX: i64 = 237_600_000_000 * SECOND;

/// How far before a moment lies the same one of a year that the zone library covers: a multiple of [`ERA`].
fn eras_beyond(moment: i64) -> i64 {
    match moment > COVERED_MAX {
        true => (moment - COVERED_MAX + ERA - 1) / ERA * ERA,
        false => 0,
    }
}

/// Microseconds as an instant of the zone library; before the years it covers, the first one.
fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MIN)
}

fn offset_microseconds(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

/// Microseconds that a zone is ahead of UTC when its clocks show a local time. A time that a change skips is read with the offset
/// before the change, one that happens twice with the offset after it, as Postgres does.
///
/// For single values: a [`ZoneClock`] remembers.
pub(crate) fn offset_of_local(zone: &TimeZone, local: i64) -> i64 {
    if let Ok(fixed) = zone.to_fixed_offset() {
        return offset_microseconds(fixed);
    }
    let datetime = Offset::UTC.to_datetime(instant(local - eras_beyond(local)));
    offset_microseconds(match zone.to_ambiguous_timestamp(datetime).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } => before,
        AmbiguousOffset::Fold { after, .. } => after,
    })
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
    current: Cell<Stretch>,
    /// Seen so far, in order.
    seen: RefCell<Vec<Stretch>>,
}

impl ZoneClock {
    pub(crate) fn new(zone: &TimeZone) -> Self {
        let fixed = zone.to_fixed_offset().ok().map(offset_microseconds);
        let (from, until) = match fixed {
            Some(_) => (i64::MIN, i64::MAX),
            None => (0, 0),
        };
        ZoneClock {
            zone: zone.clone(),
            fixed,
            current: Cell::new(Stretch {
                from,
                until,
                offset: fixed.unwrap_or(0),
            }),
            seen: RefCell::default(),
        }
    }

    /// The offset of all instants, in microseconds east of UTC, if there is but one.
    pub(crate) fn fixed_offset(&self) -> Option<i64> {
        self.fixed
    }

    /// Microseconds east of UTC at an instant.
    #[inline]
    pub(crate) fn offset(&self, timestamp: i64) -> i64 {
        let current = self.current.get();
        if current.from <= timestamp && timestamp < current.until {
            return current.offset;
        }
        self.seek(timestamp)
    }

    #[cold]
    fn seek(&self, timestamp: i64) -> i64 {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let mut seen = self.seen.borrow_mut();
        let place = seen.partition_point(|stretch| stretch.from <= timestamp);
        let known = place.checked_sub(1).and_then(|before| seen.get(before));
        let stretch = match known.filter(|stretch| timestamp < stretch.until) {
            Some(stretch) => *stretch,
            None => {
                let stretch = self.stretch_at(timestamp);
                seen.insert(place, stretch);
                stretch
            }
        };
        self.current.set(stretch);
        stretch.offset
    }

    fn stretch_at(&self, timestamp: i64) -> Stretch {
        let beyond = eras_beyond(timestamp);
        let at = instant(timestamp - beyond);
        // "Preceding" leaves out a transition at the instant itself.
        let mut before = self.zone.preceding(instant(timestamp - beyond + 1));
        let mut after = self.zone.following(at);
        let moment = |transition: Timestamp| transition.as_microsecond().saturating_add(beyond);
        Stretch {
            from: before.next().map_or(i64::MIN, |change| moment(change.timestamp())),
            until: after.next().map_or(i64::MAX, |change| moment(change.timestamp())),
            offset: offset_microseconds(self.zone.to_offset(at)),
        }
    }

    /// The local time of an instant, for its fields: at the ends of the range it may be no timestamp.
    #[inline]
    pub(crate) fn local_time(&self, timestamp: i64) -> i64 {
        timestamp.saturating_add(self.offset(timestamp))
    }

    /// The day and the time of day that the clock shows at an instant, exact for all of them.
    #[inline]
    pub(crate) fn local_day_and_time(&self, timestamp: i64) -> (i64, i64) {
        let offset = self.offset(timestamp);
        if let Some(local) = timestamp.checked_add(offset) {
            return split(local);
        }
        let beyond = offset.signum();
        let (day, time) = split(timestamp - beyond * DAY + offset);
        (day + beyond, time)
    }

    /// The local time of an instant as a timestamp; `infinity` stays so.
    ///
    /// # Errors
    /// 22008 where the local time is no timestamp.
    #[inline]
    pub(crate) fn to_local(&self, timestamp: i64) -> Result<i64> {
        match is_infinite(timestamp) {
            true => Ok(timestamp),
            false => checked_timestamp(timestamp.checked_add(self.offset(timestamp))),
        }
    }

    /// The instant of a local time as a timestamp; `infinity` stays so.
    ///
    /// # Errors
    /// 22008 where the instant is no timestamp.
    #[inline]
    pub(crate) fn to_instant(&self, local: i64) -> Result<i64> {
        match is_infinite(local) {
            true => Ok(local),
            false => checked_timestamp(Some(self.instant_of(local))),
        }
    }

    /// The instant of a local time, see [`offset_of_local`]; at the ends of the range it may be no timestamp.
    #[inline]
    pub(crate) fn instant_of(&self, local: i64) -> i64 {
        let current = self.current.get();
        let guess = local.saturating_sub(current.offset);
        match current.is_sure(guess) {
            true => guess,
            false => self.resolve(local),
        }
    }

    #[cold]
    fn resolve(&self, local: i64) -> i64 {
        let guess = local.saturating_sub(self.offset(local.saturating_sub(self.current.get().offset)));
        match self.fixed.is_some() || self.current.get().is_sure(guess) {
            true => guess,
            false => local.saturating_sub(offset_of_local(&self.zone, local)),
        }
    }

    /// The abbreviation in use at an instant: `CET`, `UTC`; empty where the zone has none but its offset.
    pub(crate) fn abbreviation(&self, timestamp: i64) -> String {
        let info = self.zone.to_offset_info(instant(timestamp - eras_beyond(timestamp)));
        let abbreviation = info.abbreviation();
        match abbreviation.starts_with(|first: char| first.is_ascii_alphabetic()) {
            true => abbreviation.to_owned(),
            false => String::new(),
        }
    }
}

impl Stretch {
    /// More than a day away from both transitions nothing is ambiguous.
    #[inline]
    fn is_sure(&self, guess: i64) -> bool {
        guess >= self.from.saturating_add(DAY) && guess < self.until.saturating_sub(DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{HOUR, TIMESTAMP_INFINITY, TIMESTAMP_MAX, TIMESTAMP_MIN};

    fn moment(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn clock(name: &str) -> ZoneClock {
        ZoneClock::new(&TimeZone::get(name).unwrap())
    }

    #[test]
    fn a_clock_answers_as_the_rules_do_in_any_order() {
        for name in [
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "Antarctica/Troll",
            "UTC",
        ] {
            let clock = clock(name);
            let rules = clock.zone.clone();
            let check = |timestamp: i64| {
                assert_eq!(
                    clock.offset(timestamp),
                    offset_microseconds(rules.to_offset(instant(timestamp))),
                    "{name} {timestamp}"
                );
                let local = clock.local_time(timestamp);
                assert_eq!(
                    clock.instant_of(local),
                    local - offset_of_local(&rules, local),
                    "{name} {local}"
                );
            };
            let mut at = -9_000_000_000_000_000_i64;
            for _ in 0..20_000 {
                at = at
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                check(at % 9_000_000_000_000_000);
            }
            for change in rules.following(Timestamp::UNIX_EPOCH).take(100) {
                let at = change.timestamp().as_microsecond();
                [at - 1, at, at + 1].into_iter().for_each(check);
            }
        }
    }

    #[test]
    fn skipped_times_take_the_offset_before_and_repeated_times_the_one_after() {
        for (local, hours) in [
            ("2024-03-10T01:59:59Z", -5),
            ("2024-03-10T02:30:00Z", -5),
            ("2024-03-10T03:00:00Z", -4),
            ("2024-11-03T00:59:59Z", -4),
            ("2024-11-03T01:30:00Z", -5),
            ("2024-11-03T02:00:00Z", -5),
        ] {
            let (clock, local) = (clock("America/New_York"), moment(local));
            assert_eq!(clock.instant_of(local), local - hours * HOUR);
        }
    }

    #[test]
    fn years_beyond_the_library_repeat_the_calendar() {
        let clock = clock("Europe/Berlin");
        for (year_2424, hours) in [("2424-07-01T00:00:00Z", 2), ("2424-01-01T00:00:00Z", 1)] {
            for eras in [17, 18, 19, 100, 700] {
                let (at, offset) = (moment(year_2424) + eras * ERA, hours * HOUR);
                assert_eq!(clock.offset(at), offset);
                assert_eq!(clock.instant_of(at), at - offset);
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        let clock = clock("Asia/Tokyo");
        let (day, time) = split(TIMESTAMP_MAX);
        assert_eq!(clock.local_day_and_time(TIMESTAMP_MAX), (day, time + 9 * HOUR));
        assert!(clock.to_local(TIMESTAMP_MAX).is_err());
        assert!(clock.to_instant(TIMESTAMP_MIN).is_err());
        assert_eq!(clock.to_local(TIMESTAMP_INFINITY).unwrap(), TIMESTAMP_INFINITY);
    }
}
