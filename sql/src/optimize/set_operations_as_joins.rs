//! `a INTERSECT b` -> the distinct rows of `a` that have an equal row in `b`; `a EXCEPT b` -> those that have none. With ALL, equal rows
//! are numbered on both sides, and the n-th one of `a` has to do with the n-th one of `b`.
//!
//! Sound because a set operation takes NULLs as equal, as these joins do, and gives each row once or, with ALL, as often as its
//! numbers say. Joins are what knows to leave out early what cannot match, and joins and windows to go to disk.

use super::context::Context;
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, Distinct, Expr, Join, JoinKey, JoinKind, Plan, SetOperation, SetOperationKind};
use crate::types::LogicalType;

/// Rewrites every INTERSECT and EXCEPT.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let mut error = None;
    let plan = plan.transform_up(&mut |node| match node {
        Plan::SetOperation(operation) => {
            let kind = match operation.kind {
                SetOperationKind::Intersect => JoinKind::Semi,
                SetOperationKind::Except => JoinKind::Anti,
                SetOperationKind::Union => return Plan::SetOperation(operation),
            };
            match operation.all {
                false => joined(operation, kind),
                true => joined_by_number(operation, kind, context).unwrap_or_else(|problem| {
                    error = Some(problem);
                    Plan::nothing()
                }),
            }
        }
        other => other,
    });
    error.map_or(Ok(plan), Err)
}

/// Every row of the first input for whose number among its equals the others have a row, too, or have none.
fn joined_by_number(operation: SetOperation, kind: JoinKind, context: &Context<'_>) -> Result<Plan> {
    let mut inputs = operation.inputs.into_iter();
    let mut rows = inputs.next().unwrap_or_else(Plan::nothing);
    for right in inputs {
        let columns = rows.output();
        let (left, right) = (numbered(rows, context)?, numbered(right, context)?);
        let keys = left.output().into_iter().zip(right.output());
        rows = Plan::Join(Join {
            keys: keys.map(|(left, right)| equal_or_both_null(left, right)).collect(),
            left: Box::new(left),
            right: Box::new(right),
            kind: kind.clone(),
            residual: Vec::new(),
        })
        .with_columns(&columns);
    }
    let values = rows.output().into_iter().map(Expr::Column);
    let expressions = operation.columns.into_iter().zip(values).collect();
    Ok(rows.projected(expressions))
}

/// The rows, each with its number among those equal to it.
fn numbered(rows: Plan, context: &Context<'_>) -> Result<Plan> {
    let Some(function) = context.catalog.function(None, "row_number") else {
        let message = "INTERSECT ALL and EXCEPT ALL without row_number are not supported";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
    };
    let number = context.column("row_number", LogicalType::BigInt, false);
    let all = rows.output().into_iter().map(Expr::Column).collect();
    Ok(rows.numbered(function, number, all, Vec::new()))
}

fn joined(operation: SetOperation, kind: JoinKind) -> Plan {
    let rows = operation.inputs.into_iter().reduce(|left, right| {
        let keys = left.output().into_iter().zip(right.output());
        Plan::Join(Join {
            keys: keys.map(|(left, right)| equal_or_both_null(left, right)).collect(),
            left: Box::new(left),
            right: Box::new(right),
            kind: kind.clone(),
            residual: Vec::new(),
        })
    });
    let rows = rows.unwrap_or_else(Plan::nothing);
    let values = rows.output().into_iter().map(Expr::Column);
    let expressions = operation.columns.into_iter().zip(values).collect();
    Plan::Distinct(Distinct {
        input: Box::new(rows.projected(expressions)),
        on: Vec::new(),
    })
}

fn equal_or_both_null(left: ColumnDef, right: ColumnDef) -> JoinKey {
    JoinKey {
        left: Expr::Column(left),
        right: Expr::Column(right),
        null_matches: true,
    }
}
