//! Values kept whole, row by row in the order they arrived, until a group's answer is made of all of them.

use super::rows::visit;
use crate::error::{Error, Result};
use crate::functions::Groups;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, UInt32Array, new_empty_array};
use arrow_buffer::{BooleanBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

/// Rows of some columns by group.
pub(crate) struct ValueLists {
    types: Vec<DataType>,
    /// Per column, the pieces that arrived.
    pieces: Vec<Vec<ArrayRef>>,
    /// The group of every row.
    groups: Vec<u32>,
    bytes: usize,
}

/// All rows, those of a group together and in the order in which they arrived.
pub(crate) struct GroupedValues {
    pub(crate) columns: Vec<ArrayRef>,
    /// Where each group begins, and where the last ends.
    pub(crate) offsets: Vec<usize>,
}

impl GroupedValues {
    /// The rows of each group.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.offsets.windows(2).map(|window| window[0]..window[1])
    }
}

impl ValueLists {
    /// For columns of these plain types.
    pub(crate) fn new(types: Vec<DataType>) -> Self {
        ValueLists {
            pieces: vec![Vec::new(); types.len()],
            types,
            groups: Vec::new(),
            bytes: 0,
        }
    }

    /// The columns' types.
    pub(crate) fn types(&self) -> &[DataType] {
        &self.types
    }

    /// Takes rows in.
    pub(crate) fn add(&mut self, columns: &[ArrayRef], groups: Groups<'_>, mask: Option<&BooleanBuffer>) -> Result<()> {
        let before = self.groups.len();
        let kept = &mut self.groups;
        visit(groups, mask, |group, _| kept.push(group as u32));
        if self.groups.len() == before {
            return Ok(());
        }
        for (pieces, column) in self.pieces.iter_mut().zip(columns) {
            let column = match mask {
                None => column.clone(),
                Some(mask) => {
                    let mask = arrow_array::BooleanArray::new(mask.clone(), None);
                    arrow_select::filter::filter(column, &mask)?
                }
            };
            let column = unshared(column);
            self.bytes += column.get_array_memory_size();
            pieces.push(column);
        }
        Ok(())
    }

    /// All of it, by group; empty afterwards.
    pub(crate) fn take(&mut self, group_count: usize) -> Result<GroupedValues> {
        let groups = std::mem::take(&mut self.groups);
        self.bytes = 0;
        let mut offsets = vec![0usize; group_count + 1];
        for group in &groups {
            offsets[*group as usize + 1] += 1;
        }
        for at in 0..group_count {
            offsets[at + 1] += offsets[at];
        }
        let is_sorted = groups.is_sorted();
        let mut order = Vec::new();
        if !is_sorted {
            let mut places = offsets.clone();
            order = vec![0u32; groups.len()];
            for (row, group) in groups.iter().enumerate() {
                let place = &mut places[*group as usize];
                order[*place] = u32::try_from(row).map_err(|_| too_many())?;
                *place += 1;
            }
        }
        let order = UInt32Array::from(order);
        let mut columns = Vec::with_capacity(self.types.len());
        for (pieces, data_type) in self.pieces.iter_mut().zip(&self.types) {
            let pieces = std::mem::take(pieces);
            let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
            let column = match pieces.is_empty() {
                true => new_empty_array(data_type),
                false => arrow_select::concat::concat(&pieces)?,
            };
            columns.push(match is_sorted {
                true => column,
                false => arrow_select::take::take(&column, &order, None)?,
            });
        }
        Ok(GroupedValues { columns, offsets })
    }

    /// The states' types: a list per column.
    pub(crate) fn state_types(&self) -> Vec<DataType> {
        self.types.iter().map(list_type).collect()
    }

    /// The states: a list per column and group.
    pub(crate) fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let GroupedValues { columns, offsets } = self.take(group_count)?;
        let offsets = list_offsets(&offsets)?;
        let lists = columns.into_iter().map(|column| {
            let list = ListArray::try_new(item_field(column.data_type()), offsets.clone(), column, None)?;
            Ok(Arc::new(list) as ArrayRef)
        });
        lists.collect()
    }

    /// Takes states in.
    pub(crate) fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>) -> Result<()> {
        let first = states[0].as_list::<i32>();
        let lengths = first.offsets().lengths();
        let mut row_groups = Vec::with_capacity(first.values().len());
        let mut lengths = lengths.into_iter();
        visit(groups, None, |group, _| {
            let length = lengths.next().unwrap_or(0);
            row_groups.resize(row_groups.len() + length, group as u32);
        });
        let columns: Vec<ArrayRef> = states
            .iter()
            .map(|state| {
                let list = state.as_list::<i32>();
                let (start, end) = (list.value_offsets()[0], list.value_offsets()[list.len()]);
                list.values().slice(start as usize, (end - start) as usize)
            })
            .collect();
        self.add(&columns, Groups::PerRow(&row_groups), None)
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<u32>()
    }
}

/// A list of values of this type, as [`crate::types::array_type`] has it.
pub(crate) fn list_type(item: &DataType) -> DataType {
    DataType::List(item_field(item))
}

/// The field of such a list.
pub(crate) fn item_field(item: &DataType) -> Arc<Field> {
    Arc::new(Field::new("item", item.clone(), true))
}

/// The offsets of lists.
pub(crate) fn list_offsets(offsets: &[usize]) -> Result<OffsetBuffer<i32>> {
    let offsets = offsets
        .iter()
        .map(|offset| i32::try_from(*offset).map_err(|_| too_many()));
    Ok(OffsetBuffer::new(offsets.collect::<Result<Vec<i32>>>()?.into()))
}

fn too_many() -> Error {
    Error::user(
        crate::error::SqlState::PROGRAM_LIMIT_EXCEEDED,
        "an aggregate cannot keep more than 2147483647 values",
    )
}

/// A column that does not hold on to the large buffers of a batch it is a small part of.
pub(crate) fn unshared(column: ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()),
        DataType::BinaryView => Arc::new(column.as_binary_view().gc()),
        _ => column,
    }
}
