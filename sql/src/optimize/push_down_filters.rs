//! Filters -> as far down as they can go: through projections, joins, grouping keys, set operations, window partitions, into
//! scans. On the way equality conditions become join keys, outer joins whose padding a filter rejects become inner joins,
//! and what `a = b AND a > 5` says about `b` is said.
//!
//! Sound per node: a filter moves below a node only if the node hands on exactly the rows of its input for which the filter,
//! put in terms of the input, holds. Filters with volatile functions stay where they are.

use super::context::{Context, is_volatile, substitute};
use super::join_graph::{flatten, implied, infer_filters};
use super::simplify_expressions::simplify;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{
    Aggregate, COMMIT_VERSION_COLUMN, ColumnId, ColumnSet, CompareOp, DELETE_VERSION_COLUMN, Expr, Join, JoinKey,
    JoinKind, Plan, Project, ROW_ID_COLUMN, SetOperation, Window,
};
use std::collections::HashMap;

/// Pushes every filter of the plan.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    Ok(push(plan, Vec::new()))
}

/// The plan with the predicates applied to its rows.
pub(super) fn push(plan: Plan, predicates: Vec<Expr>) -> Plan {
    let (volatile, mut predicates): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(is_volatile);
    let pushed = match plan {
        Plan::Filter(filter) => {
            let (keep, more): (Vec<Expr>, Vec<Expr>) = filter.predicates.into_iter().partition(is_volatile);
            if keep.is_empty() {
                predicates.extend(more);
                push(*filter.input, predicates)
            } else {
                // What comes later must not be evaluated for fewer rows than a volatile function is.
                push(*filter.input, more).filtered(keep).filtered(predicates)
            }
        }
        Plan::Scan(mut scan) => {
            let (constant, about): (Vec<Expr>, Vec<Expr>) = predicates
                .into_iter()
                .partition(|predicate| predicate.columns().is_empty());
            // What storage makes up for each row, but for its address, is not there yet when it filters.
            let is_made_up = |index| matches!(index, ROW_ID_COLUMN | COMMIT_VERSION_COLUMN | DELETE_VERSION_COLUMN);
            let stored = scan.columns.iter().filter(|(index, _)| !is_made_up(*index));
            let own = stored.map(|(_, column)| column.id).collect::<ColumnSet>();
            let (filters, outer): (Vec<Expr>, Vec<Expr>) =
                about.into_iter().partition(|predicate| predicate.uses_only(&own));
            for filter in filters {
                if !scan.filters.contains(&filter) {
                    scan.filters.push(filter);
                }
            }
            Plan::Scan(scan).filtered(constant).filtered(outer)
        }
        Plan::Project(project) => push_project(project, predicates),
        Plan::Aggregate(aggregate) => push_aggregate(aggregate, predicates),
        Plan::Join(join) => push_join(join, predicates),
        Plan::SetOperation(operation) => push_set_operation(operation, &predicates),
        Plan::Window(window) => push_window(window, predicates),
        Plan::Sort(mut sort) if sort.limit.is_none() => {
            sort.input = Box::new(push(*sort.input, predicates));
            Plan::Sort(sort)
        }
        Plan::Distinct(mut distinct) => {
            let on: ColumnSet = distinct
                .on
                .iter()
                .filter_map(|expression| match expression {
                    Expr::Column(column) => Some(column.id),
                    _ => None,
                })
                .collect();
            let (down, stay): (Vec<Expr>, Vec<Expr>) = predicates
                .into_iter()
                .partition(|predicate| distinct.on.is_empty() || predicate.uses_only(&on));
            distinct.input = Box::new(push(*distinct.input, down));
            Plan::Distinct(distinct).filtered(stay)
        }
        Plan::With(mut with) => {
            with.definition = Box::new(push(*with.definition, Vec::new()));
            if let Some(recursive) = &mut with.recursive {
                let term = std::mem::replace(&mut *recursive.term, Plan::nothing());
                *recursive.term = push(term, Vec::new());
            }
            with.body = Box::new(push(*with.body, predicates));
            Plan::With(with)
        }
        Plan::AsOfJoin(mut join) => {
            let (left, right) = (join.left.output_ids(), join.right.output_ids());
            let (down, stay): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(|predicate| {
                let used = predicate.columns();
                !used.is_empty() && used.is_subset(&left)
            });
            // Rows of the right side compete for being the nearest: none may be left out before that is decided, but all those of a key
            // that no left row has.
            let mut known = down.clone();
            known.extend(join.keys.iter().cloned().map(JoinKey::into_condition));
            let before = known.len();
            infer_filters(&mut known);
            let inferred = known.into_iter().skip(before);
            let right_down = inferred.filter(|condition| condition.uses_only(&right)).collect();
            join.left = Box::new(push(*join.left, down));
            join.right = Box::new(push(*join.right, right_down));
            Plan::AsOfJoin(join).filtered(stay)
        }
        Plan::Apply(mut apply) => {
            let left = apply.left.output_ids();
            let (down, stay): (Vec<Expr>, Vec<Expr>) =
                predicates.into_iter().partition(|predicate| predicate.uses_only(&left));
            apply.left = Box::new(push(*apply.left, down));
            Plan::Apply(apply).filtered(stay)
        }
        other => {
            let plan = other.map_inputs(&mut |input| push(input, Vec::new()));
            plan.filtered(predicates)
        }
    };
    pushed.filtered(volatile)
}

