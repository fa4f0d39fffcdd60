//! `jsonb_path_query_array(document, path [, vars [, silent]])`, `jsonb_path_query_first`, and their `_tz` forms

use super::path_arguments::{PathArguments, signatures, with_names};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &signatures(returns::jsonb);

pub(super) static JSONB_PATH_QUERY_ARRAY: ScalarFunction = ScalarFunction {
    info: || with_names(immutable("jsonb_path_query_array", SIGNATURES)),
    documentation: documentation(
        "json",
        "Everything a path finds in a document, as an array.",
        r#"jsonb_path_query_array('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 1)')"#,
        "[2, 3]",
    ),
    execute: |call| array(call, false),
};

pub(super) static JSONB_PATH_QUERY_ARRAY_TZ: ScalarFunction = ScalarFunction {
    info: || with_names(stable("jsonb_path_query_array_tz", SIGNATURES)),
    documentation: documentation(
        "json",
        "As jsonb_path_query_array; dates and times may be compared by the session's time zone.",
        r#"jsonb_path_query_array_tz('["2024-02-03"]', '$[*].datetime() ? (@ < "2024-02-04 00:00:00+00".datetime())')"#,
        r#"["2024-02-03"]"#,
    ),
    execute: |call| array(call, true),
};

pub(super) static JSONB_PATH_QUERY_FIRST: ScalarFunction = ScalarFunction {
    info: || with_names(immutable("jsonb_path_query_first", SIGNATURES)),
    documentation: documentation(
        "json",
        "The first of what a path finds in a document.",
        r#"jsonb_path_query_first('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 1)')"#,
        "2",
    ),
    execute: |call| first(call, false),
};

pub(super) static JSONB_PATH_QUERY_FIRST_TZ: ScalarFunction = ScalarFunction {
    info: || with_names(stable("jsonb_path_query_first_tz", SIGNATURES)),
    documentation: documentation(
        "json",
        "As jsonb_path_query_first; dates and times may be compared by the session's time zone.",
        r#"jsonb_path_query_first_tz('["2024-02-03"]', '$[*].datetime() ? (@ < "2024-02-04 00:00:00+00".datetime())')"#,
        r#""2024-02-03""#,
    ),
    execute: |call| first(call, true),
};

fn array(call: &Call<'_>, zoned: bool) -> Result<Value> {
    let arguments = PathArguments::of(call, false, zoned)?;
    call.map_texts(|row, out| {
        out.push('[');
        arguments.query(row, &*arguments.path(row)?).for_each(|value| {
            if out.len() > 1 {
                out.push_str(", ");
            }
            out.push_str(value);
        })?;
        out.push(']');
        Ok(())
    })
}

fn first(call: &Call<'_>, zoned: bool) -> Result<Value> {
    let arguments = PathArguments::of(call, false, zoned)?;
    call.map_texts_or_null(|row, out| {
        let mut is_found = false;
        arguments.query(row, &*arguments.path(row)?).for_each(|value| {
            if !is_found {
                out.push_str(value);
            }
            is_found = true;
        })?;
        Ok(is_found)
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    /// The array, which begins with what is found first.
    #[track_caller]
    fn found(document: &str, path: &str, expected: &str) {
        let arguments = [jsonb(document), jsonpath(path)];
        check("jsonb_path_query_array", &arguments, jsonb(expected));
    }

    #[test]
    fn steps() {
        let document = r#"{"a": [{"b": 1}, {"b": [2, 3]}], "c": "x\"y"}"#;
        found(document, r#"$."a"."b""#, "[1, [2, 3]]");
        found(document, r#"$."a"[*]."b"[*]"#, "[1, 2, 3]");
        found(document, r#"$."a"[last]."b"[0 to last]"#, "[2, 3]");
        found(document, r#"strict $.**{3}."b""#, "[]");
        found(document, r#"$.**{2}."b""#, "[1, [2, 3]]");
        found(document, r#"$.*?(@."b" == 3)"#, r#"[{"b": [2, 3]}]"#);
        found(document, r#"$."c"?(@ starts with "x\"")"#, r#"["x\"y"]"#);
        found(
            document,
            r#"$."c"?(@ like_regex "^X" flag "i").type()"#,
            r#"["string"]"#,
        );
        found(document, r#"$."a".size()"#, "[2]");
        found(
            r#"{"k": {"n": 1}}"#,
            "$.keyvalue()",
            r#"[{"id": 0, "key": "k", "value": {"n": 1}}]"#,
        );
    }

    #[test]
    fn calculations() {
        found("[2, 3.5]", "$[0] * $[1] - -1", "[8.0]");
        found("[2, 3]", "-$[*]", "[-2, -3]");
        found("[-1.5]", "$[*].abs()", "[1.5]");
        found("[-1.5]", "$.ceiling()", "[-1]");
        found(r#"["1.25e2"]"#, "$[*].double()", "[125]");
        found("[7]", "$[0] / 2", "[3.5000000000000000]");
        let arguments = [jsonb("[1]"), jsonpath("$[0] / 0")];
        check_error("jsonb_path_query_array", &arguments, "22012", "division by zero");
    }

    #[test]
    fn dates_and_times() {
        found(r#""2024-02-29""#, "$.datetime().type()", r#"["date"]"#);
        found(
            r#""2024-02-29 10:00:00+01""#,
            "$.datetime()",
            r#"["2024-02-29T10:00:00+01:00"]"#,
        );
        found(r#""29.02.2024""#, r#"$.datetime("dd.mm.yyyy")"#, r#"["2024-02-29"]"#);
        found(r#""10:00:00.5-02:30""#, "$.datetime()", r#"["10:00:00.5-02:30"]"#);
    }

    #[test]
    fn the_first() {
        let first = |document: &str, path: &str, expected: Option<&str>| {
            let arguments = [jsonb(document), jsonpath(path)];
            check(
                "jsonb_path_query_first",
                &arguments,
                optional(expected, LogicalType::Jsonb),
            );
        };
        first("[1, 2]", "$[*]", Some("1"));
        first("[]", "$[*]", None);
        first("[null]", "$[*]", Some("null"));
        // What was found before the error stays.
        let silent = [
            jsonb(r#"[1, "x", 2]"#),
            jsonpath("$[*].abs()"),
            jsonb("{}"),
            boolean(true),
        ];
        check("jsonb_path_query_array", &silent, jsonb("[1]"));
        check("jsonb_path_query_first", &silent, jsonb("1"));
    }
}
