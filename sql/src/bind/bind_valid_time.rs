//! Tables with `history = 'scd2'`: the columns that say when a version of a row is valid, and the conditions over them. What becomes of
//! the versions when rows change is not decided here.

use super::bind_from::FromItem;
use super::scope::ScopeColumn;
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, VersionedKey};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDefinition, CompareOp, CreateTable, Expr, Plan};
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

/// The columns of a version's period.
const VALID_FROM: &str = "valid_from";
const VALID_TO: &str = "valid_to";

/// Which versions of a table's rows a statement is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// Those that are valid now.
    InForce,
    /// These, and those that will be.
    FromNowOn,
}

impl Binder<'_> {
    /// Gives a new table the columns of the period, behind its own, where its options ask for versions and it lacks them.
    pub(super) fn add_period_columns(&mut self, table: &mut CreateTable) -> Result<()> {
        let is_versioned = |(name, value): &(String, String)| name == "history" && is_versioned_history(value);
        if !table.options.iter().any(is_versioned) {
            return Ok(());
        }
        for name in [VALID_FROM, VALID_TO] {
            if !table.columns.iter().any(|column| column.name == name) {
                table.columns.push(ColumnDefinition {
                    name: name.to_owned(),
                    data_type: LogicalType::TimestampTz,
                    nullable: true,
                    default: None,
                    sequence: None,
                    identity: None,
                });
            }
        }
        let begins = table.columns.iter_mut().find(|column| column.name == VALID_FROM);
        if let Some(column) = begins.filter(|column| column.data_type == LogicalType::TimestampTz) {
            column.nullable = false;
            column.default.get_or_insert_with(|| "now()".to_owned());
        }
        self.add_periods_of_rows(table)
    }

    /// The rows of CREATE TABLE AS get what their query does not give.
    fn add_periods_of_rows(&mut self, table: &mut CreateTable) -> Result<()> {
        let Some(source) = table.source.take() else {
            return Ok(());
        };
        let columns = source.plan.output();
        let mut expressions: Vec<_> = columns
            .iter()
            .map(|column| (column.clone(), Expr::Column(column.clone())))
            .collect();
        let mut names = source.names;
        for added in table.columns.iter().skip(columns.len()) {
            let value = match added.name == VALID_FROM {
                true => self.named_call("now", Vec::new())?,
                false => Expr::null(LogicalType::TimestampTz),
            };
            expressions.push((self.column_for(added.name.clone(), &value), value));
            names.push(added.name.clone());
        }
        let plan = std::sync::Arc::unwrap_or_clone(source.plan)
            .projected(expressions)
            .into();
        table.source = Some(crate::plan::Query { plan, names });
        Ok(())
    }

    /// `table FOR SYSTEM_TIME AS OF time`, where the time is one of the rows beside: the version of each key that is valid then.
    ///
    /// # Errors
    /// 0A000 for a relation that keeps no versions.
    pub(super) fn bind_valid_at(
        &mut self,
        relation: &Arc<RelationInfo>,
        time: &Expr,
        name: String,
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let Some(versions) = &relation.versions else {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("\"{}\" keeps no versions that are valid at the time of a row", relation.name),
            )
            .with_hint(
                "FOR SYSTEM_TIME AS OF takes a time of other rows for tables WITH (history = 'scd2', key = '..'), otherwise a constant; \
                 ASOF JOIN finds the row nearest in time.",
            ));
        };
        if self.explained.is_some() {
            let mut item = self.bind_explained_table(relation, alias)?;
            let columns = item
                .scope
                .relations
                .first()
                .map_or(&[][..], |relation| &relation.columns);
            item.plan = item.plan.filtered(valid_at(versions, columns, time)?);
            return Ok(item);
        }
        let (mut scan, mut columns) = self.scan(relation, self.as_of.clone());
        self.add_system_columns(relation, &mut scan, &mut columns);
        let plan = Plan::Scan(scan).filtered(valid_at(versions, &columns, time)?);
        self.aliased(plan, columns, Some(relation.schema.clone()), name, alias)
    }

    /// That a row of a table that a statement changes is a version it may change; nothing for other tables.
    pub(super) fn changeable(
        &mut self,
        relation: &RelationInfo,
        columns: &[ScopeColumn],
        which: Versions,
    ) -> Result<Vec<Expr>> {
        let Some(versions) = &relation.versions else {
            return Ok(Vec::new());
        };
        let now = self.named_call("now", Vec::new())?;
        let mut conditions = valid_at(versions, columns, &now)?;
        if which == Versions::FromNowOn {
            conditions.remove(0);
        }
        Ok(conditions)
    }
}

/// Whether the option `history` asks for versions.
fn is_versioned_history(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("scd2")
}

/// That a version has begun by a time, and that it has not ended.
fn valid_at(versions: &VersionedKey, columns: &[ScopeColumn], time: &Expr) -> Result<Vec<Expr>> {
    let column = |place: usize| {
        let column = columns.get(place).map(|column| Expr::Column(column.column.clone()));
        column.ok_or_else(|| not_supported("a period without its column"))
    };
    let (from, to) = (column(versions.valid_from)?, column(versions.valid_to)?);
    let goes_on = Expr::or(vec![
        Expr::IsNull(Box::new(to.clone())),
        Expr::compare(CompareOp::Greater, to, time.clone()),
    ]);
    Ok(vec![Expr::compare(CompareOp::LessOrEqual, from, time.clone()), goes_on])
}

/// Refuses to set when a version is valid: a statement's own time says that.
///
/// # Errors
/// 0A000
pub(super) fn refuse_period(relation: &RelationInfo, column: usize) -> Result<()> {
    let Some(versions) = &relation.versions else {
        return Ok(());
    };
    if column != versions.valid_from && column != versions.valid_to {
        return Ok(());
    }
    let name = relation.columns.get(column).map_or("", |column| column.name.as_str());
    Err(Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("column \"{name}\" of a table with history = 'scd2' cannot be updated"),
    )
    .with_detail("A change is valid from the time of its transaction on.")
    .with_hint("INSERT a row with the key and the valid_from that it is to have."))
}
