//! Rows of JSON values: `jsonb_array_elements`, `jsonb_each`, `jsonb_object_keys`, their `_text` forms, and all of them for `json`.

use super::rows::{Nothing, argument, has_null};
use super::table_of;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::json::document::{
    Elements, Kind, Members, elements, members, text_into, trim, unescaped,
};
use crate::functions::scalar::signature::*;
use crate::functions::{Documentation, TableCall, TableFunction, TableRows};
use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use std::sync::Arc;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

const JSON_VALUE: &[Signature] = &[signature(&[JSON], returns::json)];
const JSON_TEXT: &[Signature] = &[signature(&[JSON], returns::text)];
const JSONB_VALUE: &[Signature] = &[signature(&[JSONB], returns::jsonb)];
const JSONB_TEXT: &[Signature] = &[signature(&[JSONB], returns::text)];

const ELEMENTS: Documentation = documentation(
    "table",
    "The elements of an array as rows.",
    "jsonb_array_elements('[1, [2]]')",
    "1, [2]",
);
const EACH: Documentation = documentation(
    "table",
    "The members of an object as rows of key and value.",
    r#"jsonb_each('{"a": 1, "b": "x"}')"#,
    r#"(a,1), (b,"x")"#,
);
const KEYS: Documentation = documentation(
    "table",
    "The keys of an object as rows.",
    r#"jsonb_object_keys('{"a": 1, "b": 2}')"#,
    "a, b",
);

macro_rules! functions {
    ($($item:ident = $name:literal $signatures:ident $columns:ident $documentation:ident $what:ident;)*) => {
        $(pub(super) static $item: TableFunction = TableFunction {
            info: || table_of($name, $signatures, $columns),
            documentation: $documentation,
            open: |call| open(call, $name, What::$what),
        };)*
    };
}

functions! {
    JSON_ARRAY_ELEMENTS = "json_array_elements" JSON_VALUE json_value ELEMENTS Elements;
    JSON_ARRAY_ELEMENTS_TEXT = "json_array_elements_text" JSON_TEXT text_value ELEMENTS ElementTexts;
    JSON_EACH = "json_each" JSON_VALUE json_member EACH Members;
    JSON_EACH_TEXT = "json_each_text" JSON_TEXT text_member EACH MemberTexts;
    JSON_OBJECT_KEYS = "json_object_keys" JSON_TEXT key KEYS Keys;
    JSONB_ARRAY_ELEMENTS = "jsonb_array_elements" JSONB_VALUE jsonb_value ELEMENTS Elements;
    JSONB_ARRAY_ELEMENTS_TEXT = "jsonb_array_elements_text" JSONB_TEXT text_value ELEMENTS ElementTexts;
    JSONB_EACH = "jsonb_each" JSONB_VALUE jsonb_member EACH Members;
    JSONB_EACH_TEXT = "jsonb_each_text" JSONB_TEXT text_member EACH MemberTexts;
    JSONB_OBJECT_KEYS = "jsonb_object_keys" JSONB_TEXT key KEYS Keys;
}

fn named(columns: &[(&str, LogicalType)]) -> Vec<(String, LogicalType)> {
    columns
        .iter()
        .map(|(name, data_type)| ((*name).to_owned(), data_type.clone()))
        .collect()
}

fn json_value(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("value", LogicalType::Json)])
}

fn jsonb_value(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("value", LogicalType::Jsonb)])
}

fn text_value(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("value", LogicalType::Text)])
}

fn json_member(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("key", LogicalType::Text), ("value", LogicalType::Json)])
}

fn jsonb_member(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("key", LogicalType::Text), ("value", LogicalType::Jsonb)])
}

fn text_member(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("key", LogicalType::Text), ("value", LogicalType::Text)])
}

fn key(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    named(&[("", LogicalType::Text)])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Elements,
    ElementTexts,
    Members,
    MemberTexts,
    Keys,
}

/// A document being walked.
struct Walk {
    document: String,
    /// How far in bytes.
    at: usize,
    what: What,
}

fn open(call: &TableCall<'_>, name: &str, what: What) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let document = trim(argument(call, 0)?.as_string_view().value(0));
    check_kind(Kind::of(document), name, what)?;
    let at = match what {
        What::Elements | What::ElementTexts => elements(document).position(),
        _ => members(document).position(),
    };
    Ok(Box::new(Walk {
        document: document.to_owned(),
        at,
        what,
    }))
}

