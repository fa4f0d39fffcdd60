//! `information_schema._pg_expandarray(array)`: elements with their subscripts; JDBC drivers ask for keys with it.

use super::rows::{Nothing, argument, has_null, ready};
use super::table_of;
use crate::error::Result;
use crate::functions::scalar::array::leaves;
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::Int32Array;
use arrow_array::cast::AsArray;
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static PG_EXPANDARRAY: TableFunction = TableFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY], returns::element)] };
        table_of("_pg_expandarray", signatures, columns)
    },
    documentation: documentation(
        "table",
        "The elements of an array (x) with their subscripts (n).",
        "information_schema._pg_expandarray(ARRAY['a', 'b'])",
        "(a,1), (b,2)",
    ),
    open,
};

fn columns(types: &[LogicalType]) -> Vec<(String, LogicalType)> {
    vec![
        ("x".to_owned(), returns::element(types)),
        ("n".to_owned(), LogicalType::Integer),
    ]
}

fn open(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let (values, range) = leaves(argument(call, 0)?.as_list(), 0);
    let subscripts = Int32Array::from_iter_values((1..).take(range.len()));
    Ok(ready(vec![
        values.slice(range.start, range.len()),
        Arc::new(subscripts),
    ]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn elements_with_subscripts() {
        let array = text_array(&[Some("a"), Some("b")]);
        let expected = [vec![text("a"), integer(1)], vec![text("b"), integer(2)]];
        assert_eq!(rows("_pg_expandarray", &[array]), expected);
    }
}
