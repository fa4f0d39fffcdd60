//! Rows that are in the log and in memory, not yet in segments.

mod facts;
mod part;

pub(crate) use part::{PART_ROWS_MAX, Part, Piece};
