//! FROM: tables, views, common table expressions, derived tables, functions.

use super::bind_cte::renamed;
use super::bind_query::BoundQuery;
use super::bind_sample::SampleSyntax;
use super::coerce::Level;
use super::collect::{Clause, Context};
use super::name::{fold, table_name};
use super::scope::{LeftOut, Scope, ScopeColumn, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, RelationKind, TableName};
use crate::error::{Error, Result, SqlState};
use crate::limits::VIEW_DEPTH_MAX;
use crate::plan::{
    Apply, COMMIT_VERSION_COLUMN, CTID_COLUMN, ColumnDef, ColumnSet, Expr, JoinKind, Plan, Scan, ViewReference,
};
use crate::types::LogicalType;
use sqlparser::ast::{self, TableFactor};

/// The setting by which all statements of a session see an older version.
const AS_OF_SETTING: &str = "stoa.as_of";

/// What FOR SYSTEM_TIME AS OF names.
enum AsOf {
    /// A version of the database, or a time at which it had one.
    Database(Expr),
    /// A time of each row beside.
    Row(Expr),
}

/// An item of FROM: its rows, and the names it makes known. The scope has no parent yet.
pub(super) struct FromItem {
    pub(super) plan: Plan,
    pub(super) scope: Scope<'static>,
}

impl FromItem {
    pub(super) fn of_relation(plan: Plan, relation: ScopeRelation) -> Self {
        FromItem {
            plan,
            scope: Scope::of_relation(None, relation),
        }
    }
}

/// Columns that are all shown, under their own names.
pub(super) fn shown(columns: &[ColumnDef]) -> Vec<ScopeColumn> {
    columns
        .iter()
        .map(|column| ScopeColumn {
            name: column.name.clone(),
            column: column.clone(),
            hidden: false,
        })
        .collect()
}

/// The system column that says where a row is.
const ADDRESS: &str = "ctid";
/// The system column with the version whose commit brought a row.
const COMMIT_VERSION: &str = "commit_version";

/// Refuses to give a column the name of a system column.
///
/// # Errors
/// 42701
pub(super) fn refuse_system_name(name: &str) -> Result<()> {
    match name {
        ADDRESS | crate::catalog::ARRIVAL => Err(Error::new(
            SqlState::DUPLICATE_COLUMN,
            format!("column name \"{name}\" conflicts with a system column name"),
        )),
        _ => Ok(()),
    }
}

/// Whether an item may name columns of items before it.
fn is_lateral(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Derived { lateral, .. } => *lateral,
        TableFactor::Function { .. } | TableFactor::UNNEST { .. } | TableFactor::TableFunction { .. } => true,
        TableFactor::Table { args, version, .. } => args.is_some() || version.is_some(),
        _ => false,
    }
}

/// The names of two scopes; where both have a relation of one name, which they may inside parentheses, those of the nearer one.
fn names_before(before: Option<&Scope<'static>>, left: Option<&Scope<'static>>) -> Scope<'static> {
    let mut around = before.cloned().unwrap_or_default();
    match left {
        None => around,
        Some(left) => match around.add(left.clone()) {
            Ok(()) => around,
            Err(_) => left.clone(),
        },
    }
}

