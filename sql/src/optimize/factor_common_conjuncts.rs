//! `(k = l AND a) OR (k = l AND b)` -> `k = l AND (a OR b)`: a join condition repeated in every branch becomes one.
//!
//! Sound by the distributive law, which holds in three-valued logic.

use super::context::Context;
use super::fold_constants::map_all_expressions;
use crate::error::Result;
use crate::plan::{Expr, Plan};

/// More branches than this are left alone.
const BRANCHES_MAX: usize = 256;

/// Factors every OR of the plan.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    let plan = map_all_expressions(plan, &mut factor);
    Ok(plan.transform_up(&mut |plan| match plan {
        Plan::Filter(filter) => {
            let mut predicates = Vec::with_capacity(filter.predicates.len());
            for predicate in filter.predicates {
                predicate.split_and(&mut predicates);
            }
            filter.input.filtered(predicates)
        }
        other => other,
    }))
}

fn factor(expression: Expr) -> Expr {
    let Expr::Or(branches) = expression else {
        return expression;
    };
    if branches.len() > BRANCHES_MAX {
        return Expr::Or(branches);
    }
    let mut conjuncts: Vec<Vec<Expr>> = Vec::with_capacity(branches.len());
    for branch in branches {
        let mut list = Vec::new();
        branch.split_and(&mut list);
        conjuncts.push(list);
    }
    let Some((first, others)) = conjuncts.split_first() else {
        return Expr::FALSE;
    };
    let common: Vec<Expr> = first
        .iter()
        .filter(|condition| others.iter().all(|other| other.contains(condition)))
        .cloned()
        .collect();
    if common.is_empty() {
        return Expr::or(conjuncts.into_iter().map(Expr::and).collect());
    }
    let rest: Vec<Expr> = conjuncts
        .into_iter()
        .map(|mut list| {
            list.retain(|condition| !common.contains(condition));
            Expr::and(list)
        })
        .collect();
    let mut factored = common;
    if !rest.contains(&Expr::TRUE) {
        factored.push(Expr::or(rest));
    }
    Expr::and(factored)
}
