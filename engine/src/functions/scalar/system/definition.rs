//! Objects as statements: `pg_get_viewdef`, `pg_get_indexdef`, `pg_get_constraintdef`, `pg_get_expr` .. NULL for kinds of objects that
//! there are none of.

use super::fact::{oid_keys, texts};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

const CATEGORY: &str = "catalog";
const OF_OID: &[Signature] = &[signature(&[OID], returns::text)];
const OF_OID_PRETTY: &[Signature] = &[
    signature(&[OID], returns::text),
    signature(&[OID, BOOLEAN], returns::text),
];

macro_rules! of_oid {
    ($($item:ident = $name:literal $signatures:ident $kind:literal $summary:literal $result:literal;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, $signatures),
            documentation: documentation(CATEGORY, $summary, concat!($name, "(16384)"), $result),
            execute: |call| {
                let oid = oid_keys(call)?;
                texts(call, |row| call.fact($kind, &oid(row)))
            },
        };)*
    };
}

of_oid! {
    PG_GET_FUNCTION_ARGUMENTS = "pg_get_function_arguments" OF_OID "function_arguments" "A function's arguments." "text, text";
    PG_GET_FUNCTION_IDENTITY_ARGUMENTS = "pg_get_function_identity_arguments" OF_OID "function_arguments" "A function's arguments, as they tell overloads apart." "text, text";
    PG_GET_FUNCTION_SQLBODY = "pg_get_function_sqlbody" OF_OID "function_body" "A function's body in SQL; NULL, none has one." "";
    PG_TABLESPACE_LOCATION = "pg_tablespace_location" OF_OID "tablespace_location" "The folder of a tablespace; empty for the data directory." "";
    PG_GET_FUNCTION_RESULT = "pg_get_function_result" OF_OID "function_result" "The type of a function's answer." "text";
    PG_GET_PARTKEYDEF = "pg_get_partkeydef" OF_OID "partition_key_definition" "How a table is partitioned." "";
    PG_GET_RULEDEF = "pg_get_ruledef" OF_OID_PRETTY "rule_definition" "A rule's definition; there are no rules." "";
    PG_GET_STATISTICSOBJDEF_COLUMNS = "pg_get_statisticsobjdef_columns" OF_OID "statistics_columns" "The columns of extended statistics; there are none." "";
    PG_GET_TRIGGERDEF = "pg_get_triggerdef" OF_OID_PRETTY "trigger_definition" "A trigger's definition; there are no triggers." "";
}

pub(super) static PG_GET_CONSTRAINTDEF: ScalarFunction = ScalarFunction {
    info: || stable("pg_get_constraintdef", OF_OID_PRETTY),
    documentation: documentation(
        CATEGORY,
        "A constraint's definition.",
        "pg_get_constraintdef(16384)",
        "UNIQUE (event_id)",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        let pretty = match call.arguments.len() {
            1 => None,
            _ => Some(call.argument(1)?.booleans()?),
        };
        texts(call, |row| {
            let definition = call.fact("constraint_definition", &oid(row))?;
            let is_pretty = pretty.as_ref().is_some_and(|pretty| pretty.value(row));
            let condition = definition
                .strip_prefix("CHECK (")
                .and_then(|rest| rest.strip_suffix(')'));
            Some(match condition.filter(|_| is_pretty) {
                Some(condition) => format!("CHECK {condition}"),
                None => definition,
            })
        })
    },
};

