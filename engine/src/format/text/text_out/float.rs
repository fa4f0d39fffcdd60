//! Floating-point numbers out: the shortest digits that read back the same, laid out as C's `%g` does.
//!
//! Postgres wants digits *strictly* inside the interval that rounds to the number, so that a reader may round either way; ryu
//! also takes its ends. The ends can be that short only for large whole numbers: `1e23` is printed `9.999999999999999e+22`.

use std::io::Write;

/// Digits beyond which `%g` changes to an exponent.
const DOUBLE_DIGITS: i32 = 15;
const REAL_DIGITS: i32 = 6;

/// As Postgres prints `double precision`.
pub(crate) fn write_f64(value: f64, extra_digits: i32, out: &mut Vec<u8>) {
    if !value.is_finite() || value == 0.0 {
        return write_special(value, out);
    }
    if extra_digits <= 0 {
        return write_rounded(value, (DOUBLE_DIGITS + extra_digits).max(1), out);
    }
    let mut buffer = ryu::Buffer::new();
    let mut decimal = Decimal::read(buffer.format_finite(value).as_bytes());
    let bits = value.to_bits();
    let binary = Binary {
        mantissa: (bits & ((1 << 52) - 1)) | (1 << 52),
        exponent: ((bits >> 52) & 0x7FF) as i32 - 1_075,
    };
    if binary.exponent >= -1 && binary.is_boundary(&decimal) {
        decimal = shortest_inside(decimal.count, 17, &binary, |precision| {
            let text = format!("{value:.precision$e}");
            (text.parse() == Ok(value)).then_some(text)
        });
    }
    decimal.write(DOUBLE_DIGITS, out);
}

/// As Postgres prints `real`.
pub(crate) fn write_f32(value: f32, extra_digits: i32, out: &mut Vec<u8>) {
    if !value.is_finite() || value == 0.0 {
        return write_special(value.into(), out);
    }
    if extra_digits <= 0 {
        return write_rounded(value.into(), (REAL_DIGITS + extra_digits).max(1), out);
    }
    let mut buffer = ryu::Buffer::new();
    let mut decimal = Decimal::read(buffer.format_finite(value).as_bytes());
    let bits = value.to_bits();
    let binary = Binary {
        mantissa: ((bits & ((1 << 23) - 1)) | (1 << 23)).into(),
        exponent: ((bits >> 23) & 0xFF) as i32 - 150,
    };
    if binary.exponent >= -3 && binary.is_boundary(&decimal) {
        decimal = shortest_inside(decimal.count, 9, &binary, |precision| {
            let text = format!("{value:.precision$e}");
            (text.parse() == Ok(value)).then_some(text)
        });
    }
    decimal.write(REAL_DIGITS, out);
}

fn write_special(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(match value {
        value if value.is_nan() => b"NaN".as_slice(),
        value if value == 0.0 && value.is_sign_negative() => b"-0",
        0.0 => b"0",
        value if value > 0.0 => b"Infinity",
        _ => b"-Infinity",
    });
}

/// So many significant digits, trailing zeros left out.
fn write_rounded(value: f64, digits: i32, out: &mut Vec<u8>) {
    let precision = (digits - 1) as usize;
    let text = format!("{value:.precision$e}");
    Decimal::read(text.as_bytes()).write(digits, out);
}

/// The first correctly rounded digits, from one more than `count` on, that read back the same without being an end.
#[cold]
fn shortest_inside(
    count: usize,
    count_max: usize,
    binary: &Binary,
    round: impl Fn(usize) -> Option<String>,
) -> Decimal {
    let mut decimal = Decimal::default();
    for precision in count..count_max {
        if let Some(text) = round(precision) {
            decimal = Decimal::read(text.as_bytes());
            if !binary.is_boundary(&decimal) {
                break;
            }
        }
    }
    decimal
}

/// `mantissa * 2^exponent`
struct Binary {
    mantissa: u64,
    exponent: i32,
}

