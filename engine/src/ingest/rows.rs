//! Rows on their way into columns: a builder per target column, and where in the input they come from, for errors.

use super::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, BatchSink};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::{ColumnBuilder, column_builder};
use stoa_sql::types::LogicalType;

/// Bytes of a value that an error shows.
const SHOWN_BYTES_MAX: usize = 100;

/// A column that is filled.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: LogicalType,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// Columns in the making.
pub(super) struct Rows {
    /// The table's name.
    relation: String,
    columns: Vec<TargetColumn>,
    builders: Vec<Box<dyn ColumnBuilder>>,
    /// Complete rows.
    row_count: usize,
    /// Bytes of input of these rows.
    byte_count: usize,
    /// The line of the current row, from 1.
    pub(super) line_number: u64,
}

impl Rows {
    pub(super) fn new(relation: &str, columns: &[TargetColumn], settings: &FormatSettings) -> Result<Self> {
        let builders = columns.iter().map(|column| column_builder(&column.data_type, settings));
        Ok(Rows {
            relation: relation.to_owned(),
            columns: columns.to_vec(),
            builders: builders.collect::<Result<_>>()?,
            row_count: 0,
            byte_count: 0,
            line_number: 0,
        })
    }

    pub(super) fn column_count(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn column_name(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |column| &column.name)
    }

    /// Appends a value from its text.
    #[inline]
    pub(super) fn push_text(&mut self, column: usize, text: &[u8]) -> Result<()> {
        match self.builders[column].push_text(text) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.at_value(error, column, text)),
        }
    }

    /// Appends a value from its binary form.
    #[inline]
    pub(super) fn push_binary(&mut self, column: usize, bytes: &[u8]) -> Result<()> {
        match self.builders[column].push_binary(bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.at_column(error, column)),
        }
    }

    /// Appends NULL; false where the column does not take it.
    #[inline]
    pub(super) fn push_null(&mut self, column: usize) -> bool {
        self.builders[column].push_null();
        self.columns[column].nullable
    }

    /// Ends a row that took so many bytes of input; hands the batch on when it is full.
    #[inline]
    pub(super) fn end_row(&mut self, byte_count: usize, sink: &mut BatchSink<'_>) -> Result<()> {
        self.row_count += 1;
        self.byte_count += byte_count;
        match self.row_count >= BATCH_ROWS_MAX || self.byte_count >= BATCH_BYTES_MAX {
            true => self.flush(sink),
            false => Ok(()),
        }
    }

    /// Takes an unfinished row back.
    pub(super) fn abandon_row(&mut self) {
        for builder in &mut self.builders {
            builder.truncate(self.row_count);
        }
    }

    /// Hands on what there is.
    pub(super) fn flush(&mut self, sink: &mut BatchSink<'_>) -> Result<()> {
        let row_count = std::mem::take(&mut self.row_count);
        self.byte_count = 0;
        if row_count == 0 {
            return Ok(());
        }
        sink(
            self.builders.iter_mut().map(|builder| builder.finish()).collect(),
            row_count,
        )
    }

    /// 23502 for a NULL in a column that does not take it.
    #[cold]
    pub(super) fn not_null_error(&self, column: usize) -> Error {
        let name = self.column_name(column);
        let error = stoa_sql::Error::new(
            SqlState::NOT_NULL_VIOLATION,
            format!(
                "null value in column \"{name}\" of relation \"{}\" violates not-null constraint",
                self.relation
            ),
        );
        Error::Sql(error.about(stoa_sql::ErrorObject {
            table: Some(self.relation.clone()),
            column: Some(name.to_owned()),
            ..stoa_sql::ErrorObject::default()
        }))
    }

    /// An error of a value: `COPY sales, line 3, column quantity: "x"`.
    #[cold]
    fn at_value(&self, error: Error, column: usize, text: &[u8]) -> Error {
        let name = self.column_name(column);
        with_context(error, &format!("{}, column {name}: \"{}\"", self.place(), shown(text)))
    }

    /// An error of a column, where its value cannot be shown.
    #[cold]
    pub(super) fn at_column(&self, error: Error, column: usize) -> Error {
        with_context(error, &format!("{}, column {}", self.place(), self.column_name(column)))
    }

    /// An error of a line.
    #[cold]
    pub(super) fn at_line(&self, error: Error, line: &[u8]) -> Error {
        with_context(error, &format!("{}: \"{}\"", self.place(), shown(line)))
    }

    /// An error of a line that cannot be shown.
    #[cold]
    pub(super) fn at_place(&self, error: Error) -> Error {
        with_context(error, &self.place())
    }

    fn place(&self) -> String {
        format!("COPY {}, line {}", self.relation, self.line_number)
    }
}

/// 22P04: bytes that are not of the format.
#[cold]
pub(super) fn bad_format(message: impl Into<String>) -> Error {
    Error::user(SqlState::BAD_COPY_FILE_FORMAT, message)
}

/// The error with one more line of detail.
pub(super) fn with_context(error: Error, context: &str) -> Error {
    match error {
        Error::Sql(mut error) => {
            error.context = Some(match error.context {
                Some(inner) => format!("{inner}\n{context}"),
                None => context.to_owned(),
            });
            Error::Sql(error)
        }
        other => other,
    }
}

/// The begin of a value, as Postgres shows it.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.len() <= SHOWN_BYTES_MAX {
        true => text.into_owned(),
        false => format!("{}...", &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]),
    }
}
