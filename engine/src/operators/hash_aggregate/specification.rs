//! What an aggregation is made of, and the columns of a batch that it needs.

use super::best::BestGroups;
use super::call::{AggregateInput, AggregateStep};
use crate::error::Result;
use crate::operators::gather::constant;
use crate::operators::project::Projection;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int32Array, UInt32Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::{Batch, flatten};

/// An aggregation.
pub(crate) struct AggregateSpecification {
    pub(crate) keys: Vec<Projection>,
    /// The keys' plain types.
    pub(crate) key_types: Vec<DataType>,
    /// What aggregates take, each once.
    pub(crate) arguments: Vec<Projection>,
    /// Conditions of FILTER, each once.
    pub(crate) filters: Vec<Projection>,
    pub(crate) calls: Vec<AggregateStep>,
    /// The keys of each grouping set; one set of all keys for plain GROUP BY.
    pub(crate) sets: Vec<Vec<usize>>,
    /// Answers are followed by the number of the grouping set.
    pub(crate) gives_set_index: bool,
    /// Hands out the states of all aggregates instead of their answers.
    pub(crate) gives_states: bool,
    /// Any so many groups will do.
    pub(crate) group_limit: Option<usize>,
    /// Only the first by an answer are wanted.
    pub(crate) best_groups: Option<BestGroups>,
}

/// What an aggregation takes of a batch: plain arguments, keys perhaps encoded.
pub(super) struct InputRows {
    pub(super) keys: Vec<ArrayRef>,
    pub(super) arguments: Vec<ArrayRef>,
    pub(super) filters: Vec<BooleanBuffer>,
    pub(super) row_count: usize,
    /// Rows that count, where rows are not numbered by keys.
    pub(super) selection: Option<BooleanBuffer>,
}

impl AggregateSpecification {
    /// The types of a group table's columns: the keys and, where there are several sets, the set's number.
    pub(super) fn table_types(&self) -> Vec<DataType> {
        let mut types = self.key_types.clone();
        if self.numbers_sets() {
            types.push(DataType::Int32);
        }
        types
    }

    /// Whether the set's number is a key.
    pub(super) fn numbers_sets(&self) -> bool {
        self.sets.len() > 1 || self.gives_set_index
    }

    /// Evaluates what is needed of a batch.
    pub(super) fn evaluate(&self, batch: &Batch) -> Result<InputRows> {
        if self.passes_selection() && batch.selection.is_some() {
            let arguments = self.arguments.iter().map(|argument| match argument {
                Projection::Column(place) => Ok(flatten(&batch.columns[*place])),
                Projection::Expression(expression) => expression.evaluate_plain(batch),
            });
            return Ok(InputRows {
                keys: Vec::new(),
                arguments: arguments.collect::<Result<_>>()?,
                filters: Vec::new(),
                row_count: batch.row_count,
                selection: batch.selection.as_ref().map(|selection| selection.bits().clone()),
            });
        }
        let evaluate = |projections: &[Projection]| -> Result<Vec<ArrayRef>> {
            projections
                .iter()
                .map(|projection| evaluate(projection, batch))
                .collect()
        };
        let filters = evaluate(&self.filters)?;
        Ok(InputRows {
            keys: evaluate(&self.keys)?,
            arguments: evaluate(&self.arguments)?.iter().map(flatten).collect(),
            filters: filters.iter().map(condition).collect(),
            row_count: batch.selected_count(),
            selection: None,
        })
    }

    /// One group, and nothing is computed: rows that are not selected can stay where they are.
    fn passes_selection(&self) -> bool {
        let is_column = |projection: &Projection| matches!(projection, Projection::Column(_));
        self.keys.is_empty() && !self.numbers_sets() && self.filters.is_empty() && self.arguments.iter().all(is_column)
    }

    /// The group table's columns for one grouping set.
    pub(super) fn set_keys(&self, number: usize, keys: &[ArrayRef], row_count: usize) -> Result<Vec<ArrayRef>> {
        if !self.numbers_sets() {
            return Ok(keys.to_vec());
        }
        let set = &self.sets[number];
        let mut columns = Vec::with_capacity(keys.len() + 1);
        for (at, key) in keys.iter().enumerate() {
            columns.push(match set.contains(&at) {
                true => key.clone(),
                false => constant(&null_key(&self.key_types[at]), row_count)?,
            });
        }
        let number: ArrayRef = Arc::new(Int32Array::from(vec![number as i32]));
        columns.push(constant(&number, row_count)?);
        Ok(columns)
    }
}

/// A key that a set does not have.
fn null_key(data_type: &DataType) -> ArrayRef {
    match data_type {
        // Of ids that of NULL is 0.
        DataType::UInt32 => Arc::new(UInt32Array::from(vec![0])),
        _ => new_null_array(data_type, 1),
    }
}

/// One value per selected row, perhaps encoded.
fn evaluate(projection: &Projection, batch: &Batch) -> Result<ArrayRef> {
    match projection {
        Projection::Column(place) => Ok(match &batch.selection {
            None => batch.columns[*place].clone(),
            Some(selection) => selection.filter(&batch.columns[*place]),
        }),
        Projection::Expression(expression) => expression.evaluate(batch),
    }
}

/// Where a boolean column is true.
pub(super) fn condition(column: &ArrayRef) -> BooleanBuffer {
    let column = flatten(column);
    let column = column.as_boolean();
    match column.nulls() {
        None => column.values().clone(),
        Some(nulls) => column.values() & nulls.inner(),
    }
}

impl InputRows {
    /// The rows after the first ones, with their keys.
    pub(super) fn after(self, row_count: usize) -> InputRows {
        if row_count == 0 {
            return self;
        }
        let rest = self.row_count - row_count;
        InputRows {
            keys: self.keys.iter().map(|key| key.slice(row_count, rest)).collect(),
            ..self.slice(row_count, rest)
        }
    }

    /// Some of the rows; their keys are cut elsewhere.
    pub(super) fn slice(&self, start: usize, row_count: usize) -> InputRows {
        let arguments = self.arguments.iter().map(|argument| argument.slice(start, row_count));
        let filters = self.filters.iter().map(|filter| filter.slice(start, row_count));
        InputRows {
            keys: Vec::new(),
            arguments: arguments.collect(),
            filters: filters.collect(),
            row_count,
            selection: self
                .selection
                .as_ref()
                .map(|selection| selection.slice(start, row_count)),
        }
    }

    /// These rows of an aggregate's input and the condition under which they count.
    pub(super) fn of_call(&self, input: &AggregateInput) -> (Vec<ArrayRef>, Option<BooleanBuffer>) {
        let (columns, filter) = match input {
            AggregateInput::Rows { arguments, filter } => (arguments, filter),
            AggregateInput::States { columns, filter } => (columns, filter),
            AggregateInput::Elsewhere => return (Vec::new(), None),
        };
        let columns = columns.iter().map(|place| self.arguments[*place].clone()).collect();
        let filter = filter.map(|place| self.filters[place].clone());
        let selection = match (filter, &self.selection) {
            (Some(filter), Some(selection)) => Some(&filter & selection),
            (filter, selection) => filter.or_else(|| selection.clone()),
        };
        (columns, selection)
    }
}
