//! Inner joins as a set of relations and a set of conditions, and what follows from the conditions.

use super::context::is_volatile;
use crate::plan::{ColumnDef, ColumnId, ColumnSet, CompareOp, Expr, Join, JoinKey, JoinKind, Plan};
use std::collections::HashMap;

/// The relations of a tree of inner joins, in order, and all its conditions; filters between the joins are conditions too.
pub(super) fn flatten(plan: Plan, relations: &mut Vec<Plan>, conditions: &mut Vec<Expr>) {
    match plan {
        Plan::Join(Join {
            left,
            right,
            kind: JoinKind::Inner,
            keys,
            residual,
        }) => {
            flatten(*left, relations, conditions);
            flatten(*right, relations, conditions);
            conditions.extend(keys.into_iter().map(JoinKey::into_condition));
            conditions.extend(residual);
        }
        Plan::Filter(filter) if matches!(&*filter.input, Plan::Join(join) if join.kind == JoinKind::Inner) => {
            conditions.extend(filter.predicates);
            flatten(*filter.input, relations, conditions);
        }
        other => relations.push(other),
    }
}

/// Columns that equalities make equal.
#[derive(Default)]
pub(super) struct Equalities {
    class_of: HashMap<ColumnId, usize>,
    classes: Vec<Vec<ColumnDef>>,
}

impl Equalities {
    /// Of the plain `column = column` conditions.
    pub(super) fn new(conditions: &[Expr]) -> Self {
        let mut equalities = Equalities::default();
        for condition in conditions {
            if let Expr::Compare {
                op: CompareOp::Equal,
                left,
                right,
            } = condition
                && let (Expr::Column(left), Expr::Column(right)) = (&**left, &**right)
                && left.data_type == right.data_type
            {
                equalities.unite(left, right);
            }
        }
        equalities
    }

    /// The class that a condition's columns are equal by.
    pub(super) fn class_of(&self, condition: &Expr) -> Option<usize> {
        match condition {
            Expr::Compare {
                op: CompareOp::Equal,
                left,
                right,
            } => match (&**left, &**right) {
                (Expr::Column(left), Expr::Column(right)) => {
                    let class = self.class_of.get(&left.id)?;
                    (self.class_of.get(&right.id) == Some(class)).then_some(*class)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn class(&mut self, column: &ColumnDef) -> usize {
        if let Some(class) = self.class_of.get(&column.id) {
            return *class;
        }
        let class = self.classes.len();
        self.class_of.insert(column.id, class);
        self.classes.push(vec![column.clone()]);
        class
    }

    fn unite(&mut self, left: &ColumnDef, right: &ColumnDef) {
        let (left, right) = (self.class(left), self.class(right));
        if left == right {
            return;
        }
        let Some(moved) = self.classes.get_mut(right).map(std::mem::take) else {
            return;
        };
        for column in &moved {
            self.class_of.insert(column.id, left);
        }
        if let Some(class) = self.classes.get_mut(left) {
            class.extend(moved);
        }
    }

    /// The columns equal to a column, itself among them.
    pub(super) fn equal_to(&self, column: ColumnId) -> &[ColumnDef] {
        self.class_of
            .get(&column)
            .and_then(|class| self.classes.get(*class))
            .map_or(&[], Vec::as_slice)
    }

    /// All classes of two or more.
    pub(super) fn classes(&self) -> impl Iterator<Item = &Vec<ColumnDef>> {
        self.classes.iter().filter(|class| class.len() > 1)
    }
}

/// Adds what `a = b` and a condition about `a` alone say about `b`.
pub(super) fn infer_filters(conditions: &mut Vec<Expr>) {
    let equalities = Equalities::new(conditions);
    let mut inferred = Vec::new();
    for condition in conditions.iter() {
        let is_comparison = matches!(condition, Expr::Compare { .. } | Expr::InList { .. } | Expr::Or(_));
        if !is_comparison || is_volatile(condition) || condition.has_subquery() {
            continue;
        }
        let columns = condition.columns();
        let mut columns = columns.iter();
        let (Some(column), None) = (columns.next(), columns.next()) else {
            continue;
        };
        for other in equalities.equal_to(*column) {
            if other.id == *column {
                continue;
            }
            let about_other = condition.clone().replace(&mut |part| match part {
                Expr::Column(here) if here.id == *column => Some(Expr::Column(other.clone())),
                _ => None,
            });
            if !conditions.contains(&about_other) && !inferred.contains(&about_other) {
                inferred.push(about_other);
            }
        }
    }
    conditions.extend(inferred);
}

/// For an OR whose branches all say something about the given columns alone: what they say, as one condition.
///
/// `(n1 = 'A' AND n2 = 'B') OR (n1 = 'B' AND n2 = 'A')` -> `n1 = 'A' OR n1 = 'B'`; it follows from the OR and does not
/// replace it.
pub(super) fn implied(condition: &Expr, columns: &ColumnSet) -> Option<Expr> {
    let Expr::Or(branches) = condition else {
        return None;
    };
    let mut parts = Vec::with_capacity(branches.len());
    for branch in branches {
        let mut conjuncts = Vec::new();
        branch.clone().split_and(&mut conjuncts);
        conjuncts.retain(|conjunct| {
            let used = conjunct.columns();
            !used.is_empty() && used.is_subset(columns) && !is_volatile(conjunct)
        });
        if conjuncts.is_empty() {
            return None;
        }
        parts.push(Expr::and(conjuncts));
    }
    Some(super::simplify_expressions::simplify(Expr::or(parts)))
}
