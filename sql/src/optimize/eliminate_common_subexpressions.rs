//! `sum(a * (1 - b)), sum(a * (1 - b) * (1 + c))` -> `a * (1 - b)` is computed once, in a projection below.
//!
//! Sound because only functions that are not volatile are shared, and only from places that are always evaluated: not from
//! the branches of CASE and COALESCE nor from the later operands of AND and OR, whose evaluation could fail where the
//! original would not have been evaluated.

use super::context::{Context, is_volatile};
use crate::error::Result;
use crate::plan::{ColumnDef, Expr, Plan};

/// Shares repeated calls within each projection and each aggregate.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |node| share(node, context)))
}

fn share(node: Plan, context: &Context<'_>) -> Plan {
    if !matches!(node, Plan::Project(_) | Plan::Aggregate(_)) {
        return node;
    }
    let mut seen: Vec<(Expr, usize)> = Vec::new();
    node.for_each_expression(&mut |expression| count(expression, &mut seen));
    let shared: Vec<(ColumnDef, Expr)> = seen
        .into_iter()
        .filter(|(_, uses)| *uses > 1)
        .map(|(expression, _)| {
            let column = context.column("shared", expression.data_type(), expression.nullable());
            (column, expression)
        })
        .collect();
    if shared.is_empty() {
        return node;
    }
    let replaced = node.map_expressions(&mut |expression| {
        expression.replace(&mut |part| {
            shared
                .iter()
                .find(|(_, known)| known == part)
                .map(|(column, _)| Expr::Column(column.clone()))
        })
    });
    replaced.map_inputs(&mut |input| {
        let mut expressions: Vec<(ColumnDef, Expr)> = input
            .output()
            .into_iter()
            .map(|column| (column.clone(), Expr::Column(column)))
            .collect();
        expressions.extend(shared.iter().cloned());
        input.projected(expressions)
    })
}

/// Counts the largest repeated calls: operands of a call that was seen before are not counted again.
fn count(expression: &Expr, seen: &mut Vec<(Expr, usize)>) {
    /// Beyond this many different calls comparing them all costs more than it can win.
    const SEEN_MAX: usize = 256;
    match expression {
        Expr::Case { .. } | Expr::Coalesce(_) | Expr::And(_) | Expr::Or(_) => return,
        Expr::Call(_) if !is_volatile(expression) && !expression.columns().is_empty() => {
            if let Some((_, uses)) = seen.iter_mut().find(|(known, _)| known == expression) {
                *uses += 1;
                return;
            }
            if seen.len() < SEEN_MAX {
                seen.push((expression.clone(), 1));
            }
        }
        _ => {}
    }
    expression.for_each_operand(&mut |operand| count(operand, seen));
}
