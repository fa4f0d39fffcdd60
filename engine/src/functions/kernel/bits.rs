//! Bitmaps made of tests on slices, and bitmaps spread over the rows they were computed for.

use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// Bits of a word.
const WORD: usize = 64;

/// One bit per value: whether it passes.
#[inline]
pub(crate) fn test_each<T: Copy>(values: &[T], test: impl Fn(T) -> bool) -> BooleanBuffer {
    dispatch(TestEach { values, test })
}

struct TestEach<'a, T, F> {
    values: &'a [T],
    test: F,
}

impl<T: Copy, F: Fn(T) -> bool> Kernel for TestEach<'_, T, F> {
    type Output = BooleanBuffer;
    #[inline(always)]
    fn run(self) -> BooleanBuffer {
        let mut words: Vec<u64> = Vec::with_capacity(self.values.len().div_ceil(WORD));
        let chunks = self.values.chunks_exact(WORD);
        let rest = chunks.remainder();
        for chunk in chunks {
            let mut flags = [0u8; WORD];
            for (flag, value) in flags.iter_mut().zip(chunk) {
                *flag = u8::from((self.test)(*value));
            }
            words.push(pack(&flags));
        }
        if !rest.is_empty() {
            let mut flags = [0u8; WORD];
            for (flag, value) in flags.iter_mut().zip(rest) {
                *flag = u8::from((self.test)(*value));
            }
            words.push(pack(&flags));
        }
        BooleanBuffer::new(Buffer::from_vec(words), 0, self.values.len())
    }
}

/// One bit per pair of values: whether it passes.
#[inline]
pub(crate) fn test_pairs<T: Copy>(left: &[T], right: &[T], test: impl Fn(T, T) -> bool) -> BooleanBuffer {
    dispatch(TestPairs { left, right, test })
}

struct TestPairs<'a, T, F> {
    left: &'a [T],
    right: &'a [T],
    test: F,
}

impl<T: Copy, F: Fn(T, T) -> bool> Kernel for TestPairs<'_, T, F> {
    type Output = BooleanBuffer;
    #[inline(always)]
    fn run(self) -> BooleanBuffer {
        let length = self.left.len().min(self.right.len());
        let mut words: Vec<u64> = Vec::with_capacity(length.div_ceil(WORD));
        let (left, right) = (&self.left[..length], &self.right[..length]);
        for (left, right) in left.chunks(WORD).zip(right.chunks(WORD)) {
            let mut flags = [0u8; WORD];
            for ((flag, left), right) in flags.iter_mut().zip(left).zip(right) {
                *flag = u8::from((self.test)(*left, *right));
            }
            words.push(pack(&flags));
        }
        BooleanBuffer::new(Buffer::from_vec(words), 0, length)
    }
}

/// Sixty-four flags of 0 or 1 as a word, the first in the lowest bit.
#[inline(always)]
fn pack(flags: &[u8; WORD]) -> u64 {
    let mut word = 0;
    for (at, eight) in flags.chunks_exact(8).enumerate() {
        let mut bytes = [0u8; 8];
        bytes.copy_from_slice(eight);
        // The product moves the lowest bit of byte i to bit 56 + i; no two sums meet.
        let byte = u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= byte << (8 * at);
    }
    word
}

/// One bit per key: the bit of the table at that place. Keys beyond the table (below NULLs) give any bit.
pub(crate) fn look_up(table: &BooleanBuffer, keys: &[u32]) -> BooleanBuffer {
    let last = match table.len() {
        0 => return BooleanBuffer::new_unset(keys.len()),
        length => length - 1,
    };
    let set = table.count_set_bits();
    if set == 0 {
        return BooleanBuffer::new_unset(keys.len());
    }
    if set == table.len() {
        return BooleanBuffer::new_set(keys.len());
    }
    if set == 1
        && let Some(only) = table.set_indices().next()
    {
        let only = only as u32;
        return test_each(keys, |key| key == only);
    }
    if table.len() <= WORD {
        let mask = table.set_indices().fold(0u64, |mask, at| mask | 1 << at);
        return test_each(keys, |key| mask >> (key & 63) & 1 == 1);
    }
    let flags: Vec<bool> = table.iter().collect();
    test_each(keys, |key| flags[(key as usize).min(last)])
}

/// The bits of the rows of `within`, put where those rows stand: one bit per row of `within`, unset where that is.
pub(crate) fn spread(bits: &BooleanBuffer, within: &BooleanBuffer) -> BooleanBuffer {
    let mut words = Vec::with_capacity(within.len().div_ceil(WORD));
    let mut source = BitReader::new(bits);
    let chunks = within.bit_chunks();
    for mask in chunks.iter().chain(std::iter::once(chunks.remainder_bits())) {
        words.push(deposit(source.take(mask.count_ones() as usize), mask));
    }
    BooleanBuffer::new(Buffer::from_vec(words), 0, within.len())
}

