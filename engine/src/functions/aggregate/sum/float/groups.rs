//! The exact sums of many groups: a pair of doubles for each, and what pairs have no room for beside them. Nothing is rounded here.

use super::Float;
use super::pair::{ABSENT, AddAll, AddRows, AddRowsToCopies, COPIES, Pair, add, is_present, two_sum};
use super::wide::WideSum;
use crate::functions::Groups;
use crate::functions::aggregate::rows::{grow, kept};
use arrow_buffer::BooleanBuffer;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use num_bigint::BigInt;
use stoa_storage::vector::multiversion::dispatch;

/// Groups up to which rows go to several copies of sums in turn ..
const COPIED_GROUPS_MAX: usize = 32;
/// .. and values from which that pays.
const COPIED_VALUES_MIN: usize = 256;
/// Values that are taken in before those that a pair had no room for.
const CHUNK: usize = 1024;

/// See the module.
#[derive(Default)]
pub(super) struct GroupSums {
    pairs: Vec<Pair>,
    /// Further sums of the first groups.
    copies: Vec<[Pair; COPIES]>,
    beyond: HashMap<usize, Box<Beyond>, FixedState>,
}

/// What belongs to a sum beside its pair.
#[derive(Clone, Default)]
struct Beyond {
    sum: WideSum,
    /// The sum of the values that are not finite, or zero.
    not_finite: f64,
}

/// The sum of one group, taken apart.
pub(in crate::functions::aggregate) struct Parts {
    /// The nearest double.
    pub(in crate::functions::aggregate) nearest: f64,
    /// The double that is nearest to what that lacks.
    pub(in crate::functions::aggregate) missing: f64,
    /// What both lack; all of a finite sum that is beyond the doubles.
    pub(super) rest: Option<Box<WideSum>>,
}

impl Parts {
    /// All values were finite, and their sum has no double.
    pub(in crate::functions::aggregate) fn is_overflow(&self) -> bool {
        self.rest.is_some() && self.nearest.is_infinite()
    }

    /// Two doubles are the whole sum.
    pub(in crate::functions::aggregate) fn is_pair(&self) -> bool {
        self.rest.is_none()
    }

    /// The sum of finite values as a whole number, in units of the smallest double.
    pub(in crate::functions::aggregate) fn integer(&self) -> BigInt {
        let mut sum = self.rest.as_deref().cloned().unwrap_or_default();
        if self.nearest.is_finite() {
            sum.add(self.nearest);
            sum.add(self.missing);
        }
        sum.integer()
    }
}

impl GroupSums {
    pub(super) fn grow(&mut self, group_count: usize) {
        grow(&mut self.pairs, group_count, ABSENT);
    }

    /// Adds the values that the mask holds.
    pub(super) fn add<T: Float>(&mut self, values: &[T::Native], groups: Groups<'_>, mask: Option<&BooleanBuffer>) {
        let kept_values;
        let values = match mask {
            None => values,
            Some(mask) => {
                kept_values = kept(values, mask);
                &kept_values
            }
        };
        match (groups, mask) {
            (Groups::One { group, .. }, _) => values
                .chunks(CHUNK)
                .for_each(|values| self.add_to_one::<T>(group as usize, values)),
            (Groups::PerRow(groups), None) => self.add_per_row::<T>(groups, values),
            (Groups::PerRow(groups), Some(mask)) => self.add_per_row::<T>(&kept(groups, mask), values),
        }
    }

    fn add_to_one<T: Float>(&mut self, group: usize, values: &[T::Native]) {
        if let Some(sums) = dispatch(AddAll::<T>(values)) {
            sums.iter().flatten().for_each(|value| self.add_value(group, *value));
            return;
        }
        let beyond = self.beyond.entry(group).or_default();
        let values = values.iter().map(|value| T::widen(*value));
        values.for_each(|value| beyond.add(value));
        // There are values, now.
        self.add_value(group, 0.0);
    }

