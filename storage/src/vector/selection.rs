//! Rows still of interest, as a bitmap. One form only: a bitmap of a batch is a kilobyte, and ANDs run 64 rows at a time.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;

/// A set of rows of a batch.
#[derive(Clone, Debug)]
pub struct Selection {
    bits: BooleanBuffer,
    selected: usize,
}

impl Selection {
    /// From one bit per row.
    pub fn new(bits: BooleanBuffer) -> Self {
        let selected = bits.count_set_bits();
        Selection { bits, selected }
    }

    /// One bit per row.
    pub fn bits(&self) -> &BooleanBuffer {
        &self.bits
    }

    /// How many rows are selected.
    pub fn selected_count(&self) -> usize {
        self.selected
    }

    /// Rows selected by both.
    pub fn and(&self, other: &BooleanBuffer) -> Self {
        Selection::new(&self.bits & other)
    }

    /// The selected rows' indexes, ascending.
    pub fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        self.bits.set_indices()
    }

    /// The selected rows of a column; encoded columns stay encoded.
    pub fn filter(&self, column: &ArrayRef) -> ArrayRef {
        if let Some(value) = super::constant_of(column) {
            return constant(&value, self.selected);
        }
        let column = match column.data_type() {
            arrow_schema::DataType::RunEndEncoded(_, _) => super::flatten(column),
            _ => column.clone(),
        };
        arrow_select::filter::filter(&column, &BooleanArray::new(self.bits.clone(), None))
            .expect("a selection has one bit per row of its batch")
    }
}

/// A column of `row_count` times the same value: one run.
fn constant(value: &ArrayRef, row_count: usize) -> ArrayRef {
    if row_count == 0 {
        return value.slice(0, 0);
    }
    let ends = arrow_array::Int32Array::from(vec![i32::try_from(row_count).unwrap_or(i32::MAX)]);
    std::sync::Arc::new(
        arrow_array::RunArray::<arrow_array::types::Int32Type>::try_new(&ends, value).expect("one end and one value"),
    )
}
