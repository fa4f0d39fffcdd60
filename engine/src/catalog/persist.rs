//! Definitions as bytes of storage, and back: small JSON objects that begin with their version. Whatever does not read back is an
//! error that names the thing, never a guess.
//!
//! A table's definition is kept with the table; that a name is taken is an object of its own (so that two transactions which take
//! the same name conflict), and so are views and schemas.

use super::sequence::SequenceDefinition;
use super::type_name::parse_type_name;
use super::view_reference::ViewReference;
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use stoa_sql::catalog::Identity;
use stoa_sql::plan::OnCommit;
use stoa_sql::types::LogicalType;

/// The encoding written now.
const VERSION: u64 = 1;

/// The object that holds the next number for views and schemas.
pub(crate) const NEXT_OID_OBJECT: &str = "next_oid";

/// What a table's definition adds to what storage keeps by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableDefinition {
    /// Its schema's name.
    pub(crate) schema: String,
    /// Its name.
    pub(crate) name: String,
    /// By column identity: type and default's text.
    pub(crate) columns: Vec<ColumnDefinition>,
    /// WITH's options as given.
    pub(crate) options: Vec<(String, String)>,
    /// What must hold of its rows.
    pub(crate) constraints: Vec<Constraint>,
    /// What CREATE INDEX said.
    pub(crate) indexes: Vec<Index>,
    /// The table of the rows that were put aside, by identity in storage.
    pub(crate) rejects: Option<u32>,
    /// What COMMENT ON said of it.
    pub(crate) comment: Option<String>,
    /// What the end of a transaction does to it; of a temporary table only.
    pub(crate) on_commit: Option<OnCommit>,
    /// Periods that were sealed, in order.
    pub(crate) seals: Vec<Seal>,
}

/// Events before a time, as they were at a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The first instant behind: microseconds since 1970 UTC.
    pub(crate) until: i64,
    /// The version.
    pub(crate) version: u64,
    /// When they were sealed, likewise.
    pub(crate) sealed_at: i64,
}

impl TableDefinition {
    /// What no two rows share: numbers, names and columns of the keys that constraints and unique indexes are.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (u32, &str, Vec<u32>)> {
        let constraints = self.constraints.iter().filter_map(|constraint| match &constraint.rule {
            Rule::Key { columns, .. } => Some((constraint.oid, constraint.name.as_str(), columns.clone())),
            Rule::Check(_) => None,
        });
        let unique = self.indexes.iter().filter(|index| index.is_unique);
        constraints.chain(unique.map(|index| (index.oid, index.name.as_str(), index.column_ids().collect())))
    }
}

/// An index as CREATE INDEX defined it. Only the demand of a unique one has an effect; of the others nothing but this is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    /// Its number.
    pub(crate) oid: u32,
    /// Its name.
    pub(crate) name: String,
    /// The access method as named: `btree`.
    pub(crate) method: String,
    /// No two rows have the same values in the columns.
    pub(crate) is_unique: bool,
    /// Its columns.
    pub(crate) columns: Vec<IndexColumn>,
}

/// A column of an [`Index`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexColumn {
    /// Its identity in storage.
    pub(crate) id: u32,
    /// DESC
    pub(crate) is_descending: bool,
    /// NULLS FIRST, or DESC without more.
    pub(crate) has_nulls_first: bool,
}

impl Index {
    /// The columns by identity in storage.
    pub(crate) fn column_ids(&self) -> impl Iterator<Item = u32> {
        self.columns.iter().map(|column| column.id)
    }
}

/// What must hold of a table's rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constraint {
    /// Its number.
    pub(crate) oid: u32,
    /// Its name.
    pub(crate) name: String,
    /// What it demands.
    pub(crate) rule: Rule,
}

/// What a constraint demands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// No two rows have the same values in the columns, by identity in storage.
    Key {
        /// The columns.
        columns: Vec<u32>,
        /// PRIMARY KEY, not UNIQUE.
        is_primary: bool,
    },
    /// The text of a condition that is not false.
    Check(String),
}

