//! Where a query's rows wait for whoever asked: a bounded queue. Workers that find it full put their task aside instead of
//! waiting on a thread; the receiver brings them back.

use super::query::Task;
use super::scheduler::Queue;
use super::{Demand, Sink, SinkPart};
use crate::error::{CancelReason, Error, Result};
use crate::pipeline::Cancel;
use crate::rows::{RowBatch, RowSource};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};
use stoa_storage::vector::{Batch, flatten};

/// Rows that may wait.
const WAITING_ROWS_MAX: usize = 64 * 1024;

/// The queue between workers and receiver.
pub(crate) struct Output {
    queue: Arc<Queue>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    batches: VecDeque<RowBatch>,
    rows: usize,
    /// The query ended: with an error, or because there is nothing more.
    end: Option<Result<()>>,
    waker: Option<Waker>,
    /// Tasks that found no room.
    parked: Vec<Task>,
    /// The receiver is gone.
    abandoned: bool,
}

impl Output {
    pub(crate) fn new(queue: Arc<Queue>) -> Arc<Self> {
        Arc::new(Output {
            queue,
            waiting: Mutex::new(Waiting::default()),
        })
    }

    fn push(&self, batch: RowBatch) -> Demand {
        let mut waiting = self.waiting.lock();
        if waiting.abandoned {
            return Demand::Enough;
        }
        waiting.rows += batch.row_count;
        waiting.batches.push_back(batch);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
        match waiting.rows >= WAITING_ROWS_MAX {
            true => Demand::Later,
            false => Demand::More,
        }
    }

    /// Keeps a task until there is room; hands it back where there is some already.
    pub(super) fn park(&self, task: Task) -> Option<Task> {
        let mut waiting = self.waiting.lock();
        if waiting.abandoned || waiting.rows < WAITING_ROWS_MAX {
            return Some(task);
        }
        waiting.parked.push(task);
        None
    }

    /// The query is over.
    pub(super) fn end(&self, result: Result<()>) {
        let mut waiting = self.waiting.lock();
        waiting.end.get_or_insert(result);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }

    /// Lets parked tasks go on, so that they notice a cancellation.
    pub(crate) fn release(&self) {
        let parked = std::mem::take(&mut self.waiting.lock().parked);
        self.queue.push_all(parked);
    }

    fn poll(&self, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        let mut waiting = self.waiting.lock();
        if matches!(waiting.end, Some(Err(_))) {
            let error = waiting.end.replace(Ok(()));
            waiting.batches.clear();
            waiting.rows = 0;
            return Poll::Ready(Err(error
                .and_then(Result::err)
                .unwrap_or_else(|| Error::Internal("a query ended without its error".into()))));
        }
        if let Some(batch) = waiting.batches.pop_front() {
            waiting.rows -= batch.row_count;
            if waiting.rows < WAITING_ROWS_MAX / 2 {
                let parked = std::mem::take(&mut waiting.parked);
                drop(waiting);
                self.queue.push_all(parked);
            }
            return Poll::Ready(Ok(Some(batch)));
        }
        if waiting.end.is_some() {
            return Poll::Ready(Ok(None));
        }
        waiting.waker = Some(waker.clone());
        Poll::Pending
    }

    /// Nobody reads any more; whether the query still runs.
    fn abandon(&self) -> bool {
        let mut waiting = self.waiting.lock();
        waiting.abandoned = true;
        waiting.batches.clear();
        waiting.rows = 0;
        waiting.end.is_none()
    }
}

/// The sink that fills an output.
pub(crate) struct OutputSink {
    pub(crate) output: Arc<Output>,
}

impl Sink for OutputSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(OutputPart {
            output: self.output.clone(),
        }))
    }
}

struct OutputPart {
    output: Arc<Output>,
}

impl SinkPart for OutputPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = batch.compact();
        let row_batch = RowBatch {
            columns: batch.columns.iter().map(flatten).collect(),
            row_count: batch.row_count,
        };
        Ok(self.output.push(row_batch))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// The receiver's end. Dropping it ends the query, if it runs: a statement may have others behind it.
pub(crate) struct OutputReceiver {
    pub(crate) output: Arc<Output>,
    pub(crate) cancel: Arc<Cancel>,
}

impl RowSource for OutputReceiver {
    fn poll_batch(&mut self, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        self.output.poll(waker)
    }
}

impl Drop for OutputReceiver {
    fn drop(&mut self) {
        if self.output.abandon() {
            self.cancel.cancel(CancelReason::User);
        }
        self.output.release();
    }
}
