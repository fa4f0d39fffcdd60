//! JSON text looked into without being taken apart: values are slices of it, objects and arrays are walked, what is not asked for is
//! skipped.
//!
//! The text is well-formed, as the type guarantees; broken text gives some answer and never a panic. Of `jsonb` the form is known,
//! too: keys are unique and stand by length, then bytes, so that a walk for a key ends early.

use memchr::memchr2;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The kind of a value, from its first character.
    pub(crate) fn of(value: &str) -> Kind {
        match value.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// As `jsonb_typeof` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }

    pub(crate) fn is_scalar(self) -> bool {
        !matches!(self, Kind::Array | Kind::Object)
    }
}

/// Without the blanks around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| matches!(character, ' ' | '\t' | '\n' | '\r'))
}

/// One past the closing quote of the string whose opening quote is at `start`.
fn skip_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(rest) = bytes.get(at..) {
        match memchr2(b'"', b'\\', rest) {
            Some(offset) if rest.get(offset) == Some(&b'"') => return at + offset + 1,
            Some(offset) => at += offset + 2,
            None => break,
        }
    }
    bytes.len()
}

/// One past the bracket that closes the one at `start`.
fn skip_container(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = skip_string(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// One past the value that begins at `start`.
fn skip_value(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'"') => skip_string(bytes, start),
        Some(b'{' | b'[') => skip_container(bytes, start),
        _ => {
            let rest = bytes.get(start..).unwrap_or(&[]);
            let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b':');
            start + rest.iter().position(ends).unwrap_or(rest.len())
        }
    }
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// The members of an object, in order: keys as they are written, without their quotes, and values.
#[derive(Clone, Debug)]
pub(crate) struct Members<'t> {
    text: &'t str,
    at: usize,
}

/// The members of a value; none if it is no object.
pub(crate) fn members(value: &str) -> Members<'_> {
    let at = match Kind::of(value) {
        Kind::Object => 1,
        _ => value.len(),
    };
    Members { text: value, at }
}

impl<'t> Members<'t> {
    /// Goes on where another walk of the text was.
    pub(crate) fn from(text: &'t str, at: usize) -> Self {
        Members { text, at }
    }

    /// Where it is, in bytes.
    pub(crate) fn position(&self) -> usize {
        self.at
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = (&'t str, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let key = skip_blanks(bytes, self.at);
        if bytes.get(key) != Some(&b'"') {
            return None;
        }
        let key_end = skip_string(bytes, key);
        let colon = skip_blanks(bytes, key_end);
        let value = skip_blanks(bytes, colon + 1);
        let value_end = skip_value(bytes, value);
        self.at = skip_blanks(bytes, value_end) + 1;
        let key = self.text.get(key + 1..key_end.checked_sub(1)?)?;
        Some((key, self.text.get(value..value_end)?))
    }
}

/// The elements of an array, in order.
#[derive(Clone, Debug)]
pub(crate) struct Elements<'t> {
    text: &'t str,
    at: usize,
}

/// The elements of a value; none if it is no array.
pub(crate) fn elements(value: &str) -> Elements<'_> {
    let at = match Kind::of(value) {
        Kind::Array => 1,
        _ => value.len(),
    };
    Elements { text: value, at }
}

impl<'t> Elements<'t> {
    /// Goes on where another walk of the text was.
    pub(crate) fn from(text: &'t str, at: usize) -> Self {
        Elements { text, at }
    }

    /// Where it is, in bytes.
    pub(crate) fn position(&self) -> usize {
        self.at
    }
}

impl<'t> Iterator for Elements<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let value = skip_blanks(bytes, self.at);
        if matches!(bytes.get(value), None | Some(b']')) {
            return None;
        }
        let end = skip_value(bytes, value);
        self.at = skip_blanks(bytes, end) + 1;
        self.text.get(value..end)
    }
}

