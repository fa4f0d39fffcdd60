//! `histogram(x)`: how often each value occurs, as a JSON object; `histogram(x, low, high, buckets)`: how many values fall into each of
//! equally wide buckets, as TimescaleDB has it.

use super::rows::{counting_rows, grow, visit};
use super::signature::aggregate;
use super::value_counts::{Counted, GroupedCounts, OfCounts, ValueCounts};
use super::value_lists::{item_field, list_offsets};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::functions::scalar::json::document::ObjectBuilder;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::limits::HISTOGRAM_BUCKETS_MAX;
use crate::types::{LogicalType, array_type};
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Int64Array, ListArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&HISTOGRAM];

static HISTOGRAM: AggregateFunction = AggregateFunction {
    info: || aggregate("histogram", SIGNATURES),
    documentation: Documentation {
        category: "statistics",
        summary: "How often each value occurs, as a JSON object of values and counts; with (x, low, high, buckets) an array of counts: below low, in \
                  each bucket, and from high on.",
        example: "histogram(x, 0, 4, 2)",
        result: "{0,1,2,1}",
    },
    accumulator: |binding| match binding.argument_types.len() {
        1 => {
            let data_type = binding.argument_types[0].clone();
            Ok(Box::new(Counted {
                counts: ValueCounts::exact(array_type(&data_type))?,
                answer: ValueHistogram { data_type },
            }))
        }
        _ => Ok(Box::new(Histogram::new(binding)?)),
    },
    summary: None,
};

const SIGNATURES: &[Signature] = &[
    Signature {
        parameters: &[Parameter::AnyElement],
        variadic: false,
        returns: |_| LogicalType::Jsonb,
    },
    Signature {
        parameters: &[
            Parameter::Kind(TypeKind::Double),
            Parameter::Kind(TypeKind::Double),
            Parameter::Kind(TypeKind::Double),
            Parameter::Kind(TypeKind::Integer),
        ],
        variadic: false,
        returns: |_| LogicalType::Array(Box::new(LogicalType::BigInt)),
    },
];

/// An object of values and counts.
struct ValueHistogram {
    data_type: LogicalType,
}

impl OfCounts for ValueHistogram {
    fn answer(&self, grouped: &GroupedCounts, group_count: usize) -> Result<ArrayRef> {
        let settings = FormatSettings::default();
        let names = ColumnWriter::new(&grouped.values, &self.data_type, &settings);
        let mut answers = StringViewBuilder::with_capacity(group_count);
        for range in grouped.ranges() {
            if range.is_empty() {
                answers.append_null();
                continue;
            }
            let mut object = ObjectBuilder::default();
            for row in range {
                let mut name = Vec::new();
                names.write(row, &mut name);
                let name =
                    String::from_utf8(name).map_err(|_| Error::Internal("a text form that is not UTF-8".into()))?;
                object.push(name, grouped.counts[row].to_string());
            }
            let mut text = String::new();
            object.finish(&mut text);
            answers.append_value(text);
        }
        Ok(Arc::new(answers.finish()))
    }
}

/// Counts in buckets.
struct Histogram {
    low: f64,
    high: f64,
    buckets: usize,
    /// Per group `buckets + 2` counts; none where no value has come.
    counts: Vec<Option<Box<[i64]>>>,
    groups_with_counts: usize,
}

impl Histogram {
    fn new(binding: &AggregateBinding) -> Result<Self> {
        let invalid = |message: String| Error::user(SqlState::INVALID_PARAMETER_VALUE, message);
        let constant = |place: usize| match binding.constants.get(place) {
            Some(Some(constant)) if constant.is_valid(0) => Ok(constant),
            Some(Some(_)) => Err(invalid("the bounds of a histogram must not be NULL".to_owned())),
            _ => Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a histogram whose bounds are not constants is not supported",
            )),
        };
        let low = constant(1)?.as_primitive::<Float64Type>().value(0);
        let high = constant(2)?.as_primitive::<Float64Type>().value(0);
        let buckets = constant(3)?.as_primitive::<Int32Type>().value(0);
        if !(low < high && low.is_finite() && high.is_finite()) {
            return Err(invalid(
                "the lower bound of a histogram must be below the upper, both finite".to_owned(),
            ));
        }
        let buckets = usize::try_from(buckets)
            .ok()
            .filter(|buckets| (1..=HISTOGRAM_BUCKETS_MAX).contains(buckets));
        let Some(buckets) = buckets else {
            return Err(invalid(format!(
                "the number of buckets of a histogram must be between 1 and {HISTOGRAM_BUCKETS_MAX}"
            )));
        };
        Ok(Histogram {
            low,
            high,
            buckets,
            counts: Vec::new(),
            groups_with_counts: 0,
        })
    }

    fn add(&mut self, group: usize, bucket: usize, count: i64) {
        let counts = &mut self.counts[group];
        if counts.is_none() {
            self.groups_with_counts += 1;
        }
        let counts = counts.get_or_insert_with(|| vec![0; self.buckets + 2].into());
        counts[bucket] += count;
    }

    /// As `width_bucket` numbers them; NaN is above all.
    fn bucket(&self, value: f64) -> usize {
        match value {
            value if value < self.low => 0,
            value if value < self.high => {
                let part = (value - self.low) / (self.high - self.low);
                ((part * self.buckets as f64) as usize + 1).min(self.buckets)
            }
            _ => self.buckets + 1,
        }
    }
}

impl Accumulator for Histogram {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.counts, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<Float64Type>().values();
        visit(groups, mask.as_ref(), |group, row| {
            self.add(group, self.bucket(values[row]), 1)
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        grow(&mut self.counts, group_count, None);
        let lists = states[0].as_list::<i32>();
        visit(groups, None, |group, row| {
            if lists.is_null(row) {
                return;
            }
            let counts = lists.value(row);
            for (bucket, count) in counts.as_primitive::<Int64Type>().values().iter().enumerate() {
                self.add(group, bucket, *count);
            }
        });
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![super::value_lists::list_type(&DataType::Int64)]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(group_count)?])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.counts, group_count, None);
        let all = std::mem::take(&mut self.counts);
        self.groups_with_counts = 0;
        let (mut values, mut offsets) = (Vec::new(), vec![0]);
        for counts in &all {
            values.extend(counts.iter().flat_map(|counts| counts.iter()).copied());
            offsets.push(values.len());
        }
        Ok(Arc::new(ListArray::try_new(
            item_field(&DataType::Int64),
            list_offsets(&offsets)?,
            Arc::new(Int64Array::from(values)),
            Some(all.iter().map(Option::is_some).collect::<NullBuffer>()),
        )?))
    }

    fn memory_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<Option<Box<[i64]>>>()
            + self.groups_with_counts * (self.buckets + 2) * size_of::<i64>()
    }
}
