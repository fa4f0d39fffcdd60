//! SQL text to a bound, typed and optimized logical plan.
//!
//! Pure: no I/O, no threads, no clock, no Arrow, no other crate of the workspace. What it has to know of the world it asks
//! through [`catalog::Catalog`]. Parser types (`sqlparser`) exist only in `parse` and `bind`. In the order of a statement's
//! life: `parse` (text to syntax), `bind` (syntax to plan), `optimize` (plan to better plan).

pub mod catalog;
pub mod error;
pub mod limits;
pub mod literal;
pub mod plan;
pub mod span;
pub mod types;

mod bind;
mod optimize;
mod parse;
#[cfg(test)]
mod tests;

pub use error::{Error, ErrorObject, Result};
pub use optimize::{Estimate, pass_names};
pub use parse::StatementKind;

use catalog::Catalog;
use plan::Statement;
use std::sync::Arc;
use types::LogicalType;

/// A statement of a client's text, parsed and not yet bound.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// Its own text, for errors, prepared statements and `stoa.queries`.
    pub text: String,
    /// Where it begins in the client's text, in bytes: added to the spans of its errors.
    pub offset: usize,
    syntax: Arc<parse::syntax::SyntaxTree>,
}

impl Parsed {
    /// The family of the statement, by which a session decides what it may do before binding.
    pub fn kind(&self) -> StatementKind {
        parse::kind(self.syntax.syntax())
    }
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
    /// Bind an INSERT of constants as one of expressions.
    pub in_full: bool,
}

/// Splits a client's text into statements and parses each; empty statements are left out.
///
/// # Errors
/// A syntax error with its position in the whole text, or a limit of [`limits`] that the text exceeds.
pub fn parse(text: &str) -> Result<Vec<Parsed>> {
    on_deep_stack(|| parse::parse_statements(text))
}

/// Binds and optimizes one statement.
///
/// # Errors
/// Whatever the user got wrong: unknown names, types that do not fit, what Stoa does not support. Spans count in
/// [`Parsed::text`].
pub fn compile(parsed: &Parsed, catalog: &dyn Catalog, options: &CompileOptions) -> Result<Compiled> {
    on_deep_stack(|| {
        let syntax = parsed.syntax.syntax();
        let full = match syntax {
            parse::syntax::Syntax::InsertConstants(_) if options.in_full => Some(parse::parse_in_full(&parsed.text)?),
            _ => None,
        };
        let syntax = full.as_ref().unwrap_or(syntax);
        let bound = bind::bind(syntax, &parsed.text, catalog, &options.parameter_types)?;
        let parameter_types = bound.parameter_types.clone();
        let statement = optimize::optimize(bound, catalog, &options.disabled_passes)?;
        Ok(Compiled {
            statement,
            parameter_types,
        })
    })
}

/// What is expected of the nodes of a plan: a node before its inputs, those in order.
pub fn estimate(plan: &plan::Plan, catalog: &dyn Catalog) -> Vec<Estimate> {
    on_deep_stack(|| optimize::estimate(plan, catalog))
}

/// Binds the condition of a CHECK constraint as the catalog keeps it: the columns of the table's row, in order, and the condition over
/// them.
///
/// # Errors
/// The condition does not fit the table any more.
pub fn compile_check(
    text: &str,
    relation: &catalog::RelationInfo,
    catalog: &dyn Catalog,
) -> Result<(Vec<plan::ColumnDef>, plan::Expr)> {
    on_deep_stack(|| bind::bind_kept_check(text, relation, catalog))
}

/// Binds a column's default as the catalog keeps it; NULL where there is none.
///
/// # Errors
/// The default does not bind any more.
pub fn compile_default(column: &catalog::ColumnInfo, catalog: &dyn Catalog) -> Result<plan::Expr> {
    on_deep_stack(|| bind::bind_kept_default(column, catalog))
}

/// Trees within the limits are walked recursively; this is the stack that the deepest of them needs.
fn on_deep_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(limits::STACK_BYTES / 2, limits::STACK_BYTES, work)
}
