//! The logical plan: what a statement means, bound and typed, before anyone decides how to run it.
//!
//! Columns have identities ([`ColumnId`]) that are unique in a statement: every relation instance, computed expression and
//! aggregate makes fresh ones, so that rewrites move expressions about without renumbering. A node's output is the list of
//! columns that [`Plan::output`] gives; expressions may name only columns of their inputs (and, below an [`Apply`], of the
//! outer side). `verify` checks exactly this.

mod build;
mod constant_rows;
mod constraint;
mod cursor;
mod explain;
mod expression;
mod sequence;
mod statement;
mod verify;
mod walk;

pub use constant_rows::{Constant, ConstantForm, ConstantRows};
pub use constraint::{ConstraintDefinition, ConstraintKind};
pub use cursor::{DeclareCursor, FetchCursor, FetchDirection};
pub use expression::{
    AggregateCall, CaseBranch, ColumnDef, ColumnId, CompareOp, Expr, FrameBound, FrameExclusion, FrameUnits,
    FunctionCall, Quantifier, SortKey, WindowCall, WindowFrame,
};
pub use sequence::{AlterSequence, CreateSequence, SequenceOptions};
pub use statement::{
    AlterTable, AlterTableAction, COMMIT_VERSION_COLUMN, CTID_COLUMN, ColumnDefinition, Comment, Copy, CopyDirection,
    CopyFormat, CopyOptions, CopySource, CopyTarget, CreateIndex, CreateTable, CreateView, DELETE_VERSION_COLUMN,
    Delete, DiscardTarget, DropRelation, Explain, ExplainFormat, IndexedColumn, Insert, InsertConstants, Merge,
    MergeKind, ObjectKind, OnCommit, ROW_ID_COLUMN, Returning, SetScope, Statement, TransactionModes,
    TransactionStatement, Truncate, Update, Upsert, ViewReference, WithEntry, WithStatement,
};

pub(crate) use verify::is_table_function_apply;
pub use verify::{verify, verify_executable};
pub use walk::ColumnSet;

use crate::catalog::TableId;
use std::sync::Arc;

/// Identifies a materialized common table expression within a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CteId(pub u32);

/// Rows, and how they come about.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// Rows of a stored or system table.
    Scan(Scan),
    /// Rows computed from expressions; no input.
    Values(Values),
    /// Rows of a table function; arguments may name outer columns below an `Apply`.
    TableFunction(TableFunction),
    /// Rows of the input for which every predicate is true.
    Filter(Filter),
    /// One output column per expression.
    Project(Project),
    /// One row per group.
    Aggregate(Aggregate),
    /// Pairs of rows.
    Join(Join),
    /// Each left row with at most one right row: the nearest in time among those with equal keys.
    AsOfJoin(AsOfJoin),
    /// A dependent join: the right side may name columns of the left. After the optimizer has unnested, only one form is
    /// left: the right side is a [`Plan::TableFunction`], called for each row of the left, with kind `Inner` or `Left` and no
    /// predicates.
    Apply(Apply),
    /// Rows in order; with a limit, only the first of them.
    Sort(Sort),
    /// A window of the rows.
    Limit(Limit),
    /// Distinct rows, or the first row per `on` keys in the input's order.
    Distinct(Distinct),
    /// Window functions appended to the input's columns.
    Window(Window),
    /// UNION, INTERSECT, EXCEPT.
    SetOperation(SetOperation),
    /// A materialized or recursive common table expression and the query that uses it.
    With(With),
    /// The rows of a common table expression.
    CteScan(CteScan),
}

/// See [`Plan::Scan`].
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// The table.
    pub table: TableId,
    /// Its name, for EXPLAIN.
    pub name: String,
    /// The columns wanted: the relation's column index and the identity given to it here.
    pub columns: Vec<(usize, ColumnDef)>,
    /// Conjuncts pushed down to the scan; they name columns of this scan.
    pub filters: Vec<Expr>,
    /// `FOR SYSTEM_TIME AS OF`: a constant version (bigint) or time (timestamptz).
    pub as_of: Option<Expr>,
    /// Not the rows that are there, but those that were changed until then.
    pub changes: Option<ScanChanges>,
    /// The scan may stop after so many rows that pass the filters.
    pub limit: Option<u64>,
    /// No rollup may answer for its rows.
    pub rows_only: bool,
}

