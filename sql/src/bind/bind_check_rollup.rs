//! `FROM stoa.check_rollup('view')`: the rows of a materialized view that its rollup and the rows of its table do not both give; none where
//! all is well. Bound as two readings of the view, of which the second may not use rollups.

use super::Binder;
use super::bind_from::{FromItem, shown};
use super::name::{named_relation, parts};
use crate::catalog::{RelationInfo, RelationKind};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{ColumnDef, Expr, Plan, SetOperation, SetOperationKind};
use crate::types::LogicalType;
use sqlparser::ast;

/// Whether a function in FROM is this one.
pub(super) fn is_check_rollup(name: &ast::ObjectName) -> bool {
    parts(name).is_ok_and(|parts| parts == ["stoa", "check_rollup"])
}

/// What reads a view.
#[derive(Clone, Copy)]
enum Reading {
    Rollup,
    Rows,
}

impl Binder<'_> {
    /// The item; its columns are the view's, behind one that says who gives the row: `rollup` or `rows`.
    pub(super) fn bind_check_rollup(
        &mut self,
        name: &ast::ObjectName,
        arguments: &[ast::FunctionArg],
        alias: Option<&ast::TableAlias>,
    ) -> Result<FromItem> {
        let view = self
            .checked_view(arguments)
            .map_err(|error| error.at(self.span(name)))?;
        let only_of = |binder: &mut Self, first: Reading, second: Reading| -> Result<Plan> {
            let inputs = vec![binder.reading(&view, first)?, binder.reading(&view, second)?];
            let columns = binder.like(&inputs);
            Ok(Plan::SetOperation(SetOperation {
                kind: SetOperationKind::Except,
                all: true,
                inputs,
                columns,
            }))
        };
        let of_rollup = only_of(self, Reading::Rollup, Reading::Rows)?;
        let of_rows = only_of(self, Reading::Rows, Reading::Rollup)?;
        let inputs = vec![self.told(of_rollup, "rollup"), self.told(of_rows, "rows")];
        let columns = self.like(&inputs);
        let differences = Plan::SetOperation(SetOperation {
            kind: SetOperationKind::Union,
            all: true,
            inputs,
            columns: columns.clone(),
        });
        self.aliased(differences, shown(&columns), None, "check_rollup".to_owned(), alias)
    }

    fn checked_view(&self, arguments: &[ast::FunctionArg]) -> Result<std::sync::Arc<RelationInfo>> {
        let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Value(value)))] = arguments else {
            return Err(wrong_argument());
        };
        let ast::Value::SingleQuotedString(text) = &value.value else {
            return Err(wrong_argument());
        };
        let relation = self.relation(&named_relation(text).map_err(|_| wrong_argument())?)?;
        match relation.kind {
            RelationKind::View { materialized: true, .. } => Ok(relation),
            _ => Err(Error::new(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not a materialized view", relation.name),
            )),
        }
    }

    fn reading(&mut self, view: &RelationInfo, reading: Reading) -> Result<Plan> {
        let RelationKind::View { query, .. } = &view.kind else {
            return Err(wrong_argument());
        };
        let outer = std::mem::replace(&mut self.reads_rows_only, matches!(reading, Reading::Rows));
        let bound = self.bind_view(view, query, view.name.clone(), None);
        self.reads_rows_only = outer;
        Ok(bound?.plan)
    }

    /// New columns for rows like these.
    fn like(&mut self, inputs: &[Plan]) -> Vec<ColumnDef> {
        let output = inputs.first().map(Plan::output).unwrap_or_default();
        let columns = output.into_iter();
        columns
            .map(|column| self.column(column.name, column.data_type, true))
            .collect()
    }

    /// Rows with who gives them in front.
    fn told(&mut self, rows: Plan, by: &str) -> Plan {
        let who = self.column("given_by", LogicalType::Text, false);
        let literal = Expr::Literal(Literal::Text(by.to_owned()), LogicalType::Text);
        let columns = rows.output().into_iter();
        let columns = columns.map(|column| (column.clone(), Expr::Column(column)));
        let expressions = std::iter::once((who, literal)).chain(columns).collect();
        rows.projected(expressions)
    }
}

fn wrong_argument() -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        "stoa.check_rollup takes the name of a materialized view as a constant",
    )
    .with_hint("Write SELECT * FROM stoa.check_rollup('sales_by_day').")
}
