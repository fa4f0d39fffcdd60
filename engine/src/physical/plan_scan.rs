//! Scan: of a stored table through storage, of a system table through its rows.

use super::predicate::{address_condition, translate};
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::expression::{Expression, Layout};
use crate::functions::SummaryState;
use crate::operators::filter::FilterTransform;
use crate::operators::scan::{ExpressionPredicate, GroupReceiver, NarrowingPredicate, Receivers, StoredScan};
use crate::operators::stored_lists::StoredLists;
use crate::operators::values::ArraysSource;
use crate::rollup::{RestOfRows, RollupUse, TableRollups};
use crate::types::{Literal, array_type};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::{
    self as sql, COMMIT_VERSION_COLUMN, CTID_COLUMN, ColumnDef, ColumnId, DELETE_VERSION_COLUMN, Expr, ROW_ID_COLUMN,
    Scan, ScanChanges,
};
use stoa_storage::commit::CommitVersion;
use stoa_storage::predicate::{ColumnPredicate, Condition};
use stoa_storage::rollup::PartialRequest;
use stoa_storage::scan::{AddressCondition, ScanColumn, ScanRequest, SummaryRequest, SummaryValue};
use stoa_storage::store::{RowChange, TableSnapshot};

/// How a relation's column is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredColumn {
    /// Its identity in storage.
    pub(crate) id: stoa_storage::schema::ColumnId,
    /// What it becomes on its way out, where it is an array, which storage keeps as bytes.
    pub(crate) list: Option<DataType>,
}

/// Where the rows of a relation are.
pub(crate) enum TableAccess {
    /// In storage; the relation's columns in order.
    Stored {
        /// The table at the statement's version.
        table: Arc<dyn TableSnapshot>,
        /// By the relation's column index.
        columns: Vec<StoredColumn>,
    },
    /// Computed: plain columns of the relation, by its column index, all of equal length.
    System {
        /// All columns.
        columns: Vec<ArrayRef>,
        /// Rows.
        row_count: usize,
    },
}

/// Which rows of a relation are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// Those of this version; `None` is that of the statement.
    pub(crate) as_of: Option<CommitVersion>,
    /// Those that commits brought or took away after this version, or as far back as that is known, until then.
    pub(crate) changes: Option<(RowChange, Option<CommitVersion>)>,
}

/// Finds relations for the planner.
pub(crate) trait Tables: Send + Sync {
    /// A relation's rows.
    fn table(&self, id: TableId, reading: Reading) -> Result<TableAccess>;
    /// A stored relation is about to be scanned.
    fn note_scan(&self, id: TableId);
    /// The rollups of a stored relation, at the statement's version.
    fn rollups(&self, id: TableId) -> TableRollups;
    /// The version that was current at a time (microseconds since 1970 UTC), for AS OF TIMESTAMP.
    fn version_at(&self, time: i64) -> Result<CommitVersion>;
}

/// What an operator learns while it runs of the values that can still matter; `None` while it knows nothing.
pub(crate) type DynamicCondition = Arc<dyn Fn() -> Option<Condition> + Send + Sync>;

/// Aggregates that summaries of segments and blocks can stand in for, by the plan's columns.
#[derive(Clone, Debug)]
pub(crate) struct SummaryWish {
    /// Group keys.
    pub(crate) keys: Vec<ColumnId>,
    /// What is wanted of each group; the column is `None` for [`SummaryState::RowCount`].
    pub(crate) values: Vec<(SummaryState, Option<ColumnId>)>,
}

impl Planner {
    pub(super) fn plan_scan(&mut self, scan: &Scan, node: usize) -> Result<Piece> {
        match self.tables.table(scan.table, self.reading_of(scan)?)? {
            TableAccess::Stored { table, columns } => {
                let split = self.split(scan, &columns)?;
                let stored = self.stored_scan(scan, &split, node, table, &columns, None)?;
                let piece = Piece::source(stored, split.columns.clone());
                if split.late.is_empty() {
                    return Ok(piece);
                }
                let predicates = self.compile_all(&split.late, &piece.layout)?;
                Ok(piece.through(FilterTransform::new(predicates), split.columns))
            }
            TableAccess::System { columns, row_count } => self.plan_system_scan(scan, &columns, row_count),
        }
    }