/// The lowest bits of `bits`, put where `mask` is set.
#[inline]
fn deposit(mut bits: u64, mut mask: u64) -> u64 {
    if mask == u64::MAX {
        return bits;
    }
    let mut word = 0;
    while mask != 0 && bits != 0 {
        let lowest = mask & mask.wrapping_neg();
        if bits & 1 == 1 {
            word |= lowest;
        }
        bits >>= 1;
        mask ^= lowest;
    }
    word
}

struct BitReader {
    words: Vec<u64>,
    at: usize,
}

impl BitReader {
    fn new(bits: &BooleanBuffer) -> Self {
        let chunks = bits.bit_chunks();
        let mut words: Vec<u64> = chunks.iter().collect();
        words.push(chunks.remainder_bits());
        words.push(0);
        BitReader { words, at: 0 }
    }

    /// The next `count` bits, at most 64.
    #[inline]
    fn take(&mut self, count: usize) -> u64 {
        if count == 0 {
            return 0;
        }
        let (word, offset) = (self.at / WORD, self.at % WORD);
        self.at += count;
        let low = self.words.get(word).copied().unwrap_or(0) >> offset;
        let bits = match offset {
            0 => low,
            _ => low | self.words.get(word + 1).copied().unwrap_or(0) << (WORD - offset),
        };
        match count {
            WORD => bits,
            _ => bits & ((1 << count) - 1),
        }
    }
}

/// Truth values of rows: bits, arbitrary where NULL.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) bits: BooleanBuffer,
    pub(crate) nulls: Option<NullBuffer>,
}

impl Truth {
    /// Truth values without NULL.
    pub(crate) fn known(bits: BooleanBuffer) -> Self {
        Truth { bits, nulls: None }
    }

    /// NULL in every row.
    pub(crate) fn unknown(row_count: usize) -> Self {
        Truth {
            bits: BooleanBuffer::new_unset(row_count),
            nulls: (row_count > 0).then(|| NullBuffer::new_null(row_count)),
        }
    }

    /// The rows in which this is true (`wanted`) or false, not NULL.
    pub(crate) fn rows(&self, wanted: bool) -> BooleanBuffer {
        match (&self.nulls, wanted) {
            (None, true) => self.bits.clone(),
            (None, false) => !&self.bits,
            (Some(nulls), true) => &self.bits & nulls.inner(),
            (Some(nulls), false) => &!&self.bits & nulls.inner(),
        }
    }

    /// The rows in which this is NULL; `None` where it never is.
    pub(crate) fn unknown_rows(&self) -> Option<BooleanBuffer> {
        self.nulls.as_ref().map(|nulls| !nulls.inner())
    }

    /// As an array.
    pub(crate) fn into_array(self) -> arrow_array::BooleanArray {
        arrow_array::BooleanArray::new(self.bits, self.nulls)
    }

    /// Of an array.
    pub(crate) fn of(array: &arrow_array::BooleanArray) -> Self {
        use arrow_array::Array;
        Truth {
            bits: array.values().clone(),
            nulls: array.nulls().filter(|nulls| nulls.null_count() > 0).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> BooleanBuffer {
        text.bytes().map(|byte| byte == b'1').collect()
    }

    #[test]
    fn tests_agree_with_a_plain_loop() {
        for length in [0, 1, 63, 64, 65, 128, 1000] {
            let values: Vec<i32> = (0..length).map(|at| (at * 7919) % 101).collect();
            let expected: BooleanBuffer = values.iter().map(|value| *value < 50).collect();
            assert_eq!(test_each(&values, |value| value < 50), expected);
            let others: Vec<i32> = values.iter().rev().copied().collect();
            let expected: BooleanBuffer = values.iter().zip(&others).map(|(left, right)| left < right).collect();
            assert_eq!(test_pairs(&values, &others, |left, right| left < right), expected);
        }
    }

    #[test]
    fn look_up_in_small_and_large_tables() {
        for (size, step) in [(3usize, 2), (3, 5), (64, 3), (65, 2), (300, 7), (1, 1)] {
            let table: BooleanBuffer = (0..size).map(|at| at % step == 1).collect();
            let keys: Vec<u32> = (0..500).map(|at| (at * 31 % size) as u32).collect();
            let expected: BooleanBuffer = keys.iter().map(|key| table.value(*key as usize)).collect();
            assert_eq!(look_up(&table, &keys), expected, "{size} {step}");
        }
    }

    #[test]
    fn spread_puts_bits_where_their_rows_stand() {
        assert_eq!(spread(&bits("101"), &bits("0110010")), bits("0100010"));
        let within: BooleanBuffer = (0..1000).map(|at| at % 3 != 0 || at < 200).collect();
        let inner: BooleanBuffer = (0..within.count_set_bits()).map(|at| at % 5 < 2).collect();
        let mut at = 0;
        let expected: BooleanBuffer = within
            .iter()
            .map(|inside| {
                at += usize::from(inside);
                inside && inner.value(at - 1)
            })
            .collect();
        assert_eq!(spread(&inner, &within), expected);
        let shifted = within.slice(7, 900);
        let count = shifted.count_set_bits();
        assert_eq!(
            spread(&inner.slice(3, count), &shifted).count_set_bits(),
            inner.slice(3, count).count_set_bits()
        );
    }
}
