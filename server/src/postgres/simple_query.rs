//! Query: any number of statements in one text, answered as text. Several statements are one transaction, as in Postgres.

use super::copy::copy_format;
use super::message::Format;
use super::portal::{Filled, RowCursor};
use super::report::Report;
use super::response::{self, FieldDescription};
use super::session::{Failure, Result, Session};
use super::types::wire_type;
use crate::limits::WRITE_BUFFER_BYTES;
use stoa_engine::connection::{Outcome, Parsed, RowsTag};
use stoa_engine::rows::ResultColumn;

/// What a statement's end is told as.
pub(super) enum Completion {
    /// CommandComplete with this tag.
    Tag(String),
    /// EmptyQueryResponse.
    Empty,
}

impl Session {
    /// Runs a text's statements until one fails.
    pub(super) fn simple_query(&mut self, text: &str) -> Result<()> {
        self.statements.remove("");
        self.portals.remove("");
        self.end_pipeline(true)?;
        let parsed = self.connection.parse(text).map_err(|error| at(text, &error))?;
        let is_several = parsed.len() > 1;
        if is_several {
            self.connection.begin_implicit();
        }
        let outcome = self.run_statements(&parsed, text);
        let completion = match outcome {
            Err(Failure::Statement(report)) if is_several => {
                // The first error is the one to tell.
                let _ = self.connection.end_implicit(false);
                return Err(Failure::Statement(report));
            }
            Err(failure) => return Err(failure),
            Ok(completion) => completion,
        };
        if is_several {
            self.connection.end_implicit(true).map_err(|error| at(text, &error))?;
        }
        self.complete(&completion);
        self.ready()
    }

    /// Runs them in order. The last one's completion is not told yet: the transaction may still fail to commit.
    fn run_statements(&mut self, statements: &[Parsed], text: &str) -> Result<Completion> {
        let mut last = Completion::Empty;
        for (index, parsed) in statements.iter().enumerate() {
            if index > 0 {
                self.complete(&last);
            }
            last = self.run_statement(parsed, text)?;
        }
        Ok(last)
    }

    fn run_statement(&mut self, parsed: &Parsed, text: &str) -> Result<Completion> {
        let prepared = self.connection.prepare(parsed, &[]).map_err(|error| at(text, &error))?;
        let outcome = self
            .connection
            .execute(&prepared, Vec::new())
            .map_err(|error| at(text, &error))?;
        match outcome {
            Outcome::Rows(rows, tag) => {
                let format = match tag {
                    RowsTag::Fetch { is_binary: true } => Format::Binary,
                    _ => Format::Text,
                };
                let formats = vec![format; rows.columns().len()];
                self.tell_columns(&rows.columns().clone(), &formats);
                let settings = self.connection.format_settings();
                let mut cursor = RowCursor::new(rows, tag, &formats, settings);
                let mut rows_left = u64::MAX;
                self.stream(&mut cursor, &mut rows_left, Some(text))?;
                Ok(Completion::Tag(rows_tag(&cursor.into_tag(), u64::MAX - rows_left)))
            }
            other => self.finish_command(other, Some(text)),
        }
    }

    /// Runs what is not rows to its end.
    pub(super) fn finish_command(&mut self, outcome: Outcome, text: Option<&str>) -> Result<Completion> {
        match outcome {
            Outcome::Command { tag } => Ok(Completion::Tag(tag)),
            Outcome::Empty => Ok(Completion::Empty),
            Outcome::CopyIn(copy) => self.copy_in(copy, text).map(Completion::Tag),
            Outcome::CopyOut(mut copy) => {
                let format = copy_format(copy.format());
                response::copy_out(&mut self.output.buffer, format, copy.column_count());
                while let Some(chunk) = copy.next_chunk().map_err(|error| failure(text, &error))? {
                    for row in chunk.messages() {
                        response::copy_data(&mut self.output.buffer, row);
                        if self.output.buffer.len() >= WRITE_BUFFER_BYTES
                            && let Err(error) = self.flush_rows()?
                        {
                            let error = copy.skip_rest().err().unwrap_or(error);
                            return Err(failure(text, &error));
                        }
                    }
                }
                response::copy_done(&mut self.output.buffer);
                Ok(Completion::Tag(copy.tag()))
            }
            Outcome::Rows(..) => Err(super::session::protocol_failure(
                "XX000",
                "rows where a command was expected",
            )),
        }
    }

    /// Sends rows until the end or until `rows_left` is used up; true at the end.
    pub(super) fn stream(&mut self, cursor: &mut RowCursor, rows_left: &mut u64, text: Option<&str>) -> Result<bool> {
        loop {
            let filled = cursor
                .fill(&mut self.output.buffer, WRITE_BUFFER_BYTES, rows_left)
                .map_err(|error| failure(text, &error))?;
            match filled {
                Filled::Full => {
                    if let Err(error) = self.flush_rows()? {
                        let error = cursor.skip_rest().err().unwrap_or(error);
                        return Err(failure(text, &error));
                    }
                }
                Filled::Limit => return Ok(false),
                Filled::End => return Ok(true),
            }
        }
    }

    /// Sends rows. The inner error is why the statement is to end, even though the client does not take them.
    fn flush_rows(&mut self) -> Result<stoa_engine::Result<()>> {
        let handle = self.connection.handle();
        self.output.flush_while(|| handle.check().is_ok())?;
        Ok(handle.check())
    }

    /// Tells the columns of the rows that follow.
    pub(super) fn tell_columns(&mut self, columns: &[ResultColumn], formats: &[Format]) {
        let fields = columns.iter().zip(formats).map(|(column, format)| FieldDescription {
            name: &column.name,
            origin: column.origin,
            wire_type: wire_type(&column.data_type),
            format: *format,
        });
        response::row_description(&mut self.output.buffer, fields);
    }

    /// Tells that a statement is done, after what it wanted said.
    pub(super) fn complete(&mut self, completion: &Completion) {
        self.tell_notices();
        match completion {
            Completion::Tag(tag) => response::command_complete(&mut self.output.buffer, tag),
            Completion::Empty => response::empty_query(&mut self.output.buffer),
        }
    }
}

/// The tag of a statement that gave rows.
pub(super) fn rows_tag(tag: &RowsTag, row_count: u64) -> String {
    match tag {
        RowsTag::Select => format!("SELECT {row_count}"),
        RowsTag::Fetch { .. } => format!("FETCH {row_count}"),
        RowsTag::Tag(tag) => tag.clone(),
    }
}

/// An engine's error, its place looked up in the client's text.
pub(super) fn at(text: &str, error: &stoa_engine::Error) -> Failure {
    failure(Some(text), error)
}

fn failure(text: Option<&str>, error: &stoa_engine::Error) -> Failure {
    Failure::Statement(Report::engine(error, text))
}
