//! Whether a query should still run. Asked between batches and inside long loops; never blocks.

use crate::error::{CancelReason, Error, Result};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Shared by a query's workers, its client and the administrator.
#[derive(Debug)]
pub(crate) struct Cancel {
    /// Set together with `reason`; what storage looks at.
    flag: Arc<AtomicBool>,
    reason: Mutex<Option<CancelReason>>,
    deadline: Option<Instant>,
}

impl Cancel {
    /// Not cancelled; by itself at the deadline.
    pub(crate) fn new(deadline: Option<Instant>) -> Self {
        Cancel {
            flag: Arc::new(AtomicBool::new(false)),
            reason: Mutex::new(None),
            deadline,
        }
    }

    /// Ends the query; the first reason stays.
    pub(crate) fn cancel(&self, reason: CancelReason) {
        self.reason.lock().get_or_insert(reason);
        self.flag.store(true, Ordering::Release);
    }

    /// Ends what is left of a query of which a part failed: nobody asked for that.
    pub(crate) fn stop(&self) {
        self.flag.store(true, Ordering::Release);
    }

    /// As [`Self::check`], but a query that failed by itself goes on to its own error.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn asked(&self) -> Result<()> {
        self.check().or_else(|error| match *self.reason.lock() {
            Some(_) => Err(error),
            None => Ok(()),
        })
    }

    /// The flag by itself, for layers that know no reasons.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.flag.clone()
    }

    /// The error to end with, if the query should end.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn check(&self) -> Result<()> {
        if self.flag.load(Ordering::Acquire) {
            return Err(self.error());
        }
        if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            self.cancel(CancelReason::Timeout);
            return Err(self.error());
        }
        Ok(())
    }

    /// An error as its client should hear it: who notices a cancellation first, such as storage, may not know its reason.
    pub(crate) fn told(&self, error: Error) -> Error {
        match error {
            Error::Cancelled(_) => self.error(),
            other => other,
        }
    }

    /// What a cancelled query ends with.
    pub(crate) fn error(&self) -> Error {
        Error::Cancelled(self.reason())
    }

    /// Why a cancelled query ends.
    pub(crate) fn reason(&self) -> CancelReason {
        self.reason.lock().unwrap_or(CancelReason::User)
    }
}
