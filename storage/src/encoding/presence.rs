//! Bits per row: which values are there (presence), and the values of boolean columns. Constant, run length or a bitmap,
//! whichever is shortest. NULLs live here and nowhere else: encodings of values never see them.
//!
//! ```text
//! bits = 0                         all unset
//!      | 1                         all set
//!      | 2 byte*                   a bitmap, lowest bit first
//!      | 3 first:u8 count:u32 end:u32*   runs: their ends, ascending, the last one being the row count
//! ```

use super::cursor::{Cursor, Decoded, malformed};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, bit_iterator::BitSliceIterator};
use std::ops::Range;

const ALL_UNSET: u8 = 0;
const ALL_SET: u8 = 1;
const BITMAP: u8 = 2;
const RUNS: u8 = 3;

/// Bits of a block.
#[derive(Clone, Debug)]
pub(crate) enum Bits<'a> {
    Constant(bool),
    Bitmap(&'a [u8]),
    Runs { first: bool, ends: Vec<u32> },
}

/// Appends bits.
pub(crate) fn encode(bits: &BooleanBuffer, out: &mut Vec<u8>) {
    let set = bits.count_set_bits();
    if set == bits.len() || set == 0 {
        out.push(if set == bits.len() { ALL_SET } else { ALL_UNSET });
        return;
    }
    let bitmap_bytes = bits.len().div_ceil(8);
    let slices: Vec<(usize, usize)> = BitSliceIterator::new(bits.values(), bits.offset(), bits.len())
        .take(bitmap_bytes / 8 + 1)
        .collect();
    if slices.len() * 8 + 5 < bitmap_bytes {
        let first = bits.value(0);
        let mut ends: Vec<u32> = slices
            .iter()
            .flat_map(|(start, end)| [*start as u32, *end as u32])
            .collect();
        if first {
            ends.remove(0);
        }
        if ends.last() != Some(&(bits.len() as u32)) {
            ends.push(bits.len() as u32);
        }
        out.extend_from_slice(&[RUNS, u8::from(first)]);
        out.extend_from_slice(&(ends.len() as u32).to_le_bytes());
        out.extend(ends.iter().flat_map(|end| end.to_le_bytes()));
        return;
    }
    out.push(BITMAP);
    let sliced = bits.sliced();
    out.extend_from_slice(&sliced.as_slice()[..bitmap_bytes]);
    let used = bits.len() % 8;
    if used != 0
        && let Some(last) = out.last_mut()
    {
        *last &= (1 << used) - 1;
    }
}

impl<'a> Bits<'a> {
    /// Reads bits; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let bits = match cursor.u8()? {
            ALL_UNSET => Bits::Constant(false),
            ALL_SET => Bits::Constant(true),
            BITMAP => Bits::Bitmap(cursor.take(row_count.div_ceil(8))?),
            RUNS => {
                let first = cursor.u8()? != 0;
                let count = cursor.u32()? as usize;
                let ends = cursor.u32s(count)?;
                if ends.last() != Some(&(row_count as u32)) || !ends.is_sorted_by(|left, right| left < right) {
                    return malformed("runs of bits do not cover the rows");
                }
                Bits::Runs { first, ends }
            }
            tag => return malformed(format!("unknown form {tag} of bits")),
        };
        cursor.end()?;
        Ok(bits)
    }

    /// Whether all bits are the same.
    pub(crate) fn constant(&self) -> Option<bool> {
        match self {
            Bits::Constant(bit) => Some(*bit),
            _ => None,
        }
    }

    /// The bits of some rows, which lie within the block.
    pub(crate) fn read(&self, rows: Range<usize>) -> BooleanBuffer {
        match self {
            Bits::Constant(true) => BooleanBuffer::new_set(rows.len()),
            Bits::Constant(false) => BooleanBuffer::new_unset(rows.len()),
            Bits::Bitmap(bytes) => {
                let mut bits = BooleanBufferBuilder::new(rows.len());
                bits.append_packed_range(rows, bytes);
                bits.finish()
            }
            Bits::Runs { first, ends } => {
                let mut bits = BooleanBufferBuilder::new(rows.len());
                let run = ends.partition_point(|end| (*end as usize) <= rows.start);
                let mut at = rows.start;
                for (place, end) in ends.iter().enumerate().skip(run) {
                    let end = (*end as usize).min(rows.end);
                    bits.append_n(end - at, *first == (place % 2 == 0));
                    at = end;
                    if at == rows.end {
                        break;
                    }
                }
                bits.finish()
            }
        }
    }
}
