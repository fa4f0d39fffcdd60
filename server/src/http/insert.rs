//! `POST /insert/TABLE`: a body of rows becomes one commit, by the same COPY that clients of the Postgres wire use. What the statement
//! means is the engine's business; a name of the URL becomes exactly one quoted identifier.

use super::answer::{Answer, Failure, json};
use super::exchange::Exchange;
use super::parameters::{names, quoted};
use super::settings::{Settings, settings};
use super::upload::{Interruption, Upload, UploadReader};
use crate::limits::{HTTP_BUFFER_BYTES_MAX, HTTP_DECOMPRESSED_BYTES_MAX};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Map, Value};
use std::io::Read;
use stoa_engine::connection::{Committed, CopyIn, CopyReport, Outcome};
use stoa_engine::ingest::{Compression, decompressed};

/// What is to be inserted, and how it comes.
#[derive(Debug, PartialEq)]
pub(super) struct Insert {
    statement: String,
    compression: Compression,
    settings: Settings,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Json,
    Csv,
}

impl Insert {
    /// What a request says beside its body.
    ///
    /// # Errors
    /// 400 and 415, with a sentence.
    pub(super) fn read(
        table: &str,
        mut parameters: Vec<(String, String)>,
        headers: &HeaderMap,
    ) -> Result<Self, Failure> {
        let settings = settings(headers, &mut parameters)?;
        let form = form(headers)?;
        let (mut columns, mut header) = (String::new(), None);
        for (name, value) in parameters {
            match name.as_str() {
                "columns" => columns = format!(" ({})", identifiers(&value, ',')?.join(", ")),
                "header" if form == Form::Csv => header = Some(flag(&name, &value)?),
                _ => {
                    return Err(Failure::malformed(format!(
                        "there is no parameter \"{name}\" for this body"
                    )));
                }
            }
        }
        let table = identifiers(table, '.')?;
        if table.len() > 2 {
            return Err(Failure::malformed(
                "a table is TABLE or SCHEMA.TABLE; a dot in a name is %2E",
            ));
        }
        let options = match (form, header) {
            (Form::Json, _) => "FORMAT json",
            (Form::Csv, Some(false)) => "FORMAT csv",
            // A header that names other columns, or in another order, must not go unnoticed.
            (Form::Csv, _) => "FORMAT csv, HEADER match",
        };
        Ok(Insert {
            statement: format!("COPY {}{columns} FROM STDIN ({options})", table.join(".")),
            compression: compression(headers)?,
            settings,
        })
    }

    /// Takes the rows; all of them arrive together, or none.
    pub(super) fn run(&self, exchange: &mut Exchange<'_>) -> Result<Option<Answer>, Failure> {
        exchange.set_all(&self.settings)?;
        let mut copy = begin(exchange, &self.statement)?;
        let fed = match self.compression {
            Compression::None => feed(&mut copy, exchange.upload),
            compression => feed_decompressed(&mut copy, exchange.upload, compression),
        };
        if let Err(failure) = fed {
            copy.fail("the request ended before its rows did");
            return Err(failure);
        }
        let report = copy.finish()?;
        Ok(Some(json(
            StatusCode::OK,
            told(&report, exchange.connection.committed()),
        )))
    }
}

fn begin(exchange: &mut Exchange<'_>, statement: &str) -> Result<CopyIn, Failure> {
    let connection = &mut exchange.connection;
    let parsed = connection.parse(statement)?;
    let [parsed] = parsed.as_slice() else {
        return Err(Failure::malformed(
            "the names of the request make more than one statement",
        ));
    };
    let prepared = connection.prepare(parsed, &[])?;
    match connection.execute(&prepared, Vec::new())? {
        Outcome::CopyIn(copy) => Ok(copy),
        _ => Err(Failure::malformed("the names of the request make another statement")),
    }
}

fn feed(copy: &mut CopyIn, upload: &mut Upload) -> Result<(), Failure> {
    while let Some(piece) = upload.next().map_err(Interruption::failure)? {
        copy.write(&piece)?;
    }
    Ok(())
}

