//! INSERT: every row gets a value for every column of the table, cast as assignments cast, with defaults filled in.

use super::bind_upsert::Upserted;
use super::coerce::Level;
use super::collect::{Clause, Context};
use super::name::{fold, simple};
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::catalog::{ColumnInfo, Identity, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, Expr, Insert, Plan, Upsert, Values};
use crate::span::Span;
use crate::types::LogicalType;
use sqlparser::ast;

impl Binder<'_> {
    /// `INSERT INTO table [(columns)] {VALUES .. | query | DEFAULT VALUES} [RETURNING ..]`
    pub(super) fn bind_insert(&mut self, insert: &ast::Insert) -> Result<Insert> {
        let ast::TableObject::TableName(name) = &insert.table else {
            return Err(not_supported("INSERT INTO a function or query"));
        };
        if !insert.assignments.is_empty() || insert.overwrite {
            return Err(not_supported("this form of INSERT"));
        }
        let relation = self.stored_table(name)?;
        let targets = self.insert_targets(&relation, &insert.columns)?;
        let given = match &insert.source {
            None => (Plan::one_row(), Vec::new()),
            Some(query) => self.bind_insert_source(query, &relation, &targets, insert.overriding.as_ref())?,
        };
        let ignores_given = insert.overriding == Some(ast::InsertOverriding::User);
        let source = self.complete_rows(&relation, &targets, given, ignores_given)?;
        let alias = insert
            .table_alias
            .as_ref()
            .map_or_else(|| relation.name.clone(), |alias| fold(&alias.alias));
        let upserted = match &insert.on {
            None => Upserted {
                plan: source,
                key: None,
            },
            Some(ast::OnInsert::OnConflict(conflict)) => self.bind_on_conflict(conflict, &relation, &alias, source)?,
            Some(_) => return Err(not_supported("ON DUPLICATE KEY").with_hint("Write ON CONFLICT .. DO UPDATE SET ..")),
        };
        let source = upserted.plan;
        let columns = source.output();
        let columns = columns.get(usize::from(upserted.key.is_some())..).unwrap_or_default();
        let returning = self.bind_returning(insert.returning.as_ref(), &relation, &alias, columns, Scope::default())?;
        Ok(Insert {
            table: relation.id,
            name: relation.name.clone(),
            upsert: upserted.key.map(|key| Upsert { key }),
            source,
            returning,
        })
    }

    /// The columns that the source gives, by index.
    fn insert_targets(&self, relation: &RelationInfo, columns: &[ast::ObjectName]) -> Result<Vec<usize>> {
        if columns.is_empty() {
            return Ok(shown_columns(relation).map(|(index, _)| index).collect());
        }
        let mut targets = Vec::with_capacity(columns.len());
        for column in columns {
            let name = simple(column)?;
            let index = self
                .column_index(relation, &name)
                .map_err(|error| error.at(self.span(column)))?;
            if targets.contains(&index) {
                return Err(Error::new(
                    SqlState::DUPLICATE_COLUMN,
                    format!("column \"{name}\" specified more than once"),
                )
                .at(self.span(column)));
            }
            targets.push(index);
        }
        Ok(targets)
    }

    /// A table's column by name.
    ///
    /// # Errors
    /// 42703 where the table has no such column.
    pub(super) fn column_index(&self, relation: &RelationInfo, name: &str) -> Result<usize> {
        shown_columns(relation)
            .find(|(_, column)| column.name == name)
            .map(|(index, _)| index)
            .ok_or_else(|| {
                Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("column \"{name}\" of relation \"{}\" does not exist", relation.name),
                )
            })
    }

    /// The source's rows with the types of the target columns, and those columns.
    fn bind_insert_source(
        &mut self,
        query: &ast::Query,
        relation: &RelationInfo,
        targets: &[usize],
        overriding: Option<&ast::InsertOverriding>,
    ) -> Result<(Plan, Vec<ColumnDef>)> {
        if let ast::SetExpr::Values(values) = &*query.body
            && query.with.is_none()
            && query.order_by.is_none()
            && query.limit_clause.is_none()
            && query.fetch.is_none()
        {
            let plan = self.bind_insert_values(values, relation, targets, overriding.is_some())?;
            let columns = plan.output();
            return Ok((plan, columns));
        }
        let bound = self.bind_query_undecided(query, None)?;
        let columns = bound.plan.output();
        check_count(columns.len(), targets.len()).map_err(|error| error.at(self.span(&*query.body)))?;
        for (column, target) in columns.iter().zip(targets) {
            let info = column_at(relation, *target)?;
            if overriding.is_none() {
                check_may_be_given(info)?;
            }
            if !super::coerce::can_coerce(&column.data_type, &info.data_type, Level::Assignment) {
                return Err(wrong_type(info, &column.data_type).at(self.span(&*query.body)));
            }
        }
        let types: Vec<LogicalType> = targets
            .iter()
            .take(columns.len())
            .map(|target| column_at(relation, *target).map(|column| column.data_type.clone()))
            .collect::<Result<_>>()?;
        let plan = self.coerce_columns(bound.plan, &types, Level::Assignment)?;
        let columns = plan.output();
        Ok((plan, columns))
    }

    fn bind_insert_values(
        &mut self,
        values: &ast::Values,
        relation: &RelationInfo,
        targets: &[usize],
        overrides: bool,
    ) -> Result<Plan> {
        let scope = Scope::default();
        let width = values.rows.first().map_or(0, |row| row.content.len());
        let mut rows = Vec::with_capacity(values.rows.len());
        for row in &values.rows {
            if row.content.len() != width {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "VALUES lists must all be the same length",
                ));
            }
            if let Some(surplus) = row.content.get(targets.len()) {
                return Err(check_count(width, targets.len())
                    .err()
                    .unwrap_or_else(|| not_supported("this row"))
                    .at(self.span(surplus)));
            }
            let mut bound = Vec::with_capacity(width);
            for (value, target) in row.content.iter().zip(targets) {
                let info = column_at(relation, *target)?;
                bound.push(if is_default(value) {
                    self.default_value(info)?
                } else {
                    if !overrides {
                        check_may_be_given(info)?;
                    }
                    let mut context = Context::plain(&scope, Clause::Values);
                    let expression = self.bind_expression(value, &mut context)?;
                    let span = self.span(value);
                    self.assign(expression, info, span)?
                });
            }
            rows.push(bound);
        }
        let mut columns = Vec::with_capacity(width);
        for (index, target) in targets.iter().take(width).enumerate() {
            let info = column_at(relation, *target)?;
            let nullable = rows.iter().any(|row| row.get(index).is_none_or(Expr::nullable));
            columns.push(self.column(info.name.clone(), info.data_type.clone(), nullable));
        }
        Ok(Plan::Values(Values { columns, rows }))
    }

    /// A value as it goes into a column.
    ///
    /// # Errors
    /// 42804, naming the column.
    pub(super) fn assign(&mut self, expression: Expr, column: &ColumnInfo, span: Option<Span>) -> Result<Expr> {
        let from = expression.data_type();
        if !super::coerce::can_coerce(&from, &column.data_type, Level::Assignment) {
            return Err(wrong_type(column, &from).at(span));
        }
        self.coerce(expression, &column.data_type, Level::Assignment, span)
    }

    /// A column's default, or NULL.
    pub(super) fn default_value(&mut self, column: &ColumnInfo) -> Result<Expr> {
        match &column.default {
            None => Ok(Expr::null(column.data_type.clone())),
            Some(text) => self.bind_default(text, column),
        }
    }

    /// The defaults of a table's columns beside some; those without are NULL.
    pub(super) fn defaults_beside(&mut self, relation: &RelationInfo, columns: &[usize]) -> Result<Vec<(usize, Expr)>> {
        let mut defaults = Vec::new();
        for (index, info) in shown_columns(relation) {
            if !columns.contains(&index) && info.default.is_some() {
                defaults.push((index, self.default_value(info)?));
            }
        }
        Ok(defaults)
    }

    /// The text of a default as an expression of the column's type.
    pub(super) fn bind_default(&mut self, text: &str, column: &ColumnInfo) -> Result<Expr> {
        let syntax = crate::parse::parse_expression(text)?;
        let spans_valid = std::mem::replace(&mut self.spans_valid, false);
        let scope = Scope::default();
        let mut context = Context::plain(&scope, Clause::Default);
        let bound = self
            .bind_expression(&syntax, &mut context)
            .and_then(|expression| self.assign(expression, column, None));
        self.spans_valid = spans_valid;
        bound
    }

    /// Rows of all the table's columns, in its order. Values given to identity columns are ignored on request.
    fn complete_rows(
        &mut self,
        relation: &RelationInfo,
        targets: &[usize],
        (plan, given): (Plan, Vec<ColumnDef>),
        ignores_given: bool,
    ) -> Result<Plan> {
        let mut expressions = Vec::with_capacity(relation.columns.len());
        for (index, info) in shown_columns(relation) {
            let is_ignored = ignores_given && info.identity.is_some();
            let place = targets.iter().position(|target| *target == index && !is_ignored);
            match place.and_then(|place| given.get(place)) {
                Some(column) => expressions.push((
                    ColumnDef {
                        name: info.name.clone(),
                        ..column.clone()
                    },
                    Expr::Column(column.clone()),
                )),
                None => {
                    let value = self.default_value(info)?;
                    expressions.push((self.column_for(info.name.clone(), &value), value));
                }
            }
        }
        Ok(plan.projected(expressions))
    }
}

