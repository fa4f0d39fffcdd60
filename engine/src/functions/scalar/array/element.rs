//! Elements of arrays, whatever their type: which they are, whether two are the same, arrays built of them.

use crate::error::{Error, Result};
use crate::functions::kernel::Column;
use crate::functions::{Call, Value};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, new_empty_array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_ord::ord::{DynComparator, make_comparator};
use arrow_schema::{DataType, SortOptions};
use arrow_select::interleave::interleave;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// Where a list's row has its elements.
#[inline]
pub(crate) fn range_of(list: &ListArray, row: usize) -> Range<usize> {
    let offset = |at: usize| {
        let offset = list.value_offsets().get(at).copied().unwrap_or(0);
        usize::try_from(offset).unwrap_or(0)
    };
    offset(row)..offset(row + 1)
}

/// The innermost elements of an array: their values, and which of them a row has.
pub(crate) fn leaves(list: &ListArray, row: usize) -> (&ArrayRef, Range<usize>) {
    let mut values = list.values();
    let mut range = range_of(list, row);
    while let Some(inner) = values.as_list_opt::<i32>() {
        let offset = |at: usize| usize::try_from(inner.value_offsets().get(at).copied().unwrap_or(0)).unwrap_or(0);
        range = offset(range.start)..offset(range.end);
        values = inner.values();
    }
    (values, range)
}

/// The innermost values of all rows.
pub(super) fn leaf_values(list: &ListArray) -> &ArrayRef {
    let mut values = list.values();
    while let Some(inner) = values.as_list_opt::<i32>() {
        values = inner.values();
    }
    values
}

/// Sizes of a row's array, outermost first; none where it is empty.
pub(crate) fn dimensions(list: &ListArray, row: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    let (mut list, mut row) = (list, row);
    loop {
        let range = range_of(list, row);
        if range.is_empty() {
            return Vec::new();
        }
        sizes.push(range.len());
        match list.values().as_list_opt::<i32>() {
            Some(inner) => (list, row) = (inner, range.start),
            None => return sizes,
        }
    }
}

/// Compares elements of two arrays of one type; NULLs are the callers' business.
pub(super) struct Comparison {
    compare: DynComparator,
}

impl Comparison {
    pub(super) fn new(left: &ArrayRef, right: &ArrayRef) -> Result<Self> {
        let compare = make_comparator(&**left, &**right, SortOptions::default())?;
        Ok(Comparison { compare })
    }

    #[inline]
    pub(super) fn is_same(&self, left: usize, right: usize) -> bool {
        (self.compare)(left, right) == Ordering::Equal
    }
}

/// Arrays under construction, of elements that stand in other arrays of the same type.
pub(super) struct Assembly<'a> {
    sources: Vec<&'a dyn Array>,
    places: Vec<(usize, usize)>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
    /// Elements of finished rows.
    finished: usize,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(sources: Vec<&'a dyn Array>, row_count: usize) -> Self {
        Assembly {
            sources,
            places: Vec::new(),
            lengths: Vec::with_capacity(row_count),
            valid: Vec::with_capacity(row_count),
            finished: 0,
        }
    }

    /// Adds an element to the array that is not finished yet.
    #[inline]
    pub(super) fn push(&mut self, source: usize, place: usize) {
        self.places.push((source, place));
    }

    pub(super) fn extend(&mut self, source: usize, range: Range<usize>) {
        self.places.extend(range.map(|place| (source, place)));
    }

    /// Finishes the row's array.
    pub(super) fn finish_row(&mut self) {
        self.lengths.push(self.places.len() - self.finished);
        self.valid.push(true);
        self.finished = self.places.len();
    }

    /// The row is NULL.
    pub(super) fn null_row(&mut self) {
        self.lengths.push(0);
        self.valid.push(false);
    }

    pub(super) fn finish(self, call: &Call<'_>) -> Result<Value> {
        let DataType::List(field) = array_type(call.return_type) else {
            return Err(Error::Internal(format!("{} is not an array's type", call.return_type)));
        };
        let values = match self.places.is_empty() {
            true => new_empty_array(field.data_type()),
            false => interleave(&self.sources, &self.places)?,
        };
        let nulls = Some(NullBuffer::from(self.valid)).filter(|nulls| nulls.null_count() > 0);
        let offsets = OffsetBuffer::from_lengths(self.lengths);
        Ok(Value::Array(Arc::new(ListArray::try_new(
            field, offsets, values, nulls,
        )?)))
    }
}

/// Whether a row's array has arrays as elements.
pub(super) fn is_nested(lists: &Column<'_, ListArray>) -> bool {
    matches!(lists.array().value_type(), DataType::List(_))
}
