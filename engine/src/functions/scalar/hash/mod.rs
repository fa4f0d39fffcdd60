//! Hashes: the well-known digests, and a fast one of 64 bits.

mod digest;
mod hash64;
mod md5;
mod sha2;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &hash64::HASH64,
    &digest::MD5,
    &digest::SHA224,
    &digest::SHA256,
    &digest::SHA384,
    &digest::SHA512,
];
