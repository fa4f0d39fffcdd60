//! `has_table_privilege` and kin. There is one user, who may do everything: what is checked is that the object, the user and the
//! privilege exist.

use super::definition::relation_oid;
use super::fact::truths;
use super::size::no_database;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Int16Type, Int64Type};
use stoa_sql::catalog::Signature;

const OBJECT: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::boolean),
    signature(&[OID, TEXT], returns::boolean),
    signature(&[NAME, TEXT, TEXT], returns::boolean),
    signature(&[NAME, OID, TEXT], returns::boolean),
    signature(&[OID, TEXT, TEXT], returns::boolean),
    signature(&[OID, OID, TEXT], returns::boolean),
];
const COLUMN: &[Signature] = &[
    signature(&[TEXT, TEXT, TEXT], returns::boolean),
    signature(&[OID, TEXT, TEXT], returns::boolean),
    signature(&[TEXT, SMALLINT, TEXT], returns::boolean),
    signature(&[OID, SMALLINT, TEXT], returns::boolean),
    signature(&[NAME, TEXT, TEXT, TEXT], returns::boolean),
    signature(&[NAME, OID, TEXT, TEXT], returns::boolean),
    signature(&[NAME, TEXT, SMALLINT, TEXT], returns::boolean),
    signature(&[NAME, OID, SMALLINT, TEXT], returns::boolean),
    signature(&[OID, TEXT, TEXT, TEXT], returns::boolean),
    signature(&[OID, OID, TEXT, TEXT], returns::boolean),
];
const ROLE: &[Signature] = &[
    signature(&[NAME, TEXT], returns::boolean),
    signature(&[OID, TEXT], returns::boolean),
    signature(&[NAME, NAME, TEXT], returns::boolean),
    signature(&[NAME, OID, TEXT], returns::boolean),
    signature(&[OID, NAME, TEXT], returns::boolean),
    signature(&[OID, OID, TEXT], returns::boolean),
];

const TABLE_PRIVILEGES: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "truncate",
    "references",
    "trigger",
];
const COLUMN_PRIVILEGES: &[&str] = &["select", "insert", "update", "references"];

/// What kind of object a privilege is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Relation,
    Schema,
    Database,
    Function,
    Type,
}

macro_rules! functions {
    ($($item:ident = $name:literal $signatures:ident $kind:ident $privileges:expr, $example:literal;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, $signatures),
            documentation: documentation(
                "catalog",
                "Whether a user, or the current one, has a privilege for an object.",
                concat!($name, "(", $example, ")"),
                "t",
            ),
            execute: |call| has_privilege(call, Kind::$kind, $privileges),
        };)*
    };
}

functions! {
    HAS_TABLE_PRIVILEGE = "has_table_privilege" OBJECT Relation TABLE_PRIVILEGES, "'events', 'SELECT'";
    HAS_ANY_COLUMN_PRIVILEGE = "has_any_column_privilege" OBJECT Relation COLUMN_PRIVILEGES, "'events', 'SELECT'";
    HAS_SEQUENCE_PRIVILEGE = "has_sequence_privilege" OBJECT Relation &["usage", "select", "update"], "'ids', 'USAGE'";
    HAS_SCHEMA_PRIVILEGE = "has_schema_privilege" OBJECT Schema &["create", "usage"], "'public', 'USAGE'";
    HAS_DATABASE_PRIVILEGE = "has_database_privilege" OBJECT Database &["create", "connect", "temporary", "temp"], "'stoa', 'CONNECT'";
    HAS_FUNCTION_PRIVILEGE = "has_function_privilege" OBJECT Function &["execute"], "'now', 'EXECUTE'";
    HAS_TYPE_PRIVILEGE = "has_type_privilege" OBJECT Type &["usage"], "'integer', 'USAGE'";
}

