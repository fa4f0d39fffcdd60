//! Integers side by side: `width_bytes:u8 reference:i64 difference*`, each difference unsigned and of the narrowest of 0, 1, 2, 4 or
//! 8 bytes. For few rows, where a packed vector of 1,024 would be mostly padding.

use super::Encoding;
use super::cursor::{Cursor, Decoded, malformed};
use crate::vector::key::LaneValue;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct Plain<'a> {
    width_bytes: u8,
    reference: i64,
    bytes: &'a [u8],
}

fn width_bytes(span: u64) -> u8 {
    match span {
        0 => 0,
        0x1..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

/// Bytes of the stream.
pub(super) fn estimate(row_count: usize, span: u64) -> usize {
    10 + row_count * width_bytes(span) as usize
}

pub(super) fn encode(lanes: &[i64], minimum: i64, span: u64, out: &mut Vec<u8>) {
    let width_bytes = width_bytes(span);
    out.extend_from_slice(&[Encoding::Plain as u8, width_bytes]);
    out.extend_from_slice(&minimum.to_le_bytes());
    for lane in lanes {
        let difference = (lane.wrapping_sub(minimum) as u64).to_le_bytes();
        out.extend_from_slice(&difference[..width_bytes as usize]);
    }
}

impl<'a> Plain<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let width_bytes = cursor.u8()?;
        if !matches!(width_bytes, 0 | 1 | 2 | 4 | 8) {
            return malformed(format!("plain integers of {width_bytes} bytes"));
        }
        let reference = cursor.i64()?;
        let bytes = cursor.take(row_count * width_bytes as usize)?;
        cursor.end()?;
        Ok(Plain {
            width_bytes,
            reference,
            bytes,
        })
    }

    pub(super) fn read<O: LaneValue>(&self, rows: Range<usize>, out: &mut Vec<O>) {
        let width = self.width_bytes as usize;
        let bytes = &self.bytes[rows.start * width..rows.end * width];
        let lane = |difference: u64| O::from_lane(self.reference.wrapping_add(difference as i64));
        match width {
            0 => out.extend(rows.map(|_| lane(0))),
            1 => out.extend(bytes.iter().map(|byte| lane(u64::from(*byte)))),
            2 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| lane(u16::from_le_bytes(*bytes).into())),
            ),
            4 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| lane(u32::from_le_bytes(*bytes).into())),
            ),
            _ => out.extend(bytes.as_chunks().0.iter().map(|bytes| lane(u64::from_le_bytes(*bytes)))),
        }
    }

    pub(super) fn pick<O: LaneValue>(&self, rows: &[u32], out: &mut Vec<O>) {
        let width = self.width_bytes as usize;
        out.extend(rows.iter().map(|row| {
            let mut difference = [0; 8];
            difference[..width].copy_from_slice(&self.bytes[*row as usize * width..][..width]);
            O::from_lane(self.reference.wrapping_add(i64::from_le_bytes(difference)))
        }));
    }
}
