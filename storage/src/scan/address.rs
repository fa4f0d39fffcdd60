//! Rows that are asked for by their addresses: which rows of a part those are.

use crate::commit::{PartId, RowId};
use crate::error::{Error, Result};
use arrow_array::{ArrayRef, Int64Array};
use roaring::RoaringBitmap;
use std::sync::Arc;

/// A condition on the addresses of rows ([`RowId::address`]).
#[derive(Clone, Debug)]
pub enum AddressCondition {
    /// Between these, both included.
    Range(u64, u64),
    /// One of these, which ascend.
    In(Arc<[u64]>),
    /// That of one of these rows, which ascend; their own may be none.
    Rows(Arc<[RowId]>),
}

/// A column of the addresses of rows.
///
/// # Errors
/// [`Error::NoAddress`]
pub(super) fn addresses(part: PartId, rows: impl Iterator<Item = u32>) -> Result<ArrayRef> {
    let addresses = rows.map(|row| match (RowId { part, row }).address() {
        Some(address) => Ok(address.cast_signed()),
        None => Err(Error::NoAddress),
    });
    Ok(Arc::new(Int64Array::from(addresses.collect::<Result<Vec<i64>>>()?)))
}

/// The rows of a part that meet all conditions; `None` is all of them.
pub(super) fn wanted_rows<'c>(
    conditions: impl Iterator<Item = &'c AddressCondition>,
    part: PartId,
    row_count: u32,
) -> Option<RoaringBitmap> {
    conditions
        .map(|condition| rows_of(condition, part, row_count))
        .reduce(|left, right| left & right)
}

fn rows_of(condition: &AddressCondition, part: PartId, row_count: u32) -> RoaringBitmap {
    let address = |row: u32| RowId { part, row }.address();
    // Rows without an address come last: none was ever told.
    let first_from = |bound: u64| first_row(row_count, |row| address(row).is_none_or(|address| address >= bound));
    match condition {
        AddressCondition::Range(lower, upper) => {
            let end = first_row(row_count, |row| address(row).is_none_or(|address| address > *upper));
            let mut rows = RoaringBitmap::new();
            rows.insert_range(first_from(*lower)..end);
            rows
        }
        AddressCondition::In(list) => {
            let Some(least) = address(0) else {
                return RoaringBitmap::new();
            };
            let from = list.partition_point(|wanted| *wanted < least);
            let mut rows = RoaringBitmap::new();
            for wanted in list.iter().skip(from) {
                let row = first_from(*wanted);
                if row >= row_count {
                    break;
                }
                if address(row) == Some(*wanted) {
                    rows.insert(row);
                }
            }
            rows
        }
        AddressCondition::Rows(list) => {
            let from = list.partition_point(|wanted| wanted.part < part);
            let of_part = list[from..].iter().take_while(|wanted| wanted.part == part);
            of_part
                .map(|wanted| wanted.row)
                .filter(|row| *row < row_count)
                .collect()
        }
    }
}

/// The first of so many rows for which something holds that holds for all behind it.
fn first_row(row_count: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, row_count);
    while low < high {
        let middle = low + (high - low) / 2;
        match holds(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(condition: AddressCondition, part: u64, row_count: u32) -> Vec<u32> {
        rows_of(&condition, PartId(part), row_count).into_iter().collect()
    }

    fn address(part: u64, row: u32) -> u64 {
        RowId {
            part: PartId(part),
            row,
        }
        .address()
        .unwrap()
    }

    #[test]
    fn ranges_and_lists_find_their_rows() {
        assert_eq!(rows(AddressCondition::Range(0, u64::MAX), 5, 3), [0, 1, 2]);
        assert_eq!(rows(AddressCondition::Range(address(5, 1), address(5, 1)), 5, 3), [1]);
        assert_eq!(rows(AddressCondition::Range(address(5, 2), address(7, 0)), 5, 3), [2]);
        assert!(rows(AddressCondition::Range(address(6, 0), u64::MAX), 5, 3).is_empty());
        assert!(rows(AddressCondition::Range(2, 1), 0, 3).is_empty());
        let list = [
            address(4, 9),
            address(5, 0),
            address(5, 65_535),
            address(5, 70_000),
            address(6, 0),
        ];
        let list = AddressCondition::In(Arc::from(list));
        assert_eq!(rows(list.clone(), 5, 70_000), [0, 65_535]);
        assert_eq!(rows(list.clone(), 5, 1), [0]);
        assert!(rows(list, 1 << 38, 70_000).is_empty());
        let list = [(4, 9), (5, 0), (5, 7), (5, 70_000), (6, 0)].map(|(part, row)| RowId {
            part: PartId(part),
            row,
        });
        let list = AddressCondition::Rows(Arc::from(list));
        assert_eq!(rows(list.clone(), 5, 70_000), [0, 7]);
        assert!(rows(list, 7, 70_000).is_empty());
    }
}
