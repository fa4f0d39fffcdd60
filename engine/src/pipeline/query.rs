//! A query under way: its pipelines in order, the tasks of the one that runs, its end.

use super::output::Output;
use super::scheduler::Queue;
use super::{Branch, Cancel, Demand, Pipeline, SinkPart, Stream};
use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What happens when a query is over, before its receiver hears of it.
type AtEnd = Box<dyn FnOnce(Result<()>) -> Result<()> + Send>;

/// A query under way.
pub(crate) struct QueryRun {
    pipelines: Vec<Pipeline>,
    cancel: Arc<Cancel>,
    output: Arc<Output>,
    threads: usize,
    /// What its tasks have run for, in microseconds.
    used: AtomicU64,
    state: Mutex<RunState>,
}

struct RunState {
    pipeline: usize,
    branch: usize,
    /// Tasks of the branch that have not ended.
    open_tasks: usize,
    /// The sink has enough: the remaining branches are left out.
    enough: bool,
    error: Option<Error>,
    at_end: Option<AtEnd>,
}

/// One worker's part in a branch; moves between threads, runs on one at a time.
pub(crate) struct Task {
    run: Arc<QueryRun>,
    branch: Branch,
    sink: Arc<dyn super::Sink>,
    parts: Option<(Box<dyn Stream>, Box<dyn SinkPart>)>,
    /// It runs although tasks wait whose queries have used less time.
    pub(super) turn_is_kept: bool,
}

/// What became of a task's turn.
pub(super) enum Progress {
    /// Its slice is over.
    Yielded(Task),
    /// It ended, or waits where somebody brings it back.
    Gone,
}

enum Turn {
    Ended { enough: bool },
    Later,
    SliceOver,
}

impl QueryRun {
    /// Begins to run pipelines in order; the output hears of the end. `at_end` runs before that and may turn success into an
    /// error.
    pub(crate) fn start(
        queue: &Arc<Queue>,
        pipelines: Vec<Pipeline>,
        cancel: Arc<Cancel>,
        output: Arc<Output>,
        threads: usize,
        at_end: impl FnOnce(Result<()>) -> Result<()> + Send + 'static,
    ) {
        let run = Arc::new(QueryRun {
            pipelines,
            cancel,
            output,
            threads: threads.max(1),
            used: AtomicU64::new(0),
            state: Mutex::new(RunState {
                pipeline: 0,
                branch: 0,
                open_tasks: 0,
                enough: false,
                error: None,
                at_end: Some(Box::new(at_end)),
            }),
        });
        queue.push_all(run.advance());
    }

    /// The tasks of what comes next: another branch, another pipeline, or none and the end.
    fn advance(self: &Arc<Self>) -> Vec<Task> {
        let mut state = self.state.lock();
        loop {
            if state.error.is_none()
                && let Err(error) = self.cancel.check()
            {
                state.error = Some(error);
            }
            let pipeline = self.pipelines.get(state.pipeline);
            let Some(pipeline) = pipeline.filter(|_| state.error.is_none()) else {
                let result = state.error.take().map_or(Ok(()), Err);
                let at_end = state.at_end.take();
                drop(state);
                self.end(result, at_end);
                return Vec::new();
            };
            let branch = pipeline.branches.get(state.branch).filter(|_| !state.enough);
            let Some(branch) = branch else {
                state.error = guarded(|| pipeline.sink.finish()).err();
                (state.pipeline, state.branch, state.enough) = (state.pipeline + 1, 0, false);
                continue;
            };
            state.branch += 1;
            match guarded(|| Ok(branch.source.parallelism_max())) {
                Ok(parallelism) => {
                    state.open_tasks = parallelism.clamp(1, self.threads);
                    return (0..state.open_tasks).map(|_| self.task(branch, pipeline)).collect();
                }
                Err(error) => state.error = Some(error),
            }
        }
    }

    fn used_time(&self) -> Duration {
        Duration::from_micros(self.used.load(Ordering::Relaxed))
    }

    fn task(self: &Arc<Self>, branch: &Branch, pipeline: &Pipeline) -> Task {
        Task {
            run: self.clone(),
            branch: branch.clone(),
            sink: pipeline.sink.clone(),
            parts: None,
            turn_is_kept: false,
        }
    }

