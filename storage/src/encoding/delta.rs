//! Differences from the previous value, each vector with its first value, its own reference and width, and its exceptions. For
//! values that mostly ascend: sorted ids, timestamps in order of arrival. Every vector is read alone.
//!
//! ```text
//! delta = (first:i64 reference:i64 header)* vector*           header and vector as in `patched`
//! ```
//! A vector's value `i` is `first` plus the sum of `reference + code` of the places 1 to `i`; the code of place 0 is 0.

use super::cursor::{Cursor, Decoded, malformed};
use super::packing::{self, Uninitialized};
use super::patched::{self, Vector};
use super::{Encoding, loops};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;

const ENTRY_BYTES: usize = 16 + patched::HEADER_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Delta<'a> {
    entries: &'a [[u8; ENTRY_BYTES]],
    payload: &'a [u8],
}

/// Writes the differences within a vector and returns the least; the place of the first value, which has none, and those behind
/// the last hold that too.
fn differences(vector: &[i64], differences: &mut [i64; VECTOR_ROWS]) -> i64 {
    let next = vector.get(1..).unwrap_or_default();
    for ((place, value), next) in differences[1..].iter_mut().zip(vector).zip(next) {
        *place = next.wrapping_sub(*value);
    }
    let reference = match next {
        [] => 0,
        _ => loops::extremes(&differences[1..vector.len()]).0,
    };
    differences[0] = reference;
    differences[vector.len()..].fill(reference);
    reference
}

/// Bytes of one vector.
pub(super) fn estimate_vector(vector: &[i64]) -> usize {
    let mut steps = [0; VECTOR_ROWS];
    let reference = differences(vector, &mut steps);
    ENTRY_BYTES + patched::plan(&steps, reference).bytes
}

pub(super) fn encode(lanes: &[i64], out: &mut Vec<u8>) {
    out.push(Encoding::Delta as u8);
    let mut payload = Vec::with_capacity(lanes.len());
    let mut steps = [0; VECTOR_ROWS];
    for vector in lanes.chunks(VECTOR_ROWS) {
        let reference = differences(vector, &mut steps);
        let plan = patched::plan(&steps, reference);
        out.extend_from_slice(&vector[0].to_le_bytes());
        out.extend_from_slice(&reference.to_le_bytes());
        patched::put_header(&plan, payload.len(), out);
        patched::put_vector(&steps, reference, &plan, &mut payload);
    }
    out.extend_from_slice(&payload);
}

impl<'a> Delta<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let entries = cursor.take(row_count.div_ceil(VECTOR_ROWS) * ENTRY_BYTES)?;
        Ok(Delta {
            entries: entries.as_chunks().0,
            payload: cursor.rest(),
        })
    }

    pub(super) fn read_vector<O: LaneValue>(&self, vector: usize, out: &mut Uninitialized<O>) -> Decoded<()> {
        let Some(entry) = self.entries.get(vector) else {
            return malformed(format!("no vector {vector}"));
        };
        let (words, _) = entry.as_chunks::<8>();
        let [first, reference, header] = words else {
            return malformed("an entry of another size");
        };
        let (first, reference) = (i64::from_le_bytes(*first), i64::from_le_bytes(*reference));
        let vector = Vector::find(*header, self.payload)?;
        let mut codes = packing::uninitialized::<i64>();
        packing::unpack(vector.width, vector.packed, reference, &mut codes);
        vector.for_each_exception(|position, code| {
            codes[position].write(reference.wrapping_add(code as i64));
        });
        // SAFETY: `unpack` wrote every place.
        let steps = unsafe { packing::initialized(&codes) };
        loops::running_sum(first.wrapping_sub(reference), steps, out);
        Ok(())
    }
}
