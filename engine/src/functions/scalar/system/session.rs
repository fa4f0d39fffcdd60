//! Who, where and when: `current_user`, `current_database()`, `current_schema()`, `version()`, `pg_postmaster_start_time()` ..

use super::fact::number;
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, LogicalType, array_of};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use std::sync::Arc;
use stoa_sql::catalog::Signature;

const NAME_OF: &[Signature] = &[signature(&[], returns::name)];
const TEXT_OF: &[Signature] = &[signature(&[], returns::text)];
const NUMBER_OF: &[Signature] = &[signature(&[], returns::integer)];
const TRUTH: &[Signature] = &[signature(&[], returns::boolean)];
const TIME_OF: &[Signature] = &[signature(&[], returns::timestamptz)];

macro_rules! functions {
    ($($item:ident = $name:literal $signatures:ident $summary:literal $result:literal $execute:expr;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, $signatures),
            documentation: documentation("session", $summary, concat!($name, "()"), $result),
            execute: $execute,
        };)*
    };
}

functions! {
    CURRENT_CATALOG = "current_catalog" NAME_OF "The current database." "stoa" |call| text(call, &call.statement.database);
    CURRENT_DATABASE = "current_database" NAME_OF "The current database." "stoa" |call| text(call, &call.statement.database);
    CURRENT_USER = "current_user" NAME_OF "The current user." "stoa" |call| text(call, &call.statement.user);
    SESSION_USER = "session_user" NAME_OF "The user who opened the session." "stoa" |call| text(call, &call.statement.user);
    CURRENT_SCHEMA = "current_schema" NAME_OF "The schema that new tables go to." "public" current_schema;
    VERSION = "version" TEXT_OF "What server this is." "PostgreSQL 15.0, Stoa 0.1.0" version;
    PG_POSTMASTER_START_TIME = "pg_postmaster_start_time" TIME_OF "When the server started." "2024-02-03 04:05:06+00" start_time;
    PG_CONF_LOAD_TIME = "pg_conf_load_time" TIME_OF "When the configuration was read." "2024-02-03 04:05:06+00" start_time;
    PG_IS_IN_RECOVERY = "pg_is_in_recovery" TRUTH "Whether the server only follows another one; never." "f" |call| constant(call, Literal::Boolean(false));
    INET_CLIENT_ADDR = "inet_client_addr" TEXT_OF "The client's address; not told." "" |call| constant(call, Literal::Null);
    INET_CLIENT_PORT = "inet_client_port" NUMBER_OF "The client's port; not told." "" |call| constant(call, Literal::Null);
    INET_SERVER_ADDR = "inet_server_addr" TEXT_OF "The server's address; not told." "" |call| constant(call, Literal::Null);
    INET_SERVER_PORT = "inet_server_port" NUMBER_OF "The server's port; not told." "" |call| constant(call, Literal::Null);
}

pub(super) static CURRENT_SCHEMAS: ScalarFunction = ScalarFunction {
    info: || stable("current_schemas", const { &[signature(&[BOOLEAN], names)] }),
    documentation: documentation(
        "session",
        "The schemas that names are looked for in, on request with those that are so without being said.",
        "current_schemas(true)",
        "{pg_catalog,public}",
    ),
    execute: current_schemas,
};

pub(super) static TXID_CURRENT: ScalarFunction = ScalarFunction {
    info: || stable("txid_current", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        "session",
        "A number of the transaction: the commit version that it reads.",
        "txid_current()",
        "42",
    ),
    execute: |call| {
        let version = number(call.fact("version", "")).map_or(Literal::Null, Literal::Integer);
        constant(call, version)
    },
};

pub(super) static PG_MY_TEMP_SCHEMA: ScalarFunction = ScalarFunction {
    info: || stable("pg_my_temp_schema", const { &[signature(&[], returns::oid)] }),
    documentation: documentation(
        "session",
        "The session's schema of temporary tables; 0 while it has none.",
        "pg_my_temp_schema()",
        "0",
    ),
    execute: |call| {
        let schema = number(call.fact("temporary_schema", "")).unwrap_or(0);
        constant(call, Literal::Integer(schema))
    },
};

