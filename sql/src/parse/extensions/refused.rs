//! Statements of Postgres that Stoa does not have, known by their first words, and refused by name before anybody calls them a
//! syntax error.

use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};

/// First words, and why there is no such thing.
const REFUSED: &[(&[&str], &str)] = &[
    (&["DO"], "There are no procedural languages."),
    (&["CALL"], "There are no procedures."),
    (&["LISTEN"], "There are no notifications; ask again from time to time."),
    (&["NOTIFY"], "There are no notifications; ask again from time to time."),
    (&["GRANT"], NO_ROLES),
    (&["REVOKE"], NO_ROLES),
    (&["CREATE", "ROLE"], NO_ROLES),
    (&["CREATE", "USER"], NO_ROLES),
    (&["CREATE", "GROUP"], NO_ROLES),
    (&["ALTER", "ROLE"], NO_ROLES),
    (&["ALTER", "USER"], NO_ROLES),
    (&["ALTER", "GROUP"], NO_ROLES),
    (&["ALTER", "DEFAULT", "PRIVILEGES"], NO_ROLES),
    (&["DROP", "ROLE"], NO_ROLES),
    (&["DROP", "USER"], NO_ROLES),
    (&["DROP", "GROUP"], NO_ROLES),
    (&["DROP", "OWNED"], NO_ROLES),
    (&["REASSIGN", "OWNED"], NO_ROLES),
];

const NO_ROLES: &str = "There are no roles: whoever may connect may do everything.";

/// Refuses a statement of the list.
///
/// # Errors
/// 0A000
pub(super) fn check(cursor: &mut Cursor<'_>) -> Result<()> {
    let span = cursor.span();
    match REFUSED.iter().find(|(words, _)| cursor.accept(words)) {
        Some((words, reason)) => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("{} is not supported", words.join(" ")),
        )
        .with_detail(*reason)
        .at(span)),
        None => Ok(()),
    }
}
