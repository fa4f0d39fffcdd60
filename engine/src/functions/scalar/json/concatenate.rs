//! `jsonb || jsonb` (dispatched to by the operator), `jsonb_concat`

use super::change::joined;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static JSONB_CONCAT: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_concat", const { &[signature(&[JSONB, JSONB], returns::jsonb)] }),
    documentation: documentation(
        "json",
        "The members of two objects, or the elements of two arrays, together.",
        r#"jsonb_concat('{"a": 1}', '{"b": 2}')"#,
        r#"{"a": 1, "b": 2}"#,
    ),
    execute: concatenate,
};

/// `jsonb || jsonb`
pub(crate) fn concatenate(call: &Call<'_>) -> Result<Value> {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    call.map_texts(|row, out| {
        joined(left.value(row), right.value(row), out);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn joined() {
        for (left, right, expected) in [
            (
                r#"{"a": 1, "c": 0}"#,
                r#"{"b": 2, "a": 3}"#,
                r#"{"a": 3, "b": 2, "c": 0}"#,
            ),
            ("[1]", "2", "[1, 2]"),
            ("1", "2", "[1, 2]"),
            (r#"{"a": 1}"#, "[1]", r#"[{"a": 1}, 1]"#),
            ("[]", "{}", "[{}]"),
            (r#"{"aa": 1}"#, r#"{"b": 2}"#, r#"{"b": 2, "aa": 1}"#),
        ] {
            check("jsonb_concat", &[jsonb(left), jsonb(right)], jsonb(expected));
        }
    }
}
