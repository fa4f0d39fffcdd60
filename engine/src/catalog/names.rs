//! Names as text: quoted where they must be, taken apart, and what `regclass` and its kin mean by them.

use super::CatalogState;
use super::system::pg_index::{TableIndex, index_named};
use super::temporary::ALIAS;
use super::type_name::parse_type_name;
use super::type_oid::{TYPES, type_oid};
use crate::functions::registry;
use std::sync::{Arc, LazyLock};
use stoa_sql::catalog::{FunctionInfo, Signature, TableName};
use stoa_sql::error::{Error, Result, SqlState};
use stoa_sql::literal::Literal;
use stoa_sql::types::LogicalType;

/// A name as SQL must write it: quoted unless it is a plain lower-case word.
pub(crate) fn quote_name(name: &str) -> String {
    let is_plain = name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_');
    match is_plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// The parts of a qualified name, folded where they are not quoted; `None` where the text is no name.
pub(crate) fn name_parts(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let part = if let Some(quoted) = rest.strip_prefix('"') {
            let mut name = String::new();
            let mut letters = quoted.char_indices().peekable();
            let end = loop {
                match letters.next()? {
                    (_, '"') if matches!(letters.peek(), Some((_, '"'))) => {
                        letters.next();
                        name.push('"');
                    }
                    (at, '"') => break at + 1,
                    (_, letter) => name.push(letter),
                }
            };
            rest = quoted.get(end..)?.trim_start();
            name
        } else {
            let end = rest.find(['.', '"']).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            name.trim().to_lowercase()
        };
        if part.is_empty() {
            return None;
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(after) => rest = after.trim_start(),
            None if rest.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// A relation's name.
pub(crate) fn parse_name(text: &str) -> Option<TableName> {
    let mut parts = name_parts(text)?;
    let name = parts.pop()?;
    Some(TableName {
        schema: parts.pop(),
        name,
    })
}

/// A name as it is shown where the search path finds it by itself, otherwise with its schema.
pub(crate) fn shown_name(catalog: &CatalogState, path: &[String], schema: &str, name: &str) -> String {
    let plain = TableName {
        schema: None,
        name: name.to_owned(),
    };
    let is_visible = match catalog.resolve(&plain, path) {
        Some(relation) => relation.schema() == schema,
        None => index_schemas(catalog, name, path).next() == Some(schema),
    };
    match is_visible {
        true => quote_name(name),
        false => format!("{}.{}", quote_name(schema), quote_name(name)),
    }
}

/// The schemas of the path that have an index of that name, in order.
fn index_schemas<'c>(catalog: &'c CatalogState, name: &'c str, path: &'c [String]) -> impl Iterator<Item = &'c str> {
    let has = move |schema: &&'c str| index_named(catalog, schema, name).is_some();
    catalog.lookup_path(path).filter(has)
}

/// The index of a name along a path of schemas.
pub(crate) fn resolve_index<'c>(
    catalog: &'c CatalogState,
    name: &TableName,
    path: &[String],
) -> Option<TableIndex<'c>> {
    match &name.schema {
        Some(schema) => {
            let own = path.first().filter(|_| schema == ALIAS);
            index_named(catalog, own.unwrap_or(schema), &name.name)
        }
        None => {
            let mut schemas = catalog.lookup_path(path);
            schemas.find_map(|schema| index_named(catalog, schema, &name.name))
        }
    }
}

/// The number of a relation, or of an index, by its name.
pub(crate) fn relation_oid(catalog: &CatalogState, name: &TableName, path: &[String]) -> Option<u32> {
    if let Some(relation) = catalog.resolve(name, path) {
        return Some(relation.id().0);
    }
    resolve_index(catalog, name, path).map(|index| index.oid)
}

/// A type by any of its names.
pub(crate) fn type_named(text: &str) -> Option<LogicalType> {
    let text = match text.contains('"').then(|| name_parts(text)).flatten() {
        Some(parts) if parts != ["char"] => parts.join("."),
        _ => text.trim().to_lowercase(),
    };
    let text = text.strip_prefix("pg_catalog.").unwrap_or(&text);
    if let Some(element) = text.strip_suffix("[]") {
        return Some(LogicalType::Array(Box::new(type_named(element)?)));
    }
    if let Some(data_type) = parse_type_name(text) {
        return Some(data_type);
    }
    let plain = text.trim_matches('"');
    let array = plain.strip_prefix('_');
    let found = |name: &str| TYPES.iter().find(|entry| entry.name == name);
    match (found(plain), array.and_then(found)) {
        (Some(entry), _) => Some(entry.data_type.clone()),
        (None, Some(entry)) => Some(LogicalType::Array(Box::new(entry.data_type.clone()))),
        (None, None) => match plain {
            "int" => Some(LogicalType::Integer),
            "decimal" => Some(LogicalType::NUMERIC),
            "timestamp" => Some(LogicalType::Timestamp),
            "time" => Some(LogicalType::Time),
            "float" => Some(LogicalType::Double),
            "string" => None,
            _ => None,
        },
    }
}

