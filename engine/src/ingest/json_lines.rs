//! Newline-delimited JSON: an object per line, its members by name. Members without a column are left out, columns without a member are NULL.

use super::TargetColumn;
use super::copy_decoder::Step;
use super::json_array::array_text;
use super::rows::{Rows, bad_format};
use crate::error::Result;
use crate::format::text::json;
use std::collections::HashMap;
use std::ops::Range;
use stoa_sql::types::LogicalType;

/// Names of a line's members that are remembered for the next line.
const REMEMBERED_MAX: usize = 10_000;

/// What kind of value a member has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    /// An object or an array.
    Nested,
}

/// A member of a line's object: the name without its quotes, and the value, both as they stand in the line.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) kind: Kind,
}

/// Reads lines into columns.
pub(super) struct JsonFormat {
    /// Columns by name, and by name in lower case where that is nobody's own.
    columns: HashMap<String, usize>,
    /// Takes any value as its JSON.
    takes_json: Vec<bool>,
    /// Takes an array.
    takes_array: Vec<bool>,
    /// The column of each member of the line before: lines mostly look alike.
    expected: Vec<(String, Option<usize>)>,
    /// Per column: where the value is in the line.
    values: Vec<Option<(Range<usize>, Kind)>>,
    /// How far the search for the current line's end has got.
    searched: usize,
}

impl JsonFormat {
    pub(super) fn new(targets: &[TargetColumn]) -> Self {
        let mut columns: HashMap<_, _> = targets
            .iter()
            .enumerate()
            .map(|(at, target)| (target.name.clone(), at))
            .collect();
        for (at, target) in targets.iter().enumerate() {
            columns.entry(target.name.to_lowercase()).or_insert(at);
        }
        JsonFormat {
            columns,
            takes_json: targets
                .iter()
                .map(|target| matches!(target.data_type, LogicalType::Json | LogicalType::Jsonb))
                .collect(),
            takes_array: targets
                .iter()
                .map(|target| matches!(target.data_type, LogicalType::Array(_)))
                .collect(),
            expected: Vec::new(),
            values: vec![None; targets.len()],
            searched: 0,
        }
    }

    /// Reads one line from the begin of the bytes. The last one may lack its end.
    pub(super) fn step(&mut self, bytes: &[u8], is_end: bool, rows: &mut Rows) -> Result<Step> {
        let rest = bytes.get(self.searched..).unwrap_or_default();
        let (line_end, row_end) = match memchr::memchr(b'\n', rest) {
            Some(offset) => (self.searched + offset, self.searched + offset + 1),
            None if is_end && !bytes.is_empty() => (bytes.len(), bytes.len()),
            None => {
                self.searched = bytes.len();
                return Ok(Step::More);
            }
        };
        self.searched = 0;
        rows.line_number += 1;
        let line = &bytes[..line_end];
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(_) => return Err(rows.at_line(crate::format::text::error::invalid_utf8(line), line)),
        };
        match text.trim_ascii().is_empty() {
            true => Ok(Step::Skip(row_end)),
            false => self.row(text, rows).map(|()| Step::Row(row_end)),
        }
    }

    fn row(&mut self, line: &str, rows: &mut Rows) -> Result<()> {
        self.values.fill(None);
        let mut members = Members::new(line);
        let mut at = 0;
        loop {
            let member = match members.next() {
                Ok(Some(member)) => member,
                Ok(None) => break,
                Err(reason) => return Err(rows.at_line(bad_format(reason), line.as_bytes())),
            };
            if let Some(column) = self.column_of(member.name, at)? {
                let begin = member.value.as_ptr() as usize - line.as_ptr() as usize;
                self.values[column] = Some((begin..begin + member.value.len(), member.kind));
            }
            at += 1;
        }
        let mut null_column = None;
        for column in 0..self.values.len() {
            let is_null = match self.values[column].take() {
                None | Some((_, Kind::Null)) => !rows.push_null(column),
                Some((place, kind)) => {
                    self.push(column, &line[place], kind, rows)?;
                    false
                }
            };
            if is_null {
                null_column = null_column.or(Some(column));
            }
        }
        match null_column {
            Some(column) => Err(rows.at_line(rows.not_null_error(column), line.as_bytes())),
            None => Ok(()),
        }
    }

    /// The column of a member, by its name; the names of the line before are tried first.
    fn column_of(&mut self, name: &str, at: usize) -> Result<Option<usize>> {
        if let Some((expected, column)) = self.expected.get(at)
            && expected == name
        {
            return Ok(*column);
        }
        let plain = json::decode_string(name)?;
        let column = self
            .columns
            .get(&*plain)
            .or_else(|| self.columns.get(&plain.to_lowercase()));
        let column = column.copied();
        let entry = (name.to_owned(), column);
        if let Some(expected) = self.expected.get_mut(at) {
            *expected = entry;
        } else if at == self.expected.len() && at < REMEMBERED_MAX {
            self.expected.push(entry);
        }
        Ok(column)
    }

    fn push(&self, column: usize, value: &str, kind: Kind, rows: &mut Rows) -> Result<()> {
        if kind == Kind::Nested && self.takes_array[column] {
            return match array_text(value) {
                Ok(text) => rows.push_text(column, text.as_bytes()),
                Err(error) => Err(rows.at_column(error, column)),
            };
        }
        if kind != Kind::String || self.takes_json[column] {
            return rows.push_text(column, value.as_bytes());
        }
        match json::decode_string(&value[1..value.len() - 1]) {
            Ok(text) => rows.push_text(column, text.as_bytes()),
            Err(error) => Err(rows.at_column(error, column)),
        }
    }
}