impl Binder<'_> {
    /// The whole FROM; no items give one row without columns.
    pub(super) fn bind_from(&mut self, from: &[ast::TableWithJoins], parent: Option<&Scope<'_>>) -> Result<FromItem> {
        let mut result: Option<FromItem> = None;
        for item in from {
            let left = result.take();
            let bound = self.bind_table_with_joins(item, left.as_ref().map(|left| &left.scope), parent)?;
            result = Some(match left {
                None => bound,
                Some(left) => {
                    let mut scope = left.scope;
                    scope
                        .add(bound.scope)
                        .map_err(|error| error.at(self.span(&item.relation)))?;
                    FromItem {
                        plan: joined(left.plan, bound.plan, JoinKind::Inner, Vec::new()),
                        scope,
                    }
                }
            });
        }
        Ok(result.unwrap_or_else(|| FromItem {
            plan: Plan::one_row(),
            scope: Scope::default(),
        }))
    }

    /// One item with the joins behind it; `before` holds the names of the items before.
    pub(super) fn bind_table_with_joins(
        &mut self,
        item: &ast::TableWithJoins,
        before: Option<&Scope<'static>>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let mut left = self.bind_lateral_factor(&item.relation, before, None, parent)?;
        for join in &item.joins {
            let right = self.bind_lateral_factor(&join.relation, before, Some(&left.scope), parent)?;
            left = self.bind_join(left, right, join, before, parent)?;
        }
        Ok(left)
    }

    /// An item that sees the names before it, if it is lateral.
    fn bind_lateral_factor(
        &mut self,
        factor: &TableFactor,
        before: Option<&Scope<'static>>,
        left: Option<&Scope<'static>>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        if before.is_none() && left.is_none() {
            return self.bind_factor(factor, parent);
        }
        match factor {
            // What is lateral inside sees what is before the parentheses.
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                let around = names_before(before, left);
                self.bind_nested_join(table_with_joins, alias.as_ref(), Some(&around), parent)
            }
            factor if is_lateral(factor) => {
                let around = names_before(before, left);
                self.bind_factor(factor, Some(&Scope { parent, ..around }))
            }
            factor => self.bind_factor(factor, parent),
        }
    }

    fn bind_nested_join(
        &mut self,
        joins: &ast::TableWithJoins,
        alias: Option<&ast::TableAlias>,
        before: Option<&Scope<'static>>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let item = self.bind_table_with_joins(joins, before, parent)?;
        match alias {
            None => Ok(item),
            Some(_) => self.aliased(item.plan, item.scope.visible, None, String::new(), alias),
        }
    }

    fn bind_factor(&mut self, factor: &TableFactor, parent: Option<&Scope<'_>>) -> Result<FromItem> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                version,
                with_ordinality: false,
                sample,
                partitions,
                ..
            } => {
                if !partitions.is_empty() {
                    return Err(not_supported("PARTITION behind a table").at(self.span(name)));
                }
                let mut item = self
                    .bind_table(name, alias.as_ref(), version.as_ref(), parent)
                    .map_err(|error| error.at(self.span(name)))?;
                if let Some(sample) = sample {
                    let is_stored = matches!(self.relation(&table_name(name)?), Ok(relation) if relation.kind == RelationKind::Table);
                    item.plan = self.sampled(item.plan, &SampleSyntax::of_table(sample)?, is_stored)?;
                }
                Ok(item)
            }
            TableFactor::Table {
                name,
                alias,
                args: Some(arguments),
                with_ordinality,
                sample,
                ..
            } => {
                let item = self.bind_function_item(name, &arguments.args, *with_ordinality, alias.as_ref(), parent)?;
                self.sampled_item(item, sample.as_ref())
            }
            TableFactor::Function {
                name,
                args,
                with_ordinality,
                alias,
                ..
            } => self.bind_function_item(name, args, *with_ordinality, alias.as_ref(), parent),
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_ordinality,
                with_offset: false,
                ..
            } => {
                let scope = Scope::inside(parent);
                let mut context = Context::plain(&scope, Clause::From);
                let arrays: Vec<&ast::Expr> = array_exprs.iter().collect();
                let arguments = self.bind_all(&arrays, &mut context)?;
                self.unnest(arguments, *with_ordinality, alias.as_ref())
            }
            TableFactor::Derived {
                subquery,
                alias,
                sample,
                ..
            } => {
                let BoundQuery { plan, names } = self.bind_query(subquery, parent)?;
                let columns = renamed(plan.output(), names);
                let item = self.aliased(plan, shown(&columns), None, String::new(), alias.as_ref())?;
                self.sampled_item(item, sample.as_ref())
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => self.bind_nested_join(table_with_joins, alias.as_ref(), None, parent),
            TableFactor::TableFunction { .. } => Err(not_supported("TABLE(..)")),
            other => Err(not_supported(format!("{other} in FROM"))),
        }
    }

    fn sampled_item(&mut self, item: FromItem, sample: Option<&ast::TableSampleKind>) -> Result<FromItem> {
        let Some(sample) = sample else {
            return Ok(item);
        };
        let plan = self.sampled(item.plan, &SampleSyntax::of_table(sample)?, false)?;
        Ok(FromItem { plan, ..item })
    }

    /// A relation under its alias.
    pub(super) fn aliased(
        &self,
        plan: Plan,
        mut columns: Vec<ScopeColumn>,
        schema: Option<String>,
        name: String,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let Some(alias) = alias else {
            return Ok(FromItem::of_relation(
                plan,
                ScopeRelation {
                    schema,
                    name,
                    columns,
                    left_out: LeftOut::Never,
                },
            ));
        };
        let alias_name = fold(&alias.name);
        let names = columns
            .iter()
            .filter(|column| !column.hidden)
            .map(|column| column.name.clone());
        let names = self
            .column_aliases(&alias_name, names.collect(), &alias.columns)
            .map_err(|error| error.at(self.span(&alias.name)))?;
        for (column, name) in columns.iter_mut().filter(|column| !column.hidden).zip(names) {
            column.name = name;
        }
        Ok(FromItem::of_relation(
            plan,
            ScopeRelation {
                schema: None,
                name: alias_name,
                columns,
                left_out: LeftOut::Never,
            },
        ))
    }

    fn bind_table(
        &mut self,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
        version: Option<&ast::TableVersion>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let table = table_name(name)?;
        if table.schema.is_none()
            && let Some((plan, columns)) = self.bind_cte_reference(&table.name)?
        {
            if version.is_some() {
                return Err(not_supported("FOR SYSTEM_TIME on a WITH query"));
            }
            return self.aliased(plan, shown(&columns), None, table.name, alias);
        }
        let relation = self.read_relation(&table, name, alias.is_some() || version.is_some())?;
        if self.explained.is_some() && relation.kind == RelationKind::Table && version.is_none() {
            return self.bind_explained_table(&relation, alias);
        }
        let as_of = match version {
            Some(version) => match self.bind_as_of(version, parent)? {
                AsOf::Database(_) if self.explained.is_some() => {
                    return Err(not_supported("FOR SYSTEM_TIME in a query whose change is explained"));
                }
                AsOf::Database(version) => Some(version),
                AsOf::Row(time) => return self.bind_valid_at(&relation, &time, table.name, alias),
            },
            None => self.as_of.clone(),
        };
        if let RelationKind::View { query, .. } = &relation.kind {
            let outer = std::mem::replace(&mut self.as_of, as_of);
            let bound = self.bind_view(&relation, query, table.name, alias);
            self.as_of = outer;
            return bound;
        }
        if as_of.is_some() && matches!(relation.kind, RelationKind::System | RelationKind::Sequence) {
            return Err(not_supported("FOR SYSTEM_TIME on a system table"));
        }
        let (mut scan, mut columns) = self.scan(&relation, as_of);
        self.add_system_columns(&relation, &mut scan, &mut columns);
        let schema = Some(relation.schema.clone());
        let plan = self.sealed_rows(&relation, scan, &columns)?;
        let plan = self.final_rows(&relation, plan, &columns)?;
        self.aliased(plan, columns, schema, table.name, alias)
    }

    /// The relation of a name in FROM. In a view's query it is the one that the name stood for when the view was made.
    fn read_relation(
        &mut self,
        table: &TableName,
        written: &ast::ObjectName,
        aliased: bool,
    ) -> Result<std::sync::Arc<RelationInfo>> {
        if let Some(view) = self.view {
            let relation = self.catalog.relation_of_view(view, table)?;
            return relation.ok_or_else(|| no_relation(table));
        }
        let relation = self.relation(table)?;
        self.references.push(ViewReference {
            name: table.clone(),
            table: relation.id,
            span: self.span(written),
            aliased,
        });
        Ok(relation)
    }

    /// The relation of a name.
    ///
    /// # Errors
    /// 42P01 where there is none.
    pub(super) fn relation(&self, name: &TableName) -> Result<std::sync::Arc<RelationInfo>> {
        self.catalog.relation(name)?.ok_or_else(|| no_relation(name))
    }

    /// A scan of all columns of a table, and how names reach them.
    pub(super) fn scan(&mut self, relation: &RelationInfo, as_of: Option<Expr>) -> (Scan, Vec<ScopeColumn>) {
        // Rows of then need not meet the constraints of now.
        let is_past = as_of.is_some()
            || self
                .catalog
                .setting(AS_OF_SETTING)
                .is_some_and(|version| !version.is_empty());
        let columns: Vec<ScopeColumn> = relation
            .columns
            .iter()
            .map(|column| ScopeColumn {
                name: column.name.clone(),
                column: self.column(
                    column.name.clone(),
                    column.data_type.clone(),
                    column.nullable || is_past,
                ),
                hidden: column.hidden,
            })
            .collect();
        if !is_past {
            self.note_row_keys(relation, &columns);
        }
        let scan = Scan {
            table: relation.id,
            name: relation.name.clone(),
            columns: columns.iter().map(|column| column.column.clone()).enumerate().collect(),
            filters: Vec::new(),
            as_of,
            changes: None,
            limit: None,
            rows_only: self.reads_rows_only,
        };
        (scan, columns)
    }

    /// The system columns of a table's rows, which names reach and `*` does not; a column of the table goes before one of its name.
    pub(super) fn add_system_columns(
        &mut self,
        relation: &RelationInfo,
        scan: &mut Scan,
        columns: &mut Vec<ScopeColumn>,
    ) {
        if relation.kind != RelationKind::Table {
            return;
        }
        let all = [
            (ADDRESS, LogicalType::Tid, CTID_COLUMN),
            (COMMIT_VERSION, LogicalType::BigInt, COMMIT_VERSION_COLUMN),
        ];
        for (name, data_type, index) in all {
            if columns.iter().any(|column| column.name == name) {
                continue;
            }
            let column = self.column(name, data_type, false);
            scan.columns.push((index, column.clone()));
            columns.push(ScopeColumn {
                name: name.to_owned(),
                column,
                hidden: true,
            });
        }
    }

    /// `FOR SYSTEM_TIME AS OF`: a version or a time of the database, or a time that rows beside have.
    fn bind_as_of(&mut self, version: &ast::TableVersion, parent: Option<&Scope<'_>>) -> Result<AsOf> {
        let ast::TableVersion::ForSystemTimeAsOf(expression) = version else {
            return Err(not_supported("this way to name a table's version").with_hint("Write FOR SYSTEM_TIME AS OF .."));
        };
        let scope = Scope::inside(parent);
        let mut context = Context::plain(&scope, Clause::AsOf);
        let bound = self.bind_expression(expression, &mut context)?;
        let span = self.span(expression);
        let mut columns = ColumnSet::default();
        bound.collect_columns(&mut columns);
        let is_of_row = !columns.is_empty();
        let target = match bound.data_type().is_integer() && !is_of_row {
            true => LogicalType::BigInt,
            false => LogicalType::TimestampTz,
        };
        let bound = self.coerce(bound, &target, Level::Implicit, span)?;
        Ok(match is_of_row {
            true => AsOf::Row(bound),
            false => AsOf::Database(bound),
        })
    }

    /// A view under the name it is written by: its query, bound as if it stood alone.
    pub(super) fn bind_view(
        &mut self,
        view: &RelationInfo,
        query: &str,
        name: String,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        if self.view_depth >= VIEW_DEPTH_MAX {
            return Err(Error::new(
                SqlState::STATEMENT_TOO_COMPLEX,
                format!("views nest deeper than {VIEW_DEPTH_MAX} levels at \"{}\"", view.name),
            ));
        }
        let syntax = crate::parse::parse_query(query).map_err(|mut error| {
            error.span = None;
            error.with_detail(format!("In the definition of view \"{}\".", view.name))
        })?;
        let ctes = std::mem::take(&mut self.ctes);
        let spans_valid = std::mem::replace(&mut self.spans_valid, false);
        let outer = self.view.replace(view.id);
        self.view_depth += 1;
        let bound = self.bind_query(&syntax, None);
        self.view_depth -= 1;
        self.view = outer;
        self.spans_valid = spans_valid;
        self.ctes = ctes;
        let plan = bound?.plan;
        let names = view.columns.iter().map(|column| column.name.clone()).collect();
        let types: Vec<LogicalType> = view.columns.iter().map(|column| column.data_type.clone()).collect();
        if types.len() != plan.output().len() {
            return Err(Error::new(
                SqlState::INVALID_TABLE_DEFINITION,
                format!("view \"{}\" no longer has the columns it was made with", view.name),
            )
            .with_hint("Drop and create the view anew."));
        }
        let plan = self.coerce_columns(plan, &types, Level::Assignment)?;
        let columns = renamed(plan.output(), names);
        let mut columns = shown(&columns);
        for (column, info) in columns.iter_mut().zip(&view.columns) {
            column.hidden = info.hidden;
        }
        self.aliased(plan, columns, Some(view.schema.clone()), name, alias)
    }
}

fn no_relation(name: &TableName) -> Error {
    Error::new(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"))
}

/// A join, or an Apply where the right side names columns of the left.
pub(super) fn joined(left: Plan, right: Plan, kind: JoinKind, predicates: Vec<Expr>) -> Plan {
    if right.free_columns().is_disjoint(&left.output_ids()) {
        return Plan::joined(left, right, kind, predicates);
    }
    Plan::Apply(Apply {
        left: Box::new(left),
        right: Box::new(right),
        kind,
        predicates,
    })
}
