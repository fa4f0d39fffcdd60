//! Groups that came by the codes of dictionaries, put together by ranges of their texts: what a range has in each dictionary lies side by
//! side there, so that memory is read in order, where parts by hash would read it all over. Puts nothing on disk.

use super::groups::{GroupStates, HandedOut};
use super::piece::Piece;
use super::specification::AggregateSpecification;
use crate::error::{Error, Result};
use crate::pipeline::{MemoryBudget, Reservation};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray};
use arrow_ord::sort::sort_to_indices;
use arrow_schema::{DataType, SortOptions};
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::Arc;

/// Groups of all dictionaries that make up a range: their table and texts fit a core's own cache, about. With twice and four times as many
/// short texts took up to a third longer, long ones a little less.
const GROUPS_PER_RANGE: usize = 16 * 1024;
/// Dictionaries that a text is taken to be in, before it is known.
const DICTIONARIES_PER_TEXT: usize = 2;
/// Ranges at least, so that no worker waits long for the last one.
const RANGES_MIN: usize = 16;
/// Texts from whose order the bounds of ranges are taken, for each.
const SAMPLES_PER_RANGE: usize = 16;
/// Groups from the last bound on that are looked at first for the next one.
const FIRST_STEP: usize = 64;

/// Groups whose only key are texts or byte strings, which ascend; NULL comes last.
pub(super) struct AscendingGroups {
    piece: Piece,
    /// Without NULL.
    texts: BinaryViewArray,
    _reservation: Reservation,
}

impl AscendingGroups {
    /// Groups by the codes of a dictionary; given back where they do not ascend, as what is computed from a dictionary may not, or where
    /// there is no room for them.
    pub(super) fn of(piece: Piece, mut reservation: Reservation) -> std::result::Result<Self, Piece> {
        match ascending_texts(piece.keys()) {
            Some(texts) if reservation.try_resize(piece.row_count() * piece.held_bytes_per_row()) => {
                Ok(AscendingGroups {
                    piece,
                    texts,
                    _reservation: reservation,
                })
            }
            _ => Err(piece),
        }
    }

    pub(super) fn piece(&self) -> &Piece {
        &self.piece
    }