fn check_kind(kind: Kind, name: &str, what: What) -> Result<()> {
    let binary = name.starts_with("jsonb");
    let message = match (what, kind) {
        (What::Elements | What::ElementTexts, Kind::Array) => return Ok(()),
        (What::Members | What::MemberTexts | What::Keys, Kind::Object) => return Ok(()),
        (What::Elements | What::ElementTexts, Kind::Object) if binary => {
            "cannot extract elements from an object".into()
        }
        (What::Elements | What::ElementTexts, _) if binary => "cannot extract elements from a scalar".into(),
        (What::Elements | What::ElementTexts, Kind::Object) => format!("cannot call {name} on a non-array"),
        (What::Elements | What::ElementTexts, _) => format!("cannot call {name} on a scalar"),
        (What::Members | What::MemberTexts, _) if binary => format!("cannot call {name} on a non-object"),
        (What::Members | What::MemberTexts, Kind::Array) => "cannot deconstruct an array as an object".into(),
        (What::Members | What::MemberTexts, _) => "cannot deconstruct a scalar".into(),
        (What::Keys, Kind::Array) => format!("cannot call {name} on an array"),
        (What::Keys, _) => format!("cannot call {name} on a scalar"),
    };
    Err(Error::user(SqlState::INVALID_PARAMETER_VALUE, message))
}

fn append_text(value: &str, scratch: &mut String, builder: &mut StringViewBuilder) {
    scratch.clear();
    if text_into(value, scratch) {
        builder.append_value(scratch.as_str());
    } else {
        builder.append_null();
    }
}

impl TableRows for Walk {
    fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
        let rows_max = rows_max.max(1);
        let (mut keys, mut values) = (StringViewBuilder::new(), StringViewBuilder::new());
        let mut scratch = String::new();
        let mut count = 0;
        if matches!(self.what, What::Elements | What::ElementTexts) {
            let mut walk = Elements::from(&self.document, self.at);
            while count < rows_max
                && let Some(element) = walk.next()
            {
                match self.what {
                    What::ElementTexts => append_text(element, &mut scratch, &mut values),
                    _ => values.append_value(element),
                }
                count += 1;
            }
            self.at = walk.position();
            return Ok((count > 0).then(|| vec![Arc::new(values.finish()) as ArrayRef]));
        }
        let mut walk = Members::from(&self.document, self.at);
        while count < rows_max
            && let Some((key, value)) = walk.next()
        {
            keys.append_value(unescaped(key));
            match self.what {
                What::Members => values.append_value(value),
                What::MemberTexts => append_text(value, &mut scratch, &mut values),
                _ => {}
            }
            count += 1;
        }
        self.at = walk.position();
        if count == 0 {
            return Ok(None);
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(keys.finish())];
        if self.what != What::Keys {
            columns.push(Arc::new(values.finish()));
        }
        Ok(Some(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn elements() {
        let array = r#"["a", null, {"x": 1}]"#;
        let values = ["\"a\"", "null", r#"{"x": 1}"#];
        assert_eq!(
            rows("jsonb_array_elements", &[jsonb(array)]),
            values.map(|value| vec![jsonb(value)])
        );
        assert_eq!(
            rows("json_array_elements", &[json(array)]),
            values.map(|value| vec![json(value)])
        );
        let texts = [Some("a"), None, Some(r#"{"x": 1}"#)].map(|value| vec![optional(value, LogicalType::Text)]);
        assert_eq!(rows("jsonb_array_elements_text", &[jsonb(array)]), texts);
        assert!(rows("jsonb_array_elements", &[jsonb("[]")]).is_empty());
    }

    #[test]
    fn members() {
        let object = r#"{"b": "x", "c": null, "a\"a": 1}"#;
        let keys = ["b", "c", "a\"a"];
        assert_eq!(
            rows("jsonb_object_keys", &[jsonb(object)]),
            keys.map(|key| vec![text(key)])
        );
        let values = ["\"x\"", "null", "1"];
        let expected: Vec<_> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| vec![text(key), jsonb(value)])
            .collect();
        assert_eq!(rows("jsonb_each", &[jsonb(object)]), expected);
        let values = [Some("x"), None, Some("1")].map(|value| optional(value, LogicalType::Text));
        let expected: Vec<_> = keys
            .iter()
            .zip(values)
            .map(|(key, value)| vec![text(key), value])
            .collect();
        assert_eq!(rows("json_each_text", &[json(object)]), expected);
    }

    #[test]
    fn values_of_another_kind() {
        for (name, value, message) in [
            (
                "jsonb_array_elements",
                jsonb("{}"),
                "cannot extract elements from an object",
            ),
            (
                "jsonb_array_elements",
                jsonb("1"),
                "cannot extract elements from a scalar",
            ),
            (
                "json_array_elements",
                json("{}"),
                "cannot call json_array_elements on a non-array",
            ),
            ("jsonb_each", jsonb("[]"), "cannot call jsonb_each on a non-object"),
            ("json_each", json("[]"), "cannot deconstruct an array as an object"),
            (
                "jsonb_object_keys",
                jsonb("[]"),
                "cannot call jsonb_object_keys on an array",
            ),
            (
                "json_object_keys",
                json("1"),
                "cannot call json_object_keys on a scalar",
            ),
        ] {
            let error = try_rows(name, &[value]).unwrap_err();
            assert_eq!((error.state().0, error.to_string().as_str()), ("22023", message));
        }
    }
}
