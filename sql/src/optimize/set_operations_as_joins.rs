//! `a INTERSECT b` -> the distinct rows of `a` that have an equal row in `b`; `a EXCEPT b` -> those that have none.
//!
//! Sound because a set operation without ALL gives each row once and takes NULLs as equal, as these joins do. Joins are what
//! knows to leave out early what cannot match, and to go to disk. With ALL, counts matter, and the operation stays.

use super::context::Context;
use crate::error::Result;
use crate::plan::{ColumnDef, Distinct, Expr, Join, JoinKey, JoinKind, Plan, SetOperation, SetOperationKind};

/// Rewrites every INTERSECT and EXCEPT without ALL.
pub(super) fn run(plan: Plan, _context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |node| match node {
        Plan::SetOperation(operation) if !operation.all => match operation.kind {
            SetOperationKind::Intersect => joined(operation, JoinKind::Semi),
            SetOperationKind::Except => joined(operation, JoinKind::Anti),
            SetOperationKind::Union => Plan::SetOperation(operation),
        },
        other => other,
    }))
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
