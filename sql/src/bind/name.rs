//! Names as Postgres folds them: lower case unless quoted.

use super::not_supported;
use crate::catalog::TableName;
use crate::error::{Error, Result, SqlState};
use sqlparser::ast::{self, Ident, ObjectName, ObjectNamePart};

/// An identifier's name.
pub(super) fn fold(identifier: &Ident) -> String {
    match identifier.quote_style {
        Some(_) => identifier.value.clone(),
        None => identifier.value.to_lowercase(),
    }
}

/// The folded parts of a qualified name.
pub(super) fn parts(name: &ObjectName) -> Result<Vec<String>> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(identifier) => Ok(fold(identifier)),
            ObjectNamePart::Function(_) => Err(not_supported("a function call as a name")),
        })
        .collect()
}

/// A name that has no qualifier.
pub(super) fn simple(name: &ObjectName) -> Result<String> {
    let mut parts = parts(name)?;
    match (parts.pop(), parts.is_empty()) {
        (Some(name), true) => Ok(name),
        _ => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("qualified name {name} is not allowed here"),
        )),
    }
}

/// What every session calls its schema of temporary relations.
pub(super) const TEMPORARY_SCHEMA: &str = "pg_temp";

/// The name of a relation to be made; a temporary one goes into the session's own schema, whatever that is called.
///
/// # Errors
/// 42P16: another schema was named for a temporary relation.
pub(super) fn new_name(name: &ObjectName, temporary: bool) -> Result<TableName> {
    let name = table_name(name)?;
    let is_own = |schema: &String| schema == TEMPORARY_SCHEMA || schema.starts_with("pg_temp_");
    match (temporary, &name.schema) {
        (true, Some(schema)) if !is_own(schema) => Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            "cannot create temporary relation in non-temporary schema",
        )),
        (true, None) => Ok(TableName {
            schema: Some(TEMPORARY_SCHEMA.to_owned()),
            ..name
        }),
        _ => Ok(name),
    }
}

/// A relation's name; a database before the schema is read over.
pub(super) fn table_name(name: &ObjectName) -> Result<TableName> {
    let mut parts = parts(name)?;
    let (Some(relation), schema, _database, true) = (parts.pop(), parts.pop(), parts.pop(), parts.is_empty()) else {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("improper qualified name (too many dotted names): {name}"),
        ));
    };
    Ok(TableName { schema, name: relation })
}

/// The relation that a text names: `public."By Day"`.
///
/// # Errors
/// 22023 for a text that is no name.
pub(super) fn named_relation(text: &str) -> Result<TableName> {
    let wrong = || {
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("\"{text}\" is no name of a relation"),
        )
    };
    let query = crate::parse::parse_query(&format!("SELECT 1 FROM {text}")).map_err(|_| wrong())?;
    let ast::SetExpr::Select(select) = &*query.body else {
        return Err(wrong());
    };
    match select.from.as_slice() {
        [
            ast::TableWithJoins {
                relation: ast::TableFactor::Table { name, .. },
                joins,
            },
        ] if joins.is_empty() => table_name(name),
        _ => Err(wrong()),
    }
}
