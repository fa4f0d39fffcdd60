//! Dates and times of a path, which `.datetime()` makes of strings: their forms, their order, their text.

use super::error::{Failure, INVALID_DATETIME_ARGUMENT};
use crate::calendar::{DAY, SECOND, ZoneClock};
use crate::error::{Error, SqlState};
use crate::format::text::text_out::datetime::{write_date, write_time, write_timestamp};
use crate::functions::StatementContext;
use crate::functions::scalar::datetime::template_read::{Standard, read_standard};
use std::cmp::Ordering;

/// A date or time. Microseconds; offsets in seconds east of UTC, as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Datetime {
    /// Days since 1970.
    Date(i64),
    Time(i64),
    TimeTz(i64, i64),
    Timestamp(i64),
    /// The instant, and the offset that its text has.
    TimestampTz(i64, i64),
}

/// The forms that are tried where no template is given: a date, a time, a timestamp, with zone or without.
const TEMPLATES: [&str; 19] = [
    "yyyy-mm-dd",
    "HH24:MI:SS.USTZH:TZM",
    "HH24:MI:SS.USTZH",
    "HH24:MI:SSTZH:TZM",
    "HH24:MI:SSTZH",
    "HH24:MI:SS.US",
    "HH24:MI:SS",
    "yyyy-mm-dd HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd HH24:MI:SS.USTZH",
    "yyyy-mm-dd HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd HH24:MI:SSTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SS.USTZH",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH:TZM",
    "yyyy-mm-dd\"T\"HH24:MI:SSTZH",
    "yyyy-mm-dd HH24:MI:SS.US",
    "yyyy-mm-dd HH24:MI:SS",
    "yyyy-mm-dd\"T\"HH24:MI:SS.US",
    "yyyy-mm-dd\"T\"HH24:MI:SS",
];

