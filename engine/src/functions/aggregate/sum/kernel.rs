//! The loops over plain integers that sums spend their time in.

use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// Values whose sum is checked at once.
const CHUNK: usize = 1024;

/// Below this magnitude a chunk's sum fits 64 bits with room to spare.
const CHUNK_BIAS: i64 = 1 << 52;

/// The exact sum.
pub(super) fn sum_i64(values: &[i64]) -> i128 {
    dispatch(SumI64(values))
}

struct SumI64<'a>(&'a [i64]);

impl Kernel for SumI64<'_> {
    type Output = i128;

    #[inline(always)]
    fn run(self) -> i128 {
        let mut total = 0i128;
        for chunk in self.0.chunks(CHUNK) {
            let (sum, magnitude) = sum_and_magnitude(chunk, CHUNK_BIAS);
            total += match magnitude < 2 * CHUNK_BIAS as u64 {
                true => i128::from(sum),
                false => chunk.iter().map(|value| i128::from(*value)).sum(),
            };
        }
        total
    }
}

/// The wrapping sum, and the OR of all values plus a bias: below twice the bias if all values lie in `-bias .. bias`.
#[inline(always)]
fn sum_and_magnitude(values: &[i64], bias: i64) -> (i64, u64) {
    let mut sums = [0i64; 8];
    let mut bits = [0u64; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..8 {
            sums[lane] = sums[lane].wrapping_add(chunk[lane]);
            bits[lane] |= chunk[lane].wrapping_add(bias) as u64;
        }
    }
    let mut sum = sums.iter().fold(0i64, |sum, lane| sum.wrapping_add(*lane));
    let mut magnitude = bits.iter().fold(0, |bits, lane| bits | lane);
    for value in rest {
        sum = sum.wrapping_add(*value);
        magnitude |= value.wrapping_add(bias) as u64;
    }
    (sum, magnitude)
}

/// Magnitude of values that [`are_small`] lets pass.
pub(super) const SMALL: i64 = 1 << 40;

/// Whether all values lie in `-SMALL .. SMALL`.
pub(super) fn are_small(values: &[i64]) -> bool {
    dispatch(AreSmall(values))
}

struct AreSmall<'a>(&'a [i64]);

impl Kernel for AreSmall<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let bits = self
            .0
            .iter()
            .fold(0, |bits, value| bits | value.wrapping_add(SMALL) as u64);
        bits < 2 * SMALL as u64
    }
}

/// Whether all values lie in `-SMALL .. SMALL`.
pub(super) fn are_small_i128(values: &[i128]) -> bool {
    dispatch(AreSmallWide(values))
}

struct AreSmallWide<'a>(&'a [i128]);

impl Kernel for AreSmallWide<'_> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let bits = self
            .0
            .iter()
            .fold(0, |bits, value| bits | value.wrapping_add(i128::from(SMALL)) as u128);
        bits < 2 * SMALL as u128
    }
}

/// The exact sum, `None` beyond 128 bits.
pub(super) fn sum_i128(values: &[i128]) -> Option<i128> {
    let chunks = values.chunks(CHUNK).map(|chunk| match are_small_i128(chunk) {
        true => Some(i128::from(chunk.iter().map(|value| *value as i64).sum::<i64>())),
        false => chunk.iter().try_fold(0i128, |sum, value| sum.checked_add(*value)),
    });
    chunks.into_iter().try_fold(0i128, |sum, chunk| sum.checked_add(chunk?))
}

/// The exact sum of 32-bit values.
pub(super) fn sum_i32(values: &[i32]) -> i128 {
    dispatch(SumI32(values))
}

struct SumI32<'a>(&'a [i32]);

impl Kernel for SumI32<'_> {
    type Output = i128;

    #[inline(always)]
    fn run(self) -> i128 {
        // 2^31 values of 32 bits fit 64 bits; an array holds no more.
        let chunks = self.0.chunks(1 << 30);
        chunks
            .map(|chunk| i128::from(chunk.iter().map(|value| i64::from(*value)).sum::<i64>()))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_at_any_magnitude_and_length() {
        for length in [0, 1, 7, 8, 1023, 1024, 5000] {
            for magnitude in [1i64, 1 << 39, 1 << 40, 1 << 51, 1 << 52, i64::MAX] {
                let values: Vec<i64> = (0..length)
                    .map(|at: i64| at.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64) % magnitude)
                    .chain([magnitude, -magnitude, magnitude])
                    .collect();
                let expected: i128 = values.iter().map(|value| i128::from(*value)).sum();
                assert_eq!(sum_i64(&values), expected);
                let small = values.iter().all(|value| (-SMALL..SMALL).contains(value));
                assert_eq!(are_small(&values), small, "{magnitude}");
            }
            let values: Vec<i32> = (0..length).map(|at| i32::MAX - at as i32).collect();
            assert_eq!(
                sum_i32(&values),
                values.iter().map(|value| i128::from(*value)).sum::<i128>()
            );
        }
        assert_eq!(sum_i64(&[i64::MIN; 3]), 3 * i128::from(i64::MIN));
        let wide: Vec<i128> = (0..5000).map(|at| at - 70).chain([1 << 100, -(1 << 90)]).collect();
        assert_eq!(sum_i128(&wide), Some(wide.iter().sum()));
        assert_eq!(sum_i128(&[i128::MAX, 1]), None);
        assert!(are_small_i128(&wide[..5000]) && !are_small_i128(&wide));
    }
}
