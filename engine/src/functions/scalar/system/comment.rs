//! Comments on objects: `obj_description`, `col_description`, `shobj_description`.

use super::fact::{oid_keys, texts};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

const CATEGORY: &str = "catalog";

pub(super) static OBJ_DESCRIPTION: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "obj_description",
            const { &[signature(&[OID], returns::text), signature(&[OID, NAME], returns::text)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "The comment on an object.",
        "obj_description('events'::regclass, 'pg_class')",
        "",
    ),
    execute: object,
};
pub(super) static COL_DESCRIPTION: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "col_description",
            const { &[signature(&[OID, INTEGER], returns::text)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "The comment on a table's column.",
        "col_description('events'::regclass, 1)",
        "",
    ),
    execute: column,
};
pub(super) static SHOBJ_DESCRIPTION: ScalarFunction = ScalarFunction {
    info: || stable("shobj_description", const { &[signature(&[OID, NAME], returns::text)] }),
    documentation: documentation(
        CATEGORY,
        "The comment on an object that all databases share.",
        "shobj_description(5, 'pg_database')",
        "",
    ),
    execute: |call| {
        let oid = oid_keys(call)?;
        texts(call, |row| call.fact("shared_comment", &oid(row)))
    },
};

/// Comments are on relations; what the system's own objects are is known, too.
fn object(call: &Call<'_>) -> Result<Value> {
    let oid = oid_keys(call)?;
    let catalogs = match call.arguments.len() {
        2 => Some(call.texts(1)?),
        _ => None,
    };
    texts(call, |row| {
        match catalogs.as_ref().map(|catalogs| catalogs.value(row)) {
            None | Some("pg_class") => call.fact("relation_comment", &oid(row)),
            Some(catalog) => call.fact("own_comment", &format!("{catalog},{}", oid(row))),
        }
    })
}

fn column(call: &Call<'_>) -> Result<Value> {
    let (oid, numbers) = (oid_keys(call)?, call.primitives::<Int32Type>(1)?);
    texts(call, |row| {
        call.fact("column_comment", &format!("{},{}", oid(row), numbers.value(row)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn comments() {
        knows("obj_description", &[oid(16384)], text("what happened"));
        knows(
            "obj_description",
            &[oid(16384), name("pg_class")],
            text("what happened"),
        );
        knows(
            "obj_description",
            &[oid(16384), name("pg_proc")],
            null(LogicalType::Text),
        );
        knows("col_description", &[oid(16384), integer(1)], text("who"));
        knows("col_description", &[oid(16384), integer(2)], null(LogicalType::Text));
        knows(
            "shobj_description",
            &[oid(5), name("pg_database")],
            null(LogicalType::Text),
        );
    }
}
