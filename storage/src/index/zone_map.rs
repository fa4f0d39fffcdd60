//! Least and greatest value, NULLs and sum of runs of rows: zones, blocks, segments. Stored column by column, a stream each.
//!
//! ```text
//! table  = null_counts:sized(stream) bounds sums
//! bounds = 0                                                     not known
//!        | 1 minima:sized(stream) maxima:sized(stream)           integer keys; minimum above maximum where all is NULL
//!        | 2 minimum:i128* maximum:i128*                         128-bit keys
//!        | 3 (exact:u8 minimum:text maximum:text)*               text = 0 | 1 sized
//! sums   = 0 | 1 sum:sized(stream) | 2 sum:i128*
//! ```

use super::Verdict;
use super::byte_bounds::{ByteBounds, WHOLE_BYTES_MAX, byte_bounds, code_bounds, merge_bytes};
use crate::encoding::lanes::{self, Lanes};
use crate::encoding::{Cursor, Decoded, malformed, put_sized};
use crate::segment::ColumnSummary;
use crate::vector::filter::Test;
use crate::vector::key::{self, Domain, bytes_at, domain_of};
use crate::vector::multiversion::{Kernel, dispatch};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// Summaries of consecutive runs of rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ZoneTable {
    pub(crate) null_counts: Vec<u32>,
    pub(crate) bounds: Bounds,
    /// Empty where the type has no sum.
    pub(crate) sums: Vec<i128>,
}

/// Least and greatest values, as keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Bounds {
    Unknown,
    Lane { minima: Vec<i64>, maxima: Vec<i64> },
    Wide { minima: Vec<i128>, maxima: Vec<i128> },
    Bytes(Vec<ByteBounds>),
}

/// Whether values of a type are summed.
pub(crate) fn has_sum(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Decimal64(_, _) | DataType::Decimal128(_, _)
    )
}

/// Least, greatest and sum of some integers in one pass.
struct Survey<'a>(&'a [i64]);

impl Kernel for Survey<'_> {
    type Output = (i64, i64, i128);
    #[inline(always)]
    fn run(self) -> Self::Output {
        let (mut minimum, mut maximum) = (i64::MAX, i64::MIN);
        let (mut upper, mut lower) = (0i64, 0u64);
        for value in self.0 {
            minimum = minimum.min(*value);
            maximum = maximum.max(*value);
            upper = upper.wrapping_add(*value >> 32);
            lower = lower.wrapping_add(*value as u64 & 0xffff_ffff);
        }
        (minimum, maximum, (i128::from(upper) << 32) + i128::from(lower))
    }
}

/// Least, greatest and exact sum of up to 2^31 integers.
pub(crate) fn survey(values: &[i64]) -> (i64, i64, i128) {
    dispatch(Survey(values))
}

impl ZoneTable {
    /// Nothing yet, for a column of that type.
    pub(crate) fn empty(data_type: &DataType) -> Self {
        let bounds = match domain_of(data_type) {
            Some(Domain::Lane) => Bounds::Lane {
                minima: Vec::new(),
                maxima: Vec::new(),
            },
            Some(Domain::Wide) if !matches!(data_type, DataType::Interval(_)) => Bounds::Wide {
                minima: Vec::new(),
                maxima: Vec::new(),
            },
            Some(Domain::Bytes) => Bounds::Bytes(Vec::new()),
            _ => Bounds::Unknown,
        };
        ZoneTable {
            null_counts: Vec::new(),
            bounds,
            sums: Vec::new(),
        }
    }

    /// Entries.
    pub(crate) fn len(&self) -> usize {
        self.null_counts.len()
    }

