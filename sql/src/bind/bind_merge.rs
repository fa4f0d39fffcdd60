//! MERGE: the source's rows beside the target's, and for each the first WHEN that it meets. What becomes of a row is a column of the
//! plan.

use super::bind_insert::{is_default, shown_columns};
use super::bind_valid_time::Versions;
use super::collect::{Clause, Context};
use super::name::{fold, simple};
use super::scope::{LeftOut, Scope, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{Identity, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{CaseBranch, ColumnDef, CompareOp, Expr, JoinKind, Merge, MergeKind, Plan};
use crate::types::LogicalType;
use sqlparser::ast::{self, MergeAction, MergeClauseKind, MergeInsertKind, MergeUpdateKind, TableFactor};

/// A WHEN.
struct When {
    kind: MergeKind,
    /// New values by the target's column.
    values: Vec<(usize, Expr)>,
}

impl Binder<'_> {
    /// `MERGE INTO target USING source ON condition WHEN ..`
    pub(super) fn bind_merge(&mut self, merge: &ast::Merge) -> Result<Merge> {
        if merge.output.is_some() {
            return Err(not_supported("MERGE .. OUTPUT"));
        }
        let TableFactor::Table {
            name: table,
            alias,
            args: None,
            version: None,
            ..
        } = &merge.table
        else {
            return Err(not_supported("changing anything but a table"));
        };
        let relation = self.stored_table(table)?;
        let (scan, existing) = self.scan_existing(&relation, Versions::FromNowOn)?;
        let target = ScopeRelation {
            left_out: LeftOut::Never,
            schema: alias.is_none().then(|| relation.schema.clone()),
            name: alias
                .as_ref()
                .map_or_else(|| relation.name.clone(), |alias| fold(&alias.name)),
            columns: existing.columns.clone(),
        };
        let source = ast::TableWithJoins {
            relation: merge.source.clone(),
            joins: Vec::new(),
        };
        let source = self.bind_from(std::slice::from_ref(&source), None)?;
        let mut both = Scope::of_relation(None, target);
        both.add(source.scope.clone())?;
        let mut context = Context::plain(&both, Clause::On);
        let mut predicates = Vec::new();
        self.bind_condition(&merge.on, &mut context)?.split_and(&mut predicates);
        let joined = Plan::joined(Plan::Scan(scan), source.plan, JoinKind::Right, predicates);

        let is_new = Expr::IsNull(Box::new(Expr::Column(existing.row_id.clone())));
        let mut branches = Vec::with_capacity(merge.clauses.len());
        let mut whens = Vec::with_capacity(merge.clauses.len());
        for (number, clause) in (1..).zip(&merge.clauses) {
            let (scope, of_kind) = match clause.clause_kind {
                MergeClauseKind::Matched => (&both, Expr::Not(Box::new(is_new.clone()))),
                MergeClauseKind::NotMatched | MergeClauseKind::NotMatchedByTarget => (&source.scope, is_new.clone()),
                MergeClauseKind::NotMatchedBySource => return Err(not_supported("WHEN NOT MATCHED BY SOURCE")),
            };
            let mut conditions = vec![of_kind];
            if let Some(predicate) = &clause.predicate {
                let mut context = Context::plain(scope, Clause::Where);
                conditions.push(self.bind_condition(predicate, &mut context)?);
            }
            branches.push(CaseBranch {
                condition: Expr::and(conditions),
                result: Expr::bigint(number),
            });
            whens.push(self.bind_when(clause, &relation, scope)?);
        }
        let source = self.merged(joined, &existing.row_id, branches, &whens, &relation, &existing.columns)?;
        Ok(Merge {
            table: relation.id,
            name: relation.name.clone(),
            kinds: whens.into_iter().map(|when| when.kind).collect(),
            source,
        })
    }

    fn bind_when(&mut self, clause: &ast::MergeClause, relation: &RelationInfo, scope: &Scope<'_>) -> Result<When> {
        let is_matched = clause.clause_kind == MergeClauseKind::Matched;
        let (kind, values) = match (&clause.action, is_matched) {
            (MergeAction::DoNothing { .. }, _) => (MergeKind::Nothing, Vec::new()),
            (MergeAction::Delete { .. }, true) => (MergeKind::Delete, Vec::new()),
            (MergeAction::Update(update), true) => {
                if update.update_predicate.is_some() || update.delete_predicate.is_some() {
                    return Err(not_supported("WHERE in an action of MERGE"));
                }
                let MergeUpdateKind::Set(assignments) = &update.kind else {
                    return Err(not_supported("UPDATE * in MERGE"));
                };
                (MergeKind::Update, self.bind_assignments(assignments, relation, scope)?)
            }
            (MergeAction::Insert(insert), false) => {
                (MergeKind::Insert, self.bind_merge_insert(insert, relation, scope)?)
            }
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "MERGE updates and deletes rows that are matched, and inserts those that are not",
                ));
            }
        };
        Ok(When { kind, values })
    }

    fn bind_merge_insert(
        &mut self,
        insert: &ast::MergeInsertExpr,
        relation: &RelationInfo,
        scope: &Scope<'_>,
    ) -> Result<Vec<(usize, Expr)>> {
        let MergeInsertKind::Values(values) = &insert.kind else {
            return Err(not_supported("this form of INSERT in MERGE"));
        };
        let ([row], None) = (values.rows.as_slice(), &insert.insert_predicate) else {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "INSERT in MERGE takes one row of values",
            ));
        };
        let targets: Vec<usize> = match insert.columns.is_empty() {
            true => shown_columns(relation).map(|(index, _)| index).collect(),
            false => {
                let columns = insert.columns.iter();
                let indexes = columns.map(|name| self.column_index(relation, &simple(name)?));
                indexes.collect::<Result<_>>()?
            }
        };
        if row.content.len() > targets.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "INSERT has more expressions than target columns",
            ));
        }
        if row.content.len() < insert.columns.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "INSERT has more target columns than expressions",
            ));
        }
        let mut given = Vec::with_capacity(relation.columns.len());
        for (index, info) in shown_columns(relation) {
            let value = targets.iter().position(|target| *target == index);
            let value = value
                .and_then(|place| row.content.get(place))
                .filter(|value| !is_default(value));
            let expression = match value {
                None => self.default_value(info)?,
                Some(_) if info.identity == Some(Identity::Always) => {
                    return Err(super::bind_insert::identity_given_error(info));
                }
                Some(value) => {
                    let mut context = Context::plain(scope, Clause::Values);
                    let bound = self.bind_expression(value, &mut context)?;
                    let span = self.span(value);
                    self.assign(bound, info, span)?
                }
            };
            given.push((index, expression));
        }
        Ok(given)
    }

    /// Row identity, number of the WHEN, and new values of rows for which there is one.
    fn merged(
        &mut self,
        joined: Plan,
        row_id: &ColumnDef,
        branches: Vec<CaseBranch>,
        whens: &[When],
        relation: &RelationInfo,
        existing: &[super::scope::ScopeColumn],
    ) -> Result<Plan> {
        let number = self.column("when", LogicalType::BigInt, true);
        let chosen = Expr::Case {
            branches,
            otherwise: None,
            data_type: LogicalType::BigInt,
        };
        let columns = joined.output();
        let mut kept: Vec<(ColumnDef, Expr)> = columns
            .into_iter()
            .map(|column| (column.clone(), Expr::Column(column)))
            .collect();
        kept.push((number.clone(), chosen));
        let has_when = Expr::Not(Box::new(Expr::IsNull(Box::new(Expr::Column(number.clone())))));
        let plan = joined.projected(kept).filtered(vec![has_when]);
        let mut expressions = vec![
            (row_id.clone(), Expr::Column(row_id.clone())),
            (number.clone(), Expr::Column(number.clone())),
        ];
        for (index, info) in shown_columns(relation) {
            let branches = (1..).zip(whens).filter_map(|(at, when)| {
                let (_, value) = when.values.iter().find(|(column, _)| *column == index)?;
                Some(CaseBranch {
                    condition: Expr::compare(CompareOp::Equal, Expr::Column(number.clone()), Expr::bigint(at)),
                    result: value.clone(),
                })
            });
            let old = existing.get(index).map(|column| Expr::Column(column.column.clone()));
            let branches: Vec<CaseBranch> = branches.collect();
            let value = match (branches.is_empty(), old) {
                (true, Some(old)) => old,
                (_, old) => Expr::Case {
                    branches,
                    otherwise: old.map(Box::new),
                    data_type: info.data_type.clone(),
                },
            };
            expressions.push((self.column_for(info.name.clone(), &value), value));
        }
        Ok(plan.projected(expressions))
    }
}
