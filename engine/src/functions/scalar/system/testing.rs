//! A session that knows some things, for tests.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::testing::{Typed, evaluate_in, statement};
use crate::functions::{AdvisoryKey, AdvisoryRequest, SessionFacts, StatementContext};
use crate::types::{Literal, LogicalType};
use std::sync::Arc;

/// What it knows: kind, key, fact.
#[derive(Debug)]
struct Known(&'static [(&'static str, &'static str, &'static str)]);

impl SessionFacts for Known {
    fn fact(&self, kind: &str, key: &str) -> Option<String> {
        let found = self.0.iter().find(|(known, name, _)| *known == kind && *name == key);
        found.map(|(_, _, fact)| (*fact).to_owned())
    }

    fn change_setting(&self, name: &str, value: Option<&str>, transaction_only: bool) -> Result<String> {
        Ok(format!(
            "{name}={}{}",
            value.unwrap_or("default"),
            if transaction_only { " for now" } else { "" }
        ))
    }

    fn advisory_lock(&self, key: AdvisoryKey, request: AdvisoryRequest) -> Result<()> {
        match self.advisory_try_lock(key, request)? {
            true => Ok(()),
            false => Err(Error::user(SqlState("40P01"), "deadlock detected")),
        }
    }

    fn advisory_try_lock(&self, key: AdvisoryKey, _: AdvisoryRequest) -> Result<bool> {
        Ok(matches!(key, AdvisoryKey::One(7) | AdvisoryKey::Two(7, 7)))
    }

    fn advisory_unlock(&self, key: AdvisoryKey, _: bool) -> Result<bool> {
        Ok(key == AdvisoryKey::One(7))
    }

    fn signal(&self, process_id: i32, terminate: bool) -> Result<bool> {
        Ok(process_id == 7 || terminate && process_id == 8)
    }
}

const FACTS: &[(&str, &str, &str)] = &[
    ("setting", "server_version", "15.0"),
    ("setting", "work_mem", "4MB"),
    ("version", "", "42"),
    ("current_schema", "", "public"),
    ("server_start_time", "", "1706933106000000"),
    ("relation_oid", "events", "16384"),
    ("relation_name", "16384", "events"),
    ("relation_visible", "16384", "true"),
    ("relation_visible", "16385", "false"),
    ("relation_comment", "16384", "what happened"),
    ("relation_size", "16384", "8192"),
    ("column_name", "16384,1", "event_id"),
    ("column_comment", "16384,1", "who"),
    ("view_definition", "16385", " SELECT 1;"),
    ("type_oid", "integer", "23"),
    ("type_name", "23", "integer"),
    ("type_name", "1043", "character varying"),
    ("type_name", "1015", "character varying[]"),
    ("type_name", "1042", "character"),
    ("type_name", "1700", "numeric"),
    ("type_name", "1114", "timestamp without time zone"),
    ("type_name", "1184", "timestamp with time zone"),
    ("namespace_oid", "public", "2200"),
    ("function_oid", "now", "1299"),
    ("function_name", "1299", "now"),
    ("user_name", "10", "stoa"),
    ("database_name", "5", "stoa"),
    ("database_size", "", "1048576"),
];

/// A statement of that session.
pub(super) fn knowing() -> StatementContext {
    StatementContext {
        session: Arc::new(Known(FACTS)),
        ..statement()
    }
}

/// That a call answers so in that session.
#[track_caller]
pub(super) fn knows(name: &str, arguments: &[Typed], expected: Typed) {
    match evaluate_in(name, arguments, &knowing()) {
        Ok(answer) => assert_eq!(answer, expected, "{name}{arguments:?}"),
        Err(error) => panic!("{name}{arguments:?} fails: {error}"),
    }
}

/// That a call fails so in that session.
#[track_caller]
pub(super) fn refuses(name: &str, arguments: &[Typed], state: &str, message: &str) {
    let error = evaluate_in(name, arguments, &knowing()).unwrap_err();
    assert_eq!((error.state().0, error.to_string().as_str()), (state, message));
}

/// `oid`
pub(super) fn oid(value: i64) -> Typed {
    (Literal::Integer(value), LogicalType::Oid)
}

/// `regclass`
pub(super) fn regclass(value: i64) -> Typed {
    (Literal::Integer(value), LogicalType::Regclass)
}

/// `name`
pub(super) fn name(value: &str) -> Typed {
    (Literal::Text(value.to_owned()), LogicalType::Name)
}