    /// Adds an entry per `zone_rows` rows of a plain array. `keys` are the array's lane keys where its domain has them; `dictionary`
    /// its ascending values and each row's code, if known.
    pub(crate) fn append(
        &mut self,
        array: &ArrayRef,
        keys: Option<&[i64]>,
        dictionary: Option<(&ArrayRef, &[u32])>,
        zone_rows: usize,
    ) {
        let summed = has_sum(array.data_type());
        let wide = match &self.bounds {
            Bounds::Wide { .. } => key::wide_keys(array.as_ref()),
            _ => None,
        };
        let mut from = 0;
        while from < array.len() {
            let to = (from + zone_rows).min(array.len());
            let zone = array.slice(from, to - from);
            let nulls = zone.nulls().filter(|nulls| nulls.null_count() > 0);
            self.null_counts
                .push(nulls.map_or(0, |nulls| nulls.null_count() as u32));
            match &mut self.bounds {
                Bounds::Unknown => {}
                Bounds::Lane { minima, maxima } => {
                    let keys = &keys.unwrap_or_default()[from..to];
                    let (minimum, maximum, sum) = match nulls {
                        None => survey(keys),
                        Some(nulls) => {
                            let present: Vec<i64> = nulls.valid_indices().map(|row| keys[row]).collect();
                            survey(&present)
                        }
                    };
                    minima.push(minimum);
                    maxima.push(maximum);
                    if summed {
                        self.sums.push(sum);
                    }
                }
                Bounds::Wide { minima, maxima } => {
                    let keys = &wide.as_deref().unwrap_or_default()[from..to];
                    let (mut minimum, mut maximum, mut sum) = (i128::MAX, i128::MIN, Some(0i128));
                    for (row, key) in keys.iter().enumerate() {
                        if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                            minimum = minimum.min(*key);
                            maximum = maximum.max(*key);
                            sum = sum.and_then(|sum| sum.checked_add(*key));
                        }
                    }
                    minima.push(minimum);
                    maxima.push(maximum);
                    if summed {
                        self.sums.push(sum.unwrap_or(i128::MIN));
                    }
                }
                Bounds::Bytes(bounds) => bounds.push(match dictionary {
                    Some((values, codes)) => code_bounds(values, &codes[from..to], nulls),
                    None => byte_bounds(&zone),
                }),
            }
            from = to;
        }
    }

    /// One entry per `count` entries of this table.
    pub(crate) fn merged(&self, count: usize) -> ZoneTable {
        let groups = |values: &[i128], merge: &dyn Fn(&[i128]) -> i128| -> Vec<i128> {
            values.chunks(count).map(merge).collect()
        };
        ZoneTable {
            null_counts: self
                .null_counts
                .chunks(count)
                .map(|counts| counts.iter().sum())
                .collect(),
            bounds: match &self.bounds {
                Bounds::Unknown => Bounds::Unknown,
                Bounds::Lane { minima, maxima } => Bounds::Lane {
                    minima: minima
                        .chunks(count)
                        .filter_map(|minima| minima.iter().min().copied())
                        .collect(),
                    maxima: maxima
                        .chunks(count)
                        .filter_map(|maxima| maxima.iter().max().copied())
                        .collect(),
                },
                Bounds::Wide { minima, maxima } => Bounds::Wide {
                    minima: minima
                        .chunks(count)
                        .filter_map(|minima| minima.iter().min().copied())
                        .collect(),
                    maxima: maxima
                        .chunks(count)
                        .filter_map(|maxima| maxima.iter().max().copied())
                        .collect(),
                },
                Bounds::Bytes(bounds) => Bounds::Bytes(bounds.chunks(count).map(merge_bytes).collect()),
            },
            sums: groups(&self.sums, &|sums| {
                sums.iter()
                    .try_fold(0i128, |sum, next| {
                        if *next == i128::MIN {
                            None
                        } else {
                            sum.checked_add(*next)
                        }
                    })
                    .unwrap_or(i128::MIN)
            }),
        }
    }

    /// What is known of an entry's rows and a condition.
    pub(crate) fn verdict(&self, entry: usize, row_count: u32, test: &Test) -> Verdict {
        let null_count = self.null_counts[entry];
        match test {
            Test::Null if null_count == row_count => return Verdict::EveryRow,
            Test::Null if null_count == 0 => return Verdict::NoRow,
            Test::Null => return Verdict::SomeRows,
            Test::NotNull if null_count == row_count => return Verdict::NoRow,
            Test::NotNull if null_count == 0 => return Verdict::EveryRow,
            Test::NotNull => return Verdict::SomeRows,
            _ if null_count == row_count => return Verdict::NoRow,
            _ => {}
        }
        let verdict = match (&self.bounds, test) {
            (Bounds::Lane { minima, maxima }, test) => test.lane_verdict(minima[entry], maxima[entry]),
            (Bounds::Wide { minima, maxima }, Test::Wide(test)) => test.verdict(minima[entry], maxima[entry]),
            (Bounds::Bytes(bounds), Test::Bytes(test)) => bounds[entry].verdict(test),
            _ => Verdict::SomeRows,
        };
        if null_count > 0 && verdict == Verdict::EveryRow {
            Verdict::SomeRows
        } else {
            verdict
        }
    }

    /// The least of all entries' values, where they are texts or bytes and it was not cut.
    pub(crate) fn least_whole_bytes(&self) -> Option<&[u8]> {
        let Bounds::Bytes(bounds) = &self.bounds else {
            return None;
        };
        let least = bounds.iter().filter_map(|bounds| bounds.minimum.as_deref()).min()?;
        (least.len() <= WHOLE_BYTES_MAX).then_some(least)
    }

    /// An entry for the layers above.
    pub(crate) fn summary(&self, entry: usize, row_count: u32, data_type: &DataType) -> ColumnSummary {
        let null_count = self.null_counts[entry];
        let known = null_count < row_count;
        let (minimum, maximum, exact) = match &self.bounds {
            _ if !known => (None, None, true),
            Bounds::Unknown => (None, None, false),
            Bounds::Lane { minima, maxima } => (
                key::scalar_of_lane(data_type, minima[entry]),
                key::scalar_of_lane(data_type, maxima[entry]),
                true,
            ),
            Bounds::Wide { minima, maxima } => (
                key::scalar_of_wide(data_type, minima[entry]),
                key::scalar_of_wide(data_type, maxima[entry]),
                true,
            ),
            Bounds::Bytes(bounds) => {
                let scalar = |bytes: &Option<Box<[u8]>>| {
                    bytes
                        .as_deref()
                        .and_then(|bytes| key::scalar_of_bytes(data_type, bytes))
                };
                let bounds = &bounds[entry];
                (scalar(&bounds.minimum), scalar(&bounds.maximum), bounds.exact)
            }
        };
        ColumnSummary {
            row_count,
            null_count,
            minimum,
            maximum,
            exact,
            sum: self.sums.get(entry).copied().filter(|sum| *sum != i128::MIN),
            distinct_count: None,
        }
    }

    /// Appends the table.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let stream = |values: Vec<i64>, out: &mut Vec<u8>| {
            put_sized(out, |out| {
                lanes::encode(&values, out);
            });
        };
        stream(self.null_counts.iter().map(|count| i64::from(*count)).collect(), out);
        match &self.bounds {
            Bounds::Unknown => out.push(0),
            Bounds::Lane { minima, maxima } => {
                out.push(1);
                stream(minima.clone(), out);
                stream(maxima.clone(), out);
            }
            Bounds::Wide { minima, maxima } => {
                out.push(2);
                out.extend(minima.iter().chain(maxima).flat_map(|key| key.to_le_bytes()));
            }
            Bounds::Bytes(bounds) => {
                out.push(3);
                for bounds in bounds {
                    out.push(u8::from(bounds.exact));
                    for bound in [&bounds.minimum, &bounds.maximum] {
                        out.push(u8::from(bound.is_some()));
                        if let Some(bytes) = bound {
                            put_sized(out, |out| out.extend_from_slice(bytes));
                        }
                    }
                }
            }
        }
        if self.sums.is_empty() {
            out.push(0);
        } else if let Ok(sums) = self
            .sums
            .iter()
            .map(|sum| i64::try_from(*sum))
            .collect::<Result<Vec<_>, _>>()
        {
            out.push(1);
            stream(sums, out);
        } else {
            out.push(2);
            out.extend(self.sums.iter().flat_map(|sum| sum.to_le_bytes()));
        }
    }

    /// Reads a table of that many entries for a column of that type.
    pub(crate) fn parse(cursor: &mut Cursor<'_>, count: usize, data_type: &DataType) -> Decoded<Self> {
        let stream =
            |cursor: &mut Cursor<'_>| -> Decoded<Vec<i64>> { Lanes::parse(cursor.sized()?, count)?.to_vec(0..count) };
        let null_counts = stream(cursor)?.into_iter().map(|count| count as u32).collect();
        let bounds = match (cursor.u8()?, ZoneTable::empty(data_type).bounds) {
            (0, Bounds::Unknown) => Bounds::Unknown,
            (1, Bounds::Lane { .. }) => Bounds::Lane {
                minima: stream(cursor)?,
                maxima: stream(cursor)?,
            },
            (2, Bounds::Wide { .. }) => Bounds::Wide {
                minima: cursor.i128s(count)?,
                maxima: cursor.i128s(count)?,
            },
            (3, Bounds::Bytes(_)) => {
                let mut bounds = Vec::new();
                for _ in 0..count {
                    let exact = cursor.u8()? != 0;
                    let mut bound = || -> Decoded<Option<Box<[u8]>>> {
                        Ok(match cursor.u8()? {
                            0 => None,
                            _ => Some(cursor.sized()?.into()),
                        })
                    };
                    bounds.push(ByteBounds {
                        minimum: bound()?,
                        maximum: bound()?,
                        exact,
                    });
                }
                Bounds::Bytes(bounds)
            }
            (tag, _) => return malformed(format!("bounds of form {tag} for {data_type}")),
        };
        let sums = match cursor.u8()? {
            0 => Vec::new(),
            1 => stream(cursor)?.into_iter().map(i128::from).collect(),
            2 => cursor.i128s(count)?,
            tag => return malformed(format!("sums of form {tag}")),
        };
        Ok(ZoneTable {
            null_counts,
            bounds,
            sums,
        })
    }
}

