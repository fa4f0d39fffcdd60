//! The cheapest encoding of a stream of integers: exact sizes where one pass tells them, else those of a sample of vectors.
//! The same values always get the same encoding. Encodes nothing itself.

use super::{Encoding, bit_packed, constant, delta, frame_of_reference, loops, packing, plain, run_length};
use crate::limits::VECTOR_ROWS;

/// Vectors that are tried at most.
const SAMPLE_VECTORS: usize = 8;
/// Rows from which encodings with an entry per vector are tried.
const VECTORED_ROWS_MIN: usize = 192;

/// What one pass over the values tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survey {
    pub(super) minimum: i64,
    pub(super) span: u64,
    run_count: usize,
}

/// What values there is one for. Those of runs are read once for several rows, and so may be slower to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Values {
    OfRows,
    OfRuns,
}

/// An encoding and about how many bytes it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    pub(super) encoding: Encoding,
    pub(super) bytes: usize,
}

pub(super) fn survey(lanes: &[i64]) -> Survey {
    let (minimum, maximum) = loops::extremes(lanes);
    Survey {
        minimum,
        span: maximum.wrapping_sub(minimum) as u64,
        run_count: loops::run_count(lanes),
    }
}

/// The cheapest encoding. An encoding that is slower to read must be cheaper by more than a whiff: frame of reference and delta
/// by a share, run length by a quarter where most runs are of two or three rows.
pub(super) fn choose(lanes: &[i64], survey: &Survey, are: Values) -> Choice {
    if lanes.is_empty() || survey.span == 0 {
        return Choice {
            encoding: Encoding::Constant,
            bytes: constant::ESTIMATE,
        };
    }
    let mut best = Choice {
        encoding: Encoding::BitPacked,
        bytes: bit_packed::estimate(lanes.len(), survey.span),
    };
    let mut consider = |encoding: Encoding, bytes: usize, must_save: usize| {
        if bytes + bytes / 100 * must_save < best.bytes {
            best = Choice { encoding, bytes };
        }
    };
    consider(Encoding::Plain, plain::estimate(lanes.len(), survey.span), 0);
    if survey.run_count <= lanes.len() / 2 && lanes.len() <= run_length::ROWS_MAX {
        let bits = packing::width_of(survey.span) as usize;
        let must_save = if survey.run_count <= lanes.len() / 4 { 0 } else { 25 };
        consider(
            Encoding::RunLength,
            run_length::estimate(survey.run_count, bits),
            must_save,
        );
    }
    if lanes.len() >= VECTORED_ROWS_MIN {
        let frame = sampled(lanes, frame_of_reference::estimate_vector);
        consider(Encoding::FrameOfReference, frame, 2);
        let delta = sampled(
            lanes,
            match are {
                Values::OfRows => delta::estimate_vector,
                Values::OfRuns => delta::estimate_vector_with_steps_back,
            },
        );
        consider(Encoding::Delta, delta, 10);
    }
    best
}

/// The bytes of all vectors from those of some, evenly spread.
fn sampled(lanes: &[i64], bytes: fn(&[i64]) -> usize) -> usize {
    let count = lanes.len().div_ceil(VECTOR_ROWS);
    let step = count.div_ceil(SAMPLE_VECTORS);
    let (mut tried, mut total) = (0, 0);
    for vector in lanes.chunks(VECTOR_ROWS).step_by(step) {
        tried += 1;
        total += bytes(vector);
    }
    1 + total * count / tried.max(1)
}
