//! `numeric` in binary, out.

/// Digits are sent four at a time.
const NUMERIC_BASE: u128 = 10_000;

/// Count of digits, weight of the first, sign, digits shown behind the point, then digits in base 10,000.
pub(super) fn write_numeric(value: i128, scale: u16, out: &mut Vec<u8>) {
    // So that the point stands between two digits of that base.
    let filling = (4 - scale % 4) % 4;
    let magnitude = value.unsigned_abs();
    // The number may have no room for the filling zeros; then its last digits are split off first.
    let unit = 10_u128.pow((4 - filling).into());
    let mut digits = [0_u16; 12];
    let mut count = 0;
    let mut rest = magnitude;
    if filling > 0 {
        digits[count] = ((rest % unit) * 10_u128.pow(filling.into())) as u16;
        count += 1;
        rest /= unit;
    }
    while rest > 0 {
        digits[count] = (rest % NUMERIC_BASE) as u16;
        count += 1;
        rest /= NUMERIC_BASE;
    }
    let fraction_digits = scale.div_ceil(4) as usize;
    let mut digits = &digits[..count];
    while let [shorter @ .., 0] = digits {
        digits = shorter;
    }
    let weight = digits.len() as i16 - fraction_digits as i16 - 1;
    while let [0, shorter @ ..] = digits {
        digits = shorter;
    }
    let sign: u16 = if value < 0 { 0x4000 } else { 0 };
    out.extend_from_slice(&(digits.len() as u16).to_be_bytes());
    out.extend_from_slice(&(if digits.is_empty() { 0 } else { weight }).to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
    out.extend(digits.iter().rev().flat_map(|digit| digit.to_be_bytes()));
}
