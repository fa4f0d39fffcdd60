//! An aggregate whose rows have an order: keeps all rows, sorts them when all are there, and only then aggregates.

use super::call::CallOrder;
use super::neighbours::Neighbours;
use crate::error::Result;
use crate::functions::aggregate::value_lists::{GroupedValues, ValueLists};
use crate::functions::{Accumulator, AggregateBinding, Groups, KeptOrder, KeptRows};
use crate::operators::group_table::GroupTable;
use crate::operators::key::{KeyEncoder, KeyField, Nulls};
use crate::types::array_type;
use arrow_array::{ArrayRef, Int64Array, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// See the module. Columns are the arguments and then the order keys.
pub(super) struct OrderedRows {
    inner: Box<dyn Accumulator>,
    rows: ValueLists,
    keys: KeyEncoder,
    argument_types: Vec<DataType>,
    /// How the order keys are sorted.
    order: CallOrder,
    distinct: bool,
    /// Rows come sorted: nothing is kept but the last one.
    sorted: Option<Neighbours>,
}

impl OrderedRows {
    pub(super) fn new(
        inner: Box<dyn Accumulator>,
        binding: &AggregateBinding,
        order: &CallOrder,
        distinct: bool,
    ) -> Result<Self> {
        let argument_types: Vec<DataType> = binding.argument_types.iter().map(array_type).collect();
        let key_types = binding.order_types.iter().map(array_type);
        let fields = key_types
            .clone()
            .zip(&order.keys)
            .map(|(data_type, (descending, nulls_first))| KeyField {
                data_type,
                descending: *descending,
                nulls: if *nulls_first { Nulls::First } else { Nulls::Last },
            });
        let keys = KeyEncoder::new(fields.collect())?;
        let types = argument_types.iter().cloned().chain(key_types).collect();
        Ok(OrderedRows {
            inner,
            rows: ValueLists::new(types),
            keys,
            argument_types,
            order: order.clone(),
            distinct,
            sorted: None,
        })
    }

    /// The rows' places, by group and then in order.
    fn sorted(&self, grouped: &GroupedValues) -> Result<Vec<u32>> {
        let row_count = grouped.offsets.last().copied().unwrap_or(0);
        let keys = self
            .keys
            .encode(&grouped.columns[self.argument_types.len()..], row_count)?;
        let mut places: Vec<u32> = (0..row_count as u32).collect();
        for range in grouped.ranges() {
            places[range].sort_by(|left, right| keys.compare(*left as usize, *right as usize));
        }
        Ok(places)
    }

    /// Of equal arguments in a group, the first.
    fn without_repetitions(&self, columns: &[ArrayRef], groups: &[u32]) -> Result<BooleanBuffer> {
        let types = std::iter::once(DataType::Int64).chain(self.argument_types.iter().cloned());
        let mut table = GroupTable::new(&types.collect::<Vec<_>>())?;
        let group_column: Int64Array = groups.iter().map(|group| Some(i64::from(*group))).collect();
        let mut keys: Vec<ArrayRef> = vec![Arc::new(group_column)];
        keys.extend(columns.iter().take(self.argument_types.len()).cloned());
        // One by one as far as groups go: a number that is new is a row that is new.
        let mut numbers = Vec::new();
        table.assign(&keys, groups.len(), &mut numbers)?;
        if table.group_count() == 1 {
            return Ok(BooleanBuffer::collect_bool(groups.len(), |row| row == 0));
        }
        let mut next = 0;
        Ok(BooleanBuffer::collect_bool(groups.len(), |row| {
            let is_new = numbers[row] == next;
            next += u32::from(is_new);
            is_new
        }))
    }
}

impl Accumulator for OrderedRows {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        if let Some(sorted) = &mut self.sorted {
            let first = match self.distinct {
                true => Some(sorted.differing(&arguments[..self.argument_types.len()], groups)?),
                false => None,
            };
            return self.inner.update(arguments, groups, first.as_ref(), group_count);
        }
        self.rows.add(arguments, groups, selection)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.rows.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.rows.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.rows.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        if self.sorted.is_some() {
            return self.inner.finish(group_count);
        }
        let grouped = self.rows.take(group_count)?;
        let places = UInt32Array::from(self.sorted(&grouped)?);
        let columns = grouped
            .columns
            .iter()
            .map(|column| Ok(arrow_select::take::take(column, &places, None)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let groups: Vec<u32> = (0..)
            .zip(grouped.ranges())
            .flat_map(|(group, range)| range.map(move |_| group))
            .collect();
        let selection = match self.distinct && !groups.is_empty() {
            true => Some(self.without_repetitions(&columns, &groups)?),
            false => None,
        };
        self.inner
            .update(&columns, Groups::PerRow(&groups), selection.as_ref(), group_count)?;
        self.inner.finish(group_count)
    }

    fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.inner.memory_bytes()
    }

    fn kept_rows(&self) -> Option<KeptRows> {
        let argument_count = self.argument_types.len();
        let keys = self.order.keys.iter().enumerate();
        let keys = keys.map(|(at, (descending, nulls_first))| KeptOrder {
            column: argument_count + at,
            descending: *descending,
            nulls_first: *nulls_first,
        });
        // Equal arguments have to be neighbours.
        let arguments = (0..argument_count).filter(|_| self.distinct).map(KeptOrder::ascending);
        Some(KeptRows {
            types: self.rows.types().to_vec(),
            order: keys.chain(arguments).collect(),
        })
    }

    fn begin_sorted(&mut self, counts: &[usize]) -> Result<()> {
        self.sorted = Some(Neighbours::new(&self.argument_types)?);
        self.inner.begin_sorted(counts)
    }
}
