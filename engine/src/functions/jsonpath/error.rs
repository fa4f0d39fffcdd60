//! What goes wrong with a path, in Postgres's words, and which of it `silent` and conditions pass over.

use crate::error::{Error, SqlState};

pub(super) const INVALID_DATETIME_ARGUMENT: SqlState = SqlState("22031");
pub(super) const INVALID_SUBSCRIPT: SqlState = SqlState("22033");
pub(super) const NON_NUMERIC_ITEM: SqlState = SqlState("22036");
pub(super) const SINGLETON_REQUIRED: SqlState = SqlState("22038");
pub(super) const ARRAY_NOT_FOUND: SqlState = SqlState("22039");
pub(super) const MEMBER_NOT_FOUND: SqlState = SqlState("2203A");
pub(super) const NUMBER_NOT_FOUND: SqlState = SqlState("2203B");
pub(super) const OBJECT_NOT_FOUND: SqlState = SqlState("2203C");

/// Why a path came to no end.
#[derive(Debug)]
pub(super) enum Failure {
    /// A value is not what a step needs: a condition around it is unknown, and `silent` makes it no error.
    Item(Error),
    /// Anything else, which nothing passes over.
    Statement(Error),
}

impl Failure {
    pub(super) fn item(state: SqlState, message: impl Into<String>) -> Self {
        Failure::Item(Error::user(state, message))
    }

    pub(super) fn into_error(self) -> Error {
        match self {
            Failure::Item(error) | Failure::Statement(error) => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Statement(error)
    }
}

/// `invalid input syntax for type jsonpath`
pub(super) fn invalid_input(state: SqlState, detail: String) -> Error {
    Error::Sql(stoa_sql::Error::new(state, "invalid input syntax for type jsonpath").with_detail(detail))
}
