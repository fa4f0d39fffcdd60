//! `array_to_string(array, delimiter [, null])`

use super::element::leaves;
use crate::error::{Error, Result};
use crate::format::text::ColumnWriter;
use crate::functions::scalar::json::write::settings_of;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use stoa_sql::types::LogicalType;

pub(super) static ARRAY_TO_STRING: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[ANY_ARRAY, TEXT], returns::text),
                signature(&[ANY_ARRAY, TEXT, TEXT], returns::text),
            ]
        };
        called_on_null(stable("array_to_string", signatures))
    },
    documentation: documentation(
        "array",
        "The elements' texts with a delimiter between them; NULLs are left out or written as the third argument.",
        "array_to_string(ARRAY[1, NULL, 3], ',', '*')",
        "1,*,3",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (lists, delimiters) = (call.argument(0)?.lists()?, call.texts(1)?);
    let substitutes = match call.arguments.len() {
        3 => Some(call.texts(2)?),
        _ => None,
    };
    let mut element_type = call.argument_type(0)?;
    while let LogicalType::Array(element) = element_type {
        element_type = element;
    }
    let settings = settings_of(call.statement);
    let values = super::element::leaf_values(lists.array());
    let writer = ColumnWriter::new(values, element_type, &settings);
    let mut bytes = Vec::new();
    call.map_every_text(|row, out| {
        if lists.is_null(row) || delimiters.is_null(row) {
            return Ok(false);
        }
        let substitute = substitutes
            .as_ref()
            .filter(|texts| !texts.is_null(row))
            .map(|texts| texts.value(row));
        let mut first = true;
        for at in leaves(lists.array(), lists.index(row)).1 {
            let text = match (values.is_null(at), substitute) {
                (true, None) => continue,
                (true, Some(substitute)) => substitute,
                (false, _) => {
                    bytes.clear();
                    writer.write(at, &mut bytes);
                    std::str::from_utf8(&bytes).map_err(|_| Error::Internal("a text form is not UTF-8".into()))?
                }
            };
            if !first {
                out.push_str(delimiters.value(row));
            }
            first = false;
            out.push_str(text);
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn texts() {
        let array = integers(&[Some(1), None, Some(3)]);
        check("array_to_string", &[array.clone(), text(",")], text("1,3"));
        check("array_to_string", &[array.clone(), text(","), text("*")], text("1,*,3"));
        check(
            "array_to_string",
            &[array.clone(), text(","), null(LogicalType::Text)],
            text("1,3"),
        );
        check(
            "array_to_string",
            &[array, null(LogicalType::Text)],
            null(LogicalType::Text),
        );
        check(
            "array_to_string",
            &[nested(&[&[1, 2], &[3, 4]]), text(", ")],
            text("1, 2, 3, 4"),
        );
        check("array_to_string", &[numbers(&[]), text(",")], text(""));
        check("array_to_string", &[no_array(), text(",")], null(LogicalType::Text));
        check(
            "array_to_string",
            &[text_array(&[Some("a\"b"), Some("c d")]), text("|")],
            text("a\"b|c d"),
        );
    }
}
