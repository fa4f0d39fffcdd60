//! `string_to_table(text, delimiter [, null])`, `regexp_split_to_table(text, pattern [, flags])`: the arrays their namesakes give, as rows.

use super::rows::{Nothing, ready};
use super::table;
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, TableCall, TableFunction, TableRows, Value, registry};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use stoa_sql::catalog::{Signature, Volatility};
use stoa_sql::types::LogicalType;

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::text),
    signature(&[TEXT, TEXT, TEXT], returns::text),
];

pub(super) static STRING_TO_TABLE: TableFunction = TableFunction {
    info: || called_on_null(table("string_to_table", Volatility::Immutable, SIGNATURES)),
    documentation: documentation(
        "table",
        "The parts of a text between delimiters (NULL: its characters) as rows; parts that are the third argument become NULL.",
        "string_to_table('a,b,c', ',')",
        "a, b, c",
    ),
    open: |call| open(call, "string_to_array"),
};

pub(super) static REGEXP_SPLIT_TO_TABLE: TableFunction = TableFunction {
    info: || table("regexp_split_to_table", Volatility::Immutable, SIGNATURES),
    documentation: documentation(
        "table",
        "The parts of a text between the matches of a regular expression, as rows.",
        "regexp_split_to_table('hello world', '\\s+')",
        "hello, world",
    ),
    open: |call| open(call, "regexp_split_to_array"),
};

fn open(call: &TableCall<'_>, name: &str) -> Result<Box<dyn TableRows>> {
    let function = registry::scalar_function(name).ok_or_else(|| Error::Internal(format!("there is no {name}")))?;
    let arguments: Vec<Value> = call.arguments.iter().cloned().map(Value::Constant).collect();
    let parts = (function.execute)(&Call {
        arguments: &arguments,
        argument_types: call.argument_types,
        row_count: 1,
        return_type: &LogicalType::Array(Box::new(LogicalType::Text)),
        statement: call.statement,
    })?;
    let parts = parts.array().as_list::<i32>();
    if parts.is_null(0) {
        return Ok(Box::new(Nothing));
    }
    Ok(ready(vec![parts.value(0)]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn parts() {
        let with_null = [text("a,b,NULL"), text(","), text("NULL")];
        let expected = [vec![text("a")], vec![text("b")], vec![null(LogicalType::Text)]];
        assert_eq!(rows("string_to_table", &with_null), expected);
        assert!(rows("string_to_table", &[null(LogicalType::Text), text(",")]).is_empty());
        let expected = ["a", "b", "c"].map(|part| vec![text(part)]);
        assert_eq!(
            rows("regexp_split_to_table", &[text("a1b22c"), text("[0-9]+")]),
            expected
        );
    }
}
