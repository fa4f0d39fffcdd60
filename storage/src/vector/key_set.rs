//! A set of the values of many rows, for testing many others against: all that are in it pass, and few others. Holds no values to read.
//!
//! Values that lie close together have a bit each, and nothing else passes. Others go into a Bloom filter whose blocks are single words,
//! so that a test reads one of them: Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2009).

use super::key::{Domain, domain_of, lane_keys};
use super::multiversion::{Kernel, dispatch};
use arrow_array::{Array, ArrayRef};

/// The set. Of columns whose values compare as 64-bit integers: numbers up to 18 digits, dates, times.
#[derive(Debug)]
pub struct KeySet {
    minimum: i64,
    maximum: i64,
    members: Members,
}

#[derive(Debug)]
enum Members {
    /// A bit per value from the smallest to the largest.
    Bits(Vec<u64>),
    /// Words in which each value sets [`BITS_SET`] bits.
    Hashed(Vec<u64>),
}

/// Bits that a value may take where each has one of its own.
const SPREAD_BITS_MAX: u64 = 16;
/// Bits that are few enough for any number of values: half of a second-level cache, and a test costs a third of a hash.
const SMALL_BITS: u64 = 1 << 22;
/// Bits per value of a Bloom filter.
const HASHED_BITS: usize = 12;

impl KeySet {
    /// Of the values of plain arrays of one type; NULL is none of them. `None` where the type's values are no 64-bit integers, where there
    /// are no values, and where nearly every value between the smallest and the largest is there, so that their range says as much.
    pub fn of(arrays: &[ArrayRef]) -> Option<Self> {
        let is_lane = |array: &ArrayRef| domain_of(array.data_type()) == Some(Domain::Lane);
        if !arrays.iter().all(is_lane) {
            return None;
        }
        let (mut minimum, mut maximum, mut count) = (i64::MAX, i64::MIN, 0);
        for_each_key(arrays, |key| {
            (minimum, maximum, count) = (minimum.min(key), maximum.max(key), count + 1);
        });
        if count == 0 {
            return None;
        }
        let span = maximum.wrapping_sub(minimum) as u64;
        let members = match span < SMALL_BITS.max(count as u64 * SPREAD_BITS_MAX) {
            true => {
                let mut bits = vec![0u64; span as usize / 64 + 1];
                for_each_key(arrays, |key| {
                    let place = key.wrapping_sub(minimum) as u64;
                    bits[(place / 64) as usize] |= 1 << (place % 64);
                });
                let present: u64 = bits.iter().map(|word| u64::from(word.count_ones())).sum();
                if present > span - span / 8 {
                    return None;
                }
                Members::Bits(bits)
            }
            false => {
                let mut words = vec![0u64; (count * HASHED_BITS).div_ceil(64)];
                for_each_key(arrays, |key| {
                    let (place, mask) = hashed(key, words.len());
                    words[place as usize] |= mask;
                });
                Members::Hashed(words)
            }
        };
        Some(KeySet {
            minimum,
            maximum,
            members,
        })
    }

    /// Whether a value passes.
    #[inline]
    pub(crate) fn passes(&self, key: i64) -> bool {
        match &self.members {
            Members::Bits(bits) => BitTest {
                bits,
                minimum: self.minimum,
            }
            .one(key),
            Members::Hashed(words) => HashTest { words }.one(key),
        }
    }

    /// For each 64 values a word with the bits of those that pass. Values of which no bit of `wanted` is set need not be looked at.
    pub(crate) fn passing(&self, keys: &[[i64; 64]], wanted: impl Fn(usize) -> u64, passing: &mut [u64]) {
        let groups = keys.iter().enumerate().map(|(at, keys)| (keys, wanted(at)));
        match &self.members {
            Members::Bits(bits) => dispatch(Words {
                groups,
                passing,
                test: BitTest {
                    bits,
                    minimum: self.minimum,
                },
            }),
            Members::Hashed(words) => dispatch(Words {
                groups,
                passing,
                test: HashTest { words },
            }),
        }
    }

    /// The smallest and the largest value.
    pub(crate) fn bounds(&self) -> (i64, i64) {
        (self.minimum, self.maximum)
    }
}

/// Wanted values of 64 up to which they are looked at one by one.
const FEW_WANTED: u32 = 16;

struct Words<'a, G, T> {
    groups: G,
    passing: &'a mut [u64],
    test: T,
}

impl<'k, G: Iterator<Item = (&'k [i64; 64], u64)>, T: Test> Kernel for Words<'_, G, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (word, (keys, wanted)) in self.passing.iter_mut().zip(self.groups) {
            *word = match wanted.count_ones() {
                0..=FEW_WANTED => few(keys, wanted, &self.test),
                _ => self.test.all(keys),
            };
        }
    }
}

#[inline(always)]
fn few(keys: &[i64; 64], mut wanted: u64, test: &impl Test) -> u64 {
    let mut word = 0;
    while wanted != 0 {
        let place = wanted.trailing_zeros() as usize;
        word |= u64::from(test.one(keys[place])) << place;
        wanted &= wanted - 1;
    }
    word
}

/// Whether values pass. All of it is `#[inline(always)]`, as what a [`Kernel`] calls must be.
trait Test {
    fn one(&self, key: i64) -> bool;
    fn all(&self, keys: &[i64; 64]) -> u64;
}

struct BitTest<'a> {
    bits: &'a [u64],
    minimum: i64,
}

