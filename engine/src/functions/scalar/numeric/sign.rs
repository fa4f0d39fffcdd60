//! `sign(number)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Float64Type;

pub(super) static SIGN: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "sign",
            const { &[signature(&[DOUBLE], returns::double), signature(&[NUMERIC], one_digit)] },
        )
    },
    documentation: documentation("numeric", "-1, 0 or 1.", "sign(-8.4)", "-1"),
    execute,
};

fn one_digit(_types: &[LogicalType]) -> LogicalType {
    LogicalType::Numeric { precision: 1, scale: 0 }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Double {
        let values = call.primitives::<Float64Type>(0)?;
        return call.map_rows::<Float64Type>(|row| {
            let value = values.value(row);
            Ok(if value > 0.0 {
                1.0
            } else if value < 0.0 {
                -1.0
            } else {
                // Of NaN, too.
                0.0
            })
        });
    }
    let values = call.numerics(0)?;
    call.map_numerics(|row| Ok(values.value(row).signum()))
}
