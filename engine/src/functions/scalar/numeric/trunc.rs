//! `trunc(number)`, `trunc(numeric, places)`: towards zero.

use super::round::to_places;
use super::whole_type;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Float64Type;

pub(super) static TRUNC: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "trunc",
            const {
                &[
                    signature(&[DOUBLE], returns::double),
                    signature(&[NUMERIC], whole_type),
                    signature(&[NUMERIC, INTEGER], returns::first),
                ]
            },
        )
    },
    documentation: documentation(
        "numeric",
        "The number without its fraction, or with so many places of it.",
        "trunc(42.4382, 2)",
        "42.43",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Double {
        let values = call.primitives::<Float64Type>(0)?;
        return call.map_rows::<Float64Type>(|row| Ok(values.value(row).trunc()));
    }
    to_places(call, |value, unit| value / unit)
}
