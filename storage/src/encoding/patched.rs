//! A vector of codes packed at a width that fits most of them; the few wider ones are exceptions behind it. Knows nothing of
//! references: those who use it keep a header per vector.
//!
//! ```text
//! vector = packed position:u16* code*       as many of both as the header says, each code of `code_bytes`
//! header = offset:u32 exceptions:u16 width:u8 code_bytes:u8      offset of the vector in the payload
//! ```

use super::cursor::{Decoded, malformed};
use super::packing;
use crate::limits::VECTOR_ROWS;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 8;
/// Exceptions of a vector at most: beyond, reading them would cost more than the bits saved.
const EXCEPTIONS_MAX: usize = 96;

/// How a vector is best packed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    width: u8,
    code_bytes: u8,
    exceptions: u16,
    /// Bytes behind the header.
    pub(super) bytes: usize,
}

/// The cheapest width for a vector's differences from a reference.
pub(super) fn plan(values: &[i64; VECTOR_ROWS], reference: i64) -> Plan {
    let counts = packing::count_widths(values, reference);
    let widest = (0..=64u8).rev().find(|width| counts[*width as usize] > 0).unwrap_or(0);
    let code_bytes = widest.div_ceil(8);
    let mut best = Plan {
        width: widest,
        code_bytes,
        exceptions: 0,
        bytes: packing::packed_bytes(widest),
    };
    // Exceptions have to save a thirty-second to be worth their branch.
    let most = best.bytes - best.bytes / 32;
    let mut exceptions = 0usize;
    for width in (0..widest).rev() {
        exceptions += counts[width as usize + 1] as usize;
        if exceptions > EXCEPTIONS_MAX {
            break;
        }
        let bytes = packing::packed_bytes(width) + exceptions * (2 + code_bytes as usize);
        if bytes < best.bytes && bytes < most {
            best = Plan {
                width,
                code_bytes,
                exceptions: exceptions as u16,
                bytes,
            };
        }
    }
    best
}

/// Appends a header for a vector at that place of the payload.
pub(super) fn put_header(plan: &Plan, offset: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(offset as u32).to_le_bytes());
    out.extend_from_slice(&plan.exceptions.to_le_bytes());
    out.extend_from_slice(&[plan.width, plan.code_bytes]);
}

/// Appends a vector's differences from a reference.
pub(super) fn put_vector(values: &[i64; VECTOR_ROWS], reference: i64, plan: &Plan, out: &mut Vec<u8>) {
    packing::pack(plan.width, values, reference, out);
    if plan.exceptions == 0 {
        return;
    }
    let mut codes: Vec<u8> = Vec::with_capacity(plan.exceptions as usize * plan.code_bytes as usize);
    for (position, value) in values.iter().enumerate() {
        let code = value.wrapping_sub(reference) as u64;
        if code >> plan.width != 0 {
            out.extend_from_slice(&(position as u16).to_le_bytes());
            codes.extend_from_slice(&code.to_le_bytes()[..plan.code_bytes as usize]);
        }
    }
    out.extend_from_slice(&codes);
}

/// A vector that was found.
pub(super) struct Vector<'a> {
    pub(super) width: u8,
    pub(super) packed: &'a [u8],
    positions: &'a [[u8; 2]],
    codes: &'a [u8],
    code_bytes: usize,
}

impl<'a> Vector<'a> {
    /// Finds the vector of a header in the payload.
    pub(super) fn find(header: [u8; HEADER_BYTES], payload: &'a [u8]) -> Decoded<Self> {
        let [o0, o1, o2, o3, e0, e1, width, code_bytes] = header;
        let offset = u32::from_le_bytes([o0, o1, o2, o3]) as usize;
        let exceptions = u16::from_le_bytes([e0, e1]) as usize;
        let code_bytes = code_bytes as usize;
        if width > 64 || code_bytes > 8 || exceptions > VECTOR_ROWS {
            return malformed(format!(
                "{exceptions} exceptions of {code_bytes} bytes to codes of {width} bits"
            ));
        }
        let length = packing::packed_bytes(width);
        let split = payload.get(offset..).and_then(|bytes| bytes.split_at_checked(length));
        let rest = split.and_then(|(packed, rest)| Some((packed, rest.split_at_checked(exceptions * 2)?)));
        match rest {
            Some((packed, (positions, rest))) if rest.len() >= exceptions * code_bytes => Ok(Vector {
                width,
                packed,
                positions: positions.as_chunks().0,
                codes: &rest[..exceptions * code_bytes],
                code_bytes,
            }),
            _ => malformed("a vector of codes beyond the end"),
        }
    }

    /// Visits the exceptions: place in the vector and code.
    #[inline]
    pub(super) fn for_each_exception(&self, mut visit: impl FnMut(usize, u64)) {
        if self.positions.is_empty() || self.code_bytes == 0 {
            return;
        }
        for (position, code) in self.positions.iter().zip(self.codes.chunks_exact(self.code_bytes)) {
            let mut bytes = [0; 8];
            bytes[..code.len()].copy_from_slice(code);
            let position = u16::from_le_bytes(*position) as usize % VECTOR_ROWS;
            visit(position, u64::from_le_bytes(bytes));
        }
    }
}
