//! Smallest and largest of many integers.

use super::lane::LaneValue;
use arrow_buffer::NullBuffer;
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// Both ends, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) minimum: i64,
    pub(super) maximum: i64,
}

impl Range {
    /// Values from one end to the other.
    pub(super) fn length(self) -> u64 {
        self.maximum.wrapping_sub(self.minimum) as u64
    }

    /// The smallest range that holds both.
    pub(super) fn union(self, other: Range) -> Range {
        Range {
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

/// The range of the values that are not NULL, if any.
pub(super) fn of<V: LaneValue>(values: &[V], nulls: Option<&NullBuffer>) -> Option<Range> {
    match nulls {
        None => dispatch(OfAll(values)),
        Some(nulls) => nulls
            .valid_indices()
            .map(|row| values[row].widen())
            .fold(None, |range, value| {
                let here = Range {
                    minimum: value,
                    maximum: value,
                };
                Some(range.map_or(here, |range: Range| range.union(here)))
            }),
    }
}

struct OfAll<'a, V>(&'a [V]);

impl<V: LaneValue> Kernel for OfAll<'_, V> {
    type Output = Option<Range>;

    #[inline(always)]
    fn run(self) -> Option<Range> {
        const LANES: usize = 16;
        let first = *self.0.first()?;
        let (mut minima, mut maxima) = ([first; LANES], [first; LANES]);
        let chunks = self.0.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for lane in 0..LANES {
                minima[lane] = minima[lane].min(chunk[lane]);
                maxima[lane] = maxima[lane].max(chunk[lane]);
            }
        }
        let minimum = minima.iter().chain(rest).copied().min()?;
        let maximum = maxima.iter().chain(rest).copied().max()?;
        Some(Range {
            minimum: minimum.widen(),
            maximum: maximum.widen(),
        })
    }
}
