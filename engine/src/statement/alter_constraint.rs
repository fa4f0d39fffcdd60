//! ALTER TABLE .. ADD and DROP CONSTRAINT. A constraint is added only where all rows fulfil it.

use super::Run;
use super::alter_table::{Altered, contains_nulls};
use super::definition::{constraints, index_keys, new_oids};
use super::query::Planned;
use super::unique_key::check_unique;
use crate::catalog::compile::CompilerCatalog;
use crate::catalog::persist::{Constraint, Index, Rule, TableDefinition};
use crate::catalog::relation::Relation;
use crate::connection::Notice;
use crate::error::{Error, Result, SqlState};
use stoa_sql::plan::{ConstraintDefinition, Expr, Plan, Scan};
use stoa_storage::commit::Change;

impl Altered<'_> {
    /// ADD constraint
    pub(super) fn add_constraint(&mut self, defined: &ConstraintDefinition) -> Result<()> {
        let mut made = constraints(std::slice::from_ref(defined), new_oids(self.run, 1));
        let Some(mut constraint) = made.pop() else {
            return Ok(());
        };
        match &mut constraint.rule {
            Rule::Check(condition) => self.refuse_violations(&constraint.name, condition)?,
            Rule::Key { columns, is_primary } => {
                let places: Vec<usize> = columns.iter().map(|place| *place as usize).collect();
                let stored = &self.relation.info.columns;
                let names: Vec<String> = places
                    .iter()
                    .filter_map(|place| stored.get(*place))
                    .map(|column| column.name.clone())
                    .collect();
                if *is_primary {
                    self.require_present(&places, &names)?;
                }
                check_unique(self.run, self.relation, &places, &constraint.name)?;
                *columns = names
                    .iter()
                    .map(|name| self.column(name).map(|column| column.id.0))
                    .collect::<Result<_>>()?;
            }
        }
        self.changes.push(Change::NoRowsSince(self.schema.id));
        self.definition.constraints.push(constraint);
        index_keys(&mut self.schema, &self.definition)
    }

    /// The columns of a primary key are never NULL.
    fn require_present(&mut self, places: &[usize], names: &[String]) -> Result<()> {
        let is_primary = |known: &Constraint| matches!(known.rule, Rule::Key { is_primary: true, .. });
        if self.definition.constraints.iter().any(is_primary) {
            return Err(Error::user(
                SqlState::INVALID_TABLE_DEFINITION,
                format!(
                    "multiple primary keys for table \"{}\" are not allowed",
                    self.relation.name()
                ),
            ));
        }
        for (place, name) in places.iter().zip(names) {
            if self.has_nulls(*place)? {
                return Err(contains_nulls(name, self.relation.name()));
            }
            self.column(name)?.nullable = false;
        }
        Ok(())
    }

    fn refuse_violations(&self, name: &str, condition: &str) -> Result<()> {
        let catalog = CompilerCatalog::new(&self.run.view);
        let (columns, condition) = stoa_sql::compile_check(condition, &self.relation.info, &catalog)?;
        let scan = Plan::Scan(Scan {
            table: self.relation.id(),
            name: self.relation.name().to_owned(),
            columns: columns.into_iter().enumerate().collect(),
            filters: vec![Expr::Not(Box::new(condition))],
            as_of: None,
            changes: None,
            limit: Some(1),
            rows_only: true,
        });
        let violations = Planned::new(self.run, &scan, None)?.collect(self.run)?;
        match violations.iter().any(|batch| batch.row_count > 0) {
            true => Err(Error::user(
                SqlState::CHECK_VIOLATION,
                format!(
                    "check constraint \"{name}\" of relation \"{}\" is violated by some row",
                    self.relation.name()
                ),
            )),
            false => Ok(()),
        }
    }

    /// DROP CONSTRAINT
    pub(super) fn drop_constraint(&mut self, name: &str, if_exists: bool) -> Result<()> {
        let before = self.definition.constraints.len();
        self.definition.constraints.retain(|constraint| constraint.name != name);
        if self.definition.constraints.len() < before {
            return Ok(());
        }
        let message = format!(
            "constraint \"{name}\" of relation \"{}\" does not exist",
            self.relation.name()
        );
        if if_exists {
            self.notices.push(Notice::information(format!("{message}, skipping")));
            return Ok(());
        }
        Err(Error::user(SqlState::UNDEFINED_OBJECT, message))
    }

    /// Constraints and indexes on a column that goes, go with it.
    pub(super) fn drop_constraints_on(&mut self, name: &str, id: u32) -> Result<()> {
        let mut kept = Vec::with_capacity(self.definition.constraints.len());
        for constraint in std::mem::take(&mut self.definition.constraints) {
            let concerns = match &constraint.rule {
                Rule::Key { columns, .. } => columns.contains(&id),
                Rule::Check(condition) => self.reads(condition, name)?,
            };
            if !concerns {
                kept.push(constraint);
            }
        }
        self.definition.constraints = kept;
        let concerns = |index: &Index| index.column_ids().any(|column| column == id);
        self.definition.indexes.retain(|index| !concerns(index));
        Ok(())
    }

    /// A check is kept as text: what it reads must keep its name.
    pub(super) fn refuse_checks_on(&self, name: &str) -> Result<()> {
        for constraint in &self.definition.constraints {
            if let Rule::Check(condition) = &constraint.rule
                && self.reads(condition, name)?
            {
                let error = stoa_sql::Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    format!(
                        "renaming column \"{name}\" is not supported: check constraint \"{}\" reads it",
                        constraint.name
                    ),
                );
                return Err(Error::Sql(
                    error.with_hint("Drop the constraint, and add it again afterwards."),
                ));
            }
        }
        Ok(())
    }

    /// Whether a condition over the table's row reads a column.
    fn reads(&self, condition: &str, column: &str) -> Result<bool> {
        reads(self.run, self.relation, condition, column)
    }
}

/// Whether a condition over a table's row reads a column.
fn reads(run: &Run<'_>, relation: &Relation, condition: &str, column: &str) -> Result<bool> {
    let catalog = CompilerCatalog::new(&run.view);
    let (columns, condition) = stoa_sql::compile_check(condition, &relation.info, &catalog)?;
    let used = condition.columns();
    Ok(columns
        .iter()
        .any(|known| known.name == column && used.contains(&known.id)))
}

/// The constraint or unique index, as it is called, that is about a column: of a name, and an identity in storage.
pub(super) fn constraint_on(
    run: &Run<'_>,
    relation: &Relation,
    definition: &TableDefinition,
    (name, id): (&str, u32),
) -> Result<Option<String>> {
    for constraint in &definition.constraints {
        let concerns = match &constraint.rule {
            Rule::Key { columns, .. } => columns.contains(&id),
            Rule::Check(condition) => reads(run, relation, condition, name)?,
        };
        if concerns {
            return Ok(Some(format!("constraint \"{}\"", constraint.name)));
        }
    }
    let mut unique = definition.indexes.iter().filter(|index| index.is_unique);
    let index = unique.find(|index| index.column_ids().any(|column| column == id));
    Ok(index.map(|index| format!("index \"{}\"", index.name)))
}
