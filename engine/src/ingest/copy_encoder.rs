//! COPY out: batches of columns to text, csv, binary or lines of JSON.

use super::copy_binary::{SIGNATURE, TRAILER};
use super::json_rows;
use crate::error::{Error, Result, SqlState};
use crate::format::text::ColumnWriter;
use crate::format::{FieldWriter, FormatSettings};
use crate::rows::ResultColumn;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use memchr::memchr3;
use stoa_sql::plan::{CopyFormat, CopyOptions};

/// Writes COPY data of one query.
pub struct CopyEncoder {
    columns: Vec<ResultColumn>,
    options: CopyOptions,
    settings: FormatSettings,
    /// By column: quotes even where none are needed.
    forces_quotes: Vec<bool>,
    /// No digit, letter or sign of a number has a meaning of its own, so that plain values need no second look.
    trusts_plain: bool,
}

/// A column of one batch.
struct Column<'a> {
    nulls: Option<NullBuffer>,
    writer: ColumnWriter<'a>,
    /// The value needs no second look.
    is_plain: bool,
    forces_quotes: bool,
}

impl Column<'_> {
    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

impl CopyEncoder {
    /// An encoder for a query's columns.
    ///
    /// # Errors
    /// 0A000 for formats that are no stream of COPY data.
    pub fn new(columns: &[ResultColumn], options: &CopyOptions, settings: &FormatSettings) -> Result<Self> {
        if options.format == CopyFormat::Parquet {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "COPY TO can write the formats text, csv, binary and json",
            ));
        }
        let is_forced = |column: usize| {
            options
                .force_quote
                .as_ref()
                .is_some_and(|columns| columns.contains(&column))
        };
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".+-:".contains(byte);
        let signs = [options.delimiter, options.quote, options.escape];
        Ok(CopyEncoder {
            columns: columns.to_vec(),
            options: options.clone(),
            settings: settings.clone(),
            forces_quotes: (0..columns.len()).map(is_forced).collect(),
            trusts_plain: !signs.iter().any(is_plain)
                && (options.null.is_empty() || !options.null.bytes().all(|byte| is_plain(&byte))),
        })
    }

    /// Appends what stands before the first row.
    pub fn write_header(&self, out: &mut Vec<u8>) {
        if self.options.format == CopyFormat::Binary {
            out.extend_from_slice(SIGNATURE);
            // No flags, nothing more in the header.
            return out.extend_from_slice(&[0; 8]);
        }
        if !self.options.header {
            return;
        }
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                out.push(self.options.delimiter);
            }
            let begin = out.len();
            out.extend_from_slice(column.name.as_bytes());
            match self.options.format {
                CopyFormat::Csv => self.quote(begin, false, out),
                _ => self.escape(begin, out),
            }
        }
        out.push(b'\n');
    }

    /// Appends the rows of a batch, whose columns are plain arrays; returns where in `out` each row ends.
    ///
    /// # Errors
    /// A value that has no JSON: a bug.
    pub fn write_batch(&self, columns: &[ArrayRef], row_count: usize, out: &mut Vec<u8>) -> Result<Vec<usize>> {
        match self.options.format {
            CopyFormat::Binary => Ok(self.write_binary(columns, row_count, out)),
            CopyFormat::Json => json_rows::write(&self.columns, columns, row_count, &self.settings, out),
            _ => Ok(self.write_lines(columns, row_count, out)),
        }
    }

    /// Appends what stands behind the last row.
    pub fn write_trailer(&self, out: &mut Vec<u8>) {
        if self.options.format == CopyFormat::Binary {
            out.extend_from_slice(&TRAILER.to_be_bytes());
        }
    }

    fn write_binary(&self, columns: &[ArrayRef], row_count: usize, out: &mut Vec<u8>) -> Vec<usize> {
        let mut ends = Vec::with_capacity(row_count);
        let count = (columns.len() as i16).to_be_bytes();
        let columns = columns.iter().zip(&self.columns);
        let fields: Vec<_> = columns
            .map(|(array, column)| FieldWriter::binary(array, &column.data_type))
            .collect();
        for row in 0..row_count {
            out.extend_from_slice(&count);
            fields.iter().for_each(|field| field.write(row, out));
            ends.push(out.len());
        }
        ends
    }

    fn write_lines(&self, arrays: &[ArrayRef], row_count: usize, out: &mut Vec<u8>) -> Vec<usize> {
        let mut ends = Vec::with_capacity(row_count);
        let columns: Vec<Column<'_>> = arrays
            .iter()
            .zip(&self.columns)
            .zip(&self.forces_quotes)
            .map(|((array, column), forces_quotes)| {
                let writer = ColumnWriter::new(array, &column.data_type, &self.settings);
                Column {
                    nulls: array.logical_nulls(),
                    is_plain: self.trusts_plain && !forces_quotes && writer.is_plain(),
                    writer,
                    forces_quotes: *forces_quotes,
                }
            })
            .collect();
        let is_csv = self.options.format == CopyFormat::Csv;
        for row in 0..row_count {
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    out.push(self.options.delimiter);
                }
                if column.is_null(row) {
                    out.extend_from_slice(self.options.null.as_bytes());
                    continue;
                }
                let begin = out.len();
                column.writer.write(row, out);
                match (column.is_plain, is_csv) {
                    (true, _) => {}
                    (false, true) => self.quote(begin, column.forces_quotes, out),
                    (false, false) => self.escape(begin, out),
                }
            }
            out.push(b'\n');
            ends.push(out.len());
        }
        ends
    }

    /// Puts the text from `begin` on in quotes if it needs them.
    fn quote(&self, begin: usize, forced: bool, out: &mut Vec<u8>) {
        let text = &out[begin..];
        let needs_quotes = forced
            || text == self.options.null.as_bytes()
            || memchr3(self.options.delimiter, self.options.quote, b'\n', text).is_some()
            || memchr::memchr(b'\r', text).is_some()
            || (self.columns.len() == 1 && text == b"\\.");
        if !needs_quotes {
            return;
        }
        let (quote, escape) = (self.options.quote, self.options.escape);
        let is_escaped = |byte: u8| byte == quote || byte == escape;
        let length = text.len();
        let escapes = text.iter().filter(|byte| is_escaped(**byte)).count();
        out.resize(out.len() + escapes + 2, quote);
        // From the end, so that nothing is overwritten before it has moved.
        let mut target = out.len() - 1;
        for source in (begin..begin + length).rev() {
            let byte = out[source];
            target -= 1;
            out[target] = byte;
            if is_escaped(byte) {
                target -= 1;
                out[target] = escape;
            }
        }
        out[begin] = quote;
    }

    /// Puts backslashes into the text from `begin` on where it needs them.
    fn escape(&self, begin: usize, out: &mut Vec<u8>) {
        let escaped = |byte: u8| match byte {
            0x08 => Some(b'b'),
            0x0C => Some(b'f'),
            b'\n' => Some(b'n'),
            b'\r' => Some(b'r'),
            b'\t' => Some(b't'),
            0x0B => Some(b'v'),
            b'\\' => Some(b'\\'),
            byte if byte == self.options.delimiter => Some(byte),
            _ => None,
        };
        let length = out.len() - begin;
        let escapes = out[begin..].iter().filter(|byte| escaped(**byte).is_some()).count();
        if escapes == 0 {
            return;
        }
        out.resize(out.len() + escapes, 0);
        let mut target = out.len();
        for source in (begin..begin + length).rev() {
            let byte = out[source];
            target -= 1;
            match escaped(byte) {
                Some(letter) => {
                    out[target] = letter;
                    target -= 1;
                    out[target] = b'\\';
                }
                None => out[target] = byte,
            }
        }
    }
}
