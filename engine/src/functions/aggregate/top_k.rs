//! `top_k`, `approx_top_k` and `top_k_counts`: the most frequent values of a group. Exact up to [`DISTINCT_MIN`] distinct values, or
//! eight times the number wanted if that is more; beyond that rare values are left out on the way.

use super::signature::aggregate;
use super::value_counts::{Counted, GroupedCounts, OfCounts, ValueCounts};
use super::value_lists::{item_field, list_offsets};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::functions::scalar::json::document::ObjectBuilder;
use crate::functions::scalar::json::write::{JsonWriter, Style};
use crate::functions::{AggregateBinding, AggregateFunction, Documentation};
use crate::limits::TOP_K_MAX;
use crate::types::{LogicalType, array_type};
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow_buffer::NullBuffer;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

/// Distinct values that are counted exactly, at least.
const DISTINCT_MIN: usize = 4096;

macro_rules! top_k {
    ($static:ident, $name:literal, $summary:literal, $result:literal, $returns:expr) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || {
                aggregate(
                    $name,
                    &[Signature {
                        parameters: &[Parameter::AnyElement, Parameter::Kind(TypeKind::BigInt)],
                        variadic: false,
                        returns: $returns,
                    }],
                )
            },
            documentation: Documentation {
                category: "statistics",
                summary: $summary,
                example: concat!($name, "(x, 2)"),
                result: $result,
            },
            accumulator: |binding| Ok(Box::new(TopK::counted(binding)?)),
            summary: None,
        };
    };
}

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&TOP_K, &APPROX_TOP_K, &TOP_K_COUNTS];

top_k!(
    TOP_K,
    "top_k",
    "The k most frequent values that are not NULL, the most frequent first, as an array; approximate above 4096 distinct values.",
    "{2,1}",
    |arguments| LogicalType::Array(Box::new(super::signature::same_as_first(arguments)))
);
top_k!(
    APPROX_TOP_K,
    "approx_top_k",
    "Another name of top_k.",
    "{2,1}",
    |arguments| LogicalType::Array(Box::new(super::signature::same_as_first(arguments)))
);
top_k!(
    TOP_K_COUNTS,
    "top_k_counts",
    "The k most frequent values with their counts, the most frequent first, as a JSON array of objects; approximate above 4096 distinct values.",
    "[{\"count\": 2, \"value\": 2}, {\"count\": 1, \"value\": 1}]",
    |_| LogicalType::Jsonb
);

struct TopK {
    k: usize,
    data_type: LogicalType,
    with_counts: bool,
}

impl TopK {
    fn counted(binding: &AggregateBinding) -> Result<Counted<Self>> {
        let Some(Some(constant)) = binding.constants.get(1) else {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a number of most frequent values that is not a constant is not supported",
            ));
        };
        let k = match constant.is_null(0) {
            true => 0,
            false => constant.as_primitive::<Int64Type>().value(0),
        };
        let Some(k) = usize::try_from(k).ok().filter(|k| (1..=TOP_K_MAX).contains(k)) else {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("the number of most frequent values must be between 1 and {TOP_K_MAX}"),
            ));
        };
        let data_type = binding.argument_types[0].clone();
        Ok(Counted {
            counts: ValueCounts::new(array_type(&data_type), DISTINCT_MIN.max(8 * k))?,
            answer: TopK {
                k,
                with_counts: binding.return_type == LogicalType::Jsonb,
                data_type,
            },
        })
    }

    fn json(&self, values: &ArrayRef, counts: &[i64], ranges: &[std::ops::Range<usize>]) -> Result<ArrayRef> {
        let settings = FormatSettings::default();
        let writer = JsonWriter::new(values, &self.data_type, Style::Jsonb, &settings);
        let mut answers = StringViewBuilder::with_capacity(ranges.len());
        for range in ranges {
            if range.is_empty() {
                answers.append_null();
                continue;
            }
            let mut text = String::from("[");
            for row in range.clone() {
                if row > range.start {
                    text.push_str(", ");
                }
                let mut value = String::new();
                writer.write(row, &mut value)?;
                let mut object = ObjectBuilder::default();
                object.push("value".to_owned(), value);
                object.push("count".to_owned(), counts[row].to_string());
                object.finish(&mut text);
            }
            text.push(']');
            answers.append_value(text);
        }
        Ok(Arc::new(answers.finish()))
    }
}

impl OfCounts for TopK {
    fn answer(&self, grouped: &GroupedCounts, _group_count: usize) -> Result<ArrayRef> {
        let first_k = |range: std::ops::Range<usize>| range.start..range.end.min(range.start + self.k);
        let ranges: Vec<_> = grouped.ranges().map(first_k).collect();
        if self.with_counts {
            return self.json(&grouped.values, &grouped.counts, &ranges);
        }
        let rows: UInt32Array = ranges.iter().cloned().flatten().map(|row| Some(row as u32)).collect();
        let mut offsets = vec![0];
        ranges
            .iter()
            .for_each(|range| offsets.push(offsets.last().unwrap_or(&0) + range.len()));
        let present: Vec<bool> = ranges.iter().map(|range| !range.is_empty()).collect();
        Ok(Arc::new(ListArray::try_new(
            item_field(&array_type(&self.data_type)),
            list_offsets(&offsets)?,
            arrow_select::take::take(&grouped.values, &rows, None)?,
            Some(NullBuffer::from(present)),
        )?))
    }
}
