//! About how many distinct values a column has (HyperLogLog, within some percent), for those who plan and those who size filters.

const PLACE_BITS: u32 = 11;
const PLACES: usize = 1 << PLACE_BITS;

/// A sketch of the values seen.
#[derive(Debug)]
pub(crate) struct DistinctSketch {
    ranks: Box<[u8; PLACES]>,
}

impl Default for DistinctSketch {
    fn default() -> Self {
        DistinctSketch::new()
    }
}

impl DistinctSketch {
    pub(crate) fn new() -> Self {
        DistinctSketch {
            ranks: Box::new([0; PLACES]),
        }
    }

    /// Adds a value by a hash all of whose bits are mixed.
    #[inline]
    pub(crate) fn add(&mut self, hash: u64) {
        let place = (hash >> (64 - PLACE_BITS)) as usize;
        let rank = ((hash << PLACE_BITS) | 1).leading_zeros() as u8 + 1;
        self.ranks[place] = self.ranks[place].max(rank);
    }

    /// Adds a number; cheaper than hashing its bytes.
    #[inline]
    pub(crate) fn add_number(&mut self, value: i64) {
        let mixed = (value as u64 ^ (value as u64 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        self.add(mixed ^ (mixed >> 32));
    }

    /// Adds what another has seen.
    pub(crate) fn merge(&mut self, other: &DistinctSketch) {
        for (rank, other) in self.ranks.iter_mut().zip(other.ranks.iter()) {
            *rank = (*rank).max(*other);
        }
    }

    /// About how many.
    pub(crate) fn estimate(&self) -> u64 {
        let count = PLACES as f64;
        let sum: f64 = self.ranks.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
        let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
        let empty = self.ranks.iter().filter(|rank| **rank == 0).count();
        let estimate = if raw <= 2.5 * count && empty > 0 {
            count * (count / empty as f64).ln()
        } else {
            raw
        };
        estimate.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_within_a_tenth() {
        for distinct in [1i64, 10, 1_000, 5_000, 100_000, 1_000_000] {
            let mut sketch = DistinctSketch::new();
            for row in 0..distinct * 2 {
                sketch.add_number(row % distinct * 10);
            }
            let error = (sketch.estimate() as f64 - distinct as f64).abs() / distinct as f64;
            assert!(error < 0.1, "{} of {distinct}", sketch.estimate());
        }
    }
}
