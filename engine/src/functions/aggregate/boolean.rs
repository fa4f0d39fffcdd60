//! `bool_and` (also `every`) and `bool_or`.

use super::rows::{counting_rows, grow, visit};
use super::signature::{aggregate, same_as_first, signatures};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&BOOL_AND, &EVERY, &BOOL_OR];

static BOOL_AND: AggregateFunction = AggregateFunction {
    info: || aggregate("bool_and", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "Whether all values that are not NULL are true.",
        example: "bool_and(x > 0)",
        result: "t",
    },
    accumulator: all_true,
    summary: None,
};

static EVERY: AggregateFunction = AggregateFunction {
    info: || aggregate("every", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The SQL standard's name of bool_and.",
        example: "every(x > 0)",
        result: "t",
    },
    accumulator: all_true,
    summary: None,
};

static BOOL_OR: AggregateFunction = AggregateFunction {
    info: || aggregate("bool_or", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "Whether a value that is not NULL is true.",
        example: "bool_or(x > 0)",
        result: "t",
    },
    accumulator: |_| {
        Ok(Box::new(Decisive {
            decisive: true,
            states: Vec::new(),
        }))
    },
    summary: None,
};

const SIGNATURES: &[Signature] = signatures![(Boolean) => same_as_first];

fn all_true(_: &AggregateBinding) -> Result<Box<dyn Accumulator>> {
    Ok(Box::new(Decisive {
        decisive: false,
        states: Vec::new(),
    }))
}

/// One value decides: false for AND, true for OR.
struct Decisive {
    decisive: bool,
    states: Vec<Option<bool>>,
}

impl Accumulator for Decisive {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.states, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_boolean().values();
        visit(groups, mask.as_ref(), |group, row| {
            let value = values.value(row);
            let state = &mut self.states[group];
            if value == self.decisive || state.is_none() {
                *state = Some(value);
            }
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.update(states, groups, None, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Boolean]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(group_count)?])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.states, group_count, None);
        Ok(Arc::new(BooleanArray::from(std::mem::take(&mut self.states))))
    }

    fn memory_bytes(&self) -> usize {
        self.states.capacity() * size_of::<Option<bool>>()
    }
}
