//! JOIN: kinds, ON, USING, NATURAL, and which names the result has.

use super::bind_as_of_join::{AsOfUsing, as_of_plan};
use super::bind_from::{FromItem, joined};
use super::collect::{Clause, Context};
use super::name::simple;
use super::scope::{LeftOut, Scope, ScopeColumn};
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, CompareOp, Expr, JoinKind, Plan};
use sqlparser::ast::{self, JoinConstraint, JoinOperator};

impl Binder<'_> {
    /// `left JOIN right ..`
    pub(super) fn bind_join(
        &mut self,
        left: FromItem,
        right: FromItem,
        join: &ast::Join,
        before: Option<&Scope<'static>>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let as_of = self.as_of(join)?;
        let (kind, constraint) = match &as_of {
            Some(as_of) => (as_of.kind.clone(), as_of.constraint),
            None => kind(&join.join_operator)?,
        };
        let is_dependent = !right.plan.free_columns().is_disjoint(&left.plan.output_ids());
        if is_dependent && matches!(kind, JoinKind::Right | JoinKind::Full) {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                "the combining JOIN type must be INNER or LEFT for a LATERAL reference",
            )
            .at(self.span(&join.relation)));
        }
        if let Some(as_of) = as_of {
            if is_dependent {
                return Err(not_supported("ASOF JOIN with a LATERAL item").at(self.span(&join.relation)));
            }
            return self
                .bind_as_of_join(left, right, &as_of, parent)
                .map_err(|error| error.at(self.span(&join.relation)));
        }
        match constraint {
            JoinConstraint::None => self.join_on(left, right, kind, None, before, parent),
            JoinConstraint::On(condition) => self.join_on(left, right, kind, Some(condition), before, parent),
            JoinConstraint::Using(names) => {
                let names = names.iter().map(simple).collect::<Result<Vec<_>>>()?;
                self.join_using(left, right, kind, &names, None)
                    .map_err(|error| error.at(self.span(&join.relation)))
            }
            JoinConstraint::Natural => {
                let names = common_names(&left.scope, &right.scope);
                self.join_using(left, right, kind, &names, None)
                    .map_err(|error| error.at(self.span(&join.relation)))
            }
            JoinConstraint::UsingAlias(..) => Err(not_supported("JOIN .. USING (..) AS alias")),
        }
    }

    fn join_on(
        &mut self,
        left: FromItem,
        right: FromItem,
        kind: JoinKind,
        condition: Option<&ast::Expr>,
        before: Option<&Scope<'static>>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let mut scope = left.scope;
        scope.add(right.scope)?;
        let mut conditions = Vec::new();
        if let Some(condition) = condition {
            // Items before this one are out of reach of ON, but those of the queries around are not.
            let _ = before;
            let full = Scope {
                parent,
                relations: scope.relations.clone(),
                visible: scope.visible.clone(),
            };
            let mut context = Context::plain(&full, Clause::On);
            self.bind_condition(condition, &mut context)?.split_and(&mut conditions);
        }
        let left_columns = left.plan.output_ids();
        let right_columns = right.plan.output_ids();
        let plan = joined(left.plan, right.plan, kind.clone(), conditions);
        mark_nullable(&mut scope, |column| match kind {
            JoinKind::Left => right_columns.contains(&column.id),
            JoinKind::Right => left_columns.contains(&column.id),
            JoinKind::Full => true,
            _ => false,
        });
        Ok(FromItem { plan, scope })
    }

    /// USING and NATURAL: equal names are equated and shown once, before all others. In an ASOF JOIN the last one may be compared
    /// otherwise.
    pub(super) fn join_using(
        &mut self,
        left: FromItem,
        right: FromItem,
        kind: JoinKind,
        names: &[String],
        as_of: Option<AsOfUsing>,
    ) -> Result<FromItem> {
        let mut conditions = Vec::with_capacity(names.len());
        let mut pairs = Vec::with_capacity(names.len());
        for name in names {
            let of = |scope: &Scope<'_>, side: &str| -> Result<ColumnDef> {
                let column = scope.find_here(name)?.ok_or_else(|| {
                    Error::new(
                        SqlState::UNDEFINED_COLUMN,
                        format!("column \"{name}\" specified in USING clause does not exist in {side} table"),
                    )
                })?;
                Ok(column.column.clone())
            };
            let (left, right) = (of(&left.scope, "left")?, of(&right.scope, "right")?);
            let is_time = as_of.as_ref().is_some_and(|as_of| as_of.last_is_time) && pairs.len() + 1 == names.len();
            let op = if is_time {
                CompareOp::GreaterOrEqual
            } else {
                CompareOp::Equal
            };
            let condition = self.compare(
                op,
                Expr::Column(left.clone()),
                Expr::Column(right.clone()),
                [None, None],
            )?;
            conditions.push(condition);
            pairs.push((name.clone(), left, right));
        }
        let left_columns = left.plan.output_ids();
        let right_columns = right.plan.output_ids();
        let mut plan = match as_of {
            None => joined(left.plan, right.plan, kind.clone(), conditions),
            Some(as_of) => {
                conditions.extend(as_of.further);
                as_of_plan(left.plan, right.plan, &kind, conditions)?
            }
        };
        let mut merged = Vec::with_capacity(pairs.len());
        let mut computed = Vec::new();
        for (name, left, right) in &pairs {
            let column = match kind {
                JoinKind::Right => right.clone(),
                JoinKind::Full => {
                    let nullable = |column: &ColumnDef| {
                        Expr::Column(ColumnDef {
                            nullable: true,
                            ..column.clone()
                        })
                    };
                    let either = self.bind_coalesce(vec![nullable(left), nullable(right)])?;
                    let column = self.column_for(name.clone(), &either);
                    computed.push((column.clone(), either));
                    column
                }
                _ => left.clone(),
            };
            merged.push(ScopeColumn {
                name: name.clone(),
                column,
                hidden: false,
            });
        }
        if !computed.is_empty() {
            plan = with_computed(plan, computed);
        }
        let rest = |scope: &Scope<'_>| {
            let others = scope.visible.iter().filter(|column| !names.contains(&column.name));
            others.cloned().collect::<Vec<_>>()
        };
        let mut visible = merged;
        visible.extend(rest(&left.scope));
        visible.extend(rest(&right.scope));
        let mut scope = left.scope;
        scope.add(right.scope)?;
        scope.visible = visible;
        mark_nullable(&mut scope, |column| match kind {
            JoinKind::Left => right_columns.contains(&column.id),
            JoinKind::Right => left_columns.contains(&column.id),
            JoinKind::Full => left_columns.contains(&column.id) || right_columns.contains(&column.id),
            _ => false,
        });
        Ok(FromItem { plan, scope })
    }
}

