//! Tests of the whole crate: text in, plan or error out.

mod binding;
mod catalog;
mod parsing;
mod suites;

use crate::plan::{Plan, Statement};
use crate::{CompileOptions, Compiled, Error, compile, parse};
pub(crate) use catalog::TestCatalog;

/// Compiles the first statement of a text.
pub(crate) fn compile_text(text: &str) -> Result<Compiled, Error> {
    compile_with(text, &CompileOptions::default())
}

pub(crate) fn compile_with(text: &str, options: &CompileOptions) -> Result<Compiled, Error> {
    let parsed = parse(text)?;
    compile(&parsed[0], &TestCatalog::new(), options)
}

/// The plan of a query.
pub(crate) fn plan(text: &str) -> Plan {
    match compile_text(text)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .statement
    {
        Statement::Query(query) => (*query.plan).clone(),
        other => panic!("not a query: {other:?}"),
    }
}

/// Output names and types of a query, `name type, name type`.
pub(crate) fn columns(text: &str) -> String {
    match compile_text(text)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .statement
    {
        Statement::Query(query) => {
            let columns = query.plan.output();
            let pairs = query.names.iter().zip(columns);
            pairs
                .map(|(name, column)| format!("{name} {}", column.data_type))
                .collect::<Vec<_>>()
                .join(", ")
        }
        other => panic!("not a query: {other:?}"),
    }
}

/// SQLSTATE, position and message of the error a text gives.
pub(crate) fn error(text: &str) -> String {
    let error = match parse(text) {
        Err(error) => error,
        Ok(parsed) => match compile(&parsed[0], &TestCatalog::new(), &CompileOptions::default()) {
            Err(error) => error,
            Ok(compiled) => panic!("{text} compiles to {compiled:?}"),
        },
    };
    let position = error
        .span
        .map_or("-".to_owned(), |span| span.position(text).to_string());
    format!("{} {position} {}", error.state.0, error.message)
}
