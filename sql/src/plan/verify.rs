//! What every plan must hold, checked after each pass in debug builds and tests: a broken rewrite is found where it
//! happened. Never changes a plan; a finding is a bug of ours, not the user's.

use super::{ColumnSet, CteId, Expr, JoinKind, Plan};
use crate::types::LogicalType;

/// Checks that every expression names only columns that its inputs (or the outer side of an Apply) hand on, that output
/// columns are unique, that both sides of a comparison have one type, that predicates are boolean, that the inputs of set
/// operations line up, and that common table expressions are scanned below their definition only, but for those whose rows are given.
///
/// # Errors
/// A sentence about the first thing that is wrong.
pub fn verify(plan: &Plan, given: &[CteId]) -> Result<(), String> {
    verify_node(plan, &ColumnSet::default(), &mut given.to_vec())
}

fn verify_node(plan: &Plan, outer: &ColumnSet, ctes: &mut Vec<CteId>) -> Result<(), String> {
    let mut visible = outer.clone();
    match plan {
        Plan::With(with) => {
            verify_node(&with.definition, outer, ctes)?;
            ctes.push(with.id);
            if let Some(recursive) = &with.recursive {
                verify_node(&recursive.term, outer, ctes)?;
                same_types("recursive term", &with.definition, &recursive.term)?;
            }
            let body = verify_node(&with.body, outer, ctes);
            ctes.pop();
            body?;
        }
        Plan::Apply(apply) => {
            verify_node(&apply.left, outer, ctes)?;
            let mut inner = outer.clone();
            inner.extend(apply.left.output_ids());
            verify_node(&apply.right, &inner, ctes)?;
            visible = inner;
            visible.extend(apply.right.output_ids());
        }
        Plan::CteScan(scan) if !ctes.contains(&scan.id) => {
            return Err(format!(
                "scan of common table expression {} outside its WITH",
                scan.name
            ));
        }
        _ => {
            for input in plan.inputs() {
                verify_node(input, outer, ctes)?;
                visible.extend(input.output_ids());
            }
        }
    }
    if let Plan::Scan(_) = plan {
        visible.extend(plan.output_ids());
    }
    let mut problem = None;
    plan.for_each_expression(&mut |expression| {
        if problem.is_none() {
            problem = verify_expression(expression, &visible, ctes).err();
        }
    });
    if let Some(problem) = problem {
        return Err(format!("{problem} in\n{plan}"));
    }
    verify_shape(plan)?;
    verify_unique(plan)
}

