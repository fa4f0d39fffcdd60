//! Just enough of a Postgres client to measure a server without a client's own costs: text queries, COPY in, errors. No
//! authentication, no types.

use crate::error::{Error, Result};
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

/// A longer message than any server sends here.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// A connection.
pub(crate) struct Wire {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

/// What a statement gave.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The last command tag.
    pub(crate) tag: String,
    /// The first value of each row, as text.
    pub(crate) values: Vec<String>,
}

impl Wire {
    /// Connects to `host:port` and waits until the server is ready.
    pub(crate) fn connect(address: &str) -> Result<Self> {
        let failed = |error: std::io::Error| Error::Environment(format!("cannot connect to {address}: {error}"));
        let writer = TcpStream::connect(address).map_err(failed)?;
        writer.set_nodelay(true).map_err(failed)?;
        let reader = BufReader::new(writer.try_clone().map_err(failed)?);
        let mut wire = Wire { reader, writer };
        let mut startup = 196_608u32.to_be_bytes().to_vec();
        startup.extend_from_slice(b"user\0bench\0database\0stoa\0\0");
        let length = (startup.len() as u32 + 4).to_be_bytes();
        wire.writer.write_all(&[&length[..], &startup].concat())?;
        wire.until_ready()?;
        Ok(wire)
    }

    /// Runs a text of statements.
    pub(crate) fn query(&mut self, text: &str) -> Result<Reply> {
        self.send(b'Q', &[text.as_bytes(), &[0]].concat())?;
        self.until_ready()
    }

    /// Begins a COPY FROM STDIN.
    pub(crate) fn begin_copy(&mut self, statement: &str) -> Result<()> {
        self.send(b'Q', &[statement.as_bytes(), &[0]].concat())?;
        loop {
            match self.receive()? {
                (b'G', _) => return Ok(()),
                (b'E', body) => {
                    self.until_ready()?;
                    return Err(server_error(&body));
                }
                (b'Z', _) => {
                    return Err(Error::Wrong(format!(
                        "the server did not ask for data after {statement}"
                    )));
                }
                _ => {}
            }
        }
    }

    /// Sends a piece of the data.
    pub(crate) fn copy_data(&mut self, bytes: &[u8]) -> Result<()> {
        self.send(b'd', bytes)
    }

    /// Ends the data and waits for the commit.
    pub(crate) fn finish_copy(&mut self) -> Result<Reply> {
        self.send(b'c', &[])?;
        self.until_ready()
    }

    fn send(&mut self, kind: u8, body: &[u8]) -> Result<()> {
        let mut head = [kind, 0, 0, 0, 0];
        head[1..].copy_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        if body.len() < 4_096 {
            self.writer.write_all(&[&head[..], body].concat())?;
        } else {
            self.writer.write_all(&head)?;
            self.writer.write_all(body)?;
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        let closed = |error: std::io::Error| Error::Environment(format!("the server closed the connection: {error}"));
        self.reader.read_exact(&mut head).map_err(closed)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if !(4..=MESSAGE_BYTES_MAX).contains(&length) {
            return Err(Error::Wrong(format!("the server sent a message of {length} bytes")));
        }
        let mut body = vec![0; length - 4];
        self.reader.read_exact(&mut body).map_err(closed)?;
        Ok((head[0], body))
    }

    /// Reads up to ReadyForQuery; the first error of the server is the result.
    fn until_ready(&mut self) -> Result<Reply> {
        let mut reply = Reply::default();
        let mut failed = None;
        loop {
            let (kind, body) = self.receive()?;
            match kind {
                b'Z' => return failed.map_or(Ok(reply), Err),
                b'C' => reply.tag = String::from_utf8_lossy(&body).trim_end_matches('\0').to_owned(),
                b'D' => reply.values.push(first_value(&body)),
                b'E' => failed = failed.or_else(|| Some(server_error(&body))),
                b'R' if body != [0, 0, 0, 0] => {
                    return Err(Error::Environment("the server asks for a password".to_owned()));
                }
                _ => {}
            }
        }
    }
}

/// The first value of a DataRow; NULL is empty.
fn first_value(body: &[u8]) -> String {
    let length = body
        .get(2..6)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(-1, i32::from_be_bytes);
    let value = usize::try_from(length)
        .ok()
        .and_then(|length| body.get(6..)?.get(..length));
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

/// Message and state of an ErrorResponse.
fn server_error(body: &[u8]) -> Error {
    let fields = body.split(|&byte| byte == 0).filter_map(|field| field.split_first());
    let (mut message, mut state) = (String::new(), String::new());
    for (kind, text) in fields {
        match kind {
            b'M' => message = String::from_utf8_lossy(text).into_owned(),
            b'C' => state = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    Error::Environment(format!("the server says: {message} ({state})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind][..], &(body.len() as u32 + 4).to_be_bytes(), body].concat()
    }

    /// A server that sends prepared bytes and swallows what comes.
    fn serve(replies: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&replies).unwrap();
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        address
    }

    #[test]
    fn rows_tags_and_errors_are_read() {
        let mut replies = message(b'R', &[0, 0, 0, 0]);
        replies.extend(message(b'Z', b"I"));
        replies.extend(message(b'D', &[0, 1, 0, 0, 0, 2, b'4', b'2']));
        replies.extend(message(b'C', b"SELECT 1\0"));
        replies.extend(message(b'Z', b"I"));
        replies.extend(message(b'E', b"SERROR\0C42P01\0Mno table x\0\0"));
        replies.extend(message(b'Z', b"I"));
        let mut wire = Wire::connect(&serve(replies)).unwrap();
        let reply = wire.query("SELECT 42").unwrap();
        assert_eq!((reply.tag.as_str(), reply.values), ("SELECT 1", vec!["42".to_owned()]));
        let error = wire.query("SELECT x").unwrap_err().to_string();
        assert_eq!(error, "the server says: no table x (42P01)");
    }

    #[test]
    fn a_server_that_goes_away_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || drop(listener.accept()));
        assert!(Wire::connect(&address).is_err());
    }
}
