//! COPY's text: fields between delimiters, with backslashes before whatever would be misread.

use super::copy_csv::{check_header, field_count_error};
use super::copy_decoder::Step;
use super::lines::{LineEnd, content_end, stray};
use super::rows::{Rows, bad_format};
use crate::error::Result;
use memchr::memchr3;
use stoa_sql::plan::CopyOptions;

/// How text looks, and where the search for the end of the current row has got to.
pub(super) struct TextFormat {
    delimiter: u8,
    null: Vec<u8>,
    skips_header: bool,
    matches_header: bool,
    line_end: LineEnd,
    /// Fields of the current row that are complete.
    fields: Vec<Field>,
    /// The begin of the current field, and the next byte to look at.
    field_begin: usize,
    at: usize,
    has_escapes: bool,
    /// A field's text without its backslashes.
    plain: Vec<u8>,
}

/// A field within its row.
#[derive(Clone, Copy)]
struct Field {
    begin: usize,
    end: usize,
    has_escapes: bool,
}

/// What the search for a row's end found.
enum Found {
    Row { content_end: usize, row_end: usize },
    End,
    More,
}

impl TextFormat {
    pub(super) fn new(options: &CopyOptions) -> Self {
        TextFormat {
            delimiter: options.delimiter,
            null: options.null.clone().into_bytes(),
            skips_header: options.header,
            matches_header: options.header_matches,
            line_end: LineEnd::Unknown,
            fields: Vec::new(),
            field_begin: 0,
            at: 0,
            has_escapes: false,
            plain: Vec::new(),
        }
    }

    /// Reads one row from the begin of the bytes.
    pub(super) fn step(&mut self, bytes: &[u8], is_end: bool, rows: &mut Rows) -> Result<Step> {
        let found = match self.find_row_end(bytes, is_end) {
            Ok(found) => found,
            Err(error) => {
                rows.line_number += 1;
                return Err(rows.at_place(error));
            }
        };
        let (content_end, row_end) = match found {
            Found::More => return Ok(Step::More),
            Found::End => return Ok(Step::End),
            Found::Row { content_end, row_end } => (content_end, row_end),
        };
        rows.line_number += 1;
        let step = match std::mem::take(&mut self.skips_header) {
            true => self
                .check_header(&bytes[..content_end], rows)
                .map(|()| Step::Skip(row_end)),
            false => self.push_row(&bytes[..content_end], rows).map(|()| Step::Row(row_end)),
        };
        self.fields.clear();
        (self.field_begin, self.at) = (0, 0);
        step
    }

