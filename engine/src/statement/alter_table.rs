//! ALTER TABLE: the actions one after the other on a copy of the definition; then one change.

use super::definition::{
    check_stored_type, dependent_views, free_name, index_keys, relation_exists, still_needed, take_name,
    with_definition,
};
use super::rejects::{has_event_time, make_rejects};
use super::seal::seal;
use super::sequence::{drop_changes, owned_sequences};
use super::unique_key::check_unique;
use super::{Effect, Run, constants, query::Planned, stored};
use crate::catalog::arrival::{add_column, named_columns};
use crate::catalog::compile::evaluate_constant;
use crate::catalog::options::{apply_options, event_time};
use crate::catalog::persist::{ColumnDefinition, Constraint, NameEntry, Rule, TableDefinition, ViewDefinition};
use crate::catalog::relation::{Body, Relation, deduplication_name};
use crate::catalog::temporary::is_temporary;
use crate::connection::{Notice, StatementWrites};
use crate::error::{Error, Result, SqlState};
use crate::types::stored_array::encode;
use crate::types::{Literal, array_of, stored_type};
use stoa_sql::plan::{
    AlterTable, AlterTableAction, ColumnDef, ColumnDefinition as NewColumn, ColumnId, Expr, Plan, Scan,
};
use stoa_storage::commit::Change;
use stoa_storage::schema::{ColumnSchema, TableSchema};

/// How `SEAL UP TO` comes here: as an option that is not kept as one.
const SEALED_UNTIL: &str = "sealed_until";

/// See the module.
pub(super) fn execute(run: &Run<'_>, alter: &AlterTable) -> Result<Effect> {
    if let Some(relation) = run.view.catalog.by_id(alter.table)
        && let Body::View(view) = &relation.body
    {
        return rename_view(run, &relation, view, &alter.actions);
    }
    let relation = run.table(alter.table)?;
    let table = stored(&relation)?;
    let mut altered = Altered {
        run,
        relation: &relation,
        schema: (*table.schema).clone(),
        definition: table.definition.clone(),
        notices: Vec::new(),
        changes: Vec::new(),
    };
    for action in &alter.actions {
        altered.apply(action)?;
    }
    let schema = with_definition(&altered.schema, &altered.definition);
    let mut changes = vec![Change::AlterTable(schema)];
    changes.append(&mut altered.changes);
    let mut effect = Effect::command("ALTER TABLE", StatementWrites::new("alter table", changes));
    effect.notices = altered.notices;
    Ok(effect)
}

/// RENAME TO of a view: the only thing that ALTER does to one.
fn rename_view(
    run: &Run<'_>,
    relation: &Relation,
    view: &ViewDefinition,
    actions: &[AlterTableAction],
) -> Result<Effect> {
    let [AlterTableAction::RenameTable { to }] = actions else {
        return Err(Error::Internal("a view is altered".into()));
    };
    if run.view.catalog.is_taken(relation.schema(), to) {
        return Err(relation_exists(to));
    }
    refuse_named_by(run, view.oid, || format!("view {}", relation.name()))?;
    let mut changes = vec![free_name(relation.schema(), relation.name())];
    changes.extend(take_name(relation.schema(), to, &NameEntry::View(view.clone())));
    Ok(Effect::command(
        "ALTER TABLE",
        StatementWrites::new("rename view", changes),
    ))
}

/// Views of a database of former times find what they read by its name, which must stay.
fn refuse_named_by(run: &Run<'_>, oid: u32, what: impl Fn() -> String) -> Result<()> {
    let mut dependents = dependent_views(&run.view.catalog, &[oid]);
    dependents.retain(|relation| match &relation.body {
        Body::View(view) => view.references.is_none(),
        _ => false,
    });
    match dependents.is_empty() {
        true => Ok(()),
        false => Err(still_needed("rename", &what(), &dependents)),
    }
}

/// The table on its way.
pub(super) struct Altered<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) relation: &'a Relation,
    pub(super) schema: TableSchema,
    pub(super) definition: TableDefinition,
    pub(super) notices: Vec<Notice>,
    pub(super) changes: Vec<Change>,
}

