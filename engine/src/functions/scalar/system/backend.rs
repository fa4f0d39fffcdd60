//! Connections and time: `pg_backend_pid`, `pg_cancel_backend`, `pg_terminate_backend`, `pg_sleep`, `pg_export_snapshot`.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, array_of};
use arrow_array::NullArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use std::sync::Arc;
use std::time::Duration;
use stoa_storage::clock::{Clock, SystemClock};

const CATEGORY: &str = "session";
/// How often a sleeper looks whether it was cancelled.
const NAP: Duration = Duration::from_millis(10);

pub(super) static PG_BACKEND_PID: ScalarFunction = ScalarFunction {
    info: || stable("pg_backend_pid", const { &[signature(&[], returns::integer)] }),
    documentation: documentation(
        CATEGORY,
        "The number of the connection, which cancel requests name.",
        "pg_backend_pid()",
        "1",
    ),
    execute: |call| {
        let literal = Literal::Integer(call.statement.process_id.into());
        Ok(Value::Constant(array_of(&literal, call.return_type)?))
    },
};

pub(super) static PG_CANCEL_BACKEND: ScalarFunction = ScalarFunction {
    info: || {
        volatile(
            "pg_cancel_backend",
            const { &[signature(&[INTEGER], returns::boolean)] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Cancels the query of a connection.",
        "pg_cancel_backend(7)",
        "t",
    ),
    execute: |call| signal(call, false),
};

pub(super) static PG_TERMINATE_BACKEND: ScalarFunction = ScalarFunction {
    info: || {
        volatile(
            "pg_terminate_backend",
            const {
                &[
                    signature(&[INTEGER], returns::boolean),
                    signature(&[INTEGER, BIGINT], returns::boolean),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "Ends a connection; waits so many milliseconds until it has gone, where a number is given.",
        "pg_terminate_backend(7)",
        "t",
    ),
    execute: terminate,
};

pub(super) static PG_EXPORT_SNAPSHOT: ScalarFunction = ScalarFunction {
    info: || volatile("pg_export_snapshot", const { &[signature(&[], returns::text)] }),
    documentation: documentation(
        CATEGORY,
        "A name by which SET TRANSACTION SNAPSHOT reads what this transaction reads, while it is open.",
        "pg_export_snapshot()",
        "00000007-00000001-1",
    ),
    execute: |call| {
        call.map_texts(|_, out| {
            out.push_str(&call.statement.session.export_snapshot()?);
            Ok(())
        })
    },
};

pub(super) static PG_SLEEP: ScalarFunction = ScalarFunction {
    info: || volatile("pg_sleep", const { &[signature(&[DOUBLE], returns::void)] }),
    documentation: documentation(CATEGORY, "Waits so many seconds.", "pg_sleep(0.1)", ""),
    execute: sleep,
};

fn signal(call: &Call<'_>, terminate: bool) -> Result<Value> {
    let process_ids = call.primitives::<Int32Type>(0)?;
    call.map_booleans(|row| call.statement.session.signal(process_ids.value(row), terminate))
}

fn terminate(call: &Call<'_>) -> Result<Value> {
    if call.arguments.len() < 2 {
        return signal(call, true);
    }
    let process_ids = call.primitives::<Int32Type>(0)?;
    let limits = call.primitives::<Int64Type>(1)?;
    call.map_booleans(|row| {
        let (process_id, limit) = (process_ids.value(row), limits.value(row));
        if limit < 0 {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "\"timeout\" must not be negative",
            ));
        }
        let is_there = call.statement.session.signal(process_id, true)?;
        Ok(is_there && (limit == 0 || has_gone(call, process_id, limit)?))
    })
}

/// Waits until a connection has gone, at most so many milliseconds.
fn has_gone(call: &Call<'_>, process_id: i32, limit_ms: i64) -> Result<bool> {
    let key = process_id.to_string();
    let end = SystemClock.now().saturating_add(limit_ms.saturating_mul(1_000));
    while call.fact("backend", &key).as_deref() == Some("true") {
        if SystemClock.now() >= end {
            return Ok(false);
        }
        call.statement.session.check_cancelled()?;
        std::thread::sleep(NAP);
    }
    Ok(true)
}

fn sleep(call: &Call<'_>) -> Result<Value> {
    let seconds = call.primitives::<Float64Type>(0)?;
    let nulls = call.nulls();
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            continue;
        }
        // Saturates; NaN is 0.
        let end = SystemClock.now().saturating_add((seconds.value(row) * 1e6) as i64);
        while let rest = end.saturating_sub(SystemClock.now())
            && rest > 0
        {
            call.statement.session.check_cancelled()?;
            std::thread::sleep(NAP.min(Duration::from_micros(rest.unsigned_abs())));
        }
    }
    Ok(Value::Array(Arc::new(NullArray::new(call.row_count))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;
    use stoa_storage::clock::{Clock, SystemClock};

    #[test]
    fn connections() {
        knows("pg_backend_pid", &[], integer(1));
        knows("pg_cancel_backend", &[integer(7)], boolean(true));
        knows("pg_cancel_backend", &[integer(8)], boolean(false));
        knows("pg_terminate_backend", &[integer(8)], boolean(true));
        knows("pg_terminate_backend", &[integer(8), bigint(100)], boolean(true));
        knows("pg_terminate_backend", &[integer(9), bigint(100)], boolean(false));
        refuses(
            "pg_terminate_backend",
            &[integer(8), bigint(-1)],
            "22003",
            "\"timeout\" must not be negative",
        );
    }

    #[test]
    fn sleeping_takes_time() {
        let begin = SystemClock.now();
        knows("pg_sleep", &[double(0.02)], null(LogicalType::Void));
        assert!(SystemClock.now() - begin >= 20_000);
        knows("pg_sleep", &[double(-1.0)], null(LogicalType::Void));
    }
}
