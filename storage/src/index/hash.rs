//! Hashes of values by what they compare as: equal values have equal ones. Part of the format of what is kept by them.

use crate::vector::key::{bytes_at, lane_keys, wide_keys};
use arrow_array::Array;
use xxhash_rust::xxh3::xxh3_64;

/// The hash of a key's bytes.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The hash of each value of a plain array; arbitrary below NULLs.
pub(crate) fn hashes_of(array: &dyn Array) -> Vec<u64> {
    if let Some(keys) = lane_keys(array) {
        keys.iter().map(|key| hash(&key.to_le_bytes())).collect()
    } else if let Some(keys) = wide_keys(array) {
        keys.iter().map(|key| hash(&key.to_le_bytes())).collect()
    } else {
        (0..array.len()).map(|row| hash(bytes_at(array, row))).collect()
    }
}