    /// Whether the first line's fields are the names they should be.
    fn check_header(&mut self, line: &[u8], rows: &Rows) -> Result<()> {
        if !self.matches_header {
            return Ok(());
        }
        let mut names = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            unescape(&line[field.begin..field.end], &mut self.plain);
            names.push(self.plain.clone());
        }
        check_header(&names, line, rows)
    }

    /// The fields of one row from the begin of the bytes, and its length; `None` at the end.
    pub(super) fn split_row(
        &mut self,
        bytes: &[u8],
        is_end: bool,
        out: &mut Vec<Option<Vec<u8>>>,
    ) -> Result<Option<usize>> {
        let Found::Row { row_end, .. } = self.find_row_end(bytes, is_end)? else {
            return Ok(None);
        };
        for field in std::mem::take(&mut self.fields) {
            let text = &bytes[field.begin..field.end];
            out.push(match text == self.null {
                true => None,
                false => {
                    unescape(text, &mut self.plain);
                    Some(self.plain.clone())
                }
            });
        }
        (self.field_begin, self.at) = (0, 0);
        Ok(Some(row_end))
    }

    fn find_row_end(&mut self, bytes: &[u8], is_end: bool) -> Result<Found> {
        loop {
            let rest = &bytes[self.at..];
            let found = match self.line_end {
                LineEnd::Unknown => rest
                    .iter()
                    .position(|byte| *byte == self.delimiter || matches!(byte, b'\\' | b'\n' | b'\r')),
                line_end => memchr3(self.delimiter, b'\\', line_end.byte(), rest),
            };
            let Some(offset) = found else {
                self.at = bytes.len();
                return Ok(match is_end && !bytes.is_empty() {
                    true => self.end_row(bytes.len(), bytes.len()),
                    false => Found::More,
                });
            };
            let place = self.at + offset;
            let byte = bytes[place];
            if byte == self.delimiter {
                self.end_field(place);
                self.at = place + 1;
                self.field_begin = place + 1;
            } else if byte == b'\\' {
                match bytes.get(place + 1) {
                    Some(b'.') => return self.take_end_marker(bytes, place, is_end),
                    Some(_) => self.at = place + 2,
                    None if is_end => self.at = place + 1,
                    None => {
                        self.at = place;
                        return Ok(Found::More);
                    }
                }
                self.has_escapes = true;
            } else {
                return self.take_line_end(bytes, place, is_end);
            }
        }
    }

    /// `\.`, which must be alone on its line.
    fn take_end_marker(&mut self, bytes: &[u8], place: usize, is_end: bool) -> Result<Found> {
        match bytes.get(place + 2) {
            None if !is_end => {
                self.at = place;
                Ok(Found::More)
            }
            None | Some(b'\n' | b'\r') if place == 0 => Ok(Found::End),
            _ => Err(bad_format("end-of-copy marker corrupt")),
        }
    }

    fn take_line_end(&mut self, bytes: &[u8], place: usize, is_end: bool) -> Result<Found> {
        if self.line_end == LineEnd::Unknown {
            let Some(line_end) = LineEnd::detect(bytes, place, is_end) else {
                self.at = place;
                return Ok(Found::More);
            };
            self.line_end = line_end;
        }
        let place = match self.line_end {
            LineEnd::ReturnNewline if bytes[place] == b'\r' => place + 1,
            _ => place,
        };
        match content_end(bytes, place, self.line_end) {
            Ok(content_end) => Ok(self.end_row(content_end.max(self.field_begin), place + 1)),
            Err(byte) => Err(stray(byte, false)),
        }
    }

    fn end_field(&mut self, end: usize) {
        self.fields.push(Field {
            begin: self.field_begin,
            end,
            has_escapes: std::mem::take(&mut self.has_escapes),
        });
    }

    fn end_row(&mut self, content_end: usize, row_end: usize) -> Found {
        self.end_field(content_end);
        Found::Row { content_end, row_end }
    }

    fn push_row(&mut self, line: &[u8], rows: &mut Rows) -> Result<()> {
        let column_count = rows.column_count();
        // An empty line is a row without fields for a table without columns.
        if column_count == 0 && line.is_empty() {
            return Ok(());
        }
        if self.fields.len() > column_count {
            return Err(field_count_error(self.fields.len(), line, rows));
        }
        let mut null_column = None;
        for column in 0..column_count {
            let Some(field) = self.fields.get(column) else {
                return Err(field_count_error(column, line, rows));
            };
            let text = &line[field.begin..field.end];
            if text == self.null {
                if !rows.push_null(column) {
                    null_column = null_column.or(Some(column));
                }
            } else if field.has_escapes {
                unescape(text, &mut self.plain);
                rows.push_text(column, &self.plain)?;
            } else {
                rows.push_text(column, text)?;
            }
        }
        match null_column {
            Some(column) => Err(rows.at_line(rows.not_null_error(column), line)),
            None => Ok(()),
        }
    }
}

/// A field's text without backslashes: `\t`, `\101`, `\x41`, `\\`, and any other character for itself.
fn unescape(text: &[u8], plain: &mut Vec<u8>) {
    plain.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let Some((first, after)) = rest.split_first() else {
            // A backslash at the very end of the data stands for itself.
            return plain.push(b'\\');
        };
        rest = after;
        match first {
            b'b' => plain.push(0x08),
            b'f' => plain.push(0x0C),
            b'n' => plain.push(b'\n'),
            b'r' => plain.push(b'\r'),
            b't' => plain.push(b'\t'),
            b'v' => plain.push(0x0B),
            b'0'..=b'7' => {
                let (value, length) = digits(rest, 8, 2, u32::from(first - b'0'));
                plain.push(value as u8);
                rest = &rest[length..];
            }
            b'x' => match digits(rest, 16, 2, 0) {
                (_, 0) => plain.push(b'x'),
                (value, length) => {
                    plain.push(value as u8);
                    rest = &rest[length..];
                }
            },
            other => plain.push(*other),
        }
    }
    plain.extend_from_slice(rest);
}

/// The value of at most so many digits, behind those that have been read, and how many there are.
fn digits(text: &[u8], radix: u32, count_max: usize, value: u32) -> (u32, usize) {
    let mut value = value;
    let mut count = 0;
    while let Some(digit) = text.get(count).and_then(|byte| char::from(*byte).to_digit(radix))
        && count < count_max
    {
        value = value * radix + digit;
        count += 1;
    }
    (value, count)
}
