//! A small Postgres client for the command line: simple queries and COPY over one socket, blocking.
//!
//! Speaks to servers without authentication, which is what Stoa's are. Never panics on what a server sends.

use super::url::ServerUrl;
use crate::limits::RESPONSE_BYTES_MAX;
use crate::postgres::message::{Body, DecodeError, VERSION_3_0};
use crate::postgres::response::message;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

/// Bytes of COPY input sent in one message.
const COPY_CHUNK_BYTES: usize = 256 << 10;

/// A server's socket.
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(bytes),
            Socket::Unix(stream) => stream.read(bytes),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write(bytes),
            Socket::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// Its type's number.
    pub(super) oid: u32,
}

/// An error or a notice of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerReport {
    pub(super) severity: String,
    pub(super) state: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
    pub(super) context: Option<String>,
    pub(super) hint: Option<String>,
    /// In characters of the statement's text, from 1.
    pub(super) position: Option<usize>,
}

/// What the server says next.
#[derive(Debug)]
pub(super) enum Event {
    /// Rows follow.
    Columns(Vec<Column>),
    /// A row: texts, `None` for NULL.
    Row(Vec<Option<String>>),
    /// A statement is done.
    Complete(String),
    /// The server wants COPY's rows.
    CopyIn,
    /// COPY's rows.
    CopyData(Vec<u8>),
    /// Worth saying.
    Notice(ServerReport),
    /// The text's statements failed.
    Error(ServerReport),
    /// The next text may come.
    Ready,
}

/// Why the conversation ended.
#[derive(Debug)]
pub(super) enum ClientError {
    /// The socket failed.
    Io(io::Error),
    /// The server's bytes do not follow the protocol.
    Protocol(String),
    /// The server refused.
    Refused(Box<ServerReport>),
}

impl std::fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ClientError::Io(error) => write!(formatter, "the connection to the server failed: {error}"),
            ClientError::Protocol(reason) => write!(formatter, "the server does not follow the protocol: {reason}"),
            ClientError::Refused(report) => write!(formatter, "the server refused: {}", report.message),
        }
    }
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        ClientError::Io(error)
    }
}

impl From<DecodeError> for ClientError {
    fn from(error: DecodeError) -> Self {
        ClientError::Protocol(error.to_string())
    }
}

type Result<T> = std::result::Result<T, ClientError>;

/// A connection to a server.
pub(super) struct Client {
    socket: BufReader<Socket>,
}

impl Client {
    /// Connects over the network.
    pub(super) fn connect(url: &ServerUrl) -> Result<Self> {
        let stream = TcpStream::connect((url.host.as_str(), url.port))?;
        stream.set_nodelay(true)?;
        Client::greet(Socket::Tcp(stream), &url.user, &url.database)
    }

    /// Takes a connected socket of this machine.
    pub(super) fn local(stream: UnixStream) -> Result<Self> {
        Client::greet(Socket::Unix(stream), "stoa", "stoa")
    }

    fn greet(socket: Socket, user: &str, database: &str) -> Result<Self> {
        let mut body = VERSION_3_0.to_be_bytes().to_vec();
        let parameters = [
            ("user", user),
            ("database", database),
            ("application_name", "stoa sql"),
            ("client_encoding", "UTF8"),
        ];
        for (name, value) in parameters {
            for text in [name, value] {
                body.extend_from_slice(text.as_bytes());
                body.push(0);
            }
        }
        body.push(0);
        let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
        packet.append(&mut body);
        let mut client = Client {
            socket: BufReader::with_capacity(256 << 10, socket),
        };
        client.send(&packet)?;
        loop {
            match client.next()? {
                Event::Ready => return Ok(client),
                Event::Error(report) => return Err(ClientError::Refused(Box::new(report))),
                _ => {}
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.socket.get_mut().write_all(bytes)?)
    }

    /// Sends a text of statements; [`Client::next`] tells what comes of it, up to [`Event::Ready`].
    pub(super) fn query(&mut self, text: &str) -> Result<()> {
        let mut out = Vec::with_capacity(text.len() + 6);
        message(&mut out, b'Q', |out| {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
        });
        self.send(&out)
    }

    /// Sends COPY's rows to their end.
    pub(super) fn copy_from(&mut self, source: &mut dyn Read) -> Result<()> {
        let mut chunk = vec![0; COPY_CHUNK_BYTES];
        let mut out = Vec::new();
        loop {
            out.clear();
            match source.read(&mut chunk) {
                Ok(0) => {
                    message(&mut out, b'c', |_| ());
                    return self.send(&out);
                }
                Ok(count) => {
                    message(&mut out, b'd', |out| {
                        out.extend_from_slice(chunk.get(..count).unwrap_or_default())
                    });
                    self.send(&out)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let reason = format!("could not read the input: {error}");
                    message(&mut out, b'f', |out| {
                        out.extend_from_slice(reason.as_bytes());
                        out.push(0);
                    });
                    return self.send(&out);
                }
            }
        }
    }

    /// What the server says next; waits for it.
    pub(super) fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.next_message()? {
                return Ok(event);
            }
        }
    }

    fn next_message(&mut self) -> Result<Option<Event>> {
        let mut header = [0; 5];
        self.socket.read_exact(&mut header)?;
        let [tag, a, b, c, d] = header;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if !(4..=RESPONSE_BYTES_MAX).contains(&length) {
            return Err(ClientError::Protocol(format!("a message has the length {length}")));
        }
        let mut bytes = Vec::new();
        (&mut self.socket).take(length as u64 - 4).read_to_end(&mut bytes)?;
        if bytes.len() != length - 4 {
            return Err(ClientError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        let mut body = Body(&bytes);
        Ok(match tag {
            b'T' => Some(Event::Columns(body.counted(19, column)?)),
            b'D' => Some(Event::Row(body.counted(4, value)?)),
            b'C' => Some(Event::Complete(body.text()?.to_owned())),
            b'I' => Some(Event::Complete(String::new())),
            b'G' => Some(Event::CopyIn),
            b'd' => Some(Event::CopyData(bytes)),
            b'N' => Some(Event::Notice(report(&mut body)?)),
            b'E' => Some(Event::Error(report(&mut body)?)),
            b'Z' => Some(Event::Ready),
            b'R' if body.u32()? != 0 => {
                return Err(ClientError::Protocol(
                    "it asks for a password, which this command does not have".into(),
                ));
            }
            _ => None,
        })
    }
}

fn column(body: &mut Body<'_>) -> std::result::Result<Column, DecodeError> {
    let name = body.text()?.to_owned();
    body.bytes(6)?;
    let oid = body.u32()?;
    body.bytes(8)?;
    Ok(Column { name, oid })
}

fn value(body: &mut Body<'_>) -> std::result::Result<Option<String>, DecodeError> {
    match body.u32()? {
        u32::MAX => Ok(None),
        length => {
            let bytes = body.bytes(length as usize)?;
            Ok(Some(String::from_utf8_lossy(bytes).into_owned()))
        }
    }
}

fn report(body: &mut Body<'_>) -> Result<ServerReport> {
    let mut report = ServerReport::default();
    loop {
        let tag = body.u8()?;
        if tag == 0 {
            return Ok(report);
        }
        let value = body.text()?.to_owned();
        match tag {
            b'S' => report.severity = value,
            b'C' => report.state = value,
            b'M' => report.message = value,
            b'D' => report.detail = Some(value),
            b'H' => report.hint = Some(value),
            b'W' => report.context = Some(value),
            b'P' => report.position = value.parse().ok(),
            _ => {}
        }
    }
}
