//! Statements: what a client asks for, of which a query is one kind.

use super::{
    AlterSequence, ColumnDef, ConstantRows, ConstraintDefinition, CreateSequence, CteId, DeclareCursor, Expr,
    FetchCursor, Plan, Query, SequenceOptions,
};
use crate::catalog::{Identity, TableId, TableName};
use crate::span::Span;
use crate::types::LogicalType;
use std::sync::Arc;

/// A compiled statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// SELECT, VALUES, TABLE, WITH ..
    Query(Query),
    /// INSERT
    Insert(Insert),
    /// INSERT of nothing but constants
    InsertConstants(InsertConstants),
    /// UPDATE
    Update(Update),
    /// MERGE
    Merge(Merge),
    /// DELETE
    Delete(Delete),
    /// WITH whose parts change rows
    With(WithStatement),
    /// TRUNCATE
    Truncate(Truncate),
    /// CREATE TABLE, also AS
    CreateTable(CreateTable),
    /// CREATE VIEW
    CreateView(CreateView),
    /// CREATE SCHEMA
    CreateSchema {
        /// Its name.
        name: String,
        /// No error where it is there.
        if_not_exists: bool,
    },
    /// CREATE INDEX
    CreateIndex(CreateIndex),
    /// CREATE SEQUENCE
    CreateSequence(CreateSequence),
    /// ALTER SEQUENCE
    AlterSequence(AlterSequence),
    /// DROP TABLE, VIEW, SCHEMA, SEQUENCE, INDEX
    Drop(DropRelation),
    /// ALTER TABLE
    AlterTable(AlterTable),
    /// COMMENT ON
    Comment(Comment),
    /// COPY
    Copy(Copy),
    /// EXPLAIN
    Explain(Explain),
    /// SET
    Set {
        /// The setting's lower-case name.
        name: String,
        /// Its new value as text; `None` for DEFAULT.
        value: Option<String>,
        /// For how long.
        scope: SetScope,
    },
    /// RESET name, or all
    Reset {
        /// `None` for ALL.
        name: Option<String>,
    },
    /// SHOW name, or all
    Show {
        /// `None` for ALL.
        name: Option<String>,
    },
    /// BEGIN, COMMIT, ROLLBACK, SAVEPOINT ..
    Transaction(TransactionStatement),
    /// PREPARE name AS statement: kept as text and bound by EXECUTE.
    Prepare {
        /// Its name.
        name: String,
        /// Parameter types, as far as given.
        parameter_types: Vec<LogicalType>,
        /// The statement's text.
        text: String,
    },
    /// EXECUTE name (arguments)
    Execute {
        /// Its name.
        name: String,
        /// Constant arguments.
        arguments: Vec<Expr>,
    },
    /// DEALLOCATE name, or all
    Deallocate {
        /// `None` for ALL.
        name: Option<String>,
    },
    /// DECLARE CURSOR
    DeclareCursor(DeclareCursor),
    /// FETCH, MOVE
    Fetch(FetchCursor),
    /// CLOSE name, or all
    Close {
        /// `None` for ALL.
        name: Option<String>,
    },
    /// DISCARD: forget the session's state, or a part of it.
    Discard(DiscardTarget),
    /// LOCK TABLE, of a kind that keeps nobody away.
    Lock,
    /// UNLISTEN: nothing is ever listened to.
    Unlisten,
    /// SET TRANSACTION, SET SESSION CHARACTERISTICS AS TRANSACTION
    SetTransaction {
        /// What is set.
        modes: TransactionModes,
        /// For how long.
        scope: SetScope,
    },
    /// SET TRANSACTION SNAPSHOT: reads what another transaction reads, which has exported it by that name.
    ImportSnapshot(String),
    /// REFRESH MATERIALIZED VIEW
    RefreshMaterializedView(TableName),
    /// ANALYZE, VACUUM: for a table, or all.
    Maintain {
        /// Flush and compact, or only bring statistics up to date.
        vacuum: bool,
        /// `None` for all.
        table: Option<TableId>,
    },
    /// CHECKPOINT: seal what is in memory.
    Checkpoint,
    /// Nothing between semicolons.
    Empty,
}

/// Whether a setting outlives the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords")]
pub enum SetScope {
    Session,
    Local,
}

/// INSERT INTO table (columns) source
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// ON CONFLICT DO UPDATE.
    pub upsert: Option<Upsert>,
    /// The rows, one column per column of the table, in the table's order, of the table's types: the binder has added
    /// defaults and casts.
    pub source: Plan,
    /// RETURNING: over columns with the identities of `source`'s output.
    pub returning: Option<Returning>,
}

