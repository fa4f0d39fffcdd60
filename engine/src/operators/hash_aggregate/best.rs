//! Only the groups that come first by one of their answers are wanted, as below ORDER BY with a LIMIT: of many groups the others' keys and
//! answers are never made. Whoever sorts by more than this answer gets all that are equal to the last one.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BestGroups {
    /// The aggregate whose answers decide.
    pub(crate) call: usize,
    /// The largest come first.
    pub(crate) descending: bool,
    /// So many groups.
    pub(crate) groups_max: usize,
    /// And those that are equal to the last of them.
    pub(crate) keeps_ties: bool,
}

/// Groups for each that is wanted from which choosing pays.
const GROUPS_PER_WANTED_MIN: usize = 4;

impl BestGroups {
    /// Whether it pays to choose among so many groups.
    pub(super) fn is_worth(&self, group_count: usize) -> bool {
        self.groups_max > 0 && group_count / GROUPS_PER_WANTED_MIN > self.groups_max
    }

    /// The groups to keep; `None` where that is not told from these answers (NULLs among them, or another type than counts and exact
    /// sums and averages).
    pub(super) fn among(&self, answers: &ArrayRef) -> Option<Vec<u32>> {
        if answers.null_count() > 0 {
            return None;
        }
        match answers.data_type() {
            DataType::Int64 => self.choose(answers.as_primitive::<Int64Type>().values()),
            DataType::Decimal64(_, _) => self.choose(answers.as_primitive::<Decimal64Type>().values()),
            DataType::Decimal128(_, _) => self.choose(answers.as_primitive::<Decimal128Type>().values()),
            _ => None,
        }
    }

    fn choose<V: Copy + Ord>(&self, values: &[V]) -> Option<Vec<u32>> {
        let last = self.groups_max.checked_sub(1).filter(|last| *last < values.len())?;
        let mut ranked = values.to_vec();
        let (_, threshold, _) = match self.descending {
            true => ranked.select_nth_unstable_by(last, |one, other| other.cmp(one)),
            false => ranked.select_nth_unstable(last),
        };
        let threshold = *threshold;
        let is_better = |value: V| match self.descending {
            true => value > threshold,
            false => value < threshold,
        };
        let better = values.iter().filter(|value| is_better(**value)).count();
        let mut ties = match self.keeps_ties {
            true => usize::MAX,
            false => self.groups_max - better,
        };
        let groups = (0..).zip(values).filter(|(_, value)| {
            let is_tie = **value == threshold && ties > 0;
            ties -= usize::from(is_tie);
            is_tie || is_better(**value)
        });
        Some(groups.map(|(group, _)| group).collect())
    }
}
