//! `scale(numeric)`: digits behind the point of its type; `min_scale(numeric)`: those the value needs.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

pub(super) static SCALE: ScalarFunction = ScalarFunction {
    info: || immutable("scale", SIGNATURES),
    documentation: documentation("numeric", "Digits behind the point.", "scale(8.4100)", "4"),
    execute: |call| {
        let scale = call.numerics(0)?.scale();
        call.map_rows::<Int32Type>(|_| Ok(scale.into()))
    },
};

pub(super) static MIN_SCALE: ScalarFunction = ScalarFunction {
    info: || immutable("min_scale", SIGNATURES),
    documentation: documentation(
        "numeric",
        "Digits behind the point that are needed.",
        "min_scale(8.4100)",
        "2",
    ),
    execute: min_scale,
};

const SIGNATURES: &[Signature] = &[signature(&[NUMERIC], returns::integer)];

fn min_scale(call: &Call<'_>) -> Result<Value> {
    let values = call.numerics(0)?;
    call.map_rows::<Int32Type>(|row| {
        let (mut value, mut scale) = (values.value(row), i32::from(values.scale()));
        while scale > 0 && value % 10 == 0 {
            value /= 10;
            scale -= 1;
        }
        Ok(scale)
    })
}