/// Whether a key as written is this key.
#[inline]
pub(crate) fn is_key(written: &str, key: &str) -> bool {
    match memchr::memchr(b'\\', written.as_bytes()) {
        None => written == key,
        Some(_) => unescaped(written) == key,
    }
}

/// A member's value. `sorted` is the form of jsonb; otherwise the last of equal keys counts.
#[inline]
pub(crate) fn member<'t>(value: &'t str, key: &str, sorted: bool) -> Option<&'t str> {
    let mut found = None;
    for (written, member) in members(value) {
        if is_key(written, key) {
            found = Some(member);
            if sorted {
                break;
            }
        } else if sorted && written.len() > key.len() && !written.contains('\\') {
            break;
        }
    }
    found
}

/// An array's element; counted from the end where the index is negative.
pub(crate) fn element(value: &str, index: i64) -> Option<&str> {
    if Kind::of(value) != Kind::Array {
        return None;
    }
    let index = match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => {
            let back = usize::try_from(index.unsigned_abs()).ok()?;
            elements(value).count().checked_sub(back)?
        }
    };
    elements(value).nth(index)
}

/// Whether a value is neither an object nor an array.
pub(crate) fn is_scalar(value: &str) -> bool {
    !matches!(Kind::of(value), Kind::Array | Kind::Object)
}

/// The value at a step of a path: a key of an object, an index of an array.
pub(crate) fn step<'t>(value: &'t str, key: &str, sorted: bool) -> Option<&'t str> {
    match Kind::of(value) {
        Kind::Object => member(value, key, sorted),
        Kind::Array => element(value, index_of(key)?),
        _ => None,
    }
}

/// A step of a path as an index.
pub(crate) fn index_of(key: &str) -> Option<i64> {
    let index = key.trim_start().parse::<i32>().ok()?;
    Some(index.into())
}

/// A string's characters, from between its quotes.
pub(crate) fn unescaped(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    unescape_into(written, &mut text);
    text
}

/// Appends a string's characters, from between its quotes.
pub(crate) fn unescape_into(written: &str, out: &mut String) {
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or(""));
        let mut characters = rest.get(at + 1..).unwrap_or("").chars();
        match characters.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let after = characters.as_str();
                let (character, length) = unicode_escape(after);
                out.push(character);
                rest = after.get(length..).unwrap_or("");
                continue;
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// The character of `XXXX`, or of a pair `XXXX\uXXXX`, and the bytes it takes.
fn unicode_escape(text: &str) -> (char, usize) {
    let unit = |from: usize| {
        text.get(from..from + 4)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let replacement = char::REPLACEMENT_CHARACTER;
    let Some(first) = unit(0) else {
        return (replacement, 0);
    };
    if !(0xD800..0xDC00).contains(&first) {
        return (char::from_u32(first).unwrap_or(replacement), 4);
    }
    match unit(6) {
        Some(second) if (0xDC00..0xE000).contains(&second) && text.get(4..6) == Some("\\u") => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (char::from_u32(code).unwrap_or(replacement), 10)
        }
        _ => (replacement, 4),
    }
}

/// The characters of a value that is a string.
pub(crate) fn string_of(value: &str) -> Option<String> {
    if Kind::of(value) != Kind::String {
        return None;
    }
    Some(unescaped(value.get(1..value.len().saturating_sub(1)).unwrap_or("")))
}

/// Appends a value as `->>` gives it: a string's characters, the text of anything else. False for null.
pub(crate) fn text_into(value: &str, out: &mut String) -> bool {
    match Kind::of(value) {
        Kind::Null => return false,
        Kind::String => unescape_into(value.get(1..value.len().saturating_sub(1)).unwrap_or(""), out),
        _ => out.push_str(value),
    }
    true
}

/// Appends characters as a string with its quotes, as Postgres writes it.
pub(crate) fn quote_into(text: &str, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(text.get(start..at).unwrap_or(""));
        match escape {
            "" => out.push_str(&format!("\\u{byte:04x}")),
            escape => out.push_str(escape),
        }
        start = at + 1;
    }
    out.push_str(text.get(start..).unwrap_or(""));
    out.push('"');
}

