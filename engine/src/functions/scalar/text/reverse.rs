//! `reverse(text)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static REVERSE: ScalarFunction = ScalarFunction {
    info: || immutable("reverse", const { &[signature(&[TEXT], returns::text)] }),
    documentation: documentation("text", "The characters last to first.", "reverse('abcde')", "edcba"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    call.map_texts(|row, out| {
        out.extend(texts.value(row).chars().rev());
        Ok(())
    })
}
