//! How a query runs: pipelines of [`Source`], [`Transform`]s and a [`Sink`], one after the other, each on all workers.
//!
//! Within a pipeline every worker pulls batches through its own chain of [`Stream`]s and pushes them into its own
//! [`SinkPart`]; what workers share stands behind the `Source`, `Transform` and `Sink` that opened these. A sink ends a pipeline
//! (hash table built, rows sorted, rows handed to the client); a later pipeline's source reads what it made. Work that
//! should run on all workers belongs in a stream (a source that hands out partitions), not in [`Sink::finish`], which one
//! worker runs.

mod cancel;
mod context;
mod memory;
mod output;
mod profile;
mod query;
mod scheduler;
#[cfg(test)]
mod scheduler_tests;
mod workers;

pub(crate) use cancel::Cancel;
pub(crate) use context::QueryContext;
pub(crate) use memory::{MemoryBudget, Reservation};
pub(crate) use output::{Output, OutputReceiver, OutputSink};
pub(crate) use profile::{NodeProfile, Profile, Profiled};
pub(crate) use query::{QueryRun, run_here};
pub(crate) use workers::Workers;

use crate::error::Result;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// One worker's flow of batches. Long work between two batches must ask [`Cancel::check`].
pub(crate) trait Stream: Send {
    /// The next batch, which has selected rows; `None` at the end, and from then on.
    fn next(&mut self) -> Result<Option<Batch>>;
}

/// Where batches come from.
pub(crate) trait Source: Send + Sync {
    /// One worker's part. Called when the pipeline starts: everything that earlier pipelines make is there.
    fn open(&self) -> Result<Box<dyn Stream>>;
    /// Workers that can be of use; 1 where batches have an order that must be kept. Called when the pipeline starts.
    fn parallelism_max(&self) -> usize {
        usize::MAX
    }
}

/// What happens to batches on their way.
pub(crate) trait Transform: Send + Sync {
    /// One worker's part.
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>>;
}

/// Where a pipeline ends.
pub(crate) trait Sink: Send + Sync {
    /// One worker's part.
    fn open(&self) -> Result<Box<dyn SinkPart>>;
    /// All parts have finished. Short work only.
    fn finish(&self) -> Result<()> {
        Ok(())
    }
}

/// One worker's part of a sink.
pub(crate) trait SinkPart: Send {
    /// Takes a batch.
    fn consume(&mut self, batch: Batch) -> Result<Demand>;
    /// The worker has no more batches.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Whether a sink wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Go on.
    More,
    /// No further batch can matter, of any worker.
    Enough,
    /// Go on once [`Output`] has room again.
    Later,
}

/// A source and what its batches go through.
#[derive(Clone)]
pub(crate) struct Branch {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) transforms: Vec<Arc<dyn Transform>>,
}

/// Branches that end in one sink. They run one after the other, in order; each on all workers it can use.
#[derive(Clone)]
pub(crate) struct Pipeline {
    pub(crate) branches: Vec<Branch>,
    pub(crate) sink: Arc<dyn Sink>,
}

impl Branch {
    /// One worker's chain.
    pub(crate) fn open(&self) -> Result<Box<dyn Stream>> {
        let source = self.source.open()?;
        self.transforms
            .iter()
            .try_fold(source, |stream, transform| transform.open(stream))
    }
}