pub(super) static HAS_COLUMN_PRIVILEGE: ScalarFunction = ScalarFunction {
    info: || stable("has_column_privilege", COLUMN),
    documentation: documentation(
        "catalog",
        "Whether a user, or the current one, has a privilege for a column.",
        "has_column_privilege('events', 'event_id', 'SELECT')",
        "t",
    ),
    execute: has_column_privilege,
};

pub(super) static PG_HAS_ROLE: ScalarFunction = ScalarFunction {
    info: || stable("pg_has_role", ROLE),
    documentation: documentation(
        "catalog",
        "Whether a user is, or is a member of, a role.",
        "pg_has_role('stoa', 'MEMBER')",
        "t",
    ),
    execute: has_role,
};

/// `SELECT, INSERT WITH GRANT OPTION`
fn check_privileges(text: &str, known: &[&str]) -> Result<()> {
    for privilege in text.split(',') {
        let lower = privilege.trim().to_lowercase();
        let name = lower
            .strip_suffix(" with grant option")
            .map_or(lower.as_str(), str::trim_end);
        if !known.contains(&name) {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("unrecognized privilege type: \"{}\"", privilege.trim()),
            ));
        }
    }
    Ok(())
}

/// Whether the user exists; a number that is nobody's has no privileges.
fn check_user(call: &Call<'_>, at: usize, row: usize) -> Result<bool> {
    if !call.argument_type(at)?.is_string() {
        let oid = call.primitives::<Int64Type>(at)?.value(row);
        return Ok(call.fact("user_name", &oid.to_string()).is_some());
    }
    let texts = call.texts(at)?;
    let name = texts.value(row);
    if name != call.statement.user && name != "public" {
        return Err(Error::user(
            SqlState::UNDEFINED_OBJECT,
            format!("role \"{name}\" does not exist"),
        ));
    }
    Ok(true)
}

/// Whether the object exists: `None` for a number that is no object's.
fn object(call: &Call<'_>, kind: Kind, at: usize, row: usize) -> Result<Option<String>> {
    if !call.argument_type(at)?.is_string() {
        let oid = call.primitives::<Int64Type>(at)?.value(row).to_string();
        let fact = match kind {
            Kind::Relation => "relation_name",
            Kind::Schema => "namespace_name",
            Kind::Database => "database_name",
            Kind::Function => "function_name",
            Kind::Type => "type_name",
        };
        return Ok(call.fact(fact, &oid).map(|_| oid));
    }
    let texts = call.texts(at)?;
    let name = texts.value(row);
    let missing = |state: SqlState, what: &str| Error::user(state, format!("{what} \"{name}\" does not exist"));
    match kind {
        Kind::Relation => relation_oid(call, name).map(Some),
        Kind::Schema => {
            let oid = call.fact("namespace_oid", name);
            oid.map(Some)
                .ok_or_else(|| missing(SqlState::INVALID_SCHEMA_NAME, "schema"))
        }
        Kind::Database if name == call.statement.database => Ok(Some(name.to_owned())),
        Kind::Database => Err(no_database(name)),
        Kind::Function => {
            let bare = name.split('(').next().unwrap_or(name);
            let oid = call.fact("function_oid", bare);
            oid.map(Some)
                .ok_or_else(|| missing(SqlState::UNDEFINED_FUNCTION, "function"))
        }
        Kind::Type => {
            let oid = call.fact("type_oid", name);
            oid.map(Some).ok_or_else(|| missing(SqlState::UNDEFINED_OBJECT, "type"))
        }
    }
}

fn has_privilege(call: &Call<'_>, kind: Kind, known: &[&str]) -> Result<Value> {
    let (object_at, privilege_at) = (call.arguments.len() - 2, call.arguments.len() - 1);
    let privileges = call.texts(privilege_at)?;
    truths(call, |row| {
        let user = object_at == 0 || check_user(call, 0, row)?;
        check_privileges(privileges.value(row), known)?;
        Ok(object(call, kind, object_at, row)?.map(|_| user))
    })
}

