//! `pg_relation_is_updatable`, `pg_column_is_updatable`: tables can be changed, views cannot.

use super::fact::{oid_keys, truths};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction};

const CATEGORY: &str = "catalog";
/// UPDATE, INSERT and DELETE among the kinds of changes, as bits.
const ALL_CHANGES: i32 = 0b1_1100;

pub(super) static PG_RELATION_IS_UPDATABLE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_relation_is_updatable",
            const { &[signature(&[OID, BOOLEAN], returns::integer)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "What may be done to a relation's rows, as bits: 4 UPDATE, 8 INSERT, 16 DELETE.",
        "pg_relation_is_updatable(16384, false)",
        "28",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        call.map_rows::<arrow_array::types::Int32Type>(|row| {
            Ok(if is_table(call, &oid(row)) { ALL_CHANGES } else { 0 })
        })
    },
};

pub(super) static PG_COLUMN_IS_UPDATABLE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "pg_column_is_updatable",
            const { &[signature(&[OID, SMALLINT, BOOLEAN], returns::boolean)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Whether a column can be changed.",
        "pg_column_is_updatable(16384, 1, false)",
        "t",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        truths(call, |row| Ok(Some(is_table(call, &oid(row)))))
    },
};

fn is_table(call: &Call<'_>, oid: &str) -> bool {
    call.fact("relation_is_table", oid)
        .is_some_and(|answer| answer == "true")
}
