//! What catalog functions ask: `pg_get_viewdef`, `format_type`, `obj_description`, `current_setting` and their like.

use super::names::relation_oid;
use super::names::{function_name, function_oid, overload, parse_name, quote_name, shown_name, type_named};
use super::relation::{Body, Relation, storage_id};
use super::system::pg_constraint::constraint_definition;
use super::system::pg_description::own_description;
use super::system::pg_index::{all_indexes, index_column, index_definition};
use super::system::pg_proc::{arguments, definition, result};
use super::temporary;
use super::type_oid::{type_of_oid, type_oid};
use super::view::Asker;
use super::watermark::Watermark;
use super::{CatalogState, state};
use crate::database::advisory_locks::{Mode, Request, Scope, SessionLocks};
use crate::database::sequences::Position;
use crate::database::{ScanCounts, Sequences};
use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::random::RandomSequence;
use crate::functions::{AdvisoryKey, AdvisoryRequest, SessionFacts};
use crate::pipeline::Cancel;
use crate::settings::Settings;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::catalog::{FunctionKind, TableId};
use stoa_storage::clock::{Clock, SystemClock};
use stoa_storage::store::Snapshot;

/// Numbers that a session took from sequences.
#[derive(Debug, Default)]
pub(crate) struct SessionSequences {
    by_sequence: HashMap<u32, i64>,
    last: Option<u32>,
}

/// Answers of one statement.
pub(crate) struct Facts {
    // Nothing here may keep the workers: the last owner of a fact may be one of them.
    pub(super) start_time: i64,
    pub(super) catalog: Arc<CatalogState>,
    pub(super) snapshot: Arc<dyn Snapshot>,
    pub(super) settings: Arc<Settings>,
    pub(super) search_path: Vec<String>,
    pub(super) scans: Arc<ScanCounts>,
    pub(super) sequences: Arc<Sequences>,
    pub(super) asker: Asker,
    pub(super) cancel: Option<Arc<Cancel>>,
    pub(super) lock_scope: Scope,
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Facts")
    }
}

impl Facts {
    fn relation(&self, oid: &str) -> Option<Arc<Relation>> {
        self.catalog.by_id(TableId(oid.parse().ok()?))
    }

    /// The sequence of a number, with its name.
    fn sequence(&self, oid: i64) -> Result<Arc<Relation>> {
        let relation = u32::try_from(oid).ok().and_then(|oid| self.catalog.by_id(TableId(oid)));
        let relation = relation.ok_or_else(|| {
            Error::user(
                SqlState::UNDEFINED_TABLE,
                format!("could not open relation with OID {oid}"),
            )
        })?;
        match relation.sequence() {
            Some(_) => Ok(relation),
            None => Err(Error::user(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{}\" is not a sequence", relation.name()),
            )),
        }
    }

    fn sequence_last_value(&self, oid: &str) -> Option<i64> {
        let relation = self.relation(oid)?;
        let position = self.sequences.position(relation.sequence()?).ok()?;
        position.is_called.then_some(position.last)
    }

    /// `oid,column name`: the name of the sequence that belongs to the column.
    fn serial_sequence(&self, key: &str) -> Option<String> {
        let (oid, column) = key.split_once(',')?;
        let found = self.catalog.sequence_of(TableId(oid.parse().ok()?), column)?;
        Some(format!("{}.{}", quote_name(found.schema()), quote_name(found.name())))
    }

    /// `oid,attnum`
    fn column(&self, key: &str) -> Option<(Arc<Relation>, usize)> {
        let (oid, number) = key.split_once(',')?;
        let relation = self.relation(oid)?;
        let place = number.parse::<usize>().ok()?.checked_sub(1)?;
        (place < relation.columns().count()).then_some((relation, place))
    }

    fn schema_name(&self, oid: &str) -> Option<String> {
        let oid: u32 = oid.parse().ok()?;
        let mut schemas = self.catalog.schemas();
        schemas
            .find(|(_, number)| *number == oid)
            .map(|(name, _)| name.to_owned())
    }

    fn lock_request(&self, request: AdvisoryRequest) -> Request {
        Request {
            owner: self.asker.locks.owner,
            mode: if request.is_shared {
                Mode::Shared
            } else {
                Mode::Exclusive
            },
            scope: match request.is_of_transaction {
                true => self.lock_scope.clone(),
                false => Scope::Session,
            },
        }
    }

    fn watermark(&self, oid: &str) -> Option<Watermark> {
        Watermark::of_relation(&*self.relation(oid)?, &*self.snapshot, SystemClock.now())
    }

    fn relation_bytes(&self, oid: &str) -> Option<u64> {
        let relation = self.relation(oid)?;
        Some(match &relation.body {
            Body::Table(_) => self.snapshot.table(storage_id(relation.id()))?.file_bytes(),
            _ => 0,
        })
    }

    /// The schema and name of an index.
    fn index_name(&self, oid: &str) -> Option<(&str, &str)> {
        let oid: u32 = oid.parse().ok()?;
        let mut indexes = all_indexes(&self.catalog);
        indexes
            .find(|index| index.oid == oid)
            .map(|index| (index.table.schema(), index.name))
    }

    fn relation_name(&self, oid: &str) -> Option<String> {
        let relation = self.relation(oid);
        let (schema, name) = match &relation {
            Some(relation) => (relation.schema(), relation.name()),
            None => self.index_name(oid)?,
        };
        Some(shown_name(&self.catalog, &self.search_path, schema, name))
    }

    fn is_visible(&self, oid: &str) -> Option<bool> {
        let relation = self.relation(oid);
        let name = match &relation {
            Some(relation) => relation.name(),
            None => self.index_name(oid)?.1,
        };
        Some(self.relation_name(oid)? == quote_name(name))
    }
}

