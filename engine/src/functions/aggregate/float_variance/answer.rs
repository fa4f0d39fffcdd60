//! A variance from exact sums of powers: the double nearest to the quotient. Pairs of doubles give it where they are certain of the
//! rounding, and whole numbers of any length elsewhere; both give the same, which one answers is only a matter of time.

use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::sum::{Parts, two_sum};
use crate::functions::aggregate::variance::Wanted;
use num_bigint::{BigInt, BigUint};

/// What is known of a group that has values.
pub(super) struct PowerSums {
    pub(super) count: i64,
    pub(super) sum: Parts,
    /// Of squares as doubles.
    pub(super) squares: Parts,
    /// Of what those lack.
    pub(super) errors: Parts,
}

/// The smallest double is 2 to the minus this.
const UNIT_BITS: usize = 1074;
/// Bits below the smallest double that a quotient is computed with.
const GUARD_BITS: usize = 66;
const FRACTION_BITS: u64 = 52;
const INFINITE_BITS: u64 = 0x7ff << FRACTION_BITS;

impl PowerSums {
    /// The answer. A deviation is the rounded root of the rounded variance.
    ///
    /// # Errors
    /// 22003: a square or the variance is beyond the doubles.
    pub(super) fn answer(&self, wanted: Wanted) -> Result<Option<f64>> {
        let divisor = self.count - i64::from(wanted.is_sample);
        if divisor <= 0 {
            return Ok(None);
        }
        if !self.sum.nearest.is_finite() && !self.sum.is_overflow() {
            return Ok(Some(f64::NAN));
        }
        let variance = match self.count {
            1 => 0.0,
            _ if !self.squares.nearest.is_finite() && !self.squares.is_overflow() => f64::INFINITY,
            _ => self.by_pairs(divisor).unwrap_or_else(|| self.by_integers(divisor)),
        };
        if variance.is_infinite() {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "value out of range: overflow",
            ));
        }
        Ok(Some(if wanted.is_root { variance.sqrt() } else { variance }))
    }

    /// By pairs of doubles, as in T. J. Dekker, "A floating-point technique for extending the available precision" (1971); `None` where
    /// what they may be wrong by could change the rounding (A. Ziv, "Fast evaluation of elementary mathematical functions", 1991).
    pub(super) fn by_pairs(&self, divisor: i64) -> Option<f64> {
        const COUNT_MAX: i64 = 1 << 53;
        // Each of the few steps is wrong by less than 2^-100 of the largest number.
        const ERROR: f64 = 1.0 / (1u128 << 96) as f64;
        let parts = [&self.sum, &self.squares, &self.errors];
        if !parts.iter().all(|parts| parts.is_pair()) || self.count >= COUNT_MAX {
            return None;
        }
        let [sum, squares, errors] = parts.map(|parts| Pair(parts.nearest, parts.missing));
        let count = Pair(self.count as f64, 0.0);
        let squares = squares.plus(errors).times(count);
        // Far from where products lose bits.
        if !(1e-180..1e270).contains(&squares.0) {
            return None;
        }
        let square = sum.times(sum);
        let denominator = count.times(Pair(divisor as f64, 0.0));
        let Pair(nearest, missing) = squares.plus(Pair(-square.0, -square.1)).over(denominator);
        let error = squares.0 / denominator.0 * ERROR;
        let is_certain = nearest > 0.0
            && [missing - error, missing + error]
                .iter()
                .all(|rest| nearest + rest == nearest);
        is_certain.then_some(nearest)
    }

    /// By whole numbers, `(count * squares - sum^2) / (count * divisor)`.
    pub(super) fn by_integers(&self, divisor: i64) -> f64 {
        let sum = self.sum.integer();
        let squares = self.squares.integer() + self.errors.integer();
        let numerator: BigInt = ((squares * self.count) << UNIT_BITS) - &sum * &sum;
        // Rounded squares may come to less than they are: to nothing, then.
        let Some(numerator) = numerator.to_biguint() else {
            return 0.0;
        };
        let denominator = BigUint::from(self.count.unsigned_abs()) * divisor.unsigned_abs();
        let dropped = UNIT_BITS - GUARD_BITS;
        let is_cut = numerator.trailing_zeros().is_some_and(|zeros| zeros < dropped as u64);
        let numerator = numerator >> dropped;
        let quotient = &numerator / &denominator;
        let is_cut = is_cut || &quotient * &denominator != numerator;
        nearest(&quotient, is_cut)
    }
}

/// The double nearest to a number in units of [`GUARD_BITS`] below the smallest double, and a bit more where something was cut off.
fn nearest(number: &BigUint, is_cut: bool) -> f64 {
    let guard = GUARD_BITS as u64;
    let dropped = number.bits().saturating_sub(FRACTION_BITS + 1).max(guard);
    let kept = u64::try_from(number >> dropped).unwrap_or(u64::MAX);
    let half = number.bit(dropped - 1);
    let is_more = is_cut || number.trailing_zeros().is_some_and(|zeros| zeros < dropped - 1);
    let rounds_up = half && (is_more || kept & 1 == 1);
    // The implicit bit adds one to the exponent, as a carry out of the fraction does.
    let bits = (dropped - guard)
        .saturating_mul(1 << FRACTION_BITS)
        .saturating_add(kept);
    f64::from_bits(bits.saturating_add(u64::from(rounds_up)).min(INFINITE_BITS))
}

/// A number as the sum of two doubles, the second no larger than the rounding of the first.
#[derive(Clone, Copy)]
struct Pair(f64, f64);

impl Pair {
    fn of((high, low): (f64, f64)) -> Self {
        Pair(high, low)
    }

    fn plus(self, other: Pair) -> Self {
        let (high, error) = two_sum(self.0, other.0);
        let (low, rest) = two_sum(self.1, other.1);
        let Pair(high, low) = Pair::of(two_sum(high, error + low));
        Pair::of(two_sum(high, low + rest))
    }

    fn times(self, other: Pair) -> Self {
        let product = self.0 * other.0;
        let error = self.0.mul_add(other.0, -product) + (self.0 * other.1 + self.1 * other.0);
        Pair::of(two_sum(product, error))
    }

    fn over(self, other: Pair) -> Self {
        let mut rest = self;
        let quotients = [(); 3].map(|()| {
            let quotient = rest.0 / other.0;
            let product = other.times(Pair(quotient, 0.0));
            rest = rest.plus(Pair(-product.0, -product.1));
            quotient
        });
        Pair::of(two_sum(quotients[0], quotients[1])).plus(Pair(quotients[2], 0.0))
    }
}