/// A column of a [`TableDefinition`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnDefinition {
    /// Its identity in storage.
    pub(crate) id: u32,
    /// Its type.
    pub(crate) data_type: LogicalType,
    /// The text of its default.
    pub(crate) default: Option<String>,
    /// GENERATED .. AS IDENTITY
    pub(crate) identity: Option<Identity>,
    /// What COMMENT ON said of it.
    pub(crate) comment: Option<String>,
}

/// A view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ViewDefinition {
    /// Its number.
    pub(crate) oid: u32,
    /// Its columns when it was made.
    pub(crate) columns: Vec<(String, LogicalType)>,
    /// The text after AS.
    pub(crate) query: String,
    /// Numbers of the relations that its query read when it was made.
    pub(crate) depends_on: Vec<u32>,
    /// What the names in its query stand for; none for a view of a database of former times, whose names are looked up anew.
    pub(crate) references: Option<Vec<ViewReference>>,
    /// What COMMENT ON said of it.
    pub(crate) comment: Option<String>,
    /// What COMMENT ON said of its columns, by name.
    pub(crate) column_comments: Vec<(String, String)>,
    /// Of a materialized view: whose rows it is kept with.
    pub(crate) materialized: Option<Materialized>,
}

/// Where a materialized view is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Materialized {
    /// With the rows of a table.
    WithTable {
        /// The table's number.
        table: u32,
        /// The view's rollup of it, by identity in storage.
        rollup: u32,
    },
    /// Nowhere: it is made of other materialized views.
    OfViews,
}

/// What a relation's name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NameEntry {
    /// The table of that number, whose definition is kept with it.
    Table(u32),
    /// A view.
    View(ViewDefinition),
    /// A sequence.
    Sequence(SequenceDefinition),
}

/// The object that says what a relation's name stands for.
pub(crate) fn name_object(schema: &str, name: &str) -> String {
    // The length keeps names with slashes apart.
    format!("relation/{}:{schema}/{name}", schema.len())
}

/// The object of a schema.
pub(crate) fn schema_object(name: &str) -> String {
    format!("schema/{name}")
}

/// What an object of storage is, by its key.
#[derive(Debug, PartialEq)]
pub(crate) enum ObjectKey<'k> {
    /// A relation's name.
    Name(&'k str, &'k str),
    /// A schema.
    Schema(&'k str),
    /// Something else.
    Other,
}

/// Takes a key apart.
pub(crate) fn read_key(key: &str) -> ObjectKey<'_> {
    if let Some(name) = key.strip_prefix("schema/") {
        return ObjectKey::Schema(name);
    }
    let parts = || {
        let (length, rest) = key.strip_prefix("relation/")?.split_once(':')?;
        let length: usize = length.parse().ok()?;
        let schema = rest.get(..length)?;
        Some((schema, rest.get(length..)?.strip_prefix('/')?))
    };
    parts().map_or(ObjectKey::Other, |(schema, name)| ObjectKey::Name(schema, name))
}

fn bytes(value: &Value) -> Arc<[u8]> {
    Arc::from(value.to_string().into_bytes())
}

