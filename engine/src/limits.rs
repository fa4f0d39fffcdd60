//! Every bound of the engine.

/// The stack of a worker thread.
pub(crate) const WORKER_STACK_BYTES: usize = 16 << 20;