    /// A scan that hands what it need not read to a receiver as summaries, and the other rows on as [`Self::plan`] would; `None`
    /// where this scan cannot have any.
    pub(crate) fn plan_scan_with_summary(
        &mut self,
        scan: &Scan,
        wish: &SummaryWish,
        receiver: Arc<dyn GroupReceiver>,
    ) -> Result<Option<Piece>> {
        if !self.context.use_metadata {
            return Ok(None);
        }
        let TableAccess::Stored { table, columns } = self.tables.table(scan.table, self.reading_of(scan)?)? else {
            return Ok(None);
        };
        let Some(request) = summary_request(scan, wish, &columns) else {
            return Ok(None);
        };
        let answered = scan
            .filters
            .iter()
            .map(|filter| Ok(translate(filter)?.is_some_and(|translated| translated.complete)))
            .collect::<Result<Vec<bool>>>()?;
        let split = self.split(scan, &columns)?;
        let is_about_addresses = !split.addresses.is_empty() || !split.late.is_empty();
        if scan.limit.is_some() || answered.contains(&false) || is_about_addresses {
            return Ok(None);
        }
        let node = self.next_node;
        self.next_node += 1;
        let stored = self.stored_scan(scan, &split, node, table, &columns, Some((request, receiver)))?;
        let piece = Piece::source(stored, split.columns);
        Ok(Some(self.profiled(piece, node)))
    }

    /// Which rows a scan reads.
    pub(super) fn reading_of(&self, scan: &Scan) -> Result<Reading> {
        let changes = match &scan.changes {
            None => None,
            Some(ScanChanges { change, after }) => {
                let change = match change {
                    sql::RowChange::Added => RowChange::Added,
                    sql::RowChange::Removed => RowChange::Removed,
                };
                Some((change, self.version_of(after.as_ref())?))
            }
        };
        Ok(Reading {
            as_of: self.version_of(scan.as_of.as_ref())?,
            changes,
        })
    }

    fn version_of(&self, as_of: Option<&Expr>) -> Result<Option<CommitVersion>> {
        Ok(match as_of {
            None => None,
            Some(Expr::Literal(Literal::Integer(version), _)) => {
                Some(CommitVersion(u64::try_from(*version).unwrap_or(0)))
            }
            Some(Expr::Literal(Literal::Timestamp(time), _)) => Some(self.tables.version_at(*time)?),
            Some(other) => {
                let layout = Layout::default();
                let value = self.compile(other, &layout)?;
                let value = value.evaluate_plain(&stoa_storage::vector::Batch::new(Vec::new(), 1))?;
                let literal = crate::types::literal_at(&*value, 0, &other.data_type())?;
                let literal = Expr::Literal(literal, other.data_type());
                return match literal {
                    Expr::Literal(Literal::Integer(_) | Literal::Timestamp(_), _) => self.version_of(Some(&literal)),
                    _ => Err(Error::user(
                        crate::error::SqlState::INVALID_PARAMETER_VALUE,
                        "FOR SYSTEM_TIME AS OF needs a version or a time, not NULL",
                    )),
                };
            }
        })
    }

    /// Whether storage finds rows of a scan by the values of a column.
    pub(super) fn has_index(&self, scan: &Scan, place: usize) -> bool {
        let Ok(TableAccess::Stored { table, columns }) = self.tables.table(scan.table, Reading::default()) else {
            return false;
        };
        let Ok(ScanColumn::Table(id)) = stored_column(place, &columns) else {
            return false;
        };
        table.schema().keys.iter().any(|key| key.columns == [id])
    }

    /// Who evaluates the scan's filters, and the columns that anything above storage asks for.
    fn split(&self, scan: &Scan, columns: &[StoredColumn]) -> Result<SplitScan> {
        let mut split = SplitScan::default();
        for filter in &scan.filters {
            let of_address = |id: &ColumnId| matches!(column_of(scan, *id, columns), Some(ScanColumn::Address));
            if !filter.columns().iter().any(of_address) {
                split.early.push(filter.clone());
                continue;
            }
            match translate(filter)?.and_then(|translated| address_condition(&translated.condition)) {
                Some(condition) => split.addresses.push(condition),
                None => split.late.push(filter.clone()),
            }
        }
        let mut wanted = self.referenced.clone();
        split.late.iter().for_each(|filter| filter.collect_columns(&mut wanted));
        let of_scan = scan.columns.iter().map(|(_, column)| column);
        split.columns = of_scan.filter(|column| wanted.contains(&column.id)).cloned().collect();
        Ok(split)
    }