/// A table's definition as bytes.
pub(crate) fn write_table(table: &TableDefinition) -> Arc<[u8]> {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            let mut value = json!({"id": column.id, "type": column.data_type.to_string(), "default": column.default});
            if let (Value::Object(fields), Some(identity)) = (&mut value, column.identity) {
                fields.insert("identity".to_owned(), json!(identity_word(identity)));
            }
            with_comment(value, column.comment.as_deref())
        })
        .collect();
    let options: Vec<Value> = table.options.iter().map(|(name, value)| json!([name, value])).collect();
    let mut value = json!({
        "version": VERSION, "schema": table.schema, "name": table.name, "columns": columns, "options": options,
    });
    if let (Value::Object(fields), false) = (&mut value, table.constraints.is_empty()) {
        let constraints = table.constraints.iter().map(write_constraint).collect();
        fields.insert("constraints".to_owned(), Value::Array(constraints));
    }
    if let (Value::Object(fields), false) = (&mut value, table.indexes.is_empty()) {
        let indexes = table.indexes.iter().map(write_index).collect();
        fields.insert("indexes".to_owned(), Value::Array(indexes));
    }
    if let (Value::Object(fields), Some(rejects)) = (&mut value, table.rejects) {
        fields.insert("rejects".to_owned(), json!(rejects));
    }
    if let (Value::Object(fields), Some(on_commit)) = (&mut value, table.on_commit) {
        let word = match on_commit {
            OnCommit::DeleteRows => "delete rows",
            OnCommit::Drop => "drop",
        };
        fields.insert("on_commit".to_owned(), json!(word));
    }
    if let (Value::Object(fields), false) = (&mut value, table.seals.is_empty()) {
        let seals = table.seals.iter();
        let seals = seals
            .map(|seal| json!([seal.until, seal.version, seal.sealed_at]))
            .collect();
        fields.insert("seals".to_owned(), Value::Array(seals));
    }
    bytes(&with_comment(value, table.comment.as_deref()))
}

fn write_constraint(constraint: &Constraint) -> Value {
    let (oid, name) = (constraint.oid, &constraint.name);
    match &constraint.rule {
        Rule::Key { columns, is_primary } => {
            json!({"oid": oid, "name": name, "key": columns, "is_primary": is_primary})
        }
        Rule::Check(condition) => json!({"oid": oid, "name": name, "check": condition}),
    }
}

fn read_constraint(value: &Value) -> Option<Constraint> {
    let rule = match value.get("check") {
        Some(condition) => Rule::Check(condition.as_str()?.to_owned()),
        None => {
            let columns = value.get("key")?.as_array()?.iter();
            let columns = columns.map(|id| u32::try_from(id.as_u64()?).ok());
            Rule::Key {
                columns: columns.collect::<Option<_>>()?,
                is_primary: value.get("is_primary")?.as_bool()?,
            }
        }
    };
    Some(Constraint {
        oid: u32::try_from(value.get("oid")?.as_u64()?).ok()?,
        name: value.get("name")?.as_str()?.to_owned(),
        rule,
    })
}

fn write_index(index: &Index) -> Value {
    let columns: Vec<Value> = index
        .columns
        .iter()
        .map(|column| json!([column.id, column.is_descending, column.has_nulls_first]))
        .collect();
    json!({
        "oid": index.oid, "name": index.name, "method": index.method, "is_unique": index.is_unique, "columns": columns,
    })
}

fn read_index(value: &Value) -> Option<Index> {
    let column = |value: &Value| {
        Some(IndexColumn {
            id: u32::try_from(value.get(0)?.as_u64()?).ok()?,
            is_descending: value.get(1)?.as_bool()?,
            has_nulls_first: value.get(2)?.as_bool()?,
        })
    };
    let columns = value.get("columns")?.as_array()?.iter();
    Some(Index {
        oid: u32::try_from(value.get("oid")?.as_u64()?).ok()?,
        name: value.get("name")?.as_str()?.to_owned(),
        method: value.get("method")?.as_str()?.to_owned(),
        is_unique: value.get("is_unique")?.as_bool()?,
        columns: columns.map(column).collect::<Option<_>>()?,
    })
}

fn identity_word(identity: Identity) -> &'static str {
    match identity {
        Identity::Always => "always",
        Identity::ByDefault => "by default",
    }
}

/// A definition with its comment; without one it is what it was before there were comments.
fn with_comment(mut value: Value, comment: Option<&str>) -> Value {
    if let (Value::Object(fields), Some(comment)) = (&mut value, comment) {
        fields.insert("comment".to_owned(), json!(comment));
    }
    value
}

