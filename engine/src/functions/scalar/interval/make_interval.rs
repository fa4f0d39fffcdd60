//! `make_interval(years, months, weeks, days, hours, minutes, seconds)`, the last ones optional

use crate::calendar::{HOUR, MINUTE, interval_of, interval_out_of_range};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, LogicalType};
use arrow_array::types::{Float64Type, Int32Type, IntervalMonthDayNanoType};
use stoa_sql::catalog::NamedParameter;

const fn zero(name: &'static str) -> NamedParameter {
    optional(name, Literal::Integer(0), LogicalType::Integer)
}

pub(super) static MAKE_INTERVAL: ScalarFunction = ScalarFunction {
    info: || {
        let info = immutable(
            "make_interval",
            const {
                &[
                    signature(&[], returns::interval),
                    signature(&[INTEGER], returns::interval),
                    signature(&[INTEGER; 2], returns::interval),
                    signature(&[INTEGER; 3], returns::interval),
                    signature(&[INTEGER; 4], returns::interval),
                    signature(&[INTEGER; 5], returns::interval),
                    signature(&[INTEGER; 6], returns::interval),
                    signature(
                        &[INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, DOUBLE],
                        returns::interval,
                    ),
                ]
            },
        );
        named(
            info,
            const {
                &[
                    zero("years"),
                    zero("months"),
                    zero("weeks"),
                    zero("days"),
                    zero("hours"),
                    zero("mins"),
                    zero("secs"),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "An interval out of years, months, weeks, days, hours, minutes and seconds; the last ones may be left out.",
        "make_interval(1, 2, 3, 4, 5, 6, 7.5)",
        "1 year 2 mons 25 days 05:06:07.5",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let count = call.arguments.len().min(6);
    let integers = (0..count)
        .map(|at| call.primitives::<Int32Type>(at))
        .collect::<Result<Vec<_>>>()?;
    let seconds = match call.arguments.len() {
        7 => Some(call.primitives::<Float64Type>(6)?),
        _ => None,
    };
    call.map_rows::<IntervalMonthDayNanoType>(|row| {
        let field = |at: usize| integers.get(at).map_or(0, |column| i64::from(column.value(row)));
        let second = seconds.as_ref().map_or(0.0, |seconds| seconds.value(row));
        let microseconds = (second * 1e6).round_ties_even();
        if !microseconds.is_finite() || microseconds.abs() >= i64::MAX as f64 {
            return Err(interval_out_of_range());
        }
        let time = (microseconds as i64).checked_add(field(4) * HOUR + field(5) * MINUTE);
        interval_of(
            field(0) * 12 + field(1),
            field(2) * 7 + field(3),
            time.ok_or_else(interval_out_of_range)?,
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::interval;
    use crate::functions::scalar::testing::*;

    #[test]
    fn answers() {
        let mut arguments: Vec<Typed> = [1, 2, 3, 4, 5, 6].map(integer).to_vec();
        arguments.push(double(7.5));
        check("make_interval", &arguments, interval(14, 25, "05:06:07.5"));
        check("make_interval", &[integer(-1), integer(13)], interval(1, 0, "0:0:0"));
        check("make_interval", &[], interval(0, 0, "0:0:0"));
        check_error("make_interval", &[integer(i32::MAX)], "22008", "interval out of range");
        let mut infinite: Vec<Typed> = [0; 6].map(integer).to_vec();
        infinite.push(double(f64::INFINITY));
        check_error("make_interval", &infinite, "22008", "interval out of range");
    }
}
