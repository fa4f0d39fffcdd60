//! Text to bytes, in a form that `choose` found.

use super::FRAME_VECTORS_MAX;
use super::choose::choose;
use crate::encoding::cursor::put_sized;
use crate::encoding::fsst;
use crate::encoding::{Encoding, block_compression, lanes, tokens};
use crate::limits::VECTOR_ROWS;

/// Bytes of a compressed frame that are aimed at.
const FRAME_BYTES: usize = 96 << 10;

/// How the bytes of a stream are stored.
pub(super) enum Compressor<'t> {
    Plain,
    Fsst(Box<fsst::Trained>),
    Lz4,
    Zstd,
    Tokens(&'t tokens::Trained),
}

/// Appends a stream of byte strings; `tokens` is the column's table, if it has one.
pub(crate) fn encode(values: &[&[u8]], tokens: Option<&tokens::Trained>, out: &mut Vec<u8>) -> Encoding {
    let start = out.len();
    let frame_vectors = frame_vectors(bytes_of(values), values.len());
    let compressor = choose(values, frame_vectors, tokens);
    if write(values, frame_vectors, &compressor, out) {
        return compressor.encoding();
    }
    // A frame that could not be stored so: lz4 stores any.
    out.truncate(start);
    write(values, frame_vectors, &Compressor::Lz4, out);
    Encoding::Lz4
}

/// Appends a stream in a form that need not be the cheapest.
#[cfg(test)]
pub(crate) fn encode_in(encoding: Encoding, values: &[&[u8]], out: &mut Vec<u8>) {
    let compressor = match encoding {
        Encoding::Fsst => Compressor::Fsst(Box::new(fsst::Trained::new(&[values.concat()]))),
        Encoding::Lz4 => Compressor::Lz4,
        Encoding::Zstd => Compressor::Zstd,
        _ => Compressor::Plain,
    };
    let frame_vectors = frame_vectors(bytes_of(values), values.len());
    assert!(write(values, frame_vectors, &compressor, out));
}

/// Appends a stream by a table of tokens.
#[cfg(test)]
pub(crate) fn encode_tokens(tokens: &tokens::Trained, values: &[&[u8]], out: &mut Vec<u8>) {
    let frame_vectors = frame_vectors(bytes_of(values), values.len());
    assert!(write(values, frame_vectors, &Compressor::Tokens(tokens), out));
}

/// Bytes of some values.
pub(super) fn bytes_of(values: &[&[u8]]) -> usize {
    values.iter().map(|value| value.len()).sum()
}

/// Vectors of a frame: enough of them for compression to find something, no more than a batch.
pub(super) fn frame_vectors(bytes: usize, row_count: usize) -> usize {
    let of_a_vector = (bytes / row_count.div_ceil(VECTOR_ROWS).max(1)).max(1);
    (FRAME_BYTES / of_a_vector).clamp(1, FRAME_VECTORS_MAX)
}

/// Appends the stream; false where a frame cannot be stored in this form.
fn write(values: &[&[u8]], frame_vectors: usize, compressor: &Compressor<'_>, out: &mut Vec<u8>) -> bool {
    out.push(compressor.encoding() as u8);
    let lengths: Vec<i64> = values.iter().map(|value| value.len() as i64).collect();
    put_sized(out, |out| {
        lanes::encode(&lengths, out);
    });
    out.push(frame_vectors as u8);
    if let Compressor::Fsst(trained) = compressor {
        trained.write_symbols(out);
    }
    let ends_at = out.len();
    let frames = values.chunks(frame_vectors * VECTOR_ROWS);
    out.resize(ends_at + frames.len() * 8, 0);
    let payload_at = out.len();
    let mut frame = Vec::new();
    for (place, values) in frames.enumerate() {
        if !compressor.append(values, &mut frame, out) {
            return false;
        }
        let end = (out.len() - payload_at) as u64;
        out[ends_at + place * 8..][..8].copy_from_slice(&end.to_le_bytes());
    }
    true
}

/// Makes a frame of some values.
pub(super) fn concatenate(values: &[&[u8]], frame: &mut Vec<u8>) {
    frame.clear();
    for value in values {
        frame.extend_from_slice(value);
    }
}

impl Compressor<'_> {
    fn encoding(&self) -> Encoding {
        match self {
            Compressor::Plain => Encoding::Plain,
            Compressor::Fsst(_) => Encoding::Fsst,
            Compressor::Lz4 => Encoding::Lz4,
            Compressor::Zstd => Encoding::Zstd,
            Compressor::Tokens(_) => Encoding::Tokens,
        }
    }

    /// Appends a frame; false where its bytes cannot be had back in this form.
    fn append(&self, values: &[&[u8]], frame: &mut Vec<u8>, out: &mut Vec<u8>) -> bool {
        if matches!(self, Compressor::Plain) {
            for value in values {
                out.extend_from_slice(value);
            }
            return true;
        }
        concatenate(values, frame);
        self.compress(frame, out)
    }

    /// Likewise, for a frame's bytes.
    pub(super) fn compress(&self, frame: &[u8], out: &mut Vec<u8>) -> bool {
        if frame.is_empty() {
            return true;
        }
        match self {
            Compressor::Plain => {
                out.extend_from_slice(frame);
                true
            }
            Compressor::Fsst(trained) => trained.compress(frame, out),
            Compressor::Lz4 => {
                block_compression::lz4_compress(frame, out);
                true
            }
            Compressor::Zstd => block_compression::zstd_compress(frame, out),
            Compressor::Tokens(trained) => {
                trained.compress(frame, out);
                true
            }
        }
    }
}
