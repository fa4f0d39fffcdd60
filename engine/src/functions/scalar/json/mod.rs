//! Functions of `json` and `jsonb`. Values are texts, looked into in place; a tree is never built.

mod build;
mod change;
mod concatenate;
mod contains;
mod convert;
mod delete;
pub(crate) mod document;
mod exists;
mod get;
mod inspect;
mod path;
pub(crate) mod path_arguments;
mod path_exists;
mod path_match;
mod path_query;
mod reshape;
mod set;
mod sort_key;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod write;

pub(crate) use concatenate::concatenate;
pub(crate) use contains::contains;
pub(crate) use delete::delete;

use crate::error::{Error, SqlState};
use crate::functions::ScalarFunction;

/// How deep a value may nest for functions that descend into it.
const DEPTH_MAX: usize = 1_000;

fn deeper(depth: usize) -> bool {
    depth > DEPTH_MAX
}

fn too_deep() -> Error {
    Error::user(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
}

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &sort_key::JSONB_SORT_KEY,
    &convert::ARRAY_TO_JSON,
    &get::ARROW,
    &get::ARROW_TEXT,
    &delete::DELETE_AT_PATH,
    &path_exists::EXISTS_OPERATOR,
    &path_match::MATCH_OPERATOR,
    &exists::ALL_OPERATOR,
    &exists::ANY_OPERATOR,
    &exists::ONE_OPERATOR,
    &get::JSON_ARRAY_ELEMENT,
    &get::JSON_ARRAY_ELEMENT_TEXT,
    &inspect::JSON_ARRAY_LENGTH,
    &build::JSON_BUILD_ARRAY,
    &build::JSON_BUILD_OBJECT,
    &path::JSON_EXTRACT_PATH,
    &path::JSON_EXTRACT_PATH_TEXT,
    &get::JSON_OBJECT_FIELD,
    &get::JSON_OBJECT_FIELD_TEXT,
    &reshape::JSON_STRIP_NULLS,
    &inspect::JSON_TYPEOF,
    &get::JSONB_ARRAY_ELEMENT,
    &get::JSONB_ARRAY_ELEMENT_TEXT,
    &inspect::JSONB_ARRAY_LENGTH,
    &build::JSONB_BUILD_ARRAY,
    &build::JSONB_BUILD_OBJECT,
    &concatenate::JSONB_CONCAT,
    &delete::JSONB_DELETE,
    &delete::JSONB_DELETE_PATH,
    &exists::JSONB_EXISTS,
    &exists::JSONB_EXISTS_ALL,
    &exists::JSONB_EXISTS_ANY,
    &path::JSONB_EXTRACT_PATH,
    &path::JSONB_EXTRACT_PATH_TEXT,
    &path_exists::JSONB_PATH_EXISTS,
    &path_exists::JSONB_PATH_EXISTS_TZ,
    &path_match::JSONB_PATH_MATCH,
    &path_match::JSONB_PATH_MATCH_TZ,
    &path_query::JSONB_PATH_QUERY_ARRAY,
    &path_query::JSONB_PATH_QUERY_ARRAY_TZ,
    &path_query::JSONB_PATH_QUERY_FIRST,
    &path_query::JSONB_PATH_QUERY_FIRST_TZ,
    &set::JSONB_INSERT,
    &get::JSONB_OBJECT_FIELD,
    &get::JSONB_OBJECT_FIELD_TEXT,
    &reshape::JSONB_PRETTY,
    &set::JSONB_SET,
    &reshape::JSONB_STRIP_NULLS,
    &inspect::JSONB_TYPEOF,
    &path::AT_PATH,
    &path::AT_PATH_TEXT,
    &convert::ROW_TO_JSON,
    &convert::TO_JSON,
    &convert::TO_JSONB,
];
