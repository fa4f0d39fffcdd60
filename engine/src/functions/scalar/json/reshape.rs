//! `jsonb_pretty`, `jsonb_strip_nulls`, `json_strip_nulls`: the same value written anew.

use super::document::{Kind, elements, members, trim};
use super::{deeper, too_deep};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, Documentation, ScalarFunction, Value};

pub(super) static JSONB_PRETTY: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_pretty", const { &[signature(&[JSONB], returns::text)] }),
    documentation: documentation(
        "json",
        "The value as indented text, a line per member.",
        r#"jsonb_pretty('{"a": 1}')"#,
        "{\n    \"a\": 1\n}",
    ),
    execute: pretty,
};

const STRIP: Documentation = documentation(
    "json",
    "Without the members of objects that are null.",
    r#"jsonb_strip_nulls('{"a": null, "b": 1}')"#,
    r#"{"b": 1}"#,
);

pub(super) static JSONB_STRIP_NULLS: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_strip_nulls", const { &[signature(&[JSONB], returns::jsonb)] }),
    documentation: STRIP,
    execute: |call| strip(call, ", ", ": "),
};
pub(super) static JSON_STRIP_NULLS: ScalarFunction = ScalarFunction {
    info: || immutable("json_strip_nulls", const { &[signature(&[JSON], returns::json)] }),
    documentation: STRIP,
    execute: |call| strip(call, ",", ":"),
};

fn pretty(call: &Call<'_>) -> Result<Value> {
    let documents = call.texts(0)?;
    call.map_texts(|row, out| write_pretty(documents.value(row), 0, out))
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n("    ", depth));
}

fn write_pretty(value: &str, depth: usize, out: &mut String) -> Result<()> {
    if deeper(depth) {
        return Err(too_deep());
    }
    let (open, close) = match Kind::of(value) {
        Kind::Object => ('{', '}'),
        Kind::Array => ('[', ']'),
        _ => {
            out.push_str(value);
            return Ok(());
        }
    };
    out.push(open);
    let mut first = true;
    let mut begin = |out: &mut String| {
        if !first {
            out.push(',');
        }
        first = false;
        new_line(depth + 1, out);
    };
    for (key, member) in members(value) {
        begin(out);
        out.push('"');
        out.push_str(key);
        out.push_str("\": ");
        write_pretty(member, depth + 1, out)?;
    }
    for element in elements(value) {
        begin(out);
        write_pretty(element, depth + 1, out)?;
    }
    new_line(depth, out);
    out.push(close);
    Ok(())
}

fn strip(call: &Call<'_>, comma: &str, colon: &str) -> Result<Value> {
    let documents = call.texts(0)?;
    call.map_texts(|row, out| write_stripped(trim(documents.value(row)), comma, colon, 0, out))
}

fn write_stripped(value: &str, comma: &str, colon: &str, depth: usize, out: &mut String) -> Result<()> {
    if deeper(depth) {
        return Err(too_deep());
    }
    let (open, close) = match Kind::of(value) {
        Kind::Object => ('{', '}'),
        Kind::Array => ('[', ']'),
        _ => {
            out.push_str(value);
            return Ok(());
        }
    };
    out.push(open);
    let start = out.len();
    for (key, member) in members(value).filter(|(_, member)| Kind::of(member) != Kind::Null) {
        if out.len() > start {
            out.push_str(comma);
        }
        out.push('"');
        out.push_str(key);
        out.push('"');
        out.push_str(colon);
        write_stripped(member, comma, colon, depth + 1, out)?;
    }
    for element in elements(value) {
        if out.len() > start {
            out.push_str(comma);
        }
        write_stripped(element, comma, colon, depth + 1, out)?;
    }
    out.push(close);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn pretty() {
        let expected = "{\n    \"a\": [\n        1,\n        {\n            \"b\": 2\n        }\n    ],\n    \"c\": {\n    },\n    \"d\": [\n    ]\n}";
        check(
            "jsonb_pretty",
            &[jsonb(r#"{"a": [1, {"b": 2}], "c": {}, "d": []}"#)],
            text(expected),
        );
        check("jsonb_pretty", &[jsonb("1")], text("1"));
    }

    #[test]
    fn nulls_of_objects_go_and_those_of_arrays_stay() {
        let value = r#"{"a": null, "b": [null, {"c": null}]}"#;
        check("jsonb_strip_nulls", &[jsonb(value)], jsonb(r#"{"b": [null, {}]}"#));
        check("json_strip_nulls", &[json(value)], json(r#"{"b":[null,{}]}"#));
    }

    #[test]
    fn deep_values_are_refused_not_overflown() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let message = "stack depth limit exceeded";
        check_error("jsonb_pretty", &[jsonb(&deep)], "54001", message);
        check_error("jsonb_strip_nulls", &[jsonb(&deep)], "54001", message);
    }
}
