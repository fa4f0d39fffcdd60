//! COPY's csv: fields between delimiters, in quotes where they must be. Quotes may begin and end anywhere in a field, as
//! Postgres has it; a field with quotes is never NULL.

use super::copy_decoder::Step;
use super::lines::{LineEnd, content_end, stray};
use super::rows::{Rows, bad_format};
use crate::error::{Error, Result};
use memchr::{memchr2, memchr3};
use stoa_sql::plan::CopyOptions;

/// The line that ends the data.
const END_MARKER: &[u8] = b"\\.";

/// How csv looks, and where the search for the end of the current row has got to.
pub(super) struct CsvFormat {
    delimiter: u8,
    quote: u8,
    escape: u8,
    null: Vec<u8>,
    skips_header: bool,
    matches_header: bool,
    line_end: LineEnd,
    /// Fields of the current row that are complete.
    fields: Vec<Field>,
    /// The begin of the current field, and the next byte to look at.
    field_begin: usize,
    at: usize,
    in_quotes: bool,
    has_quotes: bool,
    /// A field's text without its quotes.
    plain: Vec<u8>,
}

/// A field within its row.
#[derive(Clone, Copy)]
struct Field {
    begin: usize,
    end: usize,
    has_quotes: bool,
}

impl CsvFormat {
    pub(super) fn new(options: &CopyOptions) -> Self {
        CsvFormat {
            delimiter: options.delimiter,
            quote: options.quote,
            escape: options.escape,
            null: options.null.clone().into_bytes(),
            skips_header: options.header,
            matches_header: options.header_matches,
            line_end: LineEnd::Unknown,
            fields: Vec::new(),
            field_begin: 0,
            at: 0,
            in_quotes: false,
            has_quotes: false,
            plain: Vec::new(),
        }
    }

    /// Reads one row from the begin of the bytes.
    pub(super) fn step(&mut self, bytes: &[u8], is_end: bool, rows: &mut Rows) -> Result<Step> {
        let found = match self.find_row_end(bytes, is_end) {
            Ok(found) => found,
            Err(error) => {
                rows.line_number += 1;
                return Err(match self.in_quotes {
                    true => rows.at_line(error, first_line(bytes)),
                    false => rows.at_place(error),
                });
            }
        };
        let Some((content_end, row_end)) = found else {
            return Ok(Step::More);
        };
        let line = &bytes[..content_end];
        rows.line_number += 1;
        let step = if self.skips_header {
            self.skips_header = false;
            self.check_header(line, rows).map(|()| Step::Skip(row_end))
        } else if line == END_MARKER {
            Ok(Step::End)
        } else {
            self.push_row(line, rows).map(|()| Step::Row(row_end))
        };
        // Lines inside of quotes count, too.
        if self.fields.iter().any(|field| field.has_quotes) {
            rows.line_number += memchr::memchr_iter(self.line_end.byte(), line).count() as u64;
        }
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
            let text = &line[field.begin..field.end];
            match field.has_quotes {
                true => unquote(text, self.quote, self.escape, &mut self.plain),
                false => self.plain = text.to_vec(),
            }
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
        let Some((content_end, row_end)) = self.find_row_end(bytes, is_end)? else {
            return Ok(None);
        };
        for field in std::mem::take(&mut self.fields) {
            let text = &bytes[field.begin..field.end];
            out.push(match field.has_quotes {
                true => {
                    unquote(text, self.quote, self.escape, &mut self.plain);
                    Some(self.plain.clone())
                }
                false => (text != self.null).then(|| text.to_vec()),
            });
        }
        (self.field_begin, self.at) = (0, 0);
        Ok((&bytes[..content_end] != END_MARKER).then_some(row_end))
    }

    /// Where the row's content and the row end; its fields are in `fields` then. `None` asks for more bytes.
    fn find_row_end(&mut self, bytes: &[u8], is_end: bool) -> Result<Option<(usize, usize)>> {
        loop {
            if self.in_quotes {
                match memchr2(self.quote, self.escape, &bytes[self.at..]) {
                    None if is_end => return Err(bad_format("unterminated CSV quoted field")),
                    None => {
                        self.at = bytes.len();
                        return Ok(None);
                    }
                    Some(offset) => {
                        if !self.take_quote(bytes, self.at + offset, is_end)? {
                            return Ok(None);
                        }
                    }
                }
                continue;
            }
            let rest = &bytes[self.at..];
            let found = match self.line_end {
                LineEnd::Unknown => rest
                    .iter()
                    .position(|byte| *byte == self.delimiter || *byte == self.quote || matches!(byte, b'\n' | b'\r')),
                line_end => memchr3(self.delimiter, self.quote, line_end.byte(), rest),
            };
            let Some(offset) = found else {
                self.at = bytes.len();
                return match is_end && !bytes.is_empty() {
                    true => Ok(Some(self.end_row(bytes.len(), bytes.len()))),
                    false => Ok(None),
                };
            };
            let place = self.at + offset;
            let byte = bytes[place];
            if byte == self.delimiter {
                self.end_field(place);
                self.at = place + 1;
                self.field_begin = place + 1;
            } else if byte == self.quote {
                self.in_quotes = true;
                self.has_quotes = true;
                self.at = place + 1;
            } else {
                return self.take_line_end(bytes, place, is_end);
            }
        }
    }

