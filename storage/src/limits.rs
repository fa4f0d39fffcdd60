//! Every bound of this crate, and what holds between them.

/// Values of a vector: the unit of bit packing and of random access inside a block (FastLanes' 1,024).
pub const VECTOR_ROWS: usize = 1024;
/// Rows of a block: the unit of encoding, checksums and the coarse zone map. The last block of a segment may be shorter.
pub const BLOCK_ROWS: usize = 65_536;
/// Rows of a fine zone-map entry.
pub const ZONE_ROWS: usize = 4_096;
/// Rows at which sealing and compaction begin a new segment.
pub const SEGMENT_ROWS_MAX: usize = 4 * 1_048_576;
/// Rows of a batch that a scan hands out, unless asked for fewer.
pub const BATCH_ROWS: usize = 8_192;
/// Distinct values up to which a segment keeps a dictionary for a column.
pub const DICTIONARY_VALUES_MAX: usize = 1_048_576;
/// Distinct values up to which a dictionary column keeps a bitmap per value.
pub const BITMAP_VALUES_MAX: usize = 256;
/// Buckets of a column's histogram.
pub const HISTOGRAM_BUCKETS: usize = 64;
/// Segments of a table whose histograms are read for one question.
pub const HISTOGRAM_SEGMENTS_MAX: usize = 32;
/// The longest text or bytea value.
pub const VALUE_BYTES_MAX: usize = 64 << 20;
/// Columns of a table.
pub const COLUMNS_MAX: usize = 4_096;
/// Keys by hash that recent commits brought, per table with unique keys.
pub const CLAIMED_KEYS_KEPT_MAX: usize = 1 << 20;
/// Producers whose last batches are known.
pub const PRODUCERS_MAX: usize = 100_000;
/// Sources of a table's rows that are counted apart.
pub const SOURCES_MAX: usize = 1_000;
/// Free bytes on the device below which queries put nothing on it: commits need them more.
pub const TEMPORARY_FREE_BYTES_MIN: u64 = 256 << 20;
/// Payload of one log record.
pub const LOG_RECORD_BYTES_MAX: usize = 1 << 30;

const _: () = assert!(BLOCK_ROWS.is_multiple_of(VECTOR_ROWS));
const _: () = assert!(BLOCK_ROWS.is_multiple_of(ZONE_ROWS) && ZONE_ROWS.is_multiple_of(VECTOR_ROWS));
const _: () = assert!(BATCH_ROWS.is_multiple_of(VECTOR_ROWS) && BLOCK_ROWS.is_multiple_of(BATCH_ROWS));
const _: () = assert!(SEGMENT_ROWS_MAX.is_multiple_of(BLOCK_ROWS));
const _: () = assert!(SEGMENT_ROWS_MAX <= u32::MAX as usize);
