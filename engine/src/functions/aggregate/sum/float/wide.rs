//! An exact sum of any doubles: one whole number, in units of the smallest double. It never rounds before it is asked to.
//!
//! The idea is the small superaccumulator of R. M. Neal, "Fast exact summation using small and large superaccumulators" (2015), with
//! carries made at once: here it holds only what pairs of doubles have no room for.

use num_bigint::BigInt;

/// 2046 places for the exponents, 53 bits of the largest value and 77 for the sign and the number of values.
const LIMBS: usize = 34;
const BYTES: usize = LIMBS * 8;

const FRACTION_BITS: u32 = 52;
const EXPONENT_MASK: u64 = 0x7ff;
const IMPLICIT_BIT: u64 = 1 << FRACTION_BITS;
const INFINITE_BITS: u64 = EXPONENT_MASK << FRACTION_BITS;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WideSum {
    /// Two's complement, the lowest bits first.
    limbs: [u64; LIMBS],
}

impl Default for WideSum {
    fn default() -> Self {
        WideSum { limbs: [0; LIMBS] }
    }
}

impl WideSum {
    /// Adds a finite value.
    pub(super) fn add(&mut self, value: f64) {
        debug_assert!(value.is_finite());
        let bits = value.to_bits();
        let fraction = bits & (IMPLICIT_BIT - 1);
        let (mantissa, place) = match bits >> FRACTION_BITS & EXPONENT_MASK {
            0 => (fraction, 0),
            exponent => (fraction | IMPLICIT_BIT, exponent as usize - 1),
        };
        let sign = (bits as i64 >> 63) as u64;
        let number = u128::from(mantissa) << (place % 64);
        let number = match sign {
            0 => number,
            _ => number.wrapping_neg(),
        };
        // A negative zero is two limbs of zeros and no sign.
        let sign = if mantissa == 0 { 0 } else { sign };
        self.add_limbs(place / 64, [number as u64, (number >> 64) as u64], sign);
    }

    /// Adds two limbs at a place, and their sign's bits to all above.
    #[inline(always)]
    fn add_limbs(&mut self, place: usize, number: [u64; 2], sign: u64) {
        let mut carry = false;
        for (at, limb) in self.limbs[place..].iter_mut().enumerate() {
            // Above the number, bits of a sign and a carry come to nothing, and so do neither of them.
            if at >= number.len() && carry == (sign != 0) {
                break;
            }
            let summand = number.get(at).copied().unwrap_or(sign);
            (*limb, carry) = limb.carrying_add(summand, carry);
        }
    }

    /// Adds another sum.
    fn add_sum(&mut self, other: &WideSum) {
        let mut carry = false;
        for (limb, summand) in self.limbs.iter_mut().zip(&other.limbs) {
            (*limb, carry) = limb.carrying_add(*summand, carry);
        }
    }

    fn is_negative(&self) -> bool {
        self.limbs[LIMBS - 1] >> 63 == 1
    }

    fn magnitude(&self) -> [u64; LIMBS] {
        let mut magnitude = self.limbs;
        if self.is_negative() {
            let mut carry = true;
            for limb in &mut magnitude {
                (*limb, carry) = (!*limb).overflowing_add(u64::from(carry));
            }
        }
        magnitude
    }

    /// The nearest double, the even one of two; infinite beyond the largest one. Zero is positive.
    pub(super) fn nearest(&self) -> f64 {
        let magnitude = self.magnitude();
        let Some(top) = magnitude.iter().rposition(|limb| *limb != 0) else {
            return 0.0;
        };
        let top_bit = top * 64 + 63 - magnitude[top].leading_zeros() as usize;
        let dropped = top_bit.saturating_sub(FRACTION_BITS as usize);
        let (kept, half, is_more) = split_at(&magnitude, dropped);
        let rounds_up = half && (is_more || kept & 1 == 1);
        // The implicit bit adds one to the exponent, as a carry out of the fraction does.
        let bits = ((dropped as u64) << FRACTION_BITS) + kept + u64::from(rounds_up);
        let sign = u64::from(self.is_negative()) << 63;
        f64::from_bits(bits.min(INFINITE_BITS) | sign)
    }

    /// The nearest double and the double that is nearest to what it lacks; what both lack stays.
    pub(super) fn split(&mut self) -> (f64, f64) {
        let nearest = self.nearest();
        if nearest.is_infinite() {
            return (nearest, 0.0);
        }
        self.add(-nearest);
        let missing = self.nearest();
        self.add(-missing);
        (nearest, missing)
    }

    /// As a whole number, in units of the smallest double.
    pub(super) fn integer(&self) -> BigInt {
        let bytes: Vec<u8> = self.limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        BigInt::from_signed_bytes_le(&bytes)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.iter().all(|limb| *limb == 0)
    }

