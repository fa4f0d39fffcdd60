//! CREATE INDEX. What a unique one demands is a key like a constraint's; any other is a definition and nothing more, kept because
//! programs look for it afterwards and drop it by its name.

use super::definition::{index_keys, new_oids, relation_exists, with_definition};
use super::unique_key::check_unique;
use super::{Effect, Run, stored};
use crate::catalog::persist::{Index, IndexColumn, TableDefinition};
use crate::catalog::relation::Relation;
use crate::connection::{Notice, StatementWrites};
use crate::error::{Result, SqlState};
use stoa_sql::plan::CreateIndex;
use stoa_storage::commit::Change;

/// Postgres's bound on a name, which names that are made up keep.
const NAME_BYTES_MAX: usize = 63;

/// See the module.
pub(super) fn execute(run: &Run<'_>, create: &CreateIndex) -> Result<Effect> {
    const TAG: &str = "CREATE INDEX";
    let relation = run.table(create.table)?;
    let is_taken = |name: &str| run.view.catalog.is_taken(relation.schema(), name);
    let name = match &create.name {
        None => free_name(&relation, create, is_taken),
        Some(name) if !is_taken(name) => name.clone(),
        Some(name) if create.if_not_exists => {
            return Ok(Effect::command(TAG, StatementWrites::default()).with_notice(Notice {
                state: SqlState::DUPLICATE_TABLE.0.to_owned(),
                ..Notice::information(format!("relation \"{name}\" already exists, skipping"))
            }));
        }
        Some(name) => return Err(relation_exists(name)),
    };
    let table = stored(&relation)?;
    if create.is_unique {
        let places: Vec<usize> = create.columns.iter().map(|column| column.place).collect();
        check_unique(run, &relation, &places, &name)?;
    }
    let mut schema = (*table.schema).clone();
    let mut definition = table.definition.clone();
    definition.indexes.push(Index {
        oid: new_oids(run, 1),
        name: name.clone(),
        method: create.method.to_owned(),
        is_unique: create.is_unique,
        columns: columns(&schema, create),
    });
    index_keys(&mut schema, &definition)?;
    let mut changes = vec![Change::AlterTable(with_definition(&schema, &definition))];
    if create.is_unique {
        changes.push(Change::NoRowsSince(schema.id));
    }
    let effect = Effect::command(TAG, StatementWrites::new("create index", changes));
    Ok(match create.is_unique {
        true => effect,
        false => effect.with_notice(without_entries(&name)),
    })
}

fn without_entries(name: &str) -> Notice {
    Notice {
        detail: Some(
            "Zone maps, dictionaries and bitmaps of the columns, which every table has, answer in its place."
                .to_owned(),
        ),
        hint: Some("The table option order_by sorts rows, bloom_filter finds single values.".to_owned()),
        ..Notice::information(format!("index \"{name}\" is kept as a definition only"))
    }
}

fn columns(schema: &stoa_storage::schema::TableSchema, create: &CreateIndex) -> Vec<IndexColumn> {
    let columns = create.columns.iter().filter_map(|column| {
        Some(IndexColumn {
            id: schema.columns.get(column.place)?.id.0,
            is_descending: column.is_descending,
            has_nulls_first: column.has_nulls_first,
        })
    });
    columns.collect()
}

/// `table_column_column_idx`, with a number behind it where that is taken.
fn free_name(relation: &Relation, create: &CreateIndex, is_taken: impl Fn(&str) -> bool) -> String {
    let infos = &relation.info.columns;
    let columns = create.columns.iter().filter_map(|column| infos.get(column.place));
    let columns: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
    let stem = format!("{}_{}", relation.name(), columns.join("_"));
    let name = |end: String| {
        let mut cut = NAME_BYTES_MAX.saturating_sub(end.len()).min(stem.len());
        while !stem.is_char_boundary(cut) {
            cut -= 1;
        }
        format!("{}{end}", stem.get(..cut).unwrap_or_default())
    };
    let numbered = (1u32..).map(|number| name(format!("_idx{number}")));
    let mut names = std::iter::once(name("_idx".to_owned())).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(stem)
}

/// The definition without an index.
pub(super) fn without_index(definition: &TableDefinition, oid: u32) -> TableDefinition {
    let mut definition = definition.clone();
    definition.indexes.retain(|index| index.oid != oid);
    definition
}
