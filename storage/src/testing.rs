//! Random columns, conditions and selections for tests: shapes that each encoding likes and edges that none does.

use crate::predicate::{Bound, Condition};
use crate::vector::{KeySet, filter::evaluate, flatten, key};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use std::sync::{Arc, LazyLock};

/// One of each stored type.
pub(crate) static STORED_TYPES: LazyLock<[DataType; 17]> = LazyLock::new(|| {
    [
        DataType::Boolean,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::Float32,
        DataType::Float64,
        DataType::Decimal64(15, 2),
        DataType::Decimal128(38, 4),
        DataType::Utf8View,
        DataType::BinaryView,
        DataType::Date32,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Interval(IntervalUnit::MonthDayNano),
        DataType::FixedSizeBinary(16),
        DataType::Utf8View,
    ]
});

/// A small deterministic source of random values.
pub(crate) struct Generator(u64);

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Generator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Integers in one of the shapes that encodings look for.
    pub(crate) fn lanes(&mut self, row_count: usize) -> Vec<i64> {
        let base = (self.next() as i64) >> self.below(60);
        let spread = 1u64 << self.below(63);
        let shape = self.below(7);
        let mut value = base;
        let mut lanes = Vec::with_capacity(row_count);
        for row in 0..row_count {
            value = match shape {
                0 => base,
                1 => base.wrapping_add(self.below(spread) as i64),
                2 if self.below(40) == 0 => base.wrapping_add(self.below(spread) as i64),
                2 => value,
                3 => value.wrapping_add(1000 + self.below(7) as i64),
                4 => base.wrapping_add((self.below(3) as i64).wrapping_mul(spread as i64)),
                5 if row / 1024 % 2 == 0 => self.below(100) as i64,
                5 => base.wrapping_add(self.below(spread) as i64),
                _ => self.next() as i64,
            };
            lanes.push(value);
        }
        for _ in 0..self.below(3) {
            if row_count > 0 {
                let at = self.below(row_count as u64) as usize;
                lanes[at] = [i64::MIN, i64::MAX, 0][self.below(3) as usize];
            }
        }
        lanes
    }

    fn bytes(&mut self, row_count: usize, is_text: bool) -> Vec<Vec<u8>> {
        let shape = self.below(4);
        let words = [
            "",
            "a",
            "Zürich",
            "https://example.org/search?q=",
            "google",
            "日本",
            "0123456789ab",
            "x\u{10ffff}",
        ];
        (0..row_count)
            .map(|row| {
                let mut value = Vec::new();
                match shape {
                    0 => value.extend_from_slice(words[self.below(8) as usize].as_bytes()),
                    1 => {
                        value.extend_from_slice(format!("https://example.org/page/{}", self.below(1 << 40)).as_bytes())
                    }
                    2 => {
                        for _ in 0..self.below(12) {
                            value.extend_from_slice(words[self.below(8) as usize].as_bytes());
                        }
                    }
                    _ => value.extend_from_slice(words[row / 100 % 8].as_bytes()),
                }
                if !is_text && self.below(5) == 0 {
                    value.extend_from_slice(&[0xff; 70]);
                }
                value
            })
            .collect()
    }

    fn nulls(&mut self, row_count: usize) -> Option<NullBuffer> {
        let (mut run, shape) = (false, self.below(6));
        let bits: Vec<bool> = (0..row_count)
            .map(|_| match shape {
                0 => self.below(2) == 0,
                1 => self.below(1000) != 0,
                2 => {
                    run ^= self.below(300) == 0;
                    run
                }
                3 => false,
                _ => true,
            })
            .collect();
        (shape < 4).then(|| NullBuffer::from(bits))
    }

    fn doubles(&mut self, row_count: usize) -> Vec<f64> {
        let shape = self.below(5);
        (0..row_count)
            .map(|_| match shape {
                0 => self.below(100_000) as f64 / 100.0,
                1 => f64::from_bits(self.next()),
                2 => 1.5,
                3 => (self.next() as f64 / u64::MAX as f64).sqrt() + 1.0,
                _ => [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1][self.below(6) as usize],
            })
            .collect()
    }

    /// A plain column of a type.
    pub(crate) fn column(&mut self, data_type: &DataType, row_count: usize) -> ArrayRef {
        let nulls = self.nulls(row_count);
        macro_rules! integers {
            ($array:ty) => {
                Arc::new(
                    <$array>::new(
                        self.lanes(row_count).into_iter().map(|lane| lane as _).collect(),
                        nulls,
                    )
                    .with_data_type(data_type.clone()),
                )
            };
        }
        match data_type {
            DataType::Boolean => {
                let bits = self.lanes(row_count).iter().map(|lane| lane & 1 == 1).collect();
                Arc::new(arrow_array::BooleanArray::new(bits, nulls))
            }
            DataType::Int16 => integers!(arrow_array::Int16Array),
            DataType::Int32 => integers!(arrow_array::Int32Array),
            DataType::Date32 => integers!(arrow_array::Date32Array),
            DataType::Int64 => integers!(arrow_array::Int64Array),
            DataType::Decimal64(_, _) => integers!(arrow_array::Decimal64Array),
            DataType::Time64(_) => integers!(arrow_array::Time64MicrosecondArray),
            DataType::Timestamp(_, _) => integers!(arrow_array::TimestampMicrosecondArray),
            DataType::Decimal128(_, _) => {
                let wide = self.below(2) == 0;
                let lanes = self
                    .lanes(row_count)
                    .into_iter()
                    .map(|lane| i128::from(lane) * if wide { 1 << 40 } else { 1 });
                Arc::new(arrow_array::Decimal128Array::new(lanes.collect(), nulls).with_data_type(data_type.clone()))
            }
            DataType::Float64 => Arc::new(arrow_array::Float64Array::new(self.doubles(row_count).into(), nulls)),
            DataType::Float32 => Arc::new(arrow_array::Float32Array::new(
                self.doubles(row_count).into_iter().map(|value| value as f32).collect(),
                nulls,
            )),
            DataType::Utf8View => {
                let text = self
                    .bytes(row_count, true)
                    .into_iter()
                    .map(|value| String::from_utf8(value).unwrap());
                let array = arrow_array::StringViewArray::from_iter_values(text);
                Arc::new(arrow_array::StringViewArray::new(
                    array.views().clone(),
                    array.data_buffers().to_vec(),
                    nulls,
                ))
            }
            DataType::BinaryView => {
                let array = arrow_array::BinaryViewArray::from_iter_values(self.bytes(row_count, false));
                Arc::new(arrow_array::BinaryViewArray::new(
                    array.views().clone(),
                    array.data_buffers().to_vec(),
                    nulls,
                ))
            }
            DataType::Interval(_) => {
                let values = (0..row_count).map(|_| {
                    arrow_buffer::IntervalMonthDayNano::new(
                        self.below(5) as i32 - 2,
                        self.below(100) as i32 - 50,
                        self.below(1 << 50) as i64,
                    )
                });
                Arc::new(arrow_array::IntervalMonthDayNanoArray::new(values.collect(), nulls))
            }
            _ => {
                let narrow = self.below(2) == 0;
                let bytes: Vec<u8> = (0..row_count)
                    .flat_map(|_| {
                        let value = if narrow { self.below(5) } else { self.next() };
                        (u128::from(value) << 40).to_be_bytes()
                    })
                    .collect();
                Arc::new(arrow_array::FixedSizeBinaryArray::new(16, bytes.into(), nulls))
            }
        }
    }

    /// All, none, few or half of the rows.
    pub(crate) fn selection(&mut self, row_count: usize) -> BooleanBuffer {
        match self.below(4) {
            0 => BooleanBuffer::new_set(row_count),
            1 => BooleanBuffer::collect_bool(row_count, |_| self.below(2) == 0),
            2 => BooleanBuffer::collect_bool(row_count, |row| row % 2048 < 10),
            _ => BooleanBuffer::new_unset(row_count),
        }
    }
}

