//! From a table at one version to batches: prune, decode, filter, hand out. Workers share one [`Scan`] and take morsels from it;
//! each has its own [`ScanReader`].

mod address;
mod by_key;
mod dynamic;
mod evaluate;
mod memory;
mod partial;
mod plan;
mod planned;
mod prepared;
mod reader;
mod segment;
mod summary;

pub use address::AddressCondition;
pub(crate) use plan::begin;
pub(crate) use planned::{constant, missing_value, row_count_max};

use crate::commit::CommitVersion;
use crate::error::Result;
use crate::predicate::{ColumnPredicate, DynamicPredicate, RowPredicate};
use crate::rollup::PartialRequest;
use crate::schema::ColumnId;
use crate::vector::Batch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What is wanted of a table.
#[derive(Clone, Debug, Default)]
pub struct ScanRequest {
    /// The columns of the batches, in order.
    pub columns: Vec<ScanColumn>,
    /// Conditions that every row must meet.
    pub predicates: Vec<ColumnPredicate>,
    /// Conditions on the rows' addresses.
    pub addresses: Vec<AddressCondition>,
    /// Conditions that may become known while the scan runs.
    pub dynamic_predicates: Vec<Arc<dyn DynamicPredicate>>,
    /// Filters of the layer above, evaluated after `predicates`, before the other columns are decoded.
    pub row_predicates: Vec<Arc<dyn RowPredicate>>,
    /// Answer from summaries where rows need not be read.
    pub summary: Option<SummaryRequest>,
    /// Hand out what a rollup has of a segment's rows instead of these, where it has all that are visible. Of the scan's conditions only
    /// those that the request names are looked at for it; segments no row of which meets them all are left out.
    pub partial: Option<PartialRequest>,
    /// Visit blocks in the order of a column's bounds: for a query that wants the first rows by it and tells the scan, as a dynamic
    /// predicate, what cannot be among them any more.
    pub visit: Option<VisitOrder>,
    /// Rows of a batch at most; 0 is [`crate::limits::BATCH_ROWS`].
    pub batch_rows: usize,
    /// Ends the scan with [`crate::Error::Cancelled`] once it is set; asked at every morsel.
    pub cancel: Option<Arc<AtomicBool>>,
}

/// In which order blocks are visited; rows within them come as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitOrder {
    /// By the bounds of this column.
    pub column: ColumnId,
    /// Blocks with the largest values first, instead of those with the smallest.
    pub is_descending: bool,
}

/// A column of a scan's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanColumn {
    /// A column of the table.
    Table(ColumnId),
    /// The row's packed [`crate::commit::RowId`], Int64.
    RowId,
    /// The row's address ([`crate::commit::RowId::address`]), Int64.
    Address,
    /// The commit that brought the row, Int64.
    CommitVersion,
    /// The commit that deleted the row, Int64: see [`crate::store::Snapshot::changes`]. NULL for rows that are not deleted.
    DeleteVersion,
}

/// What an aggregation over the scan needs, where it can be had without reading rows: for a segment or block all of whose rows
/// are visible and pass, and in which every key has one value, the scan hands out one summary row instead of the rows.
#[derive(Clone, Debug)]
pub struct SummaryRequest {
    /// Group keys: plain columns.
    pub keys: Vec<ColumnId>,
    /// What is wanted of each group.
    pub values: Vec<SummaryValue>,
}

/// A value that summaries can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryValue {
    /// Rows: Int64.
    RowCount,
    /// Values that are not NULL: Int64.
    Count(ColumnId),
    /// Exact sum of an integer or decimal column, unscaled: Decimal128(38, scale of the column or 0); NULL where all are NULL.
    Sum(ColumnId),
    /// Smallest value: the column's type; NULL where all are NULL. Not had of text, whose bounds may be cut.
    Minimum(ColumnId),
    /// Largest value, likewise.
    Maximum(ColumnId),
}

/// What a reader hands out.
#[derive(Clone, Debug)]
pub enum ScanItem {
    /// Rows of the columns asked for.
    Rows(Batch),
    /// Rows of [keys.., values..] of the [`SummaryRequest`], one per segment or block that needed no reading.
    Summaries(Batch),
    /// Rows of partials of the rollup asked for: the columns that the request names.
    Partials(Batch),
}

/// What a scan did; shared by its readers.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "counters named by what they count")]
pub struct ScanStatistics {
    pub segments_total: AtomicU64,
    pub segments_pruned: AtomicU64,
    pub segments_summarized: AtomicU64,
    pub segments_from_partials: AtomicU64,
    pub blocks_total: AtomicU64,
    pub blocks_pruned: AtomicU64,
    pub blocks_summarized: AtomicU64,
    pub rows_scanned: AtomicU64,
    pub rows_selected: AtomicU64,
    pub bytes_read: AtomicU64,
}

/// A scan under way. Cheap to share; ends when its morsels are taken.
pub trait Scan: Send + Sync {
    /// A reader for one thread.
    fn reader(&self) -> Box<dyn ScanReader>;
    /// What was done so far.
    fn statistics(&self) -> &ScanStatistics;
    /// About how many rows will be handed out at most.
    fn row_count_max(&self) -> u64;
    /// The version that is read.
    fn version(&self) -> CommitVersion;
}

/// One thread's part in a scan.
pub trait ScanReader: Send {
    /// The next rows: first of the morsel in hand, then of the next one; `None` when none is left.
    fn next(&mut self) -> Result<Option<ScanItem>>;
}
