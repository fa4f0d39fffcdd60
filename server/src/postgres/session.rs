//! A connection's thread: greets the client, then takes message after message until the client goes or the server stops.
//!
//! Invariant: every message that wants an answer gets exactly the answers Postgres gives, in the order of the messages; after an
//! error in the extended protocol everything up to Sync is skipped. Never runs on an async thread.

use super::message::{DecodeError, Frame, FrontendMessage, VERSION_3_2};
use super::portal::{Portal, Statement};
use super::report::{Report, Severity};
use super::response::{self, ReadyStatus};
use super::socket::Socket;
use super::startup::Greeting;
use super::stream::{Input, Next, Output};
use crate::registry::{ConnectionEntry, LONG_KEY_BYTES, Registration, Registry, SHORT_KEY_BYTES, Serving};
use std::collections::HashMap;
use std::sync::Arc;
use stoa_engine::Error;
use stoa_engine::connection::{Connection, Notice, TransactionStatus};
use stoa_engine::database::Database;

/// Settings a client is told at the beginning, and whenever they change.
const REPORTED_SETTINGS: [&str; 13] = [
    "server_version",
    "server_encoding",
    "client_encoding",
    "application_name",
    "default_transaction_read_only",
    "in_hot_standby",
    "is_superuser",
    "session_authorization",
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "integer_datetimes",
    "standard_conforming_strings",
];

/// Why a message was not answered as it wanted.
pub(super) enum Failure {
    /// The client is told, and may go on.
    Statement(Report),
    /// The client is told, and the connection ends.
    Fatal(Report),
    /// There is nobody to tell.
    Gone,
}

impl From<std::io::Error> for Failure {
    fn from(_: std::io::Error) -> Self {
        Failure::Gone
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Failure::Statement(Report::decode(&error))
    }
}

/// A failure of the engine without a place in a text.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Statement(Report::engine(&error, None))
    }
}

/// Result of working on a message.
pub(super) type Result<T, E = Failure> = std::result::Result<T, E>;

/// An error of the protocol's rules.
pub(super) fn protocol_failure(state: &str, message: impl Into<String>) -> Failure {
    Failure::Statement(Report::new(Severity::Error, state, message))
}

/// A client's connection at work.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) statements: HashMap<String, Arc<Statement>>,
    pub(super) portals: HashMap<String, Portal>,
    /// An implicit transaction of the extended protocol is open: it ends at Sync.
    pub(super) pipeline_is_open: bool,
    /// An error came: everything up to Sync is skipped.
    is_skipping: bool,
    entry: Arc<ConnectionEntry>,
    _registration: Registration,
}

/// Runs a connection to its end. Blocks.
pub(super) fn run(
    database: &Arc<Database>,
    registry: &Arc<Registry>,
    greeting: &Greeting,
    socket: &Arc<Socket>,
    (input, mut output): (Input, Output),
) {
    match Session::open(database, registry, greeting, socket, &mut output) {
        Ok((connection, entry, registration)) => {
            let mut session = Session {
                connection,
                input,
                output,
                statements: HashMap::new(),
                portals: HashMap::new(),
                pipeline_is_open: false,
                is_skipping: false,
                entry,
                _registration: registration,
            };
            session.serve();
        }
        Err(report) => {
            response::error(&mut output.buffer, &report.into_fatal());
            let _ = output.flush();
        }
    }
}

type Opened = (Connection, Arc<ConnectionEntry>, Registration);

impl Session {
    /// Connects to the database, enters the registry and writes the greeting, up to the first ReadyForQuery.
    fn open(
        database: &Arc<Database>,
        registry: &Arc<Registry>,
        greeting: &Greeting,
        socket: &Arc<Socket>,
        output: &mut Output,
    ) -> Result<Opened, Report> {
        let key_bytes = if greeting.version >= VERSION_3_2 {
            LONG_KEY_BYTES
        } else {
            SHORT_KEY_BYTES
        };
        let identity = registry
            .identity(key_bytes)
            .map_err(|error| Report::fatal("58030", format!("could not make a cancel key: {error}")))?;
        let connection = database.connect(greeting.connection_options(identity.process_id));
        let serving: Arc<dyn Serving> = Arc::<Socket>::clone(socket);
        let entry = registry.entry(identity.clone(), serving, connection.handle());
        let Some(registration) = registry.enter(&entry) else {
            return Err(Report::fatal("53300", "sorry, too many clients already"));
        };
        let out = &mut output.buffer;
        greeting.negotiate(out);
        response::authentication_ok(out);
        for name in REPORTED_SETTINGS {
            if let Some(value) = connection.setting(name) {
                response::parameter_status(out, name, &value);
            }
        }
        response::backend_key_data(out, identity.process_id, &identity.secret_key);
        response::ready_for_query(out, ReadyStatus::Idle);
        if output.flush().is_err() {
            return Err(Report::fatal("08006", "the client has gone"));
        }
        Ok((connection, entry, registration))
    }

    fn serve(&mut self) {
        loop {
            let report = match self.step() {
                Ok(true) => continue,
                Ok(false) | Err(Failure::Gone) => return,
                Err(Failure::Statement(report) | Failure::Fatal(report)) => report.into_fatal(),
            };
            response::error(&mut self.output.buffer, &report);
            let _ = self.output.flush();
            return;
        }
    }

