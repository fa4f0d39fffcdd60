//! The order of rows inside a segment: by the sort key, NULLs last, equal rows as they came. Keys of integers, dates, times and
//! few-valued text are packed with the row's number into one integer and sorted by their digits; anything else by comparing bytes.

use crate::error::{Error, Result};
use crate::index::zone_map::survey;
use crate::schema::TableSchema;
use crate::vector::key::{Domain, bytes_at, domain_of, lane_keys};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_row::{RowConverter, SortField};
use arrow_schema::SortOptions;
use hashbrown::HashMap;

/// Distinct texts up to which a text column is sorted by its values' ranks.
const RANKED_VALUES_MAX: usize = 1 << 16;
/// Bits of a digit: its counters fit the first cache.
const DIGIT_BITS: u32 = 11;
const NULLS_LAST: SortOptions = SortOptions {
    descending: false,
    nulls_first: false,
};

/// The rows in order; `None` where they are in order already. `columns` are the table's.
pub(crate) fn sorted_rows(schema: &TableSchema, columns: &[ArrayRef]) -> Result<Option<UInt32Array>> {
    let position = |id| schema.columns.iter().position(|column| column.id == id);
    let keys = schema.sort_key.iter().filter_map(|id| position(*id));
    let keys: Vec<&ArrayRef> = keys.map(|position| &columns[position]).collect();
    let row_count = keys.first().map_or(0, |key| key.len());
    if row_count < 2 {
        return Ok(None);
    }
    if let Some(packed) = PackedKeys::new(&keys, row_count) {
        return Ok(packed.sort());
    }
    match in_order(&keys)? {
        true => Ok(None),
        false => sort_bytes(&keys).map(Some),
    }
}

/// Whether the rows are in order, by comparing each with the next.
fn in_order(keys: &[&ArrayRef]) -> Result<bool> {
    let comparators = keys
        .iter()
        .map(|key| arrow_ord::ord::make_comparator(key, key, NULLS_LAST));
    let comparators = comparators
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(failed)?;
    let row_count = keys.first().map_or(0, |key| key.len());
    Ok((1..row_count).all(|row| {
        let order = comparators.iter().map(|compare| compare(row - 1, row));
        order.into_iter().find(|order| order.is_ne()) != Some(std::cmp::Ordering::Greater)
    }))
}

fn failed(error: arrow_schema::ArrowError) -> Error {
    Error::Invalid {
        reason: format!("rows cannot be sorted: {error}"),
    }
}

/// A key column as numbers from 0 on that order as its values do.
struct Ranks {
    values: Vec<u64>,
    bits: u32,
}

/// All key columns of a row side by side, above the row's number.
enum PackedKeys {
    /// Row bits, key bits.
    Narrow(Vec<u64>, u32, u32),
    /// Row bits.
    Wide(Vec<u128>, u32),
}

impl PackedKeys {
    /// `None` where a column has no small ranks, or all together do not fit.
    fn new(columns: &[&ArrayRef], row_count: usize) -> Option<Self> {
        let row_bits = usize::BITS - (row_count - 1).leading_zeros();
        let mut ranks = Vec::with_capacity(columns.len());
        let mut key_bits = 0;
        for column in columns {
            let next = ranks_of(column)?;
            key_bits += next.bits;
            if key_bits + row_bits > u128::BITS {
                return None;
            }
            ranks.push(next);
        }
        if key_bits + row_bits > u64::BITS {
            let mut keys = vec![0u128; row_count];
            for column in &ranks {
                for (key, rank) in keys.iter_mut().zip(&column.values) {
                    *key = *key << column.bits | u128::from(*rank);
                }
            }
            let with_row = |(row, key): (usize, u128)| key << row_bits | row as u128;
            let keys = keys.into_iter().enumerate().map(with_row).collect();
            return Some(PackedKeys::Wide(keys, row_bits));
        }
        let mut keys = vec![0u64; row_count];
        for column in &ranks {
            // A column of one value has no bits; shifts by all of a word's bits do not happen, there are row bits.
            for (key, rank) in keys.iter_mut().zip(&column.values) {
                *key = *key << column.bits | *rank;
            }
        }
        for (row, key) in keys.iter_mut().enumerate() {
            *key = *key << row_bits | row as u64;
        }
        Some(PackedKeys::Narrow(keys, row_bits, key_bits))
    }

