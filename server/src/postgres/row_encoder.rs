//! Batches of columns to finished DataRow messages, straight into the write buffer.
//!
//! Each batch's arrays are resolved once; then rows are written field by field without an allocation. What a field looks like is
//! the engine's business alone.

use super::message::Format;
use crate::limits::RESPONSE_BYTES_MAX;
use std::ops::Range;
use stoa_engine::error::SqlState;
use stoa_engine::format::{FieldWriter, FormatSettings};
use stoa_engine::rows::{ResultColumn, RowBatch};
use stoa_engine::types::LogicalType;
use stoa_engine::{Error, Result};

/// How a result's columns are written.
pub(super) struct RowEncoder {
    columns: Vec<(LogicalType, Format)>,
    settings: FormatSettings,
}

impl RowEncoder {
    /// Writes these columns in these formats.
    pub(super) fn new(columns: &[ResultColumn], formats: &[Format], settings: FormatSettings) -> Self {
        let columns = columns
            .iter()
            .zip(formats)
            .map(|(column, format)| (column.data_type.clone(), *format))
            .collect();
        RowEncoder { columns, settings }
    }

    /// Appends rows of a batch until `out` has reached `out_bytes_max`; returns how many it appended.
    ///
    /// # Errors
    /// A batch that does not have these columns, or a row too long for a message.
    pub(super) fn encode(
        &self,
        batch: &RowBatch,
        rows: Range<usize>,
        out: &mut Vec<u8>,
        out_bytes_max: usize,
    ) -> Result<usize> {
        let count = u16::try_from(self.columns.len())
            .ok()
            .filter(|_| batch.columns.len() == self.columns.len())
            .ok_or_else(|| Error::Internal("a batch does not have the columns of its result".into()))?;
        let columns = self.columns.iter().zip(&batch.columns);
        let fields: Vec<_> = columns
            .map(|((data_type, format), array)| match format {
                Format::Text => FieldWriter::text(array, data_type, &self.settings),
                Format::Binary => FieldWriter::binary(array, data_type),
            })
            .collect();
        let first = rows.start;
        let end = rows.end.min(batch.row_count);
        for row in first..end {
            let start = out.len();
            if start >= out_bytes_max {
                return Ok(row - first);
            }
            out.extend_from_slice(b"D\0\0\0\0");
            out.extend_from_slice(&count.to_be_bytes());
            fields.iter().for_each(|field| field.write(row, out));
            let length = out.len() - start - 1;
            if length > RESPONSE_BYTES_MAX {
                out.truncate(start);
                return Err(row_too_long(length));
            }
            put_length(out, start + 1, length);
        }
        Ok(end.saturating_sub(first))
    }
}

fn row_too_long(length: usize) -> Error {
    Error::user(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("a row of the result has {length} bytes, the protocol carries at most {RESPONSE_BYTES_MAX}"),
    )
}

fn put_length(out: &mut [u8], at: usize, length: usize) {
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&(length as u32).to_be_bytes());
    }
}

#[cfg(test)]
#[path = "row_encoder_test.rs"]
mod tests;