impl Altered<'_> {
    fn apply(&mut self, action: &AlterTableAction) -> Result<()> {
        match action {
            AlterTableAction::AddColumn {
                column,
                default,
                if_not_exists,
            } => self.add_column(column, default.as_ref(), *if_not_exists),
            AlterTableAction::DropColumn { name, if_exists } => self.drop_column(name, *if_exists),
            AlterTableAction::RenameColumn { from, to } => self.rename_column(from, to),
            AlterTableAction::RenameTable { to } => self.rename_table(to),
            AlterTableAction::SetDefault { column, default } => {
                let id = self.column(column)?.id.0;
                if let Some(definition) = self.definition.columns.iter_mut().find(|column| column.id == id) {
                    definition.default.clone_from(default);
                }
                Ok(())
            }
            AlterTableAction::SetNullable { column, nullable } => self.set_nullable(column, *nullable),
            AlterTableAction::AddConstraint(constraint) => self.add_constraint(constraint),
            AlterTableAction::DropConstraint { name, if_exists } => self.drop_constraint(name, *if_exists),
            AlterTableAction::SetOptions(options) => self.set_options(options),
            AlterTableAction::SetType { .. } => Err(Error::Internal("a type changes without rows".into())),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        named_columns(&self.schema)
            .iter()
            .position(|column| column.name == name)
    }

    pub(super) fn column(&mut self, name: &str) -> Result<&mut ColumnSchema> {
        let missing = Error::user(
            SqlState::UNDEFINED_COLUMN,
            format!(
                "column \"{name}\" of relation \"{}\" does not exist",
                self.relation.name()
            ),
        );
        let place = self.place(name);
        place
            .and_then(|place| self.schema.columns.get_mut(place))
            .ok_or(missing)
    }

    /// Rows that are there get the default's value of now.
    fn add_column(&mut self, column: &NewColumn, default: Option<&Expr>, if_not_exists: bool) -> Result<()> {
        if self.place(&column.name).is_some() {
            let message = format!(
                "column \"{}\" of relation \"{}\" already exists",
                column.name,
                self.relation.name()
            );
            if if_not_exists {
                self.notices.push(Notice::information(format!("{message}, skipping")));
                return Ok(());
            }
            return Err(Error::user(SqlState::DUPLICATE_COLUMN, message));
        }
        check_stored_type(&column.name, &column.data_type)?;
        let value = match default {
            None => Literal::Null,
            Some(default) => {
                let closed = constants::close_expression(default.clone(), &[], &self.run.view)?;
                evaluate_constant(&closed, &self.run.view)?
            }
        };
        if value == Literal::Null && !column.nullable && self.has_rows() {
            return Err(contains_nulls(&column.name, self.relation.name()));
        }
        let missing_value = match value {
            Literal::Null => None,
            value => Some(encode(&array_of(&value, &column.data_type)?)?),
        };
        let id = self.schema.next_column_id;
        self.schema.next_column_id = id + 1;
        let added = ColumnSchema {
            id: stoa_storage::schema::ColumnId(id),
            name: column.name.clone(),
            data_type: stored_type(&column.data_type),
            nullable: column.nullable,
            missing_value,
        };
        add_column(&mut self.schema, added);
        self.definition.columns.push(ColumnDefinition {
            id,
            data_type: column.data_type.clone(),
            default: column.default.clone(),
            identity: column.identity,
            comment: None,
        });
        Ok(())
    }

    /// Whether the option `bloom_filter` names a column; keys name others.
    fn is_filtered(&self, name: &str) -> bool {
        let mut options = self.definition.options.iter();
        let value = options.find(|(option, _)| option == "bloom_filter");
        value.is_some_and(|(_, columns)| columns.split(',').any(|column| column.trim() == name))
    }

    pub(super) fn has_rows(&self) -> bool {
        let table = self.run.view.snapshot.table(self.schema.id);
        table.is_some_and(|table| table.row_count() > 0)
    }

    fn drop_column(&mut self, name: &str, if_exists: bool) -> Result<()> {
        let Some(place) = self.place(name) else {
            if if_exists {
                let message = format!(
                    "column \"{name}\" of relation \"{}\" does not exist, skipping",
                    self.relation.name()
                );
                self.notices.push(Notice::information(message));
                return Ok(());
            }
            return self.column(name).map(|_| ());
        };
        let id = self.column(name)?.id;
        let is_key = self.schema.sort_key.contains(&id)
            || self.is_filtered(name)
            || event_time(&self.schema, &self.definition.options)?.is_some_and(|times| times.column == id)
            || self.schema.keys.iter().any(|key| key.columns.contains(&id))
            || self.is_of_versions(name)?
            || self.schema.partition_by.is_some_and(|by| by.column == id);
        if is_key {
            let error = stoa_sql::Error::new(
                SqlState("2BP01"),
                format!(
                    "cannot drop column {name} of table {} because an option of the table names it",
                    self.relation.name()
                ),
            );
            return Err(Error::Sql(
                error.with_hint("Change the option first: ALTER TABLE .. SET (..)."),
            ));
        }
        self.drop_constraints_on(name, id.0)?;
        self.schema.bloom_columns.retain(|column| *column != id);
        self.refuse_dependents(&format!("column {name} of table {}", self.relation.name()))?;
        self.schema.columns.remove(place);
        for sequence in owned_sequences(&self.run.view.catalog, self.relation.id().0) {
            let owner = sequence.sequence().and_then(|sequence| sequence.owner);
            if owner.is_some_and(|owner| owner.column == id.0) {
                self.changes.extend(drop_changes(&sequence));
            }
        }
        Ok(())
    }

    /// What a column is read for is not known by column: any view that reads the table keeps all of them.
    fn refuse_dependents(&self, what: &str) -> Result<()> {
        let dependents = dependent_views(&self.run.view.catalog, &[self.relation.id().0]);
        match dependents.is_empty() {
            true => Ok(()),
            false => Err(still_needed("drop", what, &dependents)),
        }
    }

    fn rename_column(&mut self, from: &str, to: &str) -> Result<()> {
        self.refuse_checks_on(from)?;
        self.refuse_period(from, "be renamed")?;
        if self.place(to).is_some() {
            return Err(Error::user(
                SqlState::DUPLICATE_COLUMN,
                format!(
                    "column \"{to}\" of relation \"{}\" already exists",
                    self.relation.name()
                ),
            ));
        }
        let what = || format!("column {from} of table {}", self.relation.name());
        refuse_named_by(self.run, self.relation.id().0, what)?;
        self.column(from)?.name = to.to_owned();
        self.definition.options = renamed_in_options(&self.definition.options, from, to);
        Ok(())
    }

    fn rename_table(&mut self, to: &str) -> Result<()> {
        let schema = self.definition.schema.clone();
        if self.run.view.catalog.is_taken(&schema, to) {
            return Err(relation_exists(to));
        }
        refuse_named_by(self.run, self.relation.id().0, || {
            format!("table {}", self.relation.name())
        })?;
        self.changes.push(free_name(&schema, &self.definition.name));
        let entry = NameEntry::Table(self.schema.id.0);
        self.changes.extend(take_name(&schema, to, &entry));
        self.definition.name = to.to_owned();
        Ok(())
    }

    pub(super) fn set_nullable(&mut self, name: &str, nullable: bool) -> Result<()> {
        self.refuse_nullability(name, nullable)?;
        let id = self.column(name)?.id;
        let is_primary = |constraint: &Constraint| match &constraint.rule {
            Rule::Key { columns, is_primary } => *is_primary && columns.contains(&id.0),
            Rule::Check(_) => false,
        };
        if nullable && self.definition.constraints.iter().any(is_primary) {
            return Err(Error::user(
                SqlState::INVALID_TABLE_DEFINITION,
                format!("column \"{name}\" is in a primary key"),
            ));
        }
        let place = self.relation.stored().and_then(|table| {
            let columns = &table.schema.columns;
            columns.iter().position(|column| column.id == id)
        });
        if let (false, Some(place)) = (nullable, place)
            && self.has_nulls(place)?
        {
            return Err(contains_nulls(name, self.relation.name()));
        }
        if !nullable {
            self.changes.push(Change::NoRowsSince(self.schema.id));
        }
        self.column(name)?.nullable = nullable;
        Ok(())
    }

    /// Looks for a row whose column is NULL.
    pub(super) fn has_nulls(&self, place: usize) -> Result<bool> {
        let Some(info) = self.relation.info.columns.get(place) else {
            return Ok(false);
        };
        let column = ColumnDef {
            id: ColumnId(1),
            name: info.name.clone(),
            data_type: info.data_type.clone(),
            nullable: true,
        };
        let scan = Plan::Scan(Scan {
            table: self.relation.id(),
            name: self.relation.name().to_owned(),
            columns: vec![(place, column.clone())],
            filters: vec![Expr::IsNull(Box::new(Expr::Column(column)))],
            as_of: None,
            changes: None,
            limit: Some(1),
            rows_only: true,
        });
        let batches = Planned::new(self.run, &scan, None)?.collect(self.run)?;
        Ok(batches.iter().any(|batch| batch.row_count > 0))
    }

    /// A key by which rows are deduplicated from now on must not be there twice yet.
    fn check_deduplicated(&mut self) -> Result<()> {
        let before = self.relation.stored().map(|table| table.schema.keys.as_slice());
        for key in &self.schema.keys {
            if !before.unwrap_or_default().contains(key) {
                let places = key.columns.iter().filter_map(|id| {
                    let mut columns = self.schema.columns.iter();
                    columns.position(|column| column.id == *id)
                });
                let name = deduplication_name(self.relation.name());
                check_unique(self.run, self.relation, &places.collect::<Vec<_>>(), &name)?;
                self.changes.push(Change::NoRowsSince(self.schema.id));
            }
        }
        Ok(())
    }

    /// A table whose events have times from now on gets a table for its rejects; one whose events have none any more leaves its own to
    /// itself.
    fn put_rows_aside(&mut self) -> Result<()> {
        match (has_event_time(&self.definition.options), self.definition.rejects) {
            (true, None) => {
                let (rejects, changes) = make_rejects(self.run, &self.definition.schema, &self.definition.name)?;
                self.definition.rejects = Some(rejects);
                self.changes.extend(changes);
            }
            (false, Some(_)) => self.definition.rejects = None,
            _ => {}
        }
        Ok(())
    }

    /// Options that are named are replaced; an empty value takes one out.
    fn set_options(&mut self, options: &[(String, String)]) -> Result<()> {
        for (name, value) in options {
            if name == SEALED_UNTIL {
                self.changes
                    .extend(seal(self.run, &self.schema, &mut self.definition, value)?);
                continue;
            }
            self.definition.options.retain(|(former, _)| former != name);
            self.definition.options.push((name.clone(), value.clone()));
        }
        let is_temporary = is_temporary(&self.definition.schema);
        let new_id = || self.run.view.shared.store.next_table_id();
        apply_options(&mut self.schema, &self.definition.options, is_temporary, &new_id)?;
        index_keys(&mut self.schema, &self.definition)?;
        self.check_deduplicated()?;
        self.begin_versions()?;
        self.put_rows_aside()?;
        if !self.definition.seals.is_empty() && !has_event_time(&self.definition.options) {
            let message = format!(
                "\"{}\" is sealed, and its events must have a time",
                self.relation.name()
            );
            return Err(Error::user(SqlState("55000"), message));
        }
        self.definition.options.retain(|(_, value)| !value.trim().is_empty());
        let before = self.relation.stored().and_then(|table| table.schema.partition_by);
        if self.schema.partition_by != before && self.has_rows() {
            let error = stoa_sql::Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a table with rows cannot be partitioned anew",
            );
            return Err(Error::Sql(error.with_hint(
                "Make a new table with the option and copy the rows: INSERT INTO .. SELECT.",
            )));
        }
        Ok(())
    }
}

