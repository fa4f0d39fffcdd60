//! What is wrong with a statement's rows as versions, in sentences. Decides nothing.

use crate::error::{Error, SqlState};

/// Two rows of a statement begin at the same time.
pub(super) fn twice_error(key: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState::CARDINALITY_VIOLATION,
        "a statement cannot bring two versions of a row that are valid from the same time on",
    );
    let error = error.with_detail(format!("Key {key} comes twice with the same valid_from."));
    Error::Sql(error.with_hint("Give each its valid_from, or bring one row for each key."))
}

/// A row is never valid.
pub(super) fn empty_period_error(key: &str) -> Error {
    let error = stoa_sql::Error::new(SqlState("22000"), "a version of a row must end after it begins");
    Error::Sql(error.with_detail(format!(
        "A row of key {key} has a valid_to that is not after its valid_from."
    )))
}

/// UPDATE set the key.
pub(super) fn key_changed_error(key: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "the key of a table with history = 'scd2' cannot be updated",
    );
    let error = error.with_detail(format!("A row would become a version of key {key}, which it was not."));
    Error::Sql(error.with_hint("DELETE ends the versions of one key, INSERT begins those of another."))
}

/// A version began between the transaction and its statement.
pub(super) fn overtaken_error(key: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState::SERIALIZATION_FAILURE,
        "could not serialize access due to concurrent update",
    );
    Error::Sql(error.with_detail(format!(
        "A version of key {key} begins after this transaction did, whose changes are valid from its own beginning on."
    )))
}
