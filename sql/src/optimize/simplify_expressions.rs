//! Boolean algebra and its neighbours: `x AND true` -> `x`, `NOT (a < b)` -> `a >= b`, `a IN (1)` -> `a = 1`,
//! `NULL = a` -> NULL, `NULL + a` -> NULL, `NOT (a OR b)` -> `NOT a AND NOT b`, `coalesce(a, NULL)` -> `a`, `CASE WHEN false ..` -> the rest, `c LIKE 'abc'` -> `c = 'abc'`.
//!
//! Sound under three-valued logic, each rule by itself: what is dropped cannot change the value, NULL included. Operands
//! that are dropped could at most have failed, which SQL allows not to happen.

use super::context::Context;
use super::fold_constants::map_all_expressions;
use super::simplify_comparisons::unwrap_cast;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{CompareOp, Expr, Plan, Values};
use crate::types::LogicalType;

/// Simplifies every expression of the plan.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    let plan = map_all_expressions(plan, &mut simplify);
    Ok(plan.transform_up(&mut drop_true_filters))
}

/// A filter whose conditions are all TRUE is none, below one that is FALSE nothing is computed; conjuncts are split.
fn drop_true_filters(plan: Plan) -> Plan {
    match plan {
        Plan::Filter(filter) => {
            let mut predicates = Vec::with_capacity(filter.predicates.len());
            for predicate in filter.predicates {
                predicate.split_and(&mut predicates);
            }
            let mut predicates: Vec<Expr> = predicates.into_iter().map(truth_only).collect();
            predicates.retain(|predicate| *predicate != Expr::TRUE);
            match predicates.contains(&Expr::FALSE) {
                true => Plan::Values(Values {
                    columns: filter.input.output(),
                    rows: Vec::new(),
                }),
                false => filter.input.filtered(predicates),
            }
        }
        other => other,
    }
}

/// In a filter NULL and false are both left out: `x IS TRUE` is `x`, `x OR NULL` too, and `x AND NULL` is false.
fn truth_only(predicate: Expr) -> Expr {
    match predicate {
        Expr::Literal(Literal::Null, _) => Expr::FALSE,
        Expr::And(list) => simplify_and(list.into_iter().map(truth_only).collect()),
        Expr::Or(list) => simplify_or(list.into_iter().map(truth_only).collect()),
        Expr::Not(input) if matches!(&*input, Expr::InList { list, .. } if list.iter().any(Expr::is_null_literal)) => {
            Expr::FALSE
        }
        Expr::Compare {
            op: CompareOp::NotDistinct,
            left,
            right,
        } if *right == Expr::TRUE => *left,
        other => other,
    }
}

/// One step at the root; the operands have been simplified.
pub(super) fn simplify(expression: Expr) -> Expr {
    match expression {
        Expr::And(list) => simplify_and(list),
        Expr::Or(list) => simplify_or(list),
        Expr::Not(input) => simplify_not(*input),
        Expr::IsNull(input) => match *input {
            Expr::Literal(literal, _) => boolean(literal == Literal::Null),
            input if !input.nullable() => Expr::FALSE,
            input => Expr::IsNull(Box::new(input)),
        },
        Expr::Compare { op, left, right } => simplify_compare(op, *left, *right),
        Expr::InList { input, list } => simplify_in_list(*input, list),
        Expr::Coalesce(list) => simplify_coalesce(list),
        Expr::Case { .. } => simplify_case(expression),
        Expr::Cast { input, target, .. } if input.data_type() == target => *input,
        Expr::Cast { input, target, .. } if input.is_null_literal() => Expr::null(target),
        Expr::Call(call) if call.function.strict && call.arguments.iter().any(Expr::is_null_literal) => {
            Expr::null(call.data_type)
        }
        Expr::Call(mut call) if call.function.name == "+" && call.arguments.len() == 1 => call.arguments.remove(0),
        Expr::Call(call) if call.function.name == "~~" || call.function.name == "!~~" => {
            let op = if call.function.name == "~~" {
                CompareOp::Equal
            } else {
                CompareOp::NotEqual
            };
            match call.arguments.as_slice() {
                [input, pattern @ Expr::Literal(Literal::Text(text), _)]
                    if !text.contains(['%', '_', '\\']) && input.data_type() == pattern.data_type() =>
                {
                    simplify_compare(op, input.clone(), pattern.clone())
                }
                _ => Expr::Call(call),
            }
        }
        other => other,
    }
}

fn boolean(value: bool) -> Expr {
    if value { Expr::TRUE } else { Expr::FALSE }
}

fn push_unique(list: &mut Vec<Expr>, expression: Expr) {
    // Long lists are compared with their neighbours only: the check must not become quadratic.
    const COMPARED_MAX: usize = 64;
    if list.len() > COMPARED_MAX || !list.contains(&expression) {
        list.push(expression);
    }
}

