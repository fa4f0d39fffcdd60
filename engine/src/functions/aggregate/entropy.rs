//! `entropy`: the binary entropy of a column's values; `histogram(x)`: how often each value occurs. Both keep a group's distinct values.

use super::rows::counting_rows;
use super::signature::aggregate;
use super::value_counts::ValueCounts;
use crate::error::{Error, Result};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::functions::scalar::json::document::ObjectBuilder;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::{LogicalType, array_type};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&ENTROPY];

static ENTROPY: AggregateFunction = AggregateFunction {
    info: || {
        aggregate(
            "entropy",
            &[Signature {
                parameters: &[Parameter::Any],
                variadic: false,
                returns: |_| LogicalType::Double,
            }],
        )
    },
    documentation: Documentation {
        category: "statistics",
        summary: "The entropy, in bits, of how often each value occurs that is not NULL; 0 of none.",
        example: "entropy(x)",
        result: "1.584962500721156",
    },
    accumulator: |binding| Ok(Box::new(Counted::new(binding, Answer::Entropy)?)),
    summary: None,
};

/// What becomes of the counts.
pub(super) enum Answer {
    Entropy,
    /// An object of values and counts.
    Histogram,
}

/// All distinct values with their counts, until the end.
pub(super) struct Counted {
    counts: ValueCounts,
    data_type: LogicalType,
    answer: Answer,
}

impl Counted {
    pub(super) fn new(binding: &AggregateBinding, answer: Answer) -> Result<Self> {
        let data_type = binding.argument_types[0].clone();
        Ok(Counted {
            counts: ValueCounts::new(array_type(&data_type), usize::MAX / 4)?,
            data_type,
            answer,
        })
    }
}

/// Of counts, their shares' information on average.
fn entropy(counts: &[i64]) -> f64 {
    let total: i64 = counts.iter().sum();
    let total = total as f64;
    let information = counts.iter().map(|count| {
        let share = *count as f64 / total;
        -share * share.log2()
    });
    information.sum::<f64>() + 0.0
}

impl Accumulator for Counted {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        self.counts.add(&arguments[0], None, groups, mask.as_ref(), group_count)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.counts.merge(states, groups, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.counts.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.counts.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped = self.counts.take(group_count)?;
        if let Answer::Entropy = self.answer {
            let answers = grouped.ranges().map(|range| Some(entropy(&grouped.counts[range])));
            return Ok(Arc::new(answers.collect::<Float64Array>()));
        }
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

    fn memory_bytes(&self) -> usize {
        self.counts.memory_bytes()
    }
}
