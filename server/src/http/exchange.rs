//! A request at work: on a thread of its own, in a session of its own, which ends with it. Bytes go in and out through bounded channels;
//! the thread waits on the network runtime, never the other way round.
//!
//! Invariant: a client that goes, before its answer is there or while it takes it, ends what runs for it.

use super::answer::{Answer, AnswerBody, Failure, Piece, error};
use super::settings::Settings;
use super::upload::Upload;
use crate::limits::{
    CONNECTION_STACK_BYTES, HTTP_DISCONNECT_CANCEL_DELAY_MS, HTTP_WAITING_PIECES_MAX, WRITE_CHECK_INTERVAL_MS,
};
use crate::postgres::report::{Report, Severity};
use crate::registry::{ConnectionEntry, LONG_KEY_BYTES, Registration, Registry, Serving};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use stoa_engine::connection::{Connection, ConnectionOptions, SessionHandle};
use stoa_engine::database::Database;
use tokio::sync::{mpsc, oneshot, watch};

/// What requests run in.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) database: Arc<Database>,
    pub(crate) registry: Arc<Registry>,
}

/// How far a request may still go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// As far as it likes.
    Working,
    /// Its client's next bytes are not waited for.
    Stopping,
    /// Neither is that its client reads.
    Abandoned,
}

/// How others end it.
struct Ends(watch::Sender<Stage>);

impl Ends {
    fn advance(&self, to: Stage) {
        self.0.send_modify(|stage| *stage = to.max(*stage));
    }
}

impl Serving for Ends {
    fn stop(&self) {
        self.advance(Stage::Stopping);
    }

    fn abandon(&self) {
        self.advance(Stage::Abandoned);
    }
}

/// What a request's work has: a session, what comes, and where the answer goes.
pub(super) struct Exchange<'e> {
    pub(super) connection: Connection,
    pub(super) upload: &'e mut Upload,
    pub(super) outlet: &'e mut Outlet,
    _registration: Registration,
}

/// What a request is to do. Gives the answer, or none where it left through the outlet.
pub(super) type Work = Box<dyn FnOnce(&mut Exchange<'_>) -> Result<Option<Answer>, Failure> + Send>;

/// Runs a request to its answer. The future is dropped where the client goes.
pub(super) async fn run(context: Context, body: Incoming, waits: bool, work: Work) -> Answer {
    let runtime = tokio::runtime::Handle::current();
    let (ends, stage) = watch::channel(Stage::Working);
    let (head, answered) = oneshot::channel();
    let alive = Arc::new(());
    let vigil = Vigil {
        entry: Arc::default(),
        alive: Arc::downgrade(&alive),
        runtime: runtime.clone(),
    };
    let (entry, upload) = (
        Arc::clone(&vigil.entry),
        Upload::new(body, waits, runtime.clone(), stage.clone()),
    );
    let outlet = Outlet {
        head: Some(head),
        pieces: None,
        runtime,
        stage,
    };
    let thread = std::thread::Builder::new()
        .name("http request".into())
        .stack_size(CONNECTION_STACK_BYTES)
        .spawn(move || perform(&context, ends, &entry, alive, upload, outlet, work));
    if let Err(error) = thread {
        return refuse("53000", format!("could not start a thread for the request: {error}"));
    }
    match answered.await {
        Ok(answer) => answer.map(|body| match body {
            AnswerBody::Pieces { receiver, .. } => AnswerBody::Pieces {
                receiver,
                _vigil: Some(vigil),
            },
            whole => whole,
        }),
        Err(_) => refuse("XX000", "internal error: a request was not answered".into()),
    }
}

fn refuse(state: &str, message: String) -> Answer {
    let status = match state {
        "53000" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    error(status, &Report::new(Severity::Error, state, message))
}

/// The thread of a request.
fn perform(
    context: &Context,
    ends: watch::Sender<Stage>,
    entry: &OnceLock<Arc<ConnectionEntry>>,
    alive: Arc<()>,
    mut upload: Upload,
    mut outlet: Outlet,
    work: Work,
) {
    let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut exchange = open(context, ends, entry, &mut upload, &mut outlet)?;
        work(&mut exchange)
    }));
    // The session has ended: whoever has the answer can begin the next one.
    drop(alive);
    match worked {
        Ok(Ok(Some(answer))) => outlet.answer(answer),
        Ok(Ok(None)) => outlet.end(),
        Ok(Err(Failure::Refused(status, report))) => outlet.fail(error(status, &report)),
        Ok(Err(Failure::Gone)) => {}
        Err(panic) => {
            let reason = panic.downcast_ref::<String>().map(String::as_str);
            let reason = reason.or_else(|| panic.downcast_ref::<&str>().copied());
            let reason = reason.unwrap_or("unknown panic");
            tracing::error!("a request's thread panicked: {reason}");
            outlet.fail(refuse("XX000", format!("internal error: {reason}")));
        }
    }
    let runtime = outlet.runtime.clone();
    runtime.spawn(upload.drain());
}

