//! `FROM stoa.table_changes('table', from [, until])`: the rows of a table that commits brought and took away, each with the commit and
//! what it was for. Nothing is said here of what a change means to a query; that is `bind_explain_change`.

use super::bind_from::{FromItem, shown};
use super::collect::{Clause, Context};
use super::name::{named_relation, parts};
use super::scope::{Scope, ScopeColumn};
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, RelationKind, TableName};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{
    COMMIT_VERSION_COLUMN, CaseBranch, ColumnDef, CompareOp, DELETE_VERSION_COLUMN, Expr, JoinKind, Plan, RowChange,
    ScanChanges, SetOperation, SetOperationKind,
};
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

/// Whether a function in FROM is this one.
pub(super) fn is_table_changes(name: &ast::ObjectName) -> bool {
    parts(name).is_ok_and(|parts| parts == ["stoa", "table_changes"])
}

/// Between which versions changes are asked for.
#[derive(Clone)]
pub(super) struct Span {
    /// A version or a time; commits after it count. `None` is as far back as the table's history goes.
    pub(super) after: Option<Expr>,
    /// Likewise; commits up to it count. `None` is now.
    pub(super) until: Option<Expr>,
}

/// Rows that were changed, and what is known of their changes.
pub(super) struct ChangedRows {
    pub(super) plan: Plan,
    /// The table's columns, as names reach them; the plan is a projection with all columns named here.
    pub(super) columns: Vec<ScopeColumn>,
    /// Why: what the commit was for, and of a row that came, how (as [`RelationInfo::has_arrival`] says).
    pub(super) causes: [ColumnDef; 2],
    /// The commit that brought the row or took it away, and when that was.
    commit: [ColumnDef; 2],
}

impl ChangedRows {
    /// The commit that brought the row or took it away.
    pub(super) fn version(&self) -> ColumnDef {
        self.commit[0].clone()
    }
}

