//! Which partition a row belongs to, and rows taken apart by it. Calendar arithmetic in UTC; never a time zone.

use crate::index::zone_map::survey;
use crate::schema::{PartitionBy, PartitionKey, PartitionUnit, TableSchema};
use crate::vector::key::integer_lanes;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hashbrown::HashMap;
use std::ops::Range;

const DAY_MICROSECONDS: i64 = 86_400_000_000;
/// Days between the first and the last row up to which partitions are looked up in an array.
const DAYS_LISTED_MAX: i64 = 1 << 16;

/// Rows of a batch that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rows {
    /// All rows.
    All,
    /// Consecutive rows.
    Range(Range<usize>),
    /// These, ascending.
    Listed(Vec<u32>),
}

/// Takes rows apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partitioner {
    /// The partition column's position in the table.
    position: usize,
    unit: PartitionUnit,
    /// Of the column, for a day.
    units_per_day: i64,
}

impl Partitioner {
    /// The table's; `None` where all rows are one partition.
    pub(crate) fn of(schema: &TableSchema) -> Option<Self> {
        let PartitionBy { column, unit } = schema.partition_by?;
        let position = schema.columns.iter().position(|known| known.id == column)?;
        let units_per_day = match schema.columns[position].data_type {
            DataType::Date32 => 1,
            _ => DAY_MICROSECONDS,
        };
        Some(Partitioner {
            position,
            unit,
            units_per_day,
        })
    }

    fn day(&self, value: i64) -> i64 {
        match self.units_per_day {
            1 => value,
            _ => value.div_euclid(DAY_MICROSECONDS),
        }
    }

    /// The rows of each partition that occurs.
    pub(crate) fn split(&self, columns: &[ArrayRef]) -> Vec<(PartitionKey, Rows)> {
        let column = &columns[self.position];
        let Some(values) = integer_lanes(column.as_ref()).filter(|values| !values.is_empty()) else {
            return vec![(PartitionKey(None), Rows::All)];
        };
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        if nulls.is_some_and(|nulls| nulls.null_count() == values.len()) {
            return vec![(PartitionKey(None), Rows::All)];
        }
        let (least, greatest, _) = survey(&values);
        let (first, last) = (self.day(least), self.day(greatest));
        if nulls.is_none() && partition_start(first, self.unit) == partition_start(last, self.unit) {
            return vec![(PartitionKey(Some(partition_start(first, self.unit))), Rows::All)];
        }
        let mut groups = Groups::new(self.unit, first, last);
        for (row, value) in values.iter().enumerate() {
            match nulls.is_some_and(|nulls| nulls.is_null(row)) {
                true => groups.add(PartitionKey(None), row as u32),
                false => groups.add_day(self.day(*value), row as u32),
            }
        }
        groups.finish()
    }
}

/// Lists of rows by partition.
struct Groups {
    unit: PartitionUnit,
    first_day: i64,
    /// The group of each day, one more than its place; 0 is not known yet. Empty where days lie too far apart.
    by_day: Vec<u32>,
    places: HashMap<PartitionKey, usize, foldhash::fast::RandomState>,
    lists: Vec<(PartitionKey, Vec<u32>)>,
}

impl Groups {
    fn new(unit: PartitionUnit, first_day: i64, last_day: i64) -> Self {
        let days = last_day.saturating_sub(first_day);
        Groups {
            unit,
            first_day,
            by_day: match days < DAYS_LISTED_MAX {
                true => vec![0; days as usize + 1],
                false => Vec::new(),
            },
            places: HashMap::default(),
            lists: Vec::new(),
        }
    }

    fn place(&mut self, key: PartitionKey) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.lists.push((key, Vec::new()));
            self.lists.len() - 1
        })
    }

    fn add(&mut self, key: PartitionKey, row: u32) {
        let place = self.place(key);
        self.lists[place].1.push(row);
    }

    #[inline]
    fn add_day(&mut self, day: i64, row: u32) {
        let offset = (day - self.first_day) as usize;
        match self.by_day.get(offset) {
            Some(place) if *place > 0 => self.lists[*place as usize - 1].1.push(row),
            _ => {
                let place = self.place(PartitionKey(Some(partition_start(day, self.unit))));
                if let Some(known) = self.by_day.get_mut(offset) {
                    *known = place as u32 + 1;
                }
                self.lists[place].1.push(row);
            }
        }
    }

    fn finish(self) -> Vec<(PartitionKey, Rows)> {
        let rows = |list: Vec<u32>| match (list.first(), list.last()) {
            (Some(first), Some(last)) if (last - first) as usize + 1 == list.len() => {
                Rows::Range(*first as usize..*last as usize + 1)
            }
            _ => Rows::Listed(list),
        };
        self.lists.into_iter().map(|(key, list)| (key, rows(list))).collect()
    }
}

