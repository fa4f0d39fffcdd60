//! `min(x, n)`, `max(x, n)`, `arg_min(x, y, n)`, `arg_max(x, y, n)` and their other names: the n smallest or largest, or the values beside
//! them, as an array in order. Of each group about n rows are kept. Rows with equal keys are in the order of the values beside them.

use super::rows::counting_rows;
use super::total_order::TotalOrder;
use super::value_lists::{ValueLists, item_field, list_offsets};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::limits::BEST_ROWS_MAX;
use crate::operators::key::{KeyEncoder, KeyField};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::cmp::Ordering;
use std::sync::Arc;

/// The first n rows of each group in the order of a key.
pub(super) struct BestRows {
    n: usize,
    /// The value that is answered, and the key where that is another column.
    rows: ValueLists,
    types: Vec<DataType>,
    keys: KeyEncoder,
    /// Decides between equal keys, where no order was asked for.
    values: Option<TotalOrder>,
    row_count: usize,
    /// Rows that were left when rows were last left out.
    kept: usize,
}

impl BestRows {
    /// For a call whose last argument is n, and whose key is the last one before it.
    pub(super) fn new(binding: &AggregateBinding, is_largest: bool) -> Result<Self> {
        let columns = binding.argument_types.len() - 1;
        let n = match binding.constants.get(columns) {
            Some(Some(n)) if n.is_valid(0) => n.as_primitive::<Int64Type>().value(0),
            Some(Some(_)) => 0,
            _ => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "a number of values that is not a constant is not supported",
                ));
            }
        };
        let Some(n) = usize::try_from(n).ok().filter(|n| (1..=BEST_ROWS_MAX).contains(n)) else {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("the number of values must be between 1 and {BEST_ROWS_MAX}"),
            ));
        };
        let types: Vec<DataType> = binding.argument_types.iter().take(columns).map(array_type).collect();
        let mut field = KeyField::without_nulls(types[columns - 1].clone());
        field.descending = is_largest;
        let values = match binding.order_types.is_empty() {
            true => Some(TotalOrder::new(&types[0])?),
            false => None,
        };
        Ok(BestRows {
            n,
            values,
            rows: ValueLists::new(types.clone()),
            types,
            keys: KeyEncoder::new(vec![field])?,
            row_count: 0,
            kept: 0,
        })
    }

    /// Takes rows whose key is not NULL, and leaves out those that cannot matter any more.
    fn add(
        &mut self,
        columns: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&columns[self.types.len() - 1..], selection);
        self.rows.add(columns, groups, mask.as_ref())?;
        self.row_count += mask.map_or(groups.row_count(), |mask| mask.count_set_bits());
        if self.row_count <= self.kept.max(self.n.max(1024)).saturating_mul(2) {
            return Ok(());
        }
        let (columns, offsets) = self.take(group_count)?;
        let mut groups: Vec<u32> = Vec::with_capacity(columns[0].len());
        for (group, ends) in offsets.windows(2).enumerate() {
            groups.resize(groups.len() + ends[1] - ends[0], group as u32);
        }
        self.rows.add(&columns, Groups::PerRow(&groups), None)?;
        self.row_count = groups.len();
        self.kept = groups.len();
        Ok(())
    }

    /// Each group's best rows in order, and where groups begin; empty afterwards.
    fn take(&mut self, group_count: usize) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
        let grouped = self.rows.take(group_count)?;
        (self.row_count, self.kept) = (0, 0);
        let key = &grouped.columns[self.types.len() - 1];
        let keys = self.keys.encode(std::slice::from_ref(key), key.len())?;
        let values = self.values.as_ref().map(|order| order.encode(&grouped.columns[0]));
        let values = values.transpose()?;
        let (mut best, mut offsets) = (Vec::new(), vec![0]);
        for range in grouped.ranges() {
            let mut rows: Vec<usize> = range.collect();
            rows.sort_by(|left, right| {
                let order = keys.compare(*left, *right);
                let of_values = || values.as_ref().map(|values| values.compare(*left, *right));
                order.then_with(|| of_values().unwrap_or(Ordering::Equal))
            });
            best.extend(rows.into_iter().take(self.n).map(|row| row as u32));
            offsets.push(best.len());
        }
        let best = UInt32Array::from(best);
        let columns = grouped.columns.iter();
        let columns = columns.map(|column| Ok(arrow_select::take::take(column, &best, None)?));
        Ok((columns.collect::<Result<_>>()?, offsets))
    }
}

impl Accumulator for BestRows {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let columns = self.types.len();
        self.add(&arguments[..columns], groups, selection, group_count)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.rows.merge(states, groups)?;
        let lists = states[0].as_list::<i32>();
        self.row_count += lists.offsets().lengths().sum::<usize>();
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        self.rows.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let (columns, offsets) = self.take(group_count)?;
        let offsets = list_offsets(&offsets)?;
        let lists = columns.into_iter().map(|column| {
            let list = ListArray::try_new(item_field(column.data_type()), offsets.clone(), column, None)?;
            Ok(Arc::new(list) as ArrayRef)
        });
        lists.collect()
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let (mut columns, offsets) = self.take(group_count)?;
        let present: Vec<bool> = offsets.windows(2).map(|ends| ends[0] < ends[1]).collect();
        let values = columns.swap_remove(0);
        Ok(Arc::new(ListArray::try_new(
            item_field(&self.types[0]),
            list_offsets(&offsets)?,
            values,
            Some(NullBuffer::from(present)),
        )?))
    }

    fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
    }
}
