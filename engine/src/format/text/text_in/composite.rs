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
    let mut parser = ArrayParser { text, rest };
    let elements = parser.array(1)?;
    if !parser.rest.trim_start_matches(is_space_character).is_empty() {
        return Err(malformed("Junk after closing right brace."));
    }
    literals(elements, text, element, settings)
}

/// The elements as their type reads them.
fn literals(
    elements: Vec<Element>,
    text: &str,
    data_type: &LogicalType,
    settings: &FormatSettings,
) -> Result<Vec<Literal>> {
    let mut literals = Vec::with_capacity(elements.len());
    // Postgres's arrays are rectangular.
    let mut length = None;
    for element in elements {
        literals.push(match (element, data_type) {
            (Element::Array(inner), LogicalType::Array(inner_type)) => {
                if *length.get_or_insert(inner.len()) != inner.len() {
                    let detail = "Multidimensional arrays must have sub-arrays with matching dimensions.";
                    return Err(malformed("array", text, detail));
                }
                Literal::Array(self::literals(inner, text, inner_type, settings)?)
            }
            (Element::Array(_), _) => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("multidimensional arrays of {data_type} are not supported"),
                ));
            }
            (_, LogicalType::Array(_)) if literals.is_empty() => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!("arrays of type {data_type}[] with fewer dimensions are not supported"),
                ));
            }
            (_, LogicalType::Array(_)) => return Err(malformed("array", text, "Unexpected array element.")),
            (Element::Null, _) => Literal::Null,
            (Element::Text(value), _) => parse_value(&value, data_type, settings)?,
        });
    }
    Ok(literals)
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

/// An element before its type reads it: the whole array's form is checked first.
enum Element {
    Null,
    Text(String),
    Array(Vec<Element>),
}

/// Arrays inside each other.
const DIMENSIONS_MAX: usize = 6;

struct ArrayParser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl ArrayParser<'_> {
    fn malformed(&self, detail: &str) -> Error {
        malformed("array", self.text, detail)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space_character);
    }

    /// From `{` to `}`.
    fn array(&mut self, dimension: usize) -> Result<Vec<Element>> {
        if dimension > DIMENSIONS_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("number of array dimensions ({dimension}) exceeds the maximum allowed ({DIMENSIONS_MAX})"),
            ));
        }
        self.rest = &self.rest[1..];
        let mut elements = Vec::new();
        self.skip_spaces();
        if let Some(rest) = self.rest.strip_prefix('}') {
            self.rest = rest;
            return Ok(elements);
        }
        loop {
            self.skip_spaces();
            elements.push(self.element(dimension)?);
            self.skip_spaces();
            let next = self.rest.chars().next();
            self.rest = &self.rest[next.map_or(0, char::len_utf8)..];
            match next {
                Some(',') => {}
                Some('}') => return Ok(elements),
                None => return Err(self.malformed("Unexpected end of input.")),
                Some(character @ ('{' | '\\')) => {
                    return Err(self.malformed(&format!("Unexpected \"{character}\" character.")));
                }
                Some(_) => return Err(self.malformed("Unexpected array element.")),
            }
        }
    }

    fn element(&mut self, dimension: usize) -> Result<Element> {
        match self.rest.chars().next() {
            Some('{') => Ok(Element::Array(self.array(dimension + 1)?)),
            Some(character @ (',' | '}')) => Err(self.malformed(&format!("Unexpected \"{character}\" character."))),
            None => Err(self.malformed("Unexpected end of input.")),
            Some('"') => Ok(Element::Text(self.quoted()?)),
            Some(_) => {
                let (value, is_escaped) = self.unquoted()?;
                match value.eq_ignore_ascii_case("null") && !is_escaped {
                    true => Ok(Element::Null),
                    false => Ok(Element::Text(value)),
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
