//! What the catalog holds: relations with their columns, as the binder, the planner and system tables look at them.

use super::arrival::{has_arrival, named_columns};
use super::options::event_time;
use super::persist::{TableDefinition, ViewDefinition};
use super::sequence::SequenceDefinition;
use super::system::SystemTable;
use super::versioned_key::versioned_key;
use crate::error::{Error, Result};
use std::sync::Arc;
use stoa_sql::catalog::{ColumnInfo, KeyInfo, RelationInfo, RelationKind, TableId};
use stoa_sql::types::LogicalType;
use stoa_storage::schema::TableSchema;

/// The first number of a user's table: storage's number of it is so much smaller.
pub(crate) const FIRST_TABLE_OID: u32 = 16_384;
/// The first number of a view or a schema.
pub(crate) const FIRST_OBJECT_OID: u32 = 1 << 30;

/// A relation.
#[derive(Debug)]
pub(crate) struct Relation {
    /// Name, columns and kind, as the binder takes them; the identity is the number in `pg_class`.
    pub(crate) info: Arc<RelationInfo>,
    /// What it is.
    pub(crate) body: Body,
}

/// What a relation is made of.
#[derive(Debug)]
pub(crate) enum Body {
    /// Rows in storage.
    Table(StoredTable),
    /// A query.
    View(ViewDefinition),
    /// Numbers to be handed out.
    Sequence(SequenceDefinition),
    /// Computed.
    System(&'static SystemTable),
}

/// A table in storage.
#[derive(Clone, Debug)]
pub(crate) struct StoredTable {
    /// As storage has it.
    pub(crate) schema: Arc<TableSchema>,
    /// What storage does not look at.
    pub(crate) definition: TableDefinition,
}

impl Relation {
    /// Its number.
    pub(crate) fn id(&self) -> TableId {
        self.info.id
    }

    /// Its schema's name.
    pub(crate) fn schema(&self) -> &str {
        &self.info.schema
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.info.name
    }

    /// Its columns, without hidden ones.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &ColumnInfo> {
        self.info.columns.iter().filter(|column| !column.hidden)
    }

