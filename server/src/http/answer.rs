//! What leaves: an answer as a whole, or in pieces as they come. An answer in pieces is complete only where its end was said: whatever
//! else ends it breaks the connection off, so that no client takes a part for the whole.

use super::exchange::Vigil;
use crate::postgres::report::{Report, Severity};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value};
use std::pin::Pin;
use std::task::{Context, Poll};
use stoa_engine::Error;
use tokio::sync::mpsc;

/// A response.
pub(super) type Answer = Response<AnswerBody>;

/// A part of an answer that comes in pieces.
pub(super) enum Piece {
    /// Some bytes.
    Bytes(Bytes),
    /// That was all.
    End,
}

/// The bytes of an answer.
pub(super) enum AnswerBody {
    /// All at once.
    Whole(Option<Bytes>),
    /// As they come. Who does not take them any more ends what makes them.
    Pieces {
        receiver: mpsc::Receiver<Piece>,
        _vigil: Option<Vigil>,
    },
}

/// The answer ended before its end: the connection does so, too.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an answer was broken off")
    }
}

impl std::error::Error for BrokenOff {}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut *self {
            AnswerBody::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            AnswerBody::Pieces { receiver, .. } => receiver.poll_recv(context).map(|piece| match piece {
                Some(Piece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
                Some(Piece::End) => None,
                None => Some(Err(BrokenOff)),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, AnswerBody::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            AnswerBody::Pieces { .. } => SizeHint::default(),
        }
    }
}

/// Why a request did not get what it asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client is told.
    Refused(StatusCode, Box<Report>),
    /// There is nobody to tell.
    Gone,
}

impl Failure {
    /// A refusal with a code and a sentence.
    pub(super) fn refused(status: StatusCode, state: &str, message: impl Into<String>) -> Self {
        Failure::Refused(status, Box::new(Report::new(Severity::Error, state, message)))
    }

    /// 400: the request is not of a form that is understood.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Failure::refused(StatusCode::BAD_REQUEST, "08P01", message)
    }

    /// The engine's error; its place is looked up in the client's text, where there is one.
    pub(super) fn engine(error: &Error, text: Option<&str>) -> Self {
        let report = Report::engine(error, text);
        Failure::Refused(status_of(&report.state), Box::new(report))
    }

    /// 503: the server stops.
    pub(super) fn stopping() -> Self {
        Failure::refused(StatusCode::SERVICE_UNAVAILABLE, "57P03", "the server is stopping")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::engine(&error, None)
    }
}

/// The status that a SQLSTATE is told with.
fn status_of(state: &str) -> StatusCode {
    match state {
        // No such table, no such schema.
        "42P01" | "3F000" => StatusCode::NOT_FOUND,
        // Fenced producers and batches out of order, other commits that came between, what may not be written.
        "55000" | "55006" | "40001" | "40P01" | "25006" | "42501" => StatusCode::CONFLICT,
        // Memory, disk and places that are used up; what was cancelled, also because its time was over; the server stops.
        "53000" | "53100" | "53200" | "53300" | "53400" | "57014" | "57P01" | "57P03" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        state if state.starts_with("54") => StatusCode::PAYLOAD_TOO_LARGE,
        state if state.starts_with("XX") || state.starts_with("58") => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// An answer as a whole.
pub(super) fn whole(status: StatusCode, content_type: &'static str, bytes: impl Into<Bytes>) -> Answer {
    let bytes = bytes.into();
    let mut answer = Response::new(AnswerBody::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}

/// A JSON object.
pub(super) fn json(status: StatusCode, object: Map<String, Value>) -> Answer {
    whole(status, "application/json", format!("{}\n", Value::Object(object)))
}

/// An error as a client sees it.
pub(super) fn error(status: StatusCode, report: &Report) -> Answer {
    let mut error = Map::new();
    error.insert("sqlstate".into(), report.state.as_str().into());
    error.insert("message".into(), report.message.as_str().into());
    let texts = [
        ("detail", &report.detail),
        ("hint", &report.hint),
        ("context", &report.context),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            error.insert(name.into(), text.as_str().into());
        }
    }
    if let Some(position) = report.position {
        error.insert("position".into(), position.into());
    }
    let mut answer = json(status, Map::from_iter([("error".to_owned(), Value::Object(error))]));
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        StatusCode::REQUEST_TIMEOUT => {
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    answer
}

/// 405, naming the method that there is.
pub(super) fn wrong_method(allowed: &'static str) -> Answer {
    let message = format!("this takes {allowed}");
    let report = Report::new(Severity::Error, "08P01", message);
    let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, &report);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_the_status() {
        for (state, status) in [
            ("42P01", 404),
            ("22P02", 400),
            ("42601", 400),
            ("23505", 400),
            ("55000", 409),
            ("40001", 409),
            ("53200", 503),
            ("53300", 503),
            ("57014", 503),
            ("54000", 413),
            ("58030", 500),
            ("XX000", 500),
            ("XX001", 500),
        ] {
            assert_eq!(status_of(state).as_u16(), status, "{state}");
        }
    }

    #[test]
    fn an_error_is_an_object() {
        let mut report = Report::new(Severity::Error, "42703", "no \"x\"");
        report.position = Some(8);
        let AnswerBody::Whole(Some(bytes)) = error(StatusCode::BAD_REQUEST, &report).into_body() else {
            panic!("an error is told at once")
        };
        let expected = b"{\"error\":{\"sqlstate\":\"42703\",\"message\":\"no \\\"x\\\"\",\"position\":8}}\n";
        assert_eq!(&*bytes, expected);
    }
}
