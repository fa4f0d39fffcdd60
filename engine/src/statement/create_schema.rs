//! CREATE SCHEMA

use super::definition::new_oids;
use super::{Effect, Run, already_exists};
use crate::catalog::persist::{schema_object, write_oid};
use crate::connection::{Notice, StatementWrites};
use crate::error::{Error, Result, SqlState};
use stoa_storage::commit::Change;

/// See the module.
pub(super) fn execute(run: &Run<'_>, name: &str, if_not_exists: bool) -> Result<Effect> {
    const DUPLICATE_SCHEMA: SqlState = SqlState("42P06");
    if run.view.catalog.schema_oid(name).is_some() {
        return match if_not_exists {
            true => Ok(
                Effect::command("CREATE SCHEMA", StatementWrites::default()).with_notice(Notice {
                    state: DUPLICATE_SCHEMA.0.to_owned(),
                    ..Notice::information(format!("schema \"{name}\" already exists, skipping"))
                }),
            ),
            false => Err(already_exists(DUPLICATE_SCHEMA, "schema", name)),
        };
    }
    if name.starts_with("pg_") {
        let error = stoa_sql::Error::new(SqlState("42939"), format!("unacceptable schema name \"{name}\""));
        return Err(Error::Sql(
            error.with_detail("The prefix \"pg_\" is reserved for system schemas."),
        ));
    }
    let oid = new_oids(run, 1);
    let changes = vec![Change::PutObject(schema_object(name), Some(write_oid(oid)))];
    Ok(Effect::command(
        "CREATE SCHEMA",
        StatementWrites::new("create schema", changes),
    ))
}
