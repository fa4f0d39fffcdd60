//! Cursors: a query that is declared once and read in parts.

use super::Query;

/// DECLARE name CURSOR FOR query
#[derive(Clone, Debug, PartialEq)]
pub struct DeclareCursor {
    /// Its name.
    pub name: String,
    /// BINARY: FETCH in a simple query gives values in binary.
    pub is_binary: bool,
    /// SCROLL: it can go back.
    pub is_scrollable: bool,
    /// WITH HOLD: it outlives its transaction.
    pub is_holdable: bool,
    /// What it reads.
    pub query: Query,
}

/// FETCH or MOVE
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchCursor {
    /// The cursor.
    pub name: String,
    /// Which rows.
    pub direction: FetchDirection,
    /// MOVE: the rows are passed and not given.
    pub is_move: bool,
}

/// Which rows FETCH gives, counted from where the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchDirection {
    /// So many of the next ones; `None` for all. 0 is the row where the cursor stands.
    Forward(Option<u64>),
    /// So many of those before, the nearest first; `None` for all. 0 is the row where the cursor stands.
    Backward(Option<u64>),
    /// One row by its number from the first, which is 1, or, negative, from the last, which is -1. 0 is before the first.
    Absolute(i64),
    /// One row, so many further on.
    Relative(i64),
}
