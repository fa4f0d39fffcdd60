//! Every bound on what a client's text may ask of the compiler. Exceeding one is SQLSTATE 54000 or 54001, never a crash.

/// Bytes of one statement.
pub const STATEMENT_BYTES_MAX: usize = 1 << 20;

/// Bytes of an INSERT of nothing but constants, which has no syntax tree.
pub const CONSTANT_ROWS_BYTES_MAX: usize = 64 << 20;

/// Tokens of one statement.
pub const STATEMENT_TOKENS_MAX: usize = 200_000;

/// Parentheses, brackets and CASEs open at one time.
pub const NESTING_DEPTH_MAX: usize = 128;

/// AND and OR in one chain: these are flattened, so they cost no depth.
pub const BOOLEAN_CHAIN_MAX: usize = 10_000;

/// Operators, casts, joins and set operations that may pile up on one path of the syntax tree.
pub const OPERATOR_DEPTH_MAX: usize = 500;

/// BETWEEN inside of BETWEEN: each binds its operand twice.
pub const BETWEEN_DEPTH_MAX: usize = 8;

/// BETWEEN SYMMETRIC that may be open at a place: each becomes two BETWEEN.
pub const SYMMETRIC_MAX: usize = 10;

/// Views within views.
pub const VIEW_DEPTH_MAX: usize = 32;

/// Columns of a result, a table or a VALUES list.
pub const COLUMNS_MAX: usize = 1664;

/// Columns of an index.
pub const INDEX_COLUMNS_MAX: usize = 32;

/// Parameters of a statement (the wire protocol counts them in 16 bits).
pub const PARAMETERS_MAX: usize = 65_535;

/// The stack on which statements are parsed, bound and optimized: what the limits above can use up at most.
pub(crate) const STACK_BYTES: usize = 64 << 20;

/// Relations up to which join orders are searched exhaustively.
pub(crate) const EXHAUSTIVE_JOIN_RELATIONS_MAX: usize = 10;

/// Rows up to which a part that occurs more than once in a plan is kept rather than computed again.
pub(crate) const SHARED_ROWS_MAX: f64 = 2_000_000.0;

const _: () = assert!(NESTING_DEPTH_MAX < OPERATOR_DEPTH_MAX);