/// The number of a type that no value can have; clients look for functions that give them.
fn pseudo_type_oid(text: &str) -> Option<i64> {
    match name_parts(text)?.last()?.as_str() {
        "trigger" => Some(2279),
        "language_handler" => Some(2280),
        "internal" => Some(2281),
        "event_trigger" => Some(3838),
        _ => None,
    }
}

/// The first number of a function; others follow by name.
const FIRST_FUNCTION_OID: i64 = 9_000_000;

/// A function's overload with its number.
pub(crate) struct Overload {
    /// In `pg_proc`.
    pub(crate) oid: i64,
    /// The function.
    pub(crate) function: Arc<FunctionInfo>,
    /// What it takes and gives.
    pub(crate) signature: &'static Signature,
}

/// All overloads of all functions, by name.
pub(crate) static OVERLOADS: LazyLock<Vec<Overload>> = LazyLock::new(|| {
    let functions = registry::all().into_iter();
    let overloads = functions.flat_map(|(function, _)| {
        let signatures: &'static [Signature] = function.signatures;
        signatures.iter().map(move |signature| (function.clone(), signature))
    });
    (FIRST_FUNCTION_OID..)
        .zip(overloads)
        .map(|(oid, (function, signature))| Overload {
            oid,
            function,
            signature,
        })
        .collect()
});

/// The number of a function: that of its first overload.
pub(crate) fn function_oid(name: &str) -> Option<i64> {
    let found = OVERLOADS.iter().find(|overload| overload.function.name == name);
    found
        .map(|overload| overload.oid)
        .or_else(|| super::type_functions::number_of(name))
}

/// The overload of a number.
pub(crate) fn overload(oid: i64) -> Option<&'static Overload> {
    OVERLOADS.get(usize::try_from(oid.checked_sub(FIRST_FUNCTION_OID)?).ok()?)
}

/// The function of a number.
pub(crate) fn function_name(oid: i64) -> Option<&'static str> {
    overload(oid)
        .map(|overload| overload.function.name)
        .or_else(|| super::type_functions::name_of(oid))
}

/// The value of a text as one of the types that name things of the catalog; `None` for other types.
pub(crate) fn reg_literal(
    text: &str,
    data_type: &LogicalType,
    catalog: &CatalogState,
    path: &[String],
) -> Option<Result<Literal>> {
    if !matches!(
        data_type,
        LogicalType::Regclass | LogicalType::Regtype | LogicalType::Regproc | LogicalType::Regnamespace
    ) {
        return None;
    }
    let text = text.trim();
    if text == "-" {
        return Some(Ok(Literal::Integer(0)));
    }
    if let Ok(oid) = text.parse::<u32>() {
        return Some(Ok(Literal::Integer(i64::from(oid))));
    }
    let missing = |state, what: &str| Error::new(state, format!("{what} \"{text}\" does not exist"));
    let number = match data_type {
        LogicalType::Regclass => parse_name(text)
            .and_then(|name| relation_oid(catalog, &name, path))
            .map(i64::from)
            .ok_or_else(|| missing(SqlState::UNDEFINED_TABLE, "relation")),
        LogicalType::Regtype => type_named(text)
            .map(|data_type| i64::from(type_oid(&data_type)))
            .or_else(|| pseudo_type_oid(text))
            .ok_or_else(|| missing(SqlState::UNDEFINED_OBJECT, "type")),
        LogicalType::Regnamespace => name_parts(text)
            .and_then(|parts| catalog.schema_oid(parts.last()?))
            .map(i64::from)
            .ok_or_else(|| missing(SqlState::INVALID_SCHEMA_NAME, "schema")),
        _ => name_parts(text)
            .and_then(|parts| function_oid(parts.last()?))
            .ok_or_else(|| missing(SqlState::UNDEFINED_FUNCTION, "function")),
    };
    Some(number.map(Literal::Integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_put_together() {
        let parts = |text: &str| name_parts(text).map(|parts| parts.join("|"));
        assert_eq!(parts("Public.Events").as_deref(), Some("public|events"));
        assert_eq!(parts("\"A.b\" . \"c\"\"d\"").as_deref(), Some("A.b|c\"d"));
        for wrong in ["", "a.", ".a", "\"a", "a\"b\"", "\"a\"b"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
        assert_eq!(quote_name("plain_1"), "plain_1");
        assert_eq!(quote_name("Big"), "\"Big\"");
        assert_eq!(quote_name("1a"), "\"1a\"");
    }

    #[test]
    fn types_go_by_many_names() {
        for name in ["int4", "integer", "INT", "pg_catalog.int4", "\"pg_catalog\".\"int4\""] {
            assert_eq!(type_named(name), Some(LogicalType::Integer), "{name}");
        }
        let texts = LogicalType::Array(Box::new(LogicalType::Text));
        assert_eq!(type_named("_text"), Some(texts.clone()));
        assert_eq!(type_named("text[]"), Some(texts));
        assert_eq!(type_named("point"), None);
    }
}