    /// The rows in order; `None` where they are.
    fn sort(self) -> Option<UInt32Array> {
        let rows: Vec<u32> = match self {
            PackedKeys::Narrow(keys, _, _) if keys.is_sorted() => return None,
            PackedKeys::Wide(keys, _) if keys.is_sorted() => return None,
            PackedKeys::Narrow(mut keys, row_bits, key_bits) => {
                sort_digits(&mut keys, row_bits, key_bits);
                keys.iter().map(|key| (key & ((1 << row_bits) - 1)) as u32).collect()
            }
            PackedKeys::Wide(mut keys, row_bits) => {
                keys.sort_unstable();
                keys.iter().map(|key| (key & ((1 << row_bits) - 1)) as u32).collect()
            }
        };
        Some(rows.into())
    }
}

/// Sorts by the bits from `from` on, a digit after the other from the lowest, keeping the order of equals.
fn sort_digits(keys: &mut Vec<u64>, from: u32, bits: u32) {
    let mut other = vec![0u64; keys.len()];
    for shift in (from..from + bits).step_by(DIGIT_BITS as usize) {
        let digit = |key: u64| (key >> shift) as usize & ((1 << DIGIT_BITS) - 1);
        let mut places = [0u32; 1 << DIGIT_BITS];
        for key in keys.iter() {
            places[digit(*key)] += 1;
        }
        if places.iter().any(|count| *count as usize == keys.len()) {
            continue;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for key in keys.iter() {
            let place = &mut places[digit(*key)];
            other[*place as usize] = *key;
            *place += 1;
        }
        std::mem::swap(keys, &mut other);
    }
}

fn ranks_of(column: &ArrayRef) -> Option<Ranks> {
    let (mut keys, greatest) = match domain_of(column.data_type())? {
        Domain::Lane => {
            let keys = lane_keys(column.as_ref())?;
            let (least, greatest) = present_bounds(&keys, column.nulls());
            let keys: Vec<u64> = keys.iter().map(|key| key.wrapping_sub(least) as u64).collect();
            (keys, greatest.wrapping_sub(least) as u64)
        }
        Domain::Bytes => rank_texts(column)?,
        Domain::Wide => return None,
    };
    let mut greatest = greatest;
    if let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) {
        greatest = greatest.checked_add(1)?;
        for (row, key) in keys.iter_mut().enumerate() {
            if nulls.is_null(row) {
                *key = greatest;
            }
        }
    }
    Some(Ranks {
        values: keys,
        bits: u64::BITS - greatest.leading_zeros(),
    })
}

/// The least and greatest key that is not below a NULL.
fn present_bounds(keys: &[i64], nulls: Option<&NullBuffer>) -> (i64, i64) {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => {
            let (least, greatest, _) = survey(keys);
            (least, greatest)
        }
        Some(nulls) => {
            let present = || nulls.valid_indices().map(|row| keys[row]);
            (present().min().unwrap_or(0), present().max().unwrap_or(0))
        }
    }
}

/// The rank of each text among those that occur, and the greatest; `None` where they are many.
fn rank_texts(column: &ArrayRef) -> Option<(Vec<u64>, u64)> {
    let mut codes: HashMap<&[u8], u32, foldhash::fast::RandomState> = HashMap::default();
    let mut of_rows = Vec::with_capacity(column.len());
    let mut last: Option<(&[u8], u32)> = None;
    for row in 0..column.len() {
        let value: &[u8] = if column.is_null(row) {
            &[]
        } else {
            bytes_at(column.as_ref(), row)
        };
        let code = match last {
            Some((known, code)) if known == value => code,
            _ => {
                let next = codes.len() as u32;
                *codes.entry(value).or_insert(next)
            }
        };
        if codes.len() > RANKED_VALUES_MAX {
            return None;
        }
        last = Some((value, code));
        of_rows.push(code);
    }
    let mut sorted: Vec<(&[u8], u32)> = codes.into_iter().collect();
    sorted.sort_unstable();
    let mut ranks = vec![0u64; sorted.len()];
    for (rank, (_, code)) in sorted.iter().enumerate() {
        ranks[*code as usize] = rank as u64;
    }
    let greatest = sorted.len().saturating_sub(1) as u64;
    Some((of_rows.into_iter().map(|code| ranks[code as usize]).collect(), greatest))
}