fn feed_decompressed(copy: &mut CopyIn, upload: &mut Upload, compression: Compression) -> Result<(), Failure> {
    let reader = decompressed(UploadReader::new(upload), compression).map_err(|error| unreadable(&error))?;
    feed_bounded(reader, HTTP_DECOMPRESSED_BYTES_MAX, &mut |bytes| Ok(copy.write(bytes)?))
}

/// Hands bytes on as long as they are not too many.
fn feed_bounded(
    mut reader: impl Read,
    bytes_max: u64,
    take: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; HTTP_BUFFER_BYTES_MAX];
    let mut left = bytes_max;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(&error)),
        };
        left = left.checked_sub(count as u64).ok_or_else(|| {
            let message = format!("the body has more than {bytes_max} bytes when it is decompressed");
            Failure::refused(StatusCode::PAYLOAD_TOO_LARGE, "54000", message)
        })?;
        take(buffer.get(..count).unwrap_or_default())?;
    }
}

fn unreadable(error: &std::io::Error) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Interruption>()) {
        Some(interruption) => interruption.failure(),
        None => Failure::refused(
            StatusCode::BAD_REQUEST,
            "22P04",
            format!("the body cannot be decompressed: {error}"),
        ),
    }
}

/// What became of the rows. Of a batch that had been committed before, it is not looked at again what of it came then.
fn told(report: &CopyReport, committed: Option<Committed>) -> Map<String, Value> {
    let is_repeated = committed.is_some_and(|committed| committed.is_repeated);
    let mut told = Map::new();
    told.insert("rows_received".into(), report.received.into());
    if is_repeated {
        told.insert("rows_stored".into(), 0.into());
    } else {
        told.insert("rows_stored".into(), report.stored.into());
        if let Some(deduplicated) = report.deduplicated {
            told.insert("rows_deduplicated".into(), deduplicated.into());
        }
        told.insert("rows_rejected".into(), report.rejected.into());
    }
    told.insert("repeated".into(), is_repeated.into());
    if let Some(committed) = committed {
        told.insert("version".into(), committed.version.into());
    }
    told
}

fn identifiers(list: &str, separator: char) -> Result<Vec<String>, Failure> {
    let names = names(list, separator, separator == ',').map_err(Failure::malformed)?;
    Ok(names.iter().map(|name| quoted(name)).collect())
}

fn flag(name: &str, value: &str) -> Result<bool, Failure> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::malformed(format!("the parameter \"{name}\" is true or false"))),
    }
}

fn unsupported(message: &str) -> Failure {
    Failure::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "0A000", message)
}

/// The one value of a header, in lower case.
fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(String::from_utf8_lossy(value.as_bytes()).trim().to_lowercase()),
        (None, _) => Some(String::new()),
        (Some(_), Some(_)) => None,
    }
}

fn form(headers: &HeaderMap) -> Result<Form, Failure> {
    let value = header(headers, CONTENT_TYPE).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let form = match parts.next().unwrap_or_default() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/json" => Form::Json,
        "text/csv" => Form::Csv,
        _ => {
            return Err(unsupported(
                "the body's Content-Type must be application/x-ndjson (an object per line) or text/csv",
            ));
        }
    };
    let is_utf8 = |part: &str| match part.strip_prefix("charset=") {
        Some(charset) => matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"),
        None => true,
    };
    match parts.all(is_utf8) {
        true => Ok(form),
        false => Err(unsupported("the body must be UTF-8")),
    }
}

fn compression(headers: &HeaderMap) -> Result<Compression, Failure> {
    match header(headers, CONTENT_ENCODING).as_deref() {
        Some("" | "identity") => Ok(Compression::None),
        Some("gzip" | "x-gzip") => Ok(Compression::Gzip),
        Some("zstd") => Ok(Compression::Zstd),
        _ => Err(unsupported("the body's Content-Encoding can be gzip or zstd")),
    }
}

#[cfg(test)]
#[path = "insert_test.rs"]
mod tests;
