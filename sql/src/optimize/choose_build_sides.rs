//! The hash table of a join that is not symmetric is built of its smaller side: `Semi`, `Anti` and `Left` joins whose left side is the
//! smaller one become `RightSemi`, `RightAnti` and `Right` joins with the sides exchanged. Inner joins have their sides from the join order.

use super::context::Context;
use super::estimate::Statistics;
use crate::error::Result;
use crate::plan::{Join, JoinKey, JoinKind, Plan};

/// How many times as many rows the right side must have: estimates are rough, and rows that wait in a table are dearer than answers that
/// are given at once.
const RATIO_MIN: f64 = 2.0;

/// Exchanges sides in the whole plan.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    if !plan.has_join(&|join| mirrored(&join.kind).is_some()) {
        return Ok(plan);
    }
    let mut statistics = Statistics::default();
    statistics.collect(&plan, context);
    Ok(plan.transform_up(&mut |node| match node {
        Plan::Join(join) => exchanged(join, &statistics, context),
        other => other,
    }))
}

/// The kind that says the same with the sides exchanged.
fn mirrored(kind: &JoinKind) -> Option<JoinKind> {
    match kind {
        JoinKind::Semi => Some(JoinKind::RightSemi),
        JoinKind::Anti => Some(JoinKind::RightAnti),
        JoinKind::Left => Some(JoinKind::Right),
        _ => None,
    }
}

fn exchanged(join: Join, statistics: &Statistics, context: &Context<'_>) -> Plan {
    let Some(kind) = mirrored(&join.kind).filter(|_| !join.keys.is_empty()) else {
        return Plan::Join(join);
    };
    if statistics.rows(&join.left, context) * RATIO_MIN > statistics.rows(&join.right, context) {
        return Plan::Join(join);
    }
    let output = join.kind.output(&join.left, &join.right);
    let keys = join.keys.into_iter().map(|key| JoinKey {
        left: key.right,
        right: key.left,
        null_matches: key.null_matches,
    });
    let exchanged = Join {
        left: join.right,
        right: join.left,
        kind,
        keys: keys.collect(),
        residual: join.residual,
    };
    Plan::Join(exchanged).with_columns(&output)
}
