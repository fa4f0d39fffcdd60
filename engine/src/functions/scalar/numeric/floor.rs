//! `floor(number)`

use super::whole_type;
use crate::error::Result;
use crate::functions::cast::decimal::power_of_ten;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Float64Type;

pub(super) static FLOOR: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "floor",
            const { &[signature(&[DOUBLE], returns::double), signature(&[NUMERIC], whole_type)] },
        )
    },
    documentation: documentation(
        "numeric",
        "The nearest whole number that is not above.",
        "floor(-42.8)",
        "-43",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Double {
        let values = call.primitives::<Float64Type>(0)?;
        return call.map_rows::<Float64Type>(|row| Ok(values.value(row).floor()));
    }
    let values = call.numerics(0)?;
    let unit = power_of_ten(values.scale());
    call.map_numerics(|row| Ok(values.value(row).div_euclid(unit)))
}
