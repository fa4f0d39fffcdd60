//! Numbers of a path: exact, with the digits behind the point that Postgres's `numeric` has for each operator.

use super::error::Failure;
use super::path::Arithmetic;
use crate::error::{Error, SqlState};
use num_bigint::{BigInt, BigUint, Sign};

/// Digits before the point that Postgres's `numeric` can have.
const WHOLE_DIGITS_MAX: usize = 131_072;
/// Digits behind the point that it can have.
const SCALE_MAX: usize = 16_383;
/// Digits that a quotient has at least.
const QUOTIENT_DIGITS_MIN: i64 = 16;
/// Digits behind the point that a quotient has at most, unless an operand has more.
const QUOTIENT_SCALE_MAX: i64 = 1_000;
/// Postgres's `numeric` counts in groups of so many digits, by which it picks the digits of a quotient.
const GROUP_DIGITS: i64 = 4;

/// `unscaled / 10^scale`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    unscaled: BigInt,
    scale: usize,
}

impl Number {
    /// Reads digits as `jsonb` writes them; anything else is 0.
    pub(super) fn read(text: &str) -> Self {
        let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
        let magnitude = BigUint::parse_bytes(&digits, 10).unwrap_or_default();
        let sign = if text.starts_with('-') { Sign::Minus } else { Sign::Plus };
        Number {
            unscaled: BigInt::from_biguint(sign, magnitude),
            scale,
        }
    }

    /// As `jsonb` writes it.
    pub(super) fn write(&self) -> String {
        let mut digits = self.unscaled.magnitude().to_string();
        if digits.len() <= self.scale {
            digits.insert_str(0, &"0".repeat(self.scale + 1 - digits.len()));
        }
        if self.scale > 0 {
            digits.insert(digits.len() - self.scale, '.');
        }
        if self.unscaled.sign() == Sign::Minus {
            digits.insert(0, '-');
        }
        digits
    }

    /// # Errors
    /// 22012 for a division by zero; 22003 for more digits than a `numeric` has.
    pub(super) fn calculate(operator: Arithmetic, left: &Number, right: &Number) -> Result<Number, Failure> {
        let is_zero = right.unscaled.sign() == Sign::NoSign;
        if is_zero && matches!(operator, Arithmetic::Divide | Arithmetic::Remainder) {
            return Err(Failure::item(SqlState::DIVISION_BY_ZERO, "division by zero"));
        }
        let scale = left.scale.max(right.scale);
        let at_scale = |unscaled| Number { unscaled, scale };
        let answer = match operator {
            Arithmetic::Add => at_scale(left.unscaled_at(scale) + right.unscaled_at(scale)),
            Arithmetic::Subtract => at_scale(left.unscaled_at(scale) - right.unscaled_at(scale)),
            Arithmetic::Multiply => Number {
                unscaled: &left.unscaled * &right.unscaled,
                scale: left.scale + right.scale,
            }
            .rounded_to(SCALE_MAX),
            Arithmetic::Divide => left.divided_by(right),
            // The sign of the left side stays, as in Postgres.
            Arithmetic::Remainder => at_scale(left.unscaled_at(scale) % right.unscaled_at(scale)),
        };
        answer.checked()
    }