/// The comment of a definition, where it has one.
fn comment_of(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// What a name stands for, as bytes.
pub(crate) fn write_name(entry: &NameEntry) -> Arc<[u8]> {
    match entry {
        NameEntry::Table(oid) => bytes(&json!({"version": VERSION, "kind": "table", "oid": oid})),
        NameEntry::Sequence(sequence) => bytes(&json!({
            "version": VERSION, "kind": "sequence", "oid": sequence.oid, "sequence": sequence.to_json(),
        })),
        NameEntry::View(view) => {
            let columns: Vec<Value> = view
                .columns
                .iter()
                .map(|(name, data_type)| json!([name, data_type.to_string()]))
                .collect();
            let mut value = json!({
                "version": VERSION, "kind": "view", "oid": view.oid, "columns": columns, "query": view.query,
                "depends_on": view.depends_on,
            });
            if let (Some(references), Value::Object(fields)) = (&view.references, &mut value) {
                let references: Vec<Value> = references.iter().map(ViewReference::to_json).collect();
                fields.insert("references".to_owned(), json!(references));
            }
            if let (Value::Object(fields), Some(materialized)) = (&mut value, view.materialized) {
                let place = match materialized {
                    Materialized::WithTable { table, rollup } => json!({"table": table, "rollup": rollup}),
                    Materialized::OfViews => json!({}),
                };
                fields.insert("materialized".to_owned(), place);
            }
            if !view.column_comments.is_empty()
                && let Value::Object(fields) = &mut value
            {
                fields.insert("column_comments".to_owned(), json!(view.column_comments));
            }
            bytes(&with_comment(value, view.comment.as_deref()))
        }
    }
}

/// A number (a schema's, or the next one) as bytes.
pub(crate) fn write_oid(oid: u32) -> Arc<[u8]> {
    bytes(&json!({"version": VERSION, "oid": oid}))
}

/// A JSON object with its name for errors.
struct Reader<'r> {
    what: &'r str,
    fields: Map<String, Value>,
}

impl<'r> Reader<'r> {
    fn new(what: &'r str, bytes: &[u8]) -> Result<Self> {
        let reader = match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Reader { what, fields },
            _ => return Err(damaged(what, "it is not an object")),
        };
        match reader.fields.get("version").and_then(Value::as_u64) {
            Some(VERSION) => Ok(reader),
            version => Err(damaged(what, &format!("version {version:?} is not known"))),
        }
    }

    fn missing(&self, name: &str) -> Error {
        damaged(self.what, &format!("\"{name}\" is missing or wrong"))
    }

    fn text(&self, name: &str) -> Result<String> {
        let value = self.fields.get(name).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| self.missing(name))
    }

    fn number(&self, name: &str) -> Result<u32> {
        let value = self.fields.get(name).and_then(Value::as_u64);
        value
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| self.missing(name))
    }

    fn list<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>> {
        let values = self.fields.get(name).and_then(Value::as_array);
        let values = values.ok_or_else(|| self.missing(name))?;
        values
            .iter()
            .map(|value| read(value).ok_or_else(|| self.missing(name)))
            .collect()
    }
}

fn damaged(what: &str, reason: &str) -> Error {
    Error::Internal(format!("the definition of {what} does not read back: {reason}"))
}

fn type_at(value: Option<&Value>) -> Option<LogicalType> {
    parse_type_name(value?.as_str()?)
}

fn pair(value: &Value) -> Option<(String, String)> {
    let [name, text] = value.as_array()?.as_slice() else {
        return None;
    };
    Some((name.as_str()?.to_owned(), text.as_str()?.to_owned()))
}