/// An object of jsonb under construction: keys by length, then bytes; the last of equal keys counts.
#[derive(Debug, Default)]
pub(crate) struct ObjectBuilder {
    members: Vec<(String, String)>,
}

impl ObjectBuilder {
    /// Adds a member: a key's characters and a value's normalized text.
    pub(crate) fn push(&mut self, key: String, value: String) {
        self.members.push((key, value));
    }

    /// Adds all members of an object.
    pub(crate) fn extend(&mut self, object: &str) {
        self.members
            .extend(members(object).map(|(key, value)| (unescaped(key), value.to_owned())));
    }

    /// Appends the object's normalized text.
    pub(crate) fn finish(mut self, out: &mut String) {
        let order = |key: &String| (key.len(), key.clone());
        self.members.sort_by_key(|(key, _)| order(key));
        out.push('{');
        let mut first = true;
        for (at, (key, value)) in self.members.iter().enumerate() {
            if self.members.get(at + 1).is_some_and(|(next, _)| next == key) {
                continue;
            }
            if !first {
                out.push_str(", ");
            }
            first = false;
            quote_into(key, out);
            out.push_str(": ");
            out.push_str(value);
        }
        out.push('}');
    }
}

/// Whether two numbers are the same, however many zeros they end with.
pub(crate) fn same_number(left: &str, right: &str) -> bool {
    fn shortest(text: &str) -> &str {
        let text = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.'),
            false => text,
        };
        if text == "-0" { "0" } else { text }
    }
    left == right || shortest(left) == shortest(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_are_slices() {
        let object = r#"{"a": 1, "b\"": [1, {"c": "}"}], "é": null}"#;
        let found: Vec<_> = members(object).collect();
        assert_eq!(found, [("a", "1"), ("b\\\"", r#"[1, {"c": "}"}]"#), ("é", "null")]);
        let array = r#" [ 1 ,"a,b", [2,3] , {} ] "#;
        let found: Vec<_> = elements(trim(array)).collect();
        assert_eq!(found, ["1", "\"a,b\"", "[2,3]", "{}"]);
        assert_eq!(
            elements("[]").count() + members("{}").count() + elements("1").count(),
            0
        );
    }

    #[test]
    fn broken_text_gives_something() {
        for text in [
            "{",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "[",
            "[1",
            "[1,",
            "\"\\",
            "",
            "{\"a\":\"\\",
        ] {
            let _ = members(text).count() + elements(text).count();
            let _ = string_of(text);
        }
    }

    #[test]
    fn keys_and_indexes() {
        let object = r#"{"a": 1, "bb": 2, "c\n": 3}"#;
        assert_eq!(member(object, "bb", true), Some("2"));
        assert_eq!(member(object, "c\n", true), Some("3"));
        assert_eq!(member(object, "x", true), None);
        assert_eq!(member(r#"{"b":1,"a":2,"b":3}"#, "b", false), Some("3"));
        assert_eq!(element("[1, 2, 3]", -1), Some("3"));
        assert_eq!(element("[1, 2, 3]", 3), None);
        assert_eq!(element("[1, 2, 3]", -4), None);
    }

    #[test]
    fn strings_there_and_back() {
        for text in ["", "plain", "q\"b\\s/", "\u{8}\u{c}\n\r\t\u{1}", "é😀"] {
            let mut quoted = String::new();
            quote_into(text, &mut quoted);
            assert_eq!(string_of(&quoted).as_deref(), Some(text));
        }
        assert_eq!(unescaped(r"\u00e9\ud83d\ude00\/"), "é😀/");
    }

    #[test]
    fn numbers_by_value() {
        for (left, right, same) in [
            ("1", "1.0", true),
            ("1.50", "1.5", true),
            ("10", "1", false),
            ("0", "-0", true),
        ] {
            assert_eq!(same_number(left, right), same, "{left} {right}");
        }
    }
}
