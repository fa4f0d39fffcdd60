//! What a client gets: finished messages, appended to a buffer. Pure; row messages are written by `row_encoder`.

use super::message::Format;
use super::report::Report;
use super::types::WireType;
use crate::limits::RESPONSE_BYTES_MAX;
use stoa_engine::error::ErrorObject;
use stoa_engine::rows::ColumnOrigin;

/// Whether a transaction block is open, as ReadyForQuery tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyStatus {
    /// None.
    Idle,
    /// One is open.
    InTransaction,
    /// One is open and failed: only its end is accepted.
    Failed,
}

/// A column as RowDescription tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDescription<'a> {
    /// The column of a relation that it shows.
    pub origin: Option<ColumnOrigin>,
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub wire_type: WireType,
    /// The form its values come in.
    pub format: Format,
}

/// Appends one message: its kind, room for its length, what `body` writes, then the length.
pub fn message(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    let length = out.len() - start;
    assert!(
        length <= RESPONSE_BYTES_MAX,
        "messages are bounded by what they are made from"
    );
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends a text and its final zero byte; a zero inside would end it early, so it ends there.
fn put_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    out.extend_from_slice(bytes.get(..end).unwrap_or_default());
    out.push(0);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_be_bytes());
}

/// The client may go on without a password.
pub fn authentication_ok(out: &mut Vec<u8>) {
    message(out, b'R', |out| out.extend_from_slice(&0_u32.to_be_bytes()));
}

/// The newest minor version spoken, and the options of the client that mean nothing here.
pub fn negotiate_protocol_version(out: &mut Vec<u8>, version: u32, unknown_options: &[&str]) {
    message(out, b'v', |out| {
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&(unknown_options.len() as u32).to_be_bytes());
        unknown_options.iter().for_each(|option| put_text(out, option));
    });
}

/// A setting's value, now or changed.
pub fn parameter_status(out: &mut Vec<u8>, name: &str, value: &str) {
    message(out, b'S', |out| {
        put_text(out, name);
        put_text(out, value);
    });
}

/// What a cancel request must state.
pub fn backend_key_data(out: &mut Vec<u8>, process_id: i32, secret_key: &[u8]) {
    message(out, b'K', |out| {
        out.extend_from_slice(&process_id.to_be_bytes());
        out.extend_from_slice(secret_key);
    });
}

/// The next statement may come.
pub fn ready_for_query(out: &mut Vec<u8>, status: ReadyStatus) {
    let status = match status {
        ReadyStatus::Idle => b'I',
        ReadyStatus::InTransaction => b'T',
        ReadyStatus::Failed => b'E',
    };
    message(out, b'Z', |out| out.push(status));
}

/// An error.
pub fn error(out: &mut Vec<u8>, report: &Report) {
    message(out, b'E', |out| put_report(out, report));
}

/// A notice.
pub fn notice(out: &mut Vec<u8>, report: &Report) {
    message(out, b'N', |out| put_report(out, report));
}

fn put_report(out: &mut Vec<u8>, report: &Report) {
    let position = report.position.map(|position| position.to_string());
    let object = report.object.as_deref();
    let of_object = |part: fn(&ErrorObject) -> &Option<String>| object.and_then(|object| part(object).as_deref());
    let fields = [
        (b'S', Some(report.severity.as_str())),
        (b'V', Some(report.severity.as_str())),
        (b'C', Some(report.state.as_str())),
        (b'M', Some(report.message.as_str())),
        (b'D', report.detail.as_deref()),
        (b'H', report.hint.as_deref()),
        (b'P', position.as_deref()),
        (b'W', report.context.as_deref()),
        (b's', of_object(|object| &object.schema)),
        (b't', of_object(|object| &object.table)),
        (b'c', of_object(|object| &object.column)),
        (b'n', of_object(|object| &object.constraint)),
        (b'R', report.routine),
    ];
    for (tag, value) in fields {
        if let Some(value) = value {
            out.push(tag);
            put_text(out, value);
        }
    }
    out.push(0);
}

