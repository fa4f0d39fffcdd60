//! Arrays as storage keeps them: storage has no lists, so that a stored array is one value of bytes. They become bytes here on the way
//! into a table, and arrays again here on the way out of it; nobody else knows the form, which engine/README.md describes.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

pub(crate) use decode::{decode, decode_distinct};
pub(crate) use encode::encode;

#[cfg(test)]
use crate::error::SqlState;
use crate::error::{Error, Result};
use arrow_schema::DataType;

/// Set in an array's first byte where some of its elements are NULL.
const HAS_NULLS: u8 = 0x80;

/// How the elements of an array lie one behind the other; the first byte of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// A bit each.
    Bits,
    /// So many bytes each.
    Fixed(usize),
    /// All lengths, then all bytes.
    Bytes,
    /// Arrays.
    Arrays,
}

impl Layout {
    /// Of elements of a type.
    ///
    /// # Errors
    /// A type that no stored array has: a bug.
    fn of(element: &DataType) -> Result<Layout> {
        Ok(match element {
            DataType::Boolean => Layout::Bits,
            DataType::Utf8View | DataType::BinaryView => Layout::Bytes,
            DataType::List(_) => Layout::Arrays,
            DataType::FixedSizeBinary(width) => Layout::Fixed(usize::try_from(*width).unwrap_or(0)),
            element => match element.primitive_width() {
                Some(width) => Layout::Fixed(width),
                None => return Err(Error::Internal(format!("an array of {element} is stored"))),
            },
        })
    }

    fn number(self) -> u8 {
        match self {
            Layout::Bits => 0,
            // 2, 4, 8 or 16.
            Layout::Fixed(width) => width as u8,
            Layout::Bytes => 1,
            Layout::Arrays => 3,
        }
    }
}