/// Conditions of every kind around the values of a column.
pub(crate) fn conditions_for(column: &ArrayRef, generator: &mut Generator) -> Vec<Condition> {
    let mut conditions = vec![Condition::IsNull, Condition::IsNotNull];
    let present: Vec<usize> = (0..column.len()).filter(|row| column.is_valid(*row)).collect();
    if present.is_empty() {
        return conditions;
    }
    let mut any = || column.slice(present[generator.below(present.len() as u64) as usize], 1);
    let (first, second) = (any(), any());
    let bound = |value: &ArrayRef, inclusive: bool| {
        Some(Bound {
            value: value.clone(),
            inclusive,
        })
    };
    let range = |lower: Option<Bound>, upper: Option<Bound>| Condition::Range { lower, upper };
    conditions.push(range(bound(&first, true), bound(&first, true)));
    conditions.push(range(bound(&first, false), None));
    conditions.push(range(None, bound(&second, false)));
    conditions.push(range(bound(&first, true), bound(&second, true)));
    conditions.push(Condition::NotEqual(second.clone()));
    for count in [1, 3, 12] {
        let values: Vec<ArrayRef> = (0..count).map(|_| any()).collect();
        let list = sorted_distinct(&values);
        conditions.push(Condition::In(list.clone()));
        conditions.push(Condition::NotIn(list));
    }
    let some: Vec<ArrayRef> = (0..5).map(|_| any()).collect();
    conditions.extend(KeySet::of(&some).map(|set| Condition::Among(Arc::new(set))));
    conditions.push(Condition::In(first.slice(0, 0)));
    conditions.push(Condition::NotIn(first.slice(0, 0)));
    if matches!(column.data_type(), DataType::Utf8View | DataType::BinaryView) {
        let bytes = key::bytes_at(first.as_ref(), 0);
        for part in [&bytes[..bytes.len() / 2], bytes, b"google", b""] {
            conditions.push(Condition::Prefix(part.into()));
            conditions.push(Condition::Contains(part.into()));
        }
        let empty = key::scalar_of_bytes(column.data_type(), b"").unwrap();
        conditions.push(Condition::NotEqual(empty));
    }
    conditions
}

