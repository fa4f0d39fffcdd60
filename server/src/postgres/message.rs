//! What a client sends: frames out of a byte stream, and messages out of frames.
//!
//! Pure, borrows from the frame, never panics and never reads past the frame's end, whatever the bytes are.

use crate::limits::{MESSAGE_BYTES_MAX, SMALL_MESSAGE_BYTES_MAX, STARTUP_PACKET_BYTES_MAX};
use bytes::{Buf, Bytes, BytesMut};

/// The protocol version 3.0 as the startup packet states it.
pub const VERSION_3_0: u32 = 3 << 16;
/// The protocol version 3.2: longer cancel keys.
pub const VERSION_3_2: u32 = (3 << 16) | 2;
const CANCEL_REQUEST_CODE: u32 = (1234 << 16) | 5678;
const SSL_REQUEST_CODE: u32 = (1234 << 16) | 5679;
const GSS_REQUEST_CODE: u32 = (1234 << 16) | 5680;

/// Bytes that do not follow the protocol, as a sentence for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The frame or the message in it is malformed (08P01).
    Malformed(String),
    /// A text is not UTF-8 (22021).
    Encoding(String),
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (DecodeError::Malformed(message) | DecodeError::Encoding(message)) = self;
        formatter.write_str(message)
    }
}

impl std::error::Error for DecodeError {}

/// Result of decoding.
pub type Result<T> = std::result::Result<T, DecodeError>;

fn malformed<T>(message: impl Into<String>) -> Result<T> {
    Err(DecodeError::Malformed(message.into()))
}

/// One message as it came: its kind, and its body without the length.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The kind's letter.
    pub tag: u8,
    /// What follows the length.
    pub body: Bytes,
}

/// Takes the next whole frame from the front of `bytes`; `None` if its end has not come yet.
///
/// # Errors
/// A kind that does not exist or a length beyond its limit: the stream cannot be followed any further.
pub fn take_frame(bytes: &mut BytesMut) -> Result<Option<Frame>> {
    let Some(&[tag, a, b, c, d]) = bytes.first_chunk::<5>() else {
        return Ok(None);
    };
    let Some(body_bytes_max) = body_bytes_max(tag) else {
        return malformed(format!("invalid frontend message type {tag}"));
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length < 4 || length - 4 > body_bytes_max {
        return malformed(format!(
            "invalid message length {length} of message \"{}\", the limit is {body_bytes_max} bytes",
            char::from(tag)
        ));
    }
    if bytes.len() < length + 1 {
        return Ok(None);
    }
    bytes.advance(5);
    let body = bytes.split_to(length - 4).freeze();
    Ok(Some(Frame { tag, body }))
}

/// The kind of the frame at the front of `bytes`, if it has come whole.
pub fn peek_frame(bytes: &[u8]) -> Option<u8> {
    let &[tag, a, b, c, d] = bytes.first_chunk::<5>()?;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    (bytes.len() > length).then_some(tag)
}

fn body_bytes_max(tag: u8) -> Option<usize> {
    match tag {
        b'Q' | b'P' | b'B' | b'd' | b'F' => Some(MESSAGE_BYTES_MAX),
        b'E' | b'D' | b'C' | b'H' | b'S' | b'X' | b'c' | b'f' | b'p' => Some(SMALL_MESSAGE_BYTES_MAX),
        _ => None,
    }
}

/// Text or binary, for a parameter or a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Postgres's text form.
    Text,
    /// Postgres's send and receive form.
    Binary,
}

impl Format {
    /// The number in messages.
    pub fn code(self) -> i16 {
        match self {
            Format::Text => 0,
            Format::Binary => 1,
        }
    }
}

/// Formats as Bind states them: none for all text, one for all, or one each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formats(pub Vec<Format>);

impl Formats {
    /// One format for each of `count` values.
    ///
    /// # Errors
    /// Another number of formats was given.
    pub fn expand(&self, count: usize, what: &str) -> Result<Vec<Format>> {
        match self.0.as_slice() {
            [] => Ok(vec![Format::Text; count]),
            [format] => Ok(vec![*format; count]),
            formats if formats.len() == count => Ok(formats.to_vec()),
            formats => malformed(format!(
                "bind message has {} {what} formats but {count} {what}s",
                formats.len()
            )),
        }
    }
}

