//! How many groups a part will have, before any are made: those that the rows waiting for it would make. Groups nothing.

use super::piece::Piece;
use crate::error::Result;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Parts that are asked: their keys are a hash's choice, so that a few speak for all. Of one alone most rows may have one key.
const PARTS_ASKED: usize = 4;
/// Bits that hashes set, a power of two.
const BITS: usize = 1 << 20;

/// The largest answer of some parts.
#[derive(Default)]
pub(super) struct ExpectedGroups {
    asked: AtomicUsize,
    most: AtomicUsize,
}

impl ExpectedGroups {
    /// Groups to expect of a part for which these wait.
    ///
    /// # Errors
    /// A type that cannot be compared.
    pub(super) fn of_part(&self, waiting: &[Piece]) -> Result<usize> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < PARTS_ASKED {
            self.most.fetch_max(groups_of(waiting)?, Ordering::Relaxed);
        }
        Ok(self.most.load(Ordering::Relaxed))
    }
}

/// About how many groups these make, by linear counting (Whang, Vander-Zanden and Taylor, "A linear-time probabilistic counting algorithm for
/// database applications", 1990). All rows are looked at: of a sample's groups where some are much larger than others one learns too little.
fn groups_of(pieces: &[Piece]) -> Result<usize> {
    let mut words = vec![0u64; BITS / 64];
    for piece in pieces {
        for hash in piece.hashes()?.iter() {
            let bit = *hash as usize & (BITS - 1);
            words[bit / 64] |= 1 << (bit % 64);
        }
    }
    let unset: u32 = words.iter().map(|word| word.count_zeros()).sum();
    Ok(match unset {
        0 => usize::MAX,
        unset => (BITS as f64 * (BITS as f64 / f64::from(unset)).ln()).round() as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::super::specification::InputRows;
    use super::*;
    use arrow_array::Int64Array;
    use std::sync::Arc;

    fn piece(keys: impl Iterator<Item = i64>) -> Piece {
        let keys = Int64Array::from_iter_values(keys);
        let rows = InputRows {
            keys: Vec::new(),
            arguments: Vec::new(),
            filters: Vec::new(),
            row_count: keys.len(),
            selection: None,
        };
        Piece::rows(vec![Arc::new(keys)], rows)
    }

    #[test]
    fn few_and_many_groups_are_told_apart() {
        assert_eq!(groups_of(&[]).unwrap(), 0);
        assert_eq!(groups_of(&[piece((0..100_000).map(|row| row % 7))]).unwrap(), 7);
        // Of two pieces with the same keys, half of which come often.
        let skewed = || piece((0..200_000).map(|row| if row % 2 == 0 { row % 100 } else { row }));
        let groups = groups_of(&[skewed(), skewed()]).unwrap();
        assert!((97_000..103_000).contains(&groups), "{groups}");
    }

    #[test]
    fn one_part_with_a_single_key_does_not_speak_for_all() {
        let expected = ExpectedGroups::default();
        let (single, many) = ([piece((0..1000).map(|_| 1))], [piece(0..1000)]);
        assert_eq!(expected.of_part(&single).unwrap(), 1);
        assert!(expected.of_part(&many).unwrap() > 990);
        assert!(expected.of_part(&single).unwrap() > 990);
    }
}
