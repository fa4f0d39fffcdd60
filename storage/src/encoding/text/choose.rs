//! Which form of text: by trying all on a few frames. A form that is slower to read must be clearly smaller. Tokens are tried once
//! for a column, before its blocks: their table is shared, and where they are best no block tries anything else.

use super::FRAME_BYTES_MAX;
use super::encode::{Compressor, bytes_of, concatenate, frame_vectors};
use crate::encoding::{fsst, tokens};
use crate::limits::VECTOR_ROWS;

/// Bytes below which text stays as it is.
const COMPRESSED_BYTES_MIN: usize = 4_096;
/// Frames that are tried.
const SAMPLE_FRAMES: usize = 3;
/// Percent of the best so far that a form may take: what it saves must be worth the time to read it.
const PERCENT_MAX: usize = 80;
const PERCENT_MAX_TOKENS: usize = 70;
const PERCENT_MAX_ZSTD: usize = 65;
/// Bytes of a column below which a table of tokens is not worth making.
const TOKENS_BYTES_MIN: usize = 256 << 10;
/// Bytes that tokens are made of at most, and the share of a column's bytes.
const TRAINING_BYTES_MAX: usize = 1 << 20;
const TRAINING_ONE_IN: usize = 32;
/// Bytes that are taken together.
const PIECE_BYTES: usize = 4 << 10;
/// Values that are looked at to tell how long all are.
const MEASURED_VALUES: usize = 1 << 12;

/// The form of a block.
pub(super) fn choose<'t>(
    values: &[&[u8]],
    frame_vectors: usize,
    tokens: Option<&'t tokens::Trained>,
) -> Compressor<'t> {
    let frames: Vec<&[&[u8]]> = values.chunks(frame_vectors * VECTOR_ROWS).collect();
    let largest = frames.iter().map(|frame| bytes_of(frame)).max().unwrap_or(0);
    if bytes_of(values) < COMPRESSED_BYTES_MIN || largest > FRAME_BYTES_MAX {
        return Compressor::Plain;
    }
    if let Some(tokens) = tokens {
        // The column's choice holds unless this block is of another kind.
        let frame = frame_of(frames[frames.len() / 2]);
        let mut out = Vec::new();
        tokens.compress(&frame, &mut out);
        if out.len() * 100 < frame.len() * PERCENT_MAX_TOKENS {
            return Compressor::Tokens(tokens);
        }
    }
    let step = frames.len().div_ceil(SAMPLE_FRAMES);
    let sample: Vec<Vec<u8>> = frames.iter().step_by(step).map(|values| frame_of(values)).collect();
    best(&sample, None)
}

fn frame_of(values: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    concatenate(values, &mut frame);
    frame
}

/// The form that a sample of frames is best stored in. Tokens come with the bytes of their table that fall to the sample.
fn best<'t>(sample: &[Vec<u8>], tokens: Option<(&'t tokens::Trained, usize)>) -> Compressor<'t> {
    let mut best = Compressor::Plain;
    let mut best_bytes = sample.iter().map(Vec::len).sum::<usize>();
    let tokens = tokens.map(|(tokens, table_bytes)| (Compressor::Tokens(tokens), PERCENT_MAX_TOKENS, table_bytes));
    let others = [
        (Compressor::Fsst(Box::new(fsst::Trained::new(sample))), PERCENT_MAX, 0),
        (Compressor::Lz4, PERCENT_MAX, 0),
        (Compressor::Zstd, PERCENT_MAX_ZSTD, 0),
    ];
    for (candidate, percent, beside) in tokens.into_iter().chain(others) {
        let mut out = Vec::new();
        let fits = sample.iter().all(|frame| candidate.compress(frame, &mut out));
        let bytes = out.len() + beside;
        if fits && bytes * 100 < best_bytes * percent {
            best_bytes = bytes;
            best = candidate;
        }
    }
    best
}

/// A table of tokens for a column, if they are the best form of it. `value` tells the bytes of a row.
pub(crate) fn train_tokens<'v>(row_count: usize, value: impl Fn(usize) -> &'v [u8]) -> Option<tokens::Trained> {
    let measured = (0..row_count).step_by(row_count.div_ceil(MEASURED_VALUES).max(1));
    let measured_bytes: usize = measured.clone().map(|row| value(row).len()).sum();
    let bytes = measured_bytes * row_count / measured.len().max(1);
    if bytes < TOKENS_BYTES_MIN {
        return None;
    }
    let frame_rows = frame_vectors(bytes, row_count) * VECTOR_ROWS;
    let frames: Vec<Vec<u8>> = (0..SAMPLE_FRAMES)
        .map(|place| row_count * (2 * place + 1) / (2 * SAMPLE_FRAMES))
        .map(|from| {
            let values: Vec<&[u8]> = (from..(from + frame_rows).min(row_count)).map(&value).collect();
            frame_of(&values)
        })
        .collect();
    let frame_bytes: usize = frames.iter().map(Vec::len).sum();
    if frame_bytes > FRAME_BYTES_MAX {
        return None;
    }
    let trained = tokens::Trained::new(&pieces(row_count, bytes, &value));
    let table_bytes = trained.table_bytes() * frame_bytes / bytes.max(1);
    let is_best = matches!(best(&frames, Some((&trained, table_bytes))), Compressor::Tokens(_));
    is_best.then_some(trained)
}

/// Pieces of a column's text, evenly spread.
fn pieces<'v>(row_count: usize, bytes: usize, value: impl Fn(usize) -> &'v [u8]) -> Vec<Vec<u8>> {
    let count = (bytes / TRAINING_ONE_IN).min(TRAINING_BYTES_MAX) / PIECE_BYTES;
    let piece = |place: usize| {
        let mut piece = Vec::with_capacity(2 * PIECE_BYTES);
        for row in row_count * place / count..row_count * (place + 1) / count {
            let value = value(row);
            let left = PIECE_BYTES - piece.len();
            piece.extend_from_slice(&value[..value.len().min(left)]);
            if piece.len() == PIECE_BYTES {
                break;
            }
        }
        piece
    };
    (0..count).map(piece).collect()
}