    /// As bytes, the same for the same sum: the place of the lowest byte that is not zero (16 bits, the lower ones first), and from there
    /// the number in two's complement, the lowest byte first, no longer than its sign needs.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let bytes: Vec<u8> = self.limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
        let fill = if self.is_negative() { u8::MAX } else { 0 };
        let end = bytes.iter().rposition(|byte| *byte != fill).map_or(0, |last| last + 1);
        let mut end = end.max(start + 1);
        if (bytes[end - 1] ^ fill) >> 7 == 1 {
            end += 1;
        }
        let place = (start as u16).to_le_bytes();
        place.iter().chain(&bytes[start..end]).copied().collect()
    }

    /// Adds what [`Self::encoded`] gave; `None` for other bytes.
    pub(super) fn add_encoded(&mut self, encoded: &[u8]) -> Option<()> {
        let (place, number) = encoded.split_first_chunk()?;
        let place = usize::from(u16::from_le_bytes(*place));
        let fill = if number.last()? >> 7 == 1 { u8::MAX } else { 0 };
        let mut bytes = [fill; BYTES];
        bytes.get_mut(..place)?.fill(0);
        bytes.get_mut(place..place + number.len())?.copy_from_slice(number);
        let mut other = WideSum::default();
        for (limb, bytes) in other.limbs.iter_mut().zip(bytes.as_chunks().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        self.add_sum(&other);
        Some(())
    }
}

/// 64 bits from a place on, the bit below them, and whether any is set below that.
fn split_at(limbs: &[u64; LIMBS], place: usize) -> (u64, bool, bool) {
    let limb = |at: usize| limbs.get(at).copied().unwrap_or(0);
    let (at, shift) = (place / 64, place % 64);
    let both = u128::from(limb(at)) | u128::from(limb(at + 1)) << 64;
    let kept = (both >> shift) as u64;
    let Some(below) = place.checked_sub(1) else {
        return (kept, false, false);
    };
    let (at, shift) = (below / 64, below % 64);
    let half = limb(at) >> shift & 1 == 1;
    let is_more = limb(at) & ((1 << shift) - 1) != 0 || limbs[..at].iter().any(|limb| *limb != 0);
    (kept, half, is_more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> WideSum {
        let mut sum = WideSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum
    }

    #[test]
    fn one_double_comes_back() {
        let tiny = f64::from_bits(1);
        for value in [0.0, tiny, 3.0 * tiny, f64::MIN_POSITIVE, 0.1, 1.0, 1e300, f64::MAX] {
            assert_eq!(sum(&[value]).nearest().to_bits(), value.to_bits());
            assert_eq!(sum(&[-value]).nearest(), -value);
            assert!(sum(&[value, -value]).is_zero());
        }
        assert_eq!(sum(&[-0.0]).nearest().to_bits(), 0);
    }

    #[test]
    fn ties_go_to_the_even_one_and_anything_more_does_not() {
        let (one, half, tiny) = (1.0, f64::EPSILON / 2.0, f64::from_bits(1));
        assert_eq!(sum(&[one, half]).nearest(), 1.0);
        assert_eq!(sum(&[one, half, tiny]).nearest(), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[one, f64::EPSILON, half]).nearest(), 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(sum(&[one, f64::EPSILON, half, -tiny]).nearest(), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[-one, -half, -tiny]).nearest(), -1.0 - f64::EPSILON);
        // A mantissa of ones carries into the exponent.
        assert_eq!(sum(&[2.0, -half, half / 2.0, tiny]).nearest(), 2.0);
        let half_of_last = 2f64.powi(970);
        assert_eq!(sum(&[f64::MAX, half_of_last, -tiny]).nearest(), f64::MAX);
        assert_eq!(sum(&[f64::MAX, half_of_last]).nearest(), f64::INFINITY);
        assert_eq!(sum(&[-f64::MAX, -f64::MAX, -f64::MAX]).nearest(), f64::NEG_INFINITY);
    }

    #[test]
    fn bytes_are_short_and_come_back() {
        let tiny = f64::from_bits(1);
        let sums: [&[f64]; 10] = [
            &[],
            &[tiny],
            &[-tiny],
            &[128.0 * tiny],
            &[-128.0 * tiny],
            &[255.0 * tiny],
            &[-255.0 * tiny],
            &[f64::MAX, f64::MAX, tiny],
            &[-f64::MAX, -f64::MAX, tiny],
            &[1e-300, 1.0, -1e300],
        ];
        for values in sums {
            let encoded = sum(values).encoded();
            let mut again = WideSum::default();
            assert_eq!(again.add_encoded(&encoded), Some(()));
            assert_eq!(again, sum(values));
        }
        assert_eq!(sum(&[tiny]).encoded(), [0, 0, 1]);
        assert_eq!(sum(&[-tiny]).encoded(), [0, 0, 0xff]);
        assert_eq!(sum(&[-256.0 * tiny]).encoded(), [1, 0, 0xff]);
        assert_eq!(sum(&[255.0 * tiny]).encoded(), [0, 0, 0xff, 0]);
        for wrong in [&[][..], &[1], &[0, 0], &[0, 0xff, 1], &[15, 1, 1, 1]] {
            assert_eq!(WideSum::default().add_encoded(wrong), None, "{wrong:?}");
        }
    }
}
