//! The source that reads a stored table through storage's scan: counts, stops at a limit, hands summaries to their receiver.

use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::operators::stored_lists::StoredLists;
use crate::physical::DynamicCondition;
use crate::pipeline::{Cancel, NodeProfile, Source, Stream};
use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stoa_storage::predicate::{ColumnPredicate, DynamicPredicate, RowPredicate};
use stoa_storage::scan::{Scan, ScanItem, ScanReader, ScanRequest};
use stoa_storage::schema::ColumnId;
use stoa_storage::store::TableSnapshot;
use stoa_storage::vector::Batch;

/// Rows below which another worker is not worth its start.
const ROWS_PER_WORKER_MIN: u64 = 64 * 1024;

/// Takes groups instead of rows: batches of [keys.., values..] of a [`stoa_storage::scan::SummaryRequest`], or of the columns of a rollup that were
/// asked for.
pub(crate) trait GroupReceiver: Send + Sync {
    /// Takes some; called by any worker.
    fn receive(&self, groups: Batch) -> Result<()>;
}

/// Who takes what a scan hands out instead of rows.
#[derive(Clone, Default)]
pub(crate) struct Receivers {
    pub(crate) of_summaries: Option<Arc<dyn GroupReceiver>>,
    pub(crate) of_partials: Option<Arc<dyn GroupReceiver>>,
}

/// The source.
pub(crate) struct StoredScan {
    table: Arc<dyn TableSnapshot>,
    request: ScanRequest,
    lists: StoredLists,
    receivers: Receivers,
    /// Rows that may still be handed out.
    remaining: Option<Arc<AtomicU64>>,
    cancel: Arc<Cancel>,
    profile: Option<Arc<NodeProfile>>,
    scan: Mutex<Option<Arc<dyn Scan>>>,
}

impl StoredScan {
    pub(crate) fn new(
        table: Arc<dyn TableSnapshot>,
        (request, lists): (ScanRequest, StoredLists),
        receivers: Receivers,
        limit: Option<u64>,
        cancel: Arc<Cancel>,
        profile: Option<Arc<NodeProfile>>,
    ) -> Self {
        StoredScan {
            table,
            request,
            lists,
            receivers,
            remaining: limit.map(|limit| Arc::new(AtomicU64::new(limit))),
            cancel,
            profile,
            scan: Mutex::new(None),
        }
    }

    /// The scan that all workers share; begun by the first.
    fn shared(&self) -> Result<Arc<dyn Scan>> {
        let mut slot = self.scan.lock();
        if let Some(scan) = &*slot {
            return Ok(scan.clone());
        }
        let scan = self.table.scan(self.request.clone())?;
        if let Some(profile) = &self.profile {
            let scan = scan.clone();
            let has_rollup = self.request.partial.is_some();
            profile.describe_later(move || describe(&*scan, has_rollup));
        }
        *slot = Some(scan.clone());
        Ok(scan)
    }
}

/// What EXPLAIN ANALYZE says of a scan.
fn describe(scan: &dyn Scan, has_rollup: bool) -> Vec<(String, String)> {
    let statistics = scan.statistics();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let of = |part: &AtomicU64, all: &AtomicU64| format!("{} of {}", count(part), count(all));
    let mut lines = vec![
        (
            "Segments Pruned".into(),
            of(&statistics.segments_pruned, &statistics.segments_total),
        ),
        (
            "Segments Summarized".into(),
            count(&statistics.segments_summarized).to_string(),
        ),
        (
            "Blocks Pruned".into(),
            of(&statistics.blocks_pruned, &statistics.blocks_total),
        ),
        (
            "Blocks Summarized".into(),
            count(&statistics.blocks_summarized).to_string(),
        ),
        ("Rows Scanned".into(), count(&statistics.rows_scanned).to_string()),
        ("Bytes Read".into(), count(&statistics.bytes_read).to_string()),
    ];
    if has_rollup {
        let of_rollup = of(&statistics.segments_from_partials, &statistics.segments_total);
        lines.push(("Segments From Rollup".into(), of_rollup));
    }
    lines
}

