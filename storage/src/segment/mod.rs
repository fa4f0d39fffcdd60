//! An immutable sorted run of rows of one table and one partition in one file. The manifest alone says which exist.

pub(crate) mod column_chunk;
mod column_writer;
mod dump;
pub(crate) mod format;
mod held_dictionaries;
#[cfg(test)]
mod index_tests;
mod indexes;
mod open;
mod reader;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tokens_tests;
mod writer;

pub use crate::index::Verdict;
pub(crate) use held_dictionaries::HeldDictionaries;
pub(crate) use open::footer_place;
pub use reader::{PreparedCondition, SegmentReader, summary_verdict};
pub use writer::{RowVersions, SegmentInput, write_segment};

use crate::commit::{CommitVersion, PartId};
use crate::schema::{ColumnId, PartitionKey, TableId};
use arrow_array::ArrayRef;

/// What the manifest keeps of a segment: enough to prune and to answer metadata questions without opening the file.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentMeta {
    /// Identity; the file is named after it.
    pub id: PartId,
    /// The partition whose rows it holds.
    pub partition: PartitionKey,
    /// Rows, deleted ones included.
    pub row_count: u32,
    /// Size of the file.
    pub file_bytes: u64,
    /// Checksum of the file's footer, which holds those of everything else.
    pub footer_checksum: u64,
    /// Oldest commit among its rows. For a bulk load both are [`CommitVersion`] of the loading commit, filled in when it
    /// commits, and the file holds no versions.
    pub version_min: CommitVersion,
    /// Newest commit among its rows.
    pub version_max: CommitVersion,
    /// Statistics of each column it holds.
    pub columns: Vec<(ColumnId, ColumnSummary)>,
    /// What rollups and keys have of its rows.
    pub partials: Vec<Partial>,
}

/// What a rollup has of the rows of a segment, or where a key's values are among them, as a segment of its own, without versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// The rollup or key.
    pub owner: TableId,
    /// Rows of the segment that are not in it, since they were deleted when it was made; a key has all.
    pub deleted_rows: u32,
    /// Where it is.
    pub segment: SegmentMeta,
}

impl SegmentMeta {
    /// Its file and those of its partials.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PartId> + '_ {
        let partials = self.partials.iter().map(|partial| partial.segment.id);
        std::iter::once(self.id).chain(partials)
    }
}

/// What is known of a set of values: a segment's column, a block's, or a zone's. All exact, deleted rows included.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// Values, NULLs included.
    pub row_count: u32,
    /// NULLs.
    pub null_count: u32,
    /// Smallest and largest value that is not NULL, each an array of one value, in the order of `vector::order`. Text and bytes
    /// may be cut to 64 bytes: then `exact` is false, the minimum is a lower and the maximum an upper bound.
    pub minimum: Option<ArrayRef>,
    /// See `minimum`.
    pub maximum: Option<ArrayRef>,
    /// Minimum and maximum occur among the values.
    pub exact: bool,
    /// The exact sum of integers (as integers) and decimals (unscaled); `None` for other types.
    pub sum: Option<i128>,
    /// About how many distinct values; segments only.
    pub distinct_count: Option<u32>,
}