fn simplify_and(list: Vec<Expr>) -> Expr {
    let mut flat = Vec::with_capacity(list.len());
    for operand in list {
        operand.split_and(&mut flat);
    }
    if flat.contains(&Expr::FALSE) {
        return Expr::FALSE;
    }
    let mut kept = Vec::with_capacity(flat.len());
    for operand in flat {
        if operand != Expr::TRUE {
            push_unique(&mut kept, operand);
        }
    }
    Expr::and(kept)
}

fn simplify_or(list: Vec<Expr>) -> Expr {
    let mut kept = Vec::with_capacity(list.len());
    for operand in list {
        match operand {
            Expr::Or(inner) => inner.into_iter().for_each(|operand| push_unique(&mut kept, operand)),
            operand if operand == Expr::TRUE => return Expr::TRUE,
            operand if operand == Expr::FALSE => {}
            operand => push_unique(&mut kept, operand),
        }
    }
    in_list_of_equalities(&kept).unwrap_or_else(|| Expr::or(kept))
}

/// `a = 1 OR a = 2` -> `a IN (1, 2)`
fn in_list_of_equalities(list: &[Expr]) -> Option<Expr> {
    let mut input: Option<&Expr> = None;
    let mut values = Vec::with_capacity(list.len());
    for operand in list {
        let Expr::Compare {
            op: CompareOp::Equal,
            left,
            right,
        } = operand
        else {
            return None;
        };
        if !matches!(**right, Expr::Literal(..)) || *input.get_or_insert(left) != &**left {
            return None;
        }
        values.push((**right).clone());
    }
    let input = input.filter(|_| values.len() > 1)?.clone();
    Some(Expr::InList {
        input: Box::new(input),
        list: values,
    })
}

fn simplify_not(input: Expr) -> Expr {
    match input {
        Expr::Literal(Literal::Boolean(value), _) => boolean(!value),
        Expr::Literal(Literal::Null, data_type) => Expr::null(data_type),
        Expr::Not(inner) => *inner,
        Expr::And(list) => simplify_or(list.into_iter().map(simplify_not).collect()),
        Expr::Or(list) => simplify_and(list.into_iter().map(simplify_not).collect()),
        Expr::Compare { op, left, right } => Expr::Compare {
            op: op.negated(),
            left,
            right,
        },
        other => Expr::Not(Box::new(other)),
    }
}

fn simplify_compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
    let null_safe = matches!(op, CompareOp::Distinct | CompareOp::NotDistinct);
    if left.is_null_literal() || right.is_null_literal() {
        if !null_safe {
            return Expr::null(LogicalType::Boolean);
        }
        let other = if left.is_null_literal() { right } else { left };
        let is_null = simplify(Expr::IsNull(Box::new(other)));
        return if op == CompareOp::NotDistinct {
            is_null
        } else {
            is_null.negated()
        };
    }
    if null_safe && !left.nullable() && !right.nullable() {
        let op = if op == CompareOp::NotDistinct {
            CompareOp::Equal
        } else {
            CompareOp::NotEqual
        };
        return simplify_compare(op, left, right);
    }
    if op == CompareOp::Equal && right == Expr::TRUE {
        return left;
    }
    // The constant stands on the right.
    if matches!(left, Expr::Literal(..)) && !matches!(right, Expr::Literal(..)) {
        return unwrap_cast(op.flipped(), right, left);
    }
    unwrap_cast(op, left, right)
}

fn simplify_in_list(input: Expr, list: Vec<Expr>) -> Expr {
    if input.is_null_literal() {
        return Expr::null(LogicalType::Boolean);
    }
    match <[Expr; 1]>::try_from(list) {
        Ok([only]) => simplify_compare(CompareOp::Equal, input, only),
        Err(list) => Expr::InList {
            input: Box::new(input),
            list,
        },
    }
}

fn simplify_coalesce(list: Vec<Expr>) -> Expr {
    let data_type = list.first().map_or(LogicalType::Text, Expr::data_type);
    let mut kept = Vec::with_capacity(list.len());
    for argument in list {
        if argument.is_null_literal() {
            continue;
        }
        let decides = !argument.nullable();
        kept.push(argument);
        if decides {
            break;
        }
    }
    match kept.len() {
        0 => Expr::null(data_type),
        1 => kept.swap_remove(0),
        _ => Expr::Coalesce(kept),
    }
}

fn simplify_case(expression: Expr) -> Expr {
    let Expr::Case {
        branches,
        otherwise,
        data_type,
    } = expression
    else {
        return expression;
    };
    let mut kept = Vec::with_capacity(branches.len());
    for branch in branches {
        match &branch.condition {
            Expr::Literal(Literal::Boolean(true), _) => {
                if kept.is_empty() {
                    return branch.result;
                }
                return Expr::Case {
                    branches: kept,
                    otherwise: Some(Box::new(branch.result)),
                    data_type,
                };
            }
            Expr::Literal(Literal::Boolean(false) | Literal::Null, _) => {}
            _ => kept.push(branch),
        }
    }
    if kept.is_empty() {
        return otherwise.map_or_else(|| Expr::null(data_type), |otherwise| *otherwise);
    }
    Expr::Case {
        branches: kept,
        otherwise,
        data_type,
    }
}
