//! Memory that queries account for: a budget of the database, a budget per query below it, reservations below that. What is not
//! reserved (batches in flight, small states) is bounded by other limits.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit and what is used of it.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    parent: Option<Arc<MemoryBudget>>,
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
}

impl MemoryBudget {
    /// The database's.
    pub(crate) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(MemoryBudget {
            parent: None,
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
        })
    }

    /// A query's, below this one.
    pub(crate) fn child(self: &Arc<Self>, limit_bytes: usize) -> Arc<Self> {
        Arc::new(MemoryBudget {
            parent: Some(self.clone()),
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
        })
    }

    /// The most that was ever used.
    pub(crate) fn peak_bytes(&self) -> usize {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    /// An empty reservation.
    pub(crate) fn reservation(self: &Arc<Self>) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }

    fn take(&self, bytes: usize) -> Result<()> {
        let used = self
            .used_bytes
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        if used > self.limit_bytes {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::OutOfMemory {
                requested_bytes: bytes,
                limit_bytes: self.limit_bytes,
            });
        }
        self.peak_bytes.fetch_max(used, Ordering::Relaxed);
        if let Some(parent) = &self.parent
            && let Err(error) = parent.take(bytes)
        {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(error);
        }
        Ok(())
    }

    fn give_back(&self, bytes: usize) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(parent) = &self.parent {
            parent.give_back(bytes);
        }
    }
}

/// Bytes taken from a budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: usize,
}

impl Reservation {
    /// Holds exactly so many bytes from now on.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the reservation stays as it was.
    pub(crate) fn resize(&mut self, bytes: usize) -> Result<()> {
        if bytes > self.bytes {
            self.budget.take(bytes - self.bytes)?;
        } else {
            self.budget.give_back(self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Holds so many bytes more.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the reservation stays as it was.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<()> {
        self.resize(self.bytes.saturating_add(bytes))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}
