//! COPY in: takes bytes in whatever pieces they arrive and hands on batches of columns.
//!
//! Bytes of a row that is not complete wait in a buffer; where the search for its end had got to is kept, so that a long row
//! that arrives in many pieces is looked at once.

use super::BatchSink;
use super::copy_binary::BinaryFormat;
use super::copy_csv::CsvFormat;
use super::copy_text::TextFormat;
use super::json_lines::JsonFormat;
use super::rows::{Rows, TargetColumn, bad_format};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use stoa_sql::plan::{CopyFormat, CopyOptions};

/// Bytes of a row; Postgres's own limit.
const ROW_BYTES_MAX: usize = 1 << 30;

/// Reads COPY data of one table.
pub struct CopyDecoder {
    format: Format,
    rows: Rows,
    /// Bytes that no complete row has been made of yet.
    buffer: Vec<u8>,
    /// Rows handed on or held.
    total_row_count: u64,
    state: State,
}

enum Format {
    Text(TextFormat),
    Csv(CsvFormat),
    Binary(BinaryFormat),
    Json(JsonFormat),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// The end marker has been read.
    Ended,
    /// An error has been reported.
    Failed,
}

/// What a format found at the begin of the buffer.
pub(super) enum Step {
    /// A row of so many bytes, which is in the columns now.
    Row(usize),
    /// So many bytes that are no row: a header.
    Skip(usize),
    /// More bytes are needed.
    More,
    /// The end marker.
    End,
}

impl CopyDecoder {
    /// A decoder for a table's columns, in the order in which the data has them.
    ///
    /// # Errors
    /// 0A000 for formats that are no stream of COPY data, or columns whose type has no text form.
    pub fn new(
        relation: &str,
        columns: &[TargetColumn],
        options: &CopyOptions,
        settings: &FormatSettings,
    ) -> Result<Self> {
        let format = match options.format {
            CopyFormat::Text => Format::Text(TextFormat::new(options)),
            CopyFormat::Csv => Format::Csv(CsvFormat::new(options)),
            CopyFormat::Binary => Format::Binary(BinaryFormat::default()),
            CopyFormat::Json => Format::Json(JsonFormat::new(columns)),
            CopyFormat::Parquet => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "COPY data can be of format text, csv, binary or json; parquet is read from files",
                ));
            }
        };
        Ok(CopyDecoder {
            format,
            rows: Rows::new(relation, columns, settings)?,
            buffer: Vec::new(),
            total_row_count: 0,
            state: State::Open,
        })
    }

    /// For data that is a part of more: there are so many lines before it.
    pub(super) fn behind_lines(mut self, line_count: u64) -> Self {
        self.rows.line_number = line_count;
        self
    }

    /// Takes the next bytes, split anywhere; full batches go to the sink.
    ///
    /// # Errors
    /// The user's data is wrong, with the line and column in the detail; the decoder takes nothing afterwards.
    pub fn write(&mut self, bytes: &[u8], sink: &mut BatchSink<'_>) -> Result<()> {
        match self.state {
            State::Open => {}
            State::Ended => return self.after_end(bytes),
            State::Failed => return Err(Error::Internal("COPY data after an error".into())),
        }
        self.buffer.extend_from_slice(bytes);
        let result = self.decode(false, sink);
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// The data has ended: the last row may lack its line end. What is left goes to the sink.
    ///
    /// # Errors
    /// As [`CopyDecoder::write`]; also where the data ends within a row.
    pub fn finish(&mut self, sink: &mut BatchSink<'_>) -> Result<()> {
        match self.state {
            State::Failed => return Err(Error::Internal("COPY data after an error".into())),
            State::Open => self.decode(true, sink)?,
            State::Ended => {}
        }
        self.state = State::Ended;
        self.rows.flush(sink)
    }

    /// Rows so far, those handed on included.
    pub fn row_count(&self) -> u64 {
        self.total_row_count
    }

    fn decode(&mut self, is_end: bool, sink: &mut BatchSink<'_>) -> Result<()> {
        let mut begin = 0;
        loop {
            let bytes = &self.buffer[begin..];
            let step = match &mut self.format {
                Format::Text(format) => format.step(bytes, is_end, &mut self.rows),
                Format::Csv(format) => format.step(bytes, is_end, &mut self.rows),
                Format::Binary(format) => format.step(bytes, is_end, &mut self.rows),
                Format::Json(format) => format.step(bytes, is_end, &mut self.rows),
            };
            match step {
                Ok(Step::Row(length)) => {
                    begin += length;
                    self.total_row_count += 1;
                    self.rows.end_row(length, sink)?;
                }
                Ok(Step::Skip(length)) => begin += length,
                Ok(Step::More) => break,
                Ok(Step::End) => {
                    self.state = State::Ended;
                    self.buffer = Vec::new();
                    return Ok(());
                }
                Err(error) => {
                    self.rows.abandon_row();
                    return Err(error);
                }
            }
        }
        self.buffer.drain(..begin);
        match self.buffer.len() > ROW_BYTES_MAX {
            true => Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("a row of COPY data has more than {ROW_BYTES_MAX} bytes"),
            )),
            false => Ok(()),
        }
    }

    /// Text and csv ignore what follows their end marker; binary has nothing there.
    fn after_end(&self, bytes: &[u8]) -> Result<()> {
        match self.format {
            Format::Binary(_) if !bytes.is_empty() => Err(bad_format("received copy data after EOF marker")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "copy_test.rs"]
pub(super) mod tests;
