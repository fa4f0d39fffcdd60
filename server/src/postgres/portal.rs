//! A portal: a prepared statement with its parameters' values, and the rows it has still to give.
//!
//! Postgres's rules: an Execute with a row limit that is reached says "suspended" even if those were the last rows; a portal
//! that has given all its rows gives none again; a command runs once.

use super::message::Format;
use super::row_encoder::RowEncoder;
use std::sync::Arc;
use stoa_engine::Result;
use stoa_engine::connection::{Prepared, RowsTag};
use stoa_engine::format::FormatSettings;
use stoa_engine::rows::{RowBatch, Rows};
use stoa_engine::types::Literal;

/// A statement a client has prepared.
pub(super) struct Statement {
    /// The client's text, for the places of errors.
    pub(super) text: String,
    /// The prepared statement; `None` for an empty text.
    pub(super) prepared: Option<Arc<Prepared>>,
}

/// A bound statement.
pub(super) struct Portal {
    /// What it runs.
    pub(super) statement: Arc<Statement>,
    /// The formats asked for its columns.
    pub(super) formats: Vec<Format>,
    /// How far it is.
    pub(super) state: PortalState,
}

/// How far a portal is.
pub(super) enum PortalState {
    /// It has not run.
    Bound(Vec<Literal>),
    /// It has rows to give.
    Streaming(RowCursor),
    /// It has a name, and is a cursor of the connection.
    Cursor,
    /// It has given all its rows.
    Exhausted(RowsTag),
    /// It was a command, and ran.
    Ran,
}

/// Why [`RowCursor::fill`] stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Enough bytes are waiting: write them and come again.
    Full,
    /// So many rows as were asked for.
    Limit,
    /// All rows.
    End,
}

/// A place in a streamed result. Holds one batch at a time.
pub(super) struct RowCursor {
    rows: Rows,
    tag: RowsTag,
    encoder: RowEncoder,
    batch: Option<RowBatch>,
    next_row: usize,
}

impl RowCursor {
    /// Before the first row.
    pub(super) fn new(rows: Rows, tag: RowsTag, formats: &[Format], settings: FormatSettings) -> Self {
        let encoder = RowEncoder::new(rows.columns(), formats, settings);
        RowCursor {
            rows,
            tag,
            encoder,
            batch: None,
            next_row: 0,
        }
    }

    /// What the statement's completion is called.
    pub(super) fn into_tag(self) -> RowsTag {
        self.tag
    }

    /// Takes the rows that are left and forgets them: a query that was told to end says why.
    ///
    /// # Errors
    /// The query failed or was cancelled.
    pub(super) fn skip_rest(&mut self) -> Result<()> {
        self.batch = None;
        while self.rows.next_batch()?.is_some() {}
        Ok(())
    }

    /// Appends rows until `out` holds `out_bytes_max` bytes or `rows_left` is used up; waits for rows that are not there yet.
    ///
    /// # Errors
    /// The query failed or was cancelled.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, out_bytes_max: usize, rows_left: &mut u64) -> Result<Filled> {
        loop {
            if *rows_left == 0 {
                return Ok(Filled::Limit);
            }
            let batch = match self.batch.take() {
                Some(batch) => batch,
                None => match self.rows.next_batch()? {
                    None => return Ok(Filled::End),
                    Some(batch) => {
                        self.next_row = 0;
                        batch
                    }
                },
            };
            let limit = usize::try_from(*rows_left).unwrap_or(usize::MAX);
            let end = batch.row_count.min(self.next_row.saturating_add(limit));
            let encoded = self.encoder.encode(&batch, self.next_row..end, out, out_bytes_max)?;
            self.next_row += encoded;
            *rows_left -= encoded as u64;
            let is_used_up = self.next_row >= batch.row_count;
            let is_full = self.next_row < end;
            if !is_used_up {
                self.batch = Some(batch);
            }
            if is_full {
                return Ok(Filled::Full);
            }
        }
    }
}

#[cfg(test)]
#[path = "portal_test.rs"]
mod tests;
