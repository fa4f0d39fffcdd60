//! Where a column's values lie: ascending bounds between which about equally many values are (an equi-depth histogram: Piatetsky-Shapiro
//! and Connell, SIGMOD 1984). A frequent value is a bound several times over. From a sample, for those who plan; no row is ever
//! skipped because of it.

use super::byte_bounds::cut;
use crate::limits::HISTOGRAM_BUCKETS;
use crate::vector::key::{bytes_at, lane_keys, wide_keys};
use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;
use arrow_select::take::take;
use std::sync::Arc;

/// Rows below which bounds of all values say enough.
const ROWS_MIN: usize = 4 * HISTOGRAM_BUCKETS;
/// Rows that are looked at.
const SAMPLE_ROWS: usize = 64 * HISTOGRAM_BUCKETS;

/// The bounds of a plain column, by its dictionary's codes where it has them; `None` where there are few values.
pub(crate) fn of_column(array: &ArrayRef, dictionary: Option<(&ArrayRef, &[u32])>) -> Option<ArrayRef> {
    let rows = sample(array);
    if rows.len() < ROWS_MIN {
        return None;
    }
    let bounds = match dictionary {
        Some((values, codes)) => {
            let mut codes: Vec<u32> = rows.iter().map(|row| codes[*row as usize]).collect();
            codes.sort_unstable();
            take(values, &UInt32Array::from(quantiles(&codes)), None).ok()?
        }
        None => {
            let values = take(array, &UInt32Array::from(rows), None).ok()?;
            let order = ascending(&values)?;
            take(&values, &UInt32Array::from(quantiles(&order)), None).ok()?
        }
    };
    Some(with_short_values(bounds))
}

/// Rows that are not NULL.
fn sample(array: &ArrayRef) -> Vec<u32> {
    let rows = spread(array.len(), SAMPLE_ROWS).filter(|row| array.is_valid(*row));
    rows.map(|row| row as u32).collect()
}

/// At most so many of some rows, ascending: one somewhere in each stretch of equal length, so that no period of the values meets one
/// of the sample. The same each time.
pub(crate) fn spread(row_count: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = row_count.min(most);
    (0..count).map(move |stretch| {
        let (from, to) = (stretch * row_count / count, (stretch + 1) * row_count / count);
        let mixed = (stretch as u64 ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xff51_afd7_ed55_8ccd);
        from + (mixed >> 33) as usize % (to - from)
    })
}

/// The first, the last, and those between that part the rest evenly.
fn quantiles(sorted: &[u32]) -> Vec<u32> {
    (0..=HISTOGRAM_BUCKETS)
        .map(|bound| sorted[bound * (sorted.len() - 1) / HISTOGRAM_BUCKETS])
        .collect()
}

/// The rows of an array without NULLs in ascending order of their values; `None` for types that have none.
fn ascending(values: &ArrayRef) -> Option<Vec<u32>> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    if let Some(keys) = lane_keys(values.as_ref()) {
        order.sort_unstable_by_key(|row| keys[*row as usize]);
    } else if let Some(keys) = wide_keys(values.as_ref()) {
        order.sort_unstable_by_key(|row| keys[*row as usize]);
    } else if matches!(values.data_type(), DataType::Utf8View | DataType::BinaryView) {
        let bytes = |row: u32| bytes_at(values.as_ref(), row as usize);
        order.sort_unstable_by(|left, right| bytes(*left).cmp(bytes(*right)));
    } else {
        return None;
    }
    Some(order)
}

/// Long text and bytea cut to their beginnings.
fn with_short_values(bounds: ArrayRef) -> ArrayRef {
    match bounds.data_type() {
        DataType::Utf8View => {
            let mut short = StringViewBuilder::new();
            for bound in bounds.as_string_view().iter().flatten() {
                // Cut between characters.
                short.append_value(std::str::from_utf8(cut(bound.as_bytes(), true)).unwrap_or_default());
            }
            Arc::new(short.finish())
        }
        DataType::BinaryView => {
            let mut short = BinaryViewBuilder::new();
            bounds
                .as_binary_view()
                .iter()
                .flatten()
                .for_each(|bound| short.append_value(cut(bound, false)));
            Arc::new(short.finish())
        }
        _ => bounds,
    }
}

/// Bounds of one set of values in any order, and how many values they stand for.
pub(crate) struct Weighted {
    pub(crate) bounds: ArrayRef,
    pub(crate) value_count: f64,
}

