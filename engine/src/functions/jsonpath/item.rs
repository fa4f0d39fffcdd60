//! What a path goes over: values of documents, as slices of their texts, values made on the way, and dates and times, which JSON has not.

use super::datetime::Datetime;
use super::layout::binary_offset;
use super::number::Number;
use crate::functions::scalar::json::document::{Kind, elements, member, members, quote_into, string_of};
use std::rc::Rc;

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Item<'d> {
    Json(Json<'d>),
    Datetime(Datetime),
}

/// A value of JSON: a slice of a normalized text.
#[derive(Clone, Debug)]
pub(super) struct Json<'d> {
    source: Source<'d>,
    start: usize,
    end: usize,
}

#[derive(Clone, Debug)]
enum Source<'d> {
    /// The document (0), the variables (1), and which of them.
    Given(&'d str, u64),
    /// Made on the way: which one.
    Made(Rc<str>, u64),
}

/// Objects of one text are told apart by where they begin in binary form, those of several texts by this and the text's number.
const IDENTITIES_PER_TEXT: u64 = 10_000_000_000;

impl<'d> Json<'d> {
    /// A whole text, by its number among the texts of one search.
    pub(super) fn given(text: &'d str, number: u64) -> Self {
        Json {
            source: Source::Given(text, number),
            start: 0,
            end: text.len(),
        }
    }

    /// A text made on the way.
    pub(super) fn made(text: String, number: u64) -> Self {
        Json {
            start: 0,
            end: text.len(),
            source: Source::Made(text.into(), number),
        }
    }

    fn source(&self) -> &str {
        match &self.source {
            Source::Given(text, _) => text,
            Source::Made(text, _) => text,
        }
    }

    pub(super) fn text(&self) -> &str {
        self.source().get(self.start..self.end).unwrap_or("null")
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(self.text())
    }

    /// A number that no other object of the search has.
    pub(super) fn identity(&self) -> u64 {
        let (Source::Given(_, number) | Source::Made(_, number)) = &self.source;
        number * IDENTITIES_PER_TEXT + binary_offset(self.source(), self.start) as u64
    }

    /// A part of its text as a value.
    fn part(&self, part: &str) -> Json<'d> {
        let offset = part.as_ptr().addr().saturating_sub(self.text().as_ptr().addr());
        let start = self.start + offset;
        Json {
            source: self.source.clone(),
            start,
            end: start + part.len(),
        }
    }

    /// An object's member.
    pub(super) fn member(&self, key: &str) -> Option<Json<'d>> {
        member(self.text(), key, true).map(|value| self.part(value))
    }

    /// An object's keys, as they are written, and values.
    pub(super) fn members(&self) -> Vec<(String, Json<'d>)> {
        members(self.text())
            .map(|(key, value)| (key.to_owned(), self.part(value)))
            .collect()
    }

    /// The elements of an array, the values of an object.
    pub(super) fn children(&self) -> Vec<Json<'d>> {
        match self.kind() {
            Kind::Array => elements(self.text()).map(|value| self.part(value)).collect(),
            _ => members(self.text()).map(|(_, value)| self.part(value)).collect(),
        }
    }
}

impl<'d> Item<'d> {
    /// A number, a truth value ..: a text without objects inside.
    pub(super) fn scalar(text: impl Into<String>) -> Self {
        Item::Json(Json::made(text.into(), 0))
    }

    /// A string of these characters.
    pub(super) fn string(characters: &str) -> Self {
        let mut text = String::with_capacity(characters.len() + 2);
        quote_into(characters, &mut text);
        Item::scalar(text)
    }

    /// Its kind; none for dates and times.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Item::Json(json) => Some(json.kind()),
            Item::Datetime(_) => None,
        }
    }

    pub(super) fn is_array(&self) -> bool {
        self.kind() == Some(Kind::Array)
    }

    /// An array or an object.
    pub(super) fn container(&self) -> Option<&Json<'d>> {
        match self {
            Item::Json(json) if !json.kind().is_scalar() => Some(json),
            _ => None,
        }
    }

    /// An object.
    pub(super) fn object(&self) -> Option<&Json<'d>> {
        self.container().filter(|json| json.kind() == Kind::Object)
    }

    /// A number.
    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Item::Json(json) if json.kind() == Kind::Number => Some(Number::read(json.text())),
            _ => None,
        }
    }

    /// A string's characters.
    pub(super) fn characters(&self) -> Option<String> {
        match self {
            Item::Json(json) => string_of(json.text()),
            Item::Datetime(_) => None,
        }
    }

    /// As `.type()` calls it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Item::Json(json) => json.kind().name(),
            Item::Datetime(datetime) => datetime.type_name(),
        }
    }

    /// Appends it as `jsonb`.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Item::Json(json) => out.push_str(json.text()),
            Item::Datetime(datetime) => quote_into(&datetime.written(), out),
        }
    }
}
