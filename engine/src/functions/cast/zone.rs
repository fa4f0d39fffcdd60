//! A time zone's offsets, remembered between neighbouring rows: most rows of a column lie between the same two transitions.
//!
//! A local time that a spring-forward skips is taken with the offset before, one that a fall-back repeats with the offset after,
//! as in Postgres.

use crate::error::{Error, Result, SqlState};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// The microseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000;
/// The microseconds of a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// Converts between UTC and a zone's local time, both in microseconds since 1970-01-01 00:00.
pub(crate) struct ZoneConverter<'a> {
    zone: &'a TimeZone,
    /// The same offset always.
    fixed: Option<i64>,
    /// From when to when in UTC the offset holds.
    known: Option<(i64, i64, i64)>,
}

impl<'a> ZoneConverter<'a> {
    /// For a zone.
    pub(crate) fn new(zone: &'a TimeZone) -> Self {
        let fixed = zone.to_fixed_offset().ok();
        ZoneConverter {
            zone,
            fixed: fixed.map(|offset| i64::from(offset.seconds()) * SECOND),
            known: None,
        }
    }

    /// The offset from UTC at a point in time.
    pub(crate) fn offset_at(&mut self, utc: i64) -> i64 {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        if let Some((from, to, offset)) = self.known
            && from <= utc
            && utc < to
        {
            return offset;
        }
        let at = clamped(utc);
        let offset = i64::from(self.zone.to_offset(at).seconds()) * SECOND;
        let from = self
            .zone
            .preceding(at)
            .next()
            .map_or(i64::MIN, |transition| transition.timestamp().as_microsecond());
        let to = self
            .zone
            .following(at)
            .next()
            .map_or(i64::MAX, |transition| transition.timestamp().as_microsecond());
        // A transition at this very moment is not among the preceding ones.
        self.known = (from < utc && utc < to).then_some((from.saturating_add(1), to, offset));
        offset
    }

    /// The zone's local time at a point in time.
    ///
    /// # Errors
    /// 22008 beyond the range of timestamps.
    pub(crate) fn local_of(&mut self, utc: i64) -> Result<i64> {
        if is_infinite(utc) {
            return Ok(utc);
        }
        utc.checked_add(self.offset_at(utc)).ok_or_else(timestamp_out_of_range)
    }

    /// The point in time at which the zone's clocks show a local time.
    ///
    /// # Errors
    /// 22008 beyond the range of timestamps.
    pub(crate) fn utc_of(&mut self, local: i64) -> Result<i64> {
        if is_infinite(local) {
            return Ok(local);
        }
        let offset = match (self.fixed, self.known) {
            (Some(fixed), _) => fixed,
            // More than a day away from every transition there is no doubt.
            (None, Some((from, to, offset)))
                if local > from.saturating_add(2 * DAY) && local < to.saturating_sub(2 * DAY) =>
            {
                offset
            }
            _ => {
                let offset = self.local_offset(local);
                if let Some(utc) = local.checked_sub(offset) {
                    self.offset_at(utc);
                }
                offset
            }
        };
        local.checked_sub(offset).ok_or_else(timestamp_out_of_range)
    }

    fn local_offset(&self, local: i64) -> i64 {
        let civil: DateTime = TimeZone::UTC.to_datetime(clamped(local));
        let offset = match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => before,
            AmbiguousOffset::Fold { after, .. } => after,
        };
        i64::from(offset.seconds()) * SECOND
    }
}

/// Beyond the years that the time zone library knows, its first and last offsets hold.
fn clamped(utc: i64) -> Timestamp {
    Timestamp::from_microsecond(utc).unwrap_or(match utc < 0 {
        true => Timestamp::MIN,
        false => Timestamp::MAX,
    })
}

/// `infinity` and `-infinity`
#[inline]
pub(crate) fn is_infinite(microseconds: i64) -> bool {
    microseconds == i64::MAX || microseconds == i64::MIN
}

/// That a timestamp is beyond the type's range.
pub(crate) fn timestamp_out_of_range() -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

/// That a date has no timestamp.
pub(crate) fn date_out_of_range_for_timestamp() -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range for timestamp")
}

/// A date's midnight; `infinity` stays so.
///
/// # Errors
/// 22008 beyond the range of timestamps.
#[inline]
pub(crate) fn midnight(days: i32) -> Result<i64> {
    match days {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        days => i64::from(days)
            .checked_mul(DAY)
            .ok_or_else(date_out_of_range_for_timestamp),
    }
}

/// A timestamp's date; `infinity` stays so.
///
/// # Errors
/// 22008 beyond the range of dates.
#[inline]
pub(crate) fn date_of(timestamp: i64) -> Result<i32> {
    match timestamp {
        i64::MAX => Ok(i32::MAX),
        i64::MIN => Ok(i32::MIN),
        timestamp => i32::try_from(timestamp.div_euclid(DAY))
            .map_err(|_| Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range")),
    }
}
