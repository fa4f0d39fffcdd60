//! `a * b / c > 2 AND d < 5` -> `d < 5 AND a * b / c > 2`: what is cheap to find out goes first, so that the rest is found out
//! for fewer rows.
//!
//! Sound because a conjunction does not depend on the order of its parts, and SQL promises none. PostgreSQL orders by the
//! number of operators, too: a conjunct that may fail is as a rule guarded by a simpler one. Equal ones stay as they were
//! written, and so do all where a volatile function is among them.

use super::context::{Context, is_volatile};
use crate::error::Result;
use crate::plan::{Expr, Plan};

/// Operators over text look at every byte.
const TEXT_OPERATOR_COST: u32 = 4;

/// Orders the conjuncts of scans, filters and joins.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |mut node| {
        let conjuncts = match &mut node {
            Plan::Scan(scan) => Some(&mut scan.filters),
            Plan::Filter(filter) => Some(&mut filter.predicates),
            Plan::Join(join) => Some(&mut join.residual),
            _ => None,
        };
        if let Some(conjuncts) = conjuncts.filter(|conjuncts| !conjuncts.iter().any(is_volatile)) {
            conjuncts.sort_by_cached_key(cost);
        }
        node
    }))
}

/// What it takes to evaluate the expression for one row, in operators over numbers. Logic, columns and constants are free.
fn cost(expression: &Expr) -> u32 {
    let is_operator = matches!(
        expression,
        Expr::Compare { .. }
            | Expr::Call(_)
            | Expr::Cast { .. }
            | Expr::InList { .. }
            | Expr::QuantifiedArray { .. }
            | Expr::Array { .. }
    );
    let (mut operands, mut reads_text) = (0, false);
    expression.for_each_operand(&mut |operand| {
        operands += cost(operand);
        reads_text |= operand.data_type().is_string();
    });
    match (is_operator, reads_text) {
        (false, _) => operands,
        (true, false) => operands + 1,
        (true, true) => operands + TEXT_OPERATOR_COST,
    }
}
