//! Subqueries -> joins: no dependent join is left, except a table function called for each outer row.
//!
//! After `unnest_expressions` every subquery is an Apply. Top-down, each Apply loses its dependence:
//! 1. the right side names nothing of the left: it is a join;
//! 2. only filters on the right name columns of the left: they become conditions of the join
//!    (`EXISTS (SELECT .. WHERE o = i AND ..)` -> semi join on `o = i`);
//! 3. an aggregate without keys over such rows: grouped by what the filter equates, left joined
//!    (`(SELECT sum(x) .. WHERE o = i)` -> `LEFT JOIN (SELECT i, sum(x) .. GROUP BY i)`), with `count` put back to 0;
//! 4. anything else: the distinct outer values are pushed down the right side (`unnest_domain`), which then answers for all
//!    of them at once and is joined back on them (Neumann and Kemper, Unnesting Arbitrary Queries).
//!
//! Sound: each form gives, for every row of the left, the rows the right side would give for it.

use super::context::{Context, substitute};
use super::not_supported;
use super::unnest_domain::Domain;
use super::unnest_expressions::lift_subqueries;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{
    Aggregate, Apply, ColumnDef, ColumnId, ColumnSet, CteScan, Expr, JoinKind, Plan, With, is_table_function_apply,
};
use std::collections::HashMap;

/// Unnests the whole plan.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let plan = lift_subqueries(plan, context)?;
    eliminate(plan, context)
}

fn eliminate(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let plan = match plan {
        Plan::Apply(apply) => eliminate_apply(apply, context)?,
        other => other,
    };
    plan.try_map_inputs(&mut |input| eliminate(input, context))
}

/// The columns of the left side that the right side names.
fn correlated_columns(apply: &Apply) -> Vec<ColumnDef> {
    let free = apply.right.free_columns();
    let mut columns = apply.left.output();
    columns.retain(|column| free.contains(&column.id));
    columns
}

fn eliminate_apply(mut apply: Apply, context: &Context<'_>) -> Result<Plan> {
    apply.predicates.retain(|predicate| *predicate != Expr::TRUE);
    let correlated = correlated_columns(&apply);
    if correlated.is_empty() {
        return Ok(Plan::joined(*apply.left, *apply.right, apply.kind, apply.predicates));
    }
    let is_plain = apply.kind == JoinKind::Inner || (apply.kind == JoinKind::Left && apply.predicates.is_empty());
    if matches!(*apply.right, Plan::TableFunction(_)) && is_plain {
        return Ok(table_function(apply));
    }
    let apply = match pull_up(apply) {
        Ok(plan) => return Ok(plan),
        Err(apply) => *apply,
    };
    let apply = match group_scalar_aggregate(apply, &correlated, context)? {
        Ok(plan) => return Ok(plan),
        Err(apply) => *apply,
    };
    push_domain(apply, &correlated, context)
}

fn table_function(mut apply: Apply) -> Plan {
    let predicates = std::mem::take(&mut apply.predicates);
    let plan = Plan::Apply(apply);
    debug_assert!(is_table_function_apply(&plan));
    plan.filtered(predicates)
}

/// Form 2. Gives the Apply back where the right side is more than filters over rows that do not depend.
fn pull_up(mut apply: Apply) -> Result<Plan, Box<Apply>> {
    let keeps_right = matches!(apply.kind, JoinKind::Inner | JoinKind::Left | JoinKind::Single);
    let outer = apply.left.output_ids();
    let Some(mut pulled) = pull(&apply.right, &outer, keeps_right) else {
        return Err(Box::new(apply));
    };
    if !keeps_right {
        let predicates = std::mem::take(&mut apply.predicates);
        pulled.conditions.extend(
            predicates
                .into_iter()
                .map(|predicate| substitute(predicate, &pulled.definitions)),
        );
    } else {
        pulled.conditions.append(&mut apply.predicates);
    }
    let output = apply.kind.output(&apply.left, &apply.right);
    Ok(Plan::joined(*apply.left, pulled.core, apply.kind, pulled.conditions).with_columns(&output))
}

/// A right side taken apart.
struct Pulled {
    /// Rows that do not depend on the outer side.
    core: Plan,
    /// What chose among them.
    conditions: Vec<Expr>,
    /// What outputs of dropped projections are, over the core (and the outer side).
    definitions: HashMap<ColumnId, Expr>,
}

