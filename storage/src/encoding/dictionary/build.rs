//! From a column to its distinct values and each row's code. Gives up as soon as there are too many; whether a dictionary pays is
//! decided by who asks, by comparing sizes.

use crate::encoding::{loops, packing};
use crate::vector::key::{bytes_at, integer_lanes, lane_keys, wide_keys};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use hashbrown::HashTable;
use std::borrow::Cow;
use std::hash::BuildHasher;

/// Rows that are looked at before all are: enough to see that most values are different.
const SAMPLE_ROWS: usize = 8_192;
/// Sampled rows that lie together.
const SAMPLE_RUN_ROWS: usize = 64;
/// Views remembered with their codes, in front of the table.
const RECENT: usize = 1 << 10;

/// A column's dictionary.
pub(crate) struct Built {
    /// The distinct values, plain, ascending.
    pub(crate) values: ArrayRef,
    /// Each row's code; 0 below NULLs.
    pub(crate) codes: Vec<u32>,
}

/// The dictionary of a plain column of at most `most` distinct values; `None` where there are more, likely more, none at all, the
/// type has no dictionary, or codes of numbers would be no narrower than their differences.
pub(crate) fn build(array: &ArrayRef, most: usize) -> Option<Built> {
    if array.null_count() == array.len() {
        return None;
    }
    match array.data_type() {
        DataType::Boolean | DataType::Interval(_) => None,
        DataType::Utf8View => build_of(Rows::of_views(array, array.as_string_view().views()), most),
        DataType::BinaryView => build_of(Rows::of_views(array, array.as_binary_view().views()), most),
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            let marks = values.iter().map(|value| *value as u128).collect();
            build_of(Rows::of_marks(array, marks), most)
        }
        DataType::FixedSizeBinary(16) => {
            let values = array.as_fixed_size_binary();
            let value = |row| values.value(row).try_into().map_or(0, u128::from_be_bytes);
            build_of(Rows::of_marks(array, (0..values.len()).map(value).collect()), most)
        }
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            let marks = values.iter().map(|value| value.to_bits() as i64).collect();
            build_of(Rows::of_marks(array, marks), most)
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            let marks = values.iter().map(|value| i64::from(value.to_bits())).collect();
            build_of(Rows::of_marks(array, marks), most)
        }
        _ => {
            let rows = Rows::of_marks(array, integer_lanes(array.as_ref())?);
            could_be_narrower(&rows, most).then(|| build_of(rows, most)).flatten()
        }
    }
}

fn build_of<M: Mark>(rows: Rows<'_, M>, most: usize) -> Option<Built> {
    if rows.marks.len() > 2 * SAMPLE_ROWS && !few_in_sample(&rows, most) {
        return None;
    }
    let mut found = find_distinct(&rows, 0..rows.marks.len(), most)?;
    let values = rank(&rows, &mut found)?;
    Some(Built {
        values,
        codes: found.codes,
    })
}

/// What tells values apart at a glance: the bits of a number, the view of a text.
trait Mark: Copy + Eq + Ord + Default + 'static {
    fn mix(self) -> u64;
    /// Length and first four bytes, of a view of more than twelve.
    fn long_prefix(self) -> Option<u64> {
        None
    }
}

impl Mark for i64 {
    #[inline]
    fn mix(self) -> u64 {
        let mixed = (self as u64 ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (mixed ^ (mixed >> 32)).wrapping_mul(0x9fb2_1c65_1e98_df25)
    }
}

impl Mark for u128 {
    #[inline]
    fn mix(self) -> u64 {
        ((self as u64 as i64).mix() ^ (self >> 64) as u64).wrapping_mul(0xc4ce_b9fe_1a85_ec53)
    }
    #[inline]
    fn long_prefix(self) -> Option<u64> {
        (self as u32 > 12).then_some(self as u64)
    }
}

/// A column's values as marks: equal marks are equal values. Long texts may be equal under different marks.
struct Rows<'a, M: Mark> {
    array: &'a ArrayRef,
    nulls: Option<&'a NullBuffer>,
    marks: Cow<'a, [M]>,
    are_views: bool,
    hasher: foldhash::fast::FixedState,
}

impl<'a, M: Mark> Rows<'a, M> {
    fn of_marks(array: &'a ArrayRef, marks: Cow<'a, [M]>) -> Self {
        Rows {
            array,
            nulls: array.nulls().filter(|nulls| nulls.null_count() > 0),
            marks,
            are_views: false,
            hasher: foldhash::fast::FixedState::default(),
        }
    }

    fn of_views(array: &'a ArrayRef, views: &'a [M]) -> Self {
        Rows {
            are_views: true,
            ..Self::of_marks(array, views.into())
        }
    }

    #[inline]
    fn long_prefix(&self, mark: M) -> Option<u64> {
        if self.are_views { mark.long_prefix() } else { None }
    }

    #[inline]
    fn hash(&self, row: usize) -> u64 {
        let mark = self.marks[row];
        match self.long_prefix(mark) {
            Some(_) => self.hasher.hash_one(bytes_at(self.array.as_ref(), row)),
            None => mark.mix(),
        }
    }

