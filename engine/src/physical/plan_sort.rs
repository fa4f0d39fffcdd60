//! Sort and top-N.

use super::{Piece, Planner, Reading, TableAccess};
use crate::error::Result;
use crate::expression::Layout;
use crate::operators::key::{KeyColumns, KeyEncoder, KeyField, Nulls};
use crate::operators::project::Projection;
use crate::operators::sort::{self, Order, SortSink, SortSource};
use crate::operators::top_n::{TopN, top_n};
use crate::operators::values::ArraysSource;
use crate::types::array_type;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, ColumnId, Expr, JoinKind, Plan, Scan, Sort, SortKey};
use stoa_storage::predicate::Condition;

/// The largest limit for which rows are not all collected ..
const TOP_N_ROWS_MAX: u64 = 1 << 20;
/// .. and the part of the budget that may take: what is collected by a sort can go to disk ..
const TOP_N_PARTS: usize = 2;
/// .. where each worker keeps so many times as many rows ..
const TOP_N_TIMES: usize = 3;
/// .. and a row takes so much beside its values, in bytes ..
const TOP_N_ROW_BYTES: usize = 64;
/// .. and a value without a fixed width hardly more than this.
const LONG_VALUE_BYTES: usize = 64;

/// A scan's column to which an operator above may tell what of it can still matter.
pub(super) struct DynamicTarget {
    pub(super) condition: Arc<Mutex<Option<Condition>>>,
}

impl Planner {
    pub(super) fn plan_sort(&mut self, sort: &Sort, node: usize) -> Result<Piece> {
        let limit = sort.limit.filter(|limit| *limit <= self.top_n_rows_max(&sort.input));
        let target = limit.and_then(|_| self.top_n_target(sort));
        let late = match limit {
            Some(limit) => self.late_columns(sort, limit)?,
            None => None,
        };
        let piece = match &late {
            Some(late) => self.plan_keys(late)?,
            None => self.plan(&sort.input)?,
        };
        let Some(limit) = limit else {
            return self.sorted(piece, &sort.keys, sort.limit);
        };
        let columns = piece.layout.columns().to_vec();
        let order = self.order(&sort.keys, &piece.layout)?;
        if limit == 0 {
            return Ok(self.no_rows(columns));
        }
        let (sink, source) = top_n(TopN {
            order,
            limit: limit as usize,
            batch_rows: self.context.batch_rows,
            cancel: self.context.cancel.clone(),
            memory: self.context.memory.clone(),
            publishes: target.is_some(),
            condition: target.map(|target| target.condition).unwrap_or_default(),
        });
        self.sink(piece, sink);
        let piece = Piece::boxed_source(source, columns);
        match late {
            Some(late) => self.with_late_columns(piece, late, node),
            None => Ok(piece),
        }
    }

    /// So many first rows of a plan are sure to find room.
    fn top_n_rows_max(&self, input: &Plan) -> u64 {
        let columns = column_types(&input.output());
        let width = |data_type: &DataType| data_type.primitive_width().unwrap_or(LONG_VALUE_BYTES);
        let row_bytes = columns.iter().map(width).sum::<usize>() + TOP_N_ROW_BYTES;
        let at_once = row_bytes * TOP_N_TIMES * self.context.threads.max(1);
        let rows_max = self.context.memory.limit_bytes() / TOP_N_PARTS / at_once;
        TOP_N_ROWS_MAX.min(rows_max as u64)
    }

    /// The rows of a piece in order, or the first of them.
    pub(super) fn sorted(&mut self, piece: Piece, keys: &[SortKey], limit: Option<u64>) -> Result<Piece> {
        let columns = piece.layout.columns().to_vec();
        let sort = sort::Sort::new(
            self.order(keys, &piece.layout)?,
            column_types(&columns),
            limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            self.context.batch_rows,
            self.context.memory.clone(),
            self.context.cancel.clone(),
            1,
        );
        self.sink(piece, Arc::new(SortSink(sort.clone())));
        Ok(Piece::source(SortSource(sort), columns))
    }

    /// No rows of these columns.
    pub(super) fn no_rows(&self, columns: Vec<ColumnDef>) -> Piece {
        let empty = column_types(&columns);
        let empty = empty.iter().map(arrow_array::new_empty_array).collect();
        Piece::source(ArraysSource::new(empty, 0, self.context.batch_rows), columns)
    }

