//! A small HTTP client on a plain socket, so that a test can send what no well-behaved client would, and see how an answer ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a test waits for bytes.
const WAIT_SECONDS_MAX: u64 = 60;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The answer ended as it said it would.
    pub(crate) is_complete: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the answer is text")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// A member of the error it tells of.
    pub(crate) fn error(&self, member: &str) -> String {
        self.json()["error"][member].as_str().unwrap_or_default().to_owned()
    }
}

/// A socket to a server.
pub(crate) struct Http {
    pub(crate) stream: TcpStream,
    rest: Vec<u8>,
}

impl Http {
    pub(crate) fn connect(port: u16) -> Http {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server takes the connection");
        let limit = Some(Duration::from_secs(WAIT_SECONDS_MAX));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        Http {
            stream,
            rest: Vec::new(),
        }
    }

    /// Sends bytes as they are; a server that has heard enough may have closed its side.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = self.stream.write_all(bytes);
        self
    }

    /// Reads more; false at the end.
    pub(crate) fn read_more(&mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.rest.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|pair| pair == b"\r\n") {
                let line = String::from_utf8_lossy(&self.rest[..end]).into_owned();
                self.rest.drain(..end + 2);
                return Some(line);
            }
            if !self.read_more() {
                return None;
            }
        }
    }

    /// Moves so many bytes into `body`; false where there are fewer.
    fn take(&mut self, mut count: usize, body: &mut Vec<u8>) -> bool {
        loop {
            let now = count.min(self.rest.len());
            body.extend(self.rest.drain(..now));
            count -= now;
            if count == 0 {
                return true;
            }
            if !self.read_more() {
                return false;
            }
        }
    }

    /// The next answer; `None` where the server closes without one.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        let mut status = self.line()?;
        while status.starts_with("HTTP/1.1 100") {
            self.line()?;
            status = self.line()?;
        }
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok())?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
            is_complete: false,
        };
        let mut body = Vec::new();
        answer.is_complete = match answer.header("content-length").map(|length| length.parse().unwrap()) {
            Some(length) => self.take(length, &mut body),
            None => self.chunks(&mut body),
        };
        answer.body = body;
        Some(answer)
    }

    fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            let Some(line) = self.line() else { return false };
            let Ok(length) = usize::from_str_radix(&line, 16) else {
                return false;
            };
            if !self.take(length, body) || self.line().as_deref() != Some("") {
                return false;
            }
            if length == 0 {
                return true;
            }
        }
    }
}

/// The head of a request; `Host` and what tells of the body are the caller's.
pub(crate) fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n"
}

/// A whole request and its answer, on a socket of its own.
pub(crate) fn exchange(port: u16, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let length = body.len().to_string();
    let mut all = vec![("Host", "127.0.0.1"), ("Content-Length", length.as_str())];
    all.extend_from_slice(headers);
    let mut http = Http::connect(port);
    http.send(head(method, target, &all).as_bytes()).send(body);
    http.answer().expect("the server answers")
}

/// A body in chunks of so many bytes.
pub(crate) fn chunked(body: &[u8], chunk_bytes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(chunk_bytes) {
        out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}
