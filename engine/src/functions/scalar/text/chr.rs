//! `chr(integer)`: the character of a code point.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static CHR: ScalarFunction = ScalarFunction {
    info: || immutable("chr", const { &[signature(&[INTEGER], returns::text)] }),
    documentation: documentation("text", "The character with that code point.", "chr(65)", "A"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let codes = call.primitives::<Int32Type>(0)?;
    call.map_texts(|row, out| {
        out.push(character(codes.value(row))?);
        Ok(())
    })
}

fn character(code: i32) -> Result<char> {
    let limit = |message: String| Error::user(SqlState::PROGRAM_LIMIT_EXCEEDED, message);
    match u32::try_from(code) {
        Err(_) => Err(Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            "character number must be positive",
        )),
        Ok(0) => Err(limit("null character not permitted".to_owned())),
        Ok(code) if code > 0x10_FFFF => Err(limit(format!("requested character too large for encoding: {code}"))),
        Ok(code) => {
            char::from_u32(code).ok_or_else(|| limit(format!("requested character not valid for encoding: {code}")))
        }
    }
}