fn has_column_privilege(call: &Call<'_>) -> Result<Value> {
    let count = call.arguments.len();
    let (table_at, column_at) = (count - 3, count - 2);
    let privileges = call.texts(count - 1)?;
    truths(call, |row| {
        let user = table_at == 0 || check_user(call, 0, row)?;
        check_privileges(privileges.value(row), COLUMN_PRIVILEGES)?;
        let Some(table) = object(call, Kind::Relation, table_at, row)? else {
            return Ok(None);
        };
        if !call.argument_type(column_at)?.is_string() {
            let number = call.primitives::<Int16Type>(column_at)?.value(row);
            return Ok(call.fact("column_name", &format!("{table},{number}")).map(|_| user));
        }
        let names = call.texts(column_at)?;
        let wanted = names.value(row);
        let column = (1..)
            .map_while(|number: u32| call.fact("column_name", &format!("{table},{number}")))
            .any(|name| name == wanted);
        if !column {
            let relation = call.fact("relation_name", &table).unwrap_or(table);
            let message = format!("column \"{wanted}\" of relation \"{relation}\" does not exist");
            return Err(Error::user(SqlState::UNDEFINED_COLUMN, message));
        }
        Ok(Some(user))
    })
}

fn has_role(call: &Call<'_>) -> Result<Value> {
    let (role_at, privilege_at) = (call.arguments.len() - 2, call.arguments.len() - 1);
    let privileges = call.texts(privilege_at)?;
    truths(call, |row| {
        let user = role_at == 0 || check_user(call, 0, row)?;
        let known = ["usage", "member", "usage with admin option", "member with admin option"];
        check_privileges(privileges.value(row), &known)?;
        Ok(Some(user && check_user(call, role_at, row)?))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn privileges() {
        let nothing = || null(LogicalType::Boolean);
        knows(
            "has_table_privilege",
            &[text("events"), text("select, INSERT")],
            boolean(true),
        );
        knows("has_table_privilege", &[oid(1), text("select")], nothing());
        knows(
            "has_table_privilege",
            &[name("stoa"), text("events"), text("select")],
            boolean(true),
        );
        knows("has_schema_privilege", &[text("public"), text("usage")], boolean(true));
        knows(
            "has_database_privilege",
            &[text("stoa"), text("connect")],
            boolean(true),
        );
        knows(
            "has_column_privilege",
            &[text("events"), text("event_id"), text("select")],
            boolean(true),
        );
        knows(
            "has_column_privilege",
            &[oid(16384), smallint(1), text("select")],
            boolean(true),
        );
        knows(
            "has_column_privilege",
            &[oid(16384), smallint(9), text("select")],
            nothing(),
        );
        knows("pg_has_role", &[name("stoa"), text("MEMBER")], boolean(true));
        knows("pg_has_role", &[oid(99), text("MEMBER")], boolean(false));
    }

    #[test]
    fn what_does_not_exist() {
        for (function, arguments, state, message) in [
            (
                "has_table_privilege",
                vec![text("nope"), text("select")],
                "42P01",
                "relation \"nope\" does not exist",
            ),
            (
                "has_table_privilege",
                vec![text("events"), text("foo")],
                "22023",
                "unrecognized privilege type: \"foo\"",
            ),
            (
                "has_schema_privilege",
                vec![text("nope"), text("usage")],
                "3F000",
                "schema \"nope\" does not exist",
            ),
            (
                "has_table_privilege",
                vec![name("x"), text("events"), text("select")],
                "42704",
                "role \"x\" does not exist",
            ),
            (
                "has_database_privilege",
                vec![text("nope"), text("connect")],
                "3D000",
                "database \"nope\" does not exist",
            ),
            (
                "has_column_privilege",
                vec![text("events"), text("nope"), text("select")],
                "42703",
                "column \"nope\" of relation \"events\" does not exist",
            ),
        ] {
            refuses(function, &arguments, state, message);
        }
    }
}
