//! Sequences: `nextval`, `currval`, `lastval`, `setval`, `pg_sequence_last_value`.

use super::fact::{number, numbers};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Int64Array;
use arrow_array::types::Int64Type;
use std::sync::Arc;

const CATEGORY: &str = "sequence";

pub(super) static NEXTVAL: ScalarFunction = ScalarFunction {
    info: || volatile("nextval", const { &[signature(&[REGCLASS], returns::bigint)] }),
    documentation: documentation(
        CATEGORY,
        "The next number of a sequence; a rollback does not give it back.",
        "nextval('orders_id_seq')",
        "1",
    ),
    execute: next_sequence_values,
};

pub(super) static CURRVAL: ScalarFunction = ScalarFunction {
    info: || volatile("currval", const { &[signature(&[REGCLASS], returns::bigint)] }),
    documentation: documentation(
        CATEGORY,
        "The number that this session took from a sequence last.",
        "currval('orders_id_seq')",
        "1",
    ),
    execute: |call| {
        let oids = call.primitives::<Int64Type>(0)?;
        numbers(call, |row| {
            call.statement
                .session
                .current_sequence_value(Some(oids.value(row)))
                .map(Some)
        })
    },
};

pub(super) static LASTVAL: ScalarFunction = ScalarFunction {
    info: || volatile("lastval", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        CATEGORY,
        "The number that this session took last, from whichever sequence.",
        "lastval()",
        "1",
    ),
    execute: |call| numbers(call, |_| call.statement.session.current_sequence_value(None).map(Some)),
};

pub(super) static SETVAL: ScalarFunction = ScalarFunction {
    info: || {
        volatile(
            "setval",
            const {
                &[
                    signature(&[REGCLASS, BIGINT], returns::bigint),
                    signature(&[REGCLASS, BIGINT, BOOLEAN], returns::bigint),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Sets the last number of a sequence; with false, that number is the next.",
        "setval('orders_id_seq', 42)",
        "42",
    ),
    execute: set_sequence_values,
};

pub(super) static PG_SEQUENCE_LAST_VALUE: ScalarFunction = ScalarFunction {
    info: || {
        volatile(
            "pg_sequence_last_value",
            const { &[signature(&[REGCLASS], returns::bigint)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "The last number taken from a sequence; NULL where none was.",
        "pg_sequence_last_value('orders_id_seq')",
        "1",
    ),
    execute: |call| {
        let oids = call.primitives::<Int64Type>(0)?;
        numbers(call, |row| {
            Ok(number(call.fact("sequence_last_value", &oids.value(row).to_string())))
        })
    },
};

/// Numbers for all rows at once where all ask the same sequence.
fn next_sequence_values(call: &Call<'_>) -> Result<Value> {
    let session = &call.statement.session;
    let oids = call.primitives::<Int64Type>(0)?;
    if matches!(call.arguments.first(), Some(Value::Constant(_))) && call.row_count > 0 && call.nulls().is_none() {
        let taken = session.next_sequence_values(oids.value(0), call.row_count)?;
        return Ok(Value::Array(Arc::new(Int64Array::from(taken))));
    }
    numbers(call, |row| {
        let taken = session.next_sequence_values(oids.value(row), 1)?;
        Ok(taken.first().copied())
    })
}

fn set_sequence_values(call: &Call<'_>) -> Result<Value> {
    let oids = call.primitives::<Int64Type>(0)?;
    let values = call.primitives::<Int64Type>(1)?;
    let called = match call.arguments.len() {
        3 => Some(call.argument(2)?.booleans()?),
        _ => None,
    };
    numbers(call, |row| {
        let is_called = called.as_ref().is_none_or(|called| called.value(row));
        let value = values.value(row);
        call.statement
            .session
            .set_sequence_value(oids.value(row), value, is_called)?;
        Ok(Some(value))
    })
}