/// The plan's columns and some computed from them.
pub(super) fn with_computed(plan: Plan, computed: Vec<(ColumnDef, Expr)>) -> Plan {
    let mut expressions: Vec<(ColumnDef, Expr)> = plan
        .output()
        .into_iter()
        .map(|column| (column.clone(), Expr::Column(column)))
        .collect();
    expressions.extend(computed);
    plan.projected(expressions)
}

pub(super) fn mark_nullable(scope: &mut Scope<'_>, is_nullable: impl Fn(&ColumnDef) -> bool) {
    for relation in &mut scope.relations {
        let is_left_out = relation.columns.iter().any(|column| is_nullable(&column.column));
        if is_left_out && matches!(relation.left_out, LeftOut::Never) {
            let mut columns = relation.columns.iter().map(|column| &column.column);
            let present = columns.find(|column| !column.nullable).cloned();
            relation.left_out = present.map_or(LeftOut::Unknown, |column| {
                LeftOut::WhereNull(ColumnDef {
                    nullable: true,
                    ..column
                })
            });
        }
    }
    let columns = scope
        .relations
        .iter_mut()
        .flat_map(|relation| relation.columns.iter_mut())
        .chain(scope.visible.iter_mut());
    for column in columns {
        if is_nullable(&column.column) {
            column.column.nullable = true;
        }
    }
}

fn common_names(left: &Scope<'_>, right: &Scope<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in left.visible.iter().filter(|column| !column.hidden) {
        let both = right
            .visible
            .iter()
            .any(|other| !other.hidden && other.name == column.name);
        if both && !names.contains(&column.name) {
            names.push(column.name.clone());
        }
    }
    names
}

fn kind(operator: &JoinOperator) -> Result<(JoinKind, &JoinConstraint)> {
    Ok(match operator {
        JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint) => {
            (JoinKind::Inner, constraint)
        }
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::Left, constraint),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (JoinKind::Right, constraint),
        JoinOperator::FullOuter(constraint) => (JoinKind::Full, constraint),
        _ => return Err(not_supported("this kind of join")),
    })
}