impl SessionFacts for Facts {
    fn change_setting(&self, name: &str, value: Option<&str>, transaction_only: bool) -> Result<String> {
        (self.asker.change_setting)(name, value, transaction_only)
    }

    fn signal(&self, process_id: i32, terminate: bool) -> Result<bool> {
        let is_there = self.asker.sessions.signal(process_id, terminate);
        if !is_there {
            let message = format!("PID {process_id} is not a PostgreSQL backend process");
            (self.asker.warn)("01000", message);
        }
        Ok(is_there)
    }

    fn next_sequence_values(&self, sequence: i64, count: usize) -> Result<Vec<i64>> {
        let relation = self.sequence(sequence)?;
        let Some(definition) = relation.sequence() else {
            return Ok(Vec::new());
        };
        let numbers = self.sequences.take(definition, relation.name(), count)?;
        if let Some(last) = numbers.last() {
            let mut taken = self.asker.session_sequences.lock();
            taken.by_sequence.insert(definition.oid, *last);
            taken.last = Some(definition.oid);
        }
        Ok(numbers)
    }

    fn current_sequence_value(&self, sequence: Option<i64>) -> Result<i64> {
        let taken = self.asker.session_sequences.lock();
        let undefined = |what: String| Error::user(SqlState("55000"), what);
        let Some(sequence) = sequence else {
            let last = taken.last.and_then(|oid| taken.by_sequence.get(&oid));
            return last
                .copied()
                .ok_or_else(|| undefined("lastval is not yet defined in this session".to_owned()));
        };
        let relation = self.sequence(sequence)?;
        let number = taken.by_sequence.get(&relation.id().0).copied();
        number.ok_or_else(|| {
            let name = relation.name();
            undefined(format!(
                "currval of sequence \"{name}\" is not yet defined in this session"
            ))
        })
    }

