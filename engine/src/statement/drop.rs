//! DROP TABLE, VIEW, MATERIALIZED VIEW, SCHEMA, SEQUENCE, INDEX

use super::create_index::without_index;
use super::definition::{dependent_views, free_name, no_schema, still_needed, with_definition};
use super::rejects::{refuse_without_owner, rejects_of};
use super::sequence::{default_with, drop_changes, owned_sequences};
use super::{Effect, Run, stored};
use crate::catalog::names::resolve_index;
use crate::catalog::persist::{Materialized, TableDefinition, name_object, schema_object};
use crate::catalog::relation::{Body, Relation};
use crate::catalog::state::BUILTIN_SCHEMAS;
use crate::connection::{Notice, StatementWrites};
use crate::error::{Error, Result, SqlState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stoa_sql::catalog::{TableId, TableName};
use stoa_sql::plan::{DropRelation, ObjectKind};
use stoa_storage::commit::Change;

/// See the module.
pub(super) fn execute(run: &Run<'_>, drop: &DropRelation) -> Result<Effect> {
    let mut doomed = Doomed::default();
    let mut notices = Vec::new();
    for name in &drop.names {
        match drop.kind {
            ObjectKind::Schema => doomed.add_schema(run, name, drop, &mut notices)?,
            ObjectKind::Index => doomed.add_index(run, name, drop, &mut notices)?,
            ObjectKind::Table | ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence => {
                doomed.add_relation(run, name, drop, &mut notices)?
            }
        }
    }
    doomed.add_dependents(run, drop, &mut notices)?;
    let (tag, cause) = match drop.kind {
        ObjectKind::Table => ("DROP TABLE", "drop table"),
        ObjectKind::View => ("DROP VIEW", "drop view"),
        ObjectKind::MaterializedView => ("DROP MATERIALIZED VIEW", "drop materialized view"),
        ObjectKind::Schema => ("DROP SCHEMA", "drop schema"),
        ObjectKind::Sequence => ("DROP SEQUENCE", "drop sequence"),
        ObjectKind::Index => ("DROP INDEX", "drop index"),
    };
    let mut effect = Effect::command(tag, StatementWrites::new(cause, doomed.into_changes(run)?));
    effect.notices = notices;
    Ok(effect)
}

/// What goes.
#[derive(Default)]
struct Doomed {
    relations: Vec<Arc<Relation>>,
    schemas: Vec<String>,
    /// Tables by number, with their definitions without the indexes that go.
    altered: BTreeMap<TableId, TableDefinition>,
}

/// A sequence that a default takes numbers from stays.
fn refuse_used(run: &Run<'_>, sequence: &Relation) -> Result<()> {
    let Some((table, column)) = default_with(run, sequence) else {
        return Ok(());
    };
    let name = sequence.name();
    let error = stoa_sql::Error::new(
        SqlState("2BP01"),
        format!("cannot drop sequence {name} because other objects depend on it"),
    );
    let detail = format!("default value for column {column} of table {table} depends on sequence {name}");
    let hint = format!("Drop the default first: ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT.");
    Err(Error::Sql(error.with_detail(detail).with_hint(hint)))
}

fn skipping(what: &str, name: &str) -> Notice {
    Notice::information(format!("{what} \"{name}\" does not exist, skipping"))
}

impl Doomed {
    fn has(&self, relation: &Relation) -> bool {
        self.relations.iter().any(|doomed| doomed.id() == relation.id())
    }

    fn add_relation(
        &mut self,
        run: &Run<'_>,
        name: &TableName,
        drop: &DropRelation,
        notices: &mut Vec<Notice>,
    ) -> Result<()> {
        let word = match drop.kind {
            ObjectKind::View => "view",
            ObjectKind::MaterializedView => "materialized view",
            ObjectKind::Sequence => "sequence",
            _ => "table",
        };
        let found = run.view.catalog.resolve(name, &run.view.statement.search_path);
        let Some(relation) = found else {
            if resolve_index(&run.view.catalog, name, &run.view.statement.search_path).is_some() {
                return Err(wrong_kind(&name.name, word, "index"));
            }
            if drop.if_exists {
                notices.push(skipping(word, &name.name));
                return Ok(());
            }
            return Err(Error::user(
                SqlState::UNDEFINED_TABLE,
                format!("{word} \"{name}\" does not exist"),
            ));
        };
        match (&relation.body, drop.kind) {
            (Body::System(_), _) => {
                return Err(Error::user(
                    SqlState::INSUFFICIENT_PRIVILEGE,
                    format!("permission denied: \"{}\" is a system catalog", relation.name()),
                ));
            }
            (Body::Sequence(_), ObjectKind::Sequence) => refuse_used(run, &relation)?,
            (Body::Table(_), ObjectKind::Table) => {}
            (Body::View(view), ObjectKind::View) if view.materialized.is_none() => {}
            (Body::View(view), ObjectKind::MaterializedView) if view.materialized.is_some() => {}
            _ => return Err(wrong_kind(relation.name(), word, relation.kind_word())),
        }
        if !self.has(&relation) {
            self.relations.push(relation);
        }
        Ok(())
    }

    fn add_index(
        &mut self,
        run: &Run<'_>,
        name: &TableName,
        drop: &DropRelation,
        notices: &mut Vec<Notice>,
    ) -> Result<()> {
        let (catalog, path) = (&run.view.catalog, &run.view.statement.search_path);
        let Some(index) = resolve_index(catalog, name, path) else {
            if let Some(relation) = catalog.resolve(name, path) {
                return Err(wrong_kind(relation.name(), "index", relation.kind_word()));
            }
            if drop.if_exists {
                notices.push(skipping("index", &name.name));
                return Ok(());
            }
            let message = format!("index \"{name}\" does not exist");
            return Err(Error::user(SqlState::UNDEFINED_OBJECT, message));
        };
        if index.is_of_constraint {
            return Err(required_by_constraint(index.name, index.table.name()));
        }
        let definition = match self.altered.get(&index.table.id()) {
            Some(altered) => altered,
            None => &stored(index.table)?.definition,
        };
        let altered = without_index(definition, index.oid);
        self.altered.insert(index.table.id(), altered);
        Ok(())
    }

    fn add_schema(
        &mut self,
        run: &Run<'_>,
        name: &TableName,
        drop: &DropRelation,
        notices: &mut Vec<Notice>,
    ) -> Result<()> {
        let schema = &name.name;
        if run.view.catalog.schema_oid(schema).is_none() {
            if drop.if_exists {
                notices.push(skipping("schema", schema));
                return Ok(());
            }
            return Err(no_schema(schema));
        }
        if BUILTIN_SCHEMAS.iter().any(|(builtin, _)| builtin == schema) {
            return Err(Error::user(
                SqlState("2BP01"),
                format!("cannot drop schema {schema} because it is required by the database system"),
            ));
        }
        let relations = run.view.catalog.user_relations();
        let inside: Vec<_> = relations
            .filter(|relation| relation.schema() == schema)
            .cloned()
            .collect();
        if let (false, Some(first)) = (drop.cascade, inside.first()) {
            let error = stoa_sql::Error::new(
                SqlState("2BP01"),
                format!("cannot drop schema {schema} because other objects depend on it"),
            );
            let detail = format!(
                "{} {schema}.{} depends on schema {schema}",
                first.kind_word(),
                first.name()
            );
            return Err(Error::Sql(
                error
                    .with_detail(detail)
                    .with_hint("Use DROP ... CASCADE to drop the dependent objects too."),
            ));
        }
        for relation in inside {
            if !self.has(&relation) {
                notices.push(cascades(&relation));
                self.relations.push(relation);
            }
        }
        if !self.schemas.contains(schema) {
            self.schemas.push(schema.clone());
        }
        Ok(())
    }

    /// Views that read what goes: they go too, or nothing does.
    fn add_dependents(&mut self, run: &Run<'_>, drop: &DropRelation, notices: &mut Vec<Notice>) -> Result<()> {
        let numbers: Vec<u32> = self.relations.iter().map(|relation| relation.id().0).collect();
        let mut dependents = dependent_views(&run.view.catalog, &numbers);
        dependents.retain(|view| !self.has(view));
        if let (false, Some(first)) = (drop.cascade || dependents.is_empty(), self.relations.first()) {
            let what = format!("{} {}", first.kind_word(), first.name());
            return Err(still_needed("drop", &what, &dependents));
        }
        for view in dependents {
            notices.push(cascades(&view));
            self.relations.push(view);
        }
        Ok(())
    }

    /// The tables that stay, without the indexes and rollups that go.
    fn altered_tables(&self, run: &Run<'_>) -> Result<Vec<Change>> {
        let materialized = self.relations.iter().filter_map(|relation| match &relation.body {
            Body::View(view) => view.materialized,
            _ => None,
        });
        let mut rollups: BTreeMap<TableId, Vec<u32>> = BTreeMap::new();
        for place in materialized {
            if let Materialized::WithTable { table, rollup } = place {
                rollups.entry(TableId(table)).or_default().push(rollup);
            }
        }
        let goes = |table: &TableId| self.relations.iter().any(|relation| relation.id() == *table);
        let tables: BTreeSet<TableId> = self.altered.keys().chain(rollups.keys()).copied().collect();
        let stay = tables.into_iter().filter(|table| !goes(table));
        let changes = stay.map(|table| {
            let relation = run.table(table)?;
            let known = stored(&relation)?;
            let definition = self.altered.get(&table).unwrap_or(&known.definition);
            let mut schema = (*with_definition(&known.schema, definition)).clone();
            if let Some(gone) = rollups.get(&table) {
                schema.rollups.retain(|rollup| !gone.contains(&rollup.id.0));
            }
            Ok(Change::AlterTable(Arc::new(schema)))
        });
        changes.collect()
    }

    /// The tables of rejects go with those whose rows they have, and only with them.
    fn add_rejects(&mut self, run: &Run<'_>) -> Result<()> {
        for relation in &self.relations {
            refuse_without_owner(run, relation, |owner| {
                self.relations.iter().any(|doomed| doomed.id() == owner)
            })?;
        }
        let rejects = self
            .relations
            .iter()
            .filter_map(|relation| rejects_of(&run.view, relation));
        let rejects: Vec<_> = rejects.filter(|rejects| !self.has(rejects)).collect();
        self.relations.extend(rejects);
        Ok(())
    }

    fn into_changes(mut self, run: &Run<'_>) -> Result<Vec<Change>> {
        self.add_rejects(run)?;
        let mut changes = self.altered_tables(run)?;
        let tables = self.relations.iter().filter(|relation| relation.stored().is_some());
        let mut sequences: Vec<_> = tables
            .flat_map(|table| owned_sequences(&run.view.catalog, table.id().0))
            .collect();
        sequences.retain(|sequence| !self.has(sequence));
        for sequence in &sequences {
            changes.extend(drop_changes(sequence));
        }
        for relation in &self.relations {
            if relation.sequence().is_some() {
                changes.extend(drop_changes(relation));
                continue;
            }
            if matches!(relation.body, Body::Table(_)) {
                changes.push(Change::DropTable(stored(relation)?.schema.id));
            }
            changes.push(free_name(relation.schema(), relation.name()));
        }
        for schema in self.schemas {
            changes.push(Change::PutObject(schema_object(&schema), None));
            // Nobody made anything in it meanwhile.
            changes.push(Change::Unchanged(name_object(&schema, "")));
        }
        Ok(changes)
    }
}

fn wrong_kind(name: &str, wanted: &str, found: &str) -> Error {
    let article = if wanted.starts_with('i') { "an" } else { "a" };
    let error = stoa_sql::Error::new(
        SqlState::WRONG_OBJECT_TYPE,
        format!("\"{name}\" is not {article} {wanted}"),
    );
    let article = if found.starts_with('i') { "an" } else { "a" };
    Error::Sql(error.with_hint(format!(
        "Use DROP {} to remove {article} {found}.",
        found.to_uppercase()
    )))
}

fn required_by_constraint(index: &str, table: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState("2BP01"),
        format!("cannot drop index {index} because constraint {index} on table {table} requires it"),
    );
    Error::Sql(error.with_hint(format!("You can drop constraint {index} on table {table} instead.")))
}

fn cascades(relation: &Relation) -> Notice {
    Notice::information(format!("drop cascades to {} {}", relation.kind_word(), relation.name()))
}