/// Rows that commits after a version brought, or took away.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanChanges {
    /// Which of the two.
    pub change: RowChange,
    /// A constant version (bigint) or time (timestamptz); `None` is the oldest that the table's history goes back to.
    pub after: Option<Expr>,
}

/// What commits did to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Brought them.
    Added,
    /// Took them away.
    Removed,
}

/// See [`Plan::Values`].
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The columns.
    pub columns: Vec<ColumnDef>,
    /// The rows; no columns and one empty row is `SELECT` without FROM.
    pub rows: Vec<Vec<Expr>>,
}

/// See [`Plan::TableFunction`].
#[derive(Clone, Debug, PartialEq)]
pub struct TableFunction {
    /// The calls: row by row side by side, shorter ones filled up with NULLs.
    pub calls: Vec<FunctionCall>,
    /// Their columns; with `with_ordinality` one more, a bigint counted from 1.
    pub columns: Vec<ColumnDef>,
    /// How many of the columns are each call's.
    pub column_counts: Vec<usize>,
    /// `WITH ORDINALITY`
    pub with_ordinality: bool,
}

/// See [`Plan::Filter`].
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The rows.
    pub input: Box<Plan>,
    /// Conjuncts, each boolean.
    pub predicates: Vec<Expr>,
}

/// See [`Plan::Project`].
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The rows.
    pub input: Box<Plan>,
    /// Output columns and what they are. A column handed on unchanged keeps its identity.
    pub expressions: Vec<(ColumnDef, Expr)>,
}

/// See [`Plan::Aggregate`].
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The rows.
    pub input: Box<Plan>,
    /// Group keys.
    pub keys: Vec<(ColumnDef, Expr)>,
    /// Aggregates.
    pub aggregates: Vec<(ColumnDef, AggregateCall)>,
    /// GROUPING SETS, ROLLUP, CUBE: the indexes of the keys of each set; keys outside a set are NULL there. `None` is one
    /// set of all keys.
    pub grouping_sets: Option<Vec<Vec<usize>>>,
    /// The column that holds the number of the grouping set, where `grouping()` asks for it.
    pub grouping_set_index: Option<ColumnDef>,
    /// Any so many groups will do.
    pub group_limit: Option<u64>,
    /// Only the first groups by an answer are wanted.
    pub best_groups: Option<BestGroups>,
    /// By aggregate, the columns of its states, where these are handed on in place of answers.
    pub states: Option<Vec<Vec<ColumnDef>>>,
}

/// See [`Aggregate::best_groups`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestGroups {
    /// The aggregate whose answers decide.
    pub column: ColumnId,
    /// The largest come first.
    pub descending: bool,
    /// So many groups.
    pub groups_max: u64,
    /// And those that are equal to the last of them, between which something else decides.
    pub keeps_ties: bool,
}

/// What a join keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinKind {
    /// Pairs that match.
    Inner,
    /// Every left row at least once.
    Left,
    /// Every right row at least once.
    Right,
    /// Every row of both sides at least once.
    Full,
    /// Left rows with a match; the right side's columns are not in the output.
    Semi,
    /// Left rows without a match.
    Anti,
    /// Right rows with a match; the left side's columns are not in the output.
    RightSemi,
    /// Right rows without a match.
    RightAnti,
    /// As `Anti`, but with NOT IN's logic: nothing where the right side has a NULL key, and a left NULL key passes only
    /// an empty right side.
    NullAwareAnti,
    /// Every left row once, with a boolean column: whether it has a match. `null_aware` gives IN's third value.
    Mark {
        /// The boolean column appended to the left side's.
        column: ColumnDef,
        /// NULL instead of false where a NULL key leaves it open.
        null_aware: bool,
    },
    /// Every left row once, joined with its only match or NULLs; a second match is error 21000.
    Single,
}

