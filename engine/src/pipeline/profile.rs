//! What operators did, for EXPLAIN ANALYZE: rows and time per plan node, and what each wants to say besides.

use super::{Stream, Transform};
use crate::error::Result;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use stoa_storage::vector::Batch;

/// By plan node, numbered in the order in which EXPLAIN prints them.
#[derive(Default)]
pub(crate) struct Profile {
    nodes: Mutex<Vec<Option<Arc<NodeProfile>>>>,
}

/// One node's.
#[derive(Default)]
pub(crate) struct NodeProfile {
    /// Rows handed on.
    pub(crate) rows: AtomicU64,
    /// Time inside, children's streams included, all workers added.
    pub(crate) nanoseconds: AtomicU64,
    facts: Mutex<Vec<(String, String)>>,
    describe: Mutex<Option<Describe>>,
}

type Describe = Box<dyn Fn() -> Vec<(String, String)> + Send>;

impl Profile {
    /// The node's profile.
    pub(crate) fn node(&self, number: usize) -> Arc<NodeProfile> {
        let mut nodes = self.nodes.lock();
        if nodes.len() <= number {
            nodes.resize(number + 1, None);
        }
        nodes[number].get_or_insert_default().clone()
    }
}

impl NodeProfile {
    /// Lines that are asked for at the end.
    pub(crate) fn describe_later(&self, describe: impl Fn() -> Vec<(String, String)> + Send + 'static) {
        *self.describe.lock() = Some(Box::new(describe));
    }

    /// All lines.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = self.facts.lock().clone();
        facts.extend(self.describe.lock().iter().flat_map(|describe| describe()));
        facts
    }
}

/// Counts what passes.
pub(crate) struct Profiled {
    pub(crate) node: Arc<NodeProfile>,
}

impl Transform for Profiled {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(ProfiledStream {
            input,
            node: self.node.clone(),
        }))
    }
}

struct ProfiledStream {
    input: Box<dyn Stream>,
    node: Arc<NodeProfile>,
}

impl Stream for ProfiledStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let start = Instant::now();
        let batch = self.input.next();
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.node.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        if let Ok(Some(batch)) = &batch {
            self.node
                .rows
                .fetch_add(batch.selected_count() as u64, Ordering::Relaxed);
        }
        batch
    }
}
