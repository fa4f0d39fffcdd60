//! `POST /query`: the body is one statement; its rows leave as lines of JSON or as csv, in pieces of bounded size, as they come.

use super::answer::{Answer, Failure, json, whole};
use super::exchange::Exchange;
use super::settings::{Settings, settings};
use crate::limits::{HTTP_ROWS_FIRST, HTTP_ROWS_MAX, HTTP_STATEMENT_BYTES_MAX, WRITE_BUFFER_BYTES};
use arrow_array::{Array, ArrayRef};
use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde_json::Map;
use std::collections::HashSet;
use stoa_engine::connection::{CopyFormat, Outcome};
use stoa_engine::ingest::{CopyEncoder, CopyOptions};
use stoa_engine::rows::{ResultColumn, RowBatch, Rows};

/// How a result is wanted.
#[derive(Debug)]
pub(super) struct Query {
    format: CopyFormat,
    settings: Settings,
}

impl Query {
    /// What a request says beside its statement.
    ///
    /// # Errors
    /// 400 with a sentence.
    pub(super) fn read(mut parameters: Vec<(String, String)>, headers: &HeaderMap) -> Result<Self, Failure> {
        let settings = settings(headers, &mut parameters)?;
        let mut format = accepted(headers);
        for (name, value) in parameters {
            format = match (name.as_str(), value.as_str()) {
                ("format", "ndjson" | "json") => CopyFormat::Json,
                ("format", "csv") => CopyFormat::Csv,
                ("format", _) => return Err(Failure::malformed("the parameter \"format\" is ndjson or csv")),
                _ => return Err(Failure::malformed(format!("there is no parameter \"{name}\" here"))),
            };
        }
        Ok(Query { format, settings })
    }

    /// Runs the statement and sends what it gives.
    pub(super) fn run(&self, exchange: &mut Exchange<'_>) -> Result<Option<Answer>, Failure> {
        let text = exchange.upload.text(HTTP_STATEMENT_BYTES_MAX)?;
        exchange.set_all(&self.settings)?;
        let at = |error: stoa_engine::Error| Failure::engine(&error, Some(&text));
        let parsed = exchange.connection.parse(&text).map_err(at)?;
        let [parsed] = parsed.as_slice() else {
            let message = format!("the body must be one statement, not {}", parsed.len());
            return Err(Failure::refused(StatusCode::BAD_REQUEST, "42601", message));
        };
        let prepared = exchange.connection.prepare(parsed, &[]).map_err(at)?;
        let no_copy = |hint: &str| Failure::refused(StatusCode::BAD_REQUEST, "0A000", hint);
        match exchange.connection.execute(&prepared, Vec::new()).map_err(at)? {
            Outcome::Rows(rows, _) => self.send(exchange, rows, &text),
            Outcome::Command { tag } => Ok(Some(done(exchange, &tag))),
            Outcome::Empty => Err(Failure::refused(
                StatusCode::BAD_REQUEST,
                "42601",
                "the body has no statement",
            )),
            Outcome::CopyIn(copy) => {
                copy.fail("rows come by POST /insert/TABLE");
                Err(no_copy(
                    "COPY FROM STDIN has no rows here: send them by POST /insert/TABLE",
                ))
            }
            Outcome::CopyOut(_) => Err(no_copy("COPY TO STDOUT is not for here: ask for the rows with SELECT")),
        }
    }

    /// Sends rows. What fails before the first piece is full is still told as an error.
    fn send(&self, exchange: &mut Exchange<'_>, mut rows: Rows, text: &str) -> Result<Option<Answer>, Failure> {
        let at = |error: stoa_engine::Error| Failure::engine(&error, Some(text));
        let version = exchange.connection.version_read();
        let committed = exchange.connection.committed();
        let content_type = match self.format {
            CopyFormat::Csv => "text/csv; charset=utf-8",
            _ => {
                check_names(rows.columns())?;
                "application/x-ndjson"
            }
        };
        let head = |bytes: Bytes| {
            let mut answer = whole(StatusCode::OK, content_type, bytes);
            if let Some(version) = version {
                answer.headers_mut().insert("stoa-version", HeaderValue::from(version));
            }
            if let Some(committed) = committed {
                let is_repeated = HeaderValue::from_static(if committed.is_repeated { "true" } else { "false" });
                answer.headers_mut().insert("stoa-repeated", is_repeated);
            }
            answer
        };
        let options = CopyOptions::of_file(self.format);
        let encoder = CopyEncoder::new(rows.columns(), &options, &exchange.connection.format_settings())?;
        let handle = exchange.connection.handle();
        let mut pieces = Pieces::new(encoder);
        let mut is_begun = false;
        while let Some(batch) = rows.next_batch().map_err(at)? {
            let mut row = 0;
            while row < batch.row_count {
                row = pieces.append(&batch, row).map_err(at)?;
                if pieces.buffer.len() < WRITE_BUFFER_BYTES {
                    continue;
                }
                if !std::mem::replace(&mut is_begun, true) {
                    exchange.outlet.begin(head(Bytes::new()))?;
                }
                exchange.outlet.send(pieces.take(), &handle)?;
            }
        }
        if !is_begun {
            return Ok(Some(head(pieces.take())));
        }
        exchange.outlet.send(pieces.take(), &handle)?;
        Ok(None)
    }
}

