//! Random numbers: a generator per thread, begun from the operating system's randomness; and the one of a session that `setseed`
//! has begun.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The step of a SplitMix sequence.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

thread_local! {
    static STATE: Cell<u64> = Cell::new(std::hash::RandomState::new().build_hasher().finish());
}

/// 64 random bits: the next number of a SplitMix sequence.
pub(crate) fn random_bits() -> u64 {
    let state = STATE.get().wrapping_add(STEP);
    STATE.set(state);
    mixed(state)
}

fn mixed(state: u64) -> u64 {
    let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// A double from 0 up to but not 1.
pub(crate) fn random_fraction() -> f64 {
    fraction(random_bits())
}

fn fraction(bits: u64) -> f64 {
    const BITS: u32 = 53;
    (bits >> (64 - BITS)) as f64 / (1u64 << BITS) as f64
}

/// The random numbers of a session, the same ones again after the same seed. Threads take from it in the order in which they come.
#[derive(Debug, Default)]
pub struct RandomSequence {
    is_seeded: AtomicBool,
    state: AtomicU64,
}

impl RandomSequence {
    /// Begins anew.
    pub(crate) fn seed(&self, seed: f64) {
        self.state.store(seed.to_bits(), Ordering::Relaxed);
        self.is_seeded.store(true, Ordering::Relaxed);
    }

    /// So many numbers from 0 up to but not 1; `None` where nobody gave a seed.
    pub(crate) fn take(&self, count: usize) -> Option<impl Fn(usize) -> f64> {
        if !self.is_seeded.load(Ordering::Relaxed) {
            return None;
        }
        let steps = STEP.wrapping_mul(count as u64);
        let before = self.state.fetch_add(steps, Ordering::Relaxed);
        Some(move |index: usize| fraction(mixed(before.wrapping_add(STEP.wrapping_mul(index as u64 + 1)))))
    }
}
