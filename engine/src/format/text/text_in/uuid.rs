//! `uuid` in: 32 hexadecimal digits, in groups of four with or without hyphens between them, in braces or not.

use super::error;
use crate::error::Result;

/// The bytes of a uuid.
#[inline]
pub(crate) fn parse(text: &[u8]) -> Result<[u8; 16]> {
    read(text).ok_or_else(|| error::invalid_syntax("uuid", text))
}

/// The values of hexadecimal digits, 255 for other bytes.
const HEX_VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut at = 0;
    while at < 16 {
        values[b"0123456789abcdef"[at] as usize] = at as u8;
        values[b"0123456789ABCDEF"[at] as usize] = at as u8;
        at += 1;
    }
    values
};

fn read(text: &[u8]) -> Option<[u8; 16]> {
    let mut rest = match text {
        [b'{', inner @ .., b'}'] => inner,
        text => text,
    };
    let mut bytes = [0; 16];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let [high, low, more @ ..] = rest else { return None };
        let (high, low) = (HEX_VALUES[usize::from(*high)], HEX_VALUES[usize::from(*low)]);
        if high == 255 || low == 255 {
            return None;
        }
        *byte = high << 4 | low;
        rest = match more {
            [b'-', more @ ..] if at % 2 == 1 && at < 15 => more,
            more => more,
        };
    }
    rest.is_empty().then_some(bytes)
}
