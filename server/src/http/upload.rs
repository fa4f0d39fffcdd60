//! The body of a request on its way to the thread that wants it: piece by piece as it comes, never ahead of it. Ends the wait for a client
//! that goes, falls silent, or is not to be waited for any more.

use super::answer::Failure;
use super::exchange::Stage;
use crate::limits::{HTTP_BODY_IDLE_TIME_MAX_MS, HTTP_DRAIN_BYTES_MAX, HTTP_DRAIN_TIME_MAX_MS};
use bytes::{Buf, Bytes};
use hyper::StatusCode;
use hyper::body::{Body, Incoming};
use std::io::{self, Read};
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::watch;

/// Why there is no further piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The client has gone, or did not follow the protocol.
    Gone,
    /// Nothing came for too long.
    Silent,
    /// The server stops, or an administrator ended the session.
    Stopped,
}

impl Interruption {
    /// As it is told.
    pub(super) fn failure(self) -> Failure {
        match self {
            Interruption::Gone => Failure::Gone,
            Interruption::Silent => Failure::refused(
                StatusCode::REQUEST_TIMEOUT,
                "08006",
                format!("the body brought nothing for {HTTP_BODY_IDLE_TIME_MAX_MS} milliseconds"),
            ),
            Interruption::Stopped => Failure::refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "57P01",
                "terminating connection due to administrator command",
            ),
        }
    }
}

impl std::fmt::Display for Interruption {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the body of the request was interrupted")
    }
}

impl std::error::Error for Interruption {}

/// The body of a request.
pub(super) struct Upload {
    body: Incoming,
    runtime: tokio::runtime::Handle,
    stage: watch::Receiver<Stage>,
    /// Somebody asked for a piece.
    is_begun: bool,
    /// The client sends nothing before somebody asks.
    waits: bool,
}

impl Upload {
    /// Of a request that may have said that it waits to be asked.
    pub(super) fn new(
        body: Incoming,
        waits: bool,
        runtime: tokio::runtime::Handle,
        stage: watch::Receiver<Stage>,
    ) -> Self {
        Upload {
            body,
            runtime,
            stage,
            is_begun: false,
            waits,
        }
    }

    /// The next piece, waiting for it; `None` at the end. Never on an async thread.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Interruption> {
        self.is_begun = true;
        let (body, stage) = (&mut self.body, &mut self.stage);
        let idle = Duration::from_millis(HTTP_BODY_IDLE_TIME_MAX_MS);
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => Err(Interruption::Stopped),
                piece = tokio::time::timeout(idle, next_piece(body)) => piece.unwrap_or(Err(Interruption::Silent)),
            }
        })
    }

    /// All of it as text.
    pub(super) fn text(&mut self, bytes_max: usize) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().map_err(Interruption::failure)? {
            if bytes.len() + piece.len() > bytes_max {
                return Err(Failure::refused(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "54000",
                    format!("a statement has at most {bytes_max} bytes"),
                ));
            }
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes)
            .map_err(|_| Failure::refused(StatusCode::BAD_REQUEST, "22021", "the statement is not UTF-8"))
    }

    /// Reads on for a while after the answer: a client that still sends reads the answer only then, and would lose it where the
    /// connection was cut.
    pub(super) async fn drain(self) {
        drain(self.body, self.waits && !self.is_begun).await;
    }
}

/// See [`Upload::drain`]. Whoever waits to be asked is not asked.
pub(super) async fn drain(mut body: Incoming, is_unasked: bool) {
    if is_unasked {
        return;
    }
    let limit = Duration::from_millis(HTTP_DRAIN_TIME_MAX_MS);
    let _ = tokio::time::timeout(limit, async {
        let mut left = HTTP_DRAIN_BYTES_MAX;
        while let Ok(Some(piece)) = next_piece(&mut body).await {
            match left.checked_sub(piece.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    })
    .await;
}

async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, Interruption> {
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Interruption::Gone),
            // Trailers mean nothing here.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => return Ok(Some(piece)),
                Err(_) => {}
            },
        }
    }
}

/// A body as something to read, for those who decompress it.
pub(super) struct UploadReader<'u> {
    upload: &'u mut Upload,
    piece: Bytes,
}

impl<'u> UploadReader<'u> {
    /// From its begin.
    pub(super) fn new(upload: &'u mut Upload) -> Self {
        UploadReader {
            upload,
            piece: Bytes::new(),
        }
    }
}

impl Read for UploadReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            match self.upload.next() {
                Ok(Some(piece)) => self.piece = piece,
                Ok(None) => return Ok(0),
                Err(interruption) => return Err(io::Error::other(interruption)),
            }
        }
        let count = self.piece.len().min(out.len());
        self.piece.copy_to_slice(out.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
