//! `pg_proc`: functions, a row per overload; those of one name share a number.

use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::names::{OVERLOADS, Overload, quote_name};
use crate::catalog::state::PG_CATALOG;
use crate::catalog::type_functions::NAMES;
use crate::catalog::type_oid::{TYPES, TypeEntry, type_oid};
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;
use stoa_sql::catalog::{FunctionKind, Parameter, Volatility};
use stoa_sql::types::TypeKind;

const COLUMNS: &str = "oid oid, proname name, pronamespace oid, proowner oid, prolang oid, procost real, prorows real, \
     provariadic oid, prosupport regproc, prokind \"char\", prosecdef boolean, proleakproof boolean, proisstrict boolean, \
     proretset boolean, provolatile \"char\", proparallel \"char\", pronargs smallint, pronargdefaults smallint, \
     prorettype oid, proargtypes oidvector, proallargtypes oid[], proargmodes \"char\"[], proargnames text[], \
     proargdefaults text, protrftypes oid[], prosrc text, probin text, prosqlbody text, proconfig text[], proacl text[]";

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_proc",
    oid: 1255,
    columns: || columns_of(COLUMNS),
    rows,
}];

/// Numbers of `anyelement`, `anyarray`, `"any"`.
const ANY_ELEMENT_OID: u32 = 2_283;
const ANY_ARRAY_OID: u32 = 2_277;
const ANY_OID: u32 = 2_276;
/// The number of `internal`, the type of what only the server handles.
const INTERNAL_OID: u32 = 2_281;

fn entry(kind: TypeKind) -> Option<&'static TypeEntry> {
    TYPES.iter().find(|entry| entry.data_type.kind() == kind)
}

fn parameter_oid(parameter: &Parameter) -> u32 {
    match parameter {
        Parameter::Kind(kind) => entry(*kind).map_or(ANY_OID, |entry| entry.oid),
        Parameter::ArrayOf(kind) => entry(*kind).map_or(ANY_ARRAY_OID, |entry| entry.array_oid),
        Parameter::AnyElement => ANY_ELEMENT_OID,
        Parameter::AnyArray => ANY_ARRAY_OID,
        Parameter::Any => ANY_OID,
    }
}

/// A type that stands for the parameter where the answer's type depends on it.
fn example(parameter: &Parameter) -> LogicalType {
    match parameter {
        Parameter::Kind(kind) => entry(*kind).map_or(LogicalType::Text, |entry| entry.data_type.clone()),
        Parameter::ArrayOf(kind) => LogicalType::Array(Box::new(
            entry(*kind).map_or(LogicalType::Text, |entry| entry.data_type.clone()),
        )),
        Parameter::AnyArray => LogicalType::Array(Box::new(LogicalType::Text)),
        Parameter::AnyElement | Parameter::Any => LogicalType::Text,
    }
}

/// The type of an overload's answer.
pub(crate) fn result_type(overload: &Overload) -> LogicalType {
    let examples: Vec<LogicalType> = overload.signature.parameters.iter().map(example).collect();
    (overload.signature.returns)(&examples)
}

/// What an overload takes, as `pg_get_function_arguments` shows it.
pub(crate) fn arguments(overload: &Overload) -> String {
    let parameters = overload.signature.parameters;
    let words = parameters.iter().enumerate().map(|(place, parameter)| {
        let word = match parameter {
            Parameter::AnyElement => "anyelement".to_owned(),
            Parameter::AnyArray => "anyarray".to_owned(),
            Parameter::Any => "\"any\"".to_owned(),
            kind => type_word(&example(kind)),
        };
        match overload.signature.variadic && place + 1 == parameters.len() {
            true => format!("VARIADIC {word}"),
            false => word,
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// What an overload gives, as `pg_get_function_result` shows it.
pub(crate) fn result(overload: &Overload) -> String {
    let set = match overload.function.kind {
        FunctionKind::Table => "SETOF ",
        _ => "",
    };
    format!("{set}{}", type_word(&result_type(overload)))
}

/// The statement that would make a function, were it not there.
pub(crate) fn definition(overload: &Overload) -> String {
    let info = &overload.function;
    let mut words = Vec::new();
    words.extend((info.kind == FunctionKind::Window).then_some("WINDOW"));
    words.extend(match info.volatility {
        Volatility::Immutable => Some("IMMUTABLE"),
        Volatility::Stable => Some("STABLE"),
        Volatility::Volatile => None,
    });
    words.push("PARALLEL SAFE");
    words.extend(info.strict.then_some("STRICT"));
    format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.{}({})\n RETURNS {}\n LANGUAGE internal\n {}\nAS $function${}$function$\n",
        quote_name(info.name),
        arguments(overload),
        result(overload),
        words.join(" "),
        info.name
    )
}

/// A type without the length that an example of it has.
pub(crate) fn type_word(data_type: &LogicalType) -> String {
    match data_type {
        LogicalType::Char(_) => "character".to_owned(),
        LogicalType::Numeric { .. } => "numeric".to_owned(),
        other => other.to_string(),
    }
}

fn rows(_: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(COLUMNS));
    for overload in OVERLOADS.iter() {
        let (info, signature) = (&overload.function, overload.signature);
        // Operators are no functions by name.
        if !info
            .name
            .starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        {
            continue;
        }
        let kind = match info.kind {
            FunctionKind::Aggregate => "a",
            FunctionKind::Window => "w",
            FunctionKind::Scalar | FunctionKind::Table => "f",
        };
        let volatility = match info.volatility {
            Volatility::Immutable => "i",
            Volatility::Stable => "s",
            Volatility::Volatile => "v",
        };
        let types: Vec<Literal> = signature
            .parameters
            .iter()
            .map(|parameter| number(parameter_oid(parameter)))
            .collect();
        let variadic = signature.parameters.last().filter(|_| signature.variadic);
        rows.push([
            number(overload.oid),
            text(info.name),
            number(11),
            number(OWNER_OID),
            number(12),
            Literal::Float(1.0),
            Literal::Float(if info.kind == FunctionKind::Table { 1_000.0 } else { 0.0 }),
            number(variadic.map_or(0, parameter_oid)),
            number(0),
            text(kind),
            flag(false),
            flag(false),
            flag(info.strict),
            flag(info.kind == FunctionKind::Table),
            text(volatility),
            text("s"),
            number(types.len()),
            number(0),
            number(type_oid(&result_type(overload))),
            Literal::Array(types),
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            text(info.name),
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
        ]);
    }
    for (oid, name) in NAMES.iter() {
        rows.push(type_function(*oid, name));
    }
    rows.finish()
}

/// A function that reads or writes a type: programs ask for its name only.
fn type_function(oid: u32, name: &str) -> [Literal; 30] {
    let null = || Literal::Null;
    [
        number(oid),
        text(name),
        number(11),
        number(OWNER_OID),
        number(12),
        Literal::Float(1.0),
        Literal::Float(0.0),
        number(0),
        number(0),
        text("f"),
        flag(false),
        flag(false),
        flag(true),
        flag(false),
        text("s"),
        text("s"),
        number(1),
        number(0),
        number(INTERNAL_OID),
        Literal::Array(vec![number(INTERNAL_OID)]),
        null(),
        null(),
        null(),
        null(),
        null(),
        text(name),
        null(),
        null(),
        null(),
        null(),
    ]
}
