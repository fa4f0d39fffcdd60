//! What a value is: `jsonb_typeof`, `jsonb_array_length`, and for `json`.

use super::change::invalid;
use super::document::{Kind, elements, trim};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, Documentation, ScalarFunction, Value};
use arrow_array::types::Int32Type;

const TYPE: Documentation = documentation(
    "json",
    "What a value is: object, array, string, number, boolean or null.",
    "jsonb_typeof('[1]')",
    "array",
);
const LENGTH: Documentation = documentation(
    "json",
    "How many elements an array has.",
    "jsonb_array_length('[1, 2]')",
    "2",
);

pub(super) static JSONB_TYPEOF: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_typeof", const { &[signature(&[JSONB], returns::text)] }),
    documentation: TYPE,
    execute: kind,
};
pub(super) static JSON_TYPEOF: ScalarFunction = ScalarFunction {
    info: || immutable("json_typeof", const { &[signature(&[JSON], returns::text)] }),
    documentation: TYPE,
    execute: kind,
};
pub(super) static JSONB_ARRAY_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_array_length", const { &[signature(&[JSONB], returns::integer)] }),
    documentation: LENGTH,
    execute: length,
};
pub(super) static JSON_ARRAY_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("json_array_length", const { &[signature(&[JSON], returns::integer)] }),
    documentation: LENGTH,
    execute: length,
};

fn kind(call: &Call<'_>) -> Result<Value> {
    let documents = call.texts(0)?;
    call.map_texts(|row, out| {
        out.push_str(Kind::of(trim(documents.value(row))).name());
        Ok(())
    })
}

fn length(call: &Call<'_>) -> Result<Value> {
    let documents = call.texts(0)?;
    call.map_rows::<Int32Type>(|row| {
        let value = trim(documents.value(row));
        match Kind::of(value) {
            Kind::Array => Ok(i32::try_from(elements(value).count()).unwrap_or(i32::MAX)),
            Kind::Object => Err(invalid("cannot get array length of a non-array")),
            _ => Err(invalid("cannot get array length of a scalar")),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn kinds() {
        for (value, kind) in [
            ("null", "null"),
            ("-1.5", "number"),
            ("\"a\"", "string"),
            ("true", "boolean"),
            ("[]", "array"),
            ("{}", "object"),
        ] {
            check("jsonb_typeof", &[jsonb(value)], text(kind));
            check("json_typeof", &[json(&format!(" {value}"))], text(kind));
        }
    }

    #[test]
    fn lengths() {
        check("jsonb_array_length", &[jsonb("[]")], integer(0));
        check("json_array_length", &[json("[1,[2,3],{\"a\":[4,5]}]")], integer(3));
        check_error(
            "jsonb_array_length",
            &[jsonb("{}")],
            "22023",
            "cannot get array length of a non-array",
        );
        check_error(
            "jsonb_array_length",
            &[jsonb("1")],
            "22023",
            "cannot get array length of a scalar",
        );
    }
}