/// Sorts by the bytes that stand for all key columns of a row.
fn sort_bytes(keys: &[&ArrayRef]) -> Result<UInt32Array> {
    let fields = keys
        .iter()
        .map(|key| SortField::new_with_options(key.data_type().clone(), NULLS_LAST));
    let converter = RowConverter::new(fields.collect()).map_err(failed)?;
    let columns: Vec<ArrayRef> = keys.iter().map(|key| (*key).clone()).collect();
    let rows = converter.convert_columns(&columns).map_err(failed)?;
    // Eight leading bytes decide nearly all comparisons without a look at the rows themselves.
    let head = |row: usize| {
        let bytes = rows.row(row);
        let bytes = bytes.as_ref();
        let mut head = [0u8; 8];
        let count = bytes.len().min(8);
        head[..count].copy_from_slice(&bytes[..count]);
        u64::from_be_bytes(head)
    };
    let mut order: Vec<(u64, u32)> = (0..rows.num_rows()).map(|row| (head(row), row as u32)).collect();
    order.sort_unstable_by(|left, right| {
        let whole = || rows.row(left.1 as usize).cmp(&rows.row(right.1 as usize));
        left.0.cmp(&right.0).then_with(whole).then(left.1.cmp(&right.1))
    });
    Ok(order.into_iter().map(|(_, row)| row).collect::<Vec<_>>().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ColumnId, ColumnSchema, TableId};
    use crate::testing::{Generator, STORED_TYPES};
    use arrow_schema::DataType;

    fn schema(types: &[DataType]) -> TableSchema {
        let columns = types.iter().enumerate().map(|(place, data_type)| ColumnSchema {
            id: ColumnId(place as u32),
            name: place.to_string(),
            data_type: data_type.clone(),
            nullable: true,
            missing_value: None,
        });
        TableSchema {
            sort_key: (0..types.len() as u32).map(ColumnId).collect(),
            ..TableSchema::new(TableId(1), columns.collect(), [].into())
        }
    }

    #[test]
    fn rows_come_in_order_and_each_once_for_all_types() {
        let mut generator = Generator::new(11);
        let sortable: Vec<&DataType> = STORED_TYPES.iter().collect();
        for round in 0..120 {
            let count = generator.below(3) as usize + 1;
            let types: Vec<DataType> = (0..count)
                .map(|_| sortable[generator.below(sortable.len() as u64) as usize].clone())
                .collect();
            let row_count = [3, 100, 5_000][round % 3];
            let columns: Vec<ArrayRef> = types.iter().map(|kind| generator.column(kind, row_count)).collect();
            let keys: Vec<&ArrayRef> = columns.iter().collect();
            let exact = |kind: &DataType| !kind.is_floating() && !matches!(kind, DataType::Interval(_));
            let Some(rows) = sorted_rows(&schema(&types), &columns).unwrap() else {
                assert!(!types.iter().all(exact) || in_order(&keys).unwrap());
                continue;
            };
            let mut seen: Vec<u32> = rows.values().to_vec();
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..row_count as u32));
            let taken: Vec<ArrayRef> = columns
                .iter()
                .map(|column| arrow_select::take::take(column, &rows, None).unwrap())
                .collect();
            if types.iter().all(exact) {
                assert!(in_order(&taken.iter().collect::<Vec<_>>()).unwrap(), "{types:?}");
            }
        }
    }

    #[test]
    fn digits_sort_as_numbers_do() {
        let mut generator = Generator::new(3);
        let mut keys: Vec<u64> = (0..10_000).map(|row| generator.below(1 << 40) << 20 | row).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        sort_digits(&mut keys, 20, 40);
        assert_eq!(keys, expected);
    }
}
