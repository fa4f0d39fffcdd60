//! All definitions of one version, by name and by number. Built once per version of the definitions, not per commit.

use super::persist::{NEXT_OID_OBJECT, NameEntry, ObjectKey, read_key, read_name, read_oid};
use super::relation::{FIRST_OBJECT_OID, Relation, sequence_relation, table_relation, view_relation};
use super::system;
use super::temporary::{self, is_temporary};
use crate::error::Result;
use crate::rollup::{NamedRollup, Rollup};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use stoa_sql::catalog::{TableId, TableName};
use stoa_storage::store::Snapshot;

/// The schema of Postgres's own catalog; looked through first.
pub(crate) const PG_CATALOG: &str = "pg_catalog";
/// The schema of SQL's own catalog.
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";
/// The schema of Stoa's own tables.
pub(crate) const STOA: &str = "stoa";
/// The schema where users' tables go, unless told otherwise.
pub(crate) const PUBLIC: &str = "public";

/// Schemas that are always there, with their numbers.
pub(crate) const BUILTIN_SCHEMAS: [(&str, u32); 4] = [
    (PG_CATALOG, 11),
    (PUBLIC, 2_200),
    (INFORMATION_SCHEMA, 13_000),
    (STOA, 12_999),
];

/// Definitions at one version.
#[derive(Debug)]
pub(crate) struct CatalogState {
    schemas: BTreeMap<String, u32>,
    /// Users' relations by schema and name.
    names: BTreeMap<(String, String), Arc<Relation>>,
    by_id: HashMap<TableId, Arc<Relation>>,
    next_oid: u32,
    /// The rollups of tables that were asked for.
    rollups: Mutex<HashMap<TableId, Arc<[NamedRollup]>>>,
}

impl CatalogState {
    /// What a snapshot defines.
    ///
    /// # Errors
    /// A definition that does not read back.
    pub(crate) fn read(snapshot: &dyn Snapshot) -> Result<Self> {
        let mut state = CatalogState {
            schemas: BUILTIN_SCHEMAS.map(|(name, oid)| (name.to_owned(), oid)).into(),
            names: BTreeMap::new(),
            by_id: HashMap::new(),
            next_oid: FIRST_OBJECT_OID,
            rollups: Mutex::default(),
        };
        for schema in snapshot.tables() {
            state.add(table_relation(&schema)?);
        }
        for (key, bytes) in snapshot.objects() {
            if key == NEXT_OID_OBJECT {
                state.next_oid = read_oid("the next number", &bytes)?;
                continue;
            }
            match read_key(&key) {
                ObjectKey::Schema(name) => {
                    let oid = read_oid(&format!("schema \"{name}\""), &bytes)?;
                    state.schemas.insert(name.to_owned(), oid);
                }
                ObjectKey::Name(schema, name) => {
                    let entry = read_name(&format!("relation \"{name}\""), &bytes)?;
                    match entry {
                        NameEntry::View(view) => state.add(view_relation(schema, name, view)),
                        NameEntry::Sequence(sequence) => state.add(sequence_relation(schema, name, sequence)),
                        NameEntry::Table(_) => {}
                    }
                }
                ObjectKey::Other => {}
            }
        }
        state.next_oid = state.next_oid.max(state.largest_oid().saturating_add(1));
        Ok(state)
    }

    fn largest_oid(&self) -> u32 {
        let tables = self.names.values().filter_map(|relation| relation.stored());
        let of_tables = tables.flat_map(|table| {
            let constraints = table.definition.constraints.iter().map(|constraint| constraint.oid);
            constraints.chain(table.definition.indexes.iter().map(|index| index.oid))
        });
        let relations = self.names.values().map(|relation| relation.id().0);
        let numbers = relations.filter(|oid| *oid >= FIRST_OBJECT_OID);
        let numbers = numbers.chain(of_tables);
        numbers.chain(self.schemas.values().copied()).max().unwrap_or(0)
    }

    fn add(&mut self, relation: Relation) {
        let relation = Arc::new(relation);
        let key = (relation.schema().to_owned(), relation.name().to_owned());
        self.by_id.insert(relation.id(), relation.clone());
        self.names.insert(key, relation);
    }

    /// The relation of a schema and name.
    pub(crate) fn find(&self, schema: &str, name: &str) -> Option<Arc<Relation>> {
        if let Some(relation) = system::find(schema, name) {
            return Some(relation);
        }
        self.names.get(&(schema.to_owned(), name.to_owned())).cloned()
    }

