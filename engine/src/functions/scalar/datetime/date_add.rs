//! `date_add(timestamptz, interval [, zone])` and `date_subtract`: sums by the calendar of a zone that need not be the session's.

use super::zone::zone;
use crate::calendar::{Span, ZoneClock, moved};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &[
    signature(&[TIMESTAMPTZ, INTERVAL], returns::timestamptz),
    signature(&[TIMESTAMPTZ, INTERVAL, TEXT], returns::timestamptz),
];

pub(super) static DATE_ADD: ScalarFunction = ScalarFunction {
    info: || stable("date_add", SIGNATURES),
    documentation: documentation(
        "date and time",
        "A moment later by an interval, days and months counted by the calendar of a zone.",
        "date_add(timestamptz '2024-03-30 11:00+00', interval '1 day', 'Europe/Berlin')",
        "2024-03-31 10:00:00+00",
    ),
    execute: |call| shift(call, |span| span),
};

pub(super) static DATE_SUBTRACT: ScalarFunction = ScalarFunction {
    info: || stable("date_subtract", SIGNATURES),
    documentation: documentation(
        "date and time",
        "A moment earlier by an interval, days and months counted by the calendar of a zone.",
        "date_subtract(timestamptz '2024-03-31 10:00+00', interval '1 day', 'Europe/Berlin')",
        "2024-03-30 11:00:00+00",
    ),
    execute: |call| shift(call, |span| -span),
};

fn shift(call: &Call<'_>, step: fn(Span) -> Span) -> Result<Value> {
    let moments = call.primitives::<TimestampMicrosecondType>(0)?;
    let intervals = call.primitives::<IntervalMonthDayNanoType>(1)?;
    if call.arguments.len() == 2 {
        let clock = ZoneClock::new(&call.statement.time_zone);
        return call.map_rows::<TimestampMicrosecondType>(|row| {
            moved(moments.value(row), step(intervals.value(row).into()), Some(&clock))
        });
    }
    let zones = call.texts(2)?;
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let clock = ZoneClock::new(&zone(zones.value(row))?);
        moved(moments.value(row), step(intervals.value(row).into()), Some(&clock))
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn a_zones_day() {
        let (before, after) = (timestamptz("2024-03-30 11:00:00"), timestamptz("2024-03-31 10:00:00"));
        let day = interval(0, 1, "0:0:0");
        let berlin = text("Europe/Berlin");
        check(
            "date_add",
            &[before.clone(), day.clone(), berlin.clone()],
            after.clone(),
        );
        check("date_subtract", &[after.clone(), day.clone(), berlin], before.clone());
        check("date_add", &[before, day.clone()], timestamptz("2024-03-31 11:00:00"));
        check("date_subtract", &[after, day], timestamptz("2024-03-30 10:00:00"));
    }
}