/// See [`Plan::Join`].
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Probe side by convention: the larger.
    pub left: Box<Plan>,
    /// Build side.
    pub right: Box<Plan>,
    /// What is kept.
    pub kind: JoinKind,
    /// Equality conditions between an expression over the left and one over the right, of the same type.
    pub keys: Vec<JoinKey>,
    /// Further conjuncts over both sides.
    pub residual: Vec<Expr>,
}

/// One equality of a join.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinKey {
    /// Over the left side.
    pub left: Expr,
    /// Over the right side.
    pub right: Expr,
    /// `IS NOT DISTINCT FROM`: NULL matches NULL.
    pub null_matches: bool,
}

/// See [`Plan::AsOfJoin`].
#[derive(Clone, Debug, PartialEq)]
pub struct AsOfJoin {
    /// Each row at most once.
    pub left: Box<Plan>,
    /// Where the nearest row is looked for.
    pub right: Box<Plan>,
    /// Left rows without a match stay, with NULLs beside them.
    pub keeps_left: bool,
    /// Equalities; NULL matches nothing.
    pub keys: Vec<JoinKey>,
    /// The time of a left row.
    pub left_time: Expr,
    /// How it compares: of the right rows for which that holds, the one with the nearest time is taken. One of `<`, `<=`, `>`, `>=`.
    pub op: CompareOp,
    /// The time of a right row, of the same type.
    pub right_time: Expr,
}

/// See [`Plan::Apply`].
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    /// The outer rows.
    pub left: Box<Plan>,
    /// Evaluated for each of them.
    pub right: Box<Plan>,
    /// What is kept.
    pub kind: JoinKind,
    /// Conjuncts over both sides.
    pub predicates: Vec<Expr>,
}

/// See [`Plan::Sort`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// The rows.
    pub input: Box<Plan>,
    /// Most significant first.
    pub keys: Vec<SortKey>,
    /// Only so many first rows are wanted (limit plus offset): a top-N.
    pub limit: Option<u64>,
}

/// See [`Plan::Limit`].
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The rows.
    pub input: Box<Plan>,
    /// At most so many; a bigint expression without columns, NULL for all.
    pub limit: Option<Expr>,
    /// After leaving out so many.
    pub offset: Option<Expr>,
}

/// See [`Plan::Distinct`].
#[derive(Clone, Debug, PartialEq)]
pub struct Distinct {
    /// The rows.
    pub input: Box<Plan>,
    /// `DISTINCT ON`; empty for plain DISTINCT over all columns.
    pub on: Vec<Expr>,
}

/// See [`Plan::Window`].
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The rows.
    pub input: Box<Plan>,
    /// The columns appended, all over the same partition and order.
    pub calls: Vec<(ColumnDef, WindowCall)>,
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<SortKey>,
}

/// Which set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperationKind {
    /// Rows of either side.
    Union,
    /// Rows of both sides.
    Intersect,
    /// Rows of the left side that the right side lacks.
    Except,
}

/// See [`Plan::SetOperation`].
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    /// Which.
    pub kind: SetOperationKind,
    /// Duplicates stay (with their counts, as SQL has it).
    pub all: bool,
    /// The inputs, two or (UNION ALL flattened) more, with columns of the same types at the same places.
    pub inputs: Vec<Plan>,
    /// The output's columns.
    pub columns: Vec<ColumnDef>,
}

/// See [`Plan::With`].
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// Identity for its scans.
    pub id: CteId,
    /// Its name, for EXPLAIN.
    pub name: String,
    /// Its definition; for a recursive one the non-recursive term.
    pub definition: Box<Plan>,
    /// The recursive term, which scans this CTE (the rows of the last round).
    pub recursive: Option<Recursive>,
    /// The columns of `definition` in order (each scan has its own identities).
    pub columns: Vec<ColumnDef>,
    /// The query that uses it.
    pub body: Box<Plan>,
}