fn sorted_distinct(values: &[ArrayRef]) -> ArrayRef {
    let arrays: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
    let all = arrow_select::concat::concat(&arrays).unwrap();
    let mut kept: Vec<u32> = Vec::new();
    for row in 0..all.len() as u32 {
        let value = all.slice(row as usize, 1);
        if !kept.iter().any(|other| {
            evaluate(&all.slice(*other as usize, 1), &Condition::NotEqual(value.clone())).count_set_bits() == 0
        }) {
            kept.push(row);
        }
    }
    kept.sort_by(|left, right| {
        let below = Condition::Range {
            lower: None,
            upper: Some(Bound {
                value: all.slice(*right as usize, 1),
                inclusive: false,
            }),
        };
        if evaluate(&all.slice(*left as usize, 1), &below).value(0) {
            std::cmp::Ordering::Less
        } else {
            std::cmp::Ordering::Greater
        }
    });
    arrow_select::take::take(&all, &arrow_array::UInt32Array::from(kept), None).unwrap()
}

/// The same values bit for bit and the same NULLs; either may be encoded.
pub(crate) fn assert_same_values(found: &ArrayRef, expected: &ArrayRef) {
    let found = flatten(found);
    assert_eq!(found.data_type(), expected.data_type());
    assert_eq!(found.len(), expected.len());
    macro_rules! bits {
        ($native:ty) => {{
            let (found, expected) = (found.as_primitive::<$native>(), expected.as_primitive::<$native>());
            for row in 0..expected.len() {
                assert_eq!(found.is_null(row), expected.is_null(row), "row {row}");
                if expected.is_valid(row) {
                    assert_eq!(found.value(row).to_bits(), expected.value(row).to_bits(), "row {row}");
                }
            }
        }};
    }
    match expected.data_type() {
        DataType::Float64 => bits!(arrow_array::types::Float64Type),
        DataType::Float32 => bits!(arrow_array::types::Float32Type),
        _ => assert_eq!(&found, expected),
    }
    assert!(found.to_data().validate_full().is_ok());
}