fn push_project(project: Project, predicates: Vec<Expr>) -> Plan {
    let definitions: HashMap<ColumnId, Expr> = project
        .expressions
        .iter()
        .map(|(column, expression)| (column.id, expression.clone()))
        .collect();
    let is_movable = |predicate: &Expr| {
        predicate
            .columns()
            .iter()
            .filter_map(|column| definitions.get(column))
            .all(|definition| !is_volatile(definition) && !definition.has_subquery())
    };
    let (down, stay): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(is_movable);
    let down = down
        .into_iter()
        .map(|predicate| substitute(predicate, &definitions).transform_up(&mut simplify))
        .collect();
    push(*project.input, split(down))
        .projected(project.expressions)
        .filtered(stay)
}

fn split(predicates: Vec<Expr>) -> Vec<Expr> {
    let mut conjuncts = Vec::with_capacity(predicates.len());
    predicates
        .into_iter()
        .for_each(|predicate| predicate.split_and(&mut conjuncts));
    conjuncts
}

/// Only what is about keys, and only about keys that every grouping set has.
fn push_aggregate(mut aggregate: Aggregate, predicates: Vec<Expr>) -> Plan {
    let in_all_sets = |index: usize| {
        aggregate
            .grouping_sets
            .as_ref()
            .is_none_or(|sets| sets.iter().all(|set| set.contains(&index)))
    };
    let definitions: HashMap<ColumnId, Expr> = aggregate
        .keys
        .iter()
        .enumerate()
        .filter(|(index, (_, expression))| in_all_sets(*index) && !is_volatile(expression))
        .map(|(_, (column, expression))| (column.id, expression.clone()))
        .collect();
    let (down, stay): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(|predicate| {
        let columns = predicate.columns();
        !columns.is_empty() && columns.iter().all(|column| definitions.contains_key(column))
    });
    let down = down
        .into_iter()
        .map(|predicate| substitute(predicate, &definitions))
        .collect();
    aggregate.input = Box::new(push(*aggregate.input, down));
    Plan::Aggregate(aggregate).filtered(stay)
}

/// Only what is about the partition: it keeps or drops whole partitions.
fn push_window(mut window: Window, predicates: Vec<Expr>) -> Plan {
    let partition: ColumnSet = window
        .partition_by
        .iter()
        .filter_map(|expression| match expression {
            Expr::Column(column) => Some(column.id),
            _ => None,
        })
        .collect();
    let (down, stay): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(|predicate| {
        let columns = predicate.columns();
        !columns.is_empty() && columns.is_subset(&partition)
    });
    window.input = Box::new(push(*window.input, down));
    Plan::Window(window).filtered(stay)
}

/// A filter on the result of a set operation is a filter on each input.
fn push_set_operation(mut operation: SetOperation, predicates: &[Expr]) -> Plan {
    operation.inputs = operation
        .inputs
        .into_iter()
        .map(|input| {
            let definitions: HashMap<ColumnId, Expr> = operation
                .columns
                .iter()
                .zip(input.output())
                .map(|(column, inner)| (column.id, Expr::Column(inner)))
                .collect();
            let down = predicates
                .iter()
                .map(|predicate| substitute(predicate.clone(), &definitions))
                .collect();
            push(input, down)
        })
        .collect();
    Plan::SetOperation(operation)
}

fn push_join(mut join: Join, predicates: Vec<Expr>) -> Plan {
    let left = join.left.output_ids();
    let right = join.right.output_ids();
    let rejects = |columns: &ColumnSet| predicates.iter().any(|predicate| rejects_nulls(predicate, columns));
    join.kind = match join.kind {
        JoinKind::Left if rejects(&right) => JoinKind::Inner,
        JoinKind::Right if rejects(&left) => JoinKind::Inner,
        JoinKind::Full => match (rejects(&left), rejects(&right)) {
            (true, true) => JoinKind::Inner,
            (true, false) => JoinKind::Left,
            (false, true) => JoinKind::Right,
            (false, false) => JoinKind::Full,
        },
        other => other,
    };
    match join.kind {
        JoinKind::Inner => push_inner_join(Plan::Join(join), predicates),
        JoinKind::Right => {
            let output = Plan::Join(join.clone()).output();
            let flipped = Join {
                left: join.right,
                right: join.left,
                kind: JoinKind::Left,
                keys: join
                    .keys
                    .into_iter()
                    .map(|key| JoinKey {
                        left: key.right,
                        right: key.left,
                        null_matches: key.null_matches,
                    })
                    .collect(),
                residual: join.residual,
            };
            push_sided_join(flipped, predicates).with_columns(&output)
        }
        JoinKind::Full => {
            join.left = Box::new(push(*join.left, Vec::new()));
            join.right = Box::new(push(*join.right, Vec::new()));
            Plan::Join(join).filtered(predicates)
        }
        _ => push_sided_join(join, predicates),
    }
}