    fn checked(self) -> Result<Number, Failure> {
        // Bits first: most numbers need no count of their digits.
        let is_short = self.unscaled.bits() < 3 * WHOLE_DIGITS_MAX as u64;
        if !is_short && self.digit_count() > WHOLE_DIGITS_MAX + self.scale {
            let message = "value overflows numeric format";
            return Err(Failure::Item(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                message,
            )));
        }
        Ok(self)
    }

    /// Digits of the unscaled number; 0 has none.
    fn digit_count(&self) -> usize {
        match self.unscaled.sign() {
            Sign::NoSign => 0,
            _ => self.unscaled.magnitude().to_string().len(),
        }
    }

    /// The unscaled number at a scale that is no smaller than its own.
    fn unscaled_at(&self, scale: usize) -> BigInt {
        &self.unscaled * power_of_ten(scale.saturating_sub(self.scale))
    }

    /// With so many digits behind the point at most; half a digit goes away from zero.
    fn rounded_to(self, scale: usize) -> Number {
        if self.scale <= scale {
            return self;
        }
        let unscaled = rounded_quotient(self.unscaled, &power_of_ten(self.scale - scale));
        Number { unscaled, scale }
    }

    fn divided_by(&self, divisor: &Number) -> Number {
        let ((weight, first), (divisor_weight, divisor_first)) = (self.first_group(), divisor.first_group());
        let mut quotient_weight = weight - divisor_weight;
        if first <= divisor_first {
            quotient_weight -= 1;
        }
        let scale = (QUOTIENT_DIGITS_MIN - quotient_weight * GROUP_DIGITS)
            .max(self.scale as i64)
            .max(divisor.scale as i64)
            .clamp(0, QUOTIENT_SCALE_MAX);
        let scale = usize::try_from(scale).unwrap_or(0);
        // left / 10^l / (right / 10^r) * 10^scale, in whole numbers.
        let dividend = &self.unscaled * power_of_ten(scale + divisor.scale);
        let unscaled = rounded_quotient(dividend, &(&divisor.unscaled * power_of_ten(self.scale)));
        Number { unscaled, scale }
    }

    /// Which group of digits is the first that is not 0, counted from the point, and what it is; zeros for 0.
    fn first_group(&self) -> (i64, u32) {
        let digits = self.unscaled.magnitude().to_string();
        if digits == "0" {
            return (0, 0);
        }
        let exponent = digits.len() as i64 - self.scale as i64 - 1;
        let weight = exponent.div_euclid(GROUP_DIGITS);
        let length = (exponent - weight * GROUP_DIGITS + 1) as usize;
        let first: String = digits.chars().chain(std::iter::repeat('0')).take(length).collect();
        (weight, first.parse().unwrap_or(0))
    }

    pub(super) fn negated(self) -> Number {
        Number {
            unscaled: -self.unscaled,
            scale: self.scale,
        }
    }

    pub(super) fn absolute(self) -> Number {
        match self.unscaled.sign() {
            Sign::Minus => self.negated(),
            _ => self,
        }
    }

    /// The largest whole number that is no larger.
    pub(super) fn floor(&self) -> Number {
        let divisor = power_of_ten(self.scale);
        let truncated = &self.unscaled / &divisor;
        let is_exact = &truncated * &divisor == self.unscaled;
        let below = !is_exact && self.unscaled.sign() == Sign::Minus;
        Number {
            unscaled: if below { truncated - 1 } else { truncated },
            scale: 0,
        }
    }

    /// The smallest whole number that is no smaller.
    pub(super) fn ceiling(self) -> Number {
        self.negated().floor().negated()
    }

    /// As an index: what is behind the point is cut off.
    pub(super) fn index(&self) -> Option<i32> {
        i32::try_from(&self.unscaled / power_of_ten(self.scale)).ok()
    }
}

fn power_of_ten(exponent: usize) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent).unwrap_or(u32::MAX))
}

/// Rounded half away from zero.
fn rounded_quotient(dividend: BigInt, divisor: &BigInt) -> BigInt {
    let quotient = &dividend / divisor;
    let rest = &dividend - &quotient * divisor;
    let rounds = BigInt::from(rest.magnitude() * 2u32) >= BigInt::from(divisor.magnitude().clone());
    match rounds {
        true if dividend.sign() == divisor.sign() => quotient + 1,
        true => quotient - 1,
        false => quotient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_as_numeric_has_them() {
        for (left, operator, right, expected) in [
            ("1", Arithmetic::Add, "0.50", "1.50"),
            ("1.5", Arithmetic::Subtract, "2", "-0.5"),
            ("1.5", Arithmetic::Multiply, "0.20", "0.300"),
            ("1", Arithmetic::Divide, "3", "0.33333333333333333333"),
            ("2", Arithmetic::Divide, "1", "2.0000000000000000"),
            ("-2", Arithmetic::Divide, "3", "-0.66666666666666666667"),
            ("100000", Arithmetic::Divide, "7", "14285.714285714286"),
            ("0.00001", Arithmetic::Divide, "7", "0.000001428571428571428571"),
            ("-7", Arithmetic::Remainder, "2.5", "-2.0"),
            ("0", Arithmetic::Divide, "7", "0.00000000000000000000"),
        ] {
            let answer = Number::calculate(operator, &Number::read(left), &Number::read(right)).unwrap();
            assert_eq!(answer.write(), expected, "{left} {} {right}", operator.symbol());
        }
        let by_zero = Number::calculate(Arithmetic::Divide, &Number::read("1"), &Number::read("0.0"));
        assert_eq!(by_zero.unwrap_err().into_error().to_string(), "division by zero");
    }

    #[test]
    fn whole_numbers() {
        for (number, floor, ceiling, index) in [
            ("1.5", "1", "2", Some(1)),
            ("-1.5", "-2", "-1", Some(-1)),
            ("2.00", "2", "2", Some(2)),
            ("-0.5", "-1", "0", Some(0)),
            ("3000000000", "3000000000", "3000000000", None),
        ] {
            let number = Number::read(number);
            assert_eq!(number.floor().write(), floor);
            assert_eq!(number.index(), index);
            assert_eq!(number.ceiling().write(), ceiling);
        }
        assert_eq!(Number::read("-0.05").write(), "-0.05");
        assert_eq!(Number::read("-0.05").absolute().write(), "0.05");
    }
}