    fn set_sequence_value(&self, sequence: i64, value: i64, is_called: bool) -> Result<()> {
        let relation = self.sequence(sequence)?;
        let Some(definition) = relation.sequence() else {
            return Ok(());
        };
        let (minimum, maximum) = (definition.minimum, definition.maximum);
        if !(minimum..=maximum).contains(&value) {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                format!(
                    "setval: value {value} is out of bounds for sequence \"{}\" ({minimum}..{maximum})",
                    relation.name()
                ),
            ));
        }
        let position = Position { last: value, is_called };
        self.sequences.set(definition, position)?;
        if is_called {
            let mut taken = self.asker.session_sequences.lock();
            taken.by_sequence.insert(definition.oid, value);
        }
        Ok(())
    }

    fn export_snapshot(&self) -> Result<String> {
        (self.asker.export_snapshot)()
    }

    fn advisory_lock(&self, key: AdvisoryKey, request: AdvisoryRequest) -> Result<()> {
        let now = SystemClock.now();
        let locks = &self.asker.locks.locks;
        locks.lock(key, &self.lock_request(request), now, &|| self.check_cancelled())
    }

    fn advisory_try_lock(&self, key: AdvisoryKey, request: AdvisoryRequest) -> Result<bool> {
        self.asker.locks.locks.try_lock(key, &self.lock_request(request))
    }

    fn advisory_unlock(&self, key: AdvisoryKey, is_shared: bool) -> Result<bool> {
        let SessionLocks { locks, owner } = &self.asker.locks;
        let mode = if is_shared { Mode::Shared } else { Mode::Exclusive };
        let had = locks.unlock(key, *owner, mode);
        if !had {
            (self.asker.warn)("01000", format!("you don't own a lock of type {}", mode.name()));
        }
        Ok(had)
    }

    fn advisory_unlock_all(&self) {
        self.asker.locks.locks.unlock_all(self.asker.locks.owner);
    }

    fn random(&self) -> Option<&RandomSequence> {
        Some(&self.asker.random)
    }

    fn check_cancelled(&self) -> Result<()> {
        self.cancel.as_ref().map_or(Ok(()), |cancel| cancel.check())
    }

    fn fact(&self, kind: &str, key: &str) -> Option<String> {
        match kind {
            "setting" => self.settings.get(key),
            "relation_oid" => {
                let oid = relation_oid(&self.catalog, &parse_name(key)?, &self.search_path)?;
                Some(oid.to_string())
            }
            "relation_name" => self.relation_name(key),
            "relation_visible" => self.is_visible(key).map(|visible| visible.to_string()),
            "type_oid" => type_named(key).map(|data_type| type_oid(&data_type).to_string()),
            "type_name" => type_of_oid(key.parse().ok()?).map(|data_type| match data_type {
                // Without a length: `bpchar`'s entry has one as an example.
                stoa_sql::types::LogicalType::Char(_) => "character".to_owned(),
                other => other.to_string(),
            }),
            "namespace_oid" => self.catalog.schema_oid(key).map(|oid| oid.to_string()),
            "namespace_name" => self.schema_name(key).map(|name| quote_name(&name)),
            "function_oid" => function_oid(key).map(|oid| oid.to_string()),
            "function_arguments" => overload(key.parse().ok()?).map(arguments),
            "function_result" => overload(key.parse().ok()?).map(result),
            "function_definition" => overload(key.parse().ok()?).map(definition),
            "aggregate_name" => overload(key.parse().ok()?)
                .filter(|overload| overload.function.kind == FunctionKind::Aggregate)
                .map(|overload| overload.function.name.to_owned()),
            "tablespace_location" => matches!(key, "1663" | "1664").then(String::new),
            "function_name" => function_name(key.parse().ok()?).map(str::to_owned),
            "view_definition" => match &self.relation(key)?.body {
                Body::View(view) => {
                    let query = view.shown_query(&self.catalog);
                    Some(format!(" {};", query.trim().trim_end_matches(';')))
                }
                _ => None,
            },
            "column_default" => {
                let (relation, place) = self.column(key)?;
                let column = relation.info.columns.get(place)?;
                column.default.clone().filter(|_| column.identity.is_none())
            }
            "column_name" => {
                let (relation, place) = self.column(key)?;
                relation.info.columns.get(place).map(|column| column.name.clone())
            }
            "relation_comment" => self.relation(key)?.comment().map(str::to_owned),
            "column_comment" => {
                let (relation, place) = self.column(key)?;
                relation.column_comment(place).map(str::to_owned)
            }
            "relation_scans" => {
                let relation = self.relation(key)?;
                relation.stored().map(|_| self.scans.of(relation.id()).to_string())
            }
            "constraint_definition" => constraint_definition(&self.catalog, key.parse().ok()?),
            "relation_is_table" => {
                let relation = self.relation(key)?;
                Some(matches!(relation.body, Body::Table(_)).to_string())
            }
            "own_comment" => {
                let (catalog, oid) = key.split_once(',')?;
                own_description(catalog, oid.parse().ok()?).map(str::to_owned)
            }
            "index_column" => {
                let (oid, column) = key.split_once(',')?;
                index_column(&self.catalog, oid.parse().ok()?, column.parse().ok()?)
            }
            "index_definition" => index_definition(&self.catalog, key.parse().ok()?),
            "sequence_last_value" => self.sequence_last_value(key).map(|number| number.to_string()),
            "serial_sequence" => self.serial_sequence(key),
            "relation_size" => self.relation_bytes(key).map(|bytes| bytes.to_string()),
            "snapshot_version" => Some(self.snapshot.version().0.to_string()),
            "watermark" => self.watermark(key)?.time.map(|time| time.to_string()),
            "final_until" => self.watermark(key)?.final_until.map(|time| time.to_string()),
            "relation_rows" => {
                let relation = self.relation(key)?;
                let table = self.snapshot.table(storage_id(relation.id()))?;
                Some(table.row_count().to_string())
            }
            "database_size" => {
                let tables = self.snapshot.tables();
                let tables = tables.iter().filter_map(|table| self.snapshot.table(table.id));
                Some(tables.map(|table| table.file_bytes()).sum::<u64>().to_string())
            }
            "database_name" => (key == "5").then(|| self.asker.database.clone()),
            "user_name" => (key == "10").then(|| self.asker.user.clone()),
            "version" => Some(self.snapshot.version().0.to_string()),
            "current_schema" => self
                .search_path
                .iter()
                .find(|schema| self.catalog.schema_oid(schema).is_some() && !temporary::is_temporary(schema))
                .cloned(),
            "temporary_schema" => {
                let own = self
                    .search_path
                    .first()
                    .filter(|schema| temporary::is_temporary(schema))?;
                self.catalog.schema_oid(own).map(|oid| oid.to_string())
            }
            "is_other_temporary_schema" => {
                let own = &*self.asker.temporary_schema;
                let mut schemas = self.catalog.schemas();
                let found = schemas.find(|(_, oid)| oid.to_string() == key);
                let is_other = found.is_some_and(|(name, _)| temporary::is_temporary(name) && name != own);
                Some(is_other.to_string())
            }
            "server_start_time" => Some(self.start_time.to_string()),
            "backend" => {
                let process_id = key.parse().ok()?;
                Some(self.asker.sessions.is_connected(process_id).to_string())
            }
            "is_system_schema" => Some(state::is_system_schema(key).to_string()),
            _ => None,
        }
    }
}
