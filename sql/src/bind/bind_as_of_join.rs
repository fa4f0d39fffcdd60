//! ASOF JOIN, as DuckDB and ClickHouse write it (`t ASOF [LEFT] JOIN u ON t.k = u.k AND t.time >= u.time`, `USING (k, time)`) and as
//! Snowflake does (`t ASOF JOIN u MATCH_CONDITION (t.time >= u.time) ON t.k = u.k`, which keeps left rows without a match).

use super::bind_from::FromItem;
use super::bind_join::mark_nullable;
use super::collect::{Clause, Context};
use super::name::simple;
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::{AsOfJoin, CompareOp, Expr, JoinKey, JoinKind, Plan};
use crate::types::LogicalType;
use sqlparser::ast::{self, JoinConstraint, JoinOperator};

/// An ASOF JOIN as written.
pub(super) struct AsOfSyntax<'a> {
    pub(super) kind: JoinKind,
    pub(super) constraint: &'a JoinConstraint,
    match_condition: Option<&'a ast::Expr>,
}

/// What an ASOF JOIN asks of USING.
pub(super) struct AsOfUsing {
    /// The last column is the time: the right one at or before the left one.
    pub(super) last_is_time: bool,
    /// Conditions besides.
    pub(super) further: Vec<Expr>,
}

impl Binder<'_> {
    /// The join as an ASOF JOIN, if it is one. DuckDB's form comes with the mark GLOBAL, see `parse::extensions::as_of`.
    pub(super) fn as_of<'a>(&self, join: &'a ast::Join) -> Result<Option<AsOfSyntax<'a>>> {
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::AsOf {
                match_condition,
                constraint,
            } => {
                return Ok(Some(AsOfSyntax {
                    kind: JoinKind::Left,
                    constraint,
                    match_condition: Some(match_condition),
                }));
            }
            _ if !join.global => return Ok(None),
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => (JoinKind::Inner, constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => (JoinKind::Left, constraint),
            _ => return Err(not_supported("ASOF JOIN other than inner and LEFT").at(self.span(&join.relation))),
        };
        Ok(Some(AsOfSyntax {
            kind,
            constraint,
            match_condition: None,
        }))
    }

    /// `left ASOF JOIN right ..`
    pub(super) fn bind_as_of_join(
        &mut self,
        left: FromItem,
        right: FromItem,
        syntax: &AsOfSyntax<'_>,
        parent: Option<&Scope<'_>>,
    ) -> Result<FromItem> {
        let mut scope = left.scope.clone();
        scope.add(right.scope.clone())?;
        let full = Scope {
            parent,
            relations: scope.relations.clone(),
            visible: scope.visible.clone(),
        };
        let mut conditions = Vec::new();
        let written = match syntax.constraint {
            JoinConstraint::On(condition) => Some(condition),
            _ => None,
        };
        for condition in syntax.match_condition.into_iter().chain(written) {
            let mut context = Context::plain(&full, Clause::On);
            self.bind_condition(condition, &mut context)?.split_and(&mut conditions);
        }
        match syntax.constraint {
            JoinConstraint::On(_) | JoinConstraint::None => {
                let right_columns = right.plan.output_ids();
                let plan = as_of_plan(left.plan, right.plan, &syntax.kind, conditions)?;
                mark_nullable(&mut scope, |column| {
                    syntax.kind == JoinKind::Left && right_columns.contains(&column.id)
                });
                Ok(FromItem { plan, scope })
            }
            JoinConstraint::Using(names) => {
                let names = names.iter().map(simple).collect::<Result<Vec<_>>>()?;
                let using = AsOfUsing {
                    last_is_time: syntax.match_condition.is_none(),
                    further: conditions,
                };
                self.join_using(left, right, syntax.kind.clone(), &names, Some(using))
            }
            _ => Err(not_supported("NATURAL ASOF JOIN")),
        }
    }
}

/// The join of equalities and one comparison of times.
///
/// # Errors
/// Other conditions, no comparison, or several.
pub(super) fn as_of_plan(left: Plan, right: Plan, kind: &JoinKind, conditions: Vec<Expr>) -> Result<Plan> {
    let (left_columns, right_columns) = (left.output_ids(), right.output_ids());
    let mut keys = Vec::new();
    let mut time = None;
    for condition in conditions {
        let condition = match JoinKey::from_condition(condition, &left_columns, &right_columns) {
            Ok(key) if !key.null_matches => {
                keys.push(key);
                continue;
            }
            Ok(key) => key.into_condition(),
            Err(condition) => condition,
        };
        let Some(compared) = compared_times(condition, |left, right| {
            let over = |expression: &Expr, columns| {
                let used = expression.columns();
                !used.is_empty() && used.is_subset(columns)
            };
            over(left, &left_columns) && over(right, &right_columns)
        }) else {
            return Err(not_supported(
                "a condition of ASOF JOIN that is neither an equality of both sides nor a comparison of them",
            )
            .with_hint("Put conditions on one side into a subquery in FROM, conditions on the result into WHERE."));
        };
        if time.replace(compared).is_some() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "ASOF JOIN takes one comparison by <, <=, > or >=, not several",
            ));
        }
    }
    let Some((op, left_time, right_time)) = time else {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "ASOF JOIN needs a comparison by <, <=, > or >= of its two sides",
        )
        .with_hint("Write t ASOF JOIN u ON t.key = u.key AND t.time >= u.time."));
    };
    if left_time.data_type() == LogicalType::Jsonb {
        return Err(not_supported("ASOF JOIN by the order of jsonb"));
    }
    Ok(Plan::AsOfJoin(AsOfJoin {
        left: Box::new(left),
        right: Box::new(right),
        keeps_left: *kind == JoinKind::Left,
        keys,
        left_time,
        op,
        right_time,
    }))
}

/// A comparison by order, with the left side's expression on its left.
fn compared_times(condition: Expr, is_left_right: impl Fn(&Expr, &Expr) -> bool) -> Option<(CompareOp, Expr, Expr)> {
    if condition.has_subquery() {
        return None;
    }
    let Expr::Compare { op, left, right } = condition else {
        return None;
    };
    let turned = match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        _ => return None,
    };
    match () {
        () if is_left_right(&left, &right) => Some((op, *left, *right)),
        () if is_left_right(&right, &left) => Some((turned, *right, *left)),
        () => None,
    }
}
