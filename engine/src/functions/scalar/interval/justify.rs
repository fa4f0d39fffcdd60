//! `justify_hours`, `justify_days`, `justify_interval`: 24 hours become a day, 30 days a month, signs become the same.

use crate::calendar::{DAY, interval_of, microseconds_of};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::IntervalMonthDayNanoType;
use arrow_buffer::IntervalMonthDayNano;
use stoa_sql::catalog::Signature;

const CATEGORY: &str = "date and time";
const SIGNATURES: &[Signature] = &[signature(&[INTERVAL], returns::interval)];

pub(super) static JUSTIFY_HOURS: ScalarFunction = ScalarFunction {
    info: || immutable("justify_hours", SIGNATURES),
    documentation: documentation(
        CATEGORY,
        "The interval with every 24 hours as a day.",
        "justify_hours(interval '50 hours 10 minutes')",
        "2 days 02:10:00",
    ),
    execute: |call| justify(call, Parts::justify_hours),
};

pub(super) static JUSTIFY_DAYS: ScalarFunction = ScalarFunction {
    info: || immutable("justify_days", SIGNATURES),
    documentation: documentation(
        CATEGORY,
        "The interval with every 30 days as a month.",
        "justify_days(interval '65 days')",
        "2 mons 5 days",
    ),
    execute: |call| justify(call, Parts::justify_days),
};

pub(super) static JUSTIFY_INTERVAL: ScalarFunction = ScalarFunction {
    info: || immutable("justify_interval", SIGNATURES),
    documentation: documentation(
        CATEGORY,
        "The interval with every 24 hours as a day, every 30 days as a month, and one sign.",
        "justify_interval(interval '1 mon -1 hour')",
        "29 days 23:00:00",
    ),
    execute: |call| justify(call, Parts::justify_interval),
};

/// An interval in numbers that do not overflow on the way.
#[derive(Clone, Copy)]
struct Parts {
    months: i64,
    days: i64,
    time: i64,
}

fn justify(call: &Call<'_>, change: fn(&mut Parts)) -> Result<Value> {
    let intervals = call.primitives::<IntervalMonthDayNanoType>(0)?;
    call.map_rows::<IntervalMonthDayNanoType>(|row| {
        let mut parts = Parts::of(intervals.value(row));
        change(&mut parts);
        interval_of(parts.months, parts.days, parts.time)
    })
}

impl Parts {
    fn of(interval: IntervalMonthDayNano) -> Self {
        Parts {
            months: interval.months.into(),
            days: interval.days.into(),
            time: microseconds_of(interval),
        }
    }

    fn carry_hours(&mut self) {
        self.days += self.time / DAY;
        self.time %= DAY;
    }

    fn carry_days(&mut self) {
        self.months += self.days / 30;
        self.days %= 30;
    }

    /// Days and time of one sign.
    fn align_time(&mut self) {
        if self.days > 0 && self.time < 0 {
            self.time += DAY;
            self.days -= 1;
        } else if self.days < 0 && self.time > 0 {
            self.time -= DAY;
            self.days += 1;
        }
    }

    fn justify_hours(&mut self) {
        self.carry_hours();
        self.align_time();
    }

    fn justify_days(&mut self) {
        self.carry_days();
        if self.months > 0 && self.days < 0 {
            self.days += 30;
            self.months -= 1;
        } else if self.months < 0 && self.days > 0 {
            self.days -= 30;
            self.months += 1;
        }
    }

    fn justify_interval(&mut self) {
        self.carry_hours();
        self.carry_days();
        if self.months > 0 && (self.days < 0 || self.days == 0 && self.time < 0) {
            self.days += 30;
            self.months -= 1;
        } else if self.months < 0 && (self.days > 0 || self.days == 0 && self.time > 0) {
            self.days -= 30;
            self.months += 1;
        }
        self.align_time();
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::interval;
    use crate::functions::scalar::testing::*;

    #[test]
    fn answers() {
        for (name, from, to) in [
            ("justify_days", interval(0, 65, "0:0:0"), interval(2, 5, "0:0:0")),
            ("justify_days", interval(2, -65, "0:0:0"), interval(0, -5, "0:0:0")),
            ("justify_hours", interval(0, 0, "50:20:00"), interval(0, 2, "02:20:00")),
            ("justify_hours", interval(0, 3, "-50:20:00"), interval(0, 0, "21:40:00")),
            (
                "justify_interval",
                interval(1, 0, "-01:00:00"),
                interval(0, 29, "23:00:00"),
            ),
            (
                "justify_interval",
                interval(-1, 0, "01:00:00"),
                interval(0, -29, "-23:00:00"),
            ),
            (
                "justify_interval",
                interval(1, -33, "26:00:00"),
                interval(0, -1, "-22:00:00"),
            ),
        ] {
            check(name, &[from], to);
        }
        let overflow = [interval(i32::MAX, i32::MAX, "0:0:0")];
        check_error("justify_days", &overflow, "22008", "interval out of range");
    }
}