/// Rows on their way into pieces of about the same size.
struct Pieces {
    encoder: CopyEncoder,
    buffer: Vec<u8>,
    /// Rows that are written at once: so many that they are not too long.
    rows_at_once: usize,
}

impl Pieces {
    fn new(encoder: CopyEncoder) -> Self {
        let mut buffer = Vec::new();
        encoder.write_header(&mut buffer);
        Pieces {
            encoder,
            buffer,
            rows_at_once: HTTP_ROWS_FIRST,
        }
    }

    /// Appends some rows of a batch from one on; gives the next one.
    fn append(&mut self, batch: &RowBatch, first: usize) -> stoa_engine::Result<usize> {
        let count = self.rows_at_once.min(batch.row_count - first);
        let columns: Vec<ArrayRef> = batch.columns.iter().map(|column| column.slice(first, count)).collect();
        let begin = self.buffer.len();
        self.encoder.write_batch(&columns, count, &mut self.buffer)?;
        let bytes = self.buffer.len() - begin;
        if bytes > WRITE_BUFFER_BYTES {
            self.rows_at_once = (self.rows_at_once / 2).max(1);
        } else if bytes < WRITE_BUFFER_BYTES / 4 {
            self.rows_at_once = (self.rows_at_once * 2).min(HTTP_ROWS_MAX);
        }
        Ok(first + count)
    }

    fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.buffer).into()
    }
}

/// What a statement without rows did.
fn done(exchange: &Exchange<'_>, tag: &str) -> Answer {
    let mut told = Map::new();
    told.insert("command".into(), tag.into());
    if let Some(committed) = exchange.connection.committed() {
        told.insert("repeated".into(), committed.is_repeated.into());
        told.insert("version".into(), committed.version.into());
    }
    json(StatusCode::OK, told)
}

/// Readers of JSON keep one of two members of the same name, and do not say so.
fn check_names(columns: &[ResultColumn]) -> Result<(), Failure> {
    let mut known = HashSet::new();
    match columns.iter().find(|column| !known.insert(column.name.as_str())) {
        None => Ok(()),
        Some(column) => Err(Failure::refused(
            StatusCode::BAD_REQUEST,
            "42701",
            format!(
                "two columns of the result are called \"{}\"; name them with AS, or ask for csv",
                column.name
            ),
        )),
    }
}

/// The first format of Accept that there is.
fn accepted(headers: &HeaderMap) -> CopyFormat {
    let values = headers.get_all(ACCEPT).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut formats = values.flat_map(|value| value.split(',')).filter_map(|range| {
        match range.split(';').next().unwrap_or_default().trim() {
            "text/csv" => Some(CopyFormat::Csv),
            "application/x-ndjson" | "application/json" | "*/*" => Some(CopyFormat::Json),
            _ => None,
        }
    });
    formats.next().unwrap_or(CopyFormat::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_format_is_taken() {
        for (accept, format) in [
            ("*/*", CopyFormat::Json),
            ("text/csv", CopyFormat::Csv),
            ("text/html, text/csv;q=0.9, */*", CopyFormat::Csv),
            ("application/json, text/csv", CopyFormat::Json),
            ("image/png", CopyFormat::Json),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(accepted(&headers), format, "{accept}");
        }
        assert!(Query::read(vec![("format".into(), "xml".into())], &HeaderMap::new()).is_err());
        assert!(Query::read(vec![("limit".into(), "1".into())], &HeaderMap::new()).is_err());
    }
}
