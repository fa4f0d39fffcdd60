//! Memory that queries account for: a budget of the database, a budget per query below it, reservations below that. What is not
//! reserved (batches in flight, small states) is bounded by other limits.
//!
//! Operators that can put rows on disk leave a part of the budget to those that cannot: they ask [`Reservation::try_grow`].

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use stoa_storage::temporary::TemporaryFiles;

/// Of these parts of a budget ..
const PARTS: usize = 8;
/// .. so many are for memory that could be on disk as well.
const SPILLABLE_PARTS: usize = 6;
/// The part of a budget that each worker of such an operator has in any case ..
const WORKER_PARTS: usize = 128;
/// .. and each of many that it shares rows out to.
const PARTITION_PARTS: usize = 2048;

/// A limit and what is used of it.
#[derive(Debug)]
pub(crate) struct MemoryBudget {
    parent: Option<Arc<MemoryBudget>>,
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
    /// Where rows go that do not fit.
    temporary_files: Arc<TemporaryFiles>,
    spilled_bytes: AtomicU64,
}

impl MemoryBudget {
    /// The database's.
    pub(crate) fn new(limit_bytes: usize, temporary_files: Arc<TemporaryFiles>) -> Arc<Self> {
        Arc::new(MemoryBudget {
            parent: None,
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
            temporary_files,
            spilled_bytes: AtomicU64::new(0),
        })
    }

    /// A query's, below this one.
    pub(crate) fn child(self: &Arc<Self>, limit_bytes: usize) -> Arc<Self> {
        Arc::new(MemoryBudget {
            parent: Some(self.clone()),
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
            temporary_files: self.temporary_files.clone(),
            spilled_bytes: AtomicU64::new(0),
        })
    }

    /// The most that was ever used.
    pub(crate) fn peak_bytes(&self) -> usize {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    /// The limit.
    pub(crate) fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Where rows go that do not fit.
    pub(crate) fn temporary_files(&self) -> &Arc<TemporaryFiles> {
        &self.temporary_files
    }

    /// Notes that so many bytes went to disk.
    pub(crate) fn count_spilled(&self, bytes: u64) {
        self.spilled_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes that went to disk.
    pub(crate) fn spilled_bytes(&self) -> u64 {
        self.spilled_bytes.load(Ordering::Relaxed)
    }

    /// Whether so many bytes more leave room for memory that cannot be on disk.
    fn has_room(&self, bytes: usize) -> bool {
        let used = self.used_bytes.load(Ordering::Relaxed).saturating_add(bytes);
        used <= self.limit_bytes / PARTS * SPILLABLE_PARTS
            && self.parent.as_ref().is_none_or(|parent| parent.has_room(bytes))
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
                whole: None,
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

    /// Holds exactly so many bytes from now on, if that leaves room for what cannot be on disk; whoever is refused puts what it
    /// holds on disk. A small part of the budget is not refused while there is any.
    pub(crate) fn try_resize(&mut self, bytes: usize) -> bool {
        self.try_resize_beyond(bytes, WORKER_PARTS)
    }

    /// As [`Self::try_resize`], for one of many partitions.
    pub(crate) fn try_resize_partition(&mut self, bytes: usize) -> bool {
        self.try_resize_beyond(bytes, PARTITION_PARTS)
    }

    fn try_resize_beyond(&mut self, bytes: usize, assured_parts: usize) -> bool {
        let is_assured = bytes <= self.budget.limit_bytes / assured_parts;
        let has_room = bytes <= self.bytes || is_assured || self.budget.has_room(bytes - self.bytes);
        has_room && self.resize(bytes).is_ok()
    }

    /// Holds so many bytes more; see [`Self::try_resize`].
    pub(crate) fn try_grow(&mut self, bytes: usize) -> bool {
        self.try_resize(self.bytes.saturating_add(bytes))
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// So many of the bytes held, or all, as a reservation of their own.
    pub(crate) fn split_off(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Reservation {
            budget: self.budget.clone(),
            bytes,
        }
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
