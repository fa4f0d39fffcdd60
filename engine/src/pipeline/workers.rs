//! The threads of a database that run its queries' tasks. Spare ones sleep beside them, and only take a task where the others are all in
//! long work that does not come back, so that nobody waits for its end. Decides nothing about which task runs.

use super::query::Progress;
use super::scheduler::Queue;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Spare threads for each worker.
const SPARE_PER_WORKER: usize = 4;

/// The worker threads; joined when dropped.
pub(crate) struct Workers {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    count: usize,
}

impl Workers {
    /// Starts so many threads, at least one.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(thread_count: usize) -> std::io::Result<Self> {
        let count = thread_count.max(1);
        let spare_count = count * SPARE_PER_WORKER;
        let queue = Queue::new(count, spare_count);
        let start = |number: usize| {
            let queue = queue.clone();
            let name = match number < count {
                true => format!("worker-{number}"),
                false => format!("spare-{}", number - count),
            };
            std::thread::Builder::new()
                .name(name)
                .stack_size(crate::limits::WORKER_STACK_BYTES)
                .spawn(move || work(&queue, number, number >= count))
        };
        let threads = (0..count + spare_count)
            .map(start)
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Workers { queue, threads, count })
    }

    /// The queue that they take from.
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// How many run at once.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
        // The last to let go of a database may be a worker itself, which cannot wait for its own end.
        let here = std::thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != here) {
            // A worker that panicked has nothing more to say: its query ended with an error.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Arc<Queue>, thread: usize, is_spare: bool) {
    let take = || match is_spare {
        true => queue.take_overdue(thread),
        false => queue.take(thread),
    };
    while let Some(task) = take() {
        if let Progress::Yielded(task) = task.run(queue) {
            queue.push_all([task]);
        }
    }
}
