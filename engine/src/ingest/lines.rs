//! Where lines end: `\n`, `\r\n` or `\r`, whatever the first line ends with; the others are errors from then on.

use super::rows::bad_format;
use crate::error::Error;

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LineEnd {
    /// Nothing has ended yet.
    Unknown,
    Newline,
    Return,
    ReturnNewline,
}

impl LineEnd {
    /// The byte to look for.
    pub(super) fn byte(self) -> u8 {
        match self {
            LineEnd::Return => b'\r',
            _ => b'\n',
        }
    }

    /// The line end that begins here, as the first one of the data; `None` where one more byte would tell.
    pub(super) fn detect(bytes: &[u8], at: usize, is_end: bool) -> Option<LineEnd> {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\n'), _) => Some(LineEnd::Newline),
            (Some(_), Some(b'\n')) => Some(LineEnd::ReturnNewline),
            (Some(_), None) if !is_end => None,
            _ => Some(LineEnd::Return),
        }
    }
}

/// The end of a line's content, given where its end byte is; or the byte that should have been quoted or escaped.
pub(super) fn content_end(line: &[u8], end: usize, line_end: LineEnd) -> Result<usize, u8> {
    let before = end.checked_sub(1).and_then(|at| line.get(at));
    match (line_end, before) {
        (LineEnd::ReturnNewline, Some(b'\r')) => Ok(end - 1),
        (LineEnd::ReturnNewline, _) => Err(b'\n'),
        (LineEnd::Newline, Some(b'\r')) => Err(b'\r'),
        _ => Ok(end),
    }
}

/// The error of such a byte.
#[cold]
pub(super) fn stray(byte: u8, is_csv: bool) -> Error {
    let name = if byte == b'\r' { "carriage return" } else { "newline" };
    let escape = if byte == b'\r' { "\\r" } else { "\\n" };
    let (message, hint) = match is_csv {
        true => (
            format!("unquoted {name} found in data"),
            format!("Use quoted CSV field to represent {name}."),
        ),
        false => (
            format!("literal {name} found in data"),
            format!("Use \"{escape}\" to represent {name}."),
        ),
    };
    match bad_format(message) {
        Error::Sql(error) => Error::Sql(error.with_hint(hint)),
        other => other,
    }
}
