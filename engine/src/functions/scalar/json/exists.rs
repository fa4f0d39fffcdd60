//! `?`, `?|`, `?&`: whether strings are keys of an object or elements of an array, and the functions they are.

use super::document::{Kind, elements, is_key, member};
use super::path::steps;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, Documentation, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

const ONE: &[Signature] = &[signature(&[JSONB, TEXT], returns::boolean)];
const MANY: &[Signature] = &[signature(&[JSONB, TEXT_ARRAY], returns::boolean)];

const EXISTS_ONE: Documentation = documentation(
    "json",
    "Whether a string is a key of the object or an element of the array.",
    r#"'{"a": 1}'::jsonb ? 'a'"#,
    "t",
);
const EXISTS_ANY: Documentation = documentation(
    "json",
    "Whether any of several strings is a key of the object or an element of the array.",
    r#"'{"a": 1}'::jsonb ?| ARRAY['a', 'b']"#,
    "t",
);
const EXISTS_ALL: Documentation = documentation(
    "json",
    "Whether all of several strings are keys of the object or elements of the array.",
    r#"'{"a": 1}'::jsonb ?& ARRAY['a', 'b']"#,
    "f",
);

pub(super) static ONE_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("?", ONE),
    documentation: EXISTS_ONE,
    execute: one,
};
pub(super) static ANY_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("?|", MANY),
    documentation: EXISTS_ANY,
    execute: any,
};
pub(super) static ALL_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("?&", MANY),
    documentation: EXISTS_ALL,
    execute: all,
};
pub(super) static JSONB_EXISTS: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_exists", ONE),
    documentation: EXISTS_ONE,
    execute: one,
};
pub(super) static JSONB_EXISTS_ANY: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_exists_any", MANY),
    documentation: EXISTS_ANY,
    execute: any,
};
pub(super) static JSONB_EXISTS_ALL: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_exists_all", MANY),
    documentation: EXISTS_ALL,
    execute: all,
};

/// Whether a string is a key, an element, or the value itself.
fn exists(document: &str, key: &str) -> bool {
    let is_it = |value: &str| {
        let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inside.is_some_and(|written| is_key(written, key))
    };
    match Kind::of(document) {
        Kind::Object => member(document, key, true).is_some(),
        Kind::Array => elements(document).any(is_it),
        _ => is_it(document),
    }
}

fn one(call: &Call<'_>) -> Result<Value> {
    let (documents, keys) = (call.texts(0)?, call.texts(1)?);
    call.map_booleans(|row| Ok(exists(documents.value(row), keys.value(row))))
}

fn any(call: &Call<'_>) -> Result<Value> {
    let (documents, keys) = (call.texts(0)?, call.argument(1)?.lists()?);
    call.map_booleans(|row| {
        let keys = keys.value(row);
        Ok(steps(&keys)
            .into_iter()
            .flatten()
            .any(|key| exists(documents.value(row), key)))
    })
}

fn all(call: &Call<'_>) -> Result<Value> {
    let (documents, keys) = (call.texts(0)?, call.argument(1)?.lists()?);
    call.map_booleans(|row| {
        let keys = keys.value(row);
        Ok(steps(&keys)
            .into_iter()
            .flatten()
            .all(|key| exists(documents.value(row), key)))
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn keys_and_elements() {
        for (document, key, expected) in [
            (r#"{"a": 1}"#, "a", true),
            (r#"["a"]"#, "a", true),
            (r#""a""#, "a", true),
            ("[1]", "1", false),
            (r#"{"a\"": 1}"#, "a\"", true),
        ] {
            check("?", &[jsonb(document), text(key)], boolean(expected));
        }
        let object = jsonb(r#"{"a": 1}"#);
        for (keys, any, all) in [(&["x", "a"][..], true, false), (&["a"], true, true), (&[], false, true)] {
            let keys: Vec<Option<&str>> = keys.iter().copied().map(Some).collect();
            check("?|", &[object.clone(), text_array(&keys)], boolean(any));
            check("?&", &[object.clone(), text_array(&keys)], boolean(all));
        }
    }
}