pub(super) static PG_IS_OTHER_TEMP_SCHEMA: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_is_other_temp_schema",
            const { &[signature(&[OID], returns::boolean)] },
        )
    },
    documentation: documentation(
        "session",
        "Whether a schema holds another session's temporary tables.",
        "pg_is_other_temp_schema(2200)",
        "f",
    ),
    execute: |call| call.map_booleans(|_| Ok(false)),
};

fn names(_: &[LogicalType]) -> LogicalType {
    LogicalType::Array(Box::new(LogicalType::Name))
}

fn constant(call: &Call<'_>, literal: Literal) -> Result<Value> {
    Ok(Value::Constant(array_of(&literal, call.return_type)?))
}

fn text(call: &Call<'_>, text: &str) -> Result<Value> {
    constant(call, Literal::Text(text.to_owned()))
}

fn current_schema(call: &Call<'_>) -> Result<Value> {
    constant(
        call,
        call.fact("current_schema", "").map_or(Literal::Null, Literal::Text),
    )
}

fn version(call: &Call<'_>) -> Result<Value> {
    let compatible = call
        .fact("setting", "server_version")
        .ok_or_else(|| Error::Internal("the session does not know server_version".into()))?;
    text(
        call,
        &format!("PostgreSQL {compatible}, Stoa {}", env!("CARGO_PKG_VERSION")),
    )
}

fn start_time(call: &Call<'_>) -> Result<Value> {
    let time = number(call.fact("server_start_time", ""));
    constant(call, time.map_or(Literal::Null, Literal::Timestamp))
}

fn current_schemas(call: &Call<'_>) -> Result<Value> {
    let implicit = call.argument(0)?.booleans()?;
    let path = &call.statement.search_path;
    let exists = |schema: &&String| call.fact("namespace_oid", schema).is_some();
    let is_temporary = |schema: &&str| crate::catalog::temporary::is_temporary(schema);
    let found: Vec<&str> = path.iter().filter(exists).map(String::as_str).collect();
    let (own, explicit): (Vec<&str>, Vec<&str>) = found.into_iter().partition(is_temporary);
    let field = arrow_schema::Field::new("item", arrow_schema::DataType::Utf8View, true);
    let mut builder = ListBuilder::new(StringViewBuilder::new()).with_field(field);
    for row in 0..call.row_count {
        if implicit.is_null(row) {
            builder.append(false);
            continue;
        }
        if implicit.value(row) {
            own.iter().for_each(|schema| builder.values().append_value(schema));
        }
        if implicit.value(row) && !explicit.contains(&"pg_catalog") {
            builder.values().append_value("pg_catalog");
        }
        explicit.iter().for_each(|schema| builder.values().append_value(schema));
        builder.append(true);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::datetime::testing::timestamptz;
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn who_where_when() {
        for function in ["current_user", "session_user", "current_database", "current_catalog"] {
            knows(function, &[], name("stoa"));
        }
        knows("current_schema", &[], name("public"));
        knows(
            "version",
            &[],
            text(concat!("PostgreSQL 15.0, Stoa ", env!("CARGO_PKG_VERSION"))),
        );
        knows("txid_current", &[], bigint(42));
        knows("pg_postmaster_start_time", &[], timestamptz("2024-02-03 04:05:06"));
        knows("inet_server_addr", &[], null(LogicalType::Text));
        knows("pg_is_in_recovery", &[], boolean(false));
    }

    #[test]
    fn schemas() {
        let names = |names: &[&str]| {
            let elements = names.iter().map(|name| Literal::Text((*name).to_owned())).collect();
            (
                Literal::Array(elements),
                LogicalType::Array(Box::new(LogicalType::Name)),
            )
        };
        knows("current_schemas", &[boolean(true)], names(&["pg_catalog", "public"]));
        knows("current_schemas", &[boolean(false)], names(&["public"]));
    }
}
