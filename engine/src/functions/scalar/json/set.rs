//! `jsonb_set(value, path, new [, create])`, `jsonb_insert(value, path, new [, after])`

use super::change::{Change, change, invalid};
use super::document::Kind;
use super::path::steps;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &[
    signature(&[JSONB, TEXT_ARRAY, JSONB], returns::jsonb),
    signature(&[JSONB, TEXT_ARRAY, JSONB, BOOLEAN], returns::jsonb),
];

pub(super) static JSONB_SET: ScalarFunction = ScalarFunction {
    info: || {
        named(
            immutable("jsonb_set", SIGNATURES),
            const {
                &[
                    required("jsonb_in"),
                    required("path"),
                    required("replacement"),
                    required("create_if_missing"),
                ]
            },
        )
    },
    documentation: documentation(
        "json",
        "With a new value at a path; where there is none yet, it is added unless create is false.",
        r#"jsonb_set('{"a": [1, 2]}', '{a,0}', '"x"')"#,
        r#"{"a": ["x", 2]}"#,
    ),
    execute: |call| put(call, true, |value, create| Change::Set { value, create }),
};

pub(super) static JSONB_INSERT: ScalarFunction = ScalarFunction {
    info: || {
        named(
            immutable("jsonb_insert", SIGNATURES),
            const {
                &[
                    required("jsonb_in"),
                    required("path"),
                    required("replacement"),
                    required("insert_after"),
                ]
            },
        )
    },
    documentation: documentation(
        "json",
        "With a new value inserted before the element at a path, or after it; an object gets a new key.",
        r#"jsonb_insert('{"a": [0, 1]}', '{a,1}', '"new"')"#,
        r#"{"a": [0, "new", 1]}"#,
    ),
    execute: |call| put(call, false, |value, after| Change::Insert { value, after }),
};

fn put(call: &Call<'_>, default: bool, make: for<'v> fn(&'v str, bool) -> Change<'v>) -> Result<Value> {
    let (documents, paths, values) = (call.texts(0)?, call.argument(1)?.lists()?, call.texts(2)?);
    let flags = match call.arguments.get(3) {
        Some(flags) => Some(flags.booleans()?),
        None => None,
    };
    call.map_texts(|row, out| {
        let (document, path) = (documents.value(row), paths.value(row));
        if Kind::of(document).is_scalar() {
            return Err(invalid("cannot set path in scalar"));
        }
        let flag = flags.as_ref().map_or(default, |flags| flags.value(row));
        change(document, &steps(&path), make(values.value(row), flag), out)
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    fn path(steps: &[&str]) -> Typed {
        let steps: Vec<Option<&str>> = steps.iter().copied().map(Some).collect();
        text_array(&steps)
    }

    #[test]
    fn values_are_set() {
        let document = r#"{"a": {"b": [1, 2]}}"#;
        for (steps, expected) in [
            (&["a", "b", "0"][..], r#"{"a": {"b": ["x", 2]}}"#),
            (&["a", "b", "5"], r#"{"a": {"b": [1, 2, "x"]}}"#),
            (&["a", "b", "-5"], r#"{"a": {"b": ["x", 1, 2]}}"#),
            (&["a", "b", "-1"], r#"{"a": {"b": [1, "x"]}}"#),
            (&["c"], r#"{"a": {"b": [1, 2]}, "c": "x"}"#),
            (&["c", "d"], document),
            (&[], document),
        ] {
            check(
                "jsonb_set",
                &[jsonb(document), path(steps), jsonb("\"x\"")],
                jsonb(expected),
            );
        }
        let unchanged = [jsonb(document), path(&["c"]), jsonb("1"), boolean(false)];
        check("jsonb_set", &unchanged, jsonb(document));
        check_error(
            "jsonb_set",
            &[jsonb("1"), path(&["a"]), jsonb("2")],
            "22023",
            "cannot set path in scalar",
        );
    }

    #[test]
    fn values_are_inserted() {
        let document = r#"{"a": [0, 1, 2]}"#;
        for (steps, after, expected) in [
            (&["a", "1"][..], false, r#"{"a": [0, "new", 1, 2]}"#),
            (&["a", "1"], true, r#"{"a": [0, 1, "new", 2]}"#),
            (&["a", "-1"], false, r#"{"a": [0, 1, "new", 2]}"#),
            (&["a", "9"], false, r#"{"a": [0, 1, 2, "new"]}"#),
            (&["b"], false, r#"{"a": [0, 1, 2], "b": "new"}"#),
        ] {
            let arguments = [jsonb(document), path(steps), jsonb("\"new\""), boolean(after)];
            check("jsonb_insert", &arguments, jsonb(expected));
        }
        let arguments = [jsonb(document), path(&["a"]), jsonb("1")];
        check_error("jsonb_insert", &arguments, "22023", "cannot replace existing key");
    }
}
