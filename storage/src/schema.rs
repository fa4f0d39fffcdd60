//! What a table is: columns with identities, its partitioning, its order, what is indexed. Names are labels here; identity is
//! the id, so that renames touch nothing and a dropped column's id never comes back.

use arrow_schema::DataType;
use std::sync::Arc;

/// A table's identity; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// A column's identity within its table; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// Identity.
    pub id: TableId,
    /// The columns in the user's order.
    pub columns: Vec<ColumnSchema>,
    /// One more than the largest column id ever given.
    pub next_column_id: u32,
    /// Rows are kept apart by this; `None` is one partition for all.
    pub partition_by: Option<PartitionBy>,
    /// The order of rows inside a segment; empty is arrival order.
    pub sort_key: Vec<ColumnId>,
    /// Columns with a Bloom filter per segment.
    pub bloom_columns: Vec<ColumnId>,
    /// Rows whose partition lies so far in the past are dropped, in days; needs `partition_by`.
    pub retention_days: Option<u32>,
    /// How long rows that were deleted can still be read as of the versions that had them, in milliseconds; 0 is not at all.
    pub history_ms: u64,
    /// What is kept beside each segment to be read instead of its rows.
    pub rollups: Vec<Arc<RollupSchema>>,
    /// By what rows are found without a scan.
    pub keys: Vec<KeySchema>,
    /// Whatever the layers above want kept with the table; never read here.
    pub definition: Arc<[u8]>,
}

/// Aggregates of a table's rows, of each segment for itself: what they are is the business of the layers above.
#[derive(Clone, Debug, PartialEq)]
pub struct RollupSchema {
    /// Identity, from the same numbers as those of tables.
    pub id: TableId,
    /// The columns of a partial: keys and states.
    pub columns: Vec<ColumnSchema>,
    /// What the layers above make partials by; never read here.
    pub definition: Arc<[u8]>,
}

/// Columns by whose values rows are found ([`crate::store::TableSnapshot::find`]): beside each segment stands where its keys are. Whether
/// several rows may have the same key is the business of the layers above.
#[derive(Clone, Debug, PartialEq)]
pub struct KeySchema {
    /// Identity, from the same numbers as those of tables.
    pub id: TableId,
    /// The columns; a row in which one of them is NULL has no key.
    pub columns: Vec<ColumnId>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSchema {
    /// Identity.
    pub id: ColumnId,
    /// The user's name for it; in files only for people to read.
    pub name: String,
    /// One of the types [`crate::vector::is_stored_type`] lists.
    pub data_type: DataType,
    /// Whether NULL may occur.
    pub nullable: bool,
    /// What rows of segments written before this column was added have here: an array of one value, NULL if `None`.
    pub missing_value: Option<arrow_array::ArrayRef>,
}

/// How rows are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionBy {
    /// A column of type Date32 or Timestamp(Microsecond, _). Rows where it is NULL share one partition.
    pub column: ColumnId,
    /// The length of a partition.
    pub unit: PartitionUnit,
}

/// The length of a partition, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "calendar units")]
pub enum PartitionUnit {
    Day,
    /// From Monday.
    Week,
    Month,
    Year,
}

/// One partition: the days since 1970-01-01 on which it begins; `None` where the partition column is NULL or the table has
/// no partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionKey(pub Option<i32>);

impl TableSchema {
    /// A table of these columns, whose rows are kept as they arrive, for ever, and without history.
    pub fn new(id: TableId, columns: Vec<ColumnSchema>, definition: Arc<[u8]>) -> Self {
        TableSchema {
            id,
            next_column_id: columns.iter().map(|column| column.id.0 + 1).max().unwrap_or(0),
            columns,
            partition_by: None,
            sort_key: Vec::new(),
            bloom_columns: Vec::new(),
            retention_days: None,
            history_ms: 0,
            rollups: Vec::new(),
            keys: Vec::new(),
            definition,
        }
    }

    /// Its identity and those of its rollups and keys: all of one numbering.
    pub(crate) fn ids(&self) -> impl Iterator<Item = TableId> + '_ {
        let rollups = self.rollups.iter().map(|rollup| rollup.id);
        let keys = self.keys.iter().map(|key| key.id);
        std::iter::once(self.id).chain(rollups).chain(keys)
    }

    /// The key of that identity.
    pub fn key(&self, id: TableId) -> Option<&KeySchema> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The column of that identity.
    pub fn column(&self, id: ColumnId) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.id == id)
    }
}