    /// The order of some sort keys over a piece's columns.
    pub(super) fn order(&self, keys: &[SortKey], layout: &Layout) -> Result<Order> {
        let fields = keys.iter().map(|key| KeyField {
            data_type: array_type(&key.expression.data_type()),
            descending: key.descending,
            nulls: if key.nulls_first { Nulls::First } else { Nulls::Last },
        });
        Ok(Order {
            columns: self.key_columns(keys.iter().map(|key| &key.expression), layout)?,
            encoder: KeyEncoder::new(fields.collect())?,
        })
    }

    /// Where key columns come from.
    pub(super) fn key_columns<'e>(
        &self,
        expressions: impl IntoIterator<Item = &'e Expr>,
        layout: &Layout,
    ) -> Result<KeyColumns> {
        let projections = expressions.into_iter().map(|expression| {
            let place = match expression {
                Expr::Column(column) => layout.position(column.id),
                _ => None,
            };
            Ok(match place {
                Some(place) => Projection::Column(place),
                None => Projection::Expression(self.compile(expression, layout)?),
            })
        });
        Ok(KeyColumns(projections.collect::<Result<_>>()?))
    }

    /// The scan column that a top-N's first key is, if the N-th value can be told to its scan.
    fn top_n_target(&mut self, sort: &Sort) -> Option<DynamicTarget> {
        let key = sort.keys.first()?;
        let Expr::Column(column) = &key.expression else {
            return None;
        };
        let (scan, place, scanned) = scanned_column(&sort.input, column.id)?;
        // NULLs go first, and no range holds for them.
        if key.nulls_first && scanned.nullable && !self.has_no_nulls(scan, place) {
            return None;
        }
        self.dynamic_target(scanned.id, &column.data_type)
    }

    /// Whether a column of a scan is known to have no NULLs, although it may have some.
    fn has_no_nulls(&self, scan: &Scan, place: usize) -> bool {
        if scan.as_of.is_some() || scan.changes.is_some() {
            return false;
        }
        let Ok(TableAccess::Stored { table, columns }) = self.tables.table(scan.table, Reading::default()) else {
            return false;
        };
        let summary = columns.get(place).and_then(|column| table.column_summary(column.id));
        summary.is_some_and(|summary| summary.null_count == 0)
    }

    /// Lets the scan of a column, which is yet to be planned, hear of a condition.
    pub(super) fn dynamic_target(
        &mut self,
        column: ColumnId,
        data_type: &stoa_sql::types::LogicalType,
    ) -> Option<DynamicTarget> {
        if !stoa_storage::vector::is_stored_type(&array_type(data_type)) {
            return None;
        }
        let condition = Arc::new(Mutex::new(None));
        let published = condition.clone();
        self.dynamic_conditions
            .entry(column)
            .or_default()
            .push(Arc::new(move || published.lock().clone()));
        Some(DynamicTarget { condition })
    }
}

/// The scan's column (its scan, its place in the relation, itself) behind a column of a plan, if every row of the plan has that
/// column from one row of the scan, and leaving out rows of the scan by its value leaves out exactly the plan's rows that come from
/// them.
pub(super) fn scanned_column(plan: &Plan, id: ColumnId) -> Option<(&Scan, usize, &ColumnDef)> {
    // What a column is called below.
    let renamed = |outputs: &[(ColumnDef, Expr)]| {
        let (_, expression) = outputs.iter().find(|(column, _)| column.id == id)?;
        match expression {
            Expr::Column(input) => Some(input.id),
            _ => None,
        }
    };
    match plan {
        Plan::Scan(scan) if scan.limit.is_none() => {
            let (place, column) = scan.columns.iter().find(|(_, column)| column.id == id)?;
            Some((scan, *place, column))
        }
        Plan::Filter(filter) => scanned_column(&filter.input, id),
        Plan::Project(project) => scanned_column(&project.input, renamed(&project.expressions)?),
        Plan::Sort(sort) if sort.limit.is_none() => scanned_column(&sort.input, id),
        Plan::Aggregate(aggregate) if aggregate.grouping_sets.is_none() => {
            scanned_column(&aggregate.input, renamed(&aggregate.keys)?)
        }
        Plan::Join(join) => match join.kind {
            JoinKind::Inner => scanned_column(&join.left, id).or_else(|| scanned_column(&join.right, id)),
            JoinKind::Right | JoinKind::RightSemi | JoinKind::RightAnti => scanned_column(&join.right, id),
            JoinKind::Full => None,
            _ => scanned_column(&join.left, id),
        },
        _ => None,
    }
}

/// The plain types of columns.
pub(super) fn column_types(columns: &[ColumnDef]) -> Vec<DataType> {
    columns.iter().map(|column| array_type(&column.data_type)).collect()
}
