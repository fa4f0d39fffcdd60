//! Arrays `{1,NULL,"a b"}` and records `(1,,"a b")` in.

use super::parse_value;
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::text_out::composite::is_space;
use crate::types::{Literal, LogicalType};

/// The elements of an array.
pub(crate) fn parse_array(text: &str, element: &LogicalType, settings: &FormatSettings) -> Result<Vec<Literal>> {
    let malformed = |detail: &str| malformed("array", text, detail);
    let mut rest = text.trim_start_matches(is_space_character);
    if rest.starts_with('[') {
        rest = after_dimensions(rest).ok_or_else(|| {
            Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("array dimensions are not supported: \"{text}\""),
            )
        })?;
    }
    if !rest.starts_with('{') {
        return Err(malformed("Array value must start with \"{\" or dimension information."));
    }
    let mut parser = ArrayParser {
        text,
        rest,
        element,
        settings,
    };
    let elements = parser.array(element)?;
    match parser.rest.trim_start_matches(is_space_character).is_empty() {
        true => Ok(elements),
        false => Err(malformed("Junk after closing right brace.")),
    }
}

/// What follows `[1:3]=`; dimensions that count from anything but 1 cannot be kept.
fn after_dimensions(text: &str) -> Option<&str> {
    let (dimensions, rest) = text.split_once('=')?;
    let each = dimensions
        .trim_end_matches(is_space_character)
        .strip_prefix('[')?
        .strip_suffix(']')?;
    let from_one = |dimension: &str| {
        let (from, to) = dimension.split_once(':').unwrap_or(("1", dimension));
        from.trim() == "1" && to.trim().parse::<u32>().is_ok()
    };
    each.split("][")
        .all(from_one)
        .then(|| rest.trim_start_matches(is_space_character))
}

fn is_space_character(character: char) -> bool {
    u8::try_from(character).is_ok_and(is_space)
}

#[cold]
fn malformed(kind: &str, text: &str, detail: &str) -> Error {
    Error::Sql(
        stoa_sql::Error::new(
            SqlState::INVALID_TEXT_REPRESENTATION,
            format!("malformed {kind} literal: \"{text}\""),
        )
        .with_detail(detail),
    )
}

struct ArrayParser<'a> {
    text: &'a str,
    rest: &'a str,
    element: &'a LogicalType,
    settings: &'a FormatSettings,
}

impl<'a> ArrayParser<'a> {
    fn malformed(&self, detail: &str) -> Error {
        malformed("array", self.text, detail)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space_character);
    }

    /// From `{` to `}`. The depth is that of the type.
    fn array(&mut self, element: &LogicalType) -> Result<Vec<Literal>> {
        self.rest = &self.rest[1..];
        let mut elements = Vec::new();
        self.skip_spaces();
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            return Ok(elements);
        }
        loop {
            self.skip_spaces();
            elements.push(self.element(element)?);
            self.skip_spaces();
            let next = self.rest.chars().next();
            self.rest = &self.rest[next.map_or(0, char::len_utf8)..];
            match next {
                Some(',') => {}
                Some('}') => return Ok(elements),
                None => return Err(self.malformed("Unexpected end of input.")),
                Some(_) => return Err(self.malformed("Unexpected array element.")),
            }
        }
    }

    fn element(&mut self, element: &LogicalType) -> Result<Literal> {
        match (self.rest.chars().next(), element) {
            (Some('{'), LogicalType::Array(inner)) => Ok(Literal::Array(self.array(inner)?)),
            (Some('{'), _) => Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("multidimensional arrays of {} are not supported", self.element),
            )),
            (Some(character @ (',' | '}')), _) => {
                Err(self.malformed(&format!("Unexpected \"{character}\" character.")))
            }
            (None, _) => Err(self.malformed("Unexpected end of input.")),
            (Some('"'), _) => {
                let value = self.quoted()?;
                parse_value(&value, element, self.settings)
            }
            (Some(_), _) => {
                let (value, is_escaped) = self.unquoted()?;
                match value.eq_ignore_ascii_case("null") && !is_escaped {
                    true => Ok(Literal::Null),
                    false => parse_value(&value, element, self.settings),
                }
            }
        }
    }

    fn quoted(&mut self) -> Result<String> {
        let mut value = String::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                character => value.push(character),
            }
        }
        Err(self.malformed("Unexpected end of input."))
    }

    /// Up to a delimiter, without white space at its end; and whether a character was escaped.
    fn unquoted(&mut self) -> Result<(String, bool)> {
        let mut value = String::new();
        // Up to where the value cannot be trimmed.
        let mut kept = 0;
        let mut is_escaped = false;
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                ',' | '}' => {
                    self.rest = &self.rest[at..];
                    value.truncate(kept);
                    return Ok((value, is_escaped));
                }
                '{' => return Err(self.malformed("Unexpected \"{\" character.")),
                '"' => return Err(self.malformed("Unexpected array element.")),
                '\\' => {
                    value.extend(characters.next().map(|(_, escaped)| escaped));
                    is_escaped = true;
                    kept = value.len();
                }
                character => {
                    value.push(character);
                    if !is_space_character(character) {
                        kept = value.len();
                    }
                }
            }
        }
        Err(self.malformed("Unexpected end of input."))
    }
}

/// The fields of a record.
pub(crate) fn parse_record(
    text: &str,
    fields: &[(String, LogicalType)],
    settings: &FormatSettings,
) -> Result<Vec<Literal>> {
    let malformed = |detail: &str| malformed("record", text, detail);
    let rest = text.trim_start_matches(is_space_character);
    let mut rest = rest
        .strip_prefix('(')
        .ok_or_else(|| malformed("Missing left parenthesis."))?;
    let mut values = Vec::with_capacity(fields.len());
    for (at, (_, data_type)) in fields.iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(',').ok_or_else(|| malformed("Too few columns."))?;
        }
        if rest.starts_with([',', ')']) {
            values.push(Literal::Null);
            continue;
        }
        let (value, after) = record_field(rest).ok_or_else(|| malformed("Unexpected end of input."))?;
        values.push(parse_value(&value, data_type, settings)?);
        rest = after;
    }
    match rest.strip_prefix(')') {
        Some(rest) if rest.trim_start_matches(is_space_character).is_empty() => Ok(values),
        Some(_) => Err(malformed("Junk after right parenthesis.")),
        None => Err(malformed("Too many columns.")),
    }
}

/// A field's text, and what follows it. Quotes may begin and end anywhere inside.
fn record_field(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut in_quotes = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            ',' | ')' if !in_quotes => return Some((value, &text[at..])),
            '\\' => value.push(characters.next()?.1),
            '"' if in_quotes && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                characters.next();
                value.push('"');
            }
            '"' => in_quotes = !in_quotes,
            character => value.push(character),
        }
    }
    None
}
