//! `LIMIT n OFFSET m` over a sort -> a sort that keeps the first `n + m` rows; over a scan -> a scan that stops after them;
//! over UNION ALL -> each input stops after them; over groups in no order -> an aggregation that makes no more groups; over groups in the
//! order of an aggregate -> one that hands on no others.
//!
//! Sound because the LIMIT stays: what is below may give more rows than it lets through, never other ones. Projections keep
//! rows and order, so the limit passes through them. An order that nothing above sees (below an aggregate, a set
//! operation, another sort) is dropped unless a limit gives it meaning.

use super::context::Context;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{BestGroups, Expr, Limit, Plan, SetOperationKind};

/// Tells sorts, scans, aggregations and unions of the limits above them.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |node| match node {
        Plan::Limit(mut limit) => {
            if let Some(rows_max) = rows_max(&limit) {
                limit.input = Box::new(stop_after(*limit.input, rows_max));
            }
            Plan::Limit(limit)
        }
        other => other,
    }))
}

/// How many rows of its input a LIMIT can need.
fn rows_max(limit: &Limit) -> Option<u64> {
    let constant = |bound: &Option<Expr>| match bound {
        Some(Expr::Literal(Literal::Integer(value), _)) => u64::try_from(*value).ok(),
        _ => None,
    };
    let offset = match &limit.offset {
        None => 0,
        offset => constant(offset)?,
    };
    constant(&limit.limit)?.checked_add(offset)
}

fn smaller(known: Option<u64>, rows_max: u64) -> Option<u64> {
    Some(known.map_or(rows_max, |known| known.min(rows_max)))
}

fn stop_after(plan: Plan, rows_max: u64) -> Plan {
    match plan {
        Plan::Sort(mut sort) => {
            sort.limit = smaller(sort.limit, rows_max);
            if let (Some(key), Some(groups_max)) = (sort.keys.first(), sort.limit)
                && let Expr::Column(column) = &key.expression
            {
                let best = BestGroups {
                    column: column.id,
                    descending: key.descending,
                    groups_max,
                    keeps_ties: sort.keys.len() > 1,
                };
                sort.input = Box::new(keep_best(*sort.input, best));
            }
            Plan::Sort(sort)
        }
        Plan::Scan(mut scan) => {
            scan.limit = smaller(scan.limit, rows_max);
            Plan::Scan(scan)
        }
        Plan::Aggregate(mut aggregate) if aggregate.grouping_sets.is_none() && !aggregate.keys.is_empty() => {
            aggregate.group_limit = smaller(aggregate.group_limit, rows_max);
            Plan::Aggregate(aggregate)
        }
        Plan::Project(mut project) => {
            project.input = Box::new(stop_after(*project.input, rows_max));
            Plan::Project(project)
        }
        Plan::SetOperation(mut operation) if operation.kind == SetOperationKind::Union && operation.all => {
            let Ok(count) = i64::try_from(rows_max) else {
                return Plan::SetOperation(operation);
            };
            operation.inputs = operation
                .inputs
                .into_iter()
                .map(|input| {
                    Plan::Limit(Limit {
                        input: Box::new(stop_after(input, rows_max)),
                        limit: Some(Expr::bigint(count)),
                        offset: None,
                    })
                })
                .collect();
            Plan::SetOperation(operation)
        }
        other => other,
    }
}

/// Tells an aggregation that only its first groups by a column are wanted.
fn keep_best(plan: Plan, best: BestGroups) -> Plan {
    match plan {
        Plan::Project(mut project) => {
            let source = project
                .expressions
                .iter()
                .find_map(|(column, expression)| match expression {
                    Expr::Column(source) if column.id == best.column => Some(source.id),
                    _ => None,
                });
            if let Some(column) = source {
                project.input = Box::new(keep_best(*project.input, BestGroups { column, ..best }));
            }
            Plan::Project(project)
        }
        Plan::Aggregate(mut aggregate) if aggregate.grouping_sets.is_none() && !aggregate.keys.is_empty() => {
            let mut aggregates = aggregate.aggregates.iter();
            let is_aggregate = aggregates.any(|(column, _)| column.id == best.column);
            aggregate.best_groups = is_aggregate.then_some(best);
            Plan::Aggregate(aggregate)
        }
        other => other,
    }
}