/// What Describe and Close point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A prepared statement.
    Statement,
    /// A portal.
    Portal,
}

/// Bind: values for a prepared statement's parameters, making a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// The portal's name, empty for the unnamed one.
    pub portal: &'a str,
    /// The prepared statement's name, empty for the unnamed one.
    pub statement: &'a str,
    /// Formats of the parameters.
    pub parameter_formats: Formats,
    /// The parameters' bytes; `None` is NULL.
    pub parameters: Vec<Option<&'a [u8]>>,
    /// Formats wanted for the result's columns.
    pub result_formats: Formats,
}

/// A message of a client after startup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrontendMessage<'a> {
    /// Run these statements, answer as text.
    Query {
        /// Any number of statements.
        text: &'a str,
    },
    /// Prepare one statement.
    Parse {
        /// Its name, empty for the unnamed one.
        name: &'a str,
        /// The statement.
        text: &'a str,
        /// Type numbers of the first parameters, 0 where the client does not say.
        parameter_types: Vec<u32>,
    },
    /// See [`Bind`].
    Bind(Bind<'a>),
    /// Tell parameters and columns.
    Describe {
        /// Of what.
        target: Target,
        /// Its name.
        name: &'a str,
    },
    /// Forget.
    Close {
        /// What.
        target: Target,
        /// Its name.
        name: &'a str,
    },
    /// Run a portal.
    Execute {
        /// Its name.
        portal: &'a str,
        /// At most so many rows; `None` for all.
        rows_max: Option<usize>,
    },
    /// Send what is waiting.
    Flush,
    /// The end of a pipeline.
    Sync,
    /// Good-bye.
    Terminate,
    /// Bytes of COPY FROM STDIN.
    CopyData(&'a [u8]),
    /// The end of COPY FROM STDIN.
    CopyDone,
    /// The client gives COPY FROM STDIN up.
    CopyFail {
        /// Why.
        message: &'a str,
    },
    /// An answer to an authentication request.
    Password,
    /// The outdated fast-path function call.
    FunctionCall,
}

impl<'a> FrontendMessage<'a> {
    /// The message in a frame.
    ///
    /// # Errors
    /// The body is cut short, too long, or holds a text that is not UTF-8. The next frame can still be read.
    pub fn decode(frame: &'a Frame) -> Result<Self> {
        let mut body = Body(&frame.body);
        let message = match frame.tag {
            b'Q' => FrontendMessage::Query { text: body.text()? },
            b'P' => FrontendMessage::Parse {
                name: body.text()?,
                text: body.text()?,
                parameter_types: body.counted(4, Body::u32)?,
            },
            b'B' => FrontendMessage::Bind(body.bind()?),
            b'D' => {
                let (target, name) = body.target()?;
                FrontendMessage::Describe { target, name }
            }
            b'C' => {
                let (target, name) = body.target()?;
                FrontendMessage::Close { target, name }
            }
            b'E' => FrontendMessage::Execute {
                portal: body.text()?,
                rows_max: usize::try_from(body.u32()?.cast_signed()).ok().filter(|rows| *rows > 0),
            },
            b'H' => FrontendMessage::Flush,
            b'S' => FrontendMessage::Sync,
            b'X' => FrontendMessage::Terminate,
            b'd' => FrontendMessage::CopyData(body.rest()),
            b'c' => FrontendMessage::CopyDone,
            b'f' => FrontendMessage::CopyFail { message: body.text()? },
            b'p' => {
                body.rest();
                FrontendMessage::Password
            }
            b'F' => {
                body.rest();
                FrontendMessage::FunctionCall
            }
            tag => return malformed(format!("invalid frontend message type {tag}")),
        };
        body.end()?;
        Ok(message)
    }
}

/// A packet before the connection is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartupPacket {
    /// May the connection be encrypted?
    SslRequest,
    /// May the connection be encrypted by GSSAPI?
    GssRequest,
    /// End what another connection runs.
    Cancel {
        /// That connection.
        process_id: i32,
        /// What only its client knows.
        secret_key: Vec<u8>,
    },
    /// Begin.
    Startup {
        /// Major version in the upper, minor in the lower 16 bits.
        version: u32,
        /// Names and values, in order.
        parameters: Vec<(String, String)>,
    },
}