/// The bounds of several sets of values of one column taken together.
pub(crate) fn merge(sets: &[Weighted]) -> Option<ArrayRef> {
    let arrays: Vec<&dyn Array> = sets.iter().map(|set| set.bounds.as_ref()).collect();
    if arrays.is_empty() {
        return None;
    }
    let values = arrow_select::concat::concat(&arrays).ok()?;
    // Each bound but the first of a set stands for the bucket below it.
    let weights: Vec<f64> = sets
        .iter()
        .flat_map(|set| {
            let weight = set.value_count / (set.bounds.len() as f64 - 1.0).max(1.0);
            std::iter::once(0.0).chain(std::iter::repeat_n(weight, set.bounds.len().saturating_sub(1)))
        })
        .collect();
    let order = ascending(&values)?;
    let bucket = weights.iter().sum::<f64>() / HISTOGRAM_BUCKETS as f64;
    let mut chosen = vec![*order.first()?];
    let mut passed = 0.0;
    for row in &order {
        passed += weights[*row as usize];
        // A little less, for sums that are not quite exact.
        while chosen.len() <= HISTOGRAM_BUCKETS && passed >= bucket * (chosen.len() as f64 - 0.001) {
            chosen.push(*row);
        }
    }
    take(&values, &UInt32Array::from(chosen), None).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int64Type;
    use arrow_array::{Int64Array, StringViewArray};

    fn numbers(array: &ArrayRef) -> Vec<i64> {
        array.as_primitive::<Int64Type>().values().to_vec()
    }

    #[test]
    fn buckets_are_equally_deep_and_frequent_values_stand_several_times() {
        // A quarter is 7; the others are spread over 0 to 99,999.
        let values =
            (0..100_000i64).map(|row| (row % 10 != 9).then(|| if row % 4 == 0 { 7 } else { row * 7919 % 100_000 }));
        let column: ArrayRef = Arc::new(Int64Array::from_iter(values));
        let bounds = numbers(&of_column(&column, None).unwrap());
        assert_eq!(bounds.len(), HISTOGRAM_BUCKETS + 1);
        assert!(bounds.is_sorted());
        let sevens = bounds.iter().filter(|bound| **bound == 7).count();
        assert!(
            (HISTOGRAM_BUCKETS / 6..HISTOGRAM_BUCKETS / 3).contains(&sevens),
            "{sevens}"
        );
        let median = bounds[HISTOGRAM_BUCKETS / 2];
        assert!((20_000..47_000).contains(&median), "{median}");
    }

    #[test]
    fn codes_give_the_bounds_that_values_give() {
        let text: Vec<String> = (0..5_000)
            .map(|row| format!("{:03}{}", row * row % 97, "x".repeat(80)))
            .collect();
        let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(&text));
        let dictionary = crate::encoding::dictionary::build(&column, 1 << 20).unwrap();
        let by_codes = of_column(&column, Some((&dictionary.values, &dictionary.codes))).unwrap();
        let by_values = of_column(&column, None).unwrap();
        assert_eq!(&by_codes, &by_values);
        assert!(
            by_values
                .as_string_view()
                .iter()
                .flatten()
                .all(|bound| bound.len() == 64)
        );
    }

    #[test]
    fn few_values_have_no_histogram() {
        let column: ArrayRef = Arc::new(Int64Array::from_iter(
            (0..100_000).map(|row| (row % 1000 == 0).then_some(row)),
        ));
        assert!(of_column(&column, None).is_none());
    }

    #[test]
    fn merged_bounds_weigh_by_values() {
        let set = |from: i64, to: i64, value_count: f64| Weighted {
            bounds: Arc::new(Int64Array::from_iter_values(
                (0..=64).map(|bound| from + (to - from) * bound / 64),
            )),
            value_count,
        };
        let alone = set(0, 1000, 3e6);
        assert_eq!(&merge(std::slice::from_ref(&alone)).unwrap(), &alone.bounds);
        let merged = numbers(&merge(&[set(0, 1000, 3e6), set(10_000, 20_000, 1e6)]).unwrap());
        assert_eq!(merged.len(), HISTOGRAM_BUCKETS + 1);
        assert!(merged.is_sorted());
        assert_eq!((merged[0], merged[HISTOGRAM_BUCKETS]), (0, 20_000));
        let low = merged.iter().filter(|bound| **bound <= 1000).count();
        assert!(low.abs_diff(HISTOGRAM_BUCKETS * 3 / 4) <= 2, "{low}");
    }
}
