//! Every bound of the engine.

/// The stack of a worker thread.
pub(crate) const WORKER_STACK_BYTES: usize = 16 << 20;
/// A batch has at most a row for so many bytes that its query may use: operators must have room for some batches at a time.
pub(crate) const MEMORY_BYTES_PER_BATCH_ROW: usize = 2048;
/// Bytes of stored arrays that become one batch of a scan, but for an array that has more by itself.
pub(crate) const ARRAY_BYTES_PER_BATCH_MAX: usize = 8 << 20;
/// Rows of one statement that go through the log; more go into segments at once.
pub(crate) const LOGGED_ROWS_MAX: usize = 1 << 19;
/// Bytes of one statement's rows that go through the log, likewise.
pub(crate) const LOGGED_BYTES_MAX: usize = 64 << 20;
/// Memory that one bulk load may hold for each thread: what a thread writes at once becomes a segment, which should need no merging.
pub(crate) const BULK_LOAD_THREAD_BYTES_MAX: usize = 512 << 20;
/// How often a statement that is a transaction by itself is tried again where others' commits came between.
/// Every time means that another statement succeeded.
pub(crate) const CONFLICT_RETRIES_MAX: usize = 100;
/// Numbers of a sequence that storage is told of in advance; as many as Postgres may skip after a crash.
pub(crate) const SEQUENCE_NUMBERS_AHEAD: usize = 32;
/// Keys of a statement's rows up to which each is looked up in the table by itself; more are joined.
pub(crate) const KEYS_LOOKED_UP_MAX: usize = 64;
/// Bytes of what a session says that its commits are for.
pub(crate) const COMMIT_CAUSE_BYTES_MAX: usize = 63;
/// Cursors of one session.
pub(crate) const CURSORS_MAX: usize = 1_000;
/// Advisory locks that are held or waited for, of all sessions together.
pub(crate) const ADVISORY_LOCKS_MAX: usize = 10_000;
/// Snapshots that open transactions have exported.
pub(crate) const SNAPSHOTS_EXPORTED_MAX: usize = 10_000;
/// Plans that a connection keeps by their text.
pub(crate) const PLANS_KEPT: usize = 256;
/// Bytes of a text whose plan is kept.
pub(crate) const PLAN_TEXT_BYTES_MAX: usize = 16 << 10;
/// A plan is made anew after this time: tables grow, and the best order of joins with them.
pub(crate) const PLAN_AGE_MAX_MS: u128 = 10_000;
/// Values that `min(x, n)` and kin may be asked for.
pub(crate) const BEST_ROWS_MAX: usize = 1_000_000;
/// Most frequent values that `top_k` may be asked for.
pub(crate) const TOP_K_MAX: usize = 10_000;
/// Buckets of a `histogram`.
pub(crate) const HISTOGRAM_BUCKETS_MAX: usize = 100_000;
/// Steps that matching a pattern of events once may take.
pub(crate) const PATTERN_STEPS_MAX: usize = 1_000_000;
/// Steps and operators of a jsonpath: as deep as its tree can get.
pub(crate) const JSONPATH_PARTS_MAX: usize = 1_000;
/// Values that a jsonpath may find in one document.
pub(crate) const JSONPATH_ITEMS_MAX: usize = 1 << 22;

/// Materialized views of one table: each takes its time whenever rows are sealed or merged.
pub(crate) const ROLLUPS_OF_TABLE_MAX: usize = 32;

/// Dictionaries of which a query keeps what it has found out, per call or key: each worker reads a segment of its own, with one
/// dictionary per column, and may come from the one before.
pub(crate) fn dictionaries_max() -> usize {
    static CORES: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let cores = CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from));
    (cores * 2).max(8)
}