    fn end(&self, result: Result<()>, at_end: Option<AtEnd>) {
        let result = match at_end {
            Some(at_end) => guarded(|| at_end(result)),
            None => result,
        };
        self.output.end(result);
    }

    /// Whether a task ended with an error that is no cancellation; the others are cancelled then.
    fn has_failed(&self) -> bool {
        let state = self.state.lock();
        state
            .error
            .as_ref()
            .is_some_and(|error| !matches!(error, Error::Cancelled(_)))
    }

    /// A task ended; the last of its branch gives the next tasks.
    fn task_ended(self: &Arc<Self>, result: Result<bool>) -> Vec<Task> {
        let mut state = self.state.lock();
        state.open_tasks -= 1;
        match result {
            Ok(enough) => state.enough |= enough,
            Err(error) => {
                state.error.get_or_insert(error);
                self.cancel.stop();
            }
        }
        let last = state.open_tasks == 0;
        drop(state);
        if last {
            return self.advance();
        }
        // Parked siblings must notice that there is nothing more to do.
        self.output.release();
        Vec::new()
    }
}

impl Task {
    /// What the tasks of its query have run for.
    pub(super) fn used_time(&self) -> Duration {
        self.run.used_time()
    }

    /// Runs for a slice.
    pub(super) fn run(mut self, queue: &Arc<Queue>) -> Progress {
        let start = Instant::now();
        let result = guarded(|| self.turn(queue, start));
        self.run
            .used
            .fetch_add(start.elapsed().as_micros() as u64, Ordering::Relaxed);
        match result {
            Ok(Turn::SliceOver) => Progress::Yielded(self),
            Ok(Turn::Later) => {
                let output = self.run.output.clone();
                match output.park(self) {
                    Some(task) => Progress::Yielded(task),
                    None => Progress::Gone,
                }
            }
            Ok(Turn::Ended { enough }) => self.ended(queue, Ok(enough)),
            Err(error) => self.ended(queue, Err(error)),
        }
    }

    fn ended(self, queue: &Arc<Queue>, result: Result<bool>) -> Progress {
        let run = self.run.clone();
        if matches!(&result, Err(Error::Cancelled(_))) && !run.has_failed() {
            // Whoever cancelled hears of it before all that the operators hold is freed, which may take longer than the rest.
            queue.push_all(run.task_ended(result));
            drop(self);
            return Progress::Gone;
        }
        // Operators go before the next pipeline begins: what they hold is free then.
        drop(self);
        queue.push_all(run.task_ended(result));
        Progress::Gone
    }

    fn turn(&mut self, queue: &Queue, start: Instant) -> Result<Turn> {
        let (stream, sink) = match &mut self.parts {
            Some(parts) => parts,
            parts => parts.insert((self.branch.open()?, self.sink.open()?)),
        };
        let enough = loop {
            self.run.cancel.check()?;
            let Some(batch) = stream.next()? else { break false };
            match sink.consume(batch)? {
                Demand::More => {}
                Demand::Enough => break true,
                Demand::Later => return Ok(Turn::Later),
            }
            let elapsed = start.elapsed();
            if queue.should_yield(self.run.used_time() + elapsed, elapsed, self.turn_is_kept) {
                return Ok(Turn::SliceOver);
            }
        };
        if let Some((stream, sink)) = self.parts.take() {
            drop(stream);
            sink.finish()?;
        }
        Ok(Turn::Ended { enough })
    }
}

/// Runs pipelines to their end on the calling thread; `Demand::Later` is not heeded.
///
/// # Errors
/// The first error of an operator, or the cancellation.
pub(crate) fn run_here(pipelines: &[Pipeline], cancel: &Cancel) -> Result<()> {
    for pipeline in pipelines {
        'branches: for branch in &pipeline.branches {
            let mut stream = branch.open()?;
            let mut sink = pipeline.sink.open()?;
            let mut enough = false;
            while let Some(batch) = stream.next()? {
                cancel.check()?;
                if sink.consume(batch)? == Demand::Enough {
                    enough = true;
                    break;
                }
            }
            sink.finish()?;
            if enough {
                break 'branches;
            }
        }
        pipeline.sink.finish()?;
    }
    Ok(())
}

/// A panic in an operator is a bug of Stoa that ends this query and nothing else.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<&str>()
            .map(|message| (*message).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a worker panicked".to_owned());
        Err(Error::Internal(message))
    })
}