/// ON CONFLICT DO UPDATE: the source's first column is the identity of the row that its row replaces; NULL where it is new.
#[derive(Clone, Debug, PartialEq)]
pub struct Upsert {
    /// The name of the key that rows may share with the table's.
    pub key: String,
}

/// INSERT INTO table (columns) VALUES of nothing but constants. Each is of a form that its column's type reads from text just as
/// an assignment would cast it; whether it can be read is not known yet. Where it cannot, the statement is to be compiled again, in
/// full, for the error to be the right one.
#[derive(Clone, Debug, PartialEq)]
pub struct InsertConstants {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// The table's columns that the rows have, in the rows' order.
    pub columns: Vec<usize>,
    /// Bound defaults for the others, as COPY has them.
    pub defaults: Vec<(usize, Expr)>,
    /// The rows.
    pub rows: Arc<ConstantRows>,
}

/// UPDATE table SET ..
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// The columns that get other values.
    pub assigned: Vec<usize>,
    /// The row's identity (a column of kind [`ROW_ID_COLUMN`]) followed by the new value of every column of the table.
    pub source: Plan,
    /// RETURNING: over columns with the identities of `source`'s output.
    pub returning: Option<Returning>,
}

/// MERGE INTO table ..
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// What each WHEN does.
    pub kinds: Vec<MergeKind>,
    /// The identity of the matched row, NULL where there is none; the number of the WHEN that the row meets, from 1; the new value of
    /// every column of the table.
    pub source: Plan,
}

/// What a WHEN of MERGE does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords")]
pub enum MergeKind {
    Nothing,
    Insert,
    Update,
    Delete,
}

/// DELETE FROM table ..
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: String,
    /// The row's identity (a column of kind [`ROW_ID_COLUMN`]), followed by what RETURNING needs.
    pub source: Plan,
    /// RETURNING: over columns with the identities of `source`'s output.
    pub returning: Option<Returning>,
}

/// The column index by which a [`super::Scan`] asks for a row's identity: (part, row) packed into a bigint by storage.
pub const ROW_ID_COLUMN: usize = usize::MAX;

/// The column index by which a [`super::Scan`] asks for a row's address, `ctid`, of type `tid`.
pub const CTID_COLUMN: usize = usize::MAX - 2;

/// The column index by which a [`super::Scan`] asks for the commit version that brought a row.
pub const COMMIT_VERSION_COLUMN: usize = usize::MAX - 1;

/// The column index by which a [`super::Scan`] of changes asks for the commit version that took a row away.
pub const DELETE_VERSION_COLUMN: usize = usize::MAX - 3;

/// RETURNING's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Returning {
    /// Output columns and what they are.
    pub expressions: Vec<(ColumnDef, Expr)>,
    /// Names told to the client.
    pub names: Vec<String>,
}

/// TRUNCATE tables
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate {
    /// The tables.
    pub tables: Vec<TableId>,
    /// RESTART IDENTITY: the sequences of their columns begin anew.
    pub restart_identity: bool,
}

/// A column in CREATE TABLE or ADD COLUMN.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: LogicalType,
    /// Whether NULL may occur.
    pub nullable: bool,
    /// The text of its DEFAULT; checked to bind to the column's type.
    pub default: Option<String>,
    /// It is filled from a sequence of its own: serial and identity.
    pub sequence: Option<SequenceOptions>,
    /// GENERATED .. AS IDENTITY
    pub identity: Option<Identity>,
}

/// WITH whose parts change rows: they run in order, over one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct WithStatement {
    /// What runs before the body.
    pub entries: Vec<WithEntry>,
    /// What the client gets the outcome of.
    pub body: Box<Statement>,
}

/// A part of WITH whose rows are kept for later parts.
#[derive(Clone, Debug, PartialEq)]
pub struct WithEntry {
    /// By which scans name its rows.
    pub id: CteId,
    /// Its name.
    pub name: String,
    /// The columns of its rows; none where it returns nothing.
    pub columns: Vec<ColumnDef>,
    /// A query, INSERT, UPDATE or DELETE.
    pub statement: Statement,
}

