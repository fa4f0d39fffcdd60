//! Which rows an update takes in, and how they are visited: densely, by runs of set bits of 64-row words, or for one group.

use crate::functions::Groups;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;

/// Rows that are selected and where no argument is NULL; `None` is all.
pub(super) fn counting_rows<'a>(
    arguments: impl IntoIterator<Item = &'a ArrayRef>,
    selection: Option<&BooleanBuffer>,
) -> Option<BooleanBuffer> {
    let mut mask = selection.cloned();
    for argument in arguments {
        let Some(nulls) = argument.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
            continue;
        };
        mask = Some(match mask {
            Some(mask) => &mask & nulls.inner(),
            None => nulls.inner().clone(),
        });
    }
    mask
}

/// Calls `step` with the group and the place of every row that the mask holds, ascending.
#[inline(always)]
pub(super) fn visit(groups: Groups<'_>, mask: Option<&BooleanBuffer>, mut step: impl FnMut(usize, usize)) {
    match (groups, mask) {
        (Groups::One { group, row_count }, None) => (0..row_count).for_each(|row| step(group as usize, row)),
        (Groups::One { group, .. }, Some(mask)) => for_each_set(mask, |row| step(group as usize, row)),
        (Groups::PerRow(groups), None) => {
            for (row, group) in groups.iter().enumerate() {
                step(*group as usize, row);
            }
        }
        (Groups::PerRow(groups), Some(mask)) => for_each_set(mask, |row| step(groups[row] as usize, row)),
    }
}

/// As [`visit`], with a value per row.
#[inline(always)]
pub(super) fn visit_values<V: Copy>(
    values: &[V],
    groups: Groups<'_>,
    mask: Option<&BooleanBuffer>,
    mut step: impl FnMut(usize, V),
) {
    match (groups, mask) {
        (Groups::One { group, .. }, None) => values.iter().for_each(|value| step(group as usize, *value)),
        (Groups::PerRow(groups), None) => {
            for (value, group) in values.iter().zip(groups) {
                step(*group as usize, *value);
            }
        }
        (Groups::One { group, .. }, Some(mask)) => {
            for_each_word(mask, |range, word| match word {
                u64::MAX => values[range].iter().for_each(|value| step(group as usize, *value)),
                word => for_each_bit(word, |bit| step(group as usize, values[range.start + bit])),
            });
        }
        (Groups::PerRow(groups), Some(mask)) => {
            for_each_word(mask, |range, word| match word {
                u64::MAX => {
                    for (value, group) in values[range.clone()].iter().zip(&groups[range]) {
                        step(*group as usize, *value);
                    }
                }
                word => for_each_bit(word, |bit| {
                    let row = range.start + bit;
                    step(groups[row] as usize, values[row]);
                }),
            });
        }
    }
}

/// Calls `step` with the place of every set bit, ascending.
#[inline(always)]
pub(super) fn for_each_set(mask: &BooleanBuffer, mut step: impl FnMut(usize)) {
    for_each_word(mask, |range, word| match word {
        u64::MAX => range.for_each(&mut step),
        word => for_each_bit(word, |bit| step(range.start + bit)),
    });
}

/// Calls `step` with every 64 rows (the last may be fewer) that are not all out, and their bits.
#[inline(always)]
pub(super) fn for_each_word(mask: &BooleanBuffer, mut step: impl FnMut(std::ops::Range<usize>, u64)) {
    let chunks = mask.bit_chunks();
    let mut start = 0;
    for word in chunks.iter() {
        if word != 0 {
            step(start..start + 64, word);
        }
        start += 64;
    }
    let rest = chunks.remainder_bits();
    if rest != 0 {
        step(start..mask.len(), rest);
    }
}

#[inline(always)]
fn for_each_bit(mut word: u64, mut step: impl FnMut(usize)) {
    while word != 0 {
        step(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

/// The values that the mask holds.
pub(super) fn kept<V: Copy + Default>(values: &[V], mask: &BooleanBuffer) -> Vec<V> {
    const WORD: usize = u64::BITS as usize;
    // Room for a word whose values are all written, those that are left out over one another.
    let mut kept = vec![V::default(); values.len() + WORD];
    let mut count = 0;
    for_each_word(mask, |range, word| {
        let into = &mut kept[count..count + WORD];
        let mut next = 0;
        for (bit, value) in values[range].iter().enumerate() {
            into[next % WORD] = *value;
            next += (word >> bit & 1) as usize;
        }
        count += next;
    });
    kept.truncate(count);
    kept
}

/// Grows states to so many groups.
#[inline]
pub(super) fn grow<S: Clone>(states: &mut Vec<S>, group_count: usize, initial: S) {
    if states.len() < group_count {
        states.resize(group_count, initial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_visiting_sees_the_same_rows() {
        let values: Vec<i64> = (0..200).collect();
        let groups: Vec<u32> = (0..200).map(|row| row % 7).collect();
        let bits: Vec<bool> = (0..200).map(|row| row < 64 || row % 3 == 0).collect();
        let mask = BooleanBuffer::from(bits.clone());
        let expected: Vec<(usize, i64)> = (0..200usize)
            .filter(|row| bits[*row])
            .map(|row| (row % 7, row as i64))
            .collect();
        let mut seen = Vec::new();
        visit_values(&values, Groups::PerRow(&groups), Some(&mask), |group, value| {
            seen.push((group, value))
        });
        assert_eq!(seen, expected);
        let of_expected: Vec<i64> = expected.iter().map(|(_, value)| *value).collect();
        assert_eq!(kept(&values, &mask), of_expected);
        seen.clear();
        visit(Groups::PerRow(&groups), Some(&mask), |group, row| {
            seen.push((group, row as i64))
        });
        assert_eq!(seen, expected);
        let one = Groups::One {
            group: 3,
            row_count: 200,
        };
        let mut count = 0;
        visit_values(&values, one, Some(&mask), |group, _| count += usize::from(group == 3));
        assert_eq!(count, expected.len());
        let sliced = mask.slice(5, 100);
        let mut places = Vec::new();
        for_each_set(&sliced, |row| places.push(row));
        assert_eq!(places, (0..100).filter(|row| bits[row + 5]).collect::<Vec<_>>());
    }
}
