//! Top-N over a scan of many columns: the first rows are found by their keys and identities alone, and only then are the other columns
//! read, of those rows. Decides no order.

use super::plan_scan::stored_column;
use super::{Piece, Planner, StoredColumn, TableAccess};
use crate::error::{Error, Result};
use crate::operators::fetch::{Fetch, FetchTransform, FetchedColumn};
use crate::operators::stored_lists::StoredLists;
use crate::types::array_type;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, ColumnId, ColumnSet, Plan, ROW_ID_COLUMN, Scan, Sort};
use stoa_sql::types::LogicalType;
use stoa_storage::store::TableSnapshot;

/// Rows whose columns are read one by one at most: each costs a look into a block per column.
const ROWS_MAX: u64 = 256;
/// Fewer columns are not worth a second look, unless there are texts among them, whose dictionaries would be read as a whole.
const COLUMNS_MIN: usize = 4;

/// The rows' identity in the plan's scan, a column that no statement names.
const ROW_ID: ColumnId = ColumnId(u32::MAX);

/// A top-N of this kind.
pub(super) struct LateColumns<'p> {
    scan: &'p Scan,
    table: Arc<dyn TableSnapshot>,
    /// By the relation's column index.
    stored: Vec<StoredColumn>,
    /// What is wanted of the scan.
    columns: Vec<ColumnDef>,
    /// What is needed to find the rows.
    keys: ColumnSet,
}

impl Planner {
    /// Which columns of a top-N's input can be read at the end.
    pub(super) fn late_columns<'p>(&self, sort: &'p Sort, limit: u64) -> Result<Option<LateColumns<'p>>> {
        let Plan::Scan(scan) = &*sort.input else {
            return Ok(None);
        };
        let columns = scan.columns.iter().map(|(_, column)| column);
        let columns = columns.filter(|column| self.referenced.contains(&column.id));
        let columns: Vec<ColumnDef> = columns.cloned().collect();
        let mut keys = ColumnSet::default();
        sort.keys
            .iter()
            .for_each(|key| key.expression.collect_columns(&mut keys));
        let late = columns.iter().filter(|column| !keys.contains(&column.id));
        let is_worth = late.clone().count() >= COLUMNS_MIN || late.clone().any(is_text);
        if limit == 0 || limit > ROWS_MAX || !is_worth || scan.limit.is_some() {
            return Ok(None);
        }
        Ok(match self.tables.table(scan.table, self.reading_of(scan)?)? {
            TableAccess::Stored { table, columns: stored } => Some(LateColumns {
                scan,
                table,
                stored,
                columns,
                keys,
            }),
            TableAccess::System { .. } => None,
        })
    }

    /// The rows of its scan, with what is needed to find them.
    pub(super) fn plan_keys(&mut self, late: &LateColumns<'_>) -> Result<Piece> {
        let mut scan = late.scan.clone();
        let row_id = ColumnDef {
            id: ROW_ID,
            name: "row_id".into(),
            data_type: LogicalType::BigInt,
            nullable: false,
        };
        scan.columns.push((ROW_ID_COLUMN, row_id));
        let mut keys = late.keys.clone();
        keys.insert(ROW_ID);
        let referenced = std::mem::replace(&mut self.referenced, keys);
        let piece = self.plan(&Plan::Scan(scan));
        self.referenced = referenced;
        piece
    }

    /// The rows that were found, with all columns.
    pub(super) fn with_late_columns(&self, piece: Piece, late: LateColumns<'_>, node: usize) -> Result<Piece> {
        let (mut names, mut columns, mut lists, mut output) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for column in &late.columns {
            if let Some(place) = piece.layout.position(column.id) {
                output.push(FetchedColumn::Known(place));
                continue;
            }
            let (index, _) = late
                .scan
                .columns
                .iter()
                .find(|(_, scanned)| scanned.id == column.id)
                .ok_or_else(|| Error::Internal("a late column that is not the scan's".into()))?;
            output.push(FetchedColumn::Read(columns.len()));
            names.push(column.name.clone());
            columns.push(stored_column(*index, &late.stored)?);
            lists.push(late.stored.get(*index).and_then(|column| column.list.clone()));
        }
        if let Some(profile) = &self.context.profile {
            let names = names.join(", ");
            let describe = move || vec![("Columns Read at the End".to_owned(), names.clone())];
            profile.node(node).describe_later(describe);
        }
        let row_id = piece.layout.position(ROW_ID);
        let fetch = Fetch {
            table: late.table,
            columns,
            lists: StoredLists::of(lists),
            row_id: row_id.ok_or_else(|| Error::Internal("rows without their identity".into()))?,
            output,
            cancel: self.context.cancel.clone(),
        };
        Ok(piece.through(FetchTransform::new(fetch), late.columns))
    }
}

fn is_text(column: &ColumnDef) -> bool {
    matches!(array_type(&column.data_type), DataType::Utf8View | DataType::BinaryView)
}
