//! A call of a window: what it computes, and which rows it needs for that. Computes nothing itself.

use super::frame::{Bound, Frame};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::functions::{Accumulator, AggregateBinding, WindowArguments};
use crate::types::LogicalType;
use arrow_array::ArrayRef;
use stoa_sql::plan::{FrameExclusion, FrameUnits};
use stoa_storage::vector::Batch;

/// What computes a call's values.
pub(crate) enum Computation {
    /// `row_number()`
    RowNumber,
    /// `rank()`
    Rank,
    /// `dense_rank()`
    DenseRank,
    /// Any other window function.
    Function {
        execute: fn(&WindowArguments<'_>) -> Result<ArrayRef>,
        reach: Reach,
    },
    /// An aggregate over the frame.
    Aggregate {
        accumulator: fn(&AggregateBinding) -> Result<Box<dyn Accumulator>>,
        binding: AggregateBinding,
    },
}

/// Where a function finds the rows that it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Anywhere in the partition.
    Partition,
    /// In the frame.
    Frame,
    /// At the frame's beginning: the value of its first row.
    First,
    /// At the frame's end: the value of its last row.
    Last,
    /// So many rows away from the row itself, whatever the frame.
    Rows { before: usize, after: usize },
    /// It counts from row to row, looking at the row and the last one before it whose first argument is not NULL.
    Running,
    /// Only how many rows the partition has, and how many of them come before the row.
    Place(Place),
}

/// What is told of a row's place in its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// `percent_rank()`
    PercentRank,
    /// `cume_dist()`
    CumeDist,
    /// `ntile(n)`
    Ntile,
}

/// One call.
pub(crate) struct Call {
    pub(crate) computation: Computation,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) filter: Option<Expression>,
    pub(crate) ignore_nulls: bool,
    pub(crate) frame: Frame,
    pub(crate) return_type: LogicalType,
}

/// What a call needs of a partition that passes by, of which some rows at a time are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// All rows at once.
    AllRows,
    /// Nothing but the numbers of rows and peers.
    Numbers,
    /// Those, and how many rows there are.
    Place(Place),
    /// The answer over all rows.
    Total,
    /// The rows of the frame.
    FrameRows,
    /// The frame's first row.
    FirstRow,
    /// The state of all rows that have passed, and the rest of the frame, which is ended.
    RowsBefore,
    /// The states of all rows that have passed or are yet to come, where the frame begins or ends with the partition, and the rows of
    /// the frame between them.
    OpenFrame,
    /// The value of the partition's first row.
    FirstValue,
    /// The value of the partition's last row.
    LastValue,
    /// So many rows before and after.
    Neighbours { before: usize, after: usize },
    /// The answer of a row before, and all rows from that one on.
    Running,
}

impl Call {
    /// `is_ordered`: the window has an order; otherwise all rows of a partition are peers.
    pub(super) fn needs(&self, is_ordered: bool) -> Needs {
        let (starts_open, ends_open) = self.open_ends(is_ordered);
        let excludes = self.frame.exclusion != FrameExclusion::NoOthers;
        let reach = match &self.computation {
            Computation::RowNumber | Computation::Rank | Computation::DenseRank => return Needs::Numbers,
            Computation::Aggregate { .. } => {
                return match (starts_open, ends_open, excludes) {
                    (true, true, false) => Needs::Total,
                    (true, false, false) => Needs::RowsBefore,
                    (false, false, _) => Needs::FrameRows,
                    _ => Needs::OpenFrame,
                };
            }
            Computation::Function { reach, .. } => *reach,
        };
        let is_plain = !self.ignore_nulls && !excludes;
        match reach {
            Reach::Rows { before, after } => Needs::Neighbours { before, after },
            Reach::Running => Needs::Running,
            Reach::Place(place) => Needs::Place(place),
            Reach::First if is_plain && starts_open => Needs::FirstValue,
            Reach::First if is_plain => Needs::FirstRow,
            Reach::Last if is_plain && ends_open => Needs::LastValue,
            Reach::Last if is_plain => Needs::FrameRows,
            Reach::Frame | Reach::First | Reach::Last if !starts_open && !ends_open => Needs::FrameRows,
            _ => Needs::AllRows,
        }
    }

    /// Whether the frame begins with the partition, and whether it ends with it.
    pub(super) fn open_ends(&self, is_ordered: bool) -> (bool, bool) {
        let all_peers = !is_ordered && self.frame.units != FrameUnits::Rows;
        let is_open = |bound: &Bound| match bound {
            Bound::UnboundedPreceding | Bound::UnboundedFollowing => true,
            Bound::CurrentRow => all_peers,
            _ => false,
        };
        (is_open(&self.frame.start), is_open(&self.frame.end))
    }

    /// Whether rows may be left out of the frame because they are peers.
    pub(super) fn excludes_peers(&self) -> bool {
        matches!(self.frame.exclusion, FrameExclusion::Group | FrameExclusion::Ties)
    }

    /// The first argument, for rows of a batch.
    pub(super) fn first_argument(&self, batch: &Batch) -> Result<ArrayRef> {
        let argument = self.arguments.first();
        let argument = argument.ok_or_else(|| Error::Internal("a window function lacks its argument".into()))?;
        argument.evaluate_plain(batch)
    }
}
