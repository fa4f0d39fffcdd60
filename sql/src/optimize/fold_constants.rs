//! `1 + 2` -> `3`, `date '1998-12-01' - interval '90 days'` -> a constant.
//!
//! Sound because only immutable functions of constants are evaluated, by the same code that would evaluate them at run time.
//! An evaluation that fails stays as it is: it may stand in a branch that is never taken.

use super::context::Context;
use crate::catalog::Volatility;
use crate::error::Result;
use crate::plan::{Expr, Plan};
use crate::types::LogicalType;
use std::convert::Infallible;

/// Folds every expression of the plan, those in subqueries included.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    Ok(map_all_expressions(plan, &mut |expression| fold(expression, context)))
}

/// Maps every expression of the plan bottom-up, those of subqueries' plans included.
pub(super) fn map_all_expressions(plan: Plan, map: &mut dyn FnMut(Expr) -> Expr) -> Plan {
    let plan = plan.map_inputs(&mut |input| map_all_expressions(input, map));
    plan.map_expressions(&mut |expression| map_deep(expression, map))
}

fn map_deep(expression: Expr, map: &mut dyn FnMut(Expr) -> Expr) -> Expr {
    let Ok(expression) = expression.try_map_operands::<Infallible>(&mut |operand| Ok(map_deep(operand, map)));
    let Ok(expression) = expression.try_map_subquery::<Infallible>(&mut |plan| Ok(map_all_expressions(plan, map)));
    map(expression)
}

fn fold(expression: Expr, context: &Context<'_>) -> Expr {
    let foldable = match &expression {
        Expr::Call(call) => call.function.volatility == Volatility::Immutable,
        Expr::Compare { .. } | Expr::Cast { .. } | Expr::InList { .. } | Expr::QuantifiedArray { .. } => true,
        Expr::Array { elements, .. } => !elements.is_empty(),
        _ => false,
    };
    if !foldable || matches!(expression.data_type(), LogicalType::Void) {
        return expression;
    }
    let mut constant = true;
    expression.for_each_operand(&mut |operand| constant = constant && matches!(operand, Expr::Literal(..)));
    if !constant {
        return expression;
    }
    match context.catalog.fold(&expression) {
        Some(Ok(literal)) => Expr::Literal(literal, expression.data_type()),
        Some(Err(_)) | None => expression,
    }
}
