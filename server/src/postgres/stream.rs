//! Messages between a socket and a connection's thread: whole frames from the client through its [`Input`], finished messages to it
//! through its [`Output`].
//!
//! Never interprets a message beyond its frame.

use super::message::{self, Frame};
use super::socket::Socket;
use crate::limits::{AWAKE_WAIT_MAX_US, PROMPT_WAIT_MAX_US};
use crate::limits::{READ_BUFFER_BYTES_MAX, READ_BUFFER_BYTES_MIN, WRITE_BUFFER_KEEP_BYTES};
use crate::registry::ConnectionEntry;
use bytes::BytesMut;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// The last wait between two statements was a short one.
    is_prompt: bool,
}

impl Input {
    /// Reads from this socket.
    pub(crate) fn new(socket: Arc<Socket>) -> Self {
        Input {
            socket,
            buffer: BytesMut::new(),
            read_bytes: READ_BUFFER_BYTES_MIN,
            is_prompt: false,
        }
    }

    /// The next message, waiting for it. A connection that is given has nothing to do meanwhile.
    ///
    /// # Errors
    /// The bytes do not follow the protocol.
    pub(crate) fn next(&mut self, idle: Option<&ConnectionEntry>) -> message::Result<Next> {
        loop {
            if self.socket.is_stopped() {
                return Ok(Next::Stopped);
            }
            if let Some(frame) = message::take_frame(&mut self.buffer)? {
                return Ok(Next::Frame(frame));
            }
            let read = match idle {
                Some(entry) => self.read_idle(entry),
                None => self.read(Socket::read),
            };
            if !matches!(read, Ok(1..)) && !self.socket.is_stopped() {
                return Ok(Next::Closed);
            }
        }
    }

    /// Waits for the next statement. For a client that is prompt it is waited awake for a moment, while no other connection could use
    /// the processor: putting a thread to sleep and waking it takes longer than such clients do.
    fn read_idle(&mut self, entry: &ConnectionEntry) -> io::Result<usize> {
        let begin = Instant::now();
        let deadline = begin + Duration::from_micros(if self.is_prompt { AWAKE_WAIT_MAX_US } else { 0 });
        entry.set_waiting(true);
        let read = self.read(
            |socket, room| match socket.read_awake(room, deadline, || entry.is_alone())? {
                Some(count) => Ok(count),
                None => socket.read(room),
            },
        );
        entry.set_waiting(false);
        self.is_prompt = begin.elapsed() < Duration::from_micros(PROMPT_WAIT_MAX_US);
        read
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

    /// Reads into the buffer, whose room grows while reads fill it and shrinks when they need little of it.
    fn read(&mut self, read: impl FnOnce(&Socket, &mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let begin = self.buffer.len();
        match begin {
            // Made anew: it would hold on to the memory of the largest message.
            0 => self.buffer = BytesMut::zeroed(self.read_bytes),
            _ => self.buffer.resize(begin + self.read_bytes, 0),
        }
        let count = read(&self.socket, self.buffer.get_mut(begin..).unwrap_or_default());
        let read_bytes = *count.as_ref().unwrap_or(&0);
        self.buffer.truncate(begin + read_bytes);
        if read_bytes >= self.read_bytes {
            self.read_bytes = (self.read_bytes * 2).min(READ_BUFFER_BYTES_MAX);
        } else if read_bytes < self.read_bytes / 4 {
            self.read_bytes = (self.read_bytes / 2).max(READ_BUFFER_BYTES_MIN);
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
        let tags: Vec<u8> = std::iter::from_fn(|| match input.next(None).unwrap() {
            Next::Frame(frame) => Some(frame.tag),
            _ => None,
        })
        .collect();
        assert_eq!(tags, b"SQ");
        assert!(matches!(input.next(None).unwrap(), Next::Closed));
        sender.join().unwrap();
    }

    #[test]
    fn a_large_message_leaves_no_memory_behind() {
        let (mut client, mut input) = input();
        let large = 4 << 20;
        let sender = std::thread::spawn(move || {
            client.write_all(b"d").unwrap();
            client.write_all(&(large as u32 + 4).to_be_bytes()).unwrap();
            client.write_all(&vec![0; large]).unwrap();
            client
        });
        assert!(matches!(input.next(None).unwrap(), Next::Frame(frame) if frame.body.len() == large));
        let mut client = sender.join().unwrap();
        for _ in 0..16 {
            client.write_all(b"S\0\0\0\x04").unwrap();
            assert!(matches!(input.next(None).unwrap(), Next::Frame(_)));
            assert!(input.buffer.capacity() <= READ_BUFFER_BYTES_MAX);
        }
        assert_eq!(input.read_bytes, READ_BUFFER_BYTES_MIN);
    }

    #[test]
    fn a_stop_comes_before_further_messages() {
        let (mut client, mut input) = input();
        client.write_all(b"S\0\0\0\x04S\0\0\0\x04").unwrap();
        assert!(matches!(input.next(None).unwrap(), Next::Frame(_)));
        assert_eq!(input.peek(), Some(b'S'));
        input.socket.stop();
        assert!(matches!(input.next(None).unwrap(), Next::Stopped));
    }
}
