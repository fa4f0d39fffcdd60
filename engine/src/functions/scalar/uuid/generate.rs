//! `gen_random_uuid()`, `uuidv4()`, `uuidv7()`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::FixedSizeBinaryBuilder;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stoa_sql::catalog::Signature;
use stoa_storage::clock::{Clock, SystemClock};

const SIGNATURES: &[Signature] = &[signature(&[], returns::uuid)];

pub(super) static GEN_RANDOM_UUID: ScalarFunction = ScalarFunction {
    info: || volatile("gen_random_uuid", SIGNATURES),
    documentation: documentation(
        "uuid",
        "A random uuid (version 4).",
        "gen_random_uuid()",
        "5b30857f-0bfa-48b5-ac0b-5c64e28078d1",
    ),
    execute: random,
};
pub(super) static UUIDV4: ScalarFunction = ScalarFunction {
    info: || volatile("uuidv4", SIGNATURES),
    documentation: documentation(
        "uuid",
        "A random uuid (version 4).",
        "uuidv4()",
        "5b30857f-0bfa-48b5-ac0b-5c64e28078d1",
    ),
    execute: random,
};
pub(super) static UUIDV7: ScalarFunction = ScalarFunction {
    info: || volatile("uuidv7", SIGNATURES),
    documentation: documentation(
        "uuid",
        "A uuid that begins with the time (version 7); later ones are greater.",
        "uuidv7()",
        "0190b0a6-5f3c-7c2d-9f2e-0a1b2c3d4e5f",
    ),
    execute: by_time,
};

/// Random numbers: a counter under a hash whose key the operating system's randomness made.
struct Random {
    key: RandomState,
    counter: u64,
}

impl Random {
    fn new() -> Self {
        Random {
            key: RandomState::new(),
            counter: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.key.hash_one(self.counter)
    }

    fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()
    }
}

/// Marks the version, and the variant that all of them share.
fn marked(mut bytes: [u8; 16], version: u8) -> [u8; 16] {
    bytes[6] = bytes[6] & 0x0F | version << 4;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    bytes
}

fn each(call: &Call<'_>, mut make: impl FnMut() -> [u8; 16]) -> Result<Value> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(call.row_count, 16);
    for _ in 0..call.row_count {
        builder.append_value(make())?;
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

fn random(call: &Call<'_>) -> Result<Value> {
    let mut random = Random::new();
    each(call, || marked(random.bytes(), 4))
}

/// The last time given out, in 1/4096 of a millisecond: every call's is later.
static LAST: AtomicU64 = AtomicU64::new(0);

fn by_time(call: &Call<'_>) -> Result<Value> {
    let mut random = Random::new();
    each(call, || {
        let microseconds = u64::try_from(SystemClock.now()).unwrap_or(0);
        let now = microseconds / 1_000 * 4_096 + microseconds % 1_000 * 4_096 / 1_000;
        let previous = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)));
        let time = previous.map_or(now, |last| now.max(last + 1));
        let mut bytes = random.bytes();
        let (milliseconds, fraction) = (time / 4_096, time % 4_096);
        bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&(fraction as u16).to_be_bytes());
        marked(bytes, 7)
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::statement;
    use crate::functions::{Call, registry};
    use crate::types::LogicalType;
    use arrow_array::cast::AsArray;

    fn thousand(name: &str) -> Vec<u128> {
        let statement = statement();
        let call = Call {
            arguments: &[],
            argument_types: &[],
            row_count: 1_000,
            return_type: &LogicalType::Uuid,
            statement: &statement,
        };
        let answer = (registry::scalar_function(name).unwrap().execute)(&call).unwrap();
        let array = answer.array().as_fixed_size_binary().clone();
        array
            .iter()
            .map(|bytes| u128::from_be_bytes(bytes.unwrap().try_into().unwrap()))
            .collect()
    }

    #[test]
    fn all_are_different_and_marked() {
        for (name, version) in [("gen_random_uuid", 4), ("uuidv4", 4), ("uuidv7", 7)] {
            let mut values = thousand(name);
            values.extend(thousand(name));
            assert!(
                values
                    .iter()
                    .all(|value| value >> 76 & 0xF == version && value >> 62 & 0b11 == 0b10)
            );
            values.sort_unstable();
            values.dedup();
            assert_eq!(values.len(), 2_000, "{name}");
        }
    }

    #[test]
    fn version_7_ascends() {
        let mut values = thousand("uuidv7");
        values.extend(thousand("uuidv7"));
        assert!(values.is_sorted());
    }
}
