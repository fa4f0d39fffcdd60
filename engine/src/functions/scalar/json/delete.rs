//! Parts of a jsonb value taken away: `-` (dispatched to by the operator), `#-`, `jsonb_delete`, `jsonb_delete_path`.

use super::change::{Change, Parts, change, invalid, without};
use super::document::{Kind, elements};
use super::path::steps;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

/// What `-` takes of jsonb, too.
const DELETE_SIGNATURES: [Signature; 3] = [
    signature(&[JSONB, TEXT], returns::jsonb),
    signature(&[JSONB, INTEGER], returns::jsonb),
    signature(&[JSONB, TEXT_ARRAY], returns::jsonb),
];

pub(super) static JSONB_DELETE: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_delete", const { &DELETE_SIGNATURES }),
    documentation: documentation(
        "json",
        "Without a key or keys of an object, strings or an index of an array.",
        r#"jsonb_delete('{"a": 1, "b": 2}', 'a')"#,
        r#"{"b": 2}"#,
    ),
    execute: delete,
};

const AT_PATH: &[Signature] = &[signature(&[JSONB, TEXT_ARRAY], returns::jsonb)];

pub(super) static DELETE_AT_PATH: ScalarFunction = ScalarFunction {
    info: || immutable("#-", AT_PATH),
    documentation: documentation(
        "json",
        "Without what is at a path of keys and indexes.",
        r#"'{"a": [1, 2]}'::jsonb #- '{a,0}'"#,
        r#"{"a": [2]}"#,
    ),
    execute: delete_at_path,
};

pub(super) static JSONB_DELETE_PATH: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_delete_path", AT_PATH),
    documentation: documentation(
        "json",
        "Without what is at a path of keys and indexes.",
        r#"jsonb_delete_path('{"a": [1, 2]}', '{a,0}')"#,
        r#"{"a": [2]}"#,
    ),
    execute: delete_at_path,
};

/// `jsonb - text`, `jsonb - integer`, `jsonb - text[]`
pub(crate) fn delete(call: &Call<'_>) -> Result<Value> {
    let documents = call.texts(0)?;
    match call.argument_type(1)? {
        LogicalType::Integer => {
            let indexes = call.primitives::<Int32Type>(1)?;
            call.map_texts(|row, out| delete_element(documents.value(row), indexes.value(row).into(), out))
        }
        LogicalType::Array(_) => {
            let keys = call.argument(1)?.lists()?;
            call.map_texts(|row, out| {
                let keys = keys.value(row);
                let keys = steps(&keys);
                without(documents.value(row), |key| keys.contains(&Some(key)), out)
            })
        }
        _ => {
            let keys = call.texts(1)?;
            call.map_texts(|row, out| without(documents.value(row), |key| key == keys.value(row), out))
        }
    }
}

fn delete_element(value: &str, index: i64, out: &mut String) -> Result<()> {
    match Kind::of(value) {
        Kind::Object => return Err(invalid("cannot delete from object using integer index")),
        Kind::Array => {}
        _ => return Err(invalid("cannot delete from scalar")),
    }
    let place = match index {
        index if index >= 0 => index,
        index => elements(value).count() as i64 + index,
    };
    let mut parts = Parts { out, first: true };
    parts.out.push('[');
    for (at, element) in elements(value).enumerate() {
        if at as i64 != place {
            parts.push(element);
        }
    }
    parts.out.push(']');
    Ok(())
}

fn delete_at_path(call: &Call<'_>) -> Result<Value> {
    let (documents, paths) = (call.texts(0)?, call.argument(1)?.lists()?);
    call.map_texts(|row, out| {
        let (value, path) = (documents.value(row), paths.value(row));
        if Kind::of(value).is_scalar() {
            return Err(invalid("cannot delete path in scalar"));
        }
        change(value, &steps(&path), Change::Delete, out)
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn keys_elements_and_indexes() {
        for (document, what, expected) in [
            (r#"{"a": 1, "b": [1, 2]}"#, text("a"), r#"{"b": [1, 2]}"#),
            (r#"["a", "b", "a"]"#, text("a"), r#"["b"]"#),
            (r#"["a", "b"]"#, integer(1), r#"["a"]"#),
            (r#"["a", "b"]"#, integer(-1), r#"["a"]"#),
            (r#"["a", "b"]"#, integer(-3), r#"["a", "b"]"#),
            (
                r#"{"a": 1, "b": 2, "c": 3}"#,
                text_array(&[Some("a"), Some("b")]),
                r#"{"c": 3}"#,
            ),
        ] {
            check("jsonb_delete", &[jsonb(document), what], jsonb(expected));
        }
        for (document, what, message) in [
            (
                r#"{"a": 1}"#,
                integer(1),
                "cannot delete from object using integer index",
            ),
            ("1", text("a"), "cannot delete from scalar"),
            ("1", integer(1), "cannot delete from scalar"),
        ] {
            check_error("jsonb_delete", &[jsonb(document), what], "22023", message);
        }
    }

    #[test]
    fn paths() {
        let document = r#"{"a": {"b": [1, 2]}}"#;
        for (path, expected) in [
            (&["a", "b", "0"][..], r#"{"a": {"b": [2]}}"#),
            (&["a", "b", "-1"], r#"{"a": {"b": [1]}}"#),
            (&["a", "b", "7"], document),
            (&["a", "x"], document),
            (&[], document),
            (&["a"], "{}"),
        ] {
            let path: Vec<Option<&str>> = path.iter().copied().map(Some).collect();
            check("#-", &[jsonb(document), text_array(&path)], jsonb(expected));
        }
        let path = text_array(&[Some("a"), Some("x")]);
        let message = "path element at position 2 is not an integer: \"x\"";
        check_error("#-", &[jsonb(r#"{"a": [1]}"#), path.clone()], "22P02", message);
        check_error("#-", &[jsonb("1"), path], "22023", "cannot delete path in scalar");
    }
}