/// The verdict on a summary; [`Verdict::SomeRows`] where the condition does not fit its type.
pub(crate) fn verdict_of_summary(summary: &ColumnSummary, condition: &crate::predicate::Condition) -> Verdict {
    use crate::predicate::Condition;
    let data_type = match (&summary.minimum, &summary.maximum) {
        (Some(value), _) | (_, Some(value)) => value.data_type().clone(),
        _ => DataType::Null,
    };
    let test = match condition {
        Condition::IsNull => Test::Null,
        Condition::IsNotNull => Test::NotNull,
        _ if summary.null_count == summary.row_count => return Verdict::NoRow,
        _ => match Test::compile(condition, &data_type) {
            Ok(test) => test,
            Err(_) => return Verdict::SomeRows,
        },
    };
    let mut bounds = ZoneTable::empty(&data_type).bounds;
    let lane = |value: &Option<ArrayRef>| {
        value
            .as_ref()
            .and_then(|value| key::lane_keys(value.as_ref())?.last().copied())
    };
    let wide = |value: &Option<ArrayRef>| value.as_ref().and_then(|value| key::wide_keys(value.as_ref())?.pop());
    let bytes = |value: &Option<ArrayRef>| value.as_ref().map(|value| bytes_at(value.as_ref(), 0).into());
    match &mut bounds {
        Bounds::Unknown => {}
        Bounds::Lane { minima, maxima } => {
            minima.push(lane(&summary.minimum).unwrap_or(i64::MIN));
            maxima.push(lane(&summary.maximum).unwrap_or(i64::MAX));
        }
        Bounds::Wide { minima, maxima } => {
            minima.push(wide(&summary.minimum).unwrap_or(i128::MIN));
            maxima.push(wide(&summary.maximum).unwrap_or(i128::MAX));
        }
        Bounds::Bytes(bounds) => bounds.push(ByteBounds {
            minimum: bytes(&summary.minimum),
            maximum: bytes(&summary.maximum),
            exact: summary.exact,
        }),
    }
    ZoneTable {
        null_counts: vec![summary.null_count],
        bounds,
        sums: Vec::new(),
    }
    .verdict(0, summary.row_count, &test)
}