    /// Whether a relation or an index has the name: they share one name space.
    pub(crate) fn is_taken(&self, schema: &str, name: &str) -> bool {
        self.find(schema, name).is_some() || system::pg_index::index_named(self, schema, name).is_some()
    }

    /// The relation of a name along a path of schemas, `pg_catalog` before all that do not place it themselves.
    pub(crate) fn resolve(&self, name: &TableName, path: &[String]) -> Option<Arc<Relation>> {
        if let Some(schema) = &name.schema {
            let own = path.first().filter(|_| schema == temporary::ALIAS);
            return self.find(own.unwrap_or(schema), &name.name);
        }
        self.lookup_path(path).find_map(|schema| self.find(schema, &name.name))
    }

    /// The schemas that unqualified names are looked up in, in order: the session's temporary one first.
    pub(crate) fn lookup_path<'p>(&self, path: &'p [String]) -> impl Iterator<Item = &'p str> {
        let names_catalog = path.iter().any(|schema| schema == PG_CATALOG);
        let (own, path) = path.split_at(path.iter().take_while(|schema| is_temporary(schema)).count());
        let own = own.iter().map(String::as_str);
        let path = path.iter().map(String::as_str);
        own.chain((!names_catalog).then_some(PG_CATALOG)).chain(path)
    }

    /// The relation of a number.
    pub(crate) fn by_id(&self, id: TableId) -> Option<Arc<Relation>> {
        self.by_id.get(&id).cloned().or_else(|| system::by_id(id))
    }

    /// Users' relations, by schema and name.
    pub(crate) fn user_relations(&self) -> impl Iterator<Item = &Arc<Relation>> {
        self.names.values()
    }

    /// The rollups of a table, made ready. One whose definition does not read back is left out: its partials are not needed for any answer.
    pub(crate) fn rollups(&self, table: TableId) -> Arc<[NamedRollup]> {
        let Some(stored) = self.by_id.get(&table).and_then(|relation| relation.stored()) else {
            return Arc::from([]);
        };
        if stored.schema.rollups.is_empty() {
            return Arc::from([]);
        }
        let ready = || {
            let rollups = stored.schema.rollups.iter();
            let rollups = rollups.filter_map(|rollup| Rollup::of(&stored.schema, rollup).ok());
            let named = rollups.filter_map(|rollup| {
                let view = self.by_id.get(&TableId(rollup.view))?;
                Some(NamedRollup {
                    name: view.name().to_owned(),
                    rollup: Arc::new(rollup),
                })
            });
            named.collect()
        };
        self.rollups.lock().entry(table).or_insert_with(ready).clone()
    }

    /// The sequence that belongs to a column of a table.
    pub(crate) fn sequence_of(&self, table: TableId, column: &str) -> Option<&Arc<Relation>> {
        let stored = self.by_id.get(&table)?.stored()?;
        let id = stored.schema.columns.iter().find(|known| known.name == column)?.id.0;
        self.user_relations().find(|relation| {
            let owner = relation.sequence().and_then(|sequence| sequence.owner);
            owner.is_some_and(|owner| owner.table == table.0 && owner.column == id)
        })
    }

    /// All relations, the system's included.
    pub(crate) fn relations(&self) -> Vec<Arc<Relation>> {
        system::relations()
            .cloned()
            .chain(self.names.values().cloned())
            .collect()
    }

    /// The number of a schema.
    pub(crate) fn schema_oid(&self, name: &str) -> Option<u32> {
        self.schemas.get(name).copied()
    }

    /// All schemas with their numbers.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (&str, u32)> {
        self.schemas.iter().map(|(name, oid)| (name.as_str(), *oid))
    }

    /// A number behind those of all views, schemas, sequences, constraints and indexes.
    pub(crate) fn next_oid(&self) -> u32 {
        self.next_oid
    }

    /// The schema in which an unqualified new relation is made: the first of the path that is there.
    pub(crate) fn creation_schema<'p>(&self, path: &'p [String]) -> Option<&'p str> {
        path.iter()
            .map(String::as_str)
            .find(|schema| self.schemas.contains_key(*schema) && !is_system_schema(schema) && !is_temporary(schema))
    }
}

/// Whether nobody may put anything there.
pub(crate) fn is_system_schema(name: &str) -> bool {
    matches!(name, PG_CATALOG | INFORMATION_SCHEMA | STOA)
}
