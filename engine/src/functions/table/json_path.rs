//! `jsonb_path_query(document, path [, vars [, silent]])`, `jsonb_path_query_tz`: everything a path finds, as rows.

use super::rows::{Nothing, argument, has_null, ready};
use super::table;
use crate::error::Result;
use crate::functions::jsonpath::{Query, read};
use crate::functions::scalar::json::path_arguments::{signatures, with_names};
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use std::sync::Arc;
use stoa_sql::catalog::{Signature, Volatility};

const SIGNATURES: &[Signature] = &signatures(returns::jsonb);

pub(super) static JSONB_PATH_QUERY: TableFunction = TableFunction {
    info: || with_names(table("jsonb_path_query", Volatility::Immutable, SIGNATURES)),
    documentation: documentation(
        "table",
        "Everything a path finds in a document, as rows.",
        r#"jsonb_path_query('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 1)')"#,
        "2, 3",
    ),
    open: |call| open(call, false),
};

pub(super) static JSONB_PATH_QUERY_TZ: TableFunction = TableFunction {
    info: || with_names(table("jsonb_path_query_tz", Volatility::Stable, SIGNATURES)),
    documentation: documentation(
        "table",
        "As jsonb_path_query; dates and times may be compared by the session's time zone.",
        r#"jsonb_path_query_tz('["2024-02-03"]', '$[*].datetime() ? (@ < "2024-02-04 00:00:00+00".datetime())')"#,
        r#""2024-02-03""#,
    ),
    open: |call| open(call, true),
};

fn open(call: &TableCall<'_>, zoned: bool) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let path = read(argument(call, 1)?.as_string_view().value(0))?;
    let variables = call
        .arguments
        .get(2)
        .map(|variables| variables.as_string_view().value(0));
    let query = Query {
        path: &path,
        document: argument(call, 0)?.as_string_view().value(0),
        variables: Some(variables.unwrap_or("{}")),
        silent: call.arguments.get(3).is_some_and(|silent| silent.as_boolean().value(0)),
        zoned,
        statement: call.statement,
    };
    let mut values = StringViewBuilder::new();
    query.for_each(|value| values.append_value(value))?;
    Ok(ready(vec![Arc::new(values.finish())]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::boolean;

    #[test]
    fn values_as_rows() {
        let document = jsonb(r#"[1, "x", {"a": 2}]"#);
        let all = ["1", "\"x\"", r#"{"a": 2}"#].map(|value| vec![jsonb(value)]);
        assert_eq!(rows("jsonb_path_query", &[document.clone(), jsonpath("$[*]")]), all);
        let silent = [document.clone(), jsonpath("$[*].abs()"), jsonb("{}"), boolean(true)];
        assert_eq!(rows("jsonb_path_query", &silent), [vec![jsonb("1")]]);
        let error = try_rows("jsonb_path_query", &silent[..2]).unwrap_err();
        assert_eq!(error.state().0, "22036");
    }
}
