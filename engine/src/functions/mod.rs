//! Scalar, aggregate, window and table functions: one file each, with documentation, signatures, execution and tests.
//!
//! A scalar function sees plain arrays or constants, never an encoded column: the evaluator runs a function of one dictionary
//! column once per distinct value. An aggregate keeps its states as columns, one entry per group, and can hand them
//! out and take them in: partial aggregation, rollups and summaries of blocks all go through `states` and `merge`.

pub(crate) mod aggregate;
pub(crate) mod cast;
pub(crate) mod jsonpath;
pub(crate) mod kernel;
pub(crate) mod registry;
pub(crate) mod scalar;
pub(crate) mod table;
pub(crate) mod window;

use crate::error::Result;
use arrow_array::{ArrayRef, Int32Array, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::FunctionInfo;
use stoa_sql::types::LogicalType;

/// An argument of a scalar function.
#[derive(Clone, Debug)]
pub enum Value {
    /// One plain value per row.
    Array(ArrayRef),
    /// The same for all rows: a plain array of length 1.
    Constant(ArrayRef),
}

/// What people read about a function; the SQL reference is made of it.
#[derive(Clone, Copy, Debug)]
pub struct Documentation {
    /// The family, a heading of the reference: `text`, `date and time` ..
    pub category: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// A call.
    pub example: &'static str,
    /// What the call gives, as psql shows it.
    pub result: &'static str,
}

/// What the functions of one statement may know of their session. Constant within the statement.
#[derive(Clone, Debug)]
pub struct StatementContext {
    /// The time of the transaction's begin (`now()`), microseconds since 1970 UTC.
    pub transaction_time: i64,
    /// The time of the statement's begin, likewise.
    pub statement_time: i64,
    /// `TimeZone`.
    pub time_zone: jiff::tz::TimeZone,
    /// The current user.
    pub user: String,
    /// The current database.
    pub database: String,
    /// `search_path`, resolved.
    pub search_path: Vec<String>,
    /// The connection's process id, as the client was told.
    pub process_id: i32,
    /// Looks things up for catalog functions and settings: `('setting', 'server_version')`, `('regclass', 'public.events')` ..
    pub session: std::sync::Arc<dyn SessionFacts>,
}

/// What catalog functions ask of the session, by kind and key; `None` where there is none.
///
/// - `setting`: name -> value. `version`: the commit version that is read. `current_schema`. `server_start_time`: microseconds.
/// - `relation_oid`: name -> oid. `relation_name`: oid -> name as `::text` shows it. `relation_visible`: oid -> `true`, `false`.
///   `relation_comment`, `relation_size` (bytes), `relation_rows`, `relation_scans`: oid -> .. `view_definition`: oid -> query.
/// - `column_name`, `column_default`, `column_comment`: `oid,attnum` -> ..
/// - `type_oid`, `type_name`; `namespace_oid`, `namespace_name`; `function_oid`, `function_name`: name -> oid, oid -> name.
/// - `function_arguments`, `function_result`, `function_definition`: oid -> text. `aggregate_name`: oid -> name, of aggregates only.
///   `constraint_definition`, `index_definition`: oid -> text.
/// - `sequence_last_value`: oid -> number. `serial_sequence`: `oid,column name` -> name.
/// - `backend`: process id -> `true`, `false`.
/// - `database_size` (bytes), `database_name`: oid -> name; `database_oid`: name -> oid. `user_name`: oid -> name.
pub trait SessionFacts: Send + Sync + std::fmt::Debug {
    /// See above.
    fn fact(&self, kind: &str, key: &str) -> Option<String>;

    /// `set_config`: gives a setting a value (none: its default), for the transaction or for the session, and answers with the
    /// value as SHOW gives it.
    ///
    /// # Errors
    /// As SET's.
    fn change_setting(&self, name: &str, value: Option<&str>, transaction_only: bool) -> Result<String> {
        let _ = (value, transaction_only);
        Err(crate::error::Error::user(
            crate::error::SqlState::FEATURE_NOT_SUPPORTED,
            format!("set_config of \"{name}\" is not supported here"),
        ))
    }

    /// `pg_cancel_backend`, `pg_terminate_backend`: asks a connection to end its query, or itself. False where there is none.
    ///
    /// # Errors
    /// 42501 where the user may not.
    fn signal(&self, process_id: i32, terminate: bool) -> Result<bool> {
        let _ = (process_id, terminate);
        Ok(false)
    }

    /// `nextval`: the next numbers of the sequence of a number in `pg_class`.
    ///
    /// # Errors
    /// 42809 where that is none; 2200H at its end.
    fn next_sequence_values(&self, sequence: i64, count: usize) -> Result<Vec<i64>> {
        let _ = count;
        Err(no_sequence(sequence))
    }

    /// `currval`, or `lastval` without a sequence: what the session took last.
    ///
    /// # Errors
    /// 55000 where it took nothing yet.
    fn current_sequence_value(&self, sequence: Option<i64>) -> Result<i64> {
        Err(no_sequence(sequence.unwrap_or_default()))
    }

    /// `setval`
    ///
    /// # Errors
    /// 22003 for a number out of the sequence's bounds.
    fn set_sequence_value(&self, sequence: i64, value: i64, is_called: bool) -> Result<()> {
        let _ = (value, is_called);
        Err(no_sequence(sequence))
    }

    /// `pg_export_snapshot`: a name by which other transactions may read what this one does.
    ///
    /// # Errors
    /// 25001 behind a savepoint; 53400 where there are too many.
    fn export_snapshot(&self) -> Result<String> {
        Err(crate::error::Error::user(
            crate::error::SqlState::FEATURE_NOT_SUPPORTED,
            "exporting snapshots is not supported here",
        ))
    }

    /// `pg_advisory_lock` and kin: takes a lock, waiting for it where it is held.
    ///
    /// # Errors
    /// 40P01 where that would never end; 53200 where there are too many; the statement's cancellation.
    fn advisory_lock(&self, key: AdvisoryKey, request: AdvisoryRequest) -> Result<()> {
        let _ = (key, request);
        Err(no_locks())
    }

    /// `pg_try_advisory_lock` and kin: takes a lock if it is free.
    ///
    /// # Errors
    /// 53200 where there are too many.
    fn advisory_try_lock(&self, key: AdvisoryKey, request: AdvisoryRequest) -> Result<bool> {
        let _ = (key, request);
        Err(no_locks())
    }

    /// `pg_advisory_unlock`: gives a lock of the session back; false where it has none.
    ///
    /// # Errors
    /// There are no locks here.
    fn advisory_unlock(&self, key: AdvisoryKey, is_shared: bool) -> Result<bool> {
        let _ = (key, is_shared);
        Err(no_locks())
    }

    /// `pg_advisory_unlock_all`
    fn advisory_unlock_all(&self) {}

    /// The random numbers of the session; none where there is no session.
    fn random(&self) -> Option<&kernel::random::RandomSequence> {
        None
    }

    /// Fails if the statement was cancelled: for functions that take their time.
    ///
    /// # Errors
    /// [`crate::error::Error::Cancelled`]
    fn check_cancelled(&self) -> Result<()> {
        Ok(())
    }
}

/// A session that knows nothing: what works without one evaluates with it.
#[derive(Debug)]
pub(crate) struct NoFacts;

impl SessionFacts for NoFacts {
    fn fact(&self, _kind: &str, _key: &str) -> Option<String> {
        None
    }
}

/// What an advisory lock is about: a number, or a pair of numbers, which is another lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdvisoryKey {
    /// 64 bits.
    One(i64),
    /// Twice 32 bits.
    Two(i32, i32),
}