fn pull(plan: &Plan, outer: &ColumnSet, keeps_outputs: bool) -> Option<Pulled> {
    if plan.free_columns().is_disjoint(outer) {
        return Some(Pulled {
            core: plan.clone(),
            conditions: Vec::new(),
            definitions: HashMap::new(),
        });
    }
    match plan {
        Plan::Filter(filter) => {
            let mut pulled = pull(&filter.input, outer, keeps_outputs)?;
            let (dependent, plain): (Vec<Expr>, Vec<Expr>) = filter
                .predicates
                .iter()
                .map(|predicate| substitute(predicate.clone(), &pulled.definitions))
                .partition(|predicate| !predicate.columns().is_disjoint(outer));
            pulled.core = pulled.core.filtered(plain);
            pulled.conditions.extend(dependent);
            Some(pulled)
        }
        Plan::Project(project) => {
            let mut pulled = pull(&project.input, outer, keeps_outputs)?;
            if !keeps_outputs {
                let definitions: HashMap<ColumnId, Expr> = project
                    .expressions
                    .iter()
                    .map(|(column, expression)| (column.id, substitute(expression.clone(), &pulled.definitions)))
                    .collect();
                pulled.definitions.extend(definitions);
                return Some(pulled);
            }
            let depends = |expression: &Expr| !expression.columns().is_disjoint(outer);
            if project.expressions.iter().any(|(_, expression)| depends(expression)) {
                return None;
            }
            // What the pulled conditions need stays visible.
            let mut needed = ColumnSet::default();
            pulled
                .conditions
                .iter()
                .for_each(|condition| condition.collect_columns(&mut needed));
            let mut expressions = project.expressions.clone();
            let shown: ColumnSet = expressions.iter().map(|(column, _)| column.id).collect();
            for column in pulled.core.output() {
                if needed.contains(&column.id) && !shown.contains(&column.id) {
                    expressions.push((column.clone(), Expr::Column(column)));
                }
            }
            pulled.core = pulled.core.projected(expressions);
            Some(pulled)
        }
        Plan::Join(join) if join.kind == JoinKind::Inner => {
            let left = pull(&join.left, outer, keeps_outputs)?;
            let right = pull(&join.right, outer, keeps_outputs)?;
            let mut definitions = left.definitions;
            definitions.extend(right.definitions);
            let keys = join.keys.iter().cloned().map(crate::plan::JoinKey::into_condition);
            let (mut dependent, plain): (Vec<Expr>, Vec<Expr>) = keys
                .chain(join.residual.iter().cloned())
                .map(|condition| substitute(condition, &definitions))
                .partition(|condition| !condition.columns().is_disjoint(outer));
            dependent.extend(left.conditions);
            dependent.extend(right.conditions);
            Some(Pulled {
                core: Plan::joined(left.core, right.core, JoinKind::Inner, plain),
                conditions: dependent,
                definitions,
            })
        }
        Plan::Sort(sort) if sort.limit.is_none() => pull(&sort.input, outer, keeps_outputs),
        Plan::Distinct(distinct) if !keeps_outputs && distinct.on.is_empty() => {
            pull(&distinct.input, outer, keeps_outputs)
        }
        _ => None,
    }
}

/// Aggregates that are NULL over no rows, besides `count`, which is 0.
const NULL_WHEN_EMPTY: &[&str] = &[
    "sum",
    "avg",
    "min",
    "max",
    "bool_and",
    "bool_or",
    "every",
    "bit_and",
    "bit_or",
    "bit_xor",
    "corr",
    "covar_pop",
    "covar_samp",
    "regr_avgx",
    "regr_avgy",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "array_agg",
    "string_agg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "percentile_cont",
    "percentile_disc",
    "mode",
    "any_value",
    "json_agg",
    "jsonb_agg",
    "median",
    "mad",
    "first",
    "last",
    "arg_min",
    "arg_max",
    "min_by",
    "max_by",
    "list",
    "approx_percentile",
    "approx_quantile",
    "top_k",
    "approx_top_k",
    "top_k_counts",
    "histogram",
    "skewness",
    "kurtosis",
    "kurtosis_pop",
    "geometric_mean",
    "geomean",
    "product",
];

/// Aggregates that are 0 of no rows.
const ZERO_WHEN_EMPTY: &[&str] = &[
    "count",
    "regr_count",
    "approx_count_distinct",
    "window_funnel",
    "sequence_count",
];

/// The value of an aggregate over no rows, where it is known.
pub(super) fn empty_value(name: &str, column: &ColumnDef) -> Option<Expr> {
    if ZERO_WHEN_EMPTY.contains(&name) {
        return Some(Expr::Literal(Literal::Integer(0), column.data_type.clone()));
    }
    NULL_WHEN_EMPTY
        .contains(&name)
        .then(|| Expr::null(column.data_type.clone()))
}

