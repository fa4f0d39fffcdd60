//! `uuid_extract_version(uuid)`, `uuid_extract_timestamp(uuid)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::PrimitiveBuilder;
use arrow_array::types::{ArrowPrimitiveType, Int16Type, TimestampMicrosecondType};
use std::sync::Arc;

pub(super) static UUID_EXTRACT_VERSION: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "uuid_extract_version",
            const { &[signature(&[UUID], returns::smallint)] },
        )
    },
    documentation: documentation(
        "uuid",
        "The version of a uuid, NULL for those that have none.",
        "uuid_extract_version('41db1265-8bc1-4ab3-992f-885799a4af1d')",
        "4",
    ),
    execute: |call| each::<Int16Type>(call, |value| version(value).map(|version| version as i16)),
};
pub(super) static UUID_EXTRACT_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "uuid_extract_timestamp",
            const { &[signature(&[UUID], returns::timestamptz)] },
        )
    },
    documentation: documentation(
        "uuid",
        "The time in a uuid of version 1 or 7, NULL for others.",
        "uuid_extract_timestamp('0190b0a6-5f3c-7c2d-9f2e-0a1b2c3d4e5f')",
        "2024-07-14 15:22:09.98+00",
    ),
    execute: |call| each::<TimestampMicrosecondType>(call, timestamp),
};

/// Microseconds from 1582-10-15, where version 1 counts from, to 1970.
const GREGORIAN_EPOCH: i64 = 12_219_292_800_000_000;

fn version(value: u128) -> Option<u8> {
    (value >> 62 & 0b11 == 0b10).then_some((value >> 76 & 0xF) as u8)
}

fn timestamp(value: u128) -> Option<i64> {
    match version(value)? {
        1 => {
            let (low, middle, high) = (value >> 96, value >> 80 & 0xFFFF, value >> 64 & 0xFFF);
            let ticks = high << 48 | middle << 32 | low;
            Some((ticks / 10) as i64 - GREGORIAN_EPOCH)
        }
        7 => Some((value >> 80) as i64 * 1_000),
        _ => None,
    }
}

fn each<T: ArrowPrimitiveType>(call: &Call<'_>, answer: impl Fn(u128) -> Option<T::Native>) -> Result<Value> {
    let uuids = call.argument(0)?.uuids()?;
    let nulls = call.nulls();
    let data_type = crate::types::array_type(call.return_type);
    let mut builder = PrimitiveBuilder::<T>::with_capacity(call.row_count).with_data_type(data_type);
    for row in 0..call.row_count {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        let bytes = uuids.value(row).try_into().ok().filter(|_| valid);
        builder.append_option(bytes.map(u128::from_be_bytes).and_then(&answer));
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::timestamptz;
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    fn uuid(value: u128) -> Typed {
        (Literal::Uuid(value.to_be_bytes()), LogicalType::Uuid)
    }

    #[test]
    fn parts() {
        let version_4 = uuid(0x41db1265_8bc1_4ab3_992f_885799a4af1d);
        let version_1 = uuid(0xC232AB00_9414_11EC_B3C8_9F6BDECED846);
        let version_7 = uuid(0x017F22E2_79B0_7CC3_98C4_DC0C0C07398F);
        check("uuid_extract_version", std::slice::from_ref(&version_4), smallint(4));
        check("uuid_extract_version", std::slice::from_ref(&version_7), smallint(7));
        check("uuid_extract_version", &[uuid(0)], null(LogicalType::SmallInt));
        check("uuid_extract_timestamp", &[version_4], null(LogicalType::TimestampTz));
        check(
            "uuid_extract_timestamp",
            &[version_1],
            timestamptz("2022-02-22 19:22:22"),
        );
        check(
            "uuid_extract_timestamp",
            &[version_7],
            timestamptz("2022-02-22 19:22:22"),
        );
    }
}
