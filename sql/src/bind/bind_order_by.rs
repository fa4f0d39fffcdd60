//! ORDER BY: ordinals, output names, and expressions.

use super::Binder;
use super::bind_query::BoundQuery;
use super::collect::{Clause, Context};
use super::name::fold;
use super::not_supported;
use super::scope::{LeftOut, Scope, ScopeColumn, ScopeRelation};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, Expr, Plan, Sort, SortKey};
use sqlparser::ast;

/// The ORDER BY of a query.
#[derive(Clone, Copy)]
pub(super) enum QueryOrder<'a> {
    /// Its keys; none without the clause.
    Keys(&'a [ast::OrderByExpr]),
    /// `ORDER BY ALL`: every output column, from the first.
    All(&'a ast::OrderByOptions),
}

impl<'a> QueryOrder<'a> {
    /// The clause of a query.
    pub(super) fn of(order_by: Option<&'a ast::OrderBy>) -> Self {
        match order_by.map(|order_by| &order_by.kind) {
            None => QueryOrder::Keys(&[]),
            Some(ast::OrderByKind::Expressions(keys)) => QueryOrder::Keys(keys),
            Some(ast::OrderByKind::All(options)) => QueryOrder::All(options),
        }
    }
}

/// What an ORDER BY or GROUP BY item may be besides an expression.
pub(super) enum OutputReference {
    /// An ordinal, counted from 0.
    Ordinal(usize),
    /// A bare name.
    Name(String),
    /// Neither.
    None,
}

/// Reads an item as a reference to an output column.
pub(super) fn output_reference(expression: &ast::Expr, outputs: usize, clause: &str) -> Result<OutputReference> {
    match expression {
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(digits, _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                let position: usize = digits.parse().unwrap_or(0);
                if position == 0 || position > outputs {
                    return Err(Error::new(
                        SqlState::INVALID_COLUMN_REFERENCE,
                        format!("{clause} position {digits} is not in select list"),
                    ));
                }
                Ok(OutputReference::Ordinal(position - 1))
            }
            ast::Value::Null | ast::Value::Placeholder(_) => Ok(OutputReference::None),
            _ => Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("non-integer constant in {clause}"),
            )),
        },
        ast::Expr::Identifier(identifier) => Ok(OutputReference::Name(fold(identifier))),
        ast::Expr::Nested(inner) if matches!(**inner, ast::Expr::Identifier(_)) => {
            output_reference(inner, outputs, clause)
        }
        _ => Ok(OutputReference::None),
    }
}

impl Binder<'_> {
    /// A sort key of a bound expression, with Postgres's place for NULLs: last, first where descending.
    pub(super) fn sort_key(&self, key: &ast::OrderByExpr, expression: Expr) -> Result<SortKey> {
        if key.with_fill.is_some() {
            return Err(not_supported("WITH FILL"));
        }
        self.sort_key_of(&key.options, expression)
    }

    /// A sort key with what stands behind the expression.
    pub(super) fn sort_key_of(&self, options: &ast::OrderByOptions, expression: Expr) -> Result<SortKey> {
        let descending = match &options.sort {
            None | Some(ast::OrderBySort::Asc) => false,
            Some(ast::OrderBySort::Desc) => true,
            Some(_) => return Err(not_supported("ORDER BY .. USING")),
        };
        Ok(SortKey {
            expression,
            descending,
            nulls_first: options.nulls_first.unwrap_or(descending),
        })
    }

    /// ORDER BY behind a set operation or VALUES: output columns only.
    pub(super) fn order_outputs(&mut self, bound: BoundQuery, order_by: QueryOrder<'_>) -> Result<BoundQuery> {
        let columns = bound.plan.output();
        let sort_keys = match order_by {
            QueryOrder::Keys([]) => return Ok(bound),
            QueryOrder::Keys(keys) => self.output_keys(keys, &columns, &bound.names)?,
            QueryOrder::All(options) => columns
                .into_iter()
                .map(|column| self.sort_key_of(options, Expr::Column(column)))
                .collect::<Result<_>>()?,
        };
        Ok(BoundQuery {
            plan: Plan::Sort(Sort {
                input: Box::new(bound.plan),
                keys: sort_keys,
                limit: None,
            }),
            names: bound.names,
        })
    }

    fn output_keys(
        &mut self,
        keys: &[ast::OrderByExpr],
        columns: &[ColumnDef],
        names: &[String],
    ) -> Result<Vec<SortKey>> {
        let relation = ScopeRelation {
            schema: None,
            name: String::new(),
            left_out: LeftOut::Never,
            columns: columns
                .iter()
                .zip(names)
                .map(|(column, name)| ScopeColumn {
                    name: name.clone(),
                    column: column.clone(),
                    hidden: false,
                })
                .collect(),
        };
        let scope = Scope::of_relation(None, relation);
        let mut sort_keys = Vec::with_capacity(keys.len());
        for key in keys {
            let reference = output_reference(&key.expr, columns.len(), "ORDER BY")
                .map_err(|error| error.at(self.span(&key.expr)))?;
            let expression = match reference {
                OutputReference::Ordinal(index) => columns.get(index).cloned().map(Expr::Column),
                OutputReference::Name(_) => {
                    let mut context = Context::plain(&scope, Clause::OrderBy);
                    Some(self.bind_expression(&key.expr, &mut context)?)
                }
                OutputReference::None => {
                    return Err(Error::new(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                    )
                    .with_detail("Only result column names can be used, not expressions or functions.")
                    .with_hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
                    .at(self.span(&key.expr)));
                }
            };
            let expression = expression.ok_or_else(|| not_supported("this ORDER BY"))?;
            sort_keys.push(self.sort_key(key, expression)?);
        }
        Ok(sort_keys)
    }
}