    /// Waits for a message and answers it; false when the client said good-bye or has gone. An error ends the connection.
    fn step(&mut self) -> Result<bool> {
        let frame = match self.next()? {
            Next::Frame(frame) => frame,
            Next::Closed => return Ok(false),
            Next::Stopped => return Err(stopped()),
        };
        if frame.tag == b'X' {
            return Ok(false);
        }
        let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.answer(&frame)));
        match answered {
            Ok(Ok(())) => Ok(true),
            Ok(Err(Failure::Statement(report))) if report.severity == Severity::Fatal => Err(Failure::Fatal(report)),
            Ok(Err(Failure::Statement(report))) => self.recover(frame.tag, &report).map(|()| true),
            Ok(Err(failure)) => Err(failure),
            Err(panic) => Err(Failure::Fatal(panicked(panic.as_ref()))),
        }
    }

    /// The next message. While it waits, a cancel request means nothing.
    pub(super) fn next(&mut self) -> Result<Next> {
        Ok(self.input.next(Some(&self.entry))?)
    }

    fn answer(&mut self, frame: &Frame) -> Result<()> {
        if self.is_skipping && frame.tag != b'S' {
            return Ok(());
        }
        match FrontendMessage::decode(frame)? {
            FrontendMessage::Query { text } => self.simple_query(text),
            FrontendMessage::Parse {
                name,
                text,
                parameter_types,
            } => self.parse(name, text, &parameter_types),
            FrontendMessage::Bind(bind) => self.bind(&bind),
            FrontendMessage::Describe { target, name } => self.describe(target, name),
            FrontendMessage::Close { target, name } => self.close(target, name),
            FrontendMessage::Execute { portal, rows_max } => self.execute(portal, rows_max),
            FrontendMessage::Flush => Ok(self.output.flush()?),
            FrontendMessage::Sync => self.sync(),
            // A COPY that failed may still be followed by what the client had sent before it knew.
            FrontendMessage::CopyData(_) | FrontendMessage::CopyDone | FrontendMessage::CopyFail { .. } => Ok(()),
            FrontendMessage::FunctionCall => {
                Err(protocol_failure("0A000", "function calls by number are not supported"))
            }
            FrontendMessage::Password => Err(protocol_failure("08P01", "unexpected password message")),
            FrontendMessage::Terminate => Ok(()),
        }
    }

    /// Tells the client of an error and gets ready for what comes after it.
    fn recover(&mut self, tag: u8, report: &Report) -> Result<()> {
        self.tell_notices();
        response::error(&mut self.output.buffer, report);
        self.connection.fail_transaction();
        if matches!(tag, b'P' | b'B' | b'D' | b'E' | b'C' | b'H') {
            self.is_skipping = true;
            Ok(self.output.flush()?)
        } else {
            self.ready()
        }
    }

    /// The end of a pipeline: its implicit transaction commits, or is undone where something failed.
    fn sync(&mut self) -> Result<()> {
        let is_failed = std::mem::take(&mut self.is_skipping);
        self.end_pipeline(!is_failed)?;
        self.ready()
    }

    /// Ends the implicit transaction of a pipeline, if one is open.
    pub(super) fn end_pipeline(&mut self, is_good: bool) -> Result<()> {
        if std::mem::take(&mut self.pipeline_is_open) {
            self.connection.end_implicit(is_good)?;
        }
        Ok(())
    }

    /// Tells the client that the next statement may come. Portals live as long as their transaction.
    pub(super) fn ready(&mut self) -> Result<()> {
        let status = match self.connection.transaction_status() {
            TransactionStatus::Idle => {
                self.portals.clear();
                self.connection.close_portals();
                ReadyStatus::Idle
            }
            TransactionStatus::InTransaction => ReadyStatus::InTransaction,
            TransactionStatus::Failed => ReadyStatus::Failed,
        };
        self.tell_changes();
        response::ready_for_query(&mut self.output.buffer, status);
        Ok(self.output.flush()?)
    }

    /// Tells what the statement wanted said, before its completion.
    pub(super) fn tell_notices(&mut self) {
        for notice in self.connection.take_notices() {
            response::notice(&mut self.output.buffer, &notice_report(notice));
        }
    }

    fn tell_changes(&mut self) {
        for (name, value) in self.connection.take_parameter_changes() {
            if let Some(name) = REPORTED_SETTINGS
                .iter()
                .find(|reported| reported.eq_ignore_ascii_case(&name))
            {
                response::parameter_status(&mut self.output.buffer, name, &value);
            }
        }
    }
}

/// The server stops, or an administrator ended the connection.
pub(super) fn stopped() -> Failure {
    Failure::Fatal(Report::fatal(
        "57P01",
        "terminating connection due to administrator command",
    ))
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Report {
    let reason = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown panic");
    tracing::error!("a connection's thread panicked: {reason}");
    Report::fatal("XX000", format!("internal error: {reason}"))
}

fn notice_report(notice: Notice) -> Report {
    let severity = match notice.severity.as_str() {
        "WARNING" => Severity::Warning,
        _ => Severity::Notice,
    };
    Report {
        detail: notice.detail,
        hint: notice.hint,
        ..Report::new(severity, &notice.state, notice.message)
    }
}
