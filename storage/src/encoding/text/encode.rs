//! Text to bytes. Which form is chosen by trying all on a few frames; a form that is slower to read must be clearly smaller.

use super::{FRAME_BYTES_MAX, FRAME_VECTORS_MAX};
use crate::encoding::cursor::put_sized;
use crate::encoding::fsst::Trained;
use crate::encoding::{Encoding, block_compression, lanes};
use crate::limits::VECTOR_ROWS;

/// Bytes below which text stays as it is.
const COMPRESSED_BYTES_MIN: usize = 4_096;
/// Bytes of a compressed frame that are aimed at.
const FRAME_BYTES: usize = 96 << 10;
/// Frames that are tried.
const SAMPLE_FRAMES: usize = 3;

/// How the bytes of a stream are stored.
enum Compressor {
    Plain,
    Fsst(Box<Trained>),
    Lz4,
    Zstd,
}

/// Appends a stream of byte strings.
pub(crate) fn encode(values: &[&[u8]], out: &mut Vec<u8>) -> Encoding {
    let start = out.len();
    let frame_vectors = frame_vectors(values);
    let compressor = choose(values, frame_vectors);
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
        Encoding::Fsst => Compressor::Fsst(Box::new(Trained::new(&[values.concat()]))),
        Encoding::Lz4 => Compressor::Lz4,
        Encoding::Zstd => Compressor::Zstd,
        _ => Compressor::Plain,
    };
    assert!(write(values, frame_vectors(values), &compressor, out));
}

/// Vectors of a frame: enough of them for compression to find something, no more than a batch.
fn frame_vectors(values: &[&[u8]]) -> usize {
    let total: usize = values.iter().map(|value| value.len()).sum();
    let of_a_vector = (total / values.len().div_ceil(VECTOR_ROWS).max(1)).max(1);
    (FRAME_BYTES / of_a_vector).clamp(1, FRAME_VECTORS_MAX)
}

/// Appends the stream; false where a frame cannot be stored in this form.
fn write(values: &[&[u8]], frame_vectors: usize, compressor: &Compressor, out: &mut Vec<u8>) -> bool {
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

fn concatenate(values: &[&[u8]], frame: &mut Vec<u8>) {
    frame.clear();
    for value in values {
        frame.extend_from_slice(value);
    }
}

impl Compressor {
    fn encoding(&self) -> Encoding {
        match self {
            Compressor::Plain => Encoding::Plain,
            Compressor::Fsst(_) => Encoding::Fsst,
            Compressor::Lz4 => Encoding::Lz4,
            Compressor::Zstd => Encoding::Zstd,
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

    fn compress(&self, frame: &[u8], out: &mut Vec<u8>) -> bool {
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
        }
    }
}

fn choose(values: &[&[u8]], frame_vectors: usize) -> Compressor {
    let frames: Vec<&[&[u8]]> = values.chunks(frame_vectors * VECTOR_ROWS).collect();
    let bytes_of = |values: &[&[u8]]| values.iter().map(|value| value.len()).sum::<usize>();
    let largest = frames.iter().map(|frame| bytes_of(frame)).max().unwrap_or(0);
    if bytes_of(values) < COMPRESSED_BYTES_MIN || largest > FRAME_BYTES_MAX {
        return Compressor::Plain;
    }
    let step = frames.len().div_ceil(SAMPLE_FRAMES);
    let sample: Vec<Vec<u8>> = frames
        .iter()
        .step_by(step)
        .map(|values| {
            let mut frame = Vec::new();
            concatenate(values, &mut frame);
            frame
        })
        .collect();
    let mut best = Compressor::Plain;
    let mut best_bytes = sample.iter().map(Vec::len).sum::<usize>();
    // Percent of the best so far that a form may take: what it saves must be worth the time to read it.
    let candidates = [
        (Compressor::Fsst(Box::new(Trained::new(&sample))), 80),
        (Compressor::Lz4, 80),
        (Compressor::Zstd, 65),
    ];
    for (candidate, percent) in candidates {
        let mut out = Vec::new();
        let fits = sample.iter().all(|frame| candidate.compress(frame, &mut out));
        if fits && out.len() * 100 < best_bytes * percent {
            best_bytes = out.len();
            best = candidate;
        }
    }
    best
}
