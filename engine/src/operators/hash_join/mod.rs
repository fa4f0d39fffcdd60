//! Joins of all kinds. The right side is the build side: collected, put into a table; the left side streams by it.
//!
//! 1. Every worker collects its right rows with their keys ([`collect`]).
//! 2. Columns are put together and partitions of the table are filled, on all workers ([`build::BuildTasks`]).
//! 3. Left batches look up all their keys at once, then compare, then take rows, a bounded number of pairs at a time
//!    ([`probe`]).
//! 4. Where right rows are wanted by whether they have a match, a further branch hands them out ([`marked`]).
//!
//! Where the right side does not fit into memory, both sides go to disk by the hash of their keys, and one partition is joined
//! after the other ([`spill`]), the left rows passing by the right ones as often as these take to go through memory. A left side streams
//! to disk worker by worker, and each worker joins what it wrote ([`left`]).
//!
//! A join without keys is the same with one partition and a table in which every row is a candidate of every other.

mod build;
mod collect;
mod left;
mod marked;
#[cfg(test)]
mod measure;
mod output;
mod probe;
mod publish;
mod spill;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use build::{BuildTasks, BuildTasksSink};
pub(crate) use collect::BuildSink;
pub(crate) use marked::MarkedSource;
pub(crate) use probe::ProbeTransform;
pub(crate) use publish::Publication;

use super::key::{KeyColumns, KeyEncoder};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::pipeline::{Cancel, MemoryBudget, NodeProfile, Reservation};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use table::Table;

/// What a join keeps; see `stoa_sql::plan::JoinKind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Inner,
    Left,
    Right,
    Full,
    Semi,
    Anti,
    RightSemi,
    RightAnti,
    NullAwareAnti,
    Mark { null_aware: bool },
    Single,
}

impl Kind {
    /// Whether right rows are handed out after all left rows, those that have a match or those that have none.
    pub(crate) fn hands_out_right(self) -> Option<Matched> {
        match self {
            Kind::Right | Kind::Full | Kind::RightAnti => Some(Matched::No),
            Kind::RightSemi => Some(Matched::Yes),
            _ => None,
        }
    }

    /// Whether right rows whose key is NULL, which match nothing, are of interest.
    fn keeps_null_keys(self) -> bool {
        self.hands_out_right() == Some(Matched::No)
    }

    /// Whether left rows are not handed out, but only tell which right rows have a match.
    pub(crate) fn only_marks(self) -> bool {
        matches!(self, Kind::RightSemi | Kind::RightAnti)
    }

    /// Whether left rows without a match are handed out with NULLs beside them.
    fn keeps_left(self) -> bool {
        matches!(self, Kind::Left | Kind::Full | Kind::Single)
    }

    /// Whether it must be known which left rows have a match.
    fn notes_left_matches(self) -> bool {
        self.keeps_left() || self.asks_existence()
    }

    /// Whether only the existence of a match counts.
    pub(crate) fn asks_existence(self) -> bool {
        matches!(self, Kind::Semi | Kind::Anti | Kind::NullAwareAnti | Kind::Mark { .. })
    }

    /// Whether left rows without a match are dropped, so that a scan may leave them out.
    pub(crate) fn drops_unmatched_left(self) -> bool {
        matches!(self, Kind::Inner | Kind::Right | Kind::Semi) || self.only_marks()
    }
}

/// Whether a row has a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matched {
    Yes,
    No,
}

/// The equalities of a join, as far as the right side goes.
#[derive(Debug)]
pub(crate) struct JoinKeys {
    /// Over the right side.
    pub(crate) right: KeyColumns,
    /// Of either side.
    pub(crate) encoder: KeyEncoder,
}

/// What only the left side needs to know.
#[derive(Debug)]
pub(crate) struct LeftSide {
    /// The keys, as many as the right side has.
    pub(crate) keys: KeyColumns,
    pub(crate) residual: Option<Residual>,
    /// Places of the columns that are handed on.
    pub(crate) output: Vec<usize>,
    /// Their types.
    pub(crate) output_types: Vec<DataType>,
    /// Places of the stored right columns that are handed on after them.
    pub(crate) right_output: Vec<usize>,
}