/// Inner joins: every condition goes to the first place where all its columns are.
fn push_inner_join(plan: Plan, predicates: Vec<Expr>) -> Plan {
    let mut relations = Vec::new();
    let mut conditions = predicates;
    flatten(plan, &mut relations, &mut conditions);
    conditions = split(conditions);
    let (volatile, mut conditions): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(is_volatile);
    infer_filters(&mut conditions);
    let mut joined: Option<Plan> = None;
    for relation in relations {
        let columns = relation.output_ids();
        let derived: Vec<Expr> = conditions
            .iter()
            .filter(|condition| !condition.uses_only(&columns))
            .filter_map(|condition| implied(condition, &columns))
            .collect();
        let (mut own, rest): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(|condition| {
            let used = condition.columns();
            !used.is_empty() && used.is_subset(&columns)
        });
        conditions = rest;
        own.extend(derived);
        let relation = push(relation, own);
        joined = Some(match joined {
            None => relation,
            Some(left) => {
                let mut reach = left.output_ids();
                reach.extend(columns);
                let (here, rest): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(|condition| {
                    let used = condition.columns();
                    !used.is_empty() && used.is_subset(&reach)
                });
                conditions = rest;
                Plan::joined(left, relation, JoinKind::Inner, without_redundant(here))
            }
        });
    }
    let plan = joined.unwrap_or_else(Plan::one_row);
    plan.filtered(conditions).filtered(volatile)
}

fn without_redundant(conditions: Vec<Expr>) -> Vec<Expr> {
    let mut kept: Vec<Expr> = Vec::with_capacity(conditions.len());
    for condition in conditions {
        if !kept.contains(&condition) {
            kept.push(condition);
        }
    }
    kept
}

/// Left, Semi, Anti, Mark, Single: the left side's rows are kept or dropped as wholes.
fn push_sided_join(mut join: Join, predicates: Vec<Expr>) -> Plan {
    let left = join.left.output_ids();
    let right = join.right.output_ids();
    let (mut left_down, stay): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(|predicate| {
        let used = predicate.columns();
        !used.is_empty() && used.is_subset(&left)
    });
    let is_null_aware = matches!(
        join.kind,
        JoinKind::NullAwareAnti | JoinKind::Mark { null_aware: true, .. }
    );
    let mut right_down = Vec::new();
    if !is_null_aware {
        let residual = split(std::mem::take(&mut join.residual));
        let is_semi = join.kind == JoinKind::Semi;
        for condition in residual {
            let used = condition.columns();
            let movable = !used.is_empty() && !is_volatile(&condition);
            if movable && used.is_subset(&right) {
                right_down.push(condition);
            } else if movable && is_semi && used.is_subset(&left) {
                left_down.push(condition);
            } else {
                join.residual.push(condition);
            }
        }
        // What holds for a left key holds for the right rows that can match it.
        let mut known = left_down.clone();
        known.extend(
            join.keys
                .iter()
                .filter(|key| !key.null_matches)
                .cloned()
                .map(JoinKey::into_condition),
        );
        let before = known.len();
        infer_filters(&mut known);
        right_down.extend(
            known
                .into_iter()
                .skip(before)
                .filter(|condition| condition.uses_only(&right)),
        );
    }
    join.left = Box::new(push(*join.left, left_down));
    join.right = Box::new(push(*join.right, right_down));
    Plan::Join(join).filtered(stay)
}

/// Whether a predicate is false or NULL wherever all the given columns are NULL.
fn rejects_nulls(predicate: &Expr, columns: &ColumnSet) -> bool {
    match predicate {
        Expr::And(list) => list.iter().any(|part| rejects_nulls(part, columns)),
        Expr::Or(list) => list.iter().all(|part| rejects_nulls(part, columns)),
        Expr::Not(inner) => match &**inner {
            Expr::IsNull(operand) => is_null_with(operand, columns),
            other => is_null_with(other, columns),
        },
        other => is_null_with(other, columns),
    }
}

/// Whether an expression is NULL wherever all the given columns are NULL.
fn is_null_with(expression: &Expr, columns: &ColumnSet) -> bool {
    match expression {
        Expr::Column(column) => columns.contains(&column.id),
        Expr::Literal(literal, _) => *literal == Literal::Null,
        Expr::Compare { op, left, right } => {
            !matches!(op, CompareOp::Distinct | CompareOp::NotDistinct)
                && (is_null_with(left, columns) || is_null_with(right, columns))
        }
        Expr::Cast { input, .. } | Expr::Not(input) => is_null_with(input, columns),
        Expr::Call(call) => {
            call.function.strict && call.arguments.iter().any(|argument| is_null_with(argument, columns))
        }
        Expr::InList { input, .. } => is_null_with(input, columns),
        Expr::Coalesce(list) => list.iter().all(|argument| is_null_with(argument, columns)),
        _ => false,
    }
}
