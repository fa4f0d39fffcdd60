//! Streams of text and byte strings: lengths apart from bytes, so that questions about lengths touch no bytes.
//!
//! ```text
//! text    = form:u8 lengths:sized(stream) frame_vectors:u8 [symbols] frame_end:u64* payload
//! symbols = only in form 9, see `fsst`
//! ```
//! Bytes come in frames of `frame_vectors` x 1,024 rows; `frame_end` is where each ends in the payload. A frame is what must be read
//! to reach any of its rows: as it is (form 0), by a table of symbols (9), compressed with lz4 (10) or zstd (11), or by the column's
//! tokens (15), whose table is not here.

mod choose;
mod encode;
mod filter;
mod read;

pub(crate) use choose::train_tokens;
pub(crate) use encode::encode;
#[cfg(test)]
pub(crate) use encode::{encode_in, encode_tokens};

use super::Encoding;
use super::block_compression;
use super::cursor::{Cursor, Decoded, Malformed, malformed};
use super::fsst::Symbols;
use super::lanes::Lanes;
use super::tokens::Tokens;
use crate::limits::{VALUE_BYTES_MAX, VECTOR_ROWS};
use std::borrow::Cow;
use std::ops::Range;

/// Vectors of a frame at most: a batch of a scan never reads more than it hands on.
const FRAME_VECTORS_MAX: usize = 8;
/// Frames of more bytes are not compressed.
const FRAME_BYTES_MAX: usize = 64 << 20;

/// A stream that was read.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    row_count: usize,
    lengths: Lanes<'a>,
    form: Form<'a>,
    frame_rows: usize,
    frame_ends: &'a [[u8; 8]],
    payload: &'a [u8],
}

#[derive(Debug)]
enum Form<'a> {
    Plain,
    Fsst(Box<Symbols>),
    Lz4,
    Zstd,
    Tokens(&'a Tokens),
}

/// Some rows that lie in one frame.
struct Piece<'t, 'a> {
    text: &'t Text<'a>,
    frame: usize,
    /// Where each value of the frame begins in its bytes, and the end.
    starts: Vec<usize>,
    /// The rows wanted, within the frame.
    rows: Range<usize>,
}

impl<'a> Text<'a> {
    /// Reads a stream of that many values; `bytes` holds nothing else. `tokens` is the column's table, if it has one.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize, tokens: Option<&'a Tokens>) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let form = Encoding::from_tag(cursor.u8()?)?;
        let lengths = Lanes::parse(cursor.sized()?, row_count)?;
        let frame_vectors = cursor.u8()? as usize;
        if !(1..=FRAME_VECTORS_MAX).contains(&frame_vectors) {
            return malformed(format!("frames of {frame_vectors} vectors"));
        }
        let form = match form {
            Encoding::Plain => Form::Plain,
            Encoding::Fsst => Form::Fsst(Box::new(Symbols::parse(&mut cursor)?)),
            Encoding::Lz4 => Form::Lz4,
            Encoding::Zstd => Form::Zstd,
            Encoding::Tokens => match tokens {
                Some(tokens) => Form::Tokens(tokens),
                None => return malformed("tokens without their table"),
            },
            other => return malformed(format!("text cannot be stored as {other:?}")),
        };
        let frame_rows = frame_vectors * VECTOR_ROWS;
        let frame_ends = cursor.take(row_count.div_ceil(frame_rows) * 8)?.as_chunks().0;
        Ok(Text {
            row_count,
            lengths,
            form,
            frame_rows,
            frame_ends,
            payload: cursor.rest(),
        })
    }

    /// The encoding of the bytes.
    pub(crate) fn encoding(&self) -> Encoding {
        match self.form {
            Form::Plain => Encoding::Plain,
            Form::Fsst(_) => Encoding::Fsst,
            Form::Lz4 => Encoding::Lz4,
            Form::Zstd => Encoding::Zstd,
            Form::Tokens(_) => Encoding::Tokens,
        }
    }

    /// Visits some rows frame by frame, with their place among the rows.
    fn visit(&self, rows: Range<usize>, mut visit: impl FnMut(usize, Piece<'_, 'a>) -> Decoded<()>) -> Decoded<()> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of {}", self.row_count));
        }
        let mut at = rows.start;
        while at < rows.end {
            let frame = at / self.frame_rows;
            let first = frame * self.frame_rows;
            let last = (first + self.frame_rows).min(self.row_count);
            let to = rows.end.min(last);
            let piece = Piece {
                text: self,
                frame,
                starts: self.starts(first..last)?,
                rows: at - first..to - first,
            };
            visit(at - rows.start, piece)?;
            at = to;
        }
        Ok(())
    }

    fn starts(&self, rows: Range<usize>) -> Decoded<Vec<usize>> {
        let lengths = self.lengths.to_vec::<i64>(rows)?;
        let mut starts = Vec::with_capacity(lengths.len() + 1);
        let (mut end, mut largest) = (0usize, 0u64);
        starts.push(0);
        for length in lengths {
            largest = largest.max(length as u64);
            end = end.wrapping_add(length as usize);
            starts.push(end);
        }
        if largest > VALUE_BYTES_MAX as u64 {
            return malformed(format!("a value of {largest} bytes"));
        }
        Ok(starts)
    }

    /// All bytes of a frame, one value after the other.
    fn frame(&self, frame: usize, decoded_bytes: usize) -> Decoded<Cow<'a, [u8]>> {
        let end = |frame: usize| {
            let end = self.frame_ends.get(frame).map(|end| u64::from_le_bytes(*end));
            end.and_then(|end| usize::try_from(end).ok())
        };
        let start = if frame == 0 { Some(0) } else { end(frame - 1) };
        let stored = match (start, end(frame)) {
            (Some(start), Some(end)) => self.payload.get(start..end),
            _ => None,
        };
        let Some(stored) = stored else {
            return malformed("a frame of text beyond its bytes");
        };
        match &self.form {
            Form::Plain if stored.len() == decoded_bytes => Ok(Cow::Borrowed(stored)),
            Form::Plain => Err(Malformed("text is not as long as its lengths say".into())),
            _ if decoded_bytes == 0 => Ok(Cow::Borrowed(&[])),
            Form::Fsst(symbols) => symbols.decompress(stored, decoded_bytes).map(Cow::Owned),
            Form::Lz4 => block_compression::lz4_decompress(stored, decoded_bytes).map(Cow::Owned),
            Form::Zstd => block_compression::zstd_decompress(stored, decoded_bytes).map(Cow::Owned),
            Form::Tokens(tokens) => tokens.decompress(stored, decoded_bytes).map(Cow::Owned),
        }
    }
}

impl<'a> Piece<'_, 'a> {
    /// The bytes of the frame.
    fn bytes(&self) -> Decoded<Cow<'a, [u8]>> {
        let decoded_bytes = self.starts.last().copied().unwrap_or(0);
        self.text.frame(self.frame, decoded_bytes)
    }

    /// Where the wanted values begin, and where the last one ends: one more than there are rows.
    fn places(&self) -> &[usize] {
        &self.starts[self.rows.start..self.rows.end + 1]
    }
}