impl Binary {
    /// Whether a decimal is exactly halfway to the next or the previous number.
    fn is_boundary(&self, decimal: &Decimal) -> bool {
        let mut digits = decimal.digits.iter().take(decimal.count);
        let Some(value) = digits.try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        }) else {
            return false;
        };
        let power = decimal.exponent - (decimal.count as i32 - 1);
        // In units of a quarter of the last place; the previous number of a power of two is nearer.
        let middle = 4 * u128::from(self.mantissa);
        let below = if self.mantissa.is_power_of_two() { 1 } else { 2 };
        [middle + 2, middle - below]
            .iter()
            .any(|bound| same(u128::from(value), power, *bound, self.exponent - 2))
    }
}

/// Whether `decimal * 10^power` is `binary * 2^exponent`: the same odd part, and the same power of two.
fn same(decimal: u128, power: i32, binary: u128, exponent: i32) -> bool {
    let five = match 5_u128.checked_pow(power.unsigned_abs()) {
        Some(five) => five,
        None => return false,
    };
    let (left, right) = match power >= 0 {
        true => (decimal.checked_mul(five), Some(binary)),
        false => (Some(decimal), binary.checked_mul(five)),
    };
    let (Some(left), Some(right)) = (left, right) else {
        return false;
    };
    if left == 0 || right == 0 {
        return false;
    }
    let twos = |value: u128| value.trailing_zeros() as i32;
    left >> twos(left) == right >> twos(right) && twos(left) + power == twos(right) + exponent
}

/// Significant digits `d.ddd` times ten to the exponent.
#[derive(Default)]
struct Decimal {
    negative: bool,
    digits: [u8; 24],
    count: usize,
    exponent: i32,
}

impl Decimal {
    /// Takes apart what ryu or Rust's `{:e}` wrote: `-12.5`, `1e-7`, `1.5e20`, `0.001`, `100.0`.
    fn read(text: &[u8]) -> Self {
        let mut decimal = Decimal::default();
        let mut exponent = 0_i32;
        let mut exponent_negative = false;
        let mut place = Place::Whole;
        // The power of ten of the first significant digit, before the exponent is added.
        let mut first = 0;
        for byte in text {
            match (byte, place) {
                (b'-', Place::Exponent) => exponent_negative = true,
                (b'-', _) => decimal.negative = true,
                (b'.', _) => place = Place::Fraction,
                (b'e', _) => place = Place::Exponent,
                (digit, Place::Exponent) => exponent = exponent * 10 + i32::from(digit - b'0'),
                (digit, Place::Whole) => {
                    if decimal.count > 0 {
                        first += 1;
                    }
                    decimal.push(*digit);
                }
                (digit, Place::Fraction) => {
                    if decimal.count == 0 {
                        first -= 1;
                    }
                    decimal.push(*digit);
                }
            }
        }
        decimal.exponent = first + if exponent_negative { -exponent } else { exponent };
        while decimal.count > 1 && decimal.digits[decimal.count - 1] == b'0' {
            decimal.count -= 1;
        }
        decimal
    }

    fn push(&mut self, digit: u8) {
        if (self.count > 0 || digit != b'0') && self.count < self.digits.len() {
            self.digits[self.count] = digit;
            self.count += 1;
        }
    }

    /// In the layout of `%g`: an exponent where it is below -4 or has reached `digits_max`.
    fn write(&self, digits_max: i32, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
        let digits = &self.digits[..self.count];
        if self.exponent < -4 || self.exponent >= digits_max {
            out.extend_from_slice(&digits[..1]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            let sign = if self.exponent < 0 { '-' } else { '+' };
            // Writing to a Vec cannot fail.
            let _ = write!(out, "e{sign}{:02}", self.exponent.unsigned_abs());
        } else if self.exponent < 0 {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + self.exponent.unsigned_abs() as usize - 1, b'0');
            out.extend_from_slice(digits);
        } else {
            let whole = self.exponent as usize + 1;
            if digits.len() <= whole {
                out.extend_from_slice(digits);
                out.resize(out.len() + whole - digits.len(), b'0');
            } else {
                out.extend_from_slice(&digits[..whole]);
                out.push(b'.');
                out.extend_from_slice(&digits[whole..]);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Place {
    Whole,
    Fraction,
    Exponent,
}
