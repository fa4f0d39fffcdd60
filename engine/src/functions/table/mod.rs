//! Table functions, a file each.

mod catalog;
mod expand_array;
mod generate_series;
mod generate_subscripts;
mod json;
mod json_path;
mod json_records;
mod keywords;
mod partition_ancestors;
mod regexp_matches;
mod rows;
mod split;
#[cfg(test)]
mod testing;
mod unnest;

use super::TableFunction;
use crate::functions::scalar::signature::{immutable, stable};
use stoa_sql::catalog::{FunctionInfo, FunctionKind, Signature, Volatility};
use stoa_sql::types::LogicalType;

/// Names and types of a table function's columns; a column without a name takes the function's.
type Columns = fn(&[LogicalType]) -> Vec<(String, LogicalType)>;

/// A strict table function of one column, named as itself.
const fn table(name: &'static str, volatility: Volatility, signatures: &'static [Signature]) -> FunctionInfo {
    let mut info = match volatility {
        Volatility::Stable => stable(name, signatures),
        _ => immutable(name, signatures),
    };
    info.kind = FunctionKind::Table;
    info
}

/// A strict table function of several columns.
const fn table_of(name: &'static str, signatures: &'static [Signature], columns: Columns) -> FunctionInfo {
    let mut info = table(name, Volatility::Immutable, signatures);
    info.table_columns = Some(columns);
    info
}

const FUNCTIONS: &[&TableFunction] = &[
    &expand_array::PG_EXPANDARRAY,
    &generate_series::GENERATE_SERIES,
    &generate_subscripts::GENERATE_SUBSCRIPTS,
    &json::JSON_ARRAY_ELEMENTS,
    &json::JSON_ARRAY_ELEMENTS_TEXT,
    &json::JSON_EACH,
    &json::JSON_EACH_TEXT,
    &json::JSON_OBJECT_KEYS,
    &json::JSONB_ARRAY_ELEMENTS,
    &json::JSONB_ARRAY_ELEMENTS_TEXT,
    &json::JSONB_EACH,
    &json::JSONB_EACH_TEXT,
    &json::JSONB_OBJECT_KEYS,
    &json_path::JSONB_PATH_QUERY,
    &json_path::JSONB_PATH_QUERY_TZ,
    &json_records::JSON_TO_RECORD,
    &json_records::JSON_TO_RECORDSET,
    &json_records::JSONB_TO_RECORD,
    &json_records::JSONB_TO_RECORDSET,
    &keywords::PG_GET_KEYWORDS,
    &partition_ancestors::PG_PARTITION_ANCESTORS,
    &catalog::PG_OPTIONS_TO_TABLE,
    &catalog::PG_PARTITION_TREE,
    &regexp_matches::REGEXP_MATCHES,
    &split::REGEXP_SPLIT_TO_TABLE,
    &split::STRING_TO_TABLE,
    &unnest::UNNEST,
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static TableFunction> {
    FUNCTIONS.iter().copied()
}
