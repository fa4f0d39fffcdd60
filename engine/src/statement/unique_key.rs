//! Keys of a table: no two rows have the same values in their columns. They are looked at when a statement ends and all its rows are
//! known. Deletes of the same statement count, and other commits do: a commit claims the keys it brings. No index is kept here; keys
//! that storage keeps an index of are looked up in `indexed_key`.

use super::query::Planned;
use super::{Run, stored};
use crate::catalog::relation::{Relation, deduplication_name};
use crate::catalog::versioned_key::check_unique_key;
use crate::catalog::view::View;
use crate::connection::{StatementWrites, conflict_error};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::functions::registry;
use crate::limits::KEYS_LOOKED_UP_MAX;
use crate::physical::{Reading, TableAccess, Tables};
use crate::rollup::TableRollups;
use crate::types::literal_at;
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::{
    Aggregate, AggregateCall, ColumnDef, ColumnId, CompareOp, Expr, Filter, FunctionCall, Join, JoinKey, JoinKind,
    Limit, Plan, ROW_ID_COLUMN, Scan,
};
use stoa_sql::types::LogicalType;
use stoa_storage::commit::{Change, CommitVersion};
use stoa_storage::key_index::KeyHashes;
use stoa_storage::vector::Batch;

/// A key of a table.
#[derive(Clone)]
pub(crate) struct Key {
    /// The name of its constraint or index.
    pub(super) name: String,
    /// Its number in the catalog.
    number: u64,
    /// The columns by place.
    pub(crate) places: Vec<usize>,
    /// Of the option `deduplicate_by`: storage's index of it. Of rows with the same key INSERT and COPY bring the first.
    pub(crate) index: Option<stoa_storage::schema::TableId>,
}

impl Key {
    /// The keys of a table.
    pub(crate) fn all(relation: &Relation) -> Vec<Key> {
        let Some(table) = relation.stored() else {
            return Vec::new();
        };
        let stored = &table.schema.columns;
        let place = |id: &u32| stored.iter().position(|column| column.id.0 == *id);
        let keys = table.definition.keys().filter_map(|(oid, name, columns)| {
            Some(Key {
                name: name.to_owned(),
                number: u64::from(oid),
                places: columns.iter().map(place).collect::<Option<_>>()?,
                index: None,
            })
        });
        let by_option = table.schema.keys.iter().filter_map(|key| {
            Some(Key {
                name: deduplication_name(relation.name()),
                number: u64::from(key.id.0),
                places: key.columns.iter().map(|id| place(&id.0)).collect::<Option<_>>()?,
                index: Some(key.id),
            })
        });
        keys.chain(by_option).collect()
    }

    /// Keys as a commit claims them; these are their hashes.
    pub(super) fn claim(&self, hashes: impl Iterator<Item = u64>) -> Arc<[u64]> {
        let number = self.number;
        let claimed = hashes.map(|hash| hash.rotate_left((number % 64) as u32) ^ number);
        let mut claimed: Vec<u64> = claimed.collect();
        claimed.sort_unstable();
        claimed.dedup();
        claimed.into()
    }
}

/// The values that a statement's rows have in the columns of a key.
pub(crate) struct NewKeys {
    pub(crate) key: Key,
    /// Plain columns, batch by batch.
    pub(crate) batches: Vec<Vec<ArrayRef>>,
}

/// Makes sure that no two rows of the table have the same key once a statement's changes are made, and claims its keys for the commit.
///
/// # Errors
/// 23505 where two have; 21000 where that is the key by which DO UPDATE found the rows it replaced.
pub(super) fn enforce_keys(
    run: &Run<'_>,
    relation: &Relation,
    writes: &mut StatementWrites,
    new: Vec<NewKeys>,
    upsert_key: Option<&str>,
) -> Result<()> {
    let new: Vec<NewKeys> = new.into_iter().filter(|keys| !keys.batches.is_empty()).collect();
    if new.is_empty() {
        return Ok(());
    }
    let shared = &run.view.shared;
    let changes = run.changed_before.iter().chain(&writes.changes).cloned().collect();
    let overlay = shared.store.overlay(&run.view.snapshot, changes, None);
    let (after, _) = overlay.map_err(conflict_error)?;
    let after = Run {
        view: View {
            snapshot: after,
            ..run.view.clone()
        },
        entry: run.entry.clone(),
        parameters: &[],
        seen: Vec::new(),
        returned: Default::default(),
        compile_time: run.compile_time,
        changed_before: Vec::new(),
    };
    let table = stored(relation)?.schema.id;
    for keys in new {
        let search = Search::new(relation, &keys)?;
        if let Some(shown) = search.duplicate(&after)? {
            return Err(match upsert_key == Some(keys.key.name.as_str()) {
                true => replaced_twice_error(),
                false => duplicate_error(relation, &keys.key.name, &shown),
            });
        }
        writes.changes.push(Change::Claim(table, search.claim(&keys.key)));
    }
    Ok(())
}

