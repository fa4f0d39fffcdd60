//! Advisory locks: `pg_advisory_lock` and its kin, for sessions and transactions, alone and shared, with one key of 64 bits or two of
//! 32, which are different keys.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{AdvisoryKey, AdvisoryRequest, Call, ScalarFunction, Value};
use arrow_array::NullArray;
use arrow_array::types::{Int32Type, Int64Type};
use std::sync::Arc;

const CATEGORY: &str = "session";

const SESSION: AdvisoryRequest = AdvisoryRequest {
    is_shared: false,
    is_of_transaction: false,
};
const TRANSACTION: AdvisoryRequest = AdvisoryRequest {
    is_of_transaction: true,
    ..SESSION
};
const SHARED_SESSION: AdvisoryRequest = AdvisoryRequest {
    is_shared: true,
    ..SESSION
};
const SHARED_TRANSACTION: AdvisoryRequest = AdvisoryRequest {
    is_shared: true,
    ..TRANSACTION
};

macro_rules! signatures {
    ($returns:ident) => {
        const {
            &[
                signature(&[BIGINT], returns::$returns),
                signature(&[INTEGER, INTEGER], returns::$returns),
            ]
        }
    };
}

pub(super) static PG_ADVISORY_LOCK: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_lock", signatures!(void)),
    documentation: documentation(
        CATEGORY,
        "Waits for an advisory lock, which the session then holds.",
        "pg_advisory_lock(42)",
        "",
    ),
    execute: |call| wait(call, SESSION),
};

pub(super) static PG_ADVISORY_LOCK_SHARED: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_lock_shared", signatures!(void)),
    documentation: documentation(
        CATEGORY,
        "Waits for an advisory lock that sessions may share.",
        "pg_advisory_lock_shared(42)",
        "",
    ),
    execute: |call| wait(call, SHARED_SESSION),
};

pub(super) static PG_ADVISORY_XACT_LOCK: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_xact_lock", signatures!(void)),
    documentation: documentation(
        CATEGORY,
        "Waits for an advisory lock, which the transaction then holds.",
        "pg_advisory_xact_lock(42)",
        "",
    ),
    execute: |call| wait(call, TRANSACTION),
};

pub(super) static PG_ADVISORY_XACT_LOCK_SHARED: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_xact_lock_shared", signatures!(void)),
    documentation: documentation(
        CATEGORY,
        "Waits for an advisory lock that transactions may share.",
        "pg_advisory_xact_lock_shared(42)",
        "",
    ),
    execute: |call| wait(call, SHARED_TRANSACTION),
};

pub(super) static PG_TRY_ADVISORY_LOCK: ScalarFunction = ScalarFunction {
    info: || volatile("pg_try_advisory_lock", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Takes an advisory lock for the session if it is free.",
        "pg_try_advisory_lock(42)",
        "t",
    ),
    execute: |call| try_lock(call, SESSION),
};

pub(super) static PG_TRY_ADVISORY_LOCK_SHARED: ScalarFunction = ScalarFunction {
    info: || volatile("pg_try_advisory_lock_shared", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Takes an advisory lock that sessions may share, if nobody has it alone.",
        "pg_try_advisory_lock_shared(42)",
        "t",
    ),
    execute: |call| try_lock(call, SHARED_SESSION),
};

pub(super) static PG_TRY_ADVISORY_XACT_LOCK: ScalarFunction = ScalarFunction {
    info: || volatile("pg_try_advisory_xact_lock", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Takes an advisory lock for the transaction if it is free.",
        "pg_try_advisory_xact_lock(42)",
        "t",
    ),
    execute: |call| try_lock(call, TRANSACTION),
};

pub(super) static PG_TRY_ADVISORY_XACT_LOCK_SHARED: ScalarFunction = ScalarFunction {
    info: || volatile("pg_try_advisory_xact_lock_shared", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Takes an advisory lock that transactions may share, if nobody has it alone.",
        "pg_try_advisory_xact_lock_shared(42)",
        "t",
    ),
    execute: |call| try_lock(call, SHARED_TRANSACTION),
};