    #[inline]
    fn same(&self, left: usize, right: usize) -> bool {
        let (left_mark, right_mark) = (self.marks[left], self.marks[right]);
        left_mark == right_mark
            || match (self.long_prefix(left_mark), self.long_prefix(right_mark)) {
                (Some(left_prefix), Some(right_prefix)) if left_prefix == right_prefix => {
                    bytes_at(self.array.as_ref(), left) == bytes_at(self.array.as_ref(), right)
                }
                _ => false,
            }
    }
}

/// Distinct values in the order of their first rows.
struct Found {
    first_rows: Vec<u32>,
    codes: Vec<u32>,
}

/// Visits rows; `None` once there are more than `most` distinct values.
fn find_distinct<M: Mark>(
    columns: &Rows<'_, M>,
    rows: impl ExactSizeIterator<Item = usize>,
    most: usize,
) -> Option<Found> {
    let mut table: HashTable<u32> = HashTable::new();
    let mut recent = [(M::default(), u32::MAX); RECENT];
    let mut first_rows: Vec<u32> = Vec::new();
    let mut codes = Vec::with_capacity(rows.len());
    for row in rows {
        if columns.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            codes.push(0);
            continue;
        }
        let mark = columns.marks[row];
        let place = (mark.mix() >> 54) as usize % RECENT;
        if recent[place].0 == mark && recent[place].1 != u32::MAX {
            codes.push(recent[place].1);
            continue;
        }
        let hash = columns.hash(row);
        let same = |code: &u32| columns.same(first_rows[*code as usize] as usize, row);
        let code = match table.find(hash, same) {
            Some(code) => *code,
            None if first_rows.len() == most => return None,
            None => {
                let code = first_rows.len() as u32;
                first_rows.push(row as u32);
                table.insert_unique(hash, code, |code| columns.hash(first_rows[*code as usize] as usize));
                code
            }
        };
        recent[place] = (mark, code);
        codes.push(code);
    }
    Some(Found { first_rows, codes })
}

/// Rows to look at first, a few together and evenly spread.
fn sample_rows(row_count: usize) -> impl ExactSizeIterator<Item = usize> {
    let run_count = SAMPLE_ROWS / SAMPLE_RUN_ROWS;
    let is_short = row_count <= SAMPLE_ROWS;
    (0..row_count.min(SAMPLE_ROWS)).map(move |place| {
        if is_short {
            return place;
        }
        (place / SAMPLE_RUN_ROWS) * (row_count - SAMPLE_RUN_ROWS) / run_count + place % SAMPLE_RUN_ROWS
    })
}

/// Whether a sample leaves it possible that the column has at most that many distinct values. Of `n` rows picked among `d` equally
/// frequent values about `n * n / 2d` repeat an earlier one, and more where frequencies differ.
fn few_in_sample<M: Mark>(columns: &Rows<'_, M>, most: usize) -> bool {
    let rows = sample_rows(columns.marks.len());
    let Some(found) = find_distinct(columns, rows, most) else {
        return false;
    };
    let present = match columns.nulls {
        None => found.codes.len(),
        Some(nulls) => sample_rows(columns.marks.len())
            .filter(|row| nulls.is_valid(*row))
            .count(),
    };
    let repeats = present - found.first_rows.len();
    let distinct_max = most.min(columns.marks.len() / 4 * 3).max(1);
    repeats >= present * present / (4 * distinct_max)
}

/// Whether codes of numbers may take fewer bits than differences from the least: by what a sample shows at least.
fn could_be_narrower(columns: &Rows<'_, i64>, most: usize) -> bool {
    let Some(found) = find_distinct(columns, sample_rows(columns.marks.len()), most) else {
        return false;
    };
    let (minimum, maximum) = loops::extremes(&columns.marks);
    let widest = packing::width_of(maximum.wrapping_sub(minimum) as u64);
    packing::width_of((found.first_rows.len() as u64).saturating_sub(1)) < widest
}

/// The distinct values in ascending order, and codes as their places in it.
fn rank<M: Mark>(columns: &Rows<'_, M>, found: &mut Found) -> Option<ArrayRef> {
    let mut order: Vec<u32> = (0..found.first_rows.len() as u32).collect();
    let firsts = UInt32Array::from(std::mem::take(&mut found.first_rows));
    let values = arrow_select::take::take(columns.array, &firsts, None).ok()?;
    let mark = |code: u32| columns.marks[firsts.value(code as usize) as usize];
    if columns.are_views {
        let bytes = |code: u32| bytes_at(values.as_ref(), code as usize);
        order.sort_unstable_by(|left, right| bytes(*left).cmp(bytes(*right)));
    } else if let Some(keys) = lane_keys(values.as_ref()) {
        // Values of one key, such as 0.0 and -0.0, are apart here: bits decide their order.
        order.sort_unstable_by_key(|code| (keys[*code as usize], mark(*code)));
    } else {
        let keys = wide_keys(values.as_ref())?;
        order.sort_unstable_by_key(|code| keys[*code as usize]);
    }
    let mut ranks = vec![0u32; order.len()];
    for (rank, code) in order.iter().enumerate() {
        ranks[*code as usize] = rank as u32;
    }
    for code in &mut found.codes {
        *code = ranks[*code as usize];
    }
    arrow_select::take::take(&values, &UInt32Array::from(order), None).ok()
}
