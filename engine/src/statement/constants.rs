//! What is constant within one execution becomes a constant: parameters get their values, and stable functions (`now()`) are
//! evaluated once, so that storage can prune by them.

use crate::catalog::compile::evaluate_constant;
use crate::catalog::view::View;
use crate::error::{Error, Result, SqlState};
use crate::types::Literal;
use std::borrow::Cow;
use stoa_sql::catalog::Volatility;
use stoa_sql::plan::{Expr, Plan};
use stoa_sql::types::LogicalType;

/// Whether an execution must go through a plan's expressions at all.
pub(crate) fn has_open_constants(plan: &Plan) -> bool {
    let mut found = false;
    plan.for_each_expression(&mut |expression| {
        found = found || expression.any(&mut |part| is_open(part));
    });
    found || plan.inputs().into_iter().any(has_open_constants)
}

fn is_open(expression: &Expr) -> bool {
    match expression {
        Expr::Parameter { .. } => true,
        Expr::Call(call) => call.function.volatility == Volatility::Stable,
        // Casts may depend on the time zone.
        Expr::Cast { input, .. } => matches!(**input, Expr::Literal(..)),
        _ => false,
    }
}

/// The plan as [`close`] gives it, or as it is where nothing is open.
///
/// # Errors
/// Too few values.
pub(crate) fn closed<'p>(plan: &'p Plan, parameters: &[Literal], view: &View) -> Result<Cow<'p, Plan>> {
    Ok(match has_open_constants(plan) {
        true => Cow::Owned(close(plan, parameters, view)?),
        false => Cow::Borrowed(plan),
    })
}

/// The plan with values in place of parameters and of whatever they make constant.
///
/// # Errors
/// Too few values.
pub(crate) fn close(plan: &Plan, parameters: &[Literal], view: &View) -> Result<Plan> {
    let plan = plan
        .clone()
        .try_map_inputs(&mut |input| close(&input, parameters, view))?;
    plan.try_map_expressions(&mut |expression| close_expression(expression, parameters, view))
}

/// The same of one expression.
///
/// # Errors
/// Too few values.
pub(crate) fn close_expression(expression: Expr, parameters: &[Literal], view: &View) -> Result<Expr> {
    let expression = expression.try_map_operands(&mut |operand| close_expression(operand, parameters, view))?;
    match expression {
        Expr::Parameter { index, data_type } => {
            let value = index.checked_sub(1).and_then(|place| parameters.get(place));
            let value = value
                .ok_or_else(|| Error::user(SqlState::UNDEFINED_PARAMETER, format!("there is no parameter ${index}")))?;
            Ok(Expr::Literal(value.clone(), data_type))
        }
        other => Ok(folded(other, view)),
    }
}

/// A call or cast of constants as a constant. What fails stays: it may stand in a branch that is never taken.
fn folded(expression: Expr, view: &View) -> Expr {
    let is_foldable = match &expression {
        Expr::Call(call) => call.function.volatility != Volatility::Volatile,
        Expr::Cast { .. } | Expr::Compare { .. } | Expr::QuantifiedArray { .. } | Expr::InList { .. } => true,
        _ => false,
    };
    if !is_foldable || expression.data_type() == LogicalType::Void {
        return expression;
    }
    let mut is_constant = true;
    expression.for_each_operand(&mut |operand| is_constant = is_constant && matches!(operand, Expr::Literal(..)));
    if !is_constant {
        return expression;
    }
    match evaluate_constant(&expression, view) {
        Ok(value) => Expr::Literal(value, expression.data_type()),
        Err(_) => expression,
    }
}