    fn stored_scan(
        &mut self,
        scan: &Scan,
        split: &SplitScan,
        node: usize,
        table: Arc<dyn TableSnapshot>,
        columns: &[StoredColumn],
        summary: Option<(SummaryRequest, Arc<dyn GroupReceiver>)>,
    ) -> Result<StoredScan> {
        self.tables.note_scan(scan.table);
        let mut request = ScanRequest {
            batch_rows: self.context.batch_rows,
            cancel: Some(self.context.cancel.flag()),
            addresses: split.addresses.clone(),
            ..ScanRequest::default()
        };
        let mut lists = Vec::new();
        for (index, column) in &scan.columns {
            if split.columns.iter().any(|wanted| wanted.id == column.id) {
                lists.push(columns.get(*index).and_then(|column| column.list.clone()));
                request.columns.push(stored_column(*index, columns)?);
            }
        }
        for filter in &split.early {
            self.push_filter(scan, filter, columns, &mut request)?;
        }
        for (index, column) in &scan.columns {
            let conditions = self.dynamic_conditions.get(&column.id);
            if let (Some(conditions), Ok(ScanColumn::Table(id))) = (conditions, stored_column(*index, columns)) {
                let narrowing = conditions.iter().map(|condition| NarrowingPredicate {
                    column: id,
                    condition: condition.clone(),
                });
                request
                    .dynamic_predicates
                    .extend(narrowing.map(|predicate| Arc::new(predicate) as _));
            }
        }
        let mut receivers = Receivers::default();
        if let Some((wanted, receiver)) = summary {
            request.summary = Some(wanted);
            receivers.of_summaries = Some(receiver);
        }
        if let Some((rollup, receiver)) = self.wanted_partials.take() {
            request.partial = Some(self.partial_request(scan, &rollup, columns)?);
            receivers.of_partials = Some(receiver);
        }
        let profile = self.context.profile.as_ref().map(|profile| profile.node(node));
        Ok(StoredScan::new(
            table,
            (request, StoredLists::of(lists)),
            receivers,
            scan.limit.filter(|_| split.late.is_empty()),
            self.context.cancel.clone(),
            profile,
        ))
    }

    /// Asks for the partials of a rollup where all rows of a segment meet the conditions that it knows nothing of.
    fn partial_request(&self, scan: &Scan, rollup: &RollupUse, columns: &[StoredColumn]) -> Result<PartialRequest> {
        let mut conditions = Vec::with_capacity(rollup.whole_filters.len());
        for filter in rollup.whole_filters.iter().filter_map(|place| scan.filters.get(*place)) {
            let translated = translate(filter)?.filter(|translated| translated.complete);
            let column = translated
                .as_ref()
                .map(|translated| column_of(scan, translated.column.id, columns));
            let (Some(translated), Some(Some(ScanColumn::Table(column)))) = (translated, column) else {
                return Err(Error::Internal(
                    "a rollup beside a condition that storage cannot test".into(),
                ));
            };
            conditions.push(ColumnPredicate {
                column,
                condition: translated.condition,
            });
        }
        let keys = rollup.rollup.plain_keys().filter_map(|(place, of_table)| {
            let column = columns.get(of_table).filter(|column| column.list.is_none())?;
            Some((column.id, stoa_storage::schema::ColumnId(place as u32)))
        });
        let rest = rollup.rest.iter().map(|rest| rest_condition(scan, rest, columns));
        Ok(PartialRequest {
            rollup: rollup.rollup.id,
            columns: rollup
                .places()
                .into_iter()
                .map(|place| stoa_storage::schema::ColumnId(place as u32))
                .collect(),
            keys: keys.collect(),
            conditions,
            rest: rest.collect::<Result<_>>()?,
        })
    }

    fn push_filter(
        &self,
        scan: &Scan,
        filter: &Expr,
        columns: &[StoredColumn],
        request: &mut ScanRequest,
    ) -> Result<()> {
        let mut complete = false;
        if let Some(translated) = translate(filter)?
            && let Some(ScanColumn::Table(column)) = column_of(scan, translated.column.id, columns)
        {
            complete = translated.complete;
            request.predicates.push(ColumnPredicate {
                column,
                condition: translated.condition,
            });
        }
        if complete {
            return Ok(());
        }
        let ids = filter.columns();
        let used: Vec<&(usize, ColumnDef)> = scan
            .columns
            .iter()
            .filter(|(_, column)| ids.contains(&column.id))
            .collect();
        let layout = Layout::new(used.iter().map(|(_, column)| column.clone()).collect());
        let mut stored = Vec::with_capacity(used.len());
        for (index, _) in &used {
            let list = columns.get(*index).and_then(|column| column.list.clone());
            match stored_column(*index, columns)? {
                ScanColumn::Table(id) => stored.push((id, list)),
                _ => {
                    return Err(Error::user(
                        crate::error::SqlState::FEATURE_NOT_SUPPORTED,
                        "conditions on a row's identity or commit version are not supported",
                    ));
                }
            }
        }
        let expression = self.compile(filter, &layout)?;
        request
            .row_predicates
            .push(Arc::new(ExpressionPredicate::new(stored, expression)));
        Ok(())
    }