pub(super) static PG_ADVISORY_UNLOCK: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_unlock", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Gives an advisory lock of the session back, once; false where it has none.",
        "pg_advisory_unlock(42)",
        "f",
    ),
    execute: |call| unlock(call, false),
};

pub(super) static PG_ADVISORY_UNLOCK_SHARED: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_unlock_shared", signatures!(boolean)),
    documentation: documentation(
        CATEGORY,
        "Gives a shared advisory lock of the session back, once; false where it has none.",
        "pg_advisory_unlock_shared(42)",
        "f",
    ),
    execute: |call| unlock(call, true),
};

pub(super) static PG_ADVISORY_UNLOCK_ALL: ScalarFunction = ScalarFunction {
    info: || volatile("pg_advisory_unlock_all", const { &[signature(&[], returns::void)] }),
    documentation: documentation(
        CATEGORY,
        "Gives back all advisory locks that the session holds beyond its transaction.",
        "pg_advisory_unlock_all()",
        "",
    ),
    execute: |call| {
        call.statement.session.advisory_unlock_all();
        Ok(Value::Array(Arc::new(NullArray::new(call.row_count))))
    },
};

/// The key of each row.
fn keys<'a>(call: &'a Call<'_>) -> Result<Box<dyn Fn(usize) -> AdvisoryKey + 'a>> {
    if call.arguments.len() == 1 {
        let keys = call.primitives::<Int64Type>(0)?;
        return Ok(Box::new(move |row| AdvisoryKey::One(keys.value(row))));
    }
    let (first, second) = (call.primitives::<Int32Type>(0)?, call.primitives::<Int32Type>(1)?);
    Ok(Box::new(move |row| {
        AdvisoryKey::Two(first.value(row), second.value(row))
    }))
}

fn wait(call: &Call<'_>, request: AdvisoryRequest) -> Result<Value> {
    let keys = keys(call)?;
    let nulls = call.nulls();
    for row in 0..call.row_count {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            call.statement.session.advisory_lock(keys(row), request)?;
        }
    }
    Ok(Value::Array(Arc::new(NullArray::new(call.row_count))))
}

fn try_lock(call: &Call<'_>, request: AdvisoryRequest) -> Result<Value> {
    let keys = keys(call)?;
    call.map_booleans(|row| call.statement.session.advisory_try_lock(keys(row), request))
}

fn unlock(call: &Call<'_>, is_shared: bool) -> Result<Value> {
    let keys = keys(call)?;
    call.map_booleans(|row| call.statement.session.advisory_unlock(keys(row), is_shared))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn keys_reach_the_session() {
        knows("pg_advisory_lock", &[bigint(7)], null(LogicalType::Void));
        knows(
            "pg_advisory_lock",
            &[null(LogicalType::BigInt)],
            null(LogicalType::Void),
        );
        knows("pg_try_advisory_lock", &[bigint(7)], boolean(true));
        knows("pg_try_advisory_lock", &[bigint(8)], boolean(false));
        knows("pg_try_advisory_lock_shared", &[integer(7), integer(7)], boolean(true));
        knows("pg_try_advisory_xact_lock", &[integer(7), integer(8)], boolean(false));
        knows(
            "pg_try_advisory_xact_lock",
            &[null(LogicalType::BigInt)],
            null(LogicalType::Boolean),
        );
        knows("pg_advisory_unlock", &[bigint(7)], boolean(true));
        knows("pg_advisory_unlock_shared", &[bigint(8)], boolean(false));
        knows("pg_advisory_unlock_all", &[], null(LogicalType::Void));
        refuses("pg_advisory_xact_lock", &[bigint(8)], "40P01", "deadlock detected");
    }
}