/// The day on which the partition of a day begins; days beyond the calendar's end belong to its last.
pub(crate) fn partition_start(day: i64, unit: PartitionUnit) -> i32 {
    let day = day.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
    let start = match unit {
        PartitionUnit::Day => day,
        // 1970-01-01 was a Thursday.
        PartitionUnit::Week => day - (day + 3).rem_euclid(7),
        PartitionUnit::Month => {
            let (year, month) = year_and_month(day);
            first_of_month(year, month)
        }
        PartitionUnit::Year => first_of_month(year_and_month(day).0, 1),
    };
    start.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// The day on which the next partition begins.
pub(crate) fn partition_end(start: i32, unit: PartitionUnit) -> i64 {
    let start = i64::from(start);
    match unit {
        PartitionUnit::Day => start + 1,
        PartitionUnit::Week => start + 7,
        PartitionUnit::Month => {
            let (year, month) = year_and_month(start);
            first_of_month(year, month + 1)
        }
        PartitionUnit::Year => first_of_month(year_and_month(start).0 + 1, 1),
    }
}

/// The year and month of a day: the Gregorian calendar, in eras of 400 years that begin in March.
/// The first day, in days since 1970-01-01, that a table keeps at a time in microseconds since then: days before are in partitions beyond
/// its retention. `None` where it keeps all.
pub fn kept_from(schema: &TableSchema, now: i64) -> Option<i32> {
    let (days, by) = (schema.retention_days?, schema.partition_by?);
    let today = now.div_euclid(86_400_000_000);
    Some(partition_start(today - i64::from(days), by.unit))
}

fn year_and_month(day: i64) -> (i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month)
}

/// The first day of a month; month 13 is the next January.
fn first_of_month(year: i64, month: i64) -> i64 {
    let (year, month) = (year + (month - 1) / 12, (month - 1) % 12 + 1);
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Date32Array, TimestampMicrosecondArray};
    use std::sync::Arc;

    #[test]
    fn partitions_begin_where_the_calendar_says() {
        use PartitionUnit::*;
        // 2024-02-29 is day 19,782, a Thursday.
        let starts = [Day, Week, Month, Year].map(|unit| partition_start(19_782, unit));
        assert_eq!(starts, [19_782, 19_779, 19_754, 19_723]);
        // 1969-12-31.
        let starts = [Day, Week, Month, Year].map(|unit| partition_start(-1, unit));
        assert_eq!(starts, [-1, -3, -31, -365]);
        for day in (-800_000..800_000).step_by(17) {
            for unit in [Day, Week, Month, Year] {
                let start = partition_start(day, unit);
                let end = partition_end(start, unit);
                assert!(i64::from(start) <= day && day < end, "{day} {unit:?}");
                assert_eq!(partition_start(end - 1, unit), start);
                assert_eq!(i64::from(partition_start(end, unit)), end);
            }
        }
        partition_start(i64::MIN, Month);
        partition_start(i64::MAX, Year);
    }

    #[test]
    fn rows_are_taken_apart_and_none_is_lost() {
        let partitioner = Partitioner {
            position: 0,
            unit: PartitionUnit::Day,
            units_per_day: DAY_MICROSECONDS,
        };
        let split = |values: Vec<Option<i64>>| partitioner.split(&[Arc::new(TimestampMicrosecondArray::from(values))]);
        let day = DAY_MICROSECONDS;
        let key = |day| PartitionKey(Some(day));
        assert_eq!(split(vec![Some(1), Some(5)]), [(key(0), Rows::All)]);
        assert_eq!(
            split(vec![Some(1), Some(day), Some(day + 1), Some(-1), None, Some(2)]),
            [
                (key(0), Rows::Listed(vec![0, 5])),
                (key(1), Rows::Range(1..3)),
                (key(-1), Rows::Range(3..4)),
                (PartitionKey(None), Rows::Range(4..5)),
            ]
        );
        assert_eq!(split(vec![None, None]), [(PartitionKey(None), Rows::All)]);
        let far = Partitioner {
            units_per_day: 1,
            ..partitioner
        };
        let dates: ArrayRef = Arc::new(Date32Array::from(vec![i32::MIN, 0, i32::MAX]));
        assert_eq!(far.split(&[dates]).len(), 3);
    }
}
