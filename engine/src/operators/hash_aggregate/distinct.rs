//! An aggregate over distinct arguments: keeps the distinct (group, arguments), and hands them to the aggregate at the end.

use super::integer_sets::IntegerSets;
use super::neighbours::Neighbours;
use crate::error::Result;
use crate::functions::aggregate::value_lists::ValueLists;
use crate::functions::{Accumulator, AggregateBinding, Groups, KeptOrder, KeptRows};
use crate::operators::group_table::{Assigned, GroupTable};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;

/// See the module.
pub(super) struct DistinctRows {
    inner: Box<dyn Accumulator>,
    types: Vec<DataType>,
    rows: Rows,
    /// Rows come sorted: nothing is kept but the last one.
    sorted: Option<Neighbours>,
}

enum Rows {
    /// A set per group: a single number, few groups.
    Sets(IntegerSets),
    /// Groups and arguments in one table.
    Table(GroupTable),
}

/// Groups up to which each has a set of its own.
pub(crate) const SETS_MAX: usize = 4096;

impl DistinctRows {
    pub(super) fn new(inner: Box<dyn Accumulator>, binding: &AggregateBinding) -> Result<Self> {
        let types: Vec<DataType> = binding.argument_types.iter().map(array_type).collect();
        let rows = Rows::new(&types)?;
        Ok(DistinctRows {
            inner,
            types,
            rows,
            sorted: None,
        })
    }

    /// Adds plain columns' rows.
    fn add(&mut self, arguments: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        if group_count > SETS_MAX
            && let Rows::Sets(sets) = &mut self.rows
        {
            let mut table = new_table(&self.types)?;
            sets.take(|group, values| add_to(&mut table, std::slice::from_ref(&values), one(group, &values)))?;
            self.rows = Rows::Table(table);
        }
        match &mut self.rows {
            Rows::Sets(sets) => {
                sets.add(&arguments[0], groups, group_count);
                Ok(())
            }
            Rows::Table(table) => add_to(table, &arguments[..self.types.len()], groups),
        }
    }
}

impl Rows {
    fn new(types: &[DataType]) -> Result<Self> {
        let sets = match types {
            [data_type] => IntegerSets::new(data_type),
            _ => None,
        };
        Ok(match sets {
            Some(sets) => Rows::Sets(sets),
            None => Rows::Table(new_table(types)?),
        })
    }

    /// Hands out the rows, group by group or all at once.
    fn visit(self, mut visit: impl FnMut(&[ArrayRef], Groups<'_>) -> Result<()>) -> Result<()> {
        match self {
            Rows::Sets(mut sets) => {
                // To a sum, rows without any value are not the same as no rows.
                sets.take(|group, values| match values.is_empty() {
                    true => Ok(()),
                    false => visit(std::slice::from_ref(&values), one(group, &values)),
                })
            }
            Rows::Table(table) => {
                let mut columns = table.keys()?;
                let groups = columns.remove(0);
                let groups = groups.as_primitive::<Int32Type>().values();
                let groups: Vec<u32> = groups.iter().map(|group| *group as u32).collect();
                visit(&columns, Groups::PerRow(&groups))
            }
        }
    }
}

fn one(group: u32, values: &ArrayRef) -> Groups<'static> {
    Groups::One {
        group,
        row_count: values.len(),
    }
}

/// A table of groups (32 bits, so that a group and a short argument are hashed as one number) and arguments.
fn new_table(types: &[DataType]) -> Result<GroupTable> {
    let columns: Vec<DataType> = std::iter::once(DataType::Int32).chain(types.iter().cloned()).collect();
    GroupTable::new(&columns)
}

fn add_to(table: &mut GroupTable, arguments: &[ArrayRef], groups: Groups<'_>) -> Result<()> {
    let row_count = groups.row_count();
    let mut columns = vec![groups.column()];
    columns.extend(arguments.iter().cloned());
    let _: Assigned = table.assign(&columns, row_count, &mut Vec::new())?;
    Ok(())
}

impl Accumulator for DistinctRows {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        if let Some(sorted) = &mut self.sorted {
            let first = sorted.differing(&arguments[..self.types.len()], groups)?;
            return self.inner.update(arguments, groups, Some(&first), group_count);
        }
        let Some(selection) = selection else {
            return self.add(arguments, groups, group_count);
        };
        let mask = arrow_array::BooleanArray::new(selection.clone(), None);
        let arguments = arguments
            .iter()
            .map(|argument| Ok(arrow_select::filter::filter(argument, &mask)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let row_count = selection.count_set_bits();
        match groups {
            Groups::One { group, .. } => self.add(&arguments, Groups::One { group, row_count }, group_count),
            Groups::PerRow(groups) => {
                let groups: Vec<u32> = selection.set_indices().map(|row| groups[row]).collect();
                self.add(&arguments, Groups::PerRow(&groups), group_count)
            }
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        let mut lists = ValueLists::new(self.types.clone());
        lists.merge(states, groups)?;
        let grouped = lists.take(group_count)?;
        if let Rows::Table(table) = &mut self.rows {
            let groups = (0..).zip(grouped.ranges());
            let groups: Vec<u32> = groups.flat_map(|(group, range)| range.map(move |_| group)).collect();
            return add_to(table, &grouped.columns, Groups::PerRow(&groups));
        }
        for (group, range) in (0..).zip(grouped.ranges()).filter(|(_, range)| !range.is_empty()) {
            let slices = grouped
                .columns
                .iter()
                .map(|column| column.slice(range.start, range.len()));
            let slices: Vec<ArrayRef> = slices.collect();
            let row_count = range.len();
            self.add(&slices, Groups::One { group, row_count }, group_count)?;
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        ValueLists::new(self.types.clone()).state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let mut lists = ValueLists::new(self.types.clone());
        let rows = std::mem::replace(&mut self.rows, Rows::new(&self.types)?);
        rows.visit(|columns, groups| lists.add(columns, groups, None))?;
        lists.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let inner = &mut self.inner;
        let rows = std::mem::replace(&mut self.rows, Rows::new(&self.types)?);
        rows.visit(|columns, groups| inner.update(columns, groups, None, group_count))?;
        self.inner.finish(group_count)
    }

    fn memory_bytes(&self) -> usize {
        let inner = self.inner.memory_bytes();
        inner
            + match &self.rows {
                Rows::Sets(sets) => sets.memory_bytes(),
                Rows::Table(table) => table.memory_bytes(),
            }
    }

    fn kept_rows(&self) -> Option<KeptRows> {
        Some(KeptRows {
            types: self.types.clone(),
            order: (0..self.types.len()).map(KeptOrder::ascending).collect(),
        })
    }

    fn begin_sorted(&mut self, counts: &[usize]) -> Result<()> {
        self.sorted = Some(Neighbours::new(&self.types)?);
        self.inner.begin_sorted(counts)
    }
}