impl std::fmt::Display for AdvisoryKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AdvisoryKey::One(key) => write!(formatter, "[{key}]"),
            AdvisoryKey::Two(first, second) => write!(formatter, "[{first},{second}]"),
        }
    }
}

/// How an advisory lock is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdvisoryRequest {
    /// Others may have it in the same way.
    pub is_shared: bool,
    /// It ends with the transaction, not with the session.
    pub is_of_transaction: bool,
}

fn no_locks() -> crate::error::Error {
    crate::error::Error::user(
        crate::error::SqlState::FEATURE_NOT_SUPPORTED,
        "advisory locks are not supported here",
    )
}

fn no_sequence(oid: i64) -> crate::error::Error {
    crate::error::Error::user(
        crate::error::SqlState::UNDEFINED_TABLE,
        format!("could not open relation with OID {oid}"),
    )
}

/// One evaluation of a scalar function.
pub struct Call<'a> {
    /// The arguments, of the types of the overload that was bound.
    pub arguments: &'a [Value],
    /// Their logical types.
    pub argument_types: &'a [LogicalType],
    /// Rows to answer for.
    pub row_count: usize,
    /// The type of the answer.
    pub return_type: &'a LogicalType,
    /// The statement it runs in.
    pub statement: &'a StatementContext,
}

