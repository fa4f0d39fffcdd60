//! A block of a column: presence and values, in the bytes of one chunk.
//!
//! ```text
//! chunk  = presence:sized(bits) values
//! values = stream of integers | text                by the column's type
//!        | 14 bits                                  booleans
//!        | reals                                    doubles and reals
//!        | 0 (sixteen bytes)*                       uuids, intervals
//!        | 6 stream                                 codes of the segment's dictionary
//!        | 12 reference:i128 stream                 128-bit values narrowed
//!        | 13 upper:sized(stream) lower:stream      128-bit values halved
//! ```

#[cfg(test)]
mod conformance;
mod decode;
mod encode;
mod fixed;
mod wide;

pub(crate) use decode::Chunk;
pub(crate) use encode::{encode, encode_block, train_tokens};