pub(super) fn duplicate_error(relation: &Relation, name: &str, shown: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState::UNIQUE_VIOLATION,
        format!("duplicate key value violates unique constraint \"{name}\""),
    );
    let error = error.with_detail(format!("Key {shown} already exists."));
    Error::Sql(error.about(about_constraint(relation, name)))
}

fn about_constraint(relation: &Relation, name: &str) -> stoa_sql::ErrorObject {
    stoa_sql::ErrorObject {
        schema: Some(relation.schema().to_owned()),
        table: Some(relation.name().to_owned()),
        column: None,
        constraint: Some(name.to_owned()),
    }
}

pub(super) fn replaced_twice_error() -> Error {
    let error = stoa_sql::Error::new(
        SqlState::CARDINALITY_VIOLATION,
        "ON CONFLICT DO UPDATE command cannot affect row a second time",
    );
    Error::Sql(error.with_hint(
        "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
    ))
}

/// That no two rows of a table as it is have the same key.
///
/// # Errors
/// 23505, saying that the key cannot be made; 42P16 for one that versions of rows contradict.
pub(crate) fn check_unique(run: &Run<'_>, relation: &Relation, key: &[usize], name: &str) -> Result<()> {
    if let Some(versions) = &relation.info.versions {
        check_unique_key(versions, key, name)?;
    }
    let (scanned, columns) = key_scan(relation, key)?;
    let present = columns
        .iter()
        .map(|column| Expr::Not(Box::new(Expr::IsNull(Box::new(Expr::Column(column.clone()))))));
    let scan = Plan::Scan(Scan {
        filters: present.collect(),
        ..scanned
    });
    let twice = Planned::new(run, &several(scan, &columns)?, None)?.collect(run)?;
    let Some(batch) = twice.first().filter(|batch| batch.row_count > 0) else {
        return Ok(());
    };
    let shown = shown_key(&columns, batch, &run.view.format);
    let error = stoa_sql::Error::new(
        SqlState::UNIQUE_VIOLATION,
        format!("could not create unique index \"{name}\""),
    );
    let error = error.with_detail(format!("Key {shown} is duplicated."));
    Err(Error::Sql(error.about(about_constraint(relation, name))))
}

/// What finds the rows of a table that have one of these values, one array per column, in the columns of a key: first their identities,
/// then all columns.
pub(super) fn rows_with_keys(
    run: &Run<'_>,
    relation: &Relation,
    places: &[usize],
    values: Vec<ArrayRef>,
) -> Result<Planned> {
    let (key, columns) = key_scan(relation, places)?;
    let row_id = ColumnDef {
        id: ColumnId(1_000_000),
        name: "row_id".into(),
        data_type: LogicalType::BigInt,
        nullable: false,
    };
    let mut scanned = vec![(ROW_ID_COLUMN, row_id)];
    for (id, (place, column)) in (1_000_001..).zip(relation.info.columns.iter().enumerate()) {
        let of_key = key.columns.iter().find(|(at, _)| *at == place);
        scanned.push((
            place,
            of_key.map_or_else(
                || ColumnDef {
                    id: ColumnId(id),
                    name: column.name.clone(),
                    data_type: column.data_type.clone(),
                    nullable: column.nullable,
                },
                |(_, column)| column.clone(),
            ),
        ));
    }
    let scan = Scan {
        columns: scanned,
        ..key
    };
    let search = Search { scan, columns, values };
    match search.key_count() <= KEYS_LOOKED_UP_MAX {
        true => Planned::new(run, &search.looked_up()?, None),
        false => Planned::over(run, &search.joined(), search.tables(&run.view)),
    }
}

