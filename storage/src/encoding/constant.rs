//! One value for all rows: `value:i64`.

use super::Encoding;
use super::cursor::{Cursor, Decoded};

/// Bytes of the stream.
pub(super) const ESTIMATE: usize = 9;

pub(super) fn encode(value: i64, out: &mut Vec<u8>) {
    out.push(Encoding::Constant as u8);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn parse(mut cursor: Cursor<'_>) -> Decoded<i64> {
    let value = cursor.i64()?;
    cursor.end()?;
    Ok(value)
}