    fn plan_system_scan(&mut self, scan: &Scan, columns: &[ArrayRef], row_count: usize) -> Result<Piece> {
        let mut wanted = Vec::new();
        for (index, column) in &scan.columns {
            let array = columns
                .get(*index)
                .ok_or_else(|| Error::Internal(format!("{} has no column {index}", scan.name)))?;
            wanted.push((column.clone(), array.clone()));
        }
        let (defs, arrays): (Vec<ColumnDef>, Vec<ArrayRef>) = wanted.into_iter().unzip();
        let source = ArraysSource::new(arrays, row_count, self.context.batch_rows);
        let piece = Piece::source(source, defs.clone());
        if scan.filters.is_empty() {
            return Ok(piece);
        }
        let predicates: Vec<Expression> = self.compile_all(&scan.filters, &piece.layout)?;
        Ok(piece.through(FilterTransform::new(predicates), defs))
    }
}

/// A scan of a stored table, taken apart.
#[derive(Default)]
struct SplitScan {
    /// Filters that storage evaluates.
    early: Vec<Expr>,
    /// Conditions on rows' addresses, likewise.
    addresses: Vec<AddressCondition>,
    /// Filters over addresses that are evaluated behind the scan.
    late: Vec<Expr>,
    /// What comes out of storage.
    columns: Vec<ColumnDef>,
}

pub(super) fn stored_column(index: usize, columns: &[StoredColumn]) -> Result<ScanColumn> {
    match index {
        ROW_ID_COLUMN => Ok(ScanColumn::RowId),
        CTID_COLUMN => Ok(ScanColumn::Address),
        COMMIT_VERSION_COLUMN => Ok(ScanColumn::CommitVersion),
        DELETE_VERSION_COLUMN => Ok(ScanColumn::DeleteVersion),
        index => columns
            .get(index)
            .map(|column| ScanColumn::Table(column.id))
            .ok_or_else(|| Error::Internal(format!("a scan of column {index} of {}", columns.len()))),
    }
}

/// The condition of rows that are read beside partials.
fn rest_condition(scan: &Scan, rest: &RestOfRows, columns: &[StoredColumn]) -> Result<ColumnPredicate> {
    let scanned = scan.columns.iter().find(|(place, _)| *place == rest.place);
    let (Some((_, time)), ScanColumn::Table(column)) = (scanned, stored_column(rest.place, columns)?) else {
        return Err(Error::Internal(
            "rows beside a rollup by a column that is not read".into(),
        ));
    };
    Ok(ColumnPredicate {
        column,
        condition: rest.condition(&array_type(&time.data_type)),
    })
}

fn column_of(scan: &Scan, id: ColumnId, columns: &[StoredColumn]) -> Option<ScanColumn> {
    let (index, _) = scan.columns.iter().find(|(_, column)| column.id == id)?;
    stored_column(*index, columns).ok()
}

fn summary_request(scan: &Scan, wish: &SummaryWish, columns: &[StoredColumn]) -> Option<SummaryRequest> {
    let table_column = |id: ColumnId| match column_of(scan, id, columns)? {
        ScanColumn::Table(id) => Some(id),
        _ => None,
    };
    // Values of arrays in summaries are bytes that nobody would make arrays again.
    let of_values = |id: ColumnId| {
        let id = table_column(id)?;
        let mut columns = columns.iter();
        columns
            .any(|column| column.id == id && column.list.is_none())
            .then_some(id)
    };
    let values = wish.values.iter().map(|(state, column)| {
        let counted = || table_column((*column)?);
        let column = || of_values((*column)?);
        Some(match state {
            SummaryState::RowCount => SummaryValue::RowCount,
            SummaryState::Count => SummaryValue::Count(counted()?),
            SummaryState::Sum => SummaryValue::Sum(column()?),
            SummaryState::Minimum => SummaryValue::Minimum(column()?),
            SummaryState::Maximum => SummaryValue::Maximum(column()?),
        })
    });
    Some(SummaryRequest {
        keys: wish.keys.iter().map(|key| of_values(*key)).collect::<Option<_>>()?,
        values: values.collect::<Option<_>>()?,
    })
}
