//! Loops over lanes that are not packed: extremes, runs, sums, comparisons. Written for the compiler to vectorize.

use super::packing::{Uninitialized, bits_of_bytes};
use crate::limits::VECTOR_ROWS;
use crate::vector::key::LaneValue;
use crate::vector::multiversion::{Kernel, dispatch};
use arrow_buffer::Buffer;

struct RunningSum<'a, O> {
    before: i64,
    steps: &'a [i64; VECTOR_ROWS],
    out: &'a mut Uninitialized<O>,
}

impl<O: LaneValue> Kernel for RunningSum<'_, O> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let mut sum = self.before;
        let (steps, _) = self.steps.as_chunks::<4>();
        let (places, _) = self.out.as_chunks_mut::<4>();
        // Within four steps the sums do not wait for one another.
        for (place, [a, b, c, d]) in places.iter_mut().zip(steps) {
            let ab = a.wrapping_add(*b);
            let cd = c.wrapping_add(*d);
            place[0].write(O::from_lane(sum.wrapping_add(*a)));
            place[1].write(O::from_lane(sum.wrapping_add(ab)));
            place[2].write(O::from_lane(sum.wrapping_add(ab.wrapping_add(*c))));
            sum = sum.wrapping_add(ab.wrapping_add(cd));
            place[3].write(O::from_lane(sum));
        }
    }
}

/// Every place: what was before plus all steps up to it.
pub(crate) fn running_sum<O: LaneValue>(before: i64, steps: &[i64; VECTOR_ROWS], out: &mut Uninitialized<O>) {
    dispatch(RunningSum { before, steps, out });
}

struct Extremes<'a>(&'a [i64]);

impl Kernel for Extremes<'_> {
    type Output = (i64, i64);
    #[inline(always)]
    fn run(self) -> (i64, i64) {
        let (mut minimum, mut maximum) = (i64::MAX, i64::MIN);
        for lane in self.0 {
            minimum = minimum.min(*lane);
            maximum = maximum.max(*lane);
        }
        (minimum, maximum)
    }
}

/// Least and greatest; of nothing `i64::MAX` and `i64::MIN`.
pub(crate) fn extremes(lanes: &[i64]) -> (i64, i64) {
    dispatch(Extremes(lanes))
}

struct RunCount<'a>(&'a [i64]);

impl Kernel for RunCount<'_> {
    type Output = usize;
    #[inline(always)]
    fn run(self) -> usize {
        let next = self.0.get(1..).unwrap_or_default();
        self.0
            .iter()
            .zip(next)
            .map(|(lane, next)| usize::from(lane != next))
            .sum()
    }
}

/// How many runs of one value.
pub(crate) fn run_count(lanes: &[i64]) -> usize {
    dispatch(RunCount(lanes)) + usize::from(!lanes.is_empty())
}

struct Largest<'a>(&'a [u32]);

impl Kernel for Largest<'_> {
    type Output = Option<u32>;
    #[inline(always)]
    fn run(self) -> Option<u32> {
        self.0.iter().copied().max()
    }
}

/// The largest code.
pub(crate) fn largest(codes: &[u32]) -> Option<u32> {
    dispatch(Largest(codes))
}

struct CodeExtremes<'a>(&'a [u32]);

impl Kernel for CodeExtremes<'_> {
    type Output = (u32, u32);
    #[inline(always)]
    fn run(self) -> (u32, u32) {
        let (mut least, mut greatest) = (u32::MAX, 0);
        for code in self.0 {
            least = least.min(*code);
            greatest = greatest.max(*code);
        }
        (least, greatest)
    }
}

/// Least and greatest code; of nothing `u32::MAX` and 0.
pub(crate) fn code_extremes(codes: &[u32]) -> (u32, u32) {
    dispatch(CodeExtremes(codes))
}

struct Within<'a> {
    lanes: &'a [i64; VECTOR_ROWS],
    low: i64,
    high: i64,
    out: &'a mut [u64; 16],
}

impl Kernel for Within<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let mut passes = [0u8; VECTOR_ROWS];
        for (pass, lane) in passes.iter_mut().zip(self.lanes) {
            *pass = u8::from(self.low <= *lane) & u8::from(*lane <= self.high);
        }
        bits_of_bytes(&passes, self.out);
    }
}

/// One bit per value: whether it lies from `low` to `high`.
pub(crate) fn within(lanes: &[i64; VECTOR_ROWS], low: i64, high: i64, out: &mut [u64; 16]) {
    dispatch(Within { lanes, low, high, out });
}

/// Words as bytes, the lowest first.
pub(super) fn words_buffer(words: Vec<u64>) -> Buffer {
    if cfg!(target_endian = "little") {
        return Buffer::from_vec(words);
    }
    Buffer::from_vec(words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::packing::{initialized, uninitialized};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn loops_are_what_they_say(seed: i64, shift in 0u32..64, before: i64, bounds: [i64; 2]) {
            let mut value = seed;
            let lanes: [i64; VECTOR_ROWS] = std::array::from_fn(|_| {
                value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                value >> shift
            });
            let mut sums = uninitialized::<i64>();
            running_sum(before, &lanes, &mut sums);
            // SAFETY: every place was written.
            let sums = unsafe { initialized(&sums) };
            let mut sum = before;
            for (step, found) in lanes.iter().zip(sums) {
                sum = sum.wrapping_add(*step);
                prop_assert_eq!(sum, *found);
            }
            prop_assert_eq!(extremes(&lanes), (*lanes.iter().min().unwrap(), *lanes.iter().max().unwrap()));
            prop_assert_eq!(run_count(&lanes), lanes.chunk_by(|left, right| left == right).count());
            let (low, high) = (bounds[0] >> shift, bounds[1] >> shift);
            let mut inside = [0u64; 16];
            within(&lanes, low, high, &mut inside);
            for (row, value) in lanes.iter().enumerate() {
                prop_assert_eq!(inside[row / 64] >> (row % 64) & 1 == 1, (low..=high).contains(value));
            }
            let codes = lanes.map(|lane| lane as u32);
            prop_assert_eq!(largest(&codes), codes.iter().copied().max());
            prop_assert_eq!(code_extremes(&codes), (*codes.iter().min().unwrap(), *codes.iter().max().unwrap()));
        }
    }
}
