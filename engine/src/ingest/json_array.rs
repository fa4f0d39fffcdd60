//! A JSON array as the text form of an array: `[1, null, "a b"]` as `{1,NULL,"a b"}`. Whoever reads that checks the elements.

use super::json_lines::{Kind, Members};
use super::rows::bad_format;
use crate::error::{Error, Result};
use crate::format::text::json;
use crate::format::text::text_out::write_quoted;

/// Arrays within arrays; as many as an array can have dimensions in Postgres.
const DEPTH_MAX: usize = 6;

/// The text form of the array that a value is.
///
/// # Errors
/// 22P04 where it is none, 22P02 for a string that cannot be read.
pub(super) fn array_text(value: &str) -> Result<String> {
    let mut walk = Members::new(value);
    let mut out = String::with_capacity(value.len());
    match walk.take(b'[') {
        true => write_array(&mut walk, 1, &mut out).map(|()| out),
        false => Err(not_an_array()),
    }
}

#[cold]
fn not_an_array() -> Error {
    bad_format("a value of an array's column must be a JSON array, or the text form of an array")
}

fn write_array(walk: &mut Members<'_>, depth: usize, out: &mut String) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(bad_format(format!("an array has at most {DEPTH_MAX} dimensions")));
    }
    out.push('{');
    if walk.take(b']') {
        out.push('}');
        return Ok(());
    }
    loop {
        match walk.take(b'[') {
            true => write_array(walk, depth + 1, out)?,
            false => match walk.value_text().ok_or_else(not_an_array)? {
                (_, Kind::Null) => out.push_str("NULL"),
                (text, Kind::String) => write_quoted(&json::decode_string(&text[1..text.len() - 1])?, out),
                (text, Kind::Nested) => write_quoted(text, out),
                (text, Kind::Boolean | Kind::Number) => out.push_str(text),
            },
        }
        if walk.take(b']') {
            out.push('}');
            return Ok(());
        }
        if !walk.take(b',') {
            return Err(not_an_array());
        }
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_meaning() {
        for (value, text) in [
            ("[]", "{}"),
            ("[1, null,\t-2.5e3]", "{1,NULL,-2.5e3}"),
            (
                r#"["a b", "NULL", "", "x\"y\\z\u00e9"]"#,
                r#"{"a b","NULL","","x\"y\\zé"}"#,
            ),
            ("[[true], [false]]", "{{true},{false}}"),
            (r#"[{"a": [1]}]"#, r#"{"{\"a\": [1]}"}"#),
        ] {
            assert_eq!(array_text(value).unwrap(), text);
        }
        for wrong in ["{}", "[", "[1", "[1,]", "[,]", "[1 2]", "[[[[[[[1]]]]]]]"] {
            assert!(array_text(wrong).is_err(), "{wrong}");
        }
    }
}