/// A look for the rows of a table that have new keys.
struct Search {
    scan: Scan,
    columns: Vec<ColumnDef>,
    /// The new keys, one array per column.
    values: Vec<ArrayRef>,
}

/// The columns of a key, scanned.
pub(super) fn key_scan(relation: &Relation, places: &[usize]) -> Result<(Scan, Vec<ColumnDef>)> {
    let columns = (1..).zip(places).map(|(id, place)| {
        let column = relation.info.columns.get(*place);
        let column = column.ok_or_else(|| Error::Internal("a key names a column that the table lacks".into()))?;
        Ok(ColumnDef {
            id: ColumnId(id),
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: column.nullable,
        })
    });
    let columns: Vec<ColumnDef> = columns.collect::<Result<_>>()?;
    let scan = Scan {
        table: relation.id(),
        name: relation.name().to_owned(),
        columns: places.iter().copied().zip(columns.iter().cloned()).collect(),
        filters: Vec::new(),
        as_of: None,
        changes: None,
        limit: None,
        rows_only: true,
    };
    Ok((scan, columns))
}

/// The keys among rows that several rows have; one of them is enough.
fn several(rows: Plan, columns: &[ColumnDef]) -> Result<Plan> {
    let function = registry::info("count").ok_or_else(|| Error::Internal("count is not there".into()))?;
    let count = ColumnDef {
        id: ColumnId(1_000_000),
        name: "count".into(),
        data_type: LogicalType::BigInt,
        nullable: false,
    };
    let grouped = Plan::Aggregate(Aggregate {
        input: Box::new(rows),
        keys: columns
            .iter()
            .map(|column| (column.clone(), Expr::Column(column.clone())))
            .collect(),
        aggregates: vec![(
            count.clone(),
            AggregateCall {
                call: FunctionCall {
                    function,
                    arguments: Vec::new(),
                    data_type: LogicalType::BigInt,
                    span: None,
                },
                distinct: false,
                filter: None,
                order_by: Vec::new(),
                states: None,
            },
        )],
        grouping_sets: None,
        grouping_set_index: None,
        group_limit: None,
        best_groups: None,
        states: None,
    });
    let filtered = Plan::Filter(Filter {
        input: Box::new(grouped),
        predicates: vec![Expr::compare(CompareOp::Greater, Expr::Column(count), Expr::bigint(1))],
    });
    Ok(Plan::Limit(Limit {
        input: Box::new(filtered),
        limit: Some(Expr::bigint(1)),
        offset: None,
    }))
}