/// The columns of the rows that follow.
pub fn row_description<'a>(out: &mut Vec<u8>, fields: impl ExactSizeIterator<Item = FieldDescription<'a>>) {
    message(out, b'T', |out| {
        put_count(out, fields.len());
        for field in fields {
            put_text(out, field.name);
            let (relation, number) = field.origin.map_or((0, 0), |origin| (origin.relation, origin.number));
            out.extend_from_slice(&relation.to_be_bytes());
            out.extend_from_slice(&number.to_be_bytes());
            out.extend_from_slice(&field.wire_type.oid.to_be_bytes());
            out.extend_from_slice(&field.wire_type.size.to_be_bytes());
            out.extend_from_slice(&field.wire_type.modifier.to_be_bytes());
            out.extend_from_slice(&field.format.code().to_be_bytes());
        }
    });
}

/// The types of a statement's parameters.
pub fn parameter_description(out: &mut Vec<u8>, types: impl ExactSizeIterator<Item = u32>) {
    message(out, b't', |out| {
        put_count(out, types.len());
        types.for_each(|oid| out.extend_from_slice(&oid.to_be_bytes()));
    });
}

/// The statement returns no rows.
pub fn no_data(out: &mut Vec<u8>) {
    message(out, b'n', |_| ());
}

/// Parse is done.
pub fn parse_complete(out: &mut Vec<u8>) {
    message(out, b'1', |_| ());
}

/// Bind is done.
pub fn bind_complete(out: &mut Vec<u8>) {
    message(out, b'2', |_| ());
}

/// Close is done.
pub fn close_complete(out: &mut Vec<u8>) {
    message(out, b'3', |_| ());
}

/// The portal has more rows.
pub fn portal_suspended(out: &mut Vec<u8>) {
    message(out, b's', |_| ());
}

/// A statement is done: `SELECT 3`.
pub fn command_complete(out: &mut Vec<u8>, tag: &str) {
    message(out, b'C', |out| put_text(out, tag));
}

/// There was no statement.
pub fn empty_query(out: &mut Vec<u8>) {
    message(out, b'I', |_| ());
}

/// COPY FROM STDIN may send.
pub fn copy_in(out: &mut Vec<u8>, format: Format, column_count: usize) {
    copy_response(out, b'G', format, column_count);
}

/// COPY TO STDOUT begins.
pub fn copy_out(out: &mut Vec<u8>, format: Format, column_count: usize) {
    copy_response(out, b'H', format, column_count);
}

fn copy_response(out: &mut Vec<u8>, tag: u8, format: Format, column_count: usize) {
    message(out, tag, |out| {
        out.push(u8::from(format == Format::Binary));
        put_count(out, column_count);
        for _ in 0..column_count {
            out.extend_from_slice(&format.code().to_be_bytes());
        }
    });
}

/// Bytes of COPY TO STDOUT.
pub fn copy_data(out: &mut Vec<u8>, bytes: &[u8]) {
    message(out, b'd', |out| out.extend_from_slice(bytes));
}

/// The end of COPY TO STDOUT.
pub fn copy_done(out: &mut Vec<u8>) {
    message(out, b'c', |_| ());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::report::Severity;

    #[test]
    fn an_error_carries_its_fields() {
        let mut out = Vec::new();
        let report = Report {
            position: Some(8),
            hint: Some("look\0hidden".into()),
            ..Report::new(Severity::Error, "42703", "column \"a\" does not exist")
        };
        error(&mut out, &report);
        let body = b"SERROR\0VERROR\0C42703\0Mcolumn \"a\" does not exist\0Hlook\0P8\0\0";
        assert_eq!(out[0], b'E');
        assert_eq!(out[1..5], (body.len() as u32 + 4).to_be_bytes());
        assert_eq!(&out[5..], body);
    }

    #[test]
    fn copy_responses_state_a_format_per_column() {
        let mut out = Vec::new();
        copy_in(&mut out, Format::Binary, 2);
        assert_eq!(out, b"G\0\0\0\x0b\x01\0\x02\0\x01\0\x01");
    }

    #[test]
    fn ready_for_query_tells_the_transaction() {
        let mut out = Vec::new();
        ready_for_query(&mut out, ReadyStatus::Failed);
        assert_eq!(out, b"Z\0\0\0\x05E");
    }
}
