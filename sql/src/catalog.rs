//! Everything the compiler may ask of the world. The engine answers; the compiler executes nothing itself.

use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{Expr, Plan};
use crate::types::{LogicalType, TypeKind};
use std::fmt;
use std::sync::Arc;

/// A table's identity for the life of a database; never reused. System tables have ids of their own range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u32);

/// A possibly qualified name, already folded to lower case where it was not quoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName {
    /// The schema, if the user named one.
    pub schema: Option<String>,
    /// The relation.
    pub name: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(formatter, "{schema}.{}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}

/// What a relation is.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// Rows in storage, which statements may change.
    Table,
    /// A table of the system: read only, computed when asked.
    System,
    /// Numbers to be handed out; its own state as one row.
    Sequence,
    /// A view: its defining query, bound anew at every use.
    View {
        /// The text after AS.
        query: String,
        /// What it gives is kept.
        materialized: bool,
    },
}

/// A relation as the binder needs it.
#[derive(Clone, Debug)]
pub struct RelationInfo {
    /// Identity.
    pub id: TableId,
    /// The schema it was found in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<ColumnInfo>,
    /// The names of its constraints.
    pub constraint_names: Vec<String>,
    /// Its keys.
    pub keys: Vec<KeyInfo>,
    /// Whether there is a column of type smallint behind these, [`ARRIVAL`]: 0 for rows that came on time, 1 for late ones, 2 for very
    /// late ones, 3 for those that were made of others here.
    pub has_arrival: bool,
    /// The column that says when the rows' events happened, by place.
    pub event_time: Option<usize>,
    /// Periods that were sealed, in order: events before a time (microseconds since 1970 UTC), and the version they were sealed at.
    pub seals: Vec<(i64, u64)>,
    /// Of a table that keeps every version of its rows: by what, and since when each is valid.
    pub versions: Option<VersionedKey>,
}

/// The key whose rows are versions of one thing, each valid in a period of its own: from `valid_from` on and before `valid_to`.
/// Columns are by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedKey {
    /// What a row is a version of.
    pub columns: Vec<usize>,
    /// Since when it is valid: a timestamptz that is never NULL.
    pub valid_from: usize,
    /// Until when: a timestamptz that is NULL while there is no end.
    pub valid_to: usize,
}

/// The column that says how a row came; no statement names it.
pub const ARRIVAL: &str = "stoa.arrival";

/// Columns whose values no two rows share.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyInfo {
    /// The constraint's name.
    pub name: String,
    /// The columns by place.
    pub columns: Vec<usize>,
}

/// When an identity column takes its sequence's next number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Always: a value is refused.
    Always,
    /// Where no value is given.
    ByDefault,
}

/// A relation's column.
#[derive(Clone, Debug)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: LogicalType,
    /// Whether NULL may occur.
    pub nullable: bool,
    /// The text of its DEFAULT expression, bound at every INSERT that leaves the column out.
    pub default: Option<String>,
    /// GENERATED .. AS IDENTITY: `default` takes its sequence's next number.
    pub identity: Option<Identity>,
    /// Generated and hidden from `*`, such as a table's commit version.
    pub hidden: bool,
}

/// The role a function plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// A value per row.
    Scalar,
    /// A value per group; usable as a window function too.
    Aggregate,
    /// A value per row of a window.
    Window,
    /// Rows.
    Table,
}

/// How often a function's answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Volatility {
    /// The same arguments, the same answer: may be folded.
    Immutable,
    /// Constant within a statement (`now()`, settings, time zone, catalog look-ups).
    Stable,
    /// Anew at every call (`random()`).
    Volatile,
}

/// What an overload takes at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// A type of this kind; for `Numeric`, any precision and scale.
    Kind(TypeKind),
    /// An array of elements of this kind.
    ArrayOf(TypeKind),
    /// `anyelement`: any type, the same at every place that says so.
    AnyElement,
    /// `anyarray`: an array whose elements are the `anyelement` of this call.
    AnyArray,
    /// `"any"`: any type, independent of other places.
    Any,
}

/// One overload of a function.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// The last parameter may be repeated, once at least.
    pub variadic: bool,
    /// From the types of the coerced arguments to the type of the answer.
    pub returns: fn(&[LogicalType]) -> LogicalType,
}

/// A parameter that a call may name.
#[derive(Clone, Debug)]
pub struct NamedParameter {
    /// Its name.
    pub name: &'static str,
    /// What it is where a call leaves it out, and later ones not.
    pub default: Option<(Literal, LogicalType)>,
}

/// A function name with its overloads, as the engine registers it.
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    /// Its name; operators go by their symbol (`+`, `||`, `~~`).
    pub name: &'static str,
    /// Its role.
    pub kind: FunctionKind,
    /// How often its answer changes.
    pub volatility: Volatility,
    /// NULL whenever an argument is NULL.
    pub strict: bool,
    /// Its overloads, preferred first among equals.
    pub signatures: &'static [Signature],
    /// For a table function: names and types of the columns, given the argument types. A table function returning one
    /// unnamed column takes the function's name.
    pub table_columns: Option<fn(&[LogicalType]) -> Vec<(String, LogicalType)>>,
    /// The parameters' names, in order; none where calls cannot name them.
    pub named_parameters: &'static [NamedParameter],
}

/// What statistics say of a column of a stored table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnStatistics {
    /// About how many distinct values.
    pub distinct_count: Option<u64>,
    /// The share of NULLs, 0 to 1.
    pub null_fraction: Option<f64>,
    /// The smallest value.
    pub minimum: Option<Literal>,
    /// The largest value.
    pub maximum: Option<Literal>,
}

/// What the compiler may ask.
pub trait Catalog {
    /// The relation of that name along the search path, as of the statement's version.
    fn relation(&self, name: &TableName) -> Result<Option<Arc<RelationInfo>>>;
    /// What a name in a view's query stands for: what it stood for when the view was made, however that is called now, with the names
    /// its columns had then and without those it has got since.
    fn relation_of_view(&self, _view: TableId, name: &TableName) -> Result<Option<Arc<RelationInfo>>> {
        self.relation(name)
    }
    /// The function of that name and, if given, schema.
    fn function(&self, schema: Option<&str>, name: &str) -> Option<Arc<FunctionInfo>>;
    /// The user-visible setting of that name.
    fn setting(&self, name: &str) -> Option<String>;
    /// Evaluates an expression without columns or parameters; an error is the one evaluation gave.
    /// `None` where the engine would rather not.
    fn fold(&self, expression: &Expr) -> Option<Result<Literal>>;
    /// The value of a text literal as a type: `'2024-01-01'::date`. An error is a user error without a span.
    fn parse_literal(&self, text: &str, data_type: &LogicalType) -> Result<Literal>;
    /// About how many rows a relation has.
    fn row_count(&self, table: TableId) -> Option<u64>;
    /// What is known of a column's values; `column` counts the relation's columns.
    fn column_statistics(&self, table: TableId, column: usize) -> Option<ColumnStatistics>;
    /// Ascending values between which about equally many of a column's values are, a frequent value several times over; at least
    /// two, or none where nothing is known. May read, so it is asked only of columns that a filter is about.
    fn column_histogram(&self, _table: TableId, _column: usize) -> Vec<Literal> {
        Vec::new()
    }
    /// Called by tests and EXPLAIN after each optimizer pass.
    fn observe_pass(&self, _name: &str, _plan: &Plan) {}
}
