//! `tid` in: `(block,place)`. Whatever stands before the parenthesis and behind its end is read over, as in Postgres.

use super::error;
use crate::error::Result;
use stoa_storage::commit::ADDRESS_PLACE_BITS;

/// The address that a text names: the block in the upper bits.
pub(crate) fn parse(text: &[u8]) -> Result<i64> {
    read(text).ok_or_else(|| error::invalid_syntax("tid", text))
}

fn read(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (numbers, _) = text.split_once('(')?.1.split_once(')')?;
    let (block, place) = numbers.split_once(',')?;
    // A negative block is the unsigned one with the same bits.
    let block: i64 = block.trim_start().parse().ok()?;
    let block = match u32::try_from(block) {
        Ok(block) => block,
        Err(_) => i32::try_from(block).ok()?.cast_unsigned(),
    };
    let place: u16 = place.trim_start().parse().ok()?;
    Some(i64::from(block) << ADDRESS_PLACE_BITS | i64::from(place))
}