    /// The table, where it is one.
    pub(crate) fn stored(&self) -> Option<&StoredTable> {
        match &self.body {
            Body::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What COMMENT ON said of it.
    pub(crate) fn comment(&self) -> Option<&str> {
        match &self.body {
            Body::Table(table) => table.definition.comment.as_deref(),
            Body::View(view) => view.comment.as_deref(),
            Body::Sequence(_) | Body::System(_) => None,
        }
    }

    /// What COMMENT ON said of a column, by place.
    pub(crate) fn column_comment(&self, place: usize) -> Option<&str> {
        match &self.body {
            Body::Table(table) => {
                let id = table.schema.columns.get(place)?.id.0;
                let mut columns = table.definition.columns.iter();
                columns.find(|column| column.id == id)?.comment.as_deref()
            }
            Body::View(view) => {
                let (name, _) = view.columns.get(place)?;
                let mut comments = view.column_comments.iter();
                comments
                    .find(|(column, _)| column == name)
                    .map(|(_, text)| text.as_str())
            }
            Body::Sequence(_) | Body::System(_) => None,
        }
    }

    /// The sequence, where it is one.
    pub(crate) fn sequence(&self) -> Option<&SequenceDefinition> {
        match &self.body {
            Body::Sequence(sequence) => Some(sequence),
            _ => None,
        }
    }

    /// What it is called in messages.
    pub(crate) fn kind_word(&self) -> &'static str {
        match self.kind_letter() {
            'm' => "materialized view",
            'v' => "view",
            'S' => "sequence",
            _ => "table",
        }
    }

    /// `pg_class.relkind`.
    pub(crate) fn kind_letter(&self) -> char {
        match &self.body {
            Body::View(view) if view.materialized.is_some() => 'm',
            Body::View(_) => 'v',
            Body::Sequence(_) => 'S',
            Body::System(table) if table.is_view() => 'v',
            Body::Table(_) | Body::System(_) => 'r',
        }
    }
}

/// The default of a column as the catalog shows it: a bare string comes with the column's type.
pub(crate) fn shown_default(column: &ColumnInfo) -> Option<String> {
    let text = column.default.as_ref().filter(|_| column.identity.is_none())?;
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let is_string = inner.is_some_and(|inner| !inner.replace("''", "").contains('\''));
    Some(match (is_string, &column.data_type) {
        (false, _) => text.clone(),
        (true, LogicalType::Char(_)) => format!("{text}::bpchar"),
        (true, LogicalType::Varchar(_)) => format!("{text}::character varying"),
        (true, LogicalType::Numeric { .. }) => format!("{text}::numeric"),
        (true, data_type) => format!("{text}::{data_type}"),
    })
}

/// The number of a table of storage in the catalog.
pub(crate) fn relation_id(id: stoa_storage::schema::TableId) -> TableId {
    TableId(id.0.saturating_add(FIRST_TABLE_OID))
}

/// The table of storage that a number means.
pub(crate) fn storage_id(id: TableId) -> stoa_storage::schema::TableId {
    stoa_storage::schema::TableId(id.0.saturating_sub(FIRST_TABLE_OID))
}

/// A table of storage as a relation.
///
/// # Errors
/// A definition that does not read back or does not fit the table.
pub(crate) fn table_relation(schema: &Arc<TableSchema>) -> Result<Relation> {
    let what = format!("table {}", schema.id.0);
    let definition = super::persist::read_table(&what, &schema.definition)?;
    let columns = named_columns(schema).iter().map(|column| {
        let more = definition.columns.iter().find(|more| more.id == column.id.0);
        let more = more.ok_or_else(|| Error::Internal(format!("{what} has no type for column \"{}\"", column.name)))?;
        Ok(ColumnInfo {
            name: column.name.clone(),
            data_type: more.data_type.clone(),
            nullable: column.nullable,
            default: more.default.clone(),
            identity: more.identity,
            hidden: false,
        })
    });
    let info = RelationInfo {
        has_arrival: has_arrival(schema),
        event_time: event_time_place(schema, &definition)?,
        seals: definition.seals.iter().map(|seal| (seal.until, seal.version)).collect(),
        id: relation_id(schema.id),
        schema: definition.schema.clone(),
        name: definition.name.clone(),
        kind: RelationKind::Table,
        columns: columns.collect::<Result<_>>()?,
        constraint_names: definition
            .constraints
            .iter()
            .map(|constraint| constraint.name.clone())
            .collect(),
        keys: keys(schema, &definition),
        versions: versioned_key(schema, &definition.options)?,
    };
    Ok(Relation {
        info: Arc::new(info),
        body: Body::Table(StoredTable {
            schema: schema.clone(),
            definition,
        }),
    })
}

fn event_time_place(schema: &TableSchema, definition: &TableDefinition) -> Result<Option<usize>> {
    let times = event_time(schema, &definition.options)?;
    Ok(times.and_then(|times| schema.columns.iter().position(|column| column.id == times.column)))
}

/// The keys of a table, their columns by place.
fn keys(schema: &TableSchema, definition: &TableDefinition) -> Vec<KeyInfo> {
    let place = |id: &u32| schema.columns.iter().position(|column| column.id.0 == *id);
    let keys = definition.keys().filter_map(|(_, name, columns)| {
        Some(KeyInfo {
            name: name.to_owned(),
            columns: columns.iter().map(place).collect::<Option<_>>()?,
        })
    });
    let by_option = schema.keys.iter().filter_map(|key| {
        Some(KeyInfo {
            name: deduplication_name(&definition.name),
            columns: key.columns.iter().map(|id| place(&id.0)).collect::<Option<_>>()?,
        })
    });
    keys.chain(by_option).collect()
}

/// What the key that the option `deduplicate_by` makes is called where it is violated.
pub(crate) fn deduplication_name(table: &str) -> String {
    format!("{table}_deduplicate_by")
}

/// A view as a relation.
pub(crate) fn view_relation(schema: &str, name: &str, view: ViewDefinition) -> Relation {
    let columns = view.columns.iter().map(|(name, data_type)| ColumnInfo {
        name: name.clone(),
        data_type: data_type.clone(),
        nullable: true,
        default: None,
        identity: None,
        hidden: false,
    });
    let info = RelationInfo {
        has_arrival: false,
        event_time: None,
        seals: Vec::new(),
        id: TableId(view.oid),
        schema: schema.to_owned(),
        name: name.to_owned(),
        kind: RelationKind::View {
            query: view.query.clone(),
            materialized: view.materialized.is_some(),
        },
        columns: columns.collect(),
        constraint_names: Vec::new(),
        keys: Vec::new(),
        versions: None,
    };
    Relation {
        info: Arc::new(info),
        body: Body::View(view),
    }
}

/// A sequence as a relation: its state is a row.
pub(crate) fn sequence_relation(schema: &str, name: &str, sequence: SequenceDefinition) -> Relation {
    let columns = [
        ("last_value", LogicalType::BigInt),
        ("log_cnt", LogicalType::BigInt),
        ("is_called", LogicalType::Boolean),
    ];
    let columns = columns.map(|(name, data_type)| ColumnInfo {
        name: name.to_owned(),
        data_type,
        nullable: false,
        default: None,
        identity: None,
        hidden: false,
    });
    let info = RelationInfo {
        has_arrival: false,
        event_time: None,
        seals: Vec::new(),
        id: TableId(sequence.oid),
        schema: schema.to_owned(),
        name: name.to_owned(),
        kind: RelationKind::Sequence,
        columns: columns.into(),
        constraint_names: Vec::new(),
        keys: Vec::new(),
        versions: None,
    };
    Relation {
        info: Arc::new(info),
        body: Body::Sequence(sequence),
    }
}
