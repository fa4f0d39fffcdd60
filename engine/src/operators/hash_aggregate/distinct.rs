//! An aggregate over distinct arguments, where the plan could not make them distinct beforehand: keeps the distinct (group, arguments).

use crate::error::Result;
use crate::functions::aggregate::value_lists::ValueLists;
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::operators::group_table::{Assigned, GroupTable};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// See the module.
pub(super) struct DistinctRows {
    inner: Box<dyn Accumulator>,
    types: Vec<DataType>,
    rows: GroupTable,
}

impl DistinctRows {
    pub(super) fn new(inner: Box<dyn Accumulator>, binding: &AggregateBinding) -> Result<Self> {
        let types: Vec<DataType> = binding.argument_types.iter().map(array_type).collect();
        let rows = new_table(&types)?;
        Ok(DistinctRows { inner, types, rows })
    }

    fn add(&mut self, groups: Vec<i64>, arguments: &[ArrayRef]) -> Result<()> {
        let row_count = groups.len();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(groups))];
        columns.extend(arguments.iter().take(self.types.len()).cloned());
        let _: Assigned = self.rows.assign(&columns, row_count, &mut Vec::new())?;
        Ok(())
    }

    /// The distinct rows and their groups; empty afterwards.
    fn take(&mut self) -> Result<(Vec<u32>, Vec<ArrayRef>)> {
        let rows = std::mem::replace(&mut self.rows, new_table(&self.types)?);
        let mut columns = rows.keys()?;
        let groups = columns.remove(0);
        let groups = groups.as_primitive::<Int64Type>().values();
        Ok((groups.iter().map(|group| *group as u32).collect(), columns))
    }
}

fn new_table(types: &[DataType]) -> Result<GroupTable> {
    let columns: Vec<DataType> = std::iter::once(DataType::Int64).chain(types.iter().cloned()).collect();
    GroupTable::new(&columns)
}

impl Accumulator for DistinctRows {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        let groups: Vec<i64> = match groups {
            Groups::One { group, row_count } => vec![i64::from(group); row_count],
            Groups::PerRow(groups) => groups.iter().map(|group| i64::from(*group)).collect(),
        };
        let Some(selection) = selection else {
            return self.add(groups, arguments);
        };
        let mask = arrow_array::BooleanArray::new(selection.clone(), None);
        let arguments = arguments
            .iter()
            .map(|argument| Ok(arrow_select::filter::filter(argument, &mask)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let groups = selection.set_indices().map(|row| groups[row]).collect();
        self.add(groups, &arguments)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        let mut lists = ValueLists::new(self.types.clone());
        lists.merge(states, groups)?;
        let grouped = lists.take(group_count)?;
        let groups = (0..)
            .zip(grouped.ranges())
            .flat_map(|(group, range)| range.map(move |_| group));
        self.add(groups.collect(), &grouped.columns)
    }

    fn state_types(&self) -> Vec<DataType> {
        ValueLists::new(self.types.clone()).state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let (groups, columns) = self.take()?;
        let mut lists = ValueLists::new(self.types.clone());
        lists.add(&columns, Groups::PerRow(&groups), None)?;
        lists.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let (groups, columns) = self.take()?;
        self.inner
            .update(&columns, Groups::PerRow(&groups), None, group_count)?;
        self.inner.finish(group_count)
    }

    fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes()
    }
}
