//! Differences from the block's least value, all packed at one width: `reference:i64 width:u8 vector*`.
//!
//! The codes of a whole block compare with one translation of a literal; the last vector is padded with zeros.

use super::Encoding;
use super::cursor::{Cursor, Decoded, malformed};
use super::lanes::CodeTest;
use super::packing::{self, Uninitialized};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;

#[derive(Clone, Debug)]
pub(crate) struct BitPacked<'a> {
    reference: i64,
    width: u8,
    bytes: &'a [u8],
}

/// Bytes of the stream.
pub(super) fn estimate(row_count: usize, span: u64) -> usize {
    10 + row_count.div_ceil(VECTOR_ROWS) * packing::packed_bytes(packing::width_of(span))
}

pub(super) fn encode(lanes: &[i64], minimum: i64, span: u64, out: &mut Vec<u8>) {
    let width = packing::width_of(span);
    out.push(Encoding::BitPacked as u8);
    out.extend_from_slice(&minimum.to_le_bytes());
    out.push(width);
    let mut padded = [0; VECTOR_ROWS];
    for vector in lanes.chunks(VECTOR_ROWS) {
        packing::pack(width, packing::whole_vector(vector, minimum, &mut padded), minimum, out);
    }
}

impl<'a> BitPacked<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let reference = cursor.i64()?;
        let width = cursor.u8()?;
        if width > 64 {
            return malformed(format!("codes of {width} bits"));
        }
        let bytes = cursor.take(row_count.div_ceil(VECTOR_ROWS) * packing::packed_bytes(width))?;
        cursor.end()?;
        Ok(BitPacked {
            reference,
            width,
            bytes,
        })
    }

    fn vector(&self, vector: usize) -> &'a [u8] {
        let length = packing::packed_bytes(self.width);
        &self.bytes[vector * length..][..length]
    }

    pub(super) fn read_vector<O: LaneValue>(&self, vector: usize, out: &mut Uninitialized<O>) {
        packing::unpack(self.width, self.vector(vector), self.reference, out);
    }

    /// Appends a vector's values at some places.
    pub(super) fn pick<O: LaneValue>(&self, vector: usize, places: impl Iterator<Item = usize>, out: &mut Vec<O>) {
        packing::pick(self.width, self.vector(vector), self.reference, places, out);
    }

    /// The range as codes, once for all vectors.
    pub(super) fn translate(&self, low: i64, high: i64) -> CodeTest {
        CodeTest::translate(self.reference, self.width, low, high)
    }

    pub(super) fn compare_vector(&self, vector: usize, low: u64, high: u64, out: &mut [u64; 16]) {
        packing::compare(self.width, self.vector(vector), low, high, out);
    }
}
