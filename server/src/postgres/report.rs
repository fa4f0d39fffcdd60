//! Errors and notices as a client sees them: severity, SQLSTATE, a sentence, and where in the client's own text.

use super::message::DecodeError;
use stoa_engine::Error;
use stoa_engine::error::{CancelReason, ErrorObject};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The statement had no effect.
    Error,
    /// And the connection ends.
    Fatal,
    /// For a notice: worth a look.
    Warning,
    /// For a notice: good to know.
    Notice,
}

impl Severity {
    /// The word in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Fatal => "FATAL",
            Severity::Warning => "WARNING",
            Severity::Notice => "NOTICE",
        }
    }
}

/// The fields of an ErrorResponse or a NoticeResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How bad.
    pub severity: Severity,
    /// The SQLSTATE.
    pub state: String,
    /// One sentence.
    pub message: String,
    /// More about this case.
    pub detail: Option<String>,
    /// What to do.
    pub hint: Option<String>,
    /// Where in the data.
    pub context: Option<String>,
    /// What it is about.
    pub object: Option<Box<ErrorObject>>,
    /// Postgres's name for the place in the server, where clients act by it.
    pub routine: Option<&'static str>,
    /// Where in the text the client sent: counted in characters, from 1.
    pub position: Option<usize>,
}

impl Report {
    /// A report with a message only.
    pub fn new(severity: Severity, state: &str, message: impl Into<String>) -> Self {
        Report {
            severity,
            state: state.to_owned(),
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            object: None,
            routine: None,
            position: None,
        }
    }

    /// An error that ends the connection.
    pub fn fatal(state: &str, message: impl Into<String>) -> Self {
        Report::new(Severity::Fatal, state, message)
    }

    /// An error of the protocol (08P01) or of its texts' encoding (22021).
    pub fn decode(error: &DecodeError) -> Self {
        let state = match error {
            DecodeError::Malformed(_) => "08P01",
            DecodeError::Encoding(_) => "22021",
        };
        Report::new(Severity::Error, state, error.to_string())
    }

    /// An engine's error; its place is looked up in `text`, the text the client sent, where it is known.
    pub fn engine(error: &Error, text: Option<&str>) -> Self {
        let mut report = Report::new(Severity::Error, error.state().0, error.to_string());
        match error {
            Error::Sql(error) => {
                report.detail = error.detail.clone();
                report.hint = error.hint.clone();
                report.context = error.context.clone();
                report.object = error.object.clone();
                report.routine = error.routine;
                report.position = error.span.zip(text).map(|(span, text)| span.position(text));
            }
            Error::OutOfMemory { .. } => {
                report.hint = Some("ask for less at once, or start the server with a larger --memory-limit".into());
            }
            Error::Internal(_) => {
                tracing::error!("{error}");
                report.hint = Some("this is a bug of Stoa; the server's log has the details".into());
            }
            Error::Storage(stoa_storage::Error::Full { .. }) => {
                report.hint = Some("free some space on the device, or enlarge it; until then reading goes on".into());
            }
            Error::Cancelled(CancelReason::Shutdown) => report.severity = Severity::Fatal,
            Error::Storage(_) | Error::Cancelled(_) => {}
        }
        report
    }

    /// The same report, ending the connection.
    pub fn into_fatal(self) -> Self {
        Report {
            severity: Severity::Fatal,
            ..self
        }
    }
}
