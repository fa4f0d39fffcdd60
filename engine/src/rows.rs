//! A result on its way out: typed columns, then batches as they come. Bounded: workers wait (without holding a thread) until
//! the receiver has taken what is ready.

use crate::error::Result;
use arrow_array::ArrayRef;
use std::sync::Arc;
use std::task::{Poll, Waker};
use stoa_sql::types::LogicalType;

/// A column of a result. Two are the same to a client by name and type, wherever they come from.
#[derive(Clone, Debug)]
pub struct ResultColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: LogicalType,
    /// The column of a relation whose values it shows unchanged.
    pub origin: Option<ColumnOrigin>,
}

impl PartialEq for ResultColumn {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.data_type == other.data_type
    }
}

/// A column of a relation, by the catalog's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnOrigin {
    /// The relation, as in `pg_class`.
    pub relation: u32,
    /// The column's place, from 1.
    pub number: i16,
}

/// Plain columns of equal length, in the result's order.
#[derive(Clone, Debug)]
pub struct RowBatch {
    /// One plain array per column.
    pub columns: Vec<ArrayRef>,
    /// Rows.
    pub row_count: usize,
}

/// Where batches come from.
pub trait RowSource: Send {
    /// The next batch if there is one ready, `Ready(Ok(None))` at the end; otherwise the waker is called once there is.
    fn poll_batch(&mut self, waker: &Waker) -> Poll<Result<Option<RowBatch>>>;
}

/// A streamed result. Dropping it ends the query.
pub struct Rows {
    columns: Arc<[ResultColumn]>,
    source: Box<dyn RowSource>,
}

impl Rows {
    /// A result of these columns from a source.
    pub fn new(columns: Arc<[ResultColumn]>, source: Box<dyn RowSource>) -> Self {
        Rows { columns, source }
    }

    /// The columns.
    pub fn columns(&self) -> &Arc<[ResultColumn]> {
        &self.columns
    }

    /// See [`RowSource::poll_batch`].
    pub fn poll_batch(&mut self, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        self.source.poll_batch(waker)
    }

    /// The next batch, waiting for it; `None` at the end.
    pub fn next_batch(&mut self) -> Result<Option<RowBatch>> {
        wait(|waker| self.source.poll_batch(waker))
    }
}

/// Polls until there is an answer, and sleeps in between.
pub(crate) fn wait<T>(mut poll: impl FnMut(&Waker) -> Poll<T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match poll(&waker) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park(),
        }
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rows")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}
