//! Messages between a socket and a connection's thread: whole frames from the client through its [`Input`], finished messages to it
//! through its [`Output`].
//!
//! Never interprets a message beyond its frame.

use super::message::{self, Frame};
use super::socket::Socket;
use crate::limits::{READ_BUFFER_BYTES_MAX, READ_BUFFER_BYTES_MIN, WRITE_BUFFER_KEEP_BYTES};
use bytes::BytesMut;
use std::io;
use std::sync::Arc;
use std::time::Instant;

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

/// The client's way to the connection's thread: a socket, and what was read from it and is not taken yet.
#[derive(Debug)]
pub(crate) struct Input {
    socket: Arc<Socket>,
    /// Bytes from the front of the next message on.
    pub(crate) buffer: BytesMut,
    read_bytes: usize,
}

impl Input {
    /// Reads from this socket.
    pub(crate) fn new(socket: Arc<Socket>) -> Self {
        Input {
            socket,
            buffer: BytesMut::new(),
            read_bytes: READ_BUFFER_BYTES_MIN,
        }
    }

    /// The next message, waiting for it; `idle` hears of each wait's begin (true) and end (false).
    ///
    /// # Errors
    /// The bytes do not follow the protocol.
    pub(crate) fn next(&mut self, mut idle: impl FnMut(bool)) -> message::Result<Next> {
        loop {
            if self.socket.is_stopped() {
                return Ok(Next::Stopped);
            }
            if let Some(frame) = message::take_frame(&mut self.buffer)? {
                return Ok(Next::Frame(frame));
            }
            idle(true);
            let read = self.read(Socket::read);
            idle(false);
            if !matches!(read, Ok(1..)) && !self.socket.is_stopped() {
                return Ok(Next::Closed);
            }
        }
    }

    /// Waits for more bytes until a time; 0 at their end.
    ///
    /// # Errors
    /// Nothing came, or the socket is broken.
    pub(crate) fn read_until(&mut self, deadline: Instant) -> io::Result<usize> {
        self.read(|socket, room| socket.read_until(deadline, room))
    }

    /// The kind of the next message, if it has been read already.
    pub(crate) fn peek(&self) -> Option<u8> {
        message::peek_frame(&self.buffer)
    }

    /// Reads into the buffer, whose room grows while reads fill it.
    fn read(&mut self, read: impl FnOnce(&Socket, &mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let begin = self.buffer.len();
        self.buffer.resize(begin + self.read_bytes, 0);
        let count = read(&self.socket, self.buffer.get_mut(begin..).unwrap_or_default());
        self.buffer.truncate(begin + *count.as_ref().unwrap_or(&0));
        if matches!(count, Ok(count) if count >= self.read_bytes) {
            self.read_bytes = (self.read_bytes * 2).min(READ_BUFFER_BYTES_MAX);
        }
        count
    }
}

/// The connection thread's way to the client: a buffer, and the socket it is flushed to.
#[derive(Debug)]
pub(crate) struct Output {
    /// Finished messages that have not been written yet.
    pub(crate) buffer: Vec<u8>,
    socket: Arc<Socket>,
}

impl Output {
    /// Writes to this socket.
    pub(crate) fn new(socket: Arc<Socket>) -> Self {
        Output {
            buffer: Vec::new(),
            socket,
        }
    }

    /// Writes what is waiting, and waits for the client to take it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.flush_while(|| true)
    }

    /// Writes what is waiting; waits for the client to take it as long as it is worth it, and keeps what is left then.
    pub(crate) fn flush_while(&mut self, is_worthwhile: impl Fn() -> bool) -> io::Result<()> {
        let mut written = 0;
        while let Some(bytes) = self.buffer.get(written..).filter(|bytes| !bytes.is_empty()) {
            match self.socket.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !is_worthwhile() {
                        break;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.buffer.drain(..written);
        self.buffer.shrink_to(WRITE_BUFFER_KEEP_BYTES);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Serving;
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    fn input() -> (UnixStream, Input) {
        let (client, served) = UnixStream::pair().unwrap();
        let socket = Socket::new(served.into()).unwrap();
        (client, Input::new(Arc::new(socket)))
    }

    #[test]
    fn frames_across_reads_come_whole_and_then_the_end() {
        let (mut client, mut input) = input();
        let sender = std::thread::spawn(move || {
            for chunk in [&b"S\0\0"[..], b"\0\x04Q\0\0\0\x06", b"a\0X\0\0"] {
                client.write_all(chunk).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        let tags: Vec<u8> = std::iter::from_fn(|| match input.next(|_| ()).unwrap() {
            Next::Frame(frame) => Some(frame.tag),
            _ => None,
        })
        .collect();
        assert_eq!(tags, b"SQ");
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Closed));
        sender.join().unwrap();
    }

    #[test]
    fn a_stop_comes_before_further_messages() {
        let (mut client, mut input) = input();
        client.write_all(b"S\0\0\0\x04S\0\0\0\x04").unwrap();
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Frame(_)));
        assert_eq!(input.peek(), Some(b'S'));
        input.socket.stop();
        assert!(matches!(input.next(|_| ()).unwrap(), Next::Stopped));
    }
}
