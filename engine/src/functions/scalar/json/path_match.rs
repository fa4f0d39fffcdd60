//! `jsonb_path_match(document, path [, vars [, silent]])`, `jsonb_path_match_tz`, `document @@ path`

use super::path_arguments::{map_truths, signatures, with_names};
use crate::error::Result;
use crate::functions::jsonpath::Query;
use crate::functions::scalar::signature::*;
use crate::functions::{Documentation, ScalarFunction};
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &signatures(returns::boolean);
const OPERATOR: &[Signature] = &[signature(&[JSONB, JSONPATH], returns::boolean)];

const MATCH: Documentation = documentation(
    "json",
    "What a path that is a condition says of a document.",
    r#"jsonb_path_match('{"a": [1, 2]}', 'exists($.a[*] ? (@ > 1))')"#,
    "t",
);

pub(super) static JSONB_PATH_MATCH: ScalarFunction = ScalarFunction {
    info: || with_names(immutable("jsonb_path_match", SIGNATURES)),
    documentation: MATCH,
    execute: |call| map_truths(call, false, false, matches),
};

pub(super) static JSONB_PATH_MATCH_TZ: ScalarFunction = ScalarFunction {
    info: || with_names(stable("jsonb_path_match_tz", SIGNATURES)),
    documentation: documentation(
        "json",
        "As jsonb_path_match; dates and times may be compared by the session's time zone.",
        r#"jsonb_path_match_tz('"2024-02-03"', '$.datetime() < "2024-02-04 00:00:00+00".datetime()')"#,
        "t",
    ),
    execute: |call| map_truths(call, false, true, matches),
};

pub(super) static MATCH_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("@@", OPERATOR),
    documentation: documentation(
        "json",
        "What a path that is a condition says of a document; NULL where it is none or the document does not fit the path.",
        r#"'{"a": [1, 2]}'::jsonb @@ '$.a[*] > 1'"#,
        "t",
    ),
    execute: |call| map_truths(call, true, false, matches),
};

fn matches(query: &Query<'_>) -> Result<Option<bool>> {
    query.matches()
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn conditions() {
        for (document, path, expected) in [
            ("[1, 2]", "$[*] > 1", Some(true)),
            ("[1, 2]", "$[*] > 2", Some(false)),
            ("[\"a\"]", "$[*] > 2", None),
            ("true", "$", Some(true)),
            ("null", "$", None),
            ("1", "$", None),
            ("[true, true]", "$[*]", None),
        ] {
            let expected = match expected {
                Some(expected) => boolean(expected),
                None => null(LogicalType::Boolean),
            };
            check("@@", &[jsonb(document), jsonpath(path)], expected);
        }
        check_error(
            "jsonb_path_match",
            &[jsonb("1"), jsonpath("$")],
            "22038",
            "single boolean result is expected",
        );
    }
}
