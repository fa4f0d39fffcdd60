//! How many rows a plan has, about: from the catalog's counts and rules of thumb. Only ever used to choose between plans
//! that give the same answer.

use super::context::Context;
use super::estimate_values::{self, Distributions};
use crate::literal::Literal;
use crate::plan::{
    COMMIT_VERSION_COLUMN, CTID_COLUMN, ColumnDef, ColumnId, ColumnSet, CompareOp, CteId, DELETE_VERSION_COLUMN, Expr,
    Join, JoinKind, Plan, ROW_ID_COLUMN, Scan, With,
};
use crate::types::LogicalType;
use std::collections::HashMap;

/// The part of a table that is taken to have changed between two versions.
const CHANGED_PART: f64 = 0.001;
/// Where nothing is known of a table.
const UNKNOWN_ROWS: f64 = 1000.0;

/// Rounds of a recursion.
const ROUNDS: f64 = 10.0;

/// The share of rows that a comparison keeps, other than with a constant.
const RANGE_SELECTIVITY: f64 = 0.3;

/// The share of NULLs, where nothing is known.
const NULL_FRACTION: f64 = 0.05;

/// The share of an anti join's rows that stay at least.
const UNMATCHED_SHARE_MIN: f64 = 0.1;

/// The share of rows that equal a constant, where nothing is known.
const EQUAL_SELECTIVITY: f64 = 0.05;

/// The share of rows that any other condition keeps.
const OTHER_SELECTIVITY: f64 = 0.25;

/// What is known of columns: counts of distinct values, bounds, shares of NULLs.
#[derive(Default)]
pub(super) struct Statistics {
    distinct: HashMap<ColumnId, f64>,
    null_fraction: HashMap<ColumnId, f64>,
    values: Distributions,
    ctes: HashMap<CteId, Cte>,
}

/// What is known of a CTE: rows, and distinct values of its columns in order.
struct Cte {
    rows: f64,
    distinct: Vec<Option<f64>>,
}

impl Statistics {
    /// Of all columns of a plan, as far as they come from stored ones.
    pub(super) fn collect(&mut self, plan: &Plan, context: &Context<'_>) {
        if let Plan::With(with) = plan {
            return self.collect_with(with, context);
        }
        plan.inputs().into_iter().for_each(|input| self.collect(input, context));
        match plan {
            Plan::Scan(scan) => self.collect_scan(scan, context),
            Plan::Join(join) => self.forget_nulls(join),
            Plan::AsOfJoin(join) => self.forget_nulls_of(&join.right),
            Plan::Project(project) => self.derive(&project.expressions),
            Plan::Aggregate(aggregate) => self.derive(&aggregate.keys),
            Plan::CteScan(scan) => {
                let Some(cte) = self.ctes.get(&scan.id) else { return };
                for (index, column) in &scan.columns {
                    if let Some(count) = cte.distinct.get(*index).copied().flatten() {
                        self.distinct.insert(column.id, count);
                    }
                }
            }
            _ => {}
        }
    }

    fn collect_scan(&mut self, scan: &Scan, context: &Context<'_>) {
        let rows = table_rows(scan, context);
        let filtered: ColumnSet = scan.filters.iter().flat_map(Expr::columns).collect();
        for (index, column) in &scan.columns {
            if matches!(*index, COMMIT_VERSION_COLUMN | DELETE_VERSION_COLUMN) {
                continue;
            }
            if matches!(*index, ROW_ID_COLUMN | CTID_COLUMN) {
                self.distinct.insert(column.id, rows.max(1.0));
                continue;
            }
            let Some(statistics) = context.catalog.column_statistics(scan.table, *index) else {
                continue;
            };
            if let Some(count) = statistics.distinct_count {
                let count = (count as f64).clamp(1.0, rows.max(1.0));
                self.distinct.insert(column.id, count);
            }
            if let Some(fraction) = statistics.null_fraction {
                self.null_fraction.insert(column.id, fraction);
            }
            let bounds = match filtered.contains(&column.id) {
                true => context.catalog.column_histogram(scan.table, *index),
                false => Vec::new(),
            };
            self.values.insert(column.id, &column.data_type, &bounds, &statistics);
        }
    }