/// A table's definition.
///
/// # Errors
/// Bytes that are none.
pub(crate) fn read_table(what: &str, bytes: &[u8]) -> Result<TableDefinition> {
    let reader = Reader::new(what, bytes)?;
    let column = |value: &Value| {
        let default = match value.get("default")? {
            Value::Null => None,
            text => Some(text.as_str()?.to_owned()),
        };
        Some(ColumnDefinition {
            id: u32::try_from(value.get("id")?.as_u64()?).ok()?,
            data_type: type_at(value.get("type"))?,
            default,
            identity: match value.get("identity").map(Value::as_str) {
                None => None,
                Some(Some("always")) => Some(Identity::Always),
                Some(Some("by default")) => Some(Identity::ByDefault),
                Some(_) => return None,
            },
            comment: comment_of(value.get("comment")),
        })
    };
    Ok(TableDefinition {
        schema: reader.text("schema")?,
        name: reader.text("name")?,
        columns: reader.list("columns", column)?,
        options: reader.list("options", pair)?,
        constraints: match reader.fields.contains_key("constraints") {
            true => reader.list("constraints", read_constraint)?,
            false => Vec::new(),
        },
        indexes: match reader.fields.contains_key("indexes") {
            true => reader.list("indexes", read_index)?,
            false => Vec::new(),
        },
        rejects: match reader.fields.contains_key("rejects") {
            true => Some(reader.number("rejects")?),
            false => None,
        },
        comment: comment_of(reader.fields.get("comment")),
        on_commit: match reader.fields.get("on_commit").and_then(Value::as_str) {
            Some("delete rows") => Some(OnCommit::DeleteRows),
            Some(_) => Some(OnCommit::Drop),
            None => None,
        },
        seals: match reader.fields.contains_key("seals") {
            true => reader.list("seals", read_seal)?,
            false => Vec::new(),
        },
    })
}

fn read_seal(value: &Value) -> Option<Seal> {
    let numbers = value.as_array()?;
    Some(Seal {
        until: numbers.first()?.as_i64()?,
        version: numbers.get(1)?.as_u64()?,
        sealed_at: numbers.get(2)?.as_i64()?,
    })
}

/// What a name stands for.
///
/// # Errors
/// Bytes that say nothing of the kind.
pub(crate) fn read_name(what: &str, bytes: &[u8]) -> Result<NameEntry> {
    let reader = Reader::new(what, bytes)?;
    let oid = reader.number("oid")?;
    match reader.text("kind")?.as_str() {
        "table" => Ok(NameEntry::Table(oid)),
        "view" => {
            let column = |value: &Value| Some((value.get(0)?.as_str()?.to_owned(), type_at(value.get(1))?));
            Ok(NameEntry::View(ViewDefinition {
                oid,
                columns: reader.list("columns", column)?,
                query: reader.text("query")?,
                depends_on: reader.list("depends_on", |value| u32::try_from(value.as_u64()?).ok())?,
                references: match reader.fields.contains_key("references") {
                    true => Some(reader.list("references", ViewReference::from_json)?),
                    false => None,
                },
                comment: comment_of(reader.fields.get("comment")),
                column_comments: match reader.fields.contains_key("column_comments") {
                    true => reader.list("column_comments", pair)?,
                    false => Vec::new(),
                },
                materialized: match reader.fields.get("materialized") {
                    Some(place) => Some(read_materialized(place).ok_or_else(|| reader.missing("materialized"))?),
                    None => None,
                },
            }))
        }
        "sequence" => {
            let sequence = reader.fields.get("sequence");
            let sequence = sequence.and_then(|value| SequenceDefinition::from_json(oid, value));
            sequence
                .map(NameEntry::Sequence)
                .ok_or_else(|| reader.missing("sequence"))
        }
        kind => Err(damaged(what, &format!("the kind \"{kind}\" is not known"))),
    }
}

fn read_materialized(value: &Value) -> Option<Materialized> {
    let number = |name: &str| u32::try_from(value.get(name)?.as_u64()?).ok();
    Some(match value.as_object()?.is_empty() {
        true => Materialized::OfViews,
        false => Materialized::WithTable {
            table: number("table")?,
            rollup: number("rollup")?,
        },
    })
}

/// A number.
///
/// # Errors
/// Bytes that are none.
pub(crate) fn read_oid(what: &str, bytes: &[u8]) -> Result<u32> {
    Reader::new(what, bytes)?.number("oid")
}