/// The members of the object that a line is. Values are taken apart no further than to find their end: whoever reads them checks them.
pub(super) struct Members<'a> {
    line: &'a str,
    at: usize,
    is_first: bool,
}

impl<'a> Members<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Members {
            line,
            at: 0,
            is_first: true,
        }
    }

    fn skip_spaces(&mut self) {
        let bytes = self.line.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Takes a sign, if that is what comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let found = self.line.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// The next member, or what is wrong.
    pub(super) fn next(&mut self) -> Result<Option<Member<'a>>, &'static str> {
        if self.is_first && !self.take(b'{') {
            return Err("a line must be a JSON object");
        }
        if self.take(b'}') {
            self.skip_spaces();
            return match self.at == self.line.len() {
                true => Ok(None),
                false => Err("a line has more behind its JSON object"),
            };
        }
        if !self.is_first && !self.take(b',') {
            return Err("the members of a JSON object must be separated by commas");
        }
        self.is_first = false;
        self.skip_spaces();
        let name = self
            .string()
            .ok_or("a member of a JSON object must have a name in quotes")?;
        if !self.take(b':') {
            return Err("a member of a JSON object must have a colon behind its name");
        }
        self.skip_spaces();
        let begin = self.at;
        let kind = self.value().ok_or("a JSON value is not complete")?;
        Ok(Some(Member {
            name: &name[1..name.len() - 1],
            value: &self.line[begin..self.at],
            kind,
        }))
    }

    /// The next value, as it stands in the line.
    pub(super) fn value_text(&mut self) -> Option<(&'a str, Kind)> {
        self.skip_spaces();
        let begin = self.at;
        let kind = self.value()?;
        Some((&self.line[begin..self.at], kind))
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let bytes = self.line.as_bytes();
        let begin = self.at;
        if bytes.get(begin) != Some(&b'"') {
            return None;
        }
        let mut at = begin + 1;
        loop {
            at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Some(&self.line[begin..at + 1]);
            }
            at += 2;
        }
    }

    fn value(&mut self) -> Option<Kind> {
        let bytes = self.line.as_bytes();
        match bytes.get(self.at)? {
            b'"' => {
                self.string()?;
                Some(Kind::String)
            }
            b'{' | b'[' => {
                self.nested()?;
                Some(Kind::Nested)
            }
            first => {
                let rest = &bytes[self.at..];
                let length = rest
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r'))
                    .unwrap_or(rest.len());
                self.at += length;
                match &rest[..length] {
                    b"null" => Some(Kind::Null),
                    b"true" | b"false" => Some(Kind::Boolean),
                    _ if matches!(first, b'-' | b'0'..=b'9') => Some(Kind::Number),
                    _ => None,
                }
            }
        }
    }

    /// To the end of an object or array.
    fn nested(&mut self) -> Option<()> {
        let bytes = self.line.as_bytes();
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}
