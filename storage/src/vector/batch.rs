//! Arrays of equal length with an optional selection.

use super::Selection;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{Array, ArrayRef, RunArray, UInt32Array};
use arrow_schema::DataType;

/// Rows of some columns. Rows outside the selection are not there for whoever receives the batch.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The columns, each of `row_count` values.
    pub columns: Vec<ArrayRef>,
    /// Values per column, selected or not; known without columns too.
    pub row_count: usize,
    /// The rows still of interest; `None` is all.
    pub selection: Option<Selection>,
}

impl Batch {
    /// All rows of these columns.
    pub fn new(columns: Vec<ArrayRef>, row_count: usize) -> Self {
        debug_assert!(columns.iter().all(|column| column.len() == row_count));
        Batch {
            columns,
            row_count,
            selection: None,
        }
    }

    /// How many rows are there for the receiver.
    pub fn selected_count(&self) -> usize {
        self.selection
            .as_ref()
            .map_or(self.row_count, Selection::selected_count)
    }

    /// The same rows without a selection: columns are filtered (and stay encoded where they are).
    pub fn compact(self) -> Self {
        let Some(selection) = self.selection else { return self };
        if selection.selected_count() == self.row_count {
            return Batch {
                selection: None,
                ..self
            };
        }
        let columns = self.columns.iter().map(|column| selection.filter(column)).collect();
        Batch {
            columns,
            row_count: selection.selected_count(),
            selection: None,
        }
    }
}

/// The plain array of a column that may be dictionary or run-end encoded.
pub fn flatten(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Dictionary(_, _) => {
            let dictionary = column.as_dictionary::<UInt32Type>();
            arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
                .expect("codes of a checked dictionary lie within its values")
        }
        DataType::RunEndEncoded(_, _) => {
            let runs = column.as_run::<Int32Type>();
            let mut indices = Vec::with_capacity(column.len());
            for_each_run(runs, |physical, length| {
                indices.resize(indices.len() + length, physical as u32);
            });
            let indices = UInt32Array::from(indices);
            arrow_select::take::take(runs.values(), &indices, None).expect("physical indexes lie within the values")
        }
        _ => column.clone(),
    }
}

/// The single value of a column that is one run, as an array of length 1.
pub fn constant_of(column: &ArrayRef) -> Option<ArrayRef> {
    let DataType::RunEndEncoded(_, _) = column.data_type() else {
        return None;
    };
    let runs = column.as_run::<Int32Type>();
    if column.is_empty() {
        return None;
    }
    let first = runs.get_physical_index(0);
    let last = runs.get_physical_index(column.len() - 1);
    (first == last).then(|| runs.values().slice(first, 1))
}

/// Visits the runs of a column in order: the place of the run's value, and how many rows it covers.
pub(crate) fn for_each_run(runs: &RunArray<Int32Type>, mut visit: impl FnMut(usize, usize)) {
    if runs.is_empty() {
        return;
    }
    let (start, end) = (runs.offset(), runs.offset() + runs.len());
    let ends = runs.run_ends().values();
    let mut at = start;
    for (physical, run_end) in ends.iter().enumerate().skip(runs.get_physical_index(0)) {
        let run_end = (*run_end as usize).min(end);
        visit(physical, run_end - at);
        at = run_end;
        if at == end {
            break;
        }
    }
}