/// Connects to the database and enters the registry.
fn open<'e>(
    context: &Context,
    ends: watch::Sender<Stage>,
    entry: &OnceLock<Arc<ConnectionEntry>>,
    upload: &'e mut Upload,
    outlet: &'e mut Outlet,
) -> Result<Exchange<'e>, Failure> {
    let identity = context.registry.identity(LONG_KEY_BYTES).map_err(|error| {
        let message = format!("could not make a key for the request: {error}");
        Failure::refused(StatusCode::INTERNAL_SERVER_ERROR, "58030", message)
    })?;
    let connection = context.database.connect(ConnectionOptions {
        user: "stoa".into(),
        database: "stoa".into(),
        application_name: "http".into(),
        process_id: identity.process_id,
        settings: Vec::new(),
    });
    let registered = context
        .registry
        .entry(identity, Arc::new(Ends(ends)), connection.handle());
    let Some(registration) = context.registry.enter(&registered) else {
        return Err(Failure::refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "53300",
            "sorry, too many clients already",
        ));
    };
    let _ = entry.set(registered);
    Ok(Exchange {
        connection,
        upload,
        outlet,
        _registration: registration,
    })
}

impl Exchange<'_> {
    /// Makes the session as the request wants it.
    pub(super) fn set_all(&mut self, settings: &Settings) -> Result<(), Failure> {
        for (name, value) in settings {
            self.connection.set(name, value)?;
        }
        Ok(())
    }
}

/// Where the answer goes.
pub(super) struct Outlet {
    head: Option<oneshot::Sender<Answer>>,
    pieces: Option<mpsc::Sender<Piece>>,
    runtime: tokio::runtime::Handle,
    stage: watch::Receiver<Stage>,
}

impl Outlet {
    /// Begins an answer in pieces.
    pub(super) fn begin(&mut self, head: Answer) -> Result<(), Failure> {
        let (sender, receiver) = mpsc::channel(HTTP_WAITING_PIECES_MAX);
        self.pieces = Some(sender);
        let head = head.map(|_| AnswerBody::Pieces { receiver, _vigil: None });
        match self.head.take().map(|waiting| waiting.send(head)) {
            Some(Ok(())) => Ok(()),
            _ => Err(Failure::Gone),
        }
    }

    /// Sends a piece, and waits for room as long as the session's statement is to go on.
    pub(super) fn send(&mut self, bytes: Bytes, handle: &SessionHandle) -> Result<(), Failure> {
        let Outlet {
            pieces: Some(pieces),
            runtime,
            stage,
            ..
        } = self
        else {
            return Err(Failure::Gone);
        };
        let mut piece = Some(Piece::Bytes(bytes));
        while let Some(waiting) = piece.take() {
            piece = runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = stage.wait_for(|stage| *stage == Stage::Abandoned) => Err(Failure::Gone),
                    place = pieces.reserve() => match place {
                        Ok(place) => {
                            place.send(waiting);
                            Ok(None)
                        }
                        Err(_) => Err(Failure::Gone),
                    },
                    () = tokio::time::sleep(Duration::from_millis(WRITE_CHECK_INTERVAL_MS)) => Ok(Some(waiting)),
                }
            })?;
            handle.check()?;
        }
        Ok(())
    }

    /// Gives the answer as a whole.
    fn answer(&mut self, answer: Answer) {
        if let Some(waiting) = self.head.take() {
            let _ = waiting.send(answer);
        }
    }

    /// Says that an answer in pieces is complete.
    fn end(&mut self) {
        if let Some(pieces) = self.pieces.take() {
            let _ = self.runtime.block_on(pieces.send(Piece::End));
        }
    }

    /// Tells of a failure; where the answer has begun, by breaking it off.
    fn fail(&mut self, answer: Answer) {
        self.pieces = None;
        self.answer(answer);
    }
}

/// Watches over a request on the side of its client: dropped before the request's session has ended, it cancels what that runs.
pub(super) struct Vigil {
    entry: Arc<OnceLock<Arc<ConnectionEntry>>>,
    alive: Weak<()>,
    runtime: tokio::runtime::Handle,
}

impl Drop for Vigil {
    fn drop(&mut self) {
        if self.alive.strong_count() == 0 {
            return;
        }
        let (entry, alive) = (Arc::clone(&self.entry), self.alive.clone());
        self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(HTTP_DISCONNECT_CANCEL_DELAY_MS)).await;
                if alive.strong_count() == 0 {
                    return;
                }
                if let Some(entry) = entry.get() {
                    entry.cancel();
                }
            }
        });
    }
}
