//! A Bloom filter of a segment's values: whether a value may be there, wrong for about one absent value in a hundred, never for one
//! that is there. Split into blocks of 256 bits, so that a probe touches one cache line; of a block a value sets one bit in each of
//! eight words.
//!
//! ```text
//! bloom = block_count:u32 (word:u32 x 8)*
//! ```

use super::hash::{hash, hashes_of};
use crate::encoding::{Cursor, Decoded, malformed};
use crate::vector::filter::{BytesTest, KeyTest, Test};
use arrow_array::{Array, ArrayRef};

/// Bits per distinct value.
const BITS_PER_VALUE: usize = 10;
const BLOCK_BYTES: usize = 32;
/// Odd numbers that spread a hash over eight words, those of Parquet's filters.
const SALTS: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Visits the hash of each value of a plain array that is not NULL.
pub(crate) fn for_each_hash(array: &ArrayRef, mut visit: impl FnMut(u64)) {
    let hashes = hashes_of(array.as_ref()).into_iter().enumerate();
    let present = hashes.filter(|(row, _)| array.is_valid(*row));
    present.for_each(|(_, hash)| visit(hash));
}

/// The bit of each word.
#[inline]
fn mask(hash: u64) -> [u32; 8] {
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

#[inline]
fn block_of(hash: u64, block_count: usize) -> usize {
    (((hash >> 32) * block_count as u64) >> 32) as usize
}

/// A filter under construction.
pub(crate) struct Builder {
    blocks: Vec<[u8; BLOCK_BYTES]>,
}

impl Builder {
    /// For about so many distinct values.
    pub(crate) fn new(distinct_count: usize) -> Self {
        Builder::with_bits(distinct_count, BITS_PER_VALUE)
    }

    /// Likewise, with so many bits for each. Of absent values, 16 bits let one in a thousand pass.
    pub(crate) fn with_bits(distinct_count: usize, bits_per_value: usize) -> Self {
        let block_count = (distinct_count * bits_per_value).div_ceil(BLOCK_BYTES * 8).max(1);
        Builder {
            blocks: vec![[0; BLOCK_BYTES]; block_count],
        }
    }

    /// Adds a value by its hash.
    pub(crate) fn add(&mut self, hash: u64) {
        let place = block_of(hash, self.blocks.len());
        let (words, _) = self.blocks[place].as_chunks_mut::<4>();
        for (word, bit) in words.iter_mut().zip(mask(hash)) {
            *word = (u32::from_le_bytes(*word) | bit).to_le_bytes();
        }
    }

    /// The blocks, without their count.
    pub(crate) fn blocks(&self) -> &[u8] {
        self.blocks.as_flattened()
    }

    /// Appends the filter.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.blocks.len() as u32).to_le_bytes());
        out.extend_from_slice(self.blocks());
    }
}

/// A filter that was read.
pub(crate) struct Bloom<'a> {
    blocks: &'a [[u8; BLOCK_BYTES]],
}

impl<'a> Bloom<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let count = cursor.u32()? as usize;
        let blocks = cursor.take(count.saturating_mul(BLOCK_BYTES))?;
        cursor.end()?;
        Bloom::of_blocks(blocks)
    }

    /// Of blocks without their count.
    pub(crate) fn of_blocks(bytes: &'a [u8]) -> Decoded<Self> {
        match bytes.as_chunks() {
            (blocks @ [_, ..], []) => Ok(Bloom { blocks }),
            _ => malformed("a Bloom filter of no blocks"),
        }
    }

    fn has(&self, bytes: &[u8]) -> bool {
        self.has_hash(hash(bytes))
    }

    /// Whether a value of this hash may be there.
    #[inline]
    pub(crate) fn has_hash(&self, hash: u64) -> bool {
        let (words, _) = self.blocks[block_of(hash, self.blocks.len())].as_chunks::<4>();
        let mut both = words.iter().zip(mask(hash));
        both.all(|(word, bit)| u32::from_le_bytes(*word) & bit != 0)
    }

    /// Whether some value may pass a test; true for all but tests for being one of some values.
    pub(crate) fn may_contain(&self, test: &Test) -> bool {
        match test {
            Test::Lane(test) => any_key(test, |key| self.has(&key.to_le_bytes())),
            Test::Wide(test) => any_key(test, |key| self.has(&key.to_le_bytes())),
            Test::Bytes(BytesTest::In(values)) => values.iter().any(|value| self.has(value)),
            Test::Bytes(BytesTest::Range {
                lower: Some((lower, true)),
                upper: Some((upper, true)),
            }) if lower == upper => self.has(lower),
            _ => true,
        }
    }
}

fn any_key<K: PartialEq>(test: &KeyTest<K>, has: impl Fn(&K) -> bool) -> bool {
    match test {
        KeyTest::Range { low, high } if low == high => has(low),
        KeyTest::In(keys) => keys.iter().any(has),
        _ => true,
    }
}
