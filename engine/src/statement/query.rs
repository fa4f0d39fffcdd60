//! Queries: a plan becomes pipelines, their rows stream to whoever asked. Small ones run where they are: handing them to another
//! thread and back would take longer than they do.

use super::verify_rollups::verify;
use super::{Effect, Run, constants};
use crate::activity::Entry;
use crate::connection::{Outcome, RowsTag};
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::operators::gather::{batch_bytes, retained};
use crate::operators::project::{ProjectTransform, Projection};
use crate::physical::{Piece, Planner, Tables};
use crate::pipeline::{
    Demand, Output, OutputReceiver, OutputSink, Pipeline, Profile, QueryContext, QueryRun, Reservation, Sink, SinkPart,
    run_here,
};
use crate::rollup::with_rollups_below_joins;
use crate::rows::{ColumnOrigin, ResultColumn, RowBatch, RowSource, Rows};
use crate::types::LogicalType;
use parking_lot::Mutex;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Poll, Waker};
use stoa_sql::plan::{ColumnDef, ColumnId, Expr, Plan, Query};
use stoa_storage::vector::{Batch, flatten};

/// Rows of tables up to which a query runs on its connection's own thread.
const SMALL_ROWS_MAX: u64 = 8_192;
/// What each of them may take of the budget, in bytes.
const SMALL_ROW_BYTES: usize = 4096;

/// SELECT and its kin.
pub(super) fn execute(run: &Run<'_>, query: &Query) -> Result<Effect> {
    let rows = stream(run, &query.plan, &query.names)?;
    Ok(Effect::outcome(Outcome::Rows(rows, RowsTag::Select)))
}

/// The columns of a result.
pub(crate) fn result_columns(plan: &Plan, names: &[String]) -> Arc<[ResultColumn]> {
    let columns = plan.output().into_iter().zip(names);
    let columns = columns.map(|(column, name)| ResultColumn {
        origin: origin(plan, column.id),
        ..result_column(&column, name)
    });
    columns.collect()
}

/// Where a column of a plan comes from, where nothing was computed on the way.
fn origin(plan: &Plan, id: ColumnId) -> Option<ColumnOrigin> {
    match plan {
        Plan::Scan(scan) => {
            let (place, _) = scan.columns.iter().find(|(_, column)| column.id == id)?;
            Some(ColumnOrigin {
                relation: scan.table.0,
                number: i16::try_from(place + 1).ok()?,
            })
        }
        Plan::Project(project) => {
            let mut expressions = project.expressions.iter();
            match expressions.find(|(column, _)| column.id == id)? {
                (_, Expr::Column(inner)) => origin(&project.input, inner.id),
                _ => None,
            }
        }
        Plan::Filter(filter) => origin(&filter.input, id),
        Plan::Sort(sort) => origin(&sort.input, id),
        Plan::Limit(limit) => origin(&limit.input, id),
        Plan::Distinct(distinct) => origin(&distinct.input, id),
        Plan::Window(window) => origin(&window.input, id),
        Plan::Join(join) => origin(&join.left, id).or_else(|| origin(&join.right, id)),
        _ => None,
    }
}

/// A column of a result. What is still undecided is text, as for clients.
pub(crate) fn result_column(column: &ColumnDef, name: &str) -> ResultColumn {
    ResultColumn {
        name: name.to_owned(),
        data_type: match &column.data_type {
            LogicalType::Unknown => LogicalType::Text,
            decided => decided.clone(),
        },
        origin: None,
    }
}

/// The rows of a plan, as they come.
pub(crate) fn stream(run: &Run<'_>, plan: &Plan, names: &[String]) -> Result<Rows> {
    let columns = result_columns(plan, names);
    let settings = run.view.settings.resolved();
    if settings.verify_rollups && settings.use_rollups {
        verify(run, plan)?;
    }
    let planned = Planned::new(run, plan, None)?;
    if planned.is_small {
        let batches = planned.collect(run)?;
        let batches = batches.into_iter().map(row_batch).collect();
        return Ok(stored_rows(columns, batches));
    }
    Ok(planned.stream(run, columns))
}

/// A result that is there already.
pub(crate) fn stored_rows(columns: Arc<[ResultColumn]>, batches: VecDeque<RowBatch>) -> Rows {
    Rows::new(columns, Box::new(StoredRows { batches }))
}

