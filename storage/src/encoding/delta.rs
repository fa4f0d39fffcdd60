//! Differences from the previous value, each vector with its first value, its own reference and width, and its exceptions. For
//! values that mostly ascend: sorted ids, timestamps in order of arrival. Every vector is read alone.
//!
//! ```text
//! delta = (first:i64 reference:i64 header)* vector*           header and vector as in `patched`
//! ```
//! A vector's value `i` is `first` plus the sum of `reference + code` of the places 1 to `i`; the code of place 0 is 0.

use super::Encoding;
use super::cursor::{Cursor, Decoded, malformed};
use super::packing::{self, Uninitialized};
use super::patched::{self, Vector};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;

const ENTRY_BYTES: usize = 16 + patched::HEADER_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct Delta<'a> {
    entries: &'a [[u8; ENTRY_BYTES]],
    payload: &'a [u8],
}

/// The least difference within a vector, and all differences' distance from it, zeros behind.
fn codes_of(vector: &[i64]) -> (i64, [u64; VECTOR_ROWS]) {
    let mut differences = [0i64; VECTOR_ROWS];
    for (place, pair) in differences[1..].iter_mut().zip(vector.windows(2)) {
        *place = pair[1].wrapping_sub(pair[0]);
    }
    let differences = &differences[..vector.len()];
    let reference = match differences {
        [] | [_] => 0,
        [_, differences @ ..] => packing::extremes(differences).0,
    };
    let mut codes = [0u64; VECTOR_ROWS];
    for (code, difference) in codes.iter_mut().zip(differences).skip(1) {
        *code = difference.wrapping_sub(reference) as u64;
    }
    (reference, codes)
}

/// Bytes of one vector.
pub(super) fn estimate_vector(vector: &[i64]) -> usize {
    let (_, codes) = codes_of(vector);
    ENTRY_BYTES + patched::plan(&codes[..vector.len()]).bytes
}

pub(super) fn encode(lanes: &[i64], out: &mut Vec<u8>) {
    out.push(Encoding::Delta as u8);
    let mut payload = Vec::with_capacity(lanes.len());
    for vector in lanes.chunks(VECTOR_ROWS) {
        let (reference, codes) = codes_of(vector);
        let plan = patched::plan(&codes[..vector.len()]);
        out.extend_from_slice(&vector[0].to_le_bytes());
        out.extend_from_slice(&reference.to_le_bytes());
        patched::put_header(&plan, payload.len(), out);
        patched::put_vector(&codes, &plan, &mut payload);
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
        packing::running_sum(first.wrapping_sub(reference), steps, out);
        Ok(())
    }
}
