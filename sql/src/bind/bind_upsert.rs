//! INSERT .. ON CONFLICT: the new rows joined with those of the table that have the same key. What becomes of each is a column of the
//! plan: the identity of the row that it replaces, or NULL.

use super::bind_from::shown;
use super::bind_insert::shown_columns;
use super::bind_valid_time::Versions;
use super::collect::{Clause, Context};
use super::name::{fold, simple};
use super::scope::{LeftOut, Scope, ScopeColumn, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{KeyInfo, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{CaseBranch, ColumnDef, CompareOp, Expr, Join, JoinKey, JoinKind, Plan, ROW_ID_COLUMN, Scan};
use crate::types::LogicalType;
use sqlparser::ast::{self, ConflictTarget, OnConflictAction};

/// New rows, and what is to replace what.
pub(super) struct Upserted {
    /// Behind DO UPDATE the first column is the identity of the row that is replaced.
    pub(super) plan: Plan,
    /// The key of DO UPDATE.
    pub(super) key: Option<String>,
}

/// The rows of the table beside the new ones.
pub(super) struct Existing {
    pub(super) row_id: ColumnDef,
    pub(super) columns: Vec<ScopeColumn>,
}

impl Binder<'_> {
    /// `ON CONFLICT [target] DO {NOTHING | UPDATE SET ..}` of rows that have all of the table's columns, in its order.
    pub(super) fn bind_on_conflict(
        &mut self,
        conflict: &ast::OnConflict,
        relation: &RelationInfo,
        alias: &str,
        source: Plan,
    ) -> Result<Upserted> {
        let keys = self.conflict_keys(conflict.conflict_target.as_ref(), relation)?;
        match &conflict.action {
            OnConflictAction::DoNothing => {
                let columns = source.output();
                let mut plan = source;
                for key in keys {
                    plan = self.first_of_each_key(plan, &key, &columns)?;
                    let (joined, existing) = self.beside_existing(plan, &key, relation, &columns)?;
                    let is_new = Expr::IsNull(Box::new(Expr::Column(existing.row_id)));
                    plan = joined.filtered(vec![is_new]).with_columns(&columns);
                }
                Ok(Upserted { plan, key: None })
            }
            OnConflictAction::DoUpdate(update) => {
                let ([key], true) = (keys.as_slice(), conflict.conflict_target.is_some()) else {
                    return Err(Error::new(
                        SqlState::SYNTAX_ERROR,
                        "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                    )
                    .with_hint("For example, ON CONFLICT (column_name)."));
                };
                self.bind_do_update(update, key, relation, alias, source)
            }
        }
    }

    /// The keys that a target means; all without one.
    fn conflict_keys(&self, target: Option<&ConflictTarget>, relation: &RelationInfo) -> Result<Vec<KeyInfo>> {
        let keys = match &relation.versions {
            // Of a key's versions one at most is in force; a key with the time in it is no key of these.
            Some(versions) => vec![KeyInfo {
                name: format!("{}_key", relation.name),
                columns: versions.columns.clone(),
            }],
            None => relation.keys.clone(),
        };
        match target {
            None => Ok(keys),
            Some(ConflictTarget::OnConstraint(name)) => {
                let name = simple(name)?;
                let found = keys.iter().find(|key| key.name == name);
                found.cloned().map(|key| vec![key]).ok_or_else(|| {
                    Error::new(
                        SqlState::UNDEFINED_OBJECT,
                        format!("constraint \"{name}\" for table \"{}\" does not exist", relation.name),
                    )
                })
            }
            Some(ConflictTarget::Columns { predicate: Some(_), .. }) => {
                Err(not_supported("a condition in the target of ON CONFLICT"))
            }
            Some(ConflictTarget::Columns { columns, .. }) => {
                let mut wanted = Vec::with_capacity(columns.len());
                for column in columns {
                    let index = self
                        .column_index_of(relation, &fold(column))
                        .map_err(|error| error.at(self.span(column)))?;
                    wanted.push(index);
                }
                wanted.sort_unstable();
                let is_it = |key: &&KeyInfo| {
                    let mut columns = key.columns.clone();
                    columns.sort_unstable();
                    columns == wanted
                };
                let found = keys.iter().find(is_it);
                found.cloned().map(|key| vec![key]).ok_or_else(|| {
                    Error::new(
                        SqlState::INVALID_COLUMN_REFERENCE,
                        "there is no unique or exclusion constraint matching the ON CONFLICT specification",
                    )
                })
            }
        }
    }

    pub(super) fn column_index_of(&self, relation: &RelationInfo, name: &str) -> Result<usize> {
        let found = shown_columns(relation).find(|(_, column)| column.name == name);
        found
            .map(|(index, _)| index)
            .ok_or_else(|| Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")))
    }

    /// Of new rows with the same key the first; those with NULLs in it all.
    fn first_of_each_key(&mut self, source: Plan, key: &KeyInfo, columns: &[ColumnDef]) -> Result<Plan> {
        let function = self.catalog.function(None, "row_number");
        let function = function.ok_or_else(|| not_supported("ON CONFLICT without row_number"))?;
        let number = self.column("row_number", LogicalType::BigInt, false);
        let parts: Vec<Expr> = key_columns(key, columns)
            .map(|column| Expr::Column(column.clone()))
            .collect();
        let mut kept: Vec<Expr> = parts.iter().map(|part| Expr::IsNull(Box::new(part.clone()))).collect();
        kept.push(Expr::compare(
            CompareOp::Equal,
            Expr::Column(number.clone()),
            Expr::bigint(1),
        ));
        let numbered = source.numbered(function, number, parts, Vec::new());
        Ok(numbered.filtered(vec![Expr::or(kept)]))
    }

    /// Every new row beside the row of the table that has its key, if there is one.
    fn beside_existing(
        &mut self,
        source: Plan,
        key: &KeyInfo,
        relation: &RelationInfo,
        new: &[ColumnDef],
    ) -> Result<(Plan, Existing)> {
        let (scan, existing) = self.scan_existing(relation, Versions::InForce)?;
        let columns = &existing.columns;
        let keys = key
            .columns
            .iter()
            .zip(key_columns(key, new))
            .filter_map(|(place, new)| {
                Some(JoinKey {
                    left: Expr::Column(columns.get(*place)?.column.clone()),
                    right: Expr::Column(new.clone()),
                    null_matches: false,
                })
            });
        let plan = Plan::Join(Join {
            left: Box::new(Plan::Scan(scan)),
            kind: JoinKind::Right,
            keys: keys.collect(),
            residual: Vec::new(),
            right: Box::new(source),
        });
        Ok((plan, existing))
    }

    /// The table's rows with their identities, for the side of an outer join on which all may be NULL.
    pub(super) fn scan_existing(&mut self, relation: &RelationInfo, versions: Versions) -> Result<(Scan, Existing)> {
        let mut missing = relation.clone();
        missing.columns.iter_mut().for_each(|column| column.nullable = true);
        let (mut scan, columns) = self.scan(&missing, None);
        let row_id = self.column("row_id", LogicalType::BigInt, true);
        scan.columns.push((ROW_ID_COLUMN, row_id.clone()));
        scan.filters = self.changeable(relation, &columns, versions)?;
        Ok((scan, Existing { row_id, columns }))
    }

    fn bind_do_update(
        &mut self,
        update: &ast::DoUpdate,
        key: &KeyInfo,
        relation: &RelationInfo,
        alias: &str,
        source: Plan,
    ) -> Result<Upserted> {
        let new = source.output();
        let (joined, existing) = self.beside_existing(source, key, relation, &new)?;
        let mut scope = Scope::of_relation(
            None,
            ScopeRelation {
                left_out: LeftOut::Never,
                schema: (alias == relation.name).then(|| relation.schema.clone()),
                name: alias.to_owned(),
                columns: existing.columns.clone(),
            },
        );
        scope.add(Scope::of_relation(
            None,
            ScopeRelation {
                left_out: LeftOut::Never,
                schema: None,
                name: "excluded".to_owned(),
                columns: shown(&new),
            },
        ))?;
        let is_new = Expr::IsNull(Box::new(Expr::Column(existing.row_id.clone())));
        let mut plan = joined;
        if let Some(condition) = &update.selection {
            let mut context = Context::plain(&scope, Clause::Where);
            let condition = self.bind_condition(condition, &mut context)?;
            plan = plan.filtered(vec![Expr::or(vec![is_new.clone(), condition])]);
        }
        let assigned = self.bind_assignments(&update.assignments, relation, &scope)?;
        let mut expressions = vec![(existing.row_id.clone(), Expr::Column(existing.row_id.clone()))];
        for ((index, info), new) in shown_columns(relation).zip(&new) {
            let given = assigned.iter().find(|(assigned, _)| *assigned == index);
            let kept = existing
                .columns
                .get(index)
                .map(|column| Expr::Column(column.column.clone()));
            let replaced = given.map(|(_, value)| value.clone()).or(kept);
            let value = Expr::Case {
                branches: vec![CaseBranch {
                    condition: is_new.clone(),
                    result: Expr::Column(new.clone()),
                }],
                otherwise: replaced.map(Box::new),
                data_type: info.data_type.clone(),
            };
            expressions.push((self.column_for(info.name.clone(), &value), value));
        }
        Ok(Upserted {
            plan: plan.projected(expressions),
            key: Some(key.name.clone()),
        })
    }
}

/// The columns of a key among those of rows that have all of the table's.
fn key_columns<'c>(key: &'c KeyInfo, columns: &'c [ColumnDef]) -> impl Iterator<Item = &'c ColumnDef> {
    key.columns.iter().filter_map(|place| columns.get(*place))
}
