//! `bytea` out: `\x6869` or, as Postgres did before 9.0, with escapes.

/// The two hexadecimal digits of every byte.
pub(crate) const HEX_PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[b'0'; 2]; 256];
    let mut at = 0;
    while at < 256 {
        pairs[at] = [digits[at / 16], digits[at % 16]];
        at += 1;
    }
    pairs
};

/// In the session's form.
pub(crate) fn write(bytes: &[u8], escape: bool, out: &mut Vec<u8>) {
    if escape {
        return write_escaped(bytes, out);
    }
    out.reserve(2 + bytes.len() * 2);
    out.extend_from_slice(b"\\x");
    out.extend(bytes.iter().flat_map(|byte| HEX_PAIRS[usize::from(*byte)]));
}

/// Printable ASCII stays, a backslash is doubled, everything else is three octal digits.
fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x20..=0x7E => out.push(*byte),
            _ => out.extend_from_slice(&[b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
        }
    }
}