/// Form 3: projections over an aggregate without keys.
fn group_scalar_aggregate(
    apply: Apply,
    correlated: &[ColumnDef],
    context: &Context<'_>,
) -> Result<Result<Plan, Box<Apply>>> {
    let kind_fits = match apply.kind {
        JoinKind::Left | JoinKind::Single => apply.predicates.is_empty(),
        JoinKind::Inner => true,
        _ => false,
    };
    let mut projects = Vec::new();
    let mut node = &*apply.right;
    while let Plan::Project(project) = node {
        projects.push(project.expressions.clone());
        node = &project.input;
    }
    let Plan::Aggregate(aggregate) = node else {
        return Ok(Err(Box::new(apply)));
    };
    let outer = apply.left.output_ids();
    let known = aggregate.keys.is_empty()
        && aggregate.grouping_sets.is_none()
        && aggregate.aggregates.iter().all(|(column, call)| {
            let mut depends = false;
            call.for_each_expression(&mut |part| depends = depends || !part.columns().is_disjoint(&outer));
            !depends && empty_value(call.call.function.name, column).is_some()
        });
    if !kind_fits || !known {
        return Ok(Err(Box::new(apply)));
    }
    let mut domain = Domain::new(correlated, context);
    let (input, keys) = domain.push((*aggregate.input).clone())?;
    if domain.is_used() {
        // The outer values themselves are needed below: the general form shares them.
        return Ok(Err(Box::new(apply)));
    }
    let grouped = Plan::Aggregate(Aggregate {
        input: Box::new(input),
        keys: keys
            .iter()
            .map(|key| (key.clone(), Expr::Column(key.clone())))
            .collect(),
        aggregates: aggregate.aggregates.clone(),
        grouping_sets: None,
        grouping_set_index: None,
        group_limit: None,
        best_groups: None,
        states: None,
    });
    let mut values: HashMap<ColumnId, Expr> = aggregate
        .aggregates
        .iter()
        .map(|(column, call)| {
            let value = Expr::Column(ColumnDef {
                nullable: true,
                ..column.clone()
            });
            let value = match empty_value(call.call.function.name, column) {
                Some(empty) if !empty.is_null_literal() => Expr::Coalesce(vec![value, empty]),
                _ => value,
            };
            (column.id, value)
        })
        .collect();
    let output = apply.right.output();
    for expressions in projects.into_iter().rev() {
        values = expressions
            .into_iter()
            .map(|(column, expression)| (column.id, substitute(expression, &values)))
            .collect();
    }
    let mut expressions: Vec<(ColumnDef, Expr)> = apply
        .left
        .output()
        .into_iter()
        .map(|column| (column.clone(), Expr::Column(column)))
        .collect();
    for column in output {
        if let Some(value) = values.remove(&column.id) {
            // A column that is made anew here must not be one that the join below hands up.
            expressions.push((column, value));
        }
    }
    let joined = domain.join_back(*apply.left, grouped, &keys, JoinKind::Left, Vec::new());
    let (joined, expressions) = without_reuse(joined, expressions, context);
    Ok(Ok(joined.projected(expressions).filtered(apply.predicates)))
}

/// Renames columns of the input that a projection defines anew under the same identity.
fn without_reuse(
    input: Plan,
    expressions: Vec<(ColumnDef, Expr)>,
    context: &Context<'_>,
) -> (Plan, Vec<(ColumnDef, Expr)>) {
    let below = input.output();
    let redefined: ColumnSet = expressions
        .iter()
        .filter(|(column, expression)| {
            !matches!(expression, Expr::Column(same) if same.id == column.id)
                && below.iter().any(|known| known.id == column.id)
        })
        .map(|(column, _)| column.id)
        .collect();
    if redefined.is_empty() {
        return (input, expressions);
    }
    let mut renamed: HashMap<ColumnId, Expr> = HashMap::new();
    let mut inner = Vec::with_capacity(below.len());
    for column in below {
        if redefined.contains(&column.id) {
            let copy = context.copy_of(&column);
            renamed.insert(column.id, Expr::Column(copy.clone()));
            inner.push((copy, Expr::Column(column)));
        } else {
            inner.push((column.clone(), Expr::Column(column)));
        }
    }
    let expressions = expressions
        .into_iter()
        .map(|(column, expression)| (column, substitute(expression, &renamed)))
        .collect();
    (input.projected(inner), expressions)
}

/// Form 4.
fn push_domain(apply: Apply, correlated: &[ColumnDef], context: &Context<'_>) -> Result<Plan> {
    let Apply {
        left,
        right,
        kind,
        predicates,
    } = apply;
    if matches!(kind, JoinKind::Right | JoinKind::Full | JoinKind::NullAwareAnti)
        || matches!(kind, JoinKind::Mark { null_aware: true, .. })
    {
        return Err(not_supported("this kind of dependent join"));
    }
    let output = kind.output(&left, &right);
    let mut domain = Domain::new(correlated, context);
    let (right, keys) = domain.push(*right)?;
    if !domain.is_used() {
        let plan = domain.join_back(*left, right, &keys, kind, predicates);
        return Ok(plan.with_columns(&output));
    }
    // The left side is read twice: once as itself, once for its distinct values.
    let left_columns = left.output();
    let (definition, definition_columns) = context.fresh_copy(&left);
    let id = domain.source_id();
    let scan = Plan::CteScan(CteScan {
        id,
        name: "outer_rows".to_owned(),
        columns: left_columns.iter().cloned().enumerate().collect(),
    });
    let right = domain.resolve_source(right, &left_columns);
    let body = domain.join_back(scan, right, &keys, kind, predicates);
    let plan = Plan::With(With {
        id,
        name: "outer_rows".to_owned(),
        definition: Box::new(definition),
        recursive: None,
        columns: definition_columns,
        body: Box::new(body),
    });
    Ok(plan.with_columns(&output))
}
