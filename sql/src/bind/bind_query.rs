//! A query: WITH, a body, ORDER BY, LIMIT.

use super::bind_locking::check_locked_plan;
use super::bind_order_by::QueryOrder;
use super::coerce::Level;
use super::collect::{Clause, Context};
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{Expr, Limit, Plan, Query};
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

/// A bound query.
pub(super) struct BoundQuery {
    /// Its output columns are the query's.
    pub(super) plan: Plan,
    /// Their names, which may repeat.
    pub(super) names: Vec<String>,
}

impl Binder<'_> {
    /// A query whose undecided columns become text.
    pub(super) fn bind_query(&mut self, query: &ast::Query, parent: Option<&Scope<'_>>) -> Result<BoundQuery> {
        let bound = self.bind_query_undecided(query, parent)?;
        self.decide_columns(bound)
    }

    fn decide_columns(&mut self, bound: BoundQuery) -> Result<BoundQuery> {
        let mut undecided = false;
        let types: Vec<LogicalType> = bound
            .plan
            .output()
            .into_iter()
            .map(|column| match column.data_type {
                LogicalType::Unknown => {
                    undecided = true;
                    LogicalType::Text
                }
                known => known,
            })
            .collect();
        if !undecided {
            return Ok(bound);
        }
        Ok(BoundQuery {
            plan: self.coerce_columns(bound.plan, &types, Level::Implicit)?,
            names: bound.names,
        })
    }

    /// A query whose columns may still have type unknown, for INSERT and set operations.
    pub(super) fn bind_query_undecided(
        &mut self,
        query: &ast::Query,
        parent: Option<&Scope<'_>>,
    ) -> Result<BoundQuery> {
        refuse_foreign_clauses(query)?;
        self.check_locking(query)?;
        let known = self.ctes.len();
        let withs = match &query.with {
            Some(with) => self.bind_with(with, parent)?,
            None => Vec::new(),
        };
        let body = self.bind_body(query, parent);
        self.ctes.truncate(known);
        let mut bound = body?;
        check_locked_plan(query, &bound.plan)?;
        for with in withs.into_iter().rev() {
            bound.plan = with.around(bound.plan);
        }
        Ok(bound)
    }

    fn bind_body(&mut self, query: &ast::Query, parent: Option<&Scope<'_>>) -> Result<BoundQuery> {
        let order_by = QueryOrder::of(query.order_by.as_ref());
        let mut bound = match &*query.body {
            ast::SetExpr::Select(select) => self.bind_select(select, order_by, parent)?,
            body => {
                let bound = self.bind_set_expression(body, parent)?;
                self.order_outputs(bound, order_by)?
            }
        };
        bound.plan = self.bind_limit(bound.plan, query, parent)?;
        Ok(bound)
    }

    /// A query as a statement's.
    pub(super) fn bind_query_statement(&mut self, query: &ast::Query) -> Result<Query> {
        let BoundQuery { plan, names } = self.bind_query(query, None)?;
        Ok(Query {
            plan: Arc::new(plan),
            names,
        })
    }

    fn bind_limit(&mut self, plan: Plan, query: &ast::Query, parent: Option<&Scope<'_>>) -> Result<Plan> {
        let (mut limit, offset) = match &query.limit_clause {
            None => (None, None),
            Some(ast::LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) => {
                if !limit_by.is_empty() {
                    return Err(not_supported("LIMIT BY"));
                }
                (limit.as_ref(), offset.as_ref().map(|offset| &offset.value))
            }
            Some(ast::LimitClause::OffsetCommaLimit { .. }) => {
                return Err(Error::new(SqlState::SYNTAX_ERROR, "LIMIT #,# syntax is not supported")
                    .with_hint("Use separate LIMIT and OFFSET clauses."));
            }
        };
        let one = Expr::bigint(1);
        let mut fetch_one = None;
        if let Some(fetch) = &query.fetch {
            if fetch.with_ties {
                return Err(not_supported("FETCH FIRST .. WITH TIES"));
            }
            if fetch.percent {
                return Err(not_supported("FETCH FIRST .. PERCENT"));
            }
            match &fetch.quantity {
                Some(quantity) => limit = Some(quantity),
                None => fetch_one = Some(one),
            }
        }
        if limit.is_none() && offset.is_none() && fetch_one.is_none() {
            return Ok(plan);
        }
        let scope = Scope::inside(parent);
        let limit = match (fetch_one, limit) {
            (Some(one), _) => Some(one),
            (None, Some(limit)) => Some(self.bind_count(limit, "LIMIT", &scope)?),
            (None, None) => None,
        };
        let offset = offset
            .map(|offset| self.bind_count(offset, "OFFSET", &scope))
            .transpose()?;
        Ok(Plan::Limit(Limit {
            input: Box::new(plan),
            limit: limit.filter(|limit| !limit.is_null_literal()),
            offset,
        }))
    }

    fn bind_count(&mut self, count: &ast::Expr, clause: &str, scope: &Scope<'_>) -> Result<Expr> {
        let mut context = Context::plain(scope, Clause::Limit);
        let span = self.span(count);
        let bound = self.bind_expression(count, &mut context)?;
        if !bound.columns().is_empty() {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                format!("argument of {clause} must not contain variables"),
            )
            .at(span));
        }
        let bound = self.coerce(bound, &LogicalType::BigInt, Level::Assignment, span)?;
        match &bound {
            Expr::Literal(Literal::Integer(value), _) if *value < 0 => Err(Error::new(
                SqlState(if clause == "LIMIT" { "2201W" } else { "2201X" }),
                format!("{clause} must not be negative"),
            )
            .at(span)),
            _ => Ok(bound),
        }
    }
}

fn refuse_foreign_clauses(query: &ast::Query) -> Result<()> {
    if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
        return Err(not_supported("this clause behind a query"));
    }
    if !query.pipe_operators.is_empty() {
        return Err(not_supported("the pipe operator |>"));
    }
    Ok(())
}
