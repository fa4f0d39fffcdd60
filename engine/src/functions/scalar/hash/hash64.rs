//! `hash64(value)`: a fast hash, the same for the same value forever. Not a digest: collisions can be made.

use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int64Type;
use stoa_sql::types::LogicalType;

pub(super) static HASH64: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "hash64",
            const {
                &[
                    signature(&[TEXT], returns::bigint),
                    signature(&[BIGINT], returns::bigint),
                    signature(&[BYTEA], returns::bigint),
                    signature(&[UUID], returns::bigint),
                ]
            },
        )
    },
    documentation: documentation(
        "hash",
        "A fast hash of 64 bits, the same for the same value in every version: for sampling and bucketing.",
        "abs(hash64('abc') % 10)",
        "6",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)? {
        LogicalType::BigInt => {
            let values = call.primitives::<Int64Type>(0)?;
            call.map_rows::<Int64Type>(|row| Ok(hash(&values.value(row).to_le_bytes())))
        }
        LogicalType::Bytea => {
            let values = call.argument(0)?.bytes()?;
            call.map_rows::<Int64Type>(|row| Ok(hash(values.value(row))))
        }
        LogicalType::Uuid => {
            let values = call.argument(0)?.uuids()?;
            call.map_rows::<Int64Type>(|row| Ok(hash(values.value(row))))
        }
        data_type if data_type.is_string() => {
            let values = call.texts(0)?;
            call.map_rows::<Int64Type>(|row| Ok(hash(values.value(row).as_bytes())))
        }
        other => Err(Error::Internal(format!("hash64 of {other}"))),
    }
}

/// Odd numbers without a pattern.
const FACTORS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xD6E8_FEB8_6659_FD93];

/// Words of 8 bytes, little-endian, the last one filled with zeros; each is mixed into the state by a wide multiplication, the length last.
fn hash(bytes: &[u8]) -> i64 {
    let [first, second] = FACTORS;
    let mut state = first;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        state = mixed(state ^ u64::from_le_bytes(word), second);
    }
    mixed(state ^ bytes.len() as u64, first).cast_signed()
}

fn mixed(value: u64, factor: u64) -> u64 {
    let product = u128::from(value ^ factor.rotate_left(32)).wrapping_mul(u128::from(factor));
    let folded = (product >> 64) as u64 ^ product as u64;
    (folded ^ folded >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

#[cfg(test)]
mod tests {
    use super::hash;
    use crate::functions::scalar::testing::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_forever() {
        for (value, expected) in [("", EMPTY), ("abc", ABC), ("a text of more than eight bytes", LONG)] {
            check("hash64", &[text(value)], bigint(expected));
            check("hash64", &[bytea(value.as_bytes())], bigint(expected));
        }
        check("hash64", &[bigint(1)], bigint(hash(&1_i64.to_le_bytes())));
    }

    const EMPTY: i64 = -1_584_644_146_764_806_511;
    const ABC: i64 = -3_981_459_482_408_426_016;
    const LONG: i64 = 8_202_040_251_460_312_108;

    #[test]
    fn numbers_spread_over_all_buckets() {
        let hashes: HashSet<i64> = (0_i64..10_000).map(|value| hash(&value.to_le_bytes())).collect();
        assert_eq!(hashes.len(), 10_000);
        let mut buckets = [0; 16];
        for value in 0_i64..16_000 {
            buckets[(hash(&value.to_le_bytes()) as u64 % 16) as usize] += 1;
        }
        assert!(buckets.iter().all(|count| (850..1_150).contains(count)), "{buckets:?}");
        let bits: u32 = (0_i64..64)
            .map(|bit| (hash(&0_i64.to_le_bytes()) ^ hash(&(1_i64 << bit).to_le_bytes())).count_ones())
            .sum();
        assert!((64 * 28..64 * 36).contains(&bits), "{bits}");
    }
}
