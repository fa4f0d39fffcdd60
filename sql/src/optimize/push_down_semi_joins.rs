//! A semi join that leaves few rows goes below the inner joins that it stands above: `(a x b) SEMI c` -> `(a SEMI c) x b`, where its keys
//! are columns of `a` or equal to such.
//!
//! Sound because a semi join keeps or drops rows by their keys alone, and the inner joins keep those keys as they are. It pays where the
//! relation is not much larger than what the joins leave of it: otherwise these are the better filter.

use super::context::Context;
use super::estimate::Statistics;
use super::join_graph::{Equalities, flatten};
use crate::error::Result;
use crate::plan::{ColumnSet, Expr, Join, JoinKey, JoinKind, Plan};

/// The share of rows that it may leave.
const SHARE_MAX: f64 = 0.25;

/// Pushes semi joins down in the whole plan.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    if !plan.has_join(&is_above_inner_join) {
        return Ok(plan);
    }
    let mut statistics = Statistics::default();
    statistics.collect(&plan, context);
    Ok(plan.transform_up(&mut |node| match node {
        Plan::Join(join) if is_above_inner_join(&join) => pushed(join, &statistics, context),
        other => other,
    }))
}

fn is_above_inner_join(join: &Join) -> bool {
    join.kind == JoinKind::Semi
        && join.residual.is_empty()
        && !join.keys.is_empty()
        && matches!(&*join.left, Plan::Join(left) if left.kind == JoinKind::Inner)
}

fn pushed(join: Join, statistics: &Statistics, context: &Context<'_>) -> Plan {
    let left_rows = statistics.rows(&join.left, context);
    if statistics.semi_join_share(&join, context) > SHARE_MAX {
        return Plan::Join(join);
    }
    let output = join.left.output();
    let (mut relations, mut conditions) = (Vec::new(), Vec::new());
    flatten((*join.left).clone(), &mut relations, &mut conditions);
    let equalities = Equalities::new(&conditions);
    let candidates = relations.iter().enumerate().filter_map(|(place, relation)| {
        let keys = keys_of(&join.keys, &relation.output_ids(), &equalities)?;
        Some((statistics.rows(relation, context), place, keys))
    });
    let smallest = candidates.min_by(|left, right| left.0.total_cmp(&right.0));
    let Some((_, place, keys)) = smallest.filter(|(rows, _, _)| *rows <= left_rows * 2.0) else {
        return Plan::Join(join);
    };
    let mut semi = join;
    semi.left = Box::new(relations.remove(place));
    semi.keys = keys;
    // All conditions with the last join: they find their places when the join order is chosen.
    let Some(last) = relations.pop() else {
        return Plan::Join(semi).filtered(conditions);
    };
    let others = relations.into_iter().fold(Plan::Join(semi), |left, relation| {
        Plan::joined(left, relation, JoinKind::Inner, Vec::new())
    });
    Plan::joined(others, last, JoinKind::Inner, conditions).with_columns(&output)
}

/// The keys over a relation's own columns.
fn keys_of(keys: &[JoinKey], columns: &ColumnSet, equalities: &Equalities) -> Option<Vec<JoinKey>> {
    let of_relation = |key: &JoinKey| {
        if key.left.uses_only(columns) {
            return Some(key.clone());
        }
        let Expr::Column(column) = &key.left else { return None };
        let mut equal = equalities.equal_to(column.id).iter();
        let own = equal.find(|other| columns.contains(&other.id))?;
        Some(JoinKey {
            left: Expr::Column(own.clone()),
            ..key.clone()
        })
    };
    keys.iter().map(of_relation).collect()
}
