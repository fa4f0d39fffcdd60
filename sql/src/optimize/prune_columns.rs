//! Columns that nobody above asks for -> gone, down to the scans: unused outputs of projections, aggregates, window
//! functions, columns of scans; projections over projections become one, projections that only pass on fall away.
//!
//! Sound because rows are not touched: a node keeps every column that its own work needs. Set operations other than
//! UNION ALL, and DISTINCT, need all their columns to tell rows apart. An aggregate without keys keeps its one row even
//! when no column of it is wanted.

use super::context::{Context, is_volatile, substitute};
use crate::error::Result;
use crate::plan::{ColumnDef, ColumnId, ColumnSet, CteId, Expr, JoinKind, Plan, Project, SetOperationKind, With};
use std::collections::HashMap;

/// Prunes the whole plan; its own output stays.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    let output = plan.output();
    Ok(prune_exact(plan, &output))
}

/// Pruned to exactly these columns in this order.
fn prune_exact(plan: Plan, output: &[ColumnDef]) -> Plan {
    let needed = output.iter().map(|column| column.id).collect();
    let plan = prune(plan, &needed);
    merge(plan.with_columns(output))
}

/// Columns the node's own expressions name, and those wanted above.
fn wanted(plan: &Plan, needed: &ColumnSet) -> ColumnSet {
    let mut wanted = needed.clone();
    plan.for_each_expression(&mut |expression| expression.collect_columns(&mut wanted));
    wanted
}

/// The plan with at least the needed columns, in any order.
fn prune(mut plan: Plan, needed: &ColumnSet) -> Plan {
    match &mut plan {
        Plan::Scan(scan) => {
            let mut wanted = needed.clone();
            scan.filters
                .iter()
                .for_each(|filter| filter.collect_columns(&mut wanted));
            scan.columns.retain(|(_, column)| wanted.contains(&column.id));
            return plan;
        }
        Plan::CteScan(scan) => {
            scan.columns.retain(|(_, column)| needed.contains(&column.id));
            return plan;
        }
        Plan::Values(values) => {
            let keep: Vec<bool> = values
                .columns
                .iter()
                .map(|column| needed.contains(&column.id))
                .collect();
            retain_places(&mut values.columns, &keep);
            values.rows.iter_mut().for_each(|row| retain_places(row, &keep));
            return plan;
        }
        Plan::Project(project) => {
            project.expressions.retain(|(column, _)| needed.contains(&column.id));
        }
        Plan::Aggregate(aggregate) => {
            aggregate.aggregates.retain(|(column, _)| needed.contains(&column.id));
            if aggregate
                .grouping_set_index
                .as_ref()
                .is_some_and(|column| !needed.contains(&column.id))
            {
                aggregate.grouping_set_index = None;
            }
        }
        Plan::Window(window) => {
            window.calls.retain(|(column, _)| needed.contains(&column.id));
            if window.calls.is_empty() {
                let input = std::mem::replace(&mut *window.input, Plan::nothing());
                return prune(input, needed);
            }
        }
        // Every left row once: without the right side's columns the join says nothing.
        Plan::AsOfJoin(join) if join.keeps_left && needed.is_disjoint(&join.right.output_ids()) => {
            let left = std::mem::replace(&mut *join.left, Plan::nothing());
            return prune(left, needed);
        }
        Plan::SetOperation(operation) if operation.kind == SetOperationKind::Union && operation.all => {
            let keep: Vec<bool> = operation
                .columns
                .iter()
                .map(|column| needed.contains(&column.id))
                .collect();
            retain_places(&mut operation.columns, &keep);
            for input in &mut operation.inputs {
                let mut output = input.output();
                retain_places(&mut output, &keep);
                let old = std::mem::replace(input, Plan::nothing());
                *input = prune_exact(old, &output);
            }
            return plan;
        }
        Plan::SetOperation(operation) => {
            for input in &mut operation.inputs {
                let output = input.output();
                let old = std::mem::replace(input, Plan::nothing());
                *input = prune_exact(old, &output);
            }
            return plan;
        }
        Plan::With(_) => {
            if let Plan::With(with) = plan {
                return prune_with(with, needed);
            }
            return plan;
        }
        Plan::Distinct(distinct) if distinct.on.is_empty() => {
            let output = distinct.input.output();
            let input = std::mem::replace(&mut *distinct.input, Plan::nothing());
            *distinct.input = prune_exact(input, &output);
            return plan;
        }
        _ => {}
    }
    let wanted = match &plan {
        // What a projection hands on is made of its expressions alone.
        Plan::Project(_) | Plan::Aggregate(_) => wanted(&plan, &ColumnSet::default()),
        other => wanted(other, needed),
    };
    let plan = match plan {
        Plan::Apply(mut apply) => {
            let mut left = wanted.clone();
            left.extend(apply.right.free_columns());
            apply.left = Box::new(prune(*apply.left, &left));
            apply.right = Box::new(prune(*apply.right, &wanted));
            return Plan::Apply(apply);
        }
        other => other.map_inputs(&mut |input| prune(input, &wanted)),
    };
    merge(without_needless_join(plan, needed))
}