    fn collect_with(&mut self, with: &With, context: &Context<'_>) {
        self.collect(&with.definition, context);
        let mut rows = self.rows(&with.definition, context);
        let columns = with.definition.output();
        let distinct = columns.iter().map(|column| self.distinct.get(&column.id).copied());
        let distinct = distinct.collect();
        if with.recursive.is_some() {
            rows *= ROUNDS;
        }
        self.ctes.insert(with.id, Cte { rows, distinct });
        if let Some(recursive) = &with.recursive {
            self.collect(&recursive.term, context);
        }
        self.collect(&with.body, context);
    }

    /// Above an outer join a column has other NULLs than its table's.
    fn forget_nulls(&mut self, join: &Join) {
        let (left, right) = match join.kind {
            JoinKind::Left | JoinKind::Single => (false, true),
            JoinKind::Right => (true, false),
            JoinKind::Full => (true, true),
            _ => (false, false),
        };
        let sides = [(left, &join.left), (right, &join.right)];
        for (_, side) in sides.into_iter().filter(|(is_extended, _)| *is_extended) {
            self.forget_nulls_of(side);
        }
    }

    fn forget_nulls_of(&mut self, plan: &Plan) {
        for column in plan.output_ids() {
            self.null_fraction.remove(&column);
        }
    }

    /// Columns that are others under a new identity.
    fn derive(&mut self, expressions: &[(ColumnDef, Expr)]) {
        for (column, expression) in expressions {
            if let Some(count) = self.known(expression) {
                self.distinct.insert(column.id, count);
            }
        }
    }

    /// Of a column among so many rows: without knowledge, keys are taken to be nearly unique.
    fn of(&self, expression: &Expr, rows: f64) -> f64 {
        let known = match expression {
            Expr::Column(column) => self.distinct.get(&column.id).copied(),
            Expr::Cast { input, .. } => return self.of(input, rows),
            _ => None,
        };
        known.unwrap_or_else(|| (rows * 0.5).max(1.0)).min(rows.max(1.0))
    }

    fn known(&self, expression: &Expr) -> Option<f64> {
        match expression {
            Expr::Column(column) => self.distinct.get(&column.id).copied(),
            Expr::Cast { input, .. } => self.known(input),
            _ => None,
        }
    }

    /// The share of rows for which a condition holds.
    pub(super) fn selectivity(&self, condition: &Expr) -> f64 {
        match condition {
            Expr::Literal(Literal::Boolean(true), _) => 1.0,
            Expr::Literal(..) => 0.0,
            Expr::And(list) => self.conjunction(list),
            Expr::Or(list) => list.iter().map(|part| self.selectivity(part)).sum::<f64>().min(1.0),
            Expr::Not(inner) => 1.0 - self.selectivity(inner),
            Expr::IsNull(inner) => match &**inner {
                Expr::Column(column) => self.null_fraction.get(&column.id).copied().unwrap_or(NULL_FRACTION),
                _ => NULL_FRACTION,
            },
            Expr::Column(_) => self.equal(condition, &Expr::Literal(Literal::Boolean(true), LogicalType::Boolean)),
            Expr::Compare { op, left, right } => match op {
                CompareOp::Equal | CompareOp::NotDistinct => self.equal(left, right),
                CompareOp::NotEqual | CompareOp::Distinct => 1.0 - self.equal(left, right),
                _ => self.values.conjunction([condition], |_| RANGE_SELECTIVITY),
            },
            Expr::Call(call) if call.function.name == "~~" => match call.arguments.as_slice() {
                [_, Expr::Literal(Literal::Text(pattern), _)] => pattern_selectivity(pattern),
                _ => OTHER_SELECTIVITY,
            },
            Expr::InList { input, list } => list
                .iter()
                .map(|element| self.equal(input, element))
                .sum::<f64>()
                .min(1.0),
            _ => OTHER_SELECTIVITY,
        }
    }

    /// The share of rows for which `left = right`.
    fn equal(&self, left: &Expr, right: &Expr) -> f64 {
        let distinct = self.known(left).or_else(|| self.known(right));
        let with_constant = match (
            estimate_values::column(left),
            left,
            estimate_values::column(right),
            right,
        ) {
            (Some(column), _, _, Expr::Literal(literal, data_type))
            | (_, Expr::Literal(literal, data_type), Some(column), _) => {
                self.values.equal_share(column, literal, data_type, distinct)
            }
            _ => None,
        };
        with_constant.unwrap_or_else(|| distinct.map_or(EQUAL_SELECTIVITY, |distinct| 1.0 / distinct))
    }