/// CREATE TABLE
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub name: TableName,
    /// No error where it is there.
    pub if_not_exists: bool,
    /// Its columns.
    pub columns: Vec<ColumnDefinition>,
    /// What must hold of its rows.
    pub constraints: Vec<ConstraintDefinition>,
    /// WITH (name = value ..), names lower-case, values as text.
    pub options: Vec<(String, String)>,
    /// CREATE TABLE AS: the rows to begin with.
    pub source: Option<Query>,
    /// ON COMMIT; of a temporary table only.
    pub on_commit: Option<OnCommit>,
}

/// What the end of a transaction does to a temporary table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCommit {
    /// ON COMMIT DELETE ROWS
    DeleteRows,
    /// ON COMMIT DROP
    Drop,
}

/// CREATE INDEX
#[derive(Clone, Debug, PartialEq)]
pub struct CreateIndex {
    /// Its name; `None` for one that is made up.
    pub name: Option<String>,
    /// The table.
    pub table: TableId,
    /// UNIQUE
    pub is_unique: bool,
    /// CONCURRENTLY, which cannot be part of a transaction.
    pub is_concurrent: bool,
    /// No error where the name is taken.
    pub if_not_exists: bool,
    /// The access method: `btree`.
    pub method: &'static str,
    /// Its columns.
    pub columns: Vec<IndexedColumn>,
}

/// A column of [`CreateIndex`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedColumn {
    /// The table's column by place.
    pub place: usize,
    /// DESC
    pub is_descending: bool,
    /// NULLS FIRST, or DESC without more.
    pub has_nulls_first: bool,
}

/// CREATE VIEW
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// Its name.
    pub name: TableName,
    /// OR REPLACE.
    pub or_replace: bool,
    /// MATERIALIZED: what it gives is kept with the rows of its table.
    pub materialized: bool,
    /// No error where the name is taken.
    pub if_not_exists: bool,
    /// Its columns' names and types.
    pub columns: Vec<(String, LogicalType)>,
    /// The text after AS.
    pub query: String,
    /// What the names of relations in it stand for, one by one; common table expressions are none.
    pub references: Vec<ViewReference>,
}

/// A relation's name in a view's query.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewReference {
    /// As written.
    pub name: TableName,
    /// What it stands for.
    pub table: TableId,
    /// Where it stands in the query's text.
    pub span: Option<Span>,
    /// An alias follows.
    pub aliased: bool,
}

/// What DROP names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords")]
pub enum ObjectKind {
    Table,
    View,
    MaterializedView,
    Schema,
    Sequence,
    Index,
}

/// DROP
#[derive(Clone, Debug, PartialEq)]
pub struct DropRelation {
    /// What.
    pub kind: ObjectKind,
    /// Which.
    pub names: Vec<TableName>,
    /// No error where it is not there.
    pub if_exists: bool,
    /// And what depends on it.
    pub cascade: bool,
}

/// ALTER TABLE
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// The table.
    pub table: TableId,
    /// Its name.
    pub name: TableName,
    /// What is done, in order.
    pub actions: Vec<AlterTableAction>,
    /// Where types change: all rows anew, as [`Update::source`] gives them, the values of the columns of their new types.
    pub rewrite: Option<Plan>,
}

/// One action of ALTER TABLE.
#[derive(Clone, Debug, PartialEq)]
pub enum AlterTableAction {
    /// ADD COLUMN; older rows get the default's value as of now.
    AddColumn {
        /// The column.
        column: ColumnDefinition,
        /// The bound default, of the column's type.
        default: Option<Expr>,
        /// No error where it is there.
        if_not_exists: bool,
    },
    /// DROP COLUMN
    DropColumn {
        /// Its name.
        name: String,
        /// No error where it is not there.
        if_exists: bool,
    },
    /// RENAME COLUMN
    RenameColumn {
        /// Old name.
        from: String,
        /// New name.
        to: String,
    },
    /// RENAME TO
    RenameTable {
        /// New name.
        to: String,
    },
    /// ALTER COLUMN SET/DROP DEFAULT
    SetDefault {
        /// The column.
        column: String,
        /// The text, or `None` for DROP.
        default: Option<String>,
    },
    /// ALTER COLUMN SET/DROP NOT NULL
    SetNullable {
        /// The column.
        column: String,
        /// DROP NOT NULL.
        nullable: bool,
    },
    /// ADD constraint; the rows must fulfil it.
    AddConstraint(ConstraintDefinition),
    /// DROP CONSTRAINT
    DropConstraint {
        /// Its name.
        name: String,
        /// No error where it is not there.
        if_exists: bool,
    },
    /// ALTER COLUMN TYPE
    SetType {
        /// The column.
        column: String,
        /// Its new type.
        data_type: LogicalType,
    },
    /// SET (option = value ..)
    SetOptions(Vec<(String, String)>),
}