/// A mark that nobody reads.
fn without_needless_join(plan: Plan, needed: &ColumnSet) -> Plan {
    match plan {
        Plan::Join(join) => match &join.kind {
            JoinKind::Mark { column, .. } if !needed.contains(&column.id) => *join.left,
            _ => Plan::Join(join),
        },
        other => other,
    }
}

fn retain_places<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut places = keep.iter();
    list.retain(|_| places.next().copied().unwrap_or(true));
}

/// The definition keeps the columns that some scan wants.
fn prune_with(mut with: With, needed: &ColumnSet) -> Plan {
    with.body = Box::new(prune(*with.body, needed));
    if let Some(recursive) = &mut with.recursive {
        let output = recursive.term.output();
        let term = std::mem::replace(&mut *recursive.term, Plan::nothing());
        *recursive.term = prune_exact(term, &output);
        let output = with.definition.output();
        with.definition = Box::new(prune_exact(*with.definition, &output));
        return Plan::With(with);
    }
    let mut used = vec![false; with.columns.len()];
    mark_scanned(&with.body, with.id, &mut used);
    let mut output = with.definition.output();
    retain_places(&mut output, &used);
    retain_places(&mut with.columns, &used);
    with.definition = Box::new(prune_exact(*with.definition, &output));
    let mut place = 0;
    let places: Vec<usize> = used
        .iter()
        .map(|used| {
            let here = place;
            place += usize::from(*used);
            here
        })
        .collect();
    with.body = Box::new(with.body.transform_up(&mut |node| match node {
        Plan::CteScan(mut scan) if scan.id == with.id => {
            for (index, _) in &mut scan.columns {
                *index = places.get(*index).copied().unwrap_or(*index);
            }
            Plan::CteScan(scan)
        }
        other => other,
    }));
    Plan::With(with)
}

fn mark_scanned(plan: &Plan, id: CteId, used: &mut [bool]) {
    if let Plan::CteScan(scan) = plan
        && scan.id == id
    {
        for (index, _) in &scan.columns {
            if let Some(used) = used.get_mut(*index) {
                *used = true;
            }
        }
    }
    plan.inputs()
        .into_iter()
        .for_each(|input| mark_scanned(input, id, used));
}

/// Two projections as one, and none where nothing is projected.
fn merge(plan: Plan) -> Plan {
    let Plan::Project(outer) = plan else {
        return plan;
    };
    let Project { input, expressions } = outer;
    match *input {
        Plan::Project(inner) if is_mergeable(&expressions, &inner) => {
            let definitions: HashMap<ColumnId, Expr> = inner
                .expressions
                .into_iter()
                .map(|(column, expression)| (column.id, expression))
                .collect();
            let expressions = expressions
                .into_iter()
                .map(|(column, expression)| (column, substitute(expression, &definitions)))
                .collect();
            merge(inner.input.projected(expressions))
        }
        input => {
            let is_identity = input
                .output()
                .iter()
                .map(|column| column.id)
                .eq(expressions.iter().map(|(column, _)| column.id))
                && expressions
                    .iter()
                    .all(|(column, expression)| matches!(expression, Expr::Column(inner) if inner.id == column.id));
            match is_identity {
                true => input,
                false => input.projected(expressions),
            }
        }
    }
}

/// What the inner projection computes must not be computed twice, and volatile functions not moved.
fn is_mergeable(outer: &[(ColumnDef, Expr)], inner: &Project) -> bool {
    let mut uses: HashMap<ColumnId, usize> = HashMap::new();
    for (_, expression) in outer {
        count_uses(expression, &mut uses);
    }
    inner.expressions.iter().all(|(column, expression)| {
        let is_trivial = matches!(expression, Expr::Column(_) | Expr::Literal(..) | Expr::Parameter { .. });
        let count = uses.get(&column.id).copied().unwrap_or(0);
        is_trivial || (count <= 1 && !is_volatile(expression))
    })
}

fn count_uses(expression: &Expr, uses: &mut HashMap<ColumnId, usize>) {
    if let Expr::Column(column) = expression {
        *uses.entry(column.id).or_default() += 1;
    }
    expression.for_each_operand(&mut |operand| count_uses(operand, uses));
}