    fn add_per_row<T: Float>(&mut self, groups: &[u32], values: &[T::Native]) {
        let is_copied = self.pairs.len() <= COPIED_GROUPS_MAX && values.len() >= COPIED_VALUES_MIN;
        if is_copied {
            grow(&mut self.copies, self.pairs.len(), [ABSENT; COPIES]);
        }
        let mut places = Vec::new();
        for (groups, values) in groups.chunks(CHUNK).zip(values.chunks(CHUNK)) {
            let left_out = &mut places;
            match is_copied {
                true => dispatch(AddRowsToCopies::<T> {
                    sums: &mut self.copies,
                    groups,
                    values,
                    left_out,
                }),
                false => dispatch(AddRows::<T> {
                    sums: &mut self.pairs,
                    groups,
                    values,
                    left_out,
                }),
            }
            for place in places.drain(..) {
                let group = groups[place] as usize;
                // The copy that has no room is among them.
                self.take_copies(group);
                self.add_value(group, T::widen(values[place]));
            }
        }
    }

    /// Moves what a group's copies have to its pair.
    fn take_copies(&mut self, group: usize) {
        let Some(copies) = self.copies.get_mut(group) else {
            return;
        };
        for [sum, lacking] in std::mem::replace(copies, [ABSENT; COPIES])
            .into_iter()
            .filter(is_present)
        {
            self.add_value(group, sum);
            self.add_value(group, lacking);
        }
    }

    #[inline]
    pub(super) fn add_value(&mut self, group: usize, value: f64) {
        if !add(&mut self.pairs[group], value) {
            self.add_beyond(group, value);
        }
    }

    /// Adds a value that a pair has no room for as it is.
    #[cold]
    fn add_beyond(&mut self, group: usize, value: f64) {
        let pair = &mut self.pairs[group];
        let [old, old_lacking] = *pair;
        // With its second number no larger than the rounding of the first, a pair has room again.
        let (sum, lacking) = two_sum(old, old_lacking);
        let (sum, error) = two_sum(sum, value + 0.0);
        let (lacking, rest) = two_sum(lacking, error);
        if rest == 0.0 {
            *pair = [sum, lacking];
            return;
        }
        let beyond = self.beyond.entry(group).or_default();
        if sum.is_finite() && rest.is_finite() {
            *pair = [sum, lacking];
            beyond.sum.add(rest);
            return;
        }
        *pair = [0.0, 0.0];
        [old, old_lacking, value]
            .into_iter()
            .for_each(|value| beyond.add(value));
    }

    /// Adds what another sum's [`Parts::rest`] was encoded as; `None` for other bytes.
    pub(super) fn add_rest(&mut self, group: usize, encoded: &[u8]) -> Option<()> {
        self.add_value(group, 0.0);
        self.beyond.entry(group).or_default().sum.add_encoded(encoded)
    }

    /// All sums, `None` of groups without values; nothing is left.
    pub(super) fn take(&mut self, group_count: usize) -> impl Iterator<Item = Option<Parts>> {
        self.grow(group_count);
        (0..self.copies.len()).for_each(|group| self.take_copies(group));
        self.copies.clear();
        let pairs = std::mem::take(&mut self.pairs).into_iter().take(group_count);
        let mut beyond = std::mem::take(&mut self.beyond);
        pairs.enumerate().map(move |(group, pair)| {
            let beyond = match beyond.is_empty() {
                true => None,
                false => beyond.remove(&group),
            };
            is_present(&pair).then(|| parts(pair, beyond))
        })
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>()
            + self.copies.capacity() * size_of::<[Pair; COPIES]>()
            + self.beyond.capacity() * size_of::<(usize, Box<Beyond>)>()
            + self.beyond.len() * size_of::<Beyond>()
    }
}

impl Beyond {
    fn add(&mut self, value: f64) {
        match value.is_finite() {
            true => self.sum.add(value),
            false => self.not_finite += value,
        }
    }
}

fn parts(pair: Pair, beyond: Option<Box<Beyond>>) -> Parts {
    let (nearest, missing) = two_sum(pair[0], pair[1]);
    // Of a sum that is not finite the error is not, either.
    if beyond.is_none() && missing.is_finite() {
        return Parts {
            nearest,
            missing,
            rest: None,
        };
    }
    let mut beyond = beyond.unwrap_or_default();
    if beyond.not_finite != 0.0 {
        return Parts {
            // One NaN of many.
            nearest: if beyond.not_finite.is_nan() {
                f64::NAN
            } else {
                beyond.not_finite
            },
            missing: 0.0,
            rest: None,
        };
    }
    pair.into_iter().for_each(|value| beyond.sum.add(value));
    let (nearest, missing) = beyond.sum.split();
    Parts {
        nearest,
        missing,
        rest: (!beyond.sum.is_zero()).then(|| Box::new(beyond.sum)),
    }
}