impl Datetime {
    /// What a string says, by a template or by the first of the usual forms that fits.
    pub(super) fn read(text: &str, template: Option<&str>) -> Result<Datetime, Failure> {
        if let Some(template) = template {
            return read_standard(text, template)
                .and_then(classified)
                .map_err(Failure::Item);
        }
        let mut readings = TEMPLATES.iter().map(|template| read_standard(text, template));
        match readings.find_map(|reading| reading.and_then(classified).ok()) {
            Some(datetime) => Ok(datetime),
            None => {
                let message = format!("datetime format is not recognized: \"{text}\"");
                let error = stoa_sql::Error::new(INVALID_DATETIME_ARGUMENT, message)
                    .with_hint("Use a datetime template argument to specify the input data format.");
                Err(Failure::Item(error.into()))
            }
        }
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Datetime::Date(_) => "date",
            Datetime::Time(_) => "time without time zone",
            Datetime::TimeTz(..) => "time with time zone",
            Datetime::Timestamp(_) => "timestamp without time zone",
            Datetime::TimestampTz(..) => "timestamp with time zone",
        }
    }

    /// In the short words of Postgres's message.
    fn short_name(&self) -> &'static str {
        match self {
            Datetime::Date(_) => "date",
            Datetime::Time(_) => "time",
            Datetime::TimeTz(..) => "timetz",
            Datetime::Timestamp(_) => "timestamp",
            Datetime::TimestampTz(..) => "timestamptz",
        }
    }

    /// As JSON has it: `2024-02-29T10:00:00+01:00`
    pub(super) fn written(&self) -> String {
        let mut out = Vec::new();
        let timestamp = |local: i64, out: &mut Vec<u8>| {
            write_timestamp(local, out);
            if let Some(blank) = out.iter_mut().find(|byte| **byte == b' ') {
                *blank = b'T';
            }
        };
        match self {
            Datetime::Date(days) => write_date(i32::try_from(*days).unwrap_or(i32::MAX), &mut out),
            Datetime::Time(time) => write_time(*time, &mut out),
            Datetime::TimeTz(time, offset) => {
                write_time(*time, &mut out);
                out.extend_from_slice(written_offset(*offset).as_bytes());
            }
            Datetime::Timestamp(local) => timestamp(*local, &mut out),
            Datetime::TimestampTz(instant, offset) => {
                timestamp(instant.saturating_add(offset * SECOND), &mut out);
                out.extend_from_slice(written_offset(*offset).as_bytes());
            }
        }
        String::from_utf8(out).unwrap_or_default()
    }

    /// Their order; `None` for a date beside a time and kin.
    ///
    /// # Errors
    /// 0A000 where only a time zone makes them comparable, and none may be used.
    pub(super) fn compare(
        &self,
        other: &Datetime,
        zone: Option<&StatementContext>,
    ) -> Result<Option<Ordering>, Failure> {
        use Datetime::{Date, Time, TimeTz, Timestamp, TimestampTz};
        Ok(match (self, other) {
            (Date(one), Date(other)) => Some(one.cmp(other)),
            (Time(one), Time(other)) => Some(one.cmp(other)),
            (Date(_) | Timestamp(_), Date(_) | Timestamp(_)) => Some(self.local().cmp(&other.local())),
            (TimestampTz(one, _), TimestampTz(other, _)) => Some(one.cmp(other)),
            (TimestampTz(one, _), Date(_) | Timestamp(_)) => Some(one.cmp(&other.instant(zone, self)?)),
            (Date(_) | Timestamp(_), TimestampTz(other_instant, _)) => {
                Some(self.instant(zone, other)?.cmp(other_instant))
            }
            (Time(_) | TimeTz(..), Time(_) | TimeTz(..)) => {
                let (one, other) = (self.zoned_time(zone, other)?, other.zoned_time(zone, self)?);
                let of_utc = |(time, offset): (i64, i64)| time - offset * SECOND;
                // The same time counts as later where the zone lies further west.
                Some(of_utc(one).cmp(&of_utc(other)).then(other.1.cmp(&one.1)))
            }
            _ => None,
        })
    }

    /// A date or timestamp as microseconds since 1970 in local time.
    fn local(&self) -> i64 {
        match self {
            Datetime::Date(days) => days.saturating_mul(DAY),
            Datetime::Timestamp(local) => *local,
            _ => 0,
        }
    }

    /// A date or timestamp of the session's time zone as an instant.
    fn instant(&self, zone: Option<&StatementContext>, wanted: &Datetime) -> Result<i64, Failure> {
        let statement = zone.ok_or_else(|| self.needs_zone(wanted))?;
        Ok(ZoneClock::new(&statement.time_zone).instant_of(self.local()))
    }

    /// A time with its offset: that of the session's time zone on the day of the transaction where it has none.
    fn zoned_time(&self, zone: Option<&StatementContext>, wanted: &Datetime) -> Result<(i64, i64), Failure> {
        let time = match self {
            Datetime::TimeTz(time, offset) => return Ok((*time, *offset)),
            Datetime::Time(time) => *time,
            _ => 0,
        };
        let statement = zone.ok_or_else(|| self.needs_zone(wanted))?;
        let clock = ZoneClock::new(&statement.time_zone);
        let today = clock.local_time(statement.transaction_time).div_euclid(DAY) * DAY;
        let local = today + time;
        Ok((time, (local - clock.instant_of(local)) / SECOND))
    }

    fn needs_zone(&self, wanted: &Datetime) -> Failure {
        let (from, to) = (self.short_name(), wanted.short_name());
        let message = format!("cannot convert value from {from} to {to} without time zone usage");
        let error = stoa_sql::Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
            .with_hint("Use *_tz() function for time zone support.");
        Failure::Statement(error.into())
    }
}

/// By what the template asks for.
fn classified(standard: Standard) -> Result<Datetime, Error> {
    let offset = standard.offset.unwrap_or(0) / SECOND;
    let fails = |message: &str| Err(Error::user(SqlState::INVALID_DATETIME_FORMAT, message));
    match (standard.days, standard.time, standard.offset) {
        (Some(days), Some(time), zone) => {
            let local = days.saturating_mul(DAY).saturating_add(time);
            Ok(match zone {
                Some(zone) => Datetime::TimestampTz(local.saturating_sub(zone), offset),
                None => Datetime::Timestamp(local),
            })
        }
        (Some(_), None, Some(_)) => fails("datetime format is zoned but not timed"),
        (Some(days), None, None) => Ok(Datetime::Date(days)),
        (None, Some(time), Some(_)) => Ok(Datetime::TimeTz(time, offset)),
        (None, Some(time), None) => Ok(Datetime::Time(time)),
        (None, None, _) => fails("datetime format is not dated and not timed"),
    }
}

/// `+01:00`
fn written_offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match seconds {
        0 => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
    }
}
