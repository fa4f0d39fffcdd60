//! Sums as pairs of doubles: an addition is exact, or it is not made. The loops over rows, which tell what they did not add.
//!
//! The error of an addition is a double itself (D. E. Knuth, The Art of Computer Programming 2, 4.2.2). It is added to the second
//! number of the pair, and where that has no error the pair is the exact sum: of up to 106 bits, and of more with zeros between.

use super::Float;
use stoa_storage::vector::multiversion::Kernel;

/// A sum, and what it lacks.
pub(super) type Pair = [f64; 2];

/// The sum of no values. No other is a negative zero: values are taken in with positive ones.
pub(super) const ABSENT: Pair = [-0.0, 0.0];

/// Groups of so few are kept several times, so that rows next to each other need not wait for one another.
pub(super) const COPIES: usize = 4;

/// Values that are added in as many chains at once.
const LANES: usize = 16;

pub(super) fn is_present(pair: &Pair) -> bool {
    pair[0].to_bits() != ABSENT[0].to_bits()
}

/// The rounded sum and its error, which is NaN where the sum is not finite.
#[inline(always)]
pub(in crate::functions::aggregate) fn two_sum(left: f64, right: f64) -> (f64, f64) {
    let sum = left + right;
    let from_right = sum - left;
    let from_left = sum - from_right;
    (sum, (left - from_left) + (right - from_right))
}

/// Pairs with a value added to each, and whether all of them are exact. Step by step for all, which become wide instructions.
#[inline(always)]
fn added<const N: usize>(pairs: [Pair; N], values: [f64; N]) -> ([Pair; N], bool) {
    let (mut sums, mut is_exact) = (pairs, true);
    let (mut errors, mut rests) = ([0.0; N], [0.0; N]);
    for at in 0..N {
        // A negative zero becomes a positive one.
        (sums[at][0], errors[at]) = two_sum(pairs[at][0], values[at] + 0.0);
    }
    for at in 0..N {
        (sums[at][1], rests[at]) = two_sum(pairs[at][1], errors[at]);
    }
    for rest in rests {
        is_exact &= rest == 0.0;
    }
    (sums, is_exact)
}

/// Adds a value and tells whether that was exact; if not, it was not added.
#[inline(always)]
pub(super) fn add(pair: &mut Pair, value: f64) -> bool {
    let ([sum], is_exact) = added([*pair], [value]);
    if is_exact {
        *pair = sum;
    }
    is_exact
}

/// Adds each value to the sum of its group.
pub(super) struct AddRows<'a, T: Float> {
    pub(super) sums: &'a mut [Pair],
    pub(super) groups: &'a [u32],
    pub(super) values: &'a [T::Native],
    /// The places of values that were not added.
    pub(super) left_out: &'a mut Vec<usize>,
}

impl<T: Float> Kernel for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (groups, last_group) = self.groups.as_chunks::<2>();
        let (values, last_value) = self.values.as_chunks::<2>();
        for (at, (groups, values)) in groups.iter().zip(values).enumerate() {
            let [first, second] = groups.map(|group| group as usize);
            let values = values.map(T::widen);
            if first == second {
                for (next, value) in values.into_iter().enumerate() {
                    if !add(&mut self.sums[first], value) {
                        self.left_out.push(2 * at + next);
                    }
                }
                continue;
            }
            let (sums, is_exact) = added([self.sums[first], self.sums[second]], values);
            if !is_exact {
                self.left_out.extend([2 * at, 2 * at + 1]);
                continue;
            }
            [self.sums[first], self.sums[second]] = sums;
        }
        for (group, value) in last_group.iter().zip(last_value) {
            if !add(&mut self.sums[*group as usize], T::widen(*value)) {
                self.left_out.push(self.values.len() - 1);
            }
        }
    }
}

/// The same with copies of the sums: one for every place of a row among four.
pub(super) struct AddRowsToCopies<'a, T: Float> {
    pub(super) sums: &'a mut [[Pair; COPIES]],
    pub(super) groups: &'a [u32],
    pub(super) values: &'a [T::Native],
    pub(super) left_out: &'a mut Vec<usize>,
}

impl<T: Float> Kernel for AddRowsToCopies<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (groups, last_groups) = self.groups.as_chunks::<COPIES>();
        let (values, last_values) = self.values.as_chunks::<COPIES>();
        for (at, (groups, values)) in groups.iter().zip(values).enumerate() {
            let old = std::array::from_fn(|copy| self.sums[groups[copy] as usize][copy]);
            let (new, is_exact) = added(old, values.map(T::widen));
            if !is_exact {
                self.left_out.extend(at * COPIES..(at + 1) * COPIES);
                continue;
            }
            for (copy, new) in new.into_iter().enumerate() {
                self.sums[groups[copy] as usize][copy] = new;
            }
        }
        let first = self.values.len() - last_values.len();
        for (at, (group, value)) in last_groups.iter().zip(last_values).enumerate() {
            if !add(&mut self.sums[*group as usize][0], T::widen(*value)) {
                self.left_out.push(first + at);
            }
        }
    }
}

/// Adds up all values, as several sums; none where that is not exact.
pub(super) struct AddAll<'a, T: Float>(pub(super) &'a [T::Native]);

impl<T: Float> Kernel for AddAll<'_, T> {
    type Output = Option<[Pair; LANES]>;

    #[inline(always)]
    fn run(self) -> Option<[Pair; LANES]> {
        let (mut sums, mut lacking) = ([0.0; LANES], [0.0; LANES]);
        let mut rests = [0u64; LANES];
        let mut step = |values: [f64; LANES]| {
            for lane in 0..LANES {
                let (sum, error) = two_sum(sums[lane], values[lane]);
                let (low, rest) = two_sum(lacking[lane], error);
                (sums[lane], lacking[lane]) = (sum, low);
                // All bits but the sign's.
                rests[lane] |= rest.to_bits() << 1;
            }
        };
        let (chunks, last_values) = self.0.as_chunks::<LANES>();
        for values in chunks {
            step(values.map(T::widen));
        }
        let mut last = [0.0; LANES];
        for (last, value) in last.iter_mut().zip(last_values) {
            *last = T::widen(*value);
        }
        step(last);
        let is_exact = rests.iter().fold(0, |all, rest| all | rest) == 0;
        is_exact.then(|| std::array::from_fn(|lane| [sums[lane], lacking[lane]]))
    }
}
