//! `ln(number)`, `log(number)` and `log10(number)` (to base 10), `log(base, number)`

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::arithmetic::division_by_zero;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;
use stoa_sql::catalog::Signature;

pub(super) static LN: ScalarFunction = ScalarFunction {
    info: || immutable("ln", ONE),
    documentation: documentation("numeric", "The natural logarithm.", "ln(2)", "0.6931471805599453"),
    execute: |call| logarithm(call, f64::ln),
};

pub(super) static LOG10: ScalarFunction = ScalarFunction {
    info: || immutable("log10", ONE),
    documentation: documentation("numeric", "The logarithm to base 10.", "log10(1000)", "3"),
    execute: |call| logarithm(call, f64::log10),
};

pub(super) static LOG: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "log",
            const {
                &[
                    signature(&[DOUBLE], returns::double),
                    signature(&[DOUBLE, DOUBLE], returns::double),
                ]
            },
        )
    },
    documentation: documentation(
        "numeric",
        "The logarithm to base 10, or to the base given first.",
        "log(2, 64)",
        "6",
    ),
    execute: |call| match call.arguments.len() {
        1 => logarithm(call, f64::log10),
        _ => to_base(call),
    },
};

const ONE: &[Signature] = &[signature(&[DOUBLE], returns::double)];

fn checked(value: f64) -> Result<f64> {
    let message = if value == 0.0 {
        "cannot take logarithm of zero"
    } else if value < 0.0 {
        "cannot take logarithm of a negative number"
    } else {
        return Ok(value);
    };
    Err(Error::user(SqlState("2201E"), message))
}

fn logarithm(call: &Call<'_>, of: impl Fn(f64) -> f64) -> Result<Value> {
    let values = call.primitives::<Float64Type>(0)?;
    call.map_rows::<Float64Type>(|row| checked(values.value(row)).map(&of))
}

fn to_base(call: &Call<'_>) -> Result<Value> {
    let (bases, values) = (call.primitives::<Float64Type>(0)?, call.primitives::<Float64Type>(1)?);
    call.map_rows::<Float64Type>(|row| {
        let (base, value) = (checked(bases.value(row))?, checked(values.value(row))?);
        // Exact where the library has the base.
        if base == 2.0 {
            Ok(value.log2())
        } else if base == 10.0 {
            Ok(value.log10())
        } else if base == 1.0 {
            Err(division_by_zero())
        } else {
            Ok(value.ln() / base.ln())
        }
    })
}
