//! How the lanes of a group's keys are packed into one integer: one after the other, each in the bits of its type or, where all would take
//! too many, in those of the range that its values lie in. A lane that has seen a NULL takes one bit more.

use super::column::KeyColumn;
use super::hashed::PackedKey;
use super::lane::{Lane, LaneValue, LaneValues, with_slice};
use super::range::Range;

/// See the module.
pub(super) struct Packing {
    lanes: Vec<LaneBits>,
}

/// A lane's part.
struct LaneBits {
    /// What its values are counted from.
    base: i64,
    bits: u32,
    /// Not all values of the type fit.
    is_narrow: bool,
    is_nullable: bool,
}

/// Bits of the largest packed key.
pub(super) const BITS_MAX: u32 = u128::BITS;
/// Bits beyond those of the values seen so far, for those to come.
const ROOM_BITS: u32 = 2;

impl Packing {
    /// For groups so far and lanes of these ranges.
    pub(super) fn new(keys: &[KeyColumn], ranges: &[Option<Range>], group_count: usize) -> Self {
        let lanes = keys.iter().map(|key| LaneBits {
            base: 0,
            bits: key.value_bits(),
            is_narrow: false,
            is_nullable: is_nullable(key),
        });
        let mut packing = Packing { lanes: lanes.collect() };
        if packing.bits() > BITS_MAX {
            for ((lane, key), range) in packing.lanes.iter_mut().zip(keys).zip(ranges) {
                if !key.gives_ids() {
                    lane.narrow(key, *range, group_count);
                }
            }
        }
        packing
    }

    /// Bits of a packed key.
    pub(super) fn bits(&self) -> u32 {
        self.lanes
            .iter()
            .map(|lane| lane.bits + u32::from(lane.is_nullable))
            .sum()
    }

    /// Whether lanes of these ranges can be packed.
    pub(super) fn covers(&self, keys: &[KeyColumn], ranges: &[Option<Range>]) -> bool {
        let mut lanes = self.lanes.iter().zip(keys).zip(ranges);
        lanes.all(|((lane, key), range)| {
            lane.is_nullable >= is_nullable(key) && range.is_none_or(|range| lane.covers(range))
        })
    }

    /// Whether a single 64-bit lane is its own packed key.
    pub(super) fn is_plain_long(&self) -> bool {
        matches!(&self.lanes[..], [lane] if !lane.is_nullable && !lane.is_narrow && lane.bits == u64::BITS)
    }

    /// The packed keys of rows.
    pub(super) fn pack<K: PackedKey>(&self, lanes: &[Lane], row_count: usize) -> Vec<K> {
        let mut packed = vec![K::default(); row_count];
        for (lane, part) in lanes.iter().zip(&self.lanes) {
            if part.is_nullable {
                for (row, packed) in packed.iter_mut().enumerate() {
                    *packed = part.append_nullable(*packed, lane.value(row));
                }
                continue;
            }
            with_slice!(&lane.values, values => {
                for (packed, value) in packed.iter_mut().zip(values.iter()) {
                    *packed = part.append(*packed, value.widen());
                }
            }, constant value => {
                for packed in &mut packed {
                    *packed = part.append(*packed, value.unwrap_or(part.base));
                }
            });
        }
        packed
    }

    /// The packed key of a group.
    pub(super) fn pack_group<K: PackedKey>(&self, keys: &[KeyColumn], group: usize) -> K {
        let mut packed = K::default();
        for (key, part) in keys.iter().zip(&self.lanes) {
            packed = match part.is_nullable {
                true => part.append_nullable(packed, key.value(group)),
                false => part.append(packed, key.value(group).unwrap_or(part.base)),
            };
        }
        packed
    }
}

fn is_nullable(key: &KeyColumn) -> bool {
    key.has_nulls() && !key.gives_ids()
}

impl LaneBits {
    /// Takes no more bits than the values seen so far need, and some room.
    fn narrow(&mut self, key: &KeyColumn, range: Option<Range>, group_count: usize) {
        let known = (0..group_count).filter_map(|group| key.value(group));
        let known = known.map(|value| Range {
            minimum: value,
            maximum: value,
        });
        let Some(range) = range.into_iter().chain(known).reduce(Range::union) else {
            return;
        };
        let bits = u64::BITS - range.length().leading_zeros() + ROOM_BITS;
        if bits < self.bits {
            let room = ((1u64 << bits) - 1 - range.length()) / 2;
            self.base = range.minimum.wrapping_sub(room as i64);
            self.bits = bits;
            self.is_narrow = true;
        }
    }

    fn covers(&self, range: Range) -> bool {
        let distance = |value: i64| value.wrapping_sub(self.base) as u64;
        !self.is_narrow
            || distance(range.minimum) <= distance(range.maximum) && distance(range.maximum) >> self.bits == 0
    }

    #[inline(always)]
    fn append<K: PackedKey>(&self, packed: K, value: i64) -> K {
        packed.append(self.bits, value.wrapping_sub(self.base))
    }

    #[inline(always)]
    fn append_nullable<K: PackedKey>(&self, packed: K, value: Option<i64>) -> K {
        let packed = packed.append(1, i64::from(value.is_some()));
        self.append(packed, value.unwrap_or(self.base))
    }
}