impl Test for BitTest<'_> {
    #[inline(always)]
    fn one(&self, key: i64) -> bool {
        let place = key.wrapping_sub(self.minimum) as u64;
        let word = self.bits.get((place / 64) as usize).copied().unwrap_or(0);
        word >> (place % 64) & 1 == 1
    }

    #[inline(always)]
    fn all(&self, keys: &[i64; 64]) -> u64 {
        let mut passing = [false; 64];
        for (passing, key) in passing.iter_mut().zip(keys) {
            *passing = self.one(*key);
        }
        bits_of(&passing)
    }
}

struct HashTest<'a> {
    words: &'a [u64],
}

impl Test for HashTest<'_> {
    #[inline(always)]
    fn one(&self, key: i64) -> bool {
        let (place, mask) = hashed(key, self.words.len());
        self.words[place as usize] & mask == mask
    }

    /// First all hashes, several per instruction, then the words.
    #[inline(always)]
    fn all(&self, keys: &[i64; 64]) -> u64 {
        let (mut places, mut masks) = ([0u64; 64], [0u64; 64]);
        for ((key, place), mask) in keys.iter().zip(&mut places).zip(&mut masks) {
            (*place, *mask) = hashed(*key, self.words.len());
        }
        let mut passing = [false; 64];
        for ((place, mask), passing) in places.iter().zip(&masks).zip(&mut passing) {
            *passing = self.words.get(*place as usize).copied().unwrap_or(0) & mask == *mask;
        }
        bits_of(&passing)
    }
}

/// A word of 64 answers.
#[inline(always)]
fn bits_of(passing: &[bool; 64]) -> u64 {
    let (eights, _) = passing.as_chunks::<8>();
    let mut word = 0;
    for (at, eight) in eights.iter().enumerate() {
        let byte = u64::from_le_bytes(eight.map(u8::from)).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= byte << (8 * at);
    }
    word
}

fn for_each_key(arrays: &[ArrayRef], mut visit: impl FnMut(i64)) {
    for array in arrays {
        let keys = lane_keys(array.as_ref()).unwrap_or_default();
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => keys.iter().for_each(|key| visit(*key)),
            Some(nulls) => nulls.valid_indices().for_each(|row| visit(keys[row])),
        }
    }
}

/// Odd constants of 32 bits without structure.
const MIX: [u64; 3] = [0x9e37_79b1, 0x85eb_ca6b, 0xc2b2_ae35];

/// The word of a value, and its four bits there. Multiplies 32 bits by 32 only, which processors do for several values at once.
#[inline(always)]
fn hashed(key: i64, word_count: usize) -> (u64, u64) {
    const LOW: u64 = 0xffff_ffff;
    let hash = ((key as u64 & LOW) * MIX[0]).wrapping_add((key as u64 >> 32) * MIX[1]);
    // A product's lower half has its bits from all over the key.
    let place = ((hash & LOW) * (word_count as u64 & LOW)) >> 32;
    let bits = ((hash ^ hash >> 32) & LOW) * MIX[2];
    let mask = 1 << (bits >> 26 & 63) | 1 << (bits >> 20 & 63) | 1 << (bits >> 14 & 63) | 1 << (bits >> 8 & 63);
    (place, mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, Int64Array, StringViewArray};
    use std::sync::Arc;

    fn set(values: Vec<i64>) -> Option<KeySet> {
        KeySet::of(&[Arc::new(Int64Array::from(values))])
    }

    #[test]
    fn every_value_passes_and_few_others() {
        for step in [3, 97, 1 << 12, 1 << 20, (1 << 32) + 1, 1 << 40, 1_000_000_007] {
            let set = set((-5_000..5_000).map(|place| place * step).collect()).unwrap();
            let others = (-5_000..5_000).filter(|place| set.passes(place * step + 1)).count();
            assert!((-5_000..5_000).all(|place| set.passes(place * step)));
            let has_hashes = matches!(set.members, Members::Hashed(_));
            assert!(
                others < if has_hashes { 250 } else { 1 },
                "{others} for steps of {step}"
            );
            assert_eq!(set.bounds(), (-5_000 * step, 4_999 * step));
        }
        let ends = set(vec![i64::MIN, i64::MAX, 0]).unwrap();
        assert!(ends.passes(i64::MIN) && ends.passes(i64::MAX) && ends.passes(0));
    }

    #[test]
    fn many_at_once_pass_as_one_does() {
        for step in [3, 1 << 40] {
            let set = set((0..5_000).map(|place| place * step).collect()).unwrap();
            let keys: Vec<[i64; 64]> = (0..80)
                .map(|group| std::array::from_fn(|at| (group * 64 + at as i64) * step / 2))
                .collect();
            for wanted in [u64::MAX, 0b1011] {
                let mut passing = vec![0; keys.len()];
                set.passing(&keys, |_| wanted, &mut passing);
                for (keys, word) in keys.iter().zip(&passing) {
                    let each = (0..64).fold(0, |word, at| word | u64::from(set.passes(keys[at])) << at);
                    assert_eq!(word & wanted, each & wanted);
                }
            }
        }
    }

    #[test]
    fn what_a_range_says_as_well_is_no_set() {
        assert!(set((0..1_000).collect()).is_none());
        assert!(set(Vec::new()).is_none());
        assert!(KeySet::of(&[Arc::new(StringViewArray::from(vec!["a"]))]).is_none());
        let nulls: ArrayRef = Arc::new(Date32Array::from(vec![None, Some(7), Some(90)]));
        let set = KeySet::of(&[nulls]).unwrap();
        assert!(set.passes(7) && !set.passes(0) && !set.passes(8));
    }
}