impl Binder<'_> {
    /// The item: what was done to a row (`added`, `removed`), by which commit, when and why, and the row.
    pub(super) fn bind_table_changes(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::FunctionArg],
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let usage = "SELECT * FROM stoa.table_changes('sales', 120, 140)";
        let (text, span) = self
            .text_and_versions("table_changes", arguments, usage)
            .map_err(|error| error.at(self.span(name)))?;
        let relation = self.changed_table(&text).map_err(|error| error.at(self.span(name)))?;
        let added = self.changed_rows(&relation, RowChange::Added, &span)?;
        let removed = self.changed_rows(&relation, RowChange::Removed, &span)?;
        let inputs = vec![self.told_changes(added, "added"), self.told_changes(removed, "removed")];
        let names: Vec<String> = ["change", "commit_version", "commit_time", "cause", "arrival"]
            .into_iter()
            .map(str::to_owned)
            .chain(relation.columns.iter().map(|column| column.name.clone()))
            .collect();
        let output = inputs.first().map(Plan::output).unwrap_or_default();
        let columns = output.into_iter().zip(names);
        let columns: Vec<ColumnDef> = columns
            .map(|(column, name)| self.column(name, column.data_type, true))
            .collect();
        let plan = Plan::SetOperation(SetOperation {
            kind: SetOperationKind::Union,
            all: true,
            inputs,
            columns: columns.clone(),
        });
        self.aliased(plan, shown(&columns), None, "table_changes".to_owned(), alias)
    }

    /// A constant text and one or two constant versions or times.
    pub(super) fn text_and_versions(
        &mut self,
        function: &str,
        arguments: &[ast::FunctionArg],
        usage: &str,
    ) -> Result<(String, Span)> {
        let wrong = || {
            let message = format!("stoa.{function} takes a constant text and one or two versions or times");
            Error::new(SqlState::INVALID_PARAMETER_VALUE, message).with_hint(format!("Write {usage}."))
        };
        let values = arguments.iter().map(|argument| match argument {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(value)) => Ok(value),
            _ => Err(wrong()),
        });
        let values: Vec<&ast::Expr> = values.collect::<Result<_>>()?;
        let (text, after, until) = match values.as_slice() {
            [text, after] => (text, after, None),
            [text, after, until] => (text, after, Some(until)),
            _ => return Err(wrong()),
        };
        let ast::Expr::Value(value) = text else {
            return Err(wrong());
        };
        let (ast::Value::SingleQuotedString(text)
        | ast::Value::EscapedStringLiteral(text)
        | ast::Value::DollarQuotedString(ast::DollarQuotedString { value: text, .. })) = &value.value
        else {
            return Err(wrong());
        };
        let after = Some(self.bind_version(after)?);
        // What the transaction itself has changed is of no version yet.
        let until = match until {
            Some(until) => self.bind_version(until)?,
            None => self.named_call("snapshot_version", Vec::new())?,
        };
        let span = Span {
            after,
            until: Some(until),
        };
        Ok((text.clone(), span))
    }

    /// A constant version or time.
    pub(super) fn bind_version(&mut self, expression: &ast::Expr) -> Result<Expr> {
        let scope = Scope::default();
        let mut context = Context::plain(&scope, Clause::AsOf);
        let bound = self.bind_expression(expression, &mut context)?;
        let span = self.span(expression);
        let target = match bound.data_type().is_integer() {
            true => LogicalType::BigInt,
            false => LogicalType::TimestampTz,
        };
        self.coerce(bound, &target, super::coerce::Level::Implicit, span)
    }

    fn changed_table(&self, text: &str) -> Result<Arc<RelationInfo>> {
        let relation = self.relation(&named_relation(text)?)?;
        match relation.kind {
            RelationKind::Table => Ok(relation),
            _ => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not a table", relation.name),
            )),
        }
    }

    /// The rows that commits brought, or took away, with what is known of these commits.
    pub(super) fn changed_rows(
        &mut self,
        relation: &RelationInfo,
        change: RowChange,
        span: &Span,
    ) -> Result<ChangedRows> {
        let (mut scan, mut columns) = self.scan(relation, span.until.clone());
        scan.changes = Some(ScanChanges {
            change,
            after: span.after.clone(),
        });
        scan.rows_only = true;
        columns.iter_mut().for_each(|column| column.column.nullable = true);
        scan.columns.iter_mut().for_each(|(_, column)| column.nullable = true);
        self.add_system_columns(relation, &mut scan, &mut columns);
        let version = self.column("version", LogicalType::BigInt, true);
        scan.columns.push(match change {
            RowChange::Added => (COMMIT_VERSION_COLUMN, version.clone()),
            RowChange::Removed => (DELETE_VERSION_COLUMN, version.clone()),
        });
        let arrival = self.column("arrival", LogicalType::SmallInt, true);
        if relation.has_arrival {
            scan.columns.push((relation.columns.len(), arrival.clone()));
        }
        let commits = TableName {
            schema: Some("stoa".to_owned()),
            name: "commits".to_owned(),
        };
        let commits = self.relation(&commits)?;
        let (commits, of_commits) = self.scan(&commits, None);
        let of_commit = |name: &str| -> Result<ColumnDef> {
            let mut found = of_commits.iter().filter(|column| column.name == name);
            let column = found.next().map(|column| column.column.clone());
            column.ok_or_else(|| not_supported(format!("stoa.commits without a column {name}")))
        };
        let (known, time, cause) = (of_commit("version")?, of_commit("commit_time")?, of_commit("cause")?);
        let condition = Expr::compare(CompareOp::Equal, Expr::Column(version.clone()), Expr::Column(known));
        let nullable = |column: ColumnDef| ColumnDef {
            nullable: true,
            ..column
        };
        let known = Plan::joined(Plan::Scan(scan), Plan::Scan(commits), JoinKind::Left, vec![condition]);
        let expressions = known.output().into_iter();
        let mut expressions: Vec<(ColumnDef, Expr)> = expressions
            .map(|column| (column.clone(), Expr::Column(column)))
            .collect();
        if !relation.has_arrival {
            let unknown = Expr::Literal(Literal::Null, LogicalType::SmallInt);
            expressions.push((arrival.clone(), unknown));
        }
        Ok(ChangedRows {
            plan: known.projected(expressions),
            columns,
            causes: [nullable(cause), arrival],
            commit: [version, nullable(time)],
        })
    }

    /// Rows of [`Self::bind_table_changes`].
    fn told_changes(&mut self, rows: ChangedRows, change: &str) -> Plan {
        let literal = Expr::Literal(Literal::Text(change.to_owned()), LogicalType::Text);
        let first = self.column("change", LogicalType::Text, false);
        let own = rows.columns.into_iter().filter(|column| !column.hidden);
        let [cause, arrival] = rows.causes;
        let named = self.column("arrival", LogicalType::Text, true);
        let plain = |column: ColumnDef| (column.clone(), Expr::Column(column));
        let of_commit = rows.commit.into_iter().chain([cause]).map(plain);
        let expressions = std::iter::once((first, literal))
            .chain(of_commit)
            .chain([(named, arrival_name(arrival))])
            .chain(own.map(|column| plain(column.column)))
            .collect();
        rows.plan.projected(expressions)
    }
}

/// How rows came, as [`RelationInfo::has_arrival`] numbers it.
pub(super) const ARRIVALS: [&str; 4] = ["on time", "late", "very late", "corrected"];

/// The name of how a row came.
fn arrival_name(arrival: ColumnDef) -> Expr {
    let branch = |(number, name): (i64, &str)| CaseBranch {
        condition: Expr::compare(
            CompareOp::Equal,
            Expr::Column(arrival.clone()),
            Expr::Literal(Literal::Integer(number), LogicalType::SmallInt),
        ),
        result: Expr::Literal(Literal::Text(name.to_owned()), LogicalType::Text),
    };
    Expr::Case {
        branches: (0..).zip(ARRIVALS).map(branch).collect(),
        otherwise: None,
        data_type: LogicalType::Text,
    }
}
