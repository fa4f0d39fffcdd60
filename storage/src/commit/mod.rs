//! What happens together, and in which order. Every change of the database is part of exactly one [`Commit`]; its version comes
//! from one gap-free counter, so that a reader's view is one number: everything at or below it, nothing above.

mod address;
pub(crate) mod apply;
pub(crate) mod conditions;
pub(crate) mod definition;
pub(crate) mod logged;
pub(crate) mod moves;
pub(crate) mod overlay;
pub(crate) mod prepare;
pub(crate) mod sequencer;
pub(crate) mod visibility;

pub use address::ADDRESS_PLACE_BITS;

use crate::ingest::{IngestCounts, Token};
use crate::schema::{TableId, TableSchema};
use crate::vector::Batch;
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::sync::Arc;

/// A point in the order of all commits; 0 is the empty database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitVersion(pub u64);

/// A set of rows that came in together and has versioned deletes: a batch in the memtable or a segment. Unique in a store for ever;
/// memtable batches and segments share one numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub u64);

/// A row's place: valid as long as its part is visible to the reader's snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId {
    /// The part.
    pub part: PartId,
    /// The row in it.
    pub row: u32,
}

/// Parts from this number on hold what a transaction has brought and not committed: nobody else sees them, and they get another place
/// with the commit.
pub(crate) const OVERLAY_PARTS_FIRST: u64 = 1 << 39;

/// Bits of a packed [`RowId`] that hold the row; parts have the rest.
pub const ROW_BITS: u32 = 24;

impl RowId {
    /// Packed into a bigint, as queries carry it.
    pub fn pack(self) -> i64 {
        ((self.part.0 << ROW_BITS) | u64::from(self.row)) as i64
    }

    /// From a bigint.
    pub fn unpack(packed: i64) -> Self {
        let packed = packed as u64;
        RowId {
            part: PartId(packed >> ROW_BITS),
            row: (packed & ((1 << ROW_BITS) - 1)) as u32,
        }
    }
}

const _: () = assert!(crate::limits::SEGMENT_ROWS_MAX <= 1 << ROW_BITS);

/// What a caller wants to happen together.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// In order.
    pub changes: Vec<Change>,
    /// Why, for `stoa.commits`: `insert`, `copy`, `delete` ..
    pub cause: Cow<'static, str>,
}

/// Objects whose name begins so are values, not definitions: changing one leaves the definitions' version as it is.
pub const VALUE_OBJECT_PREFIX: &str = "value/";

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// Rows in: plain columns in the table's column order, no selection.
    Insert(TableId, Batch),
    /// Segments written beforehand by a bulk load ([`crate::store::BulkLoad`]), in.
    AddSegments(TableId, Vec<crate::segment::SegmentMeta>),
    /// Rows out: rows per part. A row that another commit deleted meanwhile is a conflict.
    Delete(TableId, Vec<(PartId, RoaringBitmap)>),
    /// All rows out.
    Truncate(TableId),
    /// A new table; its id comes from [`crate::store::Store::next_table_id`].
    CreateTable(Arc<TableSchema>),
    /// The table as it is from now on.
    AlterTable(Arc<TableSchema>),
    /// The table and its rows out.
    DropTable(TableId),
    /// Keys that the rows bring and that must be unique, by hash, in order: conflicts with a commit since the base that brought one of
    /// them. That no row seen at the base has such a key is the caller's business.
    Claim(TableId, Arc<[u64]>),
    /// What became of rows that a source brought for a table.
    Ingest(TableId, Arc<str>, IngestCounts),
    /// Which batch of a producer this is: a commit whose batch was committed before is refused, and one that is not the next.
    Token(Token),
    /// That the rows which come were checked by what still is the table's definition: [`TableSchema::definition`] and its keys are those
    /// of this schema.
    CheckedBy(Arc<TableSchema>),
    /// That no rows came into the table since the base.
    NoRowsSince(TableId),
    /// That no rows of the table were deleted since the base.
    NoRowsDeletedSince(TableId),
    /// That no object whose name begins so was changed since the base.
    Unchanged(String),
    /// An object of the layers above (a view, a schema): its new bytes, or gone.
    PutObject(String, Option<Arc<[u8]>>),
}