/// Takes the next whole startup packet from the front of `bytes`; `None` if its end has not come yet.
///
/// # Errors
/// It is malformed or longer than [`STARTUP_PACKET_BYTES_MAX`].
pub fn take_startup_packet(bytes: &mut BytesMut) -> Result<Option<StartupPacket>> {
    let Some(length) = bytes.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if !(8..=STARTUP_PACKET_BYTES_MAX).contains(&length) {
        return malformed(format!(
            "invalid length {length} of the startup packet, the limit is {STARTUP_PACKET_BYTES_MAX} bytes"
        ));
    }
    if bytes.len() < length {
        return Ok(None);
    }
    let packet = bytes.split_to(length);
    let mut body = Body(packet.get(4..).unwrap_or_default());
    let packet = match body.u32()? {
        SSL_REQUEST_CODE => StartupPacket::SslRequest,
        GSS_REQUEST_CODE => StartupPacket::GssRequest,
        CANCEL_REQUEST_CODE => StartupPacket::Cancel {
            process_id: body.u32()?.cast_signed(),
            secret_key: body.rest().to_vec(),
        },
        version => StartupPacket::Startup {
            version,
            parameters: body.parameters()?,
        },
    };
    body.end()?;
    Ok(Some(packet))
}

/// What is left of a message's body.
pub(crate) struct Body<'a>(pub(crate) &'a [u8]);

impl<'a> Body<'a> {
    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        match self.0.split_at_checked(count) {
            Some((bytes, rest)) => {
                self.0 = rest;
                Ok(bytes)
            }
            None => malformed("insufficient data left in message"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.0.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.0 = rest;
                Ok(*bytes)
            }
            None => malformed("insufficient data left in message"),
        }
    }

    /// One byte.
    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// 16 bits.
    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// 32 bits.
    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// A text up to its zero byte.
    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let Some(length) = memchr::memchr(0, self.0) else {
            return malformed("a text in the message has no end");
        };
        let bytes = self.bytes(length)?;
        self.bytes(1)?;
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            DecodeError::Encoding(format!(
                "invalid byte sequence for encoding \"UTF8\": 0x{byte:02x} at byte {at}"
            ))
        })
    }

    /// A 16-bit count and so many things of at least `item_bytes_min` bytes; never reserves more than the body could hold.
    pub(crate) fn counted<T>(
        &mut self,
        item_bytes_min: usize,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = usize::from(self.u16()?);
        if count.saturating_mul(item_bytes_min) > self.0.len() {
            return malformed("insufficient data left in message");
        }
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn format(&mut self) -> Result<Format> {
        match self.u16()? {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            code => malformed(format!("unsupported format code {code}")),
        }
    }

    fn bind(&mut self) -> Result<Bind<'a>> {
        Ok(Bind {
            portal: self.text()?,
            statement: self.text()?,
            parameter_formats: Formats(self.counted(2, Body::format)?),
            parameters: self.counted(4, Body::parameter)?,
            result_formats: Formats(self.counted(2, Body::format)?),
        })
    }

    fn parameter(&mut self) -> Result<Option<&'a [u8]>> {
        match self.u32()? {
            u32::MAX => Ok(None),
            length => self.bytes(length as usize).map(Some),
        }
    }

    fn target(&mut self) -> Result<(Target, &'a str)> {
        let target = match self.u8()? {
            b'S' => Target::Statement,
            b'P' => Target::Portal,
            kind => return malformed(format!("invalid Describe or Close target {kind}")),
        };
        Ok((target, self.text()?))
    }

    fn parameters(&mut self) -> Result<Vec<(String, String)>> {
        let mut parameters = Vec::new();
        loop {
            let name = self.text()?;
            if name.is_empty() {
                return Ok(parameters);
            }
            parameters.push((name.to_owned(), self.text()?.to_owned()));
        }
    }

    fn end(&self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            malformed(format!("{} bytes too many in message", self.0.len()))
        }
    }
}

#[cfg(test)]
#[path = "message_test.rs"]
mod tests;
