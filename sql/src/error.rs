//! What a user did wrong in a statement: one sentence, where, and what to do. Never an I/O error and never a bug.

use crate::span::Span;

/// Result of compiling SQL.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A five-character SQLSTATE code, as PostgreSQL's appendix A lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SqlState(pub &'static str);

impl SqlState {
    /// `42601`
    pub const SYNTAX_ERROR: SqlState = SqlState("42601");
    /// `42P01`
    pub const UNDEFINED_TABLE: SqlState = SqlState("42P01");
    /// `42703`
    pub const UNDEFINED_COLUMN: SqlState = SqlState("42703");
    /// `42883`
    pub const UNDEFINED_FUNCTION: SqlState = SqlState("42883");
    /// `42704`
    pub const UNDEFINED_OBJECT: SqlState = SqlState("42704");
    /// `42P02`
    pub const UNDEFINED_PARAMETER: SqlState = SqlState("42P02");
    /// `42702`
    pub const AMBIGUOUS_COLUMN: SqlState = SqlState("42702");
    /// `42725`
    pub const AMBIGUOUS_FUNCTION: SqlState = SqlState("42725");
    /// `42701`
    pub const DUPLICATE_COLUMN: SqlState = SqlState("42701");
    /// `42P07`
    pub const DUPLICATE_TABLE: SqlState = SqlState("42P07");
    /// `42712`
    pub const DUPLICATE_ALIAS: SqlState = SqlState("42712");
    /// `42803`
    pub const GROUPING_ERROR: SqlState = SqlState("42803");
    /// `42P20`
    pub const WINDOWING_ERROR: SqlState = SqlState("42P20");
    /// `42804`
    pub const DATATYPE_MISMATCH: SqlState = SqlState("42804");
    /// `42846`
    pub const CANNOT_COERCE: SqlState = SqlState("42846");
    /// `42P18`
    pub const INDETERMINATE_DATATYPE: SqlState = SqlState("42P18");
    /// `42P10`
    pub const INVALID_COLUMN_REFERENCE: SqlState = SqlState("42P10");
    /// `42809`
    pub const WRONG_OBJECT_TYPE: SqlState = SqlState("42809");
    /// `42P16`
    pub const INVALID_TABLE_DEFINITION: SqlState = SqlState("42P16");
    /// `3F000`
    pub const INVALID_SCHEMA_NAME: SqlState = SqlState("3F000");
    /// `0A000`
    pub const FEATURE_NOT_SUPPORTED: SqlState = SqlState("0A000");
    /// `54001`
    pub const STATEMENT_TOO_COMPLEX: SqlState = SqlState("54001");
    /// `54000`
    pub const PROGRAM_LIMIT_EXCEEDED: SqlState = SqlState("54000");
    /// `22P02`
    pub const INVALID_TEXT_REPRESENTATION: SqlState = SqlState("22P02");
    /// `22003`
    pub const NUMERIC_VALUE_OUT_OF_RANGE: SqlState = SqlState("22003");
    /// `22012`
    pub const DIVISION_BY_ZERO: SqlState = SqlState("22012");
    /// `22007`
    pub const INVALID_DATETIME_FORMAT: SqlState = SqlState("22007");
    /// `22008`
    pub const DATETIME_FIELD_OVERFLOW: SqlState = SqlState("22008");
    /// `22001`
    pub const STRING_DATA_RIGHT_TRUNCATION: SqlState = SqlState("22001");
    /// `22023`
    pub const INVALID_PARAMETER_VALUE: SqlState = SqlState("22023");
    /// `22021`
    pub const CHARACTER_NOT_IN_REPERTOIRE: SqlState = SqlState("22021");
    /// `22P04`
    pub const BAD_COPY_FILE_FORMAT: SqlState = SqlState("22P04");
    /// `21000`
    pub const CARDINALITY_VIOLATION: SqlState = SqlState("21000");
    /// `23502`
    pub const NOT_NULL_VIOLATION: SqlState = SqlState("23502");
    #[doc = "unique_violation"]
    pub const UNIQUE_VIOLATION: SqlState = SqlState("23505");
    #[doc = "check_violation"]
    pub const CHECK_VIOLATION: SqlState = SqlState("23514");
    /// `25001`
    pub const ACTIVE_SQL_TRANSACTION: SqlState = SqlState("25001");
    /// `25P01`
    pub const NO_ACTIVE_SQL_TRANSACTION: SqlState = SqlState("25P01");
    /// `25P02`
    pub const IN_FAILED_SQL_TRANSACTION: SqlState = SqlState("25P02");
    /// `26000`
    pub const INVALID_SQL_STATEMENT_NAME: SqlState = SqlState("26000");
    /// `34000`
    pub const INVALID_CURSOR_NAME: SqlState = SqlState("34000");
    /// `55000`
    pub const OBJECT_NOT_IN_PREREQUISITE_STATE: SqlState = SqlState("55000");
    /// `40001`
    pub const SERIALIZATION_FAILURE: SqlState = SqlState("40001");
    /// `42501`
    pub const INSUFFICIENT_PRIVILEGE: SqlState = SqlState("42501");
    /// `53100`
    pub const DISK_FULL: SqlState = SqlState("53100");
    /// `53200`
    pub const OUT_OF_MEMORY: SqlState = SqlState("53200");
    /// `55P03`
    pub const LOCK_NOT_AVAILABLE: SqlState = SqlState("55P03");
    /// `57014`
    pub const QUERY_CANCELED: SqlState = SqlState("57014");
    /// `57P01`
    pub const ADMIN_SHUTDOWN: SqlState = SqlState("57P01");
    /// `58030`
    pub const IO_ERROR: SqlState = SqlState("58030");
    /// `XX001`
    pub const DATA_CORRUPTED: SqlState = SqlState("XX001");
    /// `XX000`
    pub const INTERNAL_ERROR: SqlState = SqlState("XX000");
}

/// A user error: what is wrong, where in the statement, and what would help.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The SQLSTATE code.
    pub state: SqlState,
    /// One lower-case sentence without a final period.
    pub message: String,
    /// More about this case.
    pub detail: Option<String>,
    /// What the user could do.
    pub hint: Option<String>,
    /// Where in the data: `COPY sales, line 3, column quantity: "x"`.
    pub context: Option<String>,
    /// The place in the statement.
    pub span: Option<Span>,
    /// What it is about.
    pub object: Option<Box<ErrorObject>>,
    /// Postgres's name for the place in the server, where clients act by it.
    pub routine: Option<&'static str>,
}

/// The object that an error is about, for programs that tell constraints apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    /// Its schema.
    pub schema: Option<String>,
    /// Its table.
    pub table: Option<String>,
    /// Its column.
    pub column: Option<String>,
    /// The constraint.
    pub constraint: Option<String>,
}

impl Error {
    /// An error with a message only.
    pub fn new(state: SqlState, message: impl Into<String>) -> Self {
        Error {
            state,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            span: None,
            object: None,
            routine: None,
        }
    }

    /// The same error, from a place in the server that clients know by this name.
    pub fn with_routine(mut self, routine: &'static str) -> Self {
        self.routine = Some(routine);
        self
    }

    /// The same error, about an object.
    pub fn about(mut self, object: ErrorObject) -> Self {
        self.object = Some(Box::new(object));
        self
    }

    /// The same error, with a detail.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same error, with a hint.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, at a place; a place that is already known stays.
    pub fn at(mut self, span: Option<Span>) -> Self {
        self.span = self.span.or(span);
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
