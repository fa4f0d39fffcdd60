//! `isfinite(date | timestamp | timestamptz | interval)`

use crate::calendar::{is_infinite, is_infinite_date};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use stoa_sql::types::LogicalType;

pub(super) static ISFINITE: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "isfinite",
            const {
                &[
                    signature(&[DATE], returns::boolean),
                    signature(&[TIMESTAMP], returns::boolean),
                    signature(&[TIMESTAMPTZ], returns::boolean),
                    signature(&[INTERVAL], returns::boolean),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "Whether a time is neither infinity nor -infinity.",
        "isfinite(date 'infinity')",
        "f",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)? {
        LogicalType::Date => {
            let values = call.primitives::<Date32Type>(0)?;
            call.map_booleans(|row| Ok(!is_infinite_date(values.value(row))))
        }
        LogicalType::Interval => call.map_booleans(|_| Ok(true)),
        _ => {
            let values = call.primitives::<TimestampMicrosecondType>(0)?;
            call.map_booleans(|row| Ok(!is_infinite(values.value(row))))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn answers() {
        check("isfinite", &[date("infinity")], boolean(false));
        check("isfinite", &[timestamp("-infinity")], boolean(false));
        check("isfinite", &[timestamptz("2024-01-01")], boolean(true));
        check("isfinite", &[interval(1, 2, "0:0:0")], boolean(true));
    }
}
