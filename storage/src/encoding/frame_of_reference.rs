//! Differences from each vector's least value, each vector with its own width and its exceptions. For values whose level or
//! spread moves within the block, and for the odd value far outside.
//!
//! ```text
//! frame_of_reference = (reference:i64 header)* vector*        header and vector as in `patched`
//! ```

use super::cursor::{Cursor, Decoded, malformed};
use super::lanes::CodeTest;
use super::packing::{self, Uninitialized};
use super::patched::{self, Vector};
use super::{Encoding, loops};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;

const ENTRY_BYTES: usize = 8 + patched::HEADER_BYTES;

#[derive(Clone, Debug)]
pub(crate) struct FrameOfReference<'a> {
    entries: &'a [[u8; ENTRY_BYTES]],
    payload: &'a [u8],
}

/// Bytes of one vector.
pub(super) fn estimate_vector(vector: &[i64]) -> usize {
    let (reference, _) = loops::extremes(vector);
    let mut padded = [0; VECTOR_ROWS];
    let values = packing::whole_vector(vector, reference, &mut padded);
    ENTRY_BYTES + patched::plan(values, reference).bytes
}

pub(super) fn encode(lanes: &[i64], out: &mut Vec<u8>) {
    out.push(Encoding::FrameOfReference as u8);
    let mut payload = Vec::with_capacity(lanes.len() * 2);
    let mut padded = [0; VECTOR_ROWS];
    for vector in lanes.chunks(VECTOR_ROWS) {
        let (reference, _) = loops::extremes(vector);
        let values = packing::whole_vector(vector, reference, &mut padded);
        let plan = patched::plan(values, reference);
        out.extend_from_slice(&reference.to_le_bytes());
        patched::put_header(&plan, payload.len(), out);
        patched::put_vector(values, reference, &plan, &mut payload);
    }
    out.extend_from_slice(&payload);
}

impl<'a> FrameOfReference<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let entries = cursor.take(row_count.div_ceil(VECTOR_ROWS) * ENTRY_BYTES)?;
        Ok(FrameOfReference {
            entries: entries.as_chunks().0,
            payload: cursor.rest(),
        })
    }

    fn vector(&self, vector: usize) -> Decoded<(i64, Vector<'a>)> {
        let Some([r0, r1, r2, r3, r4, r5, r6, r7, header @ ..]) = self.entries.get(vector) else {
            return malformed(format!("no vector {vector}"));
        };
        let reference = i64::from_le_bytes([*r0, *r1, *r2, *r3, *r4, *r5, *r6, *r7]);
        Ok((reference, Vector::find(*header, self.payload)?))
    }

    pub(super) fn read_vector<O: LaneValue>(&self, vector: usize, out: &mut Uninitialized<O>) -> Decoded<()> {
        let (reference, vector) = self.vector(vector)?;
        packing::unpack(vector.width, vector.packed, reference, out);
        vector.for_each_exception(|position, code| {
            out[position].write(O::from_lane(reference.wrapping_add(code as i64)));
        });
        Ok(())
    }

    /// Appends a vector's values at some places, which ascend.
    pub(super) fn pick<O: LaneValue>(
        &self,
        vector: usize,
        places: impl Iterator<Item = usize> + Clone,
        out: &mut Vec<O>,
    ) -> Decoded<()> {
        let (reference, vector) = self.vector(vector)?;
        let start = out.len();
        packing::pick(vector.width, vector.packed, reference, places.clone(), out);
        let mut picked = places.zip(start..).peekable();
        vector.for_each_exception(|position, code| {
            while picked.next_if(|(place, _)| *place < position).is_some() {}
            while let Some((_, at)) = picked.next_if(|(place, _)| *place == position) {
                out[at] = O::from_lane(reference.wrapping_add(code as i64));
            }
        });
        Ok(())
    }

    /// One bit per value: whether it lies from `low` to `high`.
    pub(super) fn compare_vector(&self, vector: usize, low: i64, high: i64, out: &mut [u64; 16]) -> Decoded<()> {
        let (reference, vector) = self.vector(vector)?;
        match CodeTest::translate(reference, vector.width, low, high) {
            CodeTest::None => out.fill(0),
            CodeTest::All => out.fill(u64::MAX),
            CodeTest::Range(low, high) => packing::compare(vector.width, vector.packed, low, high, out),
        }
        vector.for_each_exception(|position, code| {
            let value = reference.wrapping_add(code as i64);
            let bit = 1 << (position % 64);
            if low <= value && value <= high {
                out[position / 64] |= bit;
            } else {
                out[position / 64] &= !bit;
            }
        });
        Ok(())
    }
}
