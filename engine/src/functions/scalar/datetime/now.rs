//! `now()`, `transaction_timestamp()`, `statement_timestamp()`, `clock_timestamp()`, `timeofday()`. The binder makes the words without
//! parentheses (`CURRENT_DATE`, `LOCALTIMESTAMP` ..) of `now()`.

use super::names::{DAYS, MONTHS};
use crate::calendar::{ZoneClock, civil, split, weekday_from_sunday};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, LogicalType, array_of};
use stoa_storage::clock::{Clock, SystemClock};

const CATEGORY: &str = "date and time";

pub(super) static NOW: ScalarFunction = ScalarFunction {
    info: || stable("now", const { &[signature(&[], returns::timestamptz)] }),
    documentation: documentation(
        CATEGORY,
        "The time at which the transaction began.",
        "now()",
        "2024-02-03 04:05:06+00",
    ),
    execute: transaction_time,
};

pub(super) static TRANSACTION_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "transaction_timestamp",
            const { &[signature(&[], returns::timestamptz)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "The time at which the transaction began.",
        "transaction_timestamp()",
        "2024-02-03 04:05:06+00",
    ),
    execute: transaction_time,
};

pub(super) static STATEMENT_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || stable("statement_timestamp", const { &[signature(&[], returns::timestamptz)] }),
    documentation: documentation(
        CATEGORY,
        "The time at which the statement began.",
        "statement_timestamp()",
        "2024-02-03 04:05:06+00",
    ),
    execute: statement_time,
};

pub(super) static CLOCK_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || volatile("clock_timestamp", const { &[signature(&[], returns::timestamptz)] }),
    documentation: documentation(
        CATEGORY,
        "The time now, which moves on while a statement runs.",
        "clock_timestamp()",
        "2024-02-03 04:05:06.789+00",
    ),
    execute: clock_time,
};

pub(super) static TIMEOFDAY: ScalarFunction = ScalarFunction {
    info: || volatile("timeofday", const { &[signature(&[], returns::text)] }),
    documentation: documentation(
        CATEGORY,
        "The time now, as text.",
        "timeofday()",
        "Sat Feb 03 04:05:06.789000 2024 UTC",
    ),
    execute: time_of_day,
};

fn constant(literal: Literal, data_type: &LogicalType) -> Result<Value> {
    Ok(Value::Constant(array_of(&literal, data_type)?))
}

fn transaction_time(call: &Call<'_>) -> Result<Value> {
    constant(Literal::Timestamp(call.statement.transaction_time), call.return_type)
}

fn statement_time(call: &Call<'_>) -> Result<Value> {
    constant(Literal::Timestamp(call.statement.statement_time), call.return_type)
}

fn wall_clock() -> i64 {
    SystemClock.now()
}

fn clock_time(call: &Call<'_>) -> Result<Value> {
    constant(Literal::Timestamp(wall_clock()), call.return_type)
}

fn time_of_day(call: &Call<'_>) -> Result<Value> {
    let now = wall_clock();
    let clock = ZoneClock::new(&call.statement.time_zone);
    let (days, time) = split(clock.local_time(now));
    let date = civil(days);
    let short = |names: &[&'static str], at: i64| names.get(at as usize).and_then(|name| name.get(..3)).unwrap_or("");
    let weekday = short(&DAYS, weekday_from_sunday(days));
    let month = short(&MONTHS, date.month - 1);
    let seconds = time / 1_000_000;
    let text = format!(
        "{weekday} {month} {:02} {:02}:{:02}:{:02}.{:06} {:04} {}",
        date.day,
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        time % 1_000_000,
        date.year,
        clock.abbreviation(now)
    );
    constant(Literal::Text(text), call.return_type)
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::Literal;

    #[test]
    fn times_of_the_statement() {
        for name in ["now", "transaction_timestamp", "statement_timestamp"] {
            check(name, &[], timestamptz("2024-02-03 04:05:06"));
        }
    }

    #[test]
    fn the_clock_moves_on() {
        let Ok((Literal::Timestamp(first), _)) = evaluate("clock_timestamp", &[]) else {
            panic!("no time");
        };
        let Ok((Literal::Timestamp(second), _)) = evaluate("clock_timestamp", &[]) else {
            panic!("no time");
        };
        assert!(first > instant("2024-01-01") && second >= first);
        let Ok((Literal::Text(text), _)) = evaluate("timeofday", &[]) else {
            panic!("no text");
        };
        assert!(text.ends_with(" UTC") && text.len() == 35, "{text}");
    }
}
