//! Arrow arrays to bytes and back, a block of a column at a time.
//!
//! A block is presence (which rows are not NULL) and values apart; values below NULLs are fillers. Values are a *stream*: one byte
//! naming its [`Encoding`], then that encoding's payload, which may hold further streams. Every encoding gives access to any
//! vector of 1,024 rows without reading those before it, and answers filters on its encoded form where that is cheaper.

mod alp;
mod alp_real_double;
mod bit_packed;
mod block_compression;
mod choose;
mod constant;
pub(crate) mod cursor;
mod delta;
pub(crate) mod dictionary;
mod frame_of_reference;
mod fsst;
pub(crate) mod lanes;
pub(crate) mod loops;
mod packing;
mod patched;
mod plain;
pub(crate) mod presence;
pub(crate) mod reals;
mod run_length;
pub(crate) mod text;
pub(crate) mod tokens;

pub(crate) use cursor::{Cursor, Decoded, Malformed, malformed, put_sized};

/// How values are stored. The numbers are the format: never reused, never reordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Encoding {
    /// Values side by side.
    Plain = 0,
    /// One value for all rows.
    Constant = 1,
    /// Runs of one value.
    RunLength = 2,
    /// Differences from the block's least value, all of one width.
    BitPacked = 3,
    /// Differences from each vector's least value, each vector with its own width.
    FrameOfReference = 4,
    /// Differences from the previous value.
    Delta = 5,
    /// Codes into the segment's dictionary.
    Dictionary = 6,
    /// Doubles and reals as decimal integers with exceptions.
    Alp = 7,
    /// Doubles and reals with a dictionary of their leading bits.
    AlpRealDouble = 8,
    /// Text by a table of symbols.
    Fsst = 9,
    /// Bytes compressed with lz4.
    Lz4 = 10,
    /// Bytes compressed with zstd.
    Zstd = 11,
    /// 128-bit values as differences from the least that fit 64 bits.
    Narrowed = 12,
    /// 128-bit values as upper and lower halves.
    Halves = 13,
    /// Booleans: constant, bitmap or runs.
    Bits = 14,
    /// Text by the column's table of tokens.
    Tokens = 15,
}

impl Encoding {
    const ALL: [Encoding; 16] = [
        Encoding::Plain,
        Encoding::Constant,
        Encoding::RunLength,
        Encoding::BitPacked,
        Encoding::FrameOfReference,
        Encoding::Delta,
        Encoding::Dictionary,
        Encoding::Alp,
        Encoding::AlpRealDouble,
        Encoding::Fsst,
        Encoding::Lz4,
        Encoding::Zstd,
        Encoding::Narrowed,
        Encoding::Halves,
        Encoding::Bits,
        Encoding::Tokens,
    ];

    /// The encoding of a number in a file.
    pub(crate) fn from_tag(tag: u8) -> Decoded<Self> {
        match Self::ALL.get(tag as usize) {
            Some(encoding) => Ok(*encoding),
            None => malformed(format!("unknown encoding {tag}")),
        }
    }
}
