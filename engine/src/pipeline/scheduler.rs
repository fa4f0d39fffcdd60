//! Which task runs next: of the query that has used the least time, so that a short query does not wait for long ones; every so often
//! one of a query that has used more, so that it comes to its end however many short ones there are. A task runs for a slice of time
//! and comes back. Starts no threads.
//!
//! Levels of used time in place of priorities: as in multilevel feedback queues, nobody has to know beforehand how long a query takes.

use super::query::Task;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a task runs while others of its kind wait ..
const SLICE: Duration = Duration::from_millis(10);
/// .. while one waits whose query has used less time ..
const SHORT_SLICE: Duration = Duration::from_micros(500);
/// .. and in a turn that was kept for it.
const KEPT_SLICE: Duration = Duration::from_millis(2);

/// Queries by the time that they have used: up to 4 ms, and four times as much per level.
const LEVELS: usize = 6;
const FIRST_LEVEL: Duration = Duration::from_millis(4);

/// One turn in so many is kept for queries that have used more time.
const TURNS_PER_KEPT: usize = 4;

/// A task that runs so long without coming back is not counted on.
const STUCK: Duration = Duration::from_millis(20);

/// Tasks that can run.
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
    /// Spare threads wait here.
    overdue: Condvar,
    /// The lowest level of which a task waits; [`LEVELS`] where none does.
    lowest_level: AtomicUsize,
    worker_count: usize,
}

struct QueueState {
    levels: [VecDeque<Waiting>; LEVELS],
    turns: usize,
    /// By thread, the spare ones last: since when its task runs.
    running: Vec<Option<Instant>>,
    closed: bool,
}

struct Waiting {
    task: Task,
    since: Instant,
}

/// The level of a query that has used so much time.
fn level_of(used: Duration) -> usize {
    let parts = used.as_micros() / FIRST_LEVEL.as_micros();
    let quarters = (u128::BITS - parts.leading_zeros()).div_ceil(2) as usize;
    quarters.min(LEVELS - 1)
}

impl Queue {
    /// For so many threads, and so many spare ones.
    pub(super) fn new(worker_count: usize, spare_count: usize) -> Arc<Self> {
        Arc::new(Queue {
            state: Mutex::new(QueueState {
                levels: Default::default(),
                turns: 0,
                running: vec![None; worker_count + spare_count],
                closed: false,
            }),
            arrived: Condvar::new(),
            overdue: Condvar::new(),
            lowest_level: AtomicUsize::new(LEVELS),
            worker_count,
        })
    }

    pub(super) fn push_all(&self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.state.lock();
        let mut count = 0;
        for task in tasks {
            let since = Instant::now();
            state.levels[level_of(task.used_time())].push_back(Waiting { task, since });
            count += 1;
        }
        self.note_lowest(&state);
        match count {
            0 => return,
            1 => {
                self.arrived.notify_one();
            }
            _ => {
                self.arrived.notify_all();
            }
        }
        self.alert(&state);
    }

    /// Wakes a spare thread where tasks wait and all workers have one.
    fn alert(&self, state: &QueueState) {
        let is_waited_for = self.lowest_level.load(Ordering::Relaxed) < LEVELS;
        if is_waited_for && state.running[..self.worker_count].iter().all(Option::is_some) {
            self.overdue.notify_one();
        }
    }

    /// Whether a task of a query that has used so much time should make way, having run for `elapsed` at a stretch, in a turn that was
    /// kept for it or not.
    pub(super) fn should_yield(&self, used: Duration, elapsed: Duration, is_kept: bool) -> bool {
        let lowest = self.lowest_level.load(Ordering::Relaxed);
        let least = if is_kept { KEPT_SLICE } else { SHORT_SLICE };
        match elapsed {
            _ if lowest == LEVELS || elapsed < least => false,
            _ if elapsed >= SLICE => true,
            _ => lowest < level_of(used),
        }
    }

    /// The next task for a thread, which waits for one; `None` when there will be no more.
    pub(super) fn take(&self, thread: usize) -> Option<Task> {
        let mut state = self.state.lock();
        state.running[thread] = None;
        loop {
            if let Some(task) = state.next() {
                state.running[thread] = Some(Instant::now());
                self.note_lowest(&state);
                self.alert(&state);
                return Some(task);
            }
            if state.closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
    }

    /// As [`Self::take`], for a spare thread: only while tasks wait and threads are stuck in one, as in a sort of what it holds.
    pub(super) fn take_overdue(&self, thread: usize) -> Option<Task> {
        let mut state = self.state.lock();
        state.running[thread] = None;
        loop {
            if state.closed {
                return None;
            }
            if state.levels.iter().all(VecDeque::is_empty) {
                self.overdue.wait(&mut state);
                continue;
            }
            if state.responsive_threads(self.worker_count) < self.worker_count
                && let Some(task) = state.next()
            {
                state.running[thread] = Some(Instant::now());
                self.note_lowest(&state);
                self.overdue.notify_one();
                return Some(task);
            }
            self.overdue.wait_for(&mut state, STUCK);
        }
    }

    fn note_lowest(&self, state: &QueueState) {
        let lowest = state.levels.iter().position(|level| !level.is_empty());
        self.lowest_level.store(lowest.unwrap_or(LEVELS), Ordering::Relaxed);
    }

    /// Lets all threads end.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_all();
        self.overdue.notify_all();
    }
}

impl QueueState {
    fn next(&mut self) -> Option<Task> {
        let waiting = |level: &usize| self.levels[*level].front().map(|waiting| waiting.since);
        let mut levels = (0..LEVELS).filter(|level| !self.levels[*level].is_empty());
        let lowest = levels.next()?;
        let longest_waiting = levels.min_by_key(waiting);
        let kept = longest_waiting.filter(|_| self.turns.is_multiple_of(TURNS_PER_KEPT));
        self.turns += 1;
        let mut task = self.levels[kept.unwrap_or(lowest)].pop_front()?.task;
        task.turn_is_kept = kept.is_some();
        Some(task)
    }

    /// Threads that are idle, or will come back soon; of spare ones those that have a task.
    fn responsive_threads(&self, worker_count: usize) -> usize {
        let (workers, spare) = self.running.split_at(worker_count);
        let is_responsive = |since: &Option<Instant>| since.is_none_or(|since| since.elapsed() < STUCK);
        let working_spare = spare.iter().filter(|since| since.is_some());
        workers
            .iter()
            .chain(working_spare)
            .filter(|since| is_responsive(since))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_quadruple() {
        let level = |milliseconds: u64| level_of(Duration::from_millis(milliseconds));
        let levels = [0, 3, 4, 15, 16, 63, 64, 255, 256, 1023, 1024, 100_000].map(level);
        assert_eq!(levels, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}
