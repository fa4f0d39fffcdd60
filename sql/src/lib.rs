//! SQL text to a bound, typed and optimized logical plan.
//!
//! Pure: no I/O, no threads, no clock, no Arrow, no other crate of the workspace. What it has to know of the world it asks
//! through [`catalog::Catalog`]. Parser types (`sqlparser`) exist only in `parse` and `bind`.

pub mod catalog;
pub mod error;
pub mod literal;
pub mod plan;
pub mod span;
pub mod types;

pub use error::{Error, Result};

use catalog::Catalog;
use plan::Statement;
use types::LogicalType;

/// A statement of a client's text, parsed and not yet bound.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its own text, for errors, prepared statements and `stoa.queries`.
    pub text: String,
    /// Where it begins in the client's text, in bytes: added to the spans of its errors.
    pub offset: usize,
    #[expect(dead_code, reason = "filled by parse, read by bind")]
    syntax: (),
}

/// A statement bound to the catalog and optimized.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What to do.
    pub statement: Statement,
    /// The types of `$1`, `$2` ...: as given, or inferred from where they stand (text where nothing says).
    pub parameter_types: Vec<LogicalType>,
}

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// Types the client gave for `$1`, `$2` ...; `None` and missing ones are inferred.
    pub parameter_types: Vec<Option<LogicalType>>,
    /// Optimizer passes to leave out, by name; `all` leaves out every pass that is not needed for execution.
    pub disabled_passes: Vec<String>,
}

/// Splits a client's text into statements and parses each.
///
/// # Errors
/// A syntax error with its position, or a limit of `parse` (size, depth, tokens) that the text exceeds.
pub fn parse(_text: &str) -> Result<Vec<Parsed>> {
    Ok(Vec::new())
}

/// Binds and optimizes one statement.
///
/// # Errors
/// Whatever the user got wrong: unknown names, types that do not fit, what Stoa does not support.
pub fn compile(_parsed: &Parsed, _catalog: &dyn Catalog, _options: &CompileOptions) -> Result<Compiled> {
    Err(Error::new(error::SqlState::INTERNAL_ERROR, "not built yet"))
}