pub(super) static PG_GET_INDEXDEF: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_get_indexdef",
            const {
                &[
                    signature(&[OID], returns::text),
                    signature(&[OID, INTEGER, BOOLEAN], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "An index's definition, or one of its columns.",
        "pg_get_indexdef(16384)",
        "",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        if call.arguments.len() == 1 {
            return texts(call, |row| call.fact("index_definition", &oid(row)));
        }
        let columns = call.primitives::<Int32Type>(1)?;
        texts(call, |row| match columns.value(row) {
            0 => call.fact("index_definition", &oid(row)),
            column => call.fact("index_column", &format!("{},{column}", oid(row))),
        })
    },
};

pub(super) static PG_GET_FUNCTIONDEF: ScalarFunction = ScalarFunction {
    info: || stable("pg_get_functiondef", OF_OID),
    documentation: documentation(
        CATEGORY,
        "The statement that would make a function.",
        "pg_get_functiondef('now'::regproc)",
        "CREATE OR REPLACE FUNCTION pg_catalog.now() ..",
    ),
    execute: function,
};

pub(super) static PG_GET_VIEWDEF: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_get_viewdef",
            const {
                &[
                    signature(&[OID], returns::text),
                    signature(&[OID, BOOLEAN], returns::text),
                    signature(&[OID, INTEGER], returns::text),
                    signature(&[TEXT], returns::text),
                    signature(&[TEXT, BOOLEAN], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "A view's query.",
        "pg_get_viewdef('daily'::regclass)",
        " SELECT 1;",
    ),
    execute: view,
};

pub(super) static PG_GET_EXPR: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_get_expr",
            const {
                &[
                    signature(&[TEXT, OID], returns::text),
                    signature(&[TEXT, OID, BOOLEAN], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "An expression that the catalog keeps (a default), as text: the catalog keeps texts.",
        "pg_get_expr(adbin, adrelid)",
        "now()",
    ),
    execute: |call| {
        let expressions = call.texts(0)?;
        call.map_texts(|row, out| {
            out.push_str(expressions.value(row));
            Ok(())
        })
    },
};

pub(super) static PG_GET_SERIAL_SEQUENCE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_get_serial_sequence",
            const { &[signature(&[TEXT, TEXT], returns::text)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "The sequence behind a column; NULL, no column has one.",
        "pg_get_serial_sequence('events', 'event_id')",
        "",
    ),
    execute: |call| {
        let (tables, columns) = (call.texts(0)?, call.texts(1)?);
        call.map_texts_or_null(|row, out| {
            let oid = relation_oid(call, tables.value(row))?;
            let name = call.fact("serial_sequence", &format!("{oid},{}", columns.value(row)));
            out.push_str(name.as_deref().unwrap_or(""));
            Ok(name.is_some())
        })
    },
};

fn function(call: &Call<'_>) -> Result<Value> {
    let oid = oid_keys(call)?;
    call.map_texts_or_null(|row, out| {
        let key = oid(row);
        if let Some(name) = call.fact("aggregate_name", &key) {
            let message = format!("\"{name}\" is an aggregate function");
            return Err(Error::user(SqlState::WRONG_OBJECT_TYPE, message));
        }
        let definition = call.fact("function_definition", &key);
        out.push_str(definition.as_deref().unwrap_or(""));
        Ok(definition.is_some())
    })
}

/// The number of the relation of a name.
///
/// # Errors
/// 42P01 where there is none.
pub(super) fn relation_oid(call: &Call<'_>, name: &str) -> Result<String> {
    call.fact("relation_oid", name)
        .ok_or_else(|| Error::user(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")))
}

fn view(call: &Call<'_>) -> Result<Value> {
    if !call.argument_type(0)?.is_string() {
        let oid = oid_keys(call)?;
        return texts(call, |row| call.fact("view_definition", &oid(row)));
    }
    let names = call.texts(0)?;
    call.map_texts_or_null(|row, out| {
        let definition = call.fact("view_definition", &relation_oid(call, names.value(row))?);
        out.push_str(definition.as_deref().unwrap_or(""));
        Ok(definition.is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn definitions() {
        knows("pg_get_viewdef", &[oid(16385)], text(" SELECT 1;"));
        knows("pg_get_viewdef", &[oid(16385), boolean(true)], text(" SELECT 1;"));
        knows("pg_get_viewdef", &[oid(16384)], null(LogicalType::Text));
        knows("pg_get_viewdef", &[text("events")], null(LogicalType::Text));
        knows("pg_get_expr", &[text("now()"), oid(16384)], text("now()"));
        knows(
            "pg_get_indexdef",
            &[oid(1), integer(1), boolean(true)],
            null(LogicalType::Text),
        );
        knows(
            "pg_get_serial_sequence",
            &[text("events"), text("id")],
            null(LogicalType::Text),
        );
        let message = "relation \"nope\" does not exist";
        refuses("pg_get_serial_sequence", &[text("nope"), text("id")], "42P01", message);
        refuses("pg_get_viewdef", &[text("nope")], "42P01", message);
    }
}