pub(super) fn shown_key(columns: &[ColumnDef], batch: &Batch, format: &FormatSettings) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let values = columns.iter().zip(&batch.columns).map(|(column, array)| {
        let mut text = Vec::new();
        let array = stoa_storage::vector::flatten(array);
        ColumnWriter::new(&array, &column.data_type, format).write(0, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    format!("({})=({})", names.join(", "), values.collect::<Vec<_>>().join(", "))
}

impl Search {
    fn new(relation: &Relation, new: &NewKeys) -> Result<Self> {
        let (scan, columns) = key_scan(relation, &new.key.places)?;
        let values = (0..columns.len()).map(|place| {
            let parts: Vec<&dyn Array> = new
                .batches
                .iter()
                .filter_map(|batch| batch.get(place))
                .map(|column| &**column)
                .collect();
            match parts.as_slice() {
                [_] => Ok(new.batches[0][place].clone()),
                parts => Ok(arrow_select::concat::concat(parts)?),
            }
        });
        let values = values.collect::<Result<_>>()?;
        Ok(Search { scan, columns, values })
    }

    fn key_count(&self) -> usize {
        self.values.first().map_or(0, |values| values.len())
    }

    /// A key that several rows have, as text.
    fn duplicate(&self, after: &Run<'_>) -> Result<Option<String>> {
        let planned = match self.key_count() <= KEYS_LOOKED_UP_MAX {
            true => Planned::new(after, &several(self.looked_up()?, &self.columns)?, None)?,
            false => Planned::over(after, &several(self.joined(), &self.columns)?, self.tables(&after.view))?,
        };
        let twice = planned.collect(after)?;
        let batch = twice.first().filter(|batch| batch.row_count > 0);
        Ok(batch.map(|batch| shown_key(&self.columns, batch, &after.view.format)))
    }

    /// The catalog's tables, and the new keys.
    fn tables(&self, view: &View) -> Arc<dyn Tables> {
        Arc::new(WithKeys {
            view: view.clone(),
            columns: self.values.clone(),
        })
    }

    /// Few keys are conditions, which indexes answer.
    fn looked_up(&self) -> Result<Plan> {
        let equals = |column: &ColumnDef, values: &ArrayRef, row: usize| {
            let literal = literal_at(&**values, row, &column.data_type)?;
            let literal = Expr::Literal(literal, column.data_type.clone());
            Ok(Expr::compare(CompareOp::Equal, Expr::Column(column.clone()), literal))
        };
        let mut filters = Vec::new();
        // One list per column is what zone maps and Bloom filters understand; which values belong together comes behind it.
        for (column, values) in self.columns.iter().zip(&self.values) {
            let list = (0..values.len()).map(|row| {
                let literal = literal_at(&**values, row, &column.data_type)?;
                Ok(Expr::Literal(literal, column.data_type.clone()))
            });
            filters.push(Expr::InList {
                input: Box::new(Expr::Column(column.clone())),
                list: list.collect::<Result<_>>()?,
            });
        }
        if self.columns.len() > 1 {
            let rows = (0..self.key_count()).map(|row| {
                let parts = self.columns.iter().zip(&self.values);
                let parts = parts.map(|(column, values)| equals(column, values, row));
                Ok(Expr::and(parts.collect::<Result<_>>()?))
            });
            filters.push(Expr::or(rows.collect::<Result<_>>()?));
        }
        Ok(Plan::Scan(Scan {
            filters,
            ..self.scan.clone()
        }))
    }

    /// Many keys are the build side of a join.
    fn joined(&self) -> Plan {
        let renamed = |column: &ColumnDef| ColumnDef {
            id: ColumnId(column.id.0 + 10_000),
            ..column.clone()
        };
        let new: Vec<ColumnDef> = self.columns.iter().map(renamed).collect();
        let keys = self.columns.iter().zip(&new).map(|(left, right)| JoinKey {
            left: Expr::Column(left.clone()),
            right: Expr::Column(right.clone()),
            null_matches: false,
        });
        Plan::Join(Join {
            left: Box::new(Plan::Scan(self.scan.clone())),
            kind: JoinKind::Semi,
            keys: keys.collect(),
            residual: Vec::new(),
            right: Box::new(Plan::Scan(Scan {
                table: NEW_KEYS,
                name: "new keys".into(),
                columns: new.into_iter().enumerate().collect(),
                filters: Vec::new(),
                as_of: None,
                changes: None,
                limit: None,
                rows_only: true,
            })),
        })
    }

    /// The keys by hash; those with NULLs are no keys.
    fn claim(&self, key: &Key) -> Arc<[u64]> {
        let hashes = KeyHashes::new(&self.values);
        key.claim(hashes.iter().map(|(_, hash)| hash))
    }
}

/// The relation of new keys, beside those of the catalog.
const NEW_KEYS: TableId = TableId(u32::MAX);

struct WithKeys {
    view: View,
    columns: Vec<ArrayRef>,
}

impl Tables for WithKeys {
    fn table(&self, id: TableId, reading: Reading) -> Result<TableAccess> {
        match id == NEW_KEYS {
            true => Ok(TableAccess::System {
                row_count: self.columns.first().map_or(0, |column| column.len()),
                columns: self.columns.clone(),
            }),
            false => self.view.table(id, reading),
        }
    }

    fn note_scan(&self, id: TableId) {
        self.view.note_scan(id);
    }

    fn rollups(&self, id: TableId) -> TableRollups {
        self.view.rollups(id)
    }

    fn version_at(&self, time: i64) -> Result<CommitVersion> {
        self.view.version_at(time)
    }
}
