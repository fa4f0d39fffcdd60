//! `array_agg`, also `list`.

use super::signature::aggregate;
use super::value_lists::{ValueLists, item_field, list_offsets};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::{LogicalType, array_type};
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&ARRAY_AGG, &LIST];

static ARRAY_AGG: AggregateFunction = AggregateFunction {
    info: || aggregate("array_agg", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "All values, NULLs included, as an array.",
        example: "array_agg(x ORDER BY x)",
        result: "{1,2,3}",
    },
    accumulator,
    summary: None,
};

static LIST: AggregateFunction = AggregateFunction {
    info: || aggregate("list", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "Another name of array_agg.",
        example: "list(x ORDER BY x)",
        result: "{1,2,3}",
    },
    accumulator,
    summary: None,
};

const SIGNATURES: &[Signature] = &[Signature {
    parameters: &[Parameter::AnyElement],
    variadic: false,
    returns: |arguments| LogicalType::Array(Box::new(super::signature::same_as_first(arguments))),
}];

fn accumulator(binding: &AggregateBinding) -> Result<Box<dyn Accumulator>> {
    let element = &binding.argument_types[0];
    Ok(Box::new(ArrayAggregate {
        values: ValueLists::new(vec![array_type(element)]),
        element: array_type(element),
    }))
}

struct ArrayAggregate {
    values: ValueLists,
    element: DataType,
}

impl Accumulator for ArrayAggregate {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        self.values.add(&arguments[..1], groups, selection)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let mut grouped = self.values.take(group_count)?;
        let present: Vec<bool> = grouped.ranges().map(|range| !range.is_empty()).collect();
        let offsets = list_offsets(&grouped.offsets)?;
        let list = ListArray::try_new(
            item_field(&self.element),
            offsets,
            grouped.columns.remove(0),
            Some(NullBuffer::from(present)).filter(|nulls| nulls.null_count() > 0),
        )?;
        Ok(Arc::new(list))
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }
}