/// A scalar function or operator.
pub struct ScalarFunction {
    /// Name, volatility and overloads, as the binder sees them.
    pub info: fn() -> FunctionInfo,
    /// For people.
    pub documentation: Documentation,
    /// One plain value per row, or a constant where all arguments are constant. A strict function need not look at NULLs:
    /// the evaluator masks the answer, but must not fail on the values below NULLs.
    pub execute: fn(&Call<'_>) -> Result<Value>,
}

/// Which group each row belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Groups<'a> {
    /// All rows to one. The count of rows stands here because `count(*)` has no arguments to tell it.
    One {
        /// Which.
        group: u32,
        /// Rows.
        row_count: usize,
    },
    /// One per row.
    PerRow(&'a [u32]),
}

impl Groups<'_> {
    /// The group of every row as a column.
    pub(crate) fn column(&self) -> ArrayRef {
        Arc::new(match self {
            Groups::One { group, row_count } => Int32Array::from(vec![*group as i32; *row_count]),
            Groups::PerRow(groups) => Int32Array::from_iter_values(groups.iter().map(|group| *group as i32)),
        })
    }

    /// Rows, selected or not.
    pub fn row_count(&self) -> usize {
        match self {
            Groups::One { row_count, .. } => *row_count,
            Groups::PerRow(groups) => groups.len(),
        }
    }
}

/// An aggregate function.
pub struct AggregateFunction {
    /// Name and overloads.
    pub info: fn() -> FunctionInfo,
    /// For people.
    pub documentation: Documentation,
    /// The states of many groups, for arguments of these types.
    pub accumulator: fn(&AggregateBinding) -> Result<Box<dyn Accumulator>>,
    /// What of a block's summary can stand in for its rows, if anything; see `stoa_storage::scan::SummaryValue`. The answer is
    /// the summary values that make up one state, in the state's order.
    pub summary: Option<fn(&AggregateBinding) -> Option<Vec<SummaryState>>>,
}

impl AggregateFunction {
    /// Whether its answer depends on nothing of its arguments but which are NULL.
    pub fn only_counts(&self, binding: &AggregateBinding) -> bool {
        let states = self.summary.and_then(|summary| summary(binding));
        let is_count = |state: &SummaryState| matches!(state, SummaryState::RowCount | SummaryState::Count);
        states.is_some_and(|states| states.iter().all(is_count))
    }
}

/// A summary value, by the aggregate's argument that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SummaryState {
    /// Rows.
    RowCount,
    /// Values of the argument that are not NULL.
    Count,
    /// Their exact sum (as `stoa_storage::scan::SummaryValue::Sum` gives it).
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// What an accumulator is made for.
#[derive(Clone, Debug)]
pub struct AggregateBinding {
    /// Types of the arguments.
    pub argument_types: Vec<LogicalType>,
    /// Type of the answer.
    pub return_type: LogicalType,
    /// For ordered-set and ordered aggregates: types of the order keys, which follow the arguments as further arguments; rows
    /// then arrive sorted by (group, keys).
    pub order_types: Vec<LogicalType>,
    /// Constant arguments (a percentile's fraction, a delimiter), by place.
    pub constants: Vec<Option<ArrayRef>>,
}

