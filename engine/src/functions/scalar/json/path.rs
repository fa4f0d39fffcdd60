//! `#>`, `#>>`, `jsonb_extract_path`, `json_extract_path` and their `_text` forms: the value at a path of keys and indexes.

use super::document::{step, trim};
use super::get::append_text;
use crate::error::Result;
use crate::functions::kernel::Texts;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_sql::types::LogicalType;

const SUMMARY: &str = "The value at a path of keys and indexes.";
const TEXT_SUMMARY: &str = "The value at a path of keys and indexes, as text.";

pub(super) static AT_PATH: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "#>",
            const {
                &[
                    signature(&[JSONB, TEXT_ARRAY], returns::jsonb),
                    signature(&[JSON, TEXT_ARRAY], returns::json),
                ]
            },
        )
    },
    documentation: documentation("json", SUMMARY, r#"'{"a": [1, 2]}'::jsonb #> '{a,1}'"#, "2"),
    execute: |call| at_array(call, false),
};

pub(super) static AT_PATH_TEXT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "#>>",
            const {
                &[
                    signature(&[JSONB, TEXT_ARRAY], returns::text),
                    signature(&[JSON, TEXT_ARRAY], returns::text),
                ]
            },
        )
    },
    documentation: documentation("json", TEXT_SUMMARY, r#"'{"a": ["x"]}'::jsonb #>> '{a,0}'"#, "x"),
    execute: |call| at_array(call, true),
};

pub(super) static JSONB_EXTRACT_PATH: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "jsonb_extract_path",
            const { &[variadic(&[JSONB, TEXT], returns::jsonb)] },
        )
    },
    documentation: documentation("json", SUMMARY, r#"jsonb_extract_path('{"a": [1, 2]}', 'a', '1')"#, "2"),
    execute: |call| at_arguments(call, false),
};

pub(super) static JSONB_EXTRACT_PATH_TEXT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "jsonb_extract_path_text",
            const { &[variadic(&[JSONB, TEXT], returns::text)] },
        )
    },
    documentation: documentation(
        "json",
        TEXT_SUMMARY,
        r#"jsonb_extract_path_text('{"a": ["x"]}', 'a', '0')"#,
        "x",
    ),
    execute: |call| at_arguments(call, true),
};

pub(super) static JSON_EXTRACT_PATH: ScalarFunction = ScalarFunction {
    info: || immutable("json_extract_path", const { &[variadic(&[JSON, TEXT], returns::json)] }),
    documentation: documentation("json", SUMMARY, r#"json_extract_path('{"a": [1, 2]}', 'a', '1')"#, "2"),
    execute: |call| at_arguments(call, false),
};

pub(super) static JSON_EXTRACT_PATH_TEXT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "json_extract_path_text",
            const { &[variadic(&[JSON, TEXT], returns::text)] },
        )
    },
    documentation: documentation(
        "json",
        TEXT_SUMMARY,
        r#"json_extract_path_text('{"a": ["x"]}', 'a', '0')"#,
        "x",
    ),
    execute: |call| at_arguments(call, true),
};

/// Hands on what each row has; `find` is not asked about rows with a NULL argument.
fn each<'t>(call: &Call<'_>, as_text: bool, find: impl Fn(usize, bool) -> Option<&'t str>) -> Result<Value> {
    let sorted = *call.argument_type(0)? == LogicalType::Jsonb;
    let nulls = call.nulls();
    let mut builder = StringViewBuilder::with_capacity(call.row_count);
    let mut scratch = String::new();
    for row in 0..call.row_count {
        let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match if is_null { None } else { find(row, sorted) } {
            Some(value) if as_text => append_text(value, &mut scratch, &mut builder),
            Some(value) => builder.append_value(value),
            None => builder.append_null(),
        }
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

/// The steps of a path, `None` for a NULL among them.
pub(super) fn steps(path: &ArrayRef) -> Vec<Option<&str>> {
    let texts = path.as_string_view();
    (0..texts.len())
        .map(|at| texts.is_valid(at).then(|| texts.value(at)))
        .collect()
}

fn at_array(call: &Call<'_>, as_text: bool) -> Result<Value> {
    let documents = call.texts(0)?;
    let paths = call.argument(1)?.lists()?;
    let constant = (paths.is_constant() && !paths.is_null(0)).then(|| paths.value(0));
    let constant = constant.as_ref().map(steps);
    each(call, as_text, |row, sorted| {
        let start = trim(documents.value(row));
        let follow = |steps: &[Option<&str>]| steps.iter().try_fold(start, |value, key| step(value, (*key)?, sorted));
        match &constant {
            Some(steps) => follow(steps),
            None => follow(&steps(&paths.value(row))),
        }
    })
}

fn at_arguments(call: &Call<'_>, as_text: bool) -> Result<Value> {
    let documents = call.texts(0)?;
    let keys: Vec<Texts<'_>> = (1..call.arguments.len())
        .map(|at| call.texts(at))
        .collect::<Result<_>>()?;
    each(call, as_text, |row, sorted| {
        keys.iter().try_fold(trim(documents.value(row)), |value, key| {
            step(value, key.value(row), sorted)
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn paths() {
        for (document, path, value, as_text) in [
            (r#"{"a": {"b": null}}"#, &["a", "b"][..], Some("null"), None),
            ("[1, [2]]", &["1", "0"], Some("2"), Some("2")),
            ("[1, [2]]", &["-1"], Some("[2]"), Some("[2]")),
            (r#"{"a": 1}"#, &[], Some(r#"{"a": 1}"#), Some(r#"{"a": 1}"#)),
            (r#""x""#, &[], Some(r#""x""#), Some("x")),
            ("[1]", &["x"], None, None),
            (r#"{"a": 1}"#, &["a", "b"], None, None),
        ] {
            let steps: Vec<Option<&str>> = path.iter().copied().map(Some).collect();
            check(
                "#>",
                &[jsonb(document), text_array(&steps)],
                optional(value, LogicalType::Jsonb),
            );
            check(
                "#>>",
                &[jsonb(document), text_array(&steps)],
                optional(as_text, LogicalType::Text),
            );
            if path.is_empty() {
                continue;
            }
            let mut arguments = vec![jsonb(document)];
            arguments.extend(path.iter().map(|key| text(key)));
            check("jsonb_extract_path", &arguments, optional(value, LogicalType::Jsonb));
            check(
                "jsonb_extract_path_text",
                &arguments,
                optional(as_text, LogicalType::Text),
            );
        }
        let with_null = [jsonb(r#"{"a": 1}"#), text_array(&[Some("a"), None])];
        check("#>", &with_null, null(LogicalType::Jsonb));
    }
}
