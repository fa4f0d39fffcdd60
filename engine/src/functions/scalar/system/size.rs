//! Sizes on disk: `pg_relation_size`, `pg_table_size`, `pg_total_relation_size`, `pg_indexes_size`, `pg_database_size`; and
//! `pg_stat_get_numscans`.

use super::fact::{number, numbers, oid_keys};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

const CATEGORY: &str = "catalog";
const OF_RELATION: &[Signature] = &[signature(&[REGCLASS], returns::bigint)];

macro_rules! of_relation {
    ($($item:ident = $name:literal $summary:literal;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, OF_RELATION),
            documentation: documentation(CATEGORY, $summary, concat!($name, "('events')"), "8192"),
            execute: relation_size,
        };)*
    };
}

of_relation! {
    PG_TABLE_SIZE = "pg_table_size" "Bytes of a table's files.";
    PG_TOTAL_RELATION_SIZE = "pg_total_relation_size" "Bytes of a table's files, indexes included.";
}

pub(super) static PG_RELATION_SIZE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_relation_size",
            const {
                &[
                    signature(&[REGCLASS], returns::bigint),
                    signature(&[REGCLASS, TEXT], returns::bigint),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Bytes of a relation's files; all are in the fork `main`.",
        "pg_relation_size('events')",
        "8192",
    ),
    execute: fork_size,
};

pub(super) static PG_INDEXES_SIZE: ScalarFunction = ScalarFunction {
    info: || stable("pg_indexes_size", OF_RELATION),
    documentation: documentation(
        CATEGORY,
        "Bytes of a table's indexes apart from its files; there are none.",
        "pg_indexes_size('events')",
        "0",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        numbers(call, |row| Ok(call.fact("relation_size", &oid(row)).map(|_| 0)))
    },
};

pub(super) static PG_DATABASE_SIZE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_database_size",
            const { &[signature(&[NAME], returns::bigint), signature(&[OID], returns::bigint)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Bytes of all files of a database.",
        "pg_database_size('stoa')",
        "1048576",
    ),
    execute: database_size,
};

pub(super) static PG_TABLESPACE_SIZE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_tablespace_size",
            const { &[signature(&[OID], returns::bigint), signature(&[NAME], returns::bigint)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Bytes of all files in a tablespace; all are in pg_default.",
        "pg_tablespace_size('pg_default')",
        "1048576",
    ),
    execute: tablespace_size,
};

pub(super) static PG_STAT_GET_NUMSCANS: ScalarFunction = ScalarFunction {
    info: || stable("pg_stat_get_numscans", const { &[signature(&[OID], returns::bigint)] }),
    documentation: documentation(
        CATEGORY,
        "How often a table was scanned, as far as it is counted.",
        "pg_stat_get_numscans(16384)",
        "",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        numbers(call, |row| Ok(number(call.fact("relation_scans", &oid(row)))))
    },
};

fn relation_size(call: &Call<'_>) -> Result<Value> {
    let oid = oid_keys(call)?;
    numbers(call, |row| Ok(number(call.fact("relation_size", &oid(row)))))
}

fn fork_size(call: &Call<'_>) -> Result<Value> {
    if call.arguments.len() == 1 {
        return relation_size(call);
    }
    let (oid, forks) = (oid_keys(call)?, call.texts(1)?);
    numbers(call, |row| match forks.value(row) {
        "main" => Ok(number(call.fact("relation_size", &oid(row)))),
        "fsm" | "vm" | "init" => Ok(Some(0)),
        _ => Err(
            stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, "invalid fork name")
                .with_hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
                .into(),
        ),
    })
}

fn database_size(call: &Call<'_>) -> Result<Value> {
    let size = || number(call.fact("database_size", ""));
    if call.argument_type(0)?.is_string() {
        let names = call.texts(0)?;
        return numbers(call, |row| match names.value(row) {
            name if name == call.statement.database => Ok(size()),
            name => Err(no_database(name)),
        });
    }
    let oid = oid_keys(call)?;
    numbers(call, |row| {
        Ok(call.fact("database_name", &oid(row)).and_then(|_| size()))
    })
}

/// `pg_default` has the number 1663, `pg_global` 1664.
fn tablespace_size(call: &Call<'_>) -> Result<Value> {
    let size = || number(call.fact("database_size", ""));
    if call.argument_type(0)?.is_string() {
        let names = call.texts(0)?;
        return numbers(call, |row| match names.value(row) {
            "pg_default" => Ok(size()),
            "pg_global" => Ok(Some(0)),
            name => Err(Error::user(
                SqlState::UNDEFINED_OBJECT,
                format!("tablespace \"{name}\" does not exist"),
            )),
        });
    }
    let oid = oid_keys(call)?;
    numbers(call, |row| {
        Ok(match oid(row).as_str() {
            "1663" => size(),
            "1664" => Some(0),
            _ => None,
        })
    })
}

/// That there is no such database.
pub(super) fn no_database(name: &str) -> Error {
    Error::user(SqlState("3D000"), format!("database \"{name}\" does not exist"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn sizes() {
        for function in ["pg_relation_size", "pg_table_size", "pg_total_relation_size"] {
            knows(function, &[regclass(16384)], bigint(8192));
            knows(function, &[regclass(1)], null(LogicalType::BigInt));
        }
        knows("pg_relation_size", &[regclass(16384), text("vm")], bigint(0));
        refuses(
            "pg_relation_size",
            &[regclass(16384), text("foo")],
            "22023",
            "invalid fork name",
        );
        knows("pg_database_size", &[name("stoa")], bigint(1_048_576));
        knows("pg_database_size", &[oid(5)], bigint(1_048_576));
        refuses(
            "pg_database_size",
            &[name("nope")],
            "3D000",
            "database \"nope\" does not exist",
        );
        knows("pg_stat_get_numscans", &[oid(16384)], null(LogicalType::BigInt));
    }
}