impl Source for StoredScan {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(StoredStream {
            reader: self.shared()?.reader(),
            lists: self.lists.clone(),
            waiting: VecDeque::new(),
            receivers: self.receivers.clone(),
            remaining: self.remaining.clone(),
            cancel: self.cancel.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        let rows = self.shared().map_or(1, |scan| scan.row_count_max());
        usize::try_from(rows.div_ceil(ROWS_PER_WORKER_MIN)).unwrap_or(usize::MAX)
    }
}

struct StoredStream {
    reader: Box<dyn ScanReader>,
    lists: StoredLists,
    /// Rows that storage gave already, with arrays that are yet to be decoded.
    waiting: VecDeque<Batch>,
    receivers: Receivers,
    remaining: Option<Arc<AtomicU64>>,
    cancel: Arc<Cancel>,
}

impl Stream for StoredStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(batch) = self.waiting.pop_front() {
            self.cancel.check()?;
            return self.lists.decoded(batch).map(Some);
        }
        if self
            .remaining
            .as_ref()
            .is_some_and(|rows| rows.load(Ordering::Relaxed) == 0)
        {
            return Ok(None);
        }
        loop {
            self.cancel.check()?;
            let item = self.reader.next().map_err(|error| self.cancel.told(error.into()))?;
            match (item, &self.receivers) {
                (None, _) => return Ok(None),
                (Some(ScanItem::Rows(batch)), _) => {
                    if let Some(remaining) = &self.remaining {
                        let rows = batch.selected_count() as u64;
                        // An optimization only: whoever is above counts exactly.
                        let _ = remaining.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                            Some(left.saturating_sub(rows))
                        });
                    }
                    self.waiting = self.lists.parts(batch)?.into();
                    return self
                        .waiting
                        .pop_front()
                        .map(|batch| self.lists.decoded(batch))
                        .transpose();
                }
                (Some(ScanItem::Summaries(batch)), receivers) => match &receivers.of_summaries {
                    Some(receiver) => receiver.receive(batch)?,
                    None => return Err(Error::Internal("summaries that nobody asked for".into())),
                },
                (Some(ScanItem::Partials(batch)), receivers) => match &receivers.of_partials {
                    Some(receiver) => receiver.receive(batch)?,
                    None => return Err(Error::Internal("partials that nobody asked for".into())),
                },
            }
        }
    }
}

/// A filter of the plan that storage evaluates for us, before it decodes other columns.
pub(crate) struct ExpressionPredicate {
    columns: Vec<ColumnId>,
    lists: StoredLists,
    expression: Expression,
}

impl ExpressionPredicate {
    /// The expression's layout is these columns in order; of arrays with what they become.
    pub(crate) fn new(columns: Vec<(ColumnId, Option<DataType>)>, expression: Expression) -> Self {
        let (columns, lists): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        ExpressionPredicate {
            columns,
            lists: StoredLists::of(lists),
            expression,
        }
    }
}

impl RowPredicate for ExpressionPredicate {
    fn columns(&self) -> &[ColumnId] {
        &self.columns
    }

    fn evaluate(
        &self,
        columns: &[ArrayRef],
        row_count: usize,
    ) -> std::result::Result<BooleanBuffer, Box<dyn std::error::Error + Send + Sync>> {
        let mut answer = BooleanBufferBuilder::new(row_count);
        let batch = Batch::new(columns.to_vec(), row_count);
        for part in self.lists.decoded_parts(batch)? {
            answer.append_buffer(&self.expression.select(&part?)?);
        }
        Ok(answer.finish())
    }
}

/// A condition that an operator above tightens while it runs.
pub(crate) struct NarrowingPredicate {
    pub(crate) column: ColumnId,
    pub(crate) condition: DynamicCondition,
}

impl DynamicPredicate for NarrowingPredicate {
    fn current(&self) -> Option<ColumnPredicate> {
        Some(ColumnPredicate {
            column: self.column,
            condition: (self.condition)()?,
        })
    }
}
