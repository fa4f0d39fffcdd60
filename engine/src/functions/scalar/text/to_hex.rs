//! `to_hex(integer)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::{Int32Type, Int64Type};
use std::fmt::Write;

pub(super) static TO_HEX: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "to_hex",
            const {
                &[
                    signature(&[INTEGER], returns::text),
                    signature(&[BIGINT], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "text",
        "The number's bits in hexadecimal digits.",
        "to_hex(2147483647)",
        "7fffffff",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    // Writing to a string does not fail.
    if *call.argument_type(0)? == LogicalType::Integer {
        let values = call.primitives::<Int32Type>(0)?;
        return call.map_texts(|row, out| {
            let _ = write!(out, "{:x}", values.value(row));
            Ok(())
        });
    }
    let values = call.primitives::<Int64Type>(0)?;
    call.map_texts(|row, out| {
        let _ = write!(out, "{:x}", values.value(row));
        Ok(())
    })
}
