//! `ceil(number)`, `ceiling(number)`

use super::whole_type;
use crate::error::Result;
use crate::functions::cast::decimal::power_of_ten;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Float64Type;
use stoa_sql::catalog::Signature;

pub(super) static CEIL: ScalarFunction = ScalarFunction {
    info: || immutable("ceil", SIGNATURES),
    documentation: documentation(
        "numeric",
        "The nearest whole number that is not below.",
        "ceil(-42.8)",
        "-42",
    ),
    execute,
};

pub(super) static CEILING: ScalarFunction = ScalarFunction {
    info: || immutable("ceiling", SIGNATURES),
    documentation: documentation(
        "numeric",
        "The nearest whole number that is not below.",
        "ceiling(95.3)",
        "96",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[signature(&[DOUBLE], returns::double), signature(&[NUMERIC], whole_type)];

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Double {
        let values = call.primitives::<Float64Type>(0)?;
        return call.map_rows::<Float64Type>(|row| Ok(values.value(row).ceil()));
    }
    let values = call.numerics(0)?;
    let unit = power_of_ten(values.scale());
    call.map_numerics(|row| {
        let value = values.value(row);
        Ok(value.div_euclid(unit) + i128::from(value.rem_euclid(unit) != 0))
    })
}
