//! From a column to its distinct values and each row's code. Gives up as soon as there are too many; whether a dictionary pays is
//! decided by who asks, by comparing sizes.

use crate::vector::key::{bytes_at, integer_lanes, lane_keys, wide_keys};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use hashbrown::HashTable;
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

/// The dictionary of a plain column of at most `most` distinct values; `None` where there are more, likely more, none at all, or
/// the type has no dictionary.
pub(crate) fn build(array: &ArrayRef, most: usize) -> Option<Built> {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let columns = match array.data_type() {
        DataType::Boolean | DataType::Interval(_) => return None,
        DataType::Utf8View => Rows::of_views(array, array.as_string_view().views()),
        DataType::BinaryView => Rows::of_views(array, array.as_binary_view().views()),
        _ => Rows::of_marks(array, marks(array)?),
    };
    let likely_more = array.len() > 2 * SAMPLE_ROWS && !few_in_sample(&columns, nulls, most);
    if likely_more {
        return None;
    }
    let rows = (0..array.len()).map(|row| (row, nulls.is_none_or(|nulls| nulls.is_valid(row))));
    let mut found = find_distinct(&columns, rows, most)?;
    if found.first_rows.is_empty() {
        return None;
    }
    let values = rank(array, &columns, &mut found)?;
    Some(Built {
        values,
        codes: found.codes,
    })
}

/// What tells the values of a fixed width apart: their bits.
fn marks(array: &ArrayRef) -> Option<Vec<u128>> {
    Some(match array.data_type() {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            values.iter().map(|value| u128::from(value.to_bits())).collect()
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            values.iter().map(|value| u128::from(value.to_bits())).collect()
        }
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            values.iter().map(|value| *value as u128).collect()
        }
        DataType::FixedSizeBinary(16) => {
            let values = array.as_fixed_size_binary();
            let value = |row| values.value(row).try_into().map_or(0, u128::from_be_bytes);
            (0..values.len()).map(value).collect()
        }
        _ => integer_lanes(array.as_ref())?
            .into_iter()
            .map(|lane| u128::from(lane as u64))
            .collect(),
    })
}

/// A column's values as marks: equal marks are equal values. Long bytes may be equal under different marks.
struct Rows<'a> {
    array: &'a ArrayRef,
    marks: std::borrow::Cow<'a, [u128]>,
    are_views: bool,
    hasher: foldhash::fast::FixedState,
}

impl<'a> Rows<'a> {
    fn of_views(array: &'a ArrayRef, views: &'a [u128]) -> Self {
        Rows {
            array,
            marks: views.into(),
            are_views: true,
            hasher: foldhash::fast::FixedState::default(),
        }
    }

    fn of_marks(array: &'a ArrayRef, marks: Vec<u128>) -> Self {
        Rows {
            array,
            marks: marks.into(),
            are_views: false,
            hasher: foldhash::fast::FixedState::default(),
        }
    }

    #[inline]
    fn is_long(&self, mark: u128) -> bool {
        self.are_views && mark as u32 > 12
    }

    #[inline]
    fn hash(&self, row: usize) -> u64 {
        let mark = self.marks[row];
        if self.is_long(mark) {
            self.hasher.hash_one(bytes_at(self.array.as_ref(), row))
        } else {
            mix(mark)
        }
    }

    #[inline]
    fn same(&self, left: usize, right: usize) -> bool {
        let (left_mark, right_mark) = (self.marks[left], self.marks[right]);
        left_mark == right_mark
            || (self.is_long(left_mark)
                // The low half of a view is length and the first four bytes.
                && left_mark as u64 == right_mark as u64
                && bytes_at(self.array.as_ref(), left) == bytes_at(self.array.as_ref(), right))
    }
}

#[inline]
fn mix(mark: u128) -> u64 {
    let folded = (mark as u64 ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd)
        ^ ((mark >> 64) as u64).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (folded ^ (folded >> 32)).wrapping_mul(0x9fb2_1c65_1e98_df25)
}

/// Distinct values in the order of their first rows.
struct Found {
    first_rows: Vec<u32>,
    codes: Vec<u32>,
}

/// Visits rows (and whether each has a value); `None` once there are more than `most` distinct values.
fn find_distinct(columns: &Rows<'_>, rows: impl ExactSizeIterator<Item = (usize, bool)>, most: usize) -> Option<Found> {
    let mut table: HashTable<u32> = HashTable::new();
    let mut recent = vec![(0u128, u32::MAX); RECENT];
    let mut first_rows: Vec<u32> = Vec::new();
    let mut codes = Vec::with_capacity(rows.len());
    for (row, is_valid) in rows {
        if !is_valid {
            codes.push(0);
            continue;
        }
        let mark = columns.marks[row];
        let place = (mix(mark) >> 54) as usize % RECENT;
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

/// Whether a sample leaves it possible that the column has at most that many distinct values. Of `n` rows picked among `d` equally
/// frequent values about `n * n / 2d` repeat an earlier one, and more where frequencies differ.
fn few_in_sample(columns: &Rows<'_>, nulls: Option<&NullBuffer>, most: usize) -> bool {
    let row_count = columns.marks.len();
    let run_count = SAMPLE_ROWS / SAMPLE_RUN_ROWS;
    let rows: Vec<(usize, bool)> = (0..SAMPLE_ROWS)
        .map(|place| {
            let start = (place / SAMPLE_RUN_ROWS) * (row_count - SAMPLE_RUN_ROWS) / run_count;
            let row = start + place % SAMPLE_RUN_ROWS;
            (row, nulls.is_none_or(|nulls| nulls.is_valid(row)))
        })
        .collect();
    let present = rows.iter().filter(|(_, is_valid)| *is_valid).count();
    let Some(found) = find_distinct(columns, rows.into_iter(), most) else {
        return false;
    };
    let repeats = present - found.first_rows.len();
    let distinct_max = most.min(row_count / 4 * 3).max(1);
    repeats >= present * present / (4 * distinct_max)
}

/// The distinct values in ascending order, and codes as their places in it.
fn rank(array: &ArrayRef, columns: &Rows<'_>, found: &mut Found) -> Option<ArrayRef> {
    let mut order: Vec<u32> = (0..found.first_rows.len() as u32).collect();
    let firsts = UInt32Array::from(std::mem::take(&mut found.first_rows));
    let values = arrow_select::take::take(array, &firsts, None).ok()?;
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