#[cfg(test)]
mod tests {
    use super::super::view_reference::Place;
    use super::*;

    #[test]
    fn definitions_read_back() {
        let table = TableDefinition {
            schema: "a/b".into(),
            name: "ev\"ents".into(),
            columns: vec![ColumnDefinition {
                id: 7,
                data_type: LogicalType::Varchar(Some(3)),
                default: Some("'x'".into()),
                identity: Some(Identity::ByDefault),
                comment: None,
            }],
            options: vec![("partition_by".into(), "day(t)".into())],
            constraints: vec![
                Constraint {
                    oid: 3,
                    name: "k".into(),
                    rule: Rule::Key {
                        columns: vec![7],
                        is_primary: true,
                    },
                },
                Constraint {
                    oid: 4,
                    name: "c".into(),
                    rule: Rule::Check("a > 0".into()),
                },
            ],
            indexes: vec![Index {
                oid: 5,
                name: "i".into(),
                method: "btree".into(),
                is_unique: true,
                columns: vec![IndexColumn {
                    id: 7,
                    is_descending: true,
                    has_nulls_first: false,
                }],
            }],
            comment: None,
            rejects: Some(12),
            on_commit: Some(OnCommit::Drop),
            seals: vec![Seal {
                until: 7,
                version: 3,
                sealed_at: -9,
            }],
        };
        assert_eq!(read_table("t", &write_table(&table)).unwrap(), table);
        assert_eq!(table.keys().map(|(_, name, _)| name).collect::<Vec<_>>(), ["k", "i"]);
        assert!(!String::from_utf8_lossy(&write_table(&table)).contains("comment"));
        let mut commented = table;
        commented.comment = Some("what \"happened\"".into());
        commented.columns[0].comment = Some("who".into());
        assert_eq!(read_table("t", &write_table(&commented)).unwrap(), commented);
        let view = NameEntry::View(ViewDefinition {
            oid: 9,
            columns: vec![("n".into(), LogicalType::NUMERIC)],
            query: "SELECT 1 AS n".into(),
            depends_on: vec![3, 4],
            references: None,
            comment: None,
            column_comments: Vec::new(),
            materialized: None,
        });
        let NameEntry::View(plain) = &view else { unreachable!() };
        let commented = NameEntry::View(ViewDefinition {
            references: Some(vec![ViewReference {
                name: stoa_sql::catalog::TableName {
                    schema: None,
                    name: "t".into(),
                },
                oid: 3,
                columns: vec![("a".into(), 1)],
                places: vec![Place {
                    start: 7,
                    end: 8,
                    aliased: true,
                }],
            }]),
            comment: Some("few".into()),
            materialized: Some(Materialized::WithTable {
                table: 16_384,
                rollup: 7,
            }),
            column_comments: vec![("n".into(), "one".into())],
            ..plain.clone()
        });
        let of_views = NameEntry::View(ViewDefinition {
            materialized: Some(Materialized::OfViews),
            ..plain.clone()
        });
        for entry in [view.clone(), commented, of_views, NameEntry::Table(5)] {
            assert_eq!(read_name("v", &write_name(&entry)).unwrap(), entry);
        }
        assert_eq!(read_oid("s", &write_oid(77)).unwrap(), 77);
        let key = name_object("a/b", "c/d");
        assert_eq!(read_key(&key), ObjectKey::Name("a/b", "c/d"));
        assert_eq!(read_key(&schema_object("x/y")), ObjectKey::Schema("x/y"));
        assert_eq!(read_key(NEXT_OID_OBJECT), ObjectKey::Other);
    }

    #[test]
    fn damage_is_an_error_with_the_name() {
        for bytes in [&b"{"[..], b"[]", br#"{"version":2}"#, br#"{"version":1,"schema":"s"}"#] {
            let error = read_table("table \"t\"", bytes).unwrap_err();
            assert!(error.to_string().contains("table \"t\""), "{error}");
        }
    }
}