pub(super) fn contains_nulls(column: &str, relation: &str) -> Error {
    Error::user(
        SqlState::NOT_NULL_VIOLATION,
        format!("column \"{column}\" of relation \"{relation}\" contains null values"),
    )
}

/// Whether an option's value is a list of columns.
fn names_columns(option: &str) -> bool {
    ["order_by", "bloom_filter", "deduplicate_by", "event_time", "key"].contains(&option)
}

/// Options name columns by their names.
fn renamed_in_options(options: &[(String, String)], from: &str, to: &str) -> Vec<(String, String)> {
    use crate::catalog::names::quote_name;
    let rename = |word: &str| {
        let trimmed = word.trim();
        let is_it = trimmed == quote_name(from) || trimmed.eq_ignore_ascii_case(from);
        if is_it {
            word.replace(trimmed, &quote_name(to))
        } else {
            word.to_owned()
        }
    };
    options
        .iter()
        .map(|(name, value)| {
            let value = match value.split_once('(') {
                Some((unit, column)) => {
                    format!("{unit}({})", rename(column.strip_suffix(')').unwrap_or(column)))
                }
                None if !names_columns(name) => value.clone(),
                None => value.split(',').map(rename).collect::<Vec<_>>().join(","),
            };
            (name.clone(), value)
        })
        .collect()
}