struct StoredRows {
    batches: VecDeque<RowBatch>,
}

impl RowSource for StoredRows {
    fn poll_batch(&mut self, _: &Waker) -> Poll<Result<Option<RowBatch>>> {
        Poll::Ready(Ok(self.batches.pop_front()))
    }
}

/// A batch as a receiver takes it.
pub(crate) fn row_batch(batch: Batch) -> RowBatch {
    let batch = batch.compact();
    RowBatch {
        columns: batch.columns.iter().map(flatten).collect(),
        row_count: batch.row_count,
    }
}

/// A plan turned into pipelines, but for its end.
pub(crate) struct Planned {
    planner: Planner,
    piece: Piece,
    /// Whether it reads so little that a thread of its own would be a waste.
    pub(crate) is_small: bool,
}

impl Planned {
    /// Plans; the piece's columns are then the plan's output, in order.
    pub(crate) fn new(run: &Run<'_>, plan: &Plan, profile: Option<Arc<Profile>>) -> Result<Self> {
        let tables = Arc::new(run.view.clone());
        Planned::with(run, plan, run.context(profile), tables)
    }

    /// As [`Self::new`], of rows alone.
    pub(crate) fn without_rollups(run: &Run<'_>, plan: &Plan) -> Result<Self> {
        let context = QueryContext {
            use_rollups: false,
            ..run.context(None)
        };
        Planned::with(run, plan, context, Arc::new(run.view.clone()))
    }

    /// As [`Self::new`], over other tables than the catalog's.
    pub(crate) fn over(run: &Run<'_>, plan: &Plan, tables: Arc<dyn Tables>) -> Result<Self> {
        Planned::with(run, plan, run.context(None), tables)
    }

    fn with(run: &Run<'_>, plan: &Plan, context: QueryContext, tables: Arc<dyn Tables>) -> Result<Self> {
        let mut plan = constants::closed(plan, run.parameters, &run.view)?;
        if context.use_rollups
            && let Some(rewritten) =
                with_rollups_below_joins(&plan, &context.statement, &|table| tables.rollups(table))?
        {
            plan = Cow::Owned(rewritten);
        }
        let mut planner = Planner::new(context, tables).with_rows(&run.returned);
        let piece = planner.plan(&plan)?;
        Ok(Planned {
            is_small: is_small(run, &plan),
            piece: in_order(piece, plan.output()),
            planner,
        })
    }

    /// The columns of its batches.
    pub(crate) fn layout(&self) -> Arc<Layout> {
        self.piece.layout.clone()
    }

    fn finish(mut self, sink: Arc<dyn Sink>) -> Vec<Pipeline> {
        self.planner.sink(self.piece, sink);
        self.planner.finish()
    }

    /// Runs to the end, into a sink.
    pub(crate) fn run_into(self, run: &Run<'_>, sink: Arc<dyn Sink>) -> Result<()> {
        let cancel = run.entry.running().cancel.clone();
        if self.is_small {
            let pipelines = self.finish(sink);
            // A panic in an operator is a bug of Stoa that ends this statement and nothing else, here as on a worker.
            let ended = catch_unwind(AssertUnwindSafe(|| run_here(&pipelines, &cancel)));
            return ended.unwrap_or_else(|_| Err(Error::Internal("an operator panicked".into())));
        }
        let output = Output::new(run.view.shared.workers.queue().clone());
        self.start(run, sink, output.clone());
        let mut rows = Rows::new(Arc::from([]), receiver(run, output));
        while rows.next_batch()?.is_some() {}
        Ok(())
    }

    fn start(self, run: &Run<'_>, sink: Arc<dyn Sink>, output: Arc<Output>) {
        let running = run.entry.running();
        running.set_output(&output);
        let (entry, threads) = (run.entry.clone(), self.planner.context.threads);
        let cancel = running.cancel.clone();
        let queue = run.view.shared.workers.queue();
        QueryRun::start(queue, self.finish(sink), cancel, output, threads, move |result| {
            let result = result.map_err(|error| entry.running().cancel.told(error));
            if let Err(error) = &result {
                entry.failed(error);
            }
            result
        });
    }

