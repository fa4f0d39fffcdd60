//! How many rows a plan has, about: from the catalog's counts and rules of thumb. Only ever used to choose between plans
//! that give the same answer.

use super::context::Context;
use crate::catalog::ColumnStatistics;
use crate::literal::Literal;
use crate::plan::{ColumnId, CompareOp, Expr, JoinKind, Plan};
use std::collections::HashMap;

/// Where nothing is known of a table.
const UNKNOWN_ROWS: f64 = 1000.0;

/// The share of rows that a range condition keeps, where nothing is known.
const RANGE_SELECTIVITY: f64 = 0.3;

/// The share of rows that any other condition keeps.
const OTHER_SELECTIVITY: f64 = 0.25;

/// Counts of distinct values of columns, as far as known.
#[derive(Default)]
pub(super) struct Distinct(HashMap<ColumnId, f64>);

impl Distinct {
    /// Of the columns of all scans of a plan.
    pub(super) fn collect(&mut self, plan: &Plan, context: &Context<'_>) {
        if let Plan::Scan(scan) = plan {
            let rows = context
                .catalog
                .row_count(scan.table)
                .map_or(UNKNOWN_ROWS, |rows| rows as f64);
            for (index, column) in &scan.columns {
                let statistics: Option<ColumnStatistics> = context.catalog.column_statistics(scan.table, *index);
                let known = statistics.and_then(|statistics| statistics.distinct_count);
                if let Some(count) = known {
                    self.0.insert(column.id, (count as f64).clamp(1.0, rows.max(1.0)));
                }
            }
        }
        plan.inputs().into_iter().for_each(|input| self.collect(input, context));
    }

    /// Of a column among so many rows: without knowledge, keys are taken to be nearly unique.
    fn of(&self, expression: &Expr, rows: f64) -> f64 {
        let known = match expression {
            Expr::Column(column) => self.0.get(&column.id).copied(),
            Expr::Cast { input, .. } => return self.of(input, rows),
            _ => None,
        };
        known.unwrap_or_else(|| (rows * 0.5).max(1.0)).min(rows.max(1.0))
    }

    fn known(&self, expression: &Expr) -> Option<f64> {
        match expression {
            Expr::Column(column) => self.0.get(&column.id).copied(),
            Expr::Cast { input, .. } => self.known(input),
            _ => None,
        }
    }

    /// The share of rows for which a condition holds.
    pub(super) fn selectivity(&self, condition: &Expr) -> f64 {
        match condition {
            Expr::Literal(Literal::Boolean(true), _) => 1.0,
            Expr::Literal(..) => 0.0,
            Expr::And(list) => list.iter().map(|part| self.selectivity(part)).product(),
            Expr::Or(list) => list.iter().map(|part| self.selectivity(part)).sum::<f64>().min(1.0),
            Expr::Not(inner) => match &**inner {
                Expr::IsNull(_) => 0.95,
                other => 1.0 - self.selectivity(other),
            },
            Expr::IsNull(_) => 0.05,
            Expr::Compare { op, left, right } => match op {
                CompareOp::Equal | CompareOp::NotDistinct => {
                    let distinct = self.known(left).or_else(|| self.known(right));
                    distinct.map_or(0.05, |distinct| 1.0 / distinct)
                }
                CompareOp::NotEqual | CompareOp::Distinct => 0.9,
                _ => RANGE_SELECTIVITY,
            },
            Expr::InList { input, list } => {
                let count = list.len() as f64;
                let share = self.known(input).map_or(0.05, |distinct| 1.0 / distinct);
                (count * share).min(0.8)
            }
            _ => OTHER_SELECTIVITY,
        }
    }

    /// The share of pairs for which `left = right`, given both sides' rows.
    pub(super) fn join_selectivity(&self, left: &Expr, right: &Expr, left_rows: f64, right_rows: f64) -> f64 {
        1.0 / self.of(left, left_rows).max(self.of(right, right_rows)).max(1.0)
    }

    /// About how many rows a plan has.
    pub(super) fn rows(&self, plan: &Plan, context: &Context<'_>) -> f64 {
        let rows = match plan {
            Plan::Scan(scan) => {
                let all = context
                    .catalog
                    .row_count(scan.table)
                    .map_or(UNKNOWN_ROWS, |rows| rows as f64);
                scan.filters
                    .iter()
                    .fold(all, |rows, filter| rows * self.selectivity(filter))
            }
            Plan::Values(values) => values.rows.len() as f64,
            Plan::TableFunction(_) | Plan::CteScan(_) => UNKNOWN_ROWS,
            Plan::Filter(filter) => {
                let input = self.rows(&filter.input, context);
                filter
                    .predicates
                    .iter()
                    .fold(input, |rows, predicate| rows * self.selectivity(predicate))
            }
            Plan::Project(node) => self.rows(&node.input, context),
            Plan::Sort(node) => self.rows(&node.input, context),
            Plan::AsOfJoin(node) => self.rows(&node.left, context),
            Plan::Window(node) => self.rows(&node.input, context),
            Plan::Distinct(node) => self.rows(&node.input, context) * 0.5,
            Plan::With(node) => self.rows(&node.body, context),
            Plan::Apply(node) => self.rows(&node.left, context) * 10.0,
            Plan::Limit(node) => {
                let input = self.rows(&node.input, context);
                match node.limit {
                    Some(Expr::Literal(Literal::Integer(limit), _)) => input.min(limit as f64),
                    _ => input,
                }
            }
            Plan::Aggregate(node) if node.keys.is_empty() => 1.0,
            Plan::Aggregate(node) => {
                let input = self.rows(&node.input, context);
                let groups: f64 = node
                    .keys
                    .iter()
                    .map(|(_, key)| self.known(key).unwrap_or(input.sqrt()))
                    .product();
                groups.min(input)
            }
            Plan::SetOperation(node) => node.inputs.iter().map(|input| self.rows(input, context)).sum(),
            Plan::Join(join) => {
                let left = self.rows(&join.left, context);
                let right = self.rows(&join.right, context);
                let matched = join.keys.iter().fold(left * right, |rows, key| {
                    rows * self.join_selectivity(&key.left, &key.right, left, right)
                });
                match join.kind {
                    JoinKind::Inner => matched,
                    JoinKind::Left => matched.max(left),
                    JoinKind::Right => matched.max(right),
                    JoinKind::Full => matched.max(left + right),
                    JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti => left * 0.5,
                    JoinKind::Mark { .. } | JoinKind::Single => left,
                }
            }
        };
        rows.max(1.0)
    }
}