/// The conditions of a join beyond its keys.
#[derive(Debug)]
pub(crate) struct Residual {
    /// Conjuncts over batches of `left` then `right` columns.
    pub(crate) conditions: Vec<Expression>,
    /// Places of left columns.
    pub(crate) left: Vec<usize>,
    /// Places of stored right columns.
    pub(crate) right: Vec<usize>,
}

/// What is to be joined, and how.
pub(crate) struct Specification {
    pub(crate) kind: Kind,
    /// None: every pair.
    pub(crate) keys: Option<JoinKeys>,
    /// There are conditions beyond the keys.
    pub(crate) has_residual: bool,
    /// Places of the right side's columns that are kept: for the output, or for the residual where only existence counts.
    pub(crate) stored: Vec<usize>,
    /// Their types.
    pub(crate) stored_types: Vec<DataType>,
    /// What scans of the left side are told.
    pub(crate) publications: Vec<Publication>,
    pub(crate) batch_rows: usize,
    /// Workers that may run at once.
    pub(crate) workers: usize,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) profile: Option<Arc<NodeProfile>>,
}

/// A join under way.
pub(crate) struct Join {
    pub(crate) specification: Specification,
    /// What the workers collected, until it is built.
    collected: Mutex<collect::Collected>,
    pending: Mutex<Option<Arc<build::Pending>>>,
    built: OnceLock<Arc<Built>>,
    /// Where rows go that do not fit; in use, it takes the place of `built`.
    spill: spill::Spill,
}

impl Join {
    pub(crate) fn new(specification: Specification) -> Arc<Self> {
        Arc::new(Join {
            spill: spill::Spill::new(&specification.memory),
            specification,
            collected: Mutex::default(),
            pending: Mutex::new(None),
            built: OnceLock::new(),
        })
    }

    /// The table, where it is in memory.
    fn built(&self) -> Result<&Arc<Built>> {
        let none = || Error::Internal("a join's right side was not built".into());
        self.built.get().ok_or_else(none)
    }

    /// Tells EXPLAIN ANALYZE what came of the right side.
    fn describe(&self, table: &'static str, row_count: usize) {
        let Some(profile) = &self.specification.profile else {
            return;
        };
        // Of a join in a recursive term, what the last round did is told.
        profile.describe_later(move || {
            vec![
                ("Build Rows".to_owned(), row_count.to_string()),
                ("Build Table".to_owned(), table.to_owned()),
            ]
        });
    }
}

/// The right side, ready to be looked up.
struct Built {
    /// The stored columns.
    columns: Vec<ArrayRef>,
    /// Rows of them.
    row_count: usize,
    /// The right side had rows, stored or not.
    has_rows: bool,
    /// The right side had a row with a NULL key.
    has_null_key: bool,
    table: Table,
    /// A bit per stored row, where rows are wanted by whether they have a match.
    matched: Option<Arc<[AtomicU64]>>,
    _memory: Vec<Reservation>,
}

impl Built {
    /// Notes that stored rows have a match.
    fn mark(&self, rows: &[u32]) {
        let Some(matched) = &self.matched else { return };
        for row in rows {
            let (word, bit) = ((row / 64) as usize, 1 << (row % 64));
            // Most rows are marked more than once: look before locking the cache line.
            if matched[word].load(Ordering::Relaxed) & bit == 0 {
                matched[word].fetch_or(bit, Ordering::Relaxed);
            }
        }
    }

    /// Whether a stored row has a match.
    fn is_matched(&self, row: usize) -> bool {
        self.matched
            .as_ref()
            .is_some_and(|matched| matched[row / 64].load(Ordering::Relaxed) >> (row % 64) & 1 == 1)
    }
}