    /// All batches.
    pub(crate) fn collect(self, run: &Run<'_>) -> Result<Vec<Batch>> {
        let collected = Arc::new(Mutex::new(Collected {
            batches: Vec::new(),
            memory: run.entry.running().memory.reservation(),
        }));
        self.run_into(run, Arc::new(CollectSink(collected.clone())))?;
        let batches = std::mem::take(&mut collected.lock().batches);
        Ok(batches)
    }

    fn stream(self, run: &Run<'_>, columns: Arc<[ResultColumn]>) -> Rows {
        let output = Output::new(run.view.shared.workers.queue().clone());
        let sink = Arc::new(OutputSink { output: output.clone() });
        self.start(run, sink, output.clone());
        Rows::new(columns, receiver(run, output))
    }
}

fn receiver(run: &Run<'_>, output: Arc<Output>) -> Box<dyn RowSource> {
    Box::new(StatementRows {
        receiver: OutputReceiver {
            output,
            cancel: run.entry.running().cancel.clone(),
        },
        entry: Some(run.entry.clone()),
    })
}

/// Rows on their way; the statement runs until the last of them is taken.
struct StatementRows {
    receiver: OutputReceiver,
    entry: Option<Arc<Entry>>,
}

impl RowSource for StatementRows {
    fn poll_batch(&mut self, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        let polled = self.receiver.poll_batch(waker);
        match &polled {
            Poll::Ready(Ok(Some(_))) => {
                // Workers may be done: a slow client is not.
                if let Some(entry) = &self.entry
                    && let Err(error) = entry.running().cancel.asked()
                {
                    entry.failed(&error);
                    self.entry = None;
                    return Poll::Ready(Err(error));
                }
            }
            Poll::Ready(_) => self.entry = None,
            Poll::Pending => {}
        }
        polled
    }
}

/// The same rows with exactly these columns, in this order.
fn in_order(piece: Piece, columns: Vec<ColumnDef>) -> Piece {
    let is_same = piece.layout.columns().len() == columns.len()
        && piece
            .layout
            .columns()
            .iter()
            .zip(&columns)
            .all(|(have, want)| have.id == want.id);
    if is_same {
        return piece;
    }
    let places: Vec<_> = columns.iter().map(|column| piece.layout.position(column.id)).collect();
    let projections = places.into_iter().flatten().map(Projection::Column).collect();
    piece.through(ProjectTransform::new(projections), columns)
}

/// Whether a plan reads little and makes no more of it.
fn is_small(run: &Run<'_>, plan: &Plan) -> bool {
    fn rows(run: &Run<'_>, plan: &Plan) -> Option<u64> {
        match plan {
            Plan::Scan(scan) => {
                let table = crate::catalog::relation::storage_id(scan.table);
                let is_stored = run.view.catalog.by_id(scan.table)?.stored().is_some();
                match is_stored {
                    true => Some(run.view.snapshot.table(table)?.row_count()),
                    false => Some(0),
                }
            }
            Plan::Join(_) | Plan::Apply(_) | Plan::TableFunction(_) | Plan::With(_) | Plan::CteScan(_) => None,
            other => {
                let mut total = 0u64;
                for input in other.inputs() {
                    total = total.saturating_add(rows(run, input)?);
                }
                Some(total)
            }
        }
    }
    // All answers are collected, and must find room beside what the operators hold.
    let room = run.entry.running().memory.limit_bytes() / SMALL_ROW_BYTES;
    rows(run, plan).is_some_and(|rows| rows <= SMALL_ROWS_MAX.min(room as u64))
}

/// Keeps all batches.
struct CollectSink(Arc<Mutex<Collected>>);

struct Collected {
    batches: Vec<Batch>,
    memory: Reservation,
}

struct CollectPart(Arc<Mutex<Collected>>);

impl Sink for CollectSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(CollectPart(self.0.clone())))
    }
}

impl SinkPart for CollectPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        let mut collected = self.0.lock();
        collected.memory.grow(batch_bytes(&batch))?;
        collected.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// The selected rows in plain columns.
pub(crate) fn plain(batch: Batch) -> Batch {
    let batch = batch.compact();
    let columns = batch.columns.iter().map(flatten).collect();
    Batch::new(columns, batch.row_count)
}
