//! Random numbers: a generator per thread, begun from the operating system's randomness.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};

thread_local! {
    static STATE: Cell<u64> = Cell::new(std::hash::RandomState::new().build_hasher().finish());
}

/// 64 random bits: the next number of a SplitMix sequence.
pub(crate) fn random_bits() -> u64 {
    let state = STATE.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
    STATE.set(state);
    let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// A double from 0 up to but not 1.
pub(crate) fn random_fraction() -> f64 {
    const BITS: u32 = 53;
    (random_bits() >> (64 - BITS)) as f64 / (1u64 << BITS) as f64
}