    /// A quote or an escape inside of quotes; false asks for more bytes.
    fn take_quote(&mut self, bytes: &[u8], place: usize, is_end: bool) -> Result<bool> {
        if bytes[place] == self.quote {
            // A doubled quote ends and begins again.
            self.in_quotes = false;
            self.at = place + 1;
            return Ok(true);
        }
        match bytes.get(place + 1) {
            Some(next) if *next == self.quote || *next == self.escape => self.at = place + 2,
            Some(_) => self.at = place + 1,
            None if is_end => return Err(bad_format("unterminated CSV quoted field")),
            None => {
                self.at = place;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_line_end(&mut self, bytes: &[u8], place: usize, is_end: bool) -> Result<Option<(usize, usize)>> {
        if self.line_end == LineEnd::Unknown {
            let Some(line_end) = LineEnd::detect(bytes, place, is_end) else {
                self.at = place;
                return Ok(None);
            };
            self.line_end = line_end;
        }
        let place = match self.line_end {
            LineEnd::ReturnNewline if bytes[place] == b'\r' => place + 1,
            _ => place,
        };
        match content_end(bytes, place, self.line_end) {
            Ok(content_end) => Ok(Some(self.end_row(content_end.max(self.field_begin), place + 1))),
            Err(byte) => Err(stray(byte, true)),
        }
    }

    fn end_field(&mut self, end: usize) {
        self.fields.push(Field {
            begin: self.field_begin,
            end,
            has_quotes: std::mem::take(&mut self.has_quotes),
        });
    }

    fn end_row(&mut self, content_end: usize, row_end: usize) -> (usize, usize) {
        self.end_field(content_end);
        (content_end, row_end)
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
            if field.has_quotes {
                unquote(text, self.quote, self.escape, &mut self.plain);
                rows.push_text(column, &self.plain)?;
            } else if text == self.null {
                if !rows.push_null(column) {
                    null_column = null_column.or(Some(column));
                }
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

/// 22P04 for a line with too few or too many fields.
#[cold]
pub(super) fn field_count_error(field_count: usize, line: &[u8], rows: &Rows) -> Error {
    let error = match field_count > rows.column_count() {
        true => bad_format("extra data after last expected column"),
        false => bad_format(format!("missing data for column \"{}\"", rows.column_name(field_count))),
    };
    rows.at_line(error, line)
}

/// Whether the names in a first line are those of the columns, in their order.
///
/// # Errors
/// 22P04 with the first one that is not, as in Postgres.
pub(super) fn check_header(names: &[Vec<u8>], line: &[u8], rows: &Rows) -> Result<()> {
    let (given, expected) = (names.len(), rows.column_count());
    if given != expected {
        let error = bad_format(format!(
            "wrong number of fields in header line: got {given}, expected {expected}"
        ));
        return Err(rows.at_line(error, line));
    }
    for (column, name) in names.iter().enumerate() {
        let expected = rows.column_name(column);
        if name != expected.as_bytes() {
            let error = bad_format(format!(
                "column name mismatch in header line field {}: got \"{}\", expected \"{expected}\"",
                column + 1,
                String::from_utf8_lossy(name)
            ));
            return Err(rows.at_line(error, line));
        }
    }
    Ok(())
}

/// What of the bytes an error shows where no row was found.
fn first_line(bytes: &[u8]) -> &[u8] {
    let end = memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    &bytes[..end]
}

/// A field's text without quotes and escapes.
fn unquote(text: &[u8], quote: u8, escape: u8, plain: &mut Vec<u8>) {
    plain.clear();
    // The usual form: quotes at both ends and none between them.
    if let [first, inner @ .., last] = text
        && *first == quote
        && *last == quote
        && memchr2(quote, escape, inner).is_none()
    {
        return plain.extend_from_slice(inner);
    }
    let mut in_quotes = false;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        if !in_quotes {
            match *byte == quote {
                true => in_quotes = true,
                false => plain.push(*byte),
            }
            continue;
        }
        if *byte == escape
            && let Some(next) = text.get(at)
            && (*next == quote || *next == escape)
        {
            plain.push(*next);
            at += 1;
        } else if *byte == quote {
            in_quotes = false;
        } else {
            plain.push(*byte);
        }
    }
}