/// The recursive term of a [`With`].
#[derive(Clone, Debug, PartialEq)]
pub struct Recursive {
    /// Evaluated until it gives no more rows.
    pub term: Box<Plan>,
    /// UNION ALL: duplicates stay.
    pub all: bool,
}

/// See [`Plan::CteScan`].
#[derive(Clone, Debug, PartialEq)]
pub struct CteScan {
    /// Which CTE.
    pub id: CteId,
    /// Its name, for EXPLAIN.
    pub name: String,
    /// Columns wanted: index in the CTE's columns, and the identity here.
    pub columns: Vec<(usize, ColumnDef)>,
}

impl Aggregate {
    /// Keys, answers or states, and the number of the grouping set where it is asked for.
    pub fn output(&self) -> Vec<ColumnDef> {
        let mut columns: Vec<ColumnDef> = self.keys.iter().map(|(column, _)| column.clone()).collect();
        match &self.states {
            None => columns.extend(self.aggregates.iter().map(|(column, _)| column.clone())),
            Some(states) => columns.extend(states.iter().flatten().cloned()),
        }
        columns.extend(self.grouping_set_index.clone());
        columns
    }
}

impl Plan {
    /// The columns a node hands on, in order.
    pub fn output(&self) -> Vec<ColumnDef> {
        match self {
            Plan::Scan(scan) => scan.columns.iter().map(|(_, column)| column.clone()).collect(),
            Plan::CteScan(scan) => scan.columns.iter().map(|(_, column)| column.clone()).collect(),
            Plan::Values(values) => values.columns.clone(),
            Plan::TableFunction(function) => function.columns.clone(),
            Plan::Filter(filter) => filter.input.output(),
            Plan::Sort(sort) => sort.input.output(),
            Plan::Limit(limit) => limit.input.output(),
            Plan::Distinct(distinct) => distinct.input.output(),
            Plan::Project(project) => project.expressions.iter().map(|(column, _)| column.clone()).collect(),
            Plan::Aggregate(aggregate) => aggregate.output(),
            Plan::Join(join) => join.kind.output(&join.left, &join.right),
            Plan::AsOfJoin(join) => join.kind().output(&join.left, &join.right),
            Plan::Apply(apply) => apply.kind.output(&apply.left, &apply.right),
            Plan::Window(window) => {
                let mut columns = window.input.output();
                columns.extend(window.calls.iter().map(|(column, _)| column.clone()));
                columns
            }
            Plan::SetOperation(operation) => operation.columns.clone(),
            Plan::With(with) => with.body.output(),
        }
    }
}

impl AsOfJoin {
    /// The kind of join by which its output goes.
    pub fn kind(&self) -> JoinKind {
        match self.keeps_left {
            true => JoinKind::Left,
            false => JoinKind::Inner,
        }
    }
}

impl JoinKind {
    /// The columns of a join of this kind; those of a side that may be left out may be NULL.
    pub(crate) fn output(&self, left: &Plan, right: &Plan) -> Vec<ColumnDef> {
        let nullable = |columns: Vec<ColumnDef>| {
            columns
                .into_iter()
                .map(|column| ColumnDef {
                    nullable: true,
                    ..column
                })
                .collect::<Vec<_>>()
        };
        let (mut columns, more) = match self {
            JoinKind::Inner => (left.output(), right.output()),
            JoinKind::Left | JoinKind::Single => (left.output(), nullable(right.output())),
            JoinKind::Right => (nullable(left.output()), right.output()),
            JoinKind::Full => (nullable(left.output()), nullable(right.output())),
            JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti => (left.output(), Vec::new()),
            JoinKind::RightSemi | JoinKind::RightAnti => (Vec::new(), right.output()),
            JoinKind::Mark { column, .. } => (left.output(), vec![column.clone()]),
        };
        columns.extend(more);
        columns
    }
}

/// A compiled query: the optimized plan and what the client is told of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The plan; its output columns are the result's, in order.
    pub plan: Arc<Plan>,
    /// The result's column names, which may repeat.
    pub names: Vec<String>,
}
