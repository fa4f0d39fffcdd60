//! The workers: threads that take tasks from one queue, run each for a slice of time, and put it back. Queries take turns, so a
//! short one does not wait for a long one to end.

use super::query::{Progress, Task};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long a task runs while others wait.
pub(super) const SLICE: Duration = Duration::from_millis(10);

/// Tasks that can run.
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
}

#[derive(Default)]
struct QueueState {
    tasks: VecDeque<Task>,
    closed: bool,
}

impl Queue {
    pub(super) fn push_all(&self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.state.lock();
        let before = state.tasks.len();
        state.tasks.extend(tasks);
        match state.tasks.len() - before {
            0 => {}
            1 => {
                self.arrived.notify_one();
            }
            _ => {
                self.arrived.notify_all();
            }
        }
    }

    /// Whether somebody waits for a worker.
    pub(super) fn is_contended(&self) -> bool {
        !self.state.lock().tasks.is_empty()
    }

    fn take(&self) -> Option<Task> {
        let mut state = self.state.lock();
        loop {
            if let Some(task) = state.tasks.pop_front() {
                return Some(task);
            }
            if state.closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
    }
}

/// The worker threads of a database; joined when dropped.
pub(crate) struct Workers {
    queue: Arc<Queue>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Workers {
    /// Starts so many threads, at least one.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(thread_count: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(QueueState::default()),
            arrived: Condvar::new(),
        });
        let threads = (0..thread_count.max(1))
            .map(|number| {
                let queue = queue.clone();
                std::thread::Builder::new()
                    .name(format!("worker-{number}"))
                    .stack_size(crate::limits::WORKER_STACK_BYTES)
                    .spawn(move || work(&queue))
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Workers { queue, threads })
    }

    /// The queue that they take from.
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.threads.len()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.state.lock().closed = true;
        self.queue.arrived.notify_all();
        // The last to let go of a database may be a worker itself, which cannot wait for its own end.
        let here = std::thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != here) {
            // A worker that panicked has nothing more to say: its query ended with an error.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Arc<Queue>) {
    while let Some(task) = queue.take() {
        if let Progress::Yielded(task) = task.run(queue) {
            queue.push_all([task]);
        }
    }
}
