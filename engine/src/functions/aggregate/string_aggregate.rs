//! `string_agg` of text and bytea.

use super::rows::counting_rows;
use super::signature::{aggregate, same_as_first, signatures};
use super::value_lists::ValueLists;
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::array_type;
use arrow_array::builder::BinaryViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&STRING_AGG];

static STRING_AGG: AggregateFunction = AggregateFunction {
    info: || aggregate("string_agg", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "All values that are not NULL one after the other, each but the first after its delimiter.",
        example: "string_agg(x, ',' ORDER BY x)",
        result: "a,b,c",
    },
    accumulator: |binding: &AggregateBinding| {
        let data_type = array_type(&binding.return_type);
        Ok(Box::new(StringAggregate {
            parts: ValueLists::new(vec![data_type.clone(), data_type.clone()]),
            data_type,
        }))
    },
    summary: None,
};

const SIGNATURES: &[Signature] = signatures![
    (Text, Text) => same_as_first,
    (Bytea, Bytea) => same_as_first,
];

/// Values and their delimiters.
struct StringAggregate {
    parts: ValueLists,
    data_type: DataType,
}

impl StringAggregate {
    fn as_bytes(&self, column: &ArrayRef) -> BinaryViewArray {
        match self.data_type {
            DataType::Utf8View => column.as_string_view().clone().to_binary_view(),
            _ => column.as_binary_view().clone(),
        }
    }
}

impl Accumulator for StringAggregate {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        self.parts.add(&arguments[..2], groups, mask.as_ref())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.parts.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.parts.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.parts.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped = self.parts.take(group_count)?;
        let (values, delimiters) = (self.as_bytes(&grouped.columns[0]), self.as_bytes(&grouped.columns[1]));
        let mut answers = BinaryViewBuilder::with_capacity(group_count);
        let mut text = Vec::new();
        for range in grouped.ranges() {
            if range.is_empty() {
                answers.append_null();
                continue;
            }
            text.clear();
            for row in range.clone() {
                if row > range.start && delimiters.is_valid(row) {
                    text.extend_from_slice(delimiters.value(row));
                }
                text.extend_from_slice(values.value(row));
            }
            answers.append_value(&text);
        }
        let answers = answers.finish();
        Ok(match self.data_type {
            DataType::Utf8View => Arc::new(answers.to_string_view()?),
            _ => Arc::new(answers),
        })
    }

    fn memory_bytes(&self) -> usize {
        self.parts.memory_bytes()
    }
}
