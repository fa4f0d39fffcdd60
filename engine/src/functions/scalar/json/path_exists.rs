//! `jsonb_path_exists(document, path [, vars [, silent]])`, `jsonb_path_exists_tz`, `document @? path`

use super::path_arguments::{map_truths, signatures, with_names};
use crate::error::Result;
use crate::functions::jsonpath::Query;
use crate::functions::scalar::signature::*;
use crate::functions::{Documentation, ScalarFunction};
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &signatures(returns::boolean);
const OPERATOR: &[Signature] = &[signature(&[JSONB, JSONPATH], returns::boolean)];

const EXISTS: Documentation = documentation(
    "json",
    "Whether a path finds anything in a document.",
    r#"jsonb_path_exists('{"a": [1, 2]}', '$.a[*] ? (@ > 1)')"#,
    "t",
);

pub(super) static JSONB_PATH_EXISTS: ScalarFunction = ScalarFunction {
    info: || with_names(immutable("jsonb_path_exists", SIGNATURES)),
    documentation: EXISTS,
    execute: |call| map_truths(call, false, false, exists),
};

pub(super) static JSONB_PATH_EXISTS_TZ: ScalarFunction = ScalarFunction {
    info: || with_names(stable("jsonb_path_exists_tz", SIGNATURES)),
    documentation: documentation(
        "json",
        "As jsonb_path_exists; dates and times may be compared by the session's time zone.",
        r#"jsonb_path_exists_tz('["2024-02-03"]', '$[*].datetime() ? (@ < "2024-02-04 00:00:00+00".datetime())')"#,
        "t",
    ),
    execute: |call| map_truths(call, false, true, exists),
};

pub(super) static EXISTS_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("@?", OPERATOR),
    documentation: documentation(
        "json",
        "Whether a path finds anything in a document; NULL where the document does not fit the path.",
        r#"'{"a": [1, 2]}'::jsonb @? '$.a[*] ? (@ > 1)'"#,
        "t",
    ),
    execute: |call| map_truths(call, true, false, exists),
};

fn exists(query: &Query<'_>) -> Result<Option<bool>> {
    query.exists()
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn values_are_found() {
        for (document, path, expected) in [
            (r#"{"a": 12}"#, r#"$."a""#, Some(true)),
            (r#"{"a": 12}"#, r#"$."b""#, Some(false)),
            (r#"{"a": {"a": 12}}"#, r#"$."a"."a""#, Some(true)),
            ("[1, 2]", "$[*]?(@ > 1)", Some(true)),
            ("[1, 2]", "$[*]?(@ > 2)", Some(false)),
            ("[]", "strict $[1]", None),
            ("[1, \"x\"]", "$[*].abs()", Some(true)),
            ("[1, \"x\"]", "strict $[*].abs()", None),
        ] {
            let arguments = [jsonb(document), jsonpath(path)];
            let expected = match expected {
                Some(expected) => boolean(expected),
                None => null(LogicalType::Boolean),
            };
            check("@?", &arguments, expected);
        }
        check(
            "jsonb_path_exists",
            &[
                jsonb("[1, 5]"),
                jsonpath(r#"$[*]?(@ > $"least")"#),
                jsonb(r#"{"least": 4}"#),
            ],
            boolean(true),
        );
    }

    #[test]
    fn errors_are_passed_over_where_that_is_said() {
        let arguments = [jsonb("[]"), jsonpath("strict $[1]"), jsonb("{}"), boolean(true)];
        check("jsonb_path_exists", &arguments, null(LogicalType::Boolean));
        check_error(
            "jsonb_path_exists",
            &arguments[..2],
            "22033",
            "jsonpath array subscript is out of bounds",
        );
        check_error(
            "jsonb_path_exists",
            &[jsonb("[]"), jsonpath(r#"$"x""#)],
            "42704",
            "could not find jsonpath variable \"x\"",
        );
        check_error(
            "jsonb_path_exists",
            &[jsonb("[]"), jsonpath("$"), jsonb("1"), boolean(true)],
            "22023",
            "\"vars\" argument is not an object",
        );
    }

    #[test]
    fn zones_are_used_where_that_is_said() {
        let path = r#"$.datetime()?(@ < "2024-02-04 00:00:00+00".datetime())"#;
        let arguments = [jsonb(r#""2024-02-03""#), jsonpath(path)];
        check("jsonb_path_exists_tz", &arguments, boolean(true));
        check_error(
            "jsonb_path_exists",
            &arguments,
            "0A000",
            "cannot convert value from date to timestamptz without time zone usage",
        );
    }
}
