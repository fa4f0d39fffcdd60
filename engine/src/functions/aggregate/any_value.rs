//! `any_value`, `first` and `last`.

use super::picked::{Held, PickedRows};
use super::rows::counting_rows;
use super::signature::{aggregate, same_as_first};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&ANY_VALUE, &FIRST, &LAST];

static ANY_VALUE: AggregateFunction = AggregateFunction {
    info: || aggregate("any_value", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "Some value that is not NULL.",
        example: "any_value(x)",
        result: "1",
    },
    accumulator: |binding| Ok(Box::new(Picked::new(binding, Pick::Any))),
    summary: None,
};

static FIRST: AggregateFunction = AggregateFunction {
    info: || aggregate("first", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The value of the first row, NULL or not; say ORDER BY inside the call for a defined first.",
        example: "first(x ORDER BY x)",
        result: "1",
    },
    accumulator: |binding| Ok(Box::new(Picked::new(binding, Pick::First))),
    summary: None,
};

static LAST: AggregateFunction = AggregateFunction {
    info: || aggregate("last", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The value of the last row, NULL or not; say ORDER BY inside the call for a defined last.",
        example: "last(x ORDER BY x)",
        result: "3",
    },
    accumulator: |binding| Ok(Box::new(Picked::new(binding, Pick::Last))),
    summary: None,
};

const SIGNATURES: &[Signature] = &[Signature {
    parameters: &[Parameter::AnyElement],
    variadic: false,
    returns: same_as_first,
}];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    /// The first that is not NULL.
    Any,
    First,
    Last,
}

struct Picked {
    rows: PickedRows,
    data_type: DataType,
    pick: Pick,
}

impl Picked {
    fn new(binding: &AggregateBinding, pick: Pick) -> Self {
        let data_type = array_type(&binding.return_type);
        Picked {
            rows: PickedRows::new(vec![data_type.clone()]),
            data_type,
            pick,
        }
    }
}

impl Accumulator for Picked {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let counted = match self.pick {
            Pick::Any => &arguments[..1],
            Pick::First | Pick::Last => &[],
        };
        let mask = counting_rows(counted, selection);
        let takes_later = self.pick == Pick::Last;
        self.rows
            .offer(&arguments[..1], groups, mask.as_ref(), group_count, |_, _, held| {
                takes_later || matches!(held, Held::Nothing)
            })
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        // The second column says whether there was a row: its value may be NULL.
        let present = states[1].as_boolean().values().clone();
        self.update(&states[..1], groups, Some(&present), group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![self.data_type.clone(), DataType::Boolean]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let (mut columns, present) = self.rows.take(group_count)?;
        columns.push(Arc::new(BooleanArray::from(present)));
        Ok(columns)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let (mut columns, _) = self.rows.take(group_count)?;
        Ok(columns.remove(0))
    }

    fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
    }
}
