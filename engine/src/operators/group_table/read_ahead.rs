//! Brings the slots of a hash table near before many keys are looked up: reads that do not depend on each other take little longer than
//! one. Changes nothing.

/// Tables up to this size are near anyway.
const CACHE_BYTES: usize = 256 << 10;

/// Reads the slots at which the search for these hashes begins. There must be a power of two of slots.
#[inline]
pub(super) fn read_ahead<K>(slots: &[(K, u32)], hashes: impl Iterator<Item = u64>) {
    if size_of_val(slots) > CACHE_BYTES {
        let mask = slots.len() - 1;
        let near = hashes.fold(0, |near, hash| near ^ slots[hash as usize & mask].1);
        std::hint::black_box(near);
    }
}
