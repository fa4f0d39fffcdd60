//! Bytes between a socket and a connection's thread.
//!
//! A task on the network runtime reads ahead into the [`Inbox`] (bounded), so that a client that goes away is noticed while its
//! query runs. The thread takes whole frames from its [`Input`] and writes straight to the socket through its [`Output`], waiting
//! on the runtime only where the client reads slowly.

use super::message::{self, Frame};
use crate::limits::{READ_AHEAD_BYTES_MAX, READ_BUFFER_BYTES_MAX, READ_BUFFER_BYTES_MIN};
use crate::limits::{WRITE_BUFFER_KEEP_BYTES, WRITE_CHECK_INTERVAL_MS};
use crate::registry::Serving;
use bytes::BytesMut;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;

/// A client's socket.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Over the network.
    Tcp(TcpStream),
    /// From this machine.
    Unix(UnixStream),
}

impl Stream {
    /// Reads what is there, waiting for the first byte; 0 at the end.
    pub(crate) async fn read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        loop {
            let read = match self {
                Stream::Tcp(stream) => {
                    stream.readable().await?;
                    stream.try_read_buf(buffer)
                }
                Stream::Unix(stream) => {
                    stream.readable().await?;
                    stream.try_read_buf(buffer)
                }
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
        }
    }

    /// Writes everything.
    pub(crate) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.writable().await,
            Stream::Unix(stream) => stream.writable().await,
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.try_write(bytes),
            Stream::Unix(stream) => stream.try_write(bytes),
        }
    }
}

/// Bytes that have come and that the connection's thread has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<InboxState>,
    arrived: Condvar,
    taken: Notify,
}

#[derive(Debug, Default)]
struct InboxState {
    chunks: VecDeque<BytesMut>,
    bytes: usize,
    closed: bool,
    stopped: bool,
}

impl Inbox {
    /// Reads from the socket until its end or an error; then closes the inbox.
    pub(crate) async fn fill(&self, stream: &Stream, rest: BytesMut) {
        if !rest.is_empty() {
            self.push(rest);
        }
        let mut read_bytes = READ_BUFFER_BYTES_MIN;
        let mut buffer = BytesMut::new();
        loop {
            self.wait_for_room().await;
            buffer.reserve(read_bytes);
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    if count >= read_bytes {
                        read_bytes = (read_bytes * 2).min(READ_BUFFER_BYTES_MAX);
                    }
                    self.push(buffer.split());
                }
            }
        }
        self.state.lock().closed = true;
        self.arrived.notify_one();
    }

    fn push(&self, chunk: BytesMut) {
        let mut state = self.state.lock();
        state.bytes += chunk.len();
        state.chunks.push_back(chunk);
        drop(state);
        self.arrived.notify_one();
    }

    async fn wait_for_room(&self) {
        while self.state.lock().bytes >= READ_AHEAD_BYTES_MAX {
            self.taken.notified().await;
        }
    }

    /// Makes the thread end at its next look for a message.
    pub(crate) fn stop(&self) {
        self.state.lock().stopped = true;
        self.arrived.notify_one();
    }
}

/// What a look for the next message found.
#[derive(Debug)]
pub(crate) enum Next {
    /// A message.
    Frame(Frame),
    /// The client has gone.
    Closed,
    /// The server stops.
    Stopped,
}

/// The connection thread's side of the inbox.
#[derive(Debug)]
pub(crate) struct Input {
    inbox: Arc<Inbox>,
    buffer: BytesMut,
}

impl Input {
    /// Takes from this inbox.
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Input {
            inbox,
            buffer: BytesMut::new(),
        }
    }

    /// The next message, waiting for it; `idle` hears of each wait's begin (true) and end (false).
    ///
    /// # Errors
    /// The bytes do not follow the protocol.
    pub(crate) fn next(&mut self, mut idle: impl FnMut(bool)) -> message::Result<Next> {
        loop {
            if self.inbox.state.lock().stopped {
                return Ok(Next::Stopped);
            }
            if let Some(frame) = message::take_frame(&mut self.buffer)? {
                return Ok(Next::Frame(frame));
            }
            let inbox = Arc::clone(&self.inbox);
            let mut state = inbox.state.lock();
            if state.chunks.is_empty() {
                if state.closed {
                    return Ok(Next::Closed);
                }
                if !state.stopped {
                    idle(true);
                    inbox.arrived.wait(&mut state);
                    idle(false);
                }
                continue;
            }
            self.take(&mut state);
        }
    }

    /// The kind of the next message, if it is already here.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        if self.buffer.is_empty() {
            let inbox = Arc::clone(&self.inbox);
            self.take(&mut inbox.state.lock());
        }
        message::peek_frame(&self.buffer)
    }

    /// Takes one chunk: without a copy where nothing is left over from before.
    fn take(&mut self, state: &mut InboxState) {
        let Some(chunk) = state.chunks.pop_front() else {
            return;
        };
        let was_full = state.bytes >= READ_AHEAD_BYTES_MAX;
        state.bytes -= chunk.len();
        if was_full {
            self.inbox.taken.notify_one();
        }
        if self.buffer.is_empty() {
            self.buffer = chunk;
        } else {
            self.buffer.extend_from_slice(&chunk);
        }
    }
}