fn verify_shape(plan: &Plan) -> Result<(), String> {
    match plan {
        Plan::Filter(filter) => booleans("filter", &filter.predicates),
        Plan::Scan(scan) => booleans("scan filter", &scan.filters),
        Plan::Apply(apply) => booleans("apply predicate", &apply.predicates),
        Plan::Join(join) => {
            booleans("join condition", &join.residual)?;
            let left = join.left.output_ids();
            let right = join.right.output_ids();
            for key in &join.keys {
                if key.left.data_type() != key.right.data_type() {
                    return Err(format!("join key {} = {} of different types", key.left, key.right));
                }
                if key.left.columns().is_disjoint(&left) && !key.left.columns().is_empty()
                    || key.right.columns().is_disjoint(&right) && !key.right.columns().is_empty()
                {
                    return Err(format!("join key {} = {} on the wrong sides", key.left, key.right));
                }
            }
            Ok(())
        }
        Plan::AsOfJoin(join) => {
            let left = join.left.output_ids();
            let right = join.right.output_ids();
            let keys = join.keys.iter().map(|key| (&key.left, &key.right));
            for (on_left, on_right) in keys.chain([(&join.left_time, &join.right_time)]) {
                if on_left.data_type() != on_right.data_type() {
                    return Err(format!("as-of join of {on_left} with {on_right} of different types"));
                }
                if on_left.columns().is_disjoint(&left) || on_right.columns().is_disjoint(&right) {
                    return Err(format!("as-of join of {on_left} with {on_right} on the wrong sides"));
                }
            }
            Ok(())
        }
        Plan::SetOperation(operation) => {
            for input in &operation.inputs {
                let types = input.output().into_iter().map(|column| column.data_type);
                if !types.eq(operation.columns.iter().map(|column| column.data_type.clone())) {
                    return Err("inputs of a set operation differ in type".to_owned());
                }
            }
            Ok(())
        }
        Plan::Values(values) => {
            for row in &values.rows {
                let types = row.iter().map(Expr::data_type);
                if !types.eq(values.columns.iter().map(|column| column.data_type.clone())) {
                    return Err("a row of VALUES does not fit its columns".to_owned());
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn same_types(what: &str, left: &Plan, right: &Plan) -> Result<(), String> {
    let types = |plan: &Plan| {
        plan.output()
            .into_iter()
            .map(|column| column.data_type)
            .collect::<Vec<_>>()
    };
    if types(left) == types(right) {
        return Ok(());
    }
    Err(format!("{what} differs in type"))
}

fn verify_unique(plan: &Plan) -> Result<(), String> {
    let mut seen = ColumnSet::default();
    for column in plan.output() {
        if !seen.insert(column.id) {
            return Err(format!("output column {} occurs twice in\n{plan}", column.name));
        }
    }
    Ok(())
}

fn booleans(what: &str, predicates: &[Expr]) -> Result<(), String> {
    match predicates
        .iter()
        .find(|predicate| predicate.data_type() != LogicalType::Boolean)
    {
        Some(predicate) => Err(format!("{what} {predicate} is not boolean")),
        None => Ok(()),
    }
}

fn verify_expression(expression: &Expr, visible: &ColumnSet, ctes: &mut Vec<CteId>) -> Result<(), String> {
    match expression {
        Expr::Column(column) if !visible.contains(&column.id) => {
            return Err(format!("column {}#{} is not in reach", column.name, column.id.0));
        }
        Expr::Compare { left, right, .. } if left.data_type() != right.data_type() => {
            return Err(format!("comparison of {} with {}", left.data_type(), right.data_type()));
        }
        Expr::And(list) | Expr::Or(list) if list.len() < 2 => {
            return Err("AND or OR of fewer than two".to_owned());
        }
        Expr::And(list) | Expr::Or(list) => booleans("operand", list)?,
        Expr::InList { input, list } if list.iter().any(|value| value.data_type() != input.data_type()) => {
            return Err("IN list of other types than its input".to_owned());
        }
        _ => {}
    }
    if let Some(plan) = expression.subquery() {
        verify_node(plan, visible, ctes)?;
    }
    let mut result = Ok(());
    expression.for_each_operand(&mut |operand| {
        if result.is_ok() {
            result = verify_expression(operand, visible, ctes);
        }
    });
    result
}

/// Whether an Apply is one the executor runs itself: a table function called for each outer row.
pub(crate) fn is_table_function_apply(plan: &Plan) -> bool {
    matches!(plan, Plan::Apply(apply)
        if matches!(*apply.right, Plan::TableFunction(_))
            && apply.predicates.is_empty()
            && matches!(apply.kind, JoinKind::Inner | JoinKind::Left))
}

/// Checks that nothing is left that the executor does not run: subquery expressions and dependent joins, except a table
/// function that is called for each outer row.
///
/// # Errors
/// A sentence about the first such node.
pub fn verify_executable(plan: &Plan) -> Result<(), String> {
    if matches!(plan, Plan::Apply(_)) && !is_table_function_apply(plan) {
        return Err("a dependent join is left".to_owned());
    }
    let mut result = Ok(());
    plan.for_each_expression(&mut |expression| {
        if expression.has_subquery() {
            result = Err("a subquery expression is left".to_owned());
        }
    });
    result?;
    plan.inputs().into_iter().try_for_each(verify_executable)
}