/// A table's columns that statements see, with their indexes.
pub(super) fn shown_columns(relation: &RelationInfo) -> impl Iterator<Item = (usize, &ColumnInfo)> {
    relation.columns.iter().enumerate().filter(|(_, column)| !column.hidden)
}

fn column_at(relation: &RelationInfo, index: usize) -> Result<&ColumnInfo> {
    relation
        .columns
        .get(index)
        .ok_or_else(|| not_supported("a column that the table lacks"))
}

/// 428C9 for a value given to a column that always takes its sequence's.
fn check_may_be_given(column: &ColumnInfo) -> Result<()> {
    if column.identity != Some(Identity::Always) {
        return Ok(());
    }
    Err(identity_given_error(column))
}

/// 428C9
pub(super) fn identity_given_error(column: &ColumnInfo) -> Error {
    let name = &column.name;
    Error::new(
        SqlState("428C9"),
        format!("cannot insert a non-DEFAULT value into column \"{name}\""),
    )
    .with_detail(format!(
        "Column \"{name}\" is an identity column defined as GENERATED ALWAYS."
    ))
    .with_hint("Use OVERRIDING SYSTEM VALUE to override.")
}

fn check_count(given: usize, targets: usize) -> Result<()> {
    match given > targets {
        true => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "INSERT has more expressions than target columns",
        )),
        false => Ok(()),
    }
}

/// The word DEFAULT in place of a value.
pub(super) fn is_default(value: &ast::Expr) -> bool {
    matches!(value, ast::Expr::Identifier(identifier)
        if identifier.quote_style.is_none() && identifier.value.eq_ignore_ascii_case("default"))
}

fn wrong_type(column: &ColumnInfo, from: &LogicalType) -> Error {
    Error::new(
        SqlState::DATATYPE_MISMATCH,
        format!(
            "column \"{}\" is of type {} but expression is of type {from}",
            column.name, column.data_type
        ),
    )
    .with_hint("You will need to rewrite or cast the expression.")
}
