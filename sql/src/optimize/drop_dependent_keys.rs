//! `GROUP BY a, a - 1, 'x'` -> `GROUP BY a`, with `a - 1` and `'x'` computed once per group.
//!
//! Sound because rows with equal `a` have equal `a - 1`: for types of which equal values are the same value (not for `-0.0` and
//! `0.0`, nor for a month and 30 days). One key stays in any case: without keys there would be a group of no rows.

use super::context::{Context, is_volatile, substitute};
use crate::error::Result;
use crate::plan::{Aggregate, ColumnDef, ColumnId, Expr, Plan};
use crate::types::LogicalType;
use std::collections::HashMap;

/// Leaves out the keys that others decide.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |node| match node {
        Plan::Aggregate(aggregate) if aggregate.grouping_sets.is_none() && aggregate.keys.len() > 1 => {
            without_dependent_keys(aggregate)
        }
        other => other,
    }))
}

fn without_dependent_keys(mut aggregate: Aggregate) -> Plan {
    let output = aggregate.output();
    let mut deciding: HashMap<ColumnId, Expr> = HashMap::new();
    for (key, expression) in &aggregate.keys {
        if let Expr::Column(column) = expression
            && equal_is_same(&column.data_type)
        {
            deciding.entry(column.id).or_insert_with(|| Expr::Column(key.clone()));
        }
    }
    let is_deciding = |key: &ColumnDef, expression: &Expr| match expression {
        Expr::Column(column) => deciding.get(&column.id) == Some(&Expr::Column(key.clone())),
        _ => false,
    };
    let (mut kept, mut dependent) = (Vec::new(), Vec::new());
    for (key, expression) in std::mem::take(&mut aggregate.keys) {
        let depends = expression.columns().iter().all(|column| deciding.contains_key(column))
            && !expression.has_subquery()
            && !is_volatile(&expression);
        match depends && !is_deciding(&key, &expression) {
            true => dependent.push((key, expression)),
            false => kept.push((key, expression)),
        }
    }
    if kept.is_empty() {
        kept.push(dependent.remove(0));
    }
    aggregate.keys = kept;
    if dependent.is_empty() {
        return Plan::Aggregate(aggregate);
    }
    let mut computed: HashMap<ColumnId, Expr> = dependent
        .into_iter()
        .map(|(key, expression)| (key.id, substitute(expression, &deciding)))
        .collect();
    let expressions = output.into_iter().map(|column| match computed.remove(&column.id) {
        Some(expression) => (column, expression),
        None => (column.clone(), Expr::Column(column)),
    });
    let expressions = expressions.collect();
    Plan::Aggregate(aggregate).projected(expressions)
}

/// Whether values that are equal are alike in every respect.
fn equal_is_same(data_type: &LogicalType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            LogicalType::Boolean
                | LogicalType::Text
                | LogicalType::Varchar(_)
                | LogicalType::Name
                | LogicalType::Bytea
                | LogicalType::Uuid
                | LogicalType::Date
                | LogicalType::Time
                | LogicalType::Timestamp
                | LogicalType::TimestampTz
                | LogicalType::Numeric { .. }
        )
}
