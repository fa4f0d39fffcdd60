//! Columns of words from a short list: views are copied from a table instead of built row by row.

use arrow_array::StringViewArray;
use arrow_buffer::{NullBuffer, ScalarBuffer};

/// A list of words that a column chooses from.
pub(crate) struct Words {
    column: StringViewArray,
}

impl Words {
    /// From the words themselves.
    pub(crate) fn new(words: &[&str]) -> Self {
        Words {
            column: StringViewArray::from_iter_values(words),
        }
    }

    /// The view of a word, to be collected into a column.
    pub(crate) fn view(&self, word: usize) -> u128 {
        self.column.views()[word]
    }

    /// The column of these views, with NULL where `nulls` says so.
    pub(crate) fn column(&self, views: Vec<u128>, nulls: Option<NullBuffer>) -> StringViewArray {
        StringViewArray::try_new(ScalarBuffer::from(views), self.column.data_buffers().to_vec(), nulls)
            .expect("views of these words point into their buffers")
    }
}
