//! Time zones of instants and of local times, as Postgres resolves them; also far beyond the years that the zone library covers.

use super::calendar::MICROSECONDS_PER_SECOND;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::cell::Cell;

/// Seconds of 400 years, after which the calendar repeats, weekdays included, and with it every rule of a time zone.
const SECONDS_PER_ERA: i64 = 146_097 * 86_400;

/// The second (since 1970 UTC) after which the zone library's answers are taken from an era earlier: in the year 9500.
const COVERED_SECONDS_MAX: i64 = 237_600_000_000;

/// The second before which they are taken from an era later: in the year -9500. Postgres's timestamps begin long after.
const COVERED_SECONDS_MIN: i64 = -361_900_000_000;

/// The same second of a year that the zone library covers.
fn covered(seconds: i64) -> i64 {
    if seconds > COVERED_SECONDS_MAX {
        seconds - (seconds - COVERED_SECONDS_MAX + SECONDS_PER_ERA - 1) / SECONDS_PER_ERA * SECONDS_PER_ERA
    } else if seconds < COVERED_SECONDS_MIN {
        seconds + (COVERED_SECONDS_MIN - seconds + SECONDS_PER_ERA - 1) / SECONDS_PER_ERA * SECONDS_PER_ERA
    } else {
        seconds
    }
}

/// Seconds that local time is ahead of UTC at an instant (microseconds since 1970 UTC).
pub(crate) fn offset_at(zone: &TimeZone, instant: i64) -> i32 {
    let seconds = covered(instant.div_euclid(MICROSECONDS_PER_SECOND));
    match Timestamp::from_second(seconds) {
        Ok(timestamp) => zone.to_offset(timestamp).seconds(),
        Err(_) => 0,
    }
}

/// Seconds that local time is ahead of UTC when clocks show a local time (microseconds since 1970, as if it were UTC).
///
/// A time that clocks skip is read with the offset before the gap, one that they show twice is the later of both: standard
/// time in both cases, as Postgres has it.
pub(crate) fn offset_of_local(zone: &TimeZone, local: i64) -> i32 {
    if let Ok(fixed) = zone.to_fixed_offset() {
        return fixed.seconds();
    }
    let seconds = covered(local.div_euclid(MICROSECONDS_PER_SECOND));
    let Some(local) = local_datetime(seconds) else { return 0 };
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
        AmbiguousOffset::Gap { before, .. } => before.seconds(),
        AmbiguousOffset::Fold { after, .. } => after.seconds(),
    }
}

/// Local seconds as the zone library's civil time.
fn local_datetime(seconds: i64) -> Option<DateTime> {
    let timestamp = Timestamp::from_second(seconds).ok()?;
    Some(TimeZone::UTC.to_datetime(timestamp))
}

/// Offsets of instants that come in no particular order but mostly near each other.
#[derive(Debug)]
pub(crate) struct OffsetCache<'a> {
    zone: &'a TimeZone,
    /// Seconds from (inclusive) and to (exclusive) which the offset holds, and the offset.
    known: Cell<(i64, i64, i32)>,
}

impl<'a> OffsetCache<'a> {
    /// A cache for a zone.
    pub(crate) fn new(zone: &'a TimeZone) -> Self {
        let known = match zone.to_fixed_offset() {
            Ok(offset) => (i64::MIN, i64::MAX, offset.seconds()),
            Err(_) => (0, 0, 0),
        };
        OffsetCache {
            zone,
            known: Cell::new(known),
        }
    }

    /// See [`offset_at`].
    #[inline]
    pub(crate) fn offset_at(&self, instant: i64) -> i32 {
        let seconds = instant.div_euclid(MICROSECONDS_PER_SECOND);
        let (from, to, offset) = self.known.get();
        if from <= seconds && seconds < to {
            return offset;
        }
        self.look_up(seconds)
    }

    #[cold]
    fn look_up(&self, seconds: i64) -> i32 {
        let Ok(timestamp) = Timestamp::from_second(covered(seconds)) else {
            return 0;
        };
        let offset = self.zone.to_offset(timestamp).seconds();
        if (COVERED_SECONDS_MIN..=COVERED_SECONDS_MAX).contains(&seconds) {
            // From a second later, because "preceding" leaves out a transition at the instant itself.
            let after = timestamp
                .checked_add(jiff::SignedDuration::from_secs(1))
                .unwrap_or(timestamp);
            let from = self.zone.preceding(after).next();
            let to = self.zone.following(timestamp).next();
            let from = from.map_or(COVERED_SECONDS_MIN, |transition| transition.timestamp().as_second());
            let to = to.map_or(COVERED_SECONDS_MAX, |transition| transition.timestamp().as_second());
            self.known.set((from, to, offset));
        }
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn gaps_and_folds_are_standard_time() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let cases = [
            ("2024-03-10T01:59:59Z", -5 * 3600),
            ("2024-03-10T02:30:00Z", -5 * 3600),
            ("2024-03-10T03:00:00Z", -4 * 3600),
            ("2024-11-03T00:59:59Z", -4 * 3600),
            ("2024-11-03T01:30:00Z", -5 * 3600),
            ("2024-11-03T02:00:00Z", -5 * 3600),
        ];
        for (local, offset) in cases {
            assert_eq!(offset_of_local(&zone, seconds(local) * 1_000_000), offset, "{local}");
        }
    }

    #[test]
    fn the_cache_answers_as_the_zone() {
        for name in [
            "America/New_York",
            "Europe/Berlin",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "UTC",
        ] {
            let zone = TimeZone::get(name).unwrap();
            let cache = OffsetCache::new(&zone);
            for step in -4_000..8_000_i64 {
                let instant = (step * 1_234_567 + 1_710_000_000) * 1_000_000;
                assert_eq!(cache.offset_at(instant), offset_at(&zone, instant), "{name} {instant}");
            }
            for transition in zone.following(Timestamp::UNIX_EPOCH).take(100) {
                let at = transition.timestamp().as_microsecond();
                for instant in [at - 1, at, at + 1] {
                    assert_eq!(cache.offset_at(instant), offset_at(&zone, instant), "{name} {instant}");
                }
            }
        }
    }

    #[test]
    fn years_beyond_the_library_repeat_the_calendar() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let july = seconds("2424-07-01T00:00:00Z") + 100 * SECONDS_PER_ERA;
        let january = seconds("2424-01-01T00:00:00Z") + 100 * SECONDS_PER_ERA;
        assert_eq!(offset_at(&zone, july * 1_000_000), 7200);
        assert_eq!(offset_at(&zone, january * 1_000_000), 3600);
    }
}