    /// The first group from one on whose text is not below a bound.
    fn first_not_below(&self, bound: &[u8], start: usize) -> usize {
        let (mut low, mut high, mut step) = (start, self.texts.len(), FIRST_STEP);
        while low + step < high {
            match self.texts.value(low + step) < bound {
                true => low += step + 1,
                false => high = low + step,
            }
            step *= 2;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.texts.value(middle) < bound {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

/// The texts of a single key before NULL, if they ascend.
fn ascending_texts(keys: &[ArrayRef]) -> Option<BinaryViewArray> {
    let [key] = keys else { return None };
    let texts = match key.data_type() {
        DataType::Utf8View => key.as_string_view().clone().to_binary_view(),
        DataType::BinaryView => key.as_binary_view().clone(),
        _ => return None,
    };
    let count = texts.len() - texts.null_count();
    let texts = texts.slice(0, count);
    let ascend = || (1..count).all(|at| texts.value(at - 1) <= texts.value(at));
    (texts.null_count() == 0 && ascend()).then_some(texts)
}

/// Groups in the order of their only key.
///
/// # Errors
/// Those of Arrow's kernels.
pub(super) fn ascending_piece(groups: HandedOut) -> Result<Piece> {
    let options = SortOptions {
        descending: false,
        nulls_first: false,
    };
    let key = groups
        .keys
        .first()
        .ok_or_else(|| Error::Internal("groups without a key".into()))?;
    let order = sort_to_indices(key, Some(options), None)?;
    let arrange = |columns: &Vec<ArrayRef>| -> Result<Vec<ArrayRef>> {
        let columns = columns.iter();
        columns
            .map(|column| Ok(arrow_select::take::take(column, &order, None)?))
            .collect()
    };
    Ok(Piece::states(HandedOut {
        keys: arrange(&groups.keys)?,
        states: groups.states.iter().map(arrange).collect::<Result<_>>()?,
        group_count: groups.group_count,
    }))
}

/// All groups, to be taken range by range.
pub(super) struct TextRanges {
    groups: Vec<AscendingGroups>,
    /// The least text of each range but the first.
    bounds: Vec<Vec<u8>>,
    cursor: Mutex<Cursor>,
    memory: Arc<MemoryBudget>,
}

/// The range that is taken next.
struct Cursor {
    range: usize,
    /// Where it begins in each dictionary's groups.
    starts: Vec<usize>,
}

impl TextRanges {
    pub(super) fn new(groups: Vec<AscendingGroups>, memory: &Arc<MemoryBudget>) -> Self {
        TextRanges {
            bounds: bounds(&groups),
            cursor: Mutex::new(Cursor {
                range: 0,
                starts: vec![0; groups.len()],
            }),
            groups,
            memory: memory.clone(),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.bounds.len() + 1
    }

    /// The groups of a range that nobody has taken yet.
    ///
    /// # Errors
    /// Those of aggregates; no memory.
    pub(super) fn take(
        &self,
        specification: &Arc<AggregateSpecification>,
    ) -> Result<Option<(GroupStates, Reservation)>> {
        let Some(pieces) = self.next() else {
            return Ok(None);
        };
        let row_count: usize = pieces.iter().map(|(_, rows)| rows.len()).sum();
        let mut groups = GroupStates::of_range(specification, row_count / DICTIONARIES_PER_TEXT)?;
        for (at, rows) in pieces {
            self.groups[at].piece.slice(&rows).add_to(&mut groups)?;
        }
        let mut reservation = self.memory.reservation();
        reservation.resize(groups.memory_bytes())?;
        Ok(Some((groups, reservation)))
    }

    /// Where the next range lies in the groups of each dictionary that has some.
    fn next(&self) -> Option<Vec<(usize, Range<usize>)>> {
        let mut cursor = self.cursor.lock();
        let cursor = &mut *cursor;
        if cursor.range > self.bounds.len() {
            return None;
        }
        let bound = self.bounds.get(cursor.range);
        cursor.range += 1;
        let groups = self.groups.iter().zip(&mut cursor.starts).enumerate();
        let rows = groups.map(|(at, (groups, start))| {
            let end = match bound {
                Some(bound) => groups.first_not_below(bound, *start),
                None => groups.piece.row_count(),
            };
            (at, std::mem::replace(start, end)..end)
        });
        Some(rows.filter(|(_, rows)| !rows.is_empty()).collect())
    }
}

/// Texts that part all groups into ranges of about the same number.
fn bounds(groups: &[AscendingGroups]) -> Vec<Vec<u8>> {
    let group_count: usize = groups.iter().map(|groups| groups.texts.len()).sum();
    let range_count = (group_count / GROUPS_PER_RANGE).max(RANGES_MIN);
    let step = (group_count / (range_count * SAMPLES_PER_RANGE)).max(1);
    let samples = groups.iter().flat_map(|groups| {
        let rows = (step / 2..groups.texts.len()).step_by(step);
        rows.map(|row| groups.texts.value(row))
    });
    let mut samples: Vec<&[u8]> = samples.collect();
    samples.sort_unstable();
    let bounds = (1..range_count).filter_map(|range| samples.get(range * samples.len() / range_count));
    let mut bounds: Vec<Vec<u8>> = bounds.map(|text| text.to_vec()).collect();
    bounds.dedup();
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Random, memory, memory_of};
    use arrow_array::{Int64Array, StringViewArray};

    fn piece(texts: Vec<Option<String>>) -> Piece {
        let group_count = texts.len();
        Piece::states(HandedOut {
            keys: vec![Arc::new(StringViewArray::from_iter(texts))],
            states: vec![vec![Arc::new(Int64Array::from(vec![1; group_count]))]],
            group_count,
        })
    }

    fn texts(random: &mut Random, count: u64, distinct: u64) -> Vec<Option<String>> {
        let mut texts: Vec<String> = (0..count)
            .map(|_| match random.below(3) {
                0 => format!("{}", random.below(distinct)),
                _ => format!("a text that no view holds whole: {}", random.below(distinct)),
            })
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts.into_iter().map(Some).collect()
    }

    fn rows_of(ranges: &TextRanges) -> Vec<Vec<Option<String>>> {
        let texts = |(at, rows): (usize, Range<usize>)| {
            let key = ranges.groups[at].piece.keys()[0].slice(rows.start, rows.len());
            let texts = key.as_string_view().iter().map(|text| text.map(str::to_owned));
            texts.collect::<Vec<_>>()
        };
        std::iter::from_fn(|| ranges.next())
            .map(|rows| rows.into_iter().flat_map(texts).collect())
            .collect()
    }

    #[test]
    fn every_text_is_in_one_range_and_all_of_its_groups_are() {
        let mut random = Random::new(31);
        let mut all = Vec::new();
        let groups = (0..7).map(|at| {
            let mut texts = texts(&mut random, 1 << (at * 2), 900);
            texts.extend((at % 2 == 0).then_some(None));
            all.extend(texts.iter().cloned());
            AscendingGroups::of(piece(texts), memory().reservation()).ok().unwrap()
        });
        let ranges = TextRanges::new(groups.collect(), &memory());
        let found = rows_of(&ranges);
        assert!(
            found.len() == ranges.count() && found.len() > RANGES_MIN / 2,
            "{}",
            found.len()
        );
        for (at, range) in found.iter().enumerate() {
            assert!(
                range.len() < all.len() / 4,
                "range {at} has {} of {}",
                range.len(),
                all.len()
            );
            let mut others = found[at + 1..].iter().flatten();
            assert!(!others.any(|text| range.contains(text)), "{at}");
        }
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        found.sort_unstable();
        all.sort_unstable();
        assert!(found == all);
    }

    #[test]
    fn the_same_text_everywhere_is_one_range() {
        let groups = (0..40).map(|_| {
            let piece = piece(vec![Some("the same text everywhere".into())]);
            AscendingGroups::of(piece, memory().reservation()).ok().unwrap()
        });
        let ranges = TextRanges::new(groups.collect(), &memory());
        let found = rows_of(&ranges);
        let sizes: Vec<usize> = found.iter().map(Vec::len).filter(|size| *size > 0).collect();
        assert_eq!(sizes, [40]);
    }

    #[test]
    fn what_does_not_ascend_or_has_no_room_is_given_back() {
        let of = |texts: &[Option<&str>], bytes: usize| {
            let texts = texts.iter().map(|text| text.map(str::to_owned)).collect();
            AscendingGroups::of(piece(texts), memory_of(bytes).reservation()).is_ok()
        };
        assert!(of(&[Some(""), Some("a"), Some("b"), None], 1 << 20));
        assert!(!of(&[Some("b"), Some("a")], 1 << 20), "out of order");
        assert!(!of(&[None, Some("a")], 1 << 20), "NULL is not last");
        assert!(!of(&[Some("a"), Some("b")], 8), "no room");
        let unsorted = HandedOut {
            keys: vec![Arc::new(StringViewArray::from(vec![Some("b"), None, Some("a")]))],
            states: vec![vec![Arc::new(Int64Array::from(vec![2, 3, 1]))]],
            group_count: 3,
        };
        let sorted = ascending_piece(unsorted).unwrap();
        assert!(AscendingGroups::of(sorted, memory().reservation()).is_ok());
    }
}