/// COMMENT ON TABLE, VIEW, COLUMN
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// The relation.
    pub relation: TableId,
    /// Its column, by place; `None` for the relation itself.
    pub column: Option<usize>,
    /// The comment; `None` takes it away.
    pub text: Option<String>,
}

/// COPY
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    /// Which way, and from or to which table or query.
    pub direction: CopyDirection,
    /// How the bytes look.
    pub options: CopyOptions,
}

/// Which way COPY goes.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyDirection {
    /// COPY table (columns) FROM source
    From {
        /// The table.
        table: TableId,
        /// Its name.
        name: String,
        /// The table's columns that the source has, in the source's order.
        columns: Vec<usize>,
        /// Bound defaults for the columns the source lacks: the table's column and its expression, of the column's type. A
        /// column in neither list is NULL.
        defaults: Vec<(usize, Expr)>,
        /// Where the rows come from.
        source: CopySource,
    },
    /// COPY table or (query) TO target
    To {
        /// The rows.
        query: Query,
        /// Where to.
        target: CopyTarget,
    },
}

/// Where COPY FROM reads.
#[derive(Clone, Debug, PartialEq)]
pub enum CopySource {
    /// The client's CopyData messages.
    Stdin,
    /// A file or glob below the import folder of the server.
    File(String),
}

/// Where COPY TO writes.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyTarget {
    /// CopyData messages to the client.
    Stdout,
    /// A file below the import folder of the server.
    File(String),
}

/// A format of COPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the formats' names")]
pub enum CopyFormat {
    Text,
    Csv,
    Binary,
    Parquet,
    /// Newline-delimited JSON objects.
    Json,
}

/// COPY's options with their defaults filled in for the format.
#[derive(Clone, Debug, PartialEq)]
pub struct CopyOptions {
    /// The format.
    pub format: CopyFormat,
    /// The first line holds names.
    pub header: bool,
    /// In: these must be the columns' names, in their order.
    pub header_matches: bool,
    /// Between fields.
    pub delimiter: u8,
    /// What NULL looks like.
    pub null: String,
    /// csv's quote.
    pub quote: u8,
    /// csv's escape inside quotes.
    pub escape: u8,
    /// csv out: quote these columns always; `None` for as needed, all columns for `*`.
    pub force_quote: Option<Vec<usize>>,
}

impl CopyOptions {
    /// How files of a format usually are: csv with a header, text as Postgres writes it.
    pub fn of_file(format: CopyFormat) -> Self {
        let is_csv = format == CopyFormat::Csv;
        CopyOptions {
            format,
            header: is_csv,
            header_matches: false,
            delimiter: if is_csv { b',' } else { b'\t' },
            null: if is_csv { String::new() } else { "\\N".to_owned() },
            quote: b'"',
            escape: b'"',
            force_quote: None,
        }
    }
}

/// EXPLAIN's output form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the formats' names")]
pub enum ExplainFormat {
    Text,
    Json,
}

/// EXPLAIN
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// Run it and report actual figures.
    pub analyze: bool,
    /// Output columns too.
    pub verbose: bool,
    /// What is expected of each node.
    pub costs: bool,
    /// The form.
    pub format: ExplainFormat,
    /// The explained statement.
    pub statement: Box<Statement>,
}

/// Transaction control.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the statements' names")]
pub enum TransactionStatement {
    Begin {
        modes: TransactionModes,
        /// START TRANSACTION, which is told as such.
        is_start: bool,
    },
    /// COMMIT or ROLLBACK, and AND CHAIN: the next transaction begins at once, with the same modes.
    End {
        commit: bool,
        chain: bool,
    },
    Savepoint(String),
    RollbackTo(String),
    Release(String),
}

/// What a list of transaction modes asks for; `None` for what it does not mention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionModes {
    /// READ ONLY or READ WRITE.
    pub read_only: Option<bool>,
    /// The isolation level's name in lower case. Every level is served by snapshots.
    pub isolation: Option<&'static str>,
    /// DEFERRABLE or NOT DEFERRABLE.
    pub deferrable: Option<bool>,
}

/// What DISCARD forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keywords")]
pub enum DiscardTarget {
    All,
    Plans,
    Sequences,
    Temporary,
}
