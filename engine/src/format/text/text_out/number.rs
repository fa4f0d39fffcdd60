//! Integers and decimals out. No allocation, no rounding: a decimal is its digits with a point between them.

/// The two digits of every number below 100.
pub(crate) const DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// Digits of the largest 128-bit number, and then some.
const DIGITS_MAX: usize = 40;

/// `-12`
#[inline]
pub(crate) fn write_integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The digits of a number, without a sign, at the end of the buffer; gives where they begin.
fn digits(mut value: u128, buffer: &mut [u8; DIGITS_MAX]) -> usize {
    let mut at = DIGITS_MAX;
    while value > u128::from(u64::MAX) {
        let low = (value % 100) as usize;
        value /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&DIGIT_PAIRS[low]);
    }
    let mut value = value as u64;
    while value >= 100 {
        let low = (value % 100) as usize;
        value /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&DIGIT_PAIRS[low]);
    }
    if value >= 10 {
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&DIGIT_PAIRS[value as usize]);
    } else {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    at
}

/// Digits with a point before the last `scale` of them.
fn write_scaled(digits: &[u8], scale: usize, out: &mut Vec<u8>) {
    if scale == 0 {
        out.extend_from_slice(digits);
    } else if digits.len() > scale {
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + scale - digits.len(), b'0');
        out.extend_from_slice(digits);
    }
}

/// `-1.20` for -120 at scale 2.
#[inline]
pub(crate) fn write_decimal64(value: i64, scale: u8, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    write_scaled(buffer.format(value.unsigned_abs()).as_bytes(), scale.into(), out);
}

/// `-1.20` for -120 at scale 2.
pub(crate) fn write_decimal128(value: i128, scale: u8, out: &mut Vec<u8>) {
    if let Ok(value) = i64::try_from(value) {
        return write_decimal64(value, scale, out);
    }
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = [0; DIGITS_MAX];
    let begin = digits(value.unsigned_abs(), &mut buffer);
    write_scaled(&buffer[begin..], scale.into(), out);
}

/// `-1.2` for -120 at scale 2: without trailing zeros behind the point.
pub(crate) fn write_unscaled(mut value: i128, mut scale: u8, out: &mut Vec<u8>) {
    if value == 0 {
        return out.push(b'0');
    }
    while scale > 0 && value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    write_decimal128(value, scale, out);
}
