//! `timezone(zone, time)`, which AT TIME ZONE means: a timestamp read as local time of the zone, an instant as the zone's local time.

use super::zone::{fixed, zone};
use crate::calendar::{SECOND, ZoneClock, microseconds_of};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_buffer::IntervalMonthDayNano;
use stoa_sql::types::LogicalType;

pub(super) static TIMEZONE: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "timezone",
            const {
                &[
                    signature(&[TEXT, TIMESTAMP], returns::timestamptz),
                    signature(&[TEXT, TIMESTAMPTZ], returns::timestamp),
                    signature(&[INTERVAL, TIMESTAMP], returns::timestamptz),
                    signature(&[INTERVAL, TIMESTAMPTZ], returns::timestamp),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "A time read in, or moved to, a time zone: what AT TIME ZONE calls.",
        "timezone('Europe/Berlin', timestamp '2024-07-01 12:00')",
        "2024-07-01 10:00:00+00",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    let zoned = *call.argument_type(1)? == LogicalType::TimestampTz;
    let convert = |clock: &ZoneClock, value: i64| match zoned {
        true => clock.to_local(value),
        false => clock.to_instant(value),
    };
    if *call.argument_type(0)? == LogicalType::Interval {
        let offsets = call.primitives::<IntervalMonthDayNanoType>(0)?;
        return call.map_rows::<TimestampMicrosecondType>(|row| {
            convert(&offset_clock(offsets.value(row))?, values.value(row))
        });
    }
    let zones = call.texts(0)?;
    let mut clock: Option<(&str, ZoneClock)> = None;
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let name = zones.value(row);
        let clock = match &mut clock {
            Some((known, clock)) if *known == name => clock,
            other => &mut other.insert((name, ZoneClock::new(&zone(name)?))).1,
        };
        convert(clock, values.value(row))
    })
}

/// A zone so far east of UTC.
fn offset_clock(offset: IntervalMonthDayNano) -> Result<ZoneClock> {
    let shown = || {
        let mut text = Vec::new();
        let settings = crate::format::FormatSettings::default();
        let array: arrow_array::ArrayRef =
            std::sync::Arc::new(arrow_array::IntervalMonthDayNanoArray::from(vec![offset]));
        crate::format::text::ColumnWriter::new(&array, &LogicalType::Interval, &settings).write(0, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    };
    if offset.months != 0 || offset.days != 0 {
        return Err(Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("interval time zone \"{}\" must not include months or days", shown()),
        ));
    }
    let zone = fixed(microseconds_of(offset) / SECOND).ok_or_else(|| {
        Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("time zone \"{}\" not recognized", shown()),
        )
    })?;
    Ok(ZoneClock::new(&zone))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn to_instants_and_to_local_times() {
        for (zone, local, instant) in [
            (text("Europe/Berlin"), "2024-07-01 12:00:00", "2024-07-01 10:00:00"),
            (text("europe/berlin"), "2024-01-01 12:00:00", "2024-01-01 11:00:00"),
            (text("EST"), "2019-12-31 19:00:00", "2020-01-01 00:00:00"),
            (text("+03:00"), "2019-12-31 21:00:00", "2020-01-01 00:00:00"),
            (text("EST5EDT"), "2020-06-30 20:00:00", "2020-07-01 00:00:00"),
            (interval(0, 0, "03:00:00"), "2024-07-01 12:00:00", "2024-07-01 09:00:00"),
            (
                interval(0, 0, "-03:30:00"),
                "2024-07-01 08:30:00",
                "2024-07-01 12:00:00",
            ),
            (text("UTC"), "infinity", "infinity"),
        ] {
            check("timezone", &[zone.clone(), timestamp(local)], timestamptz(instant));
            check("timezone", &[zone, timestamptz(instant)], timestamp(local));
        }
    }

    #[test]
    fn zones_that_are_none() {
        let value = timestamp("2024-01-01");
        check_error(
            "timezone",
            &[text("foo"), value],
            "22023",
            "time zone \"foo\" not recognized",
        );
    }
}