/// A client's connection as others end it.
pub(crate) struct Ends {
    /// What its thread takes from.
    pub(crate) inbox: Arc<Inbox>,
    /// What its thread waits for the client with.
    pub(crate) abandonment: Arc<Abandonment>,
}

impl Serving for Ends {
    fn stop(&self) {
        self.inbox.stop();
    }

    fn abandon(&self) {
        self.abandonment.abandon();
    }
}

/// The connection thread's way to the client: a buffer, and the socket it is flushed to.
#[derive(Debug)]
pub(crate) struct Output {
    /// Finished messages that have not been written yet.
    pub(crate) buffer: Vec<u8>,
    stream: Arc<Stream>,
    runtime: tokio::runtime::Handle,
    abandonment: Arc<Abandonment>,
}

/// Whether to wait for a client that does not read. Once it is abandoned, it is written to without waiting only.
#[derive(Debug, Default)]
pub(crate) struct Abandonment {
    is_abandoned: AtomicBool,
    changed: Notify,
}

impl Abandonment {
    /// Ends a wait for the client, now or later.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    async fn wait(&self) {
        // Made before the look: what happens from then on wakes it.
        let changed = self.changed.notified();
        if !self.is_abandoned.load(Ordering::Acquire) {
            changed.await;
        }
    }
}

impl Output {
    /// Writes to this stream.
    pub(crate) fn new(stream: Arc<Stream>, runtime: tokio::runtime::Handle) -> Self {
        Output {
            buffer: Vec::new(),
            stream,
            runtime,
            abandonment: Arc::default(),
        }
    }

    /// What ends a wait for a client that does not read.
    pub(crate) fn abandonment(&self) -> Arc<Abandonment> {
        Arc::clone(&self.abandonment)
    }

    /// Writes what is waiting, and waits for the client to take it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.flush_while(|| true)
    }

    /// Writes what is waiting; waits for the client to take it as long as it is worth it, and keeps what is left then.
    pub(crate) fn flush_while(&mut self, is_worthwhile: impl Fn() -> bool) -> io::Result<()> {
        let mut written = 0;
        while let Some(bytes) = self.buffer.get(written..).filter(|bytes| !bytes.is_empty()) {
            match self.stream.try_write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_a_while_until_writable()?;
                    if !is_worthwhile() {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.drain(..written);
        self.buffer.shrink_to(WRITE_BUFFER_KEEP_BYTES);
        Ok(())
    }

    fn wait_a_while_until_writable(&self) -> io::Result<()> {
        self.runtime.block_on(async {
            tokio::select! {
                writable = self.stream.writable() => writable,
                () = self.abandonment.wait() => Err(io::ErrorKind::ConnectionAborted.into()),
                () = tokio::time::sleep(Duration::from_millis(WRITE_CHECK_INTERVAL_MS)) => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input_of(chunks: &[&[u8]], closed: bool) -> Input {
        let inbox = Inbox::default();
        chunks.iter().for_each(|chunk| inbox.push(BytesMut::from(*chunk)));
        inbox.state.lock().closed = closed;
        Input::new(Arc::new(inbox))
    }

    #[test]
    fn frames_across_chunks_come_whole_and_then_the_end() {
        let mut input = input_of(&[b"S\0\0", b"\0\x04Q\0\0\0\x06", b"a\0X\0\0"], true);
        let tags: Vec<u8> = std::iter::from_fn(|| match input.next(|_| ()).unwrap() {
            Next::Frame(frame) => Some(frame.tag),
            _ => None,
        })
        .collect();
        assert_eq!(tags, b"SQ");
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Closed));
    }

    #[test]
    fn a_stop_comes_before_further_messages() {
        let mut input = input_of(&[b"S\0\0\0\x04S\0\0\0\x04"], false);
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Frame(_)));
        assert_eq!(input.peek(), Some(b'S'));
        input.inbox.stop();
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Stopped));
    }
}
