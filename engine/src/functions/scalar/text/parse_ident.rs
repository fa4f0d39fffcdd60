//! `parse_ident(text [, strict])`: a qualified name taken apart.

use crate::catalog::names::name_parts;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use std::sync::Arc;

pub(super) static PARSE_IDENT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "parse_ident",
            const {
                &[
                    signature(&[TEXT], returns::text_array),
                    signature(&[TEXT, BOOLEAN], returns::text_array),
                ]
            },
        )
    },
    documentation: documentation(
        "text",
        "The parts of a qualified name, folded to lower case where they are not quoted.",
        "parse_ident('\"SomeSchema\".someTable')",
        "{SomeSchema,sometable}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, nulls) = (call.texts(0)?, call.nulls());
    let mut builder = ListBuilder::with_capacity(StringViewBuilder::new(), call.row_count);
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        let text = texts.value(row);
        let parts = name_parts(text).ok_or_else(|| {
            Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("string is not a valid identifier: \"{text}\""),
            )
        })?;
        parts.iter().for_each(|part| builder.values().append_value(part));
        builder.append(true);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn calls() {
        let names = |names: &[&str]| {
            let elements = names.iter().map(|name| Literal::Text((*name).to_owned())).collect();
            (
                Literal::Array(elements),
                LogicalType::Array(Box::new(LogicalType::Text)),
            )
        };
        check("parse_ident", &[text("shop.Orders")], names(&["shop", "orders"]));
        check("parse_ident", &[text("\"A.b\" . c")], names(&["A.b", "c"]));
    }
}
