//! Sorted rows, and where a row differs from the one before, from batch to batch.

use crate::error::Result;
use crate::functions::Groups;
use crate::operators::key::{KeyEncoder, KeyField};
use arrow_array::{ArrayRef, Int32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::cmp::Ordering;

/// See the module.
pub(crate) struct Neighbours {
    keys: KeyEncoder,
    /// The last row, as columns of length 1; none at first.
    last: Vec<ArrayRef>,
}

impl Neighbours {
    /// For columns of these plain types.
    pub(crate) fn new(types: &[DataType]) -> Result<Self> {
        let columns = std::iter::once(&DataType::Int32).chain(types);
        let fields = columns.map(|data_type| KeyField::equality(data_type.clone()));
        Ok(Neighbours {
            keys: KeyEncoder::new(fields.collect())?,
            last: Vec::new(),
        })
    }

    /// The rows that differ from the one before in their group or in a column. The very first one does.
    pub(crate) fn differing(&mut self, columns: &[ArrayRef], groups: Groups<'_>) -> Result<BooleanBuffer> {
        let row_count = groups.row_count();
        if row_count == 0 {
            return Ok(BooleanBuffer::new_unset(0));
        }
        let numbers = groups.column();
        let columns: Vec<&ArrayRef> = std::iter::once(&numbers).chain(columns).collect();
        let known = usize::from(!self.last.is_empty());
        let continued = columns.iter().enumerate().map(|(at, column)| match self.last.get(at) {
            Some(last) => Ok(arrow_select::concat::concat(&[&**last, &***column])?),
            None => Ok((*column).clone()),
        });
        let continued = continued.collect::<Result<Vec<ArrayRef>>>()?;
        let keys = self.keys.encode(&continued, known + row_count)?;
        let end = Int32Array::from(vec![(row_count - 1) as i32]);
        let last = columns
            .iter()
            .map(|column| Ok(arrow_select::take::take(&**column, &end, None)?));
        self.last = last.collect::<Result<_>>()?;
        Ok(BooleanBuffer::collect_bool(row_count, |row| {
            let row = known + row;
            row == 0 || keys.compare(row - 1, row) != Ordering::Equal
        }))
    }
}