/// The states of one aggregate for many groups.
pub trait Accumulator: Send {
    /// Takes rows in. Arguments are plain; `selection` holds the rows that count (None: all); `group_count` is one more than
    /// the largest group seen so far.
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()>;
    /// Takes in states that `states` handed out (of another accumulator of the same binding), one per row.
    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()>;
    /// The arrays' types of a state.
    fn state_types(&self) -> Vec<DataType>;
    /// What a state takes, in bytes, where that is the same for all groups or all but a few; `None` for lists and sketches.
    fn state_bytes(&self) -> Option<usize> {
        self.state_types().iter().map(DataType::primitive_width).sum()
    }
    /// The states of all `group_count` groups; the accumulator is empty afterwards.
    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>>;
    /// As [`Self::states`], of some groups in their order.
    fn states_of(&mut self, groups: &[u32], group_count: usize) -> Result<Vec<ArrayRef>> {
        let groups = UInt32Array::from(groups.to_vec());
        let states = self.states(group_count)?.into_iter();
        let chosen = states.map(|state| arrow_select::take::take(&state, &groups, None));
        Ok(chosen.collect::<std::result::Result<_, _>>()?)
    }
    /// The answers of all `group_count` groups; the accumulator is empty afterwards.
    fn finish(&mut self, group_count: usize) -> Result<ArrayRef>;
    /// As [`Self::finish`], of some groups in their order.
    fn finish_some(&mut self, groups: &[u32], group_count: usize) -> Result<ArrayRef> {
        let groups = UInt32Array::from(groups.to_vec());
        Ok(arrow_select::take::take(&self.finish(group_count)?, &groups, None)?)
    }
    /// Bytes held.
    fn memory_bytes(&self) -> usize;
    /// What is kept whole until the end, where it can also be taken in order and needs little room then. `None` where nothing is kept,
    /// or where all of it is needed at once.
    fn kept_rows(&self) -> Option<KeptRows> {
        None
    }
    /// The rows that were kept come to an empty accumulator by `update` from now on, a group after the other, each in the order of
    /// `kept_rows`. `counts` says how many of each group's are not NULL in the first column of that order.
    fn begin_sorted(&mut self, _counts: &[usize]) -> Result<()> {
        Ok(())
    }
}

/// The rows that an [`Accumulator`] keeps until the end.
pub struct KeptRows {
    /// The types of their columns: a state is a list of each.
    pub types: Vec<DataType>,
    /// What they are sorted by.
    pub order: Vec<KeptOrder>,
}

/// A key of [`KeptRows::order`].
pub struct KeptOrder {
    /// The place of a column.
    pub column: usize,
    /// Larger values first.
    pub descending: bool,
    /// NULLs before all values.
    pub nulls_first: bool,
}

impl KeptOrder {
    /// Smaller values first, NULLs at the end.
    pub fn ascending(column: usize) -> Self {
        KeptOrder {
            column,
            descending: false,
            nulls_first: false,
        }
    }
}

/// A function of a window: one value per row of a partition, by the row's place in it.
pub struct WindowFunction {
    /// Name and overloads.
    pub info: fn() -> FunctionInfo,
    /// For people.
    pub documentation: Documentation,
    /// One plain value per row of the partition.
    pub execute: fn(&WindowArguments<'_>) -> Result<ArrayRef>,
}

/// A partition in the window's order, as a window function sees it.
pub struct WindowArguments<'a> {
    /// The arguments for every row of the partition.
    pub arguments: &'a [ArrayRef],
    /// Rows of the partition.
    pub row_count: usize,
    /// The first row of each group of peers (rows equal in the window's order), ascending, beginning with 0.
    pub peer_starts: &'a [usize],
    /// The frame of each row: the rows it sees, in order, as ranges (one, unless rows inside are excluded).
    pub frames: &'a dyn Fn(usize) -> Vec<std::ops::Range<usize>>,
    /// `IGNORE NULLS`.
    pub ignore_nulls: bool,
    /// The type of the answer.
    pub return_type: &'a LogicalType,
}

/// A function that gives rows.
pub struct TableFunction {
    /// Name, overloads and columns.
    pub info: fn() -> FunctionInfo,
    /// For people.
    pub documentation: Documentation,
    /// Begins the rows for one set of arguments: arrays of length 1.
    pub open: fn(&TableCall<'_>) -> Result<Box<dyn TableRows>>,
}

/// One call of a table function.
pub struct TableCall<'a> {
    /// The arguments, each an array of one plain value.
    pub arguments: &'a [ArrayRef],
    /// Their logical types.
    pub argument_types: &'a [LogicalType],
    /// What it returns; of a function returning `record`, with the columns that FROM asks for.
    pub return_type: &'a LogicalType,
    /// The statement it runs in.
    pub statement: &'a StatementContext,
}

/// Rows of a table function, a batch at a time.
pub trait TableRows: Send {
    /// At most `rows_max` further rows as plain columns; `None` at the end.
    fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>>;
}
