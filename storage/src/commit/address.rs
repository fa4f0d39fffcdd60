//! Addresses of rows in the form that Postgres has for them (`ctid`): a block of 32 bits and a place in it of 16, counted from 1. They
//! are made of [`RowId`]s: a part has consecutive blocks of its own, so that addresses within a part ascend with its rows, and rows of
//! committed parts never get an address that another row had. Rows that a transaction has brought and not committed have theirs in the
//! upper half; they are told apart within a snapshot, no more.

use super::{OVERLAY_PARTS_FIRST, RowId};
use crate::limits::SEGMENT_ROWS_MAX;

/// Rows of a block.
const BLOCK_ROWS: u32 = u16::MAX as u32;
/// Blocks of a part.
const PART_BLOCKS: u64 = (SEGMENT_ROWS_MAX as u64).div_ceil(BLOCK_ROWS as u64);
/// The first block of parts that are not committed.
const OVERLAY_BLOCKS_FIRST: u64 = 1 << 31;
/// Parts of either half.
const PARTS_MAX: u64 = OVERLAY_BLOCKS_FIRST / PART_BLOCKS;

/// Bits of an address that hold the place in the block.
pub const ADDRESS_PLACE_BITS: u32 = 16;

impl RowId {
    /// The row's address; `None` where the part's number or the row's is too large for one.
    pub fn address(self) -> Option<u64> {
        let (half, part) = match self.part.0.checked_sub(OVERLAY_PARTS_FIRST) {
            Some(overlay) => (OVERLAY_BLOCKS_FIRST, overlay % PARTS_MAX),
            None => (0, self.part.0),
        };
        let block = u64::from(self.row / BLOCK_ROWS);
        if part >= PARTS_MAX || block >= PART_BLOCKS {
            return None;
        }
        let place = u64::from(self.row % BLOCK_ROWS) + 1;
        Some((half + part * PART_BLOCKS + block) << ADDRESS_PLACE_BITS | place)
    }
}

const _: () = assert!(OVERLAY_BLOCKS_FIRST + PARTS_MAX * PART_BLOCKS < u32::MAX as u64);

#[cfg(test)]
mod tests {
    use super::super::PartId;
    use super::*;

    fn address(part: u64, row: u32) -> Option<(u64, u64)> {
        let address = RowId {
            part: PartId(part),
            row,
        }
        .address()?;
        Some((address >> ADDRESS_PLACE_BITS, address & 0xffff))
    }

    #[test]
    fn parts_have_blocks_of_their_own() {
        assert_eq!(address(0, 0), Some((0, 1)));
        assert_eq!(address(0, 65_534), Some((0, 65_535)));
        assert_eq!(address(0, 65_535), Some((1, 1)));
        assert_eq!(
            address(0, SEGMENT_ROWS_MAX as u32 - 1).map(|(block, _)| block),
            Some(PART_BLOCKS - 1)
        );
        assert_eq!(address(1, 0), Some((PART_BLOCKS, 1)));
        assert_eq!(address(OVERLAY_PARTS_FIRST, 7), Some((1 << 31, 8)));
        assert_eq!(address(OVERLAY_PARTS_FIRST + PARTS_MAX, 7), Some((1 << 31, 8)));
        assert_eq!(address(PARTS_MAX, 0), None);
        assert_eq!(address(0, PART_BLOCKS as u32 * BLOCK_ROWS), None);
    }

    #[test]
    fn addresses_ascend_within_a_part() {
        let rows = [0, 1, 65_533, 65_534, 65_535, 65_536, 131_069, 131_070, 4_000_000];
        for part in [3, OVERLAY_PARTS_FIRST + 3] {
            let addresses: Vec<_> = rows.iter().map(|row| address(part, *row).unwrap()).collect();
            assert!(addresses.is_sorted(), "{addresses:?}");
        }
    }
}
