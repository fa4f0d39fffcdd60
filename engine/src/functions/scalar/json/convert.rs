//! `to_json`, `to_jsonb`, `array_to_json`, `row_to_json`: any value as JSON.

use super::write::{JsonWriter, Style, settings_of};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

const CATEGORY: &str = "json";

pub(super) static TO_JSON: ScalarFunction = ScalarFunction {
    info: || stable("to_json", const { &[signature(&[ANY_ELEMENT], returns::json)] }),
    documentation: documentation(CATEGORY, "Any value as json.", "to_json(ARRAY[1, 2])", "[1,2]"),
    execute: |call| convert(call, Style::Json),
};
pub(super) static TO_JSONB: ScalarFunction = ScalarFunction {
    info: || stable("to_jsonb", const { &[signature(&[ANY_ELEMENT], returns::jsonb)] }),
    documentation: documentation(CATEGORY, "Any value as jsonb.", "to_jsonb(ARRAY[1, 2])", "[1, 2]"),
    execute: |call| convert(call, Style::Jsonb),
};
pub(super) static ARRAY_TO_JSON: ScalarFunction = ScalarFunction {
    info: || stable("array_to_json", const { &[signature(&[ANY_ARRAY], returns::json)] }),
    documentation: documentation(CATEGORY, "An array as json.", "array_to_json(ARRAY[1, 2])", "[1,2]"),
    execute: |call| convert(call, Style::Json),
};
pub(super) static ROW_TO_JSON: ScalarFunction = ScalarFunction {
    info: || stable("row_to_json", const { &[signature(&[RECORD], returns::json)] }),
    documentation: documentation(
        CATEGORY,
        "A row as a json object.",
        "row_to_json(t)",
        r#"{"a":1,"b":"x"}"#,
    ),
    execute: |call| convert(call, Style::Json),
};

fn convert(call: &Call<'_>, style: Style) -> Result<Value> {
    let settings = settings_of(call.statement);
    let value = call.argument(0)?;
    let writer = JsonWriter::new(value.array(), call.argument_type(0)?, style, &settings);
    call.map_texts(|row, out| writer.write(if value.is_constant() { 0 } else { row }, out))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn values() {
        check("to_jsonb", &[text_array(&[Some("a"), None])], jsonb(r#"["a", null]"#));
        check("to_json", &[text_array(&[Some("a"), None])], json(r#"["a",null]"#));
        for (value, as_json, as_jsonb) in [
            (1e20, "1e+20", "100000000000000000000"),
            (1e-7, "1e-07", "0.0000001"),
            (0.1, "0.1", "0.1"),
            (123_456_789_012_345.0, "123456789012345", "123456789012345"),
            (f64::NAN, "\"NaN\"", "\"NaN\""),
        ] {
            check("to_json", &[double(value)], json(as_json));
            check("to_jsonb", &[double(value)], jsonb(as_jsonb));
        }
        check("to_jsonb", &[text("x")], jsonb("\"x\""));
        check("to_jsonb", &[boolean(true)], jsonb("true"));
    }
}