    /// The share of rows for which all of the conditions hold, as if they did not depend on each other.
    pub(super) fn conjunction(&self, conditions: &[Expr]) -> f64 {
        self.values
            .conjunction(conditions, |condition| self.selectivity(condition))
    }

    /// The share of pairs for which `left = right` for all keys, given both sides' rows: one in so many as there are different keys on the
    /// side that has more of them. Several columns have no more different values together than there are rows.
    pub(super) fn join_selectivity<'e>(
        &self,
        keys: impl Iterator<Item = (&'e Expr, &'e Expr)>,
        left_rows: f64,
        right_rows: f64,
    ) -> f64 {
        let (left, right) = keys.fold((1.0, 1.0), |(left_count, right_count), (left, right)| {
            (
                left_count * self.of(left, left_rows),
                right_count * self.of(right, right_rows),
            )
        });
        1.0 / left.min(left_rows).max(right.min(right_rows)).max(1.0)
    }

    /// The share of the rows of a semi or anti join's kept side that have a match: that of the other side's values among all that the kept
    /// side's column has before anything is filtered.
    pub(super) fn semi_join_share(&self, join: &Join, context: &Context<'_>) -> f64 {
        let keeps_right = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
        let (left_rows, right_rows) = (self.rows(&join.left, context), self.rows(&join.right, context));
        let shares = join.keys.iter().map(|key| {
            let (kept, kept_rows, other, other_rows) = match keeps_right {
                true => (&key.right, right_rows, &key.left, left_rows),
                false => (&key.left, left_rows, &key.right, right_rows),
            };
            self.of(other, other_rows) / self.known(kept).unwrap_or_else(|| self.of(kept, kept_rows))
        });
        let share = shares.fold(1.0, f64::min);
        match join.keys.is_empty() || !join.residual.is_empty() {
            true => share * 0.5,
            false => share,
        }
    }

    /// About how many rows a plan has.
    pub(super) fn rows(&self, plan: &Plan, context: &Context<'_>) -> f64 {
        let rows = match plan {
            Plan::Scan(scan) => table_rows(scan, context) * self.conjunction(&scan.filters),
            Plan::Values(values) => values.rows.len() as f64,
            Plan::TableFunction(_) => UNKNOWN_ROWS,
            Plan::CteScan(scan) => self.ctes.get(&scan.id).map_or(UNKNOWN_ROWS, |cte| cte.rows),
            Plan::Filter(filter) => self.rows(&filter.input, context) * self.conjunction(&filter.predicates),
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
                let share = || self.semi_join_share(join, context);
                let keys = join.keys.iter().map(|key| (&key.left, &key.right));
                let matched = left * right * self.join_selectivity(keys, left, right);
                match join.kind {
                    JoinKind::Inner => matched,
                    JoinKind::Left => matched.max(left),
                    JoinKind::Right => matched.max(right),
                    JoinKind::Full => matched.max(left + right),
                    JoinKind::Semi => left * share(),
                    JoinKind::Anti | JoinKind::NullAwareAnti => left * (1.0 - share()).max(UNMATCHED_SHARE_MIN),
                    JoinKind::RightSemi => right * share(),
                    JoinKind::RightAnti => right * (1.0 - share()).max(UNMATCHED_SHARE_MIN),
                    JoinKind::Mark { .. } | JoinKind::Single => left,
                }
            }
        };
        rows.max(1.0)
    }
}

/// The share of texts that a LIKE keeps: the fewer, the more characters they must have.
fn pattern_selectivity(pattern: &str) -> f64 {
    const PER_CHARACTER: f64 = 0.7;
    const SELECTIVITY_MIN: f64 = 0.005;
    let characters = pattern
        .chars()
        .filter(|character| !matches!(character, '%' | '_'))
        .count();
    (OTHER_SELECTIVITY * PER_CHARACTER.powf(characters as f64 - 1.0)).clamp(SELECTIVITY_MIN, 1.0)
}

fn table_rows(scan: &Scan, context: &Context<'_>) -> f64 {
    let known = context.catalog.row_count(scan.table);
    let rows = known.map_or(UNKNOWN_ROWS, |rows| rows as f64);
    match scan.changes {
        Some(_) => (rows * CHANGED_PART).ceil(),
        None => rows,
    }
}
