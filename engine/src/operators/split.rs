//! The rows of a batch arranged by the partition that the hashes of their keys choose.

use crate::error::Result;
use arrow_array::{ArrayRef, UInt32Array};
use std::ops::Range;

/// Rows by partition.
pub(crate) struct Split {
    /// The rows, those of a partition together, in their order.
    order: UInt32Array,
    /// Where each partition's rows begin, and where the last one's end.
    starts: Vec<usize>,
}

impl Split {
    /// Chooses a row's partition by some bits of its hash, the lowest of them being bit `shift`.
    pub(crate) fn new(hashes: &[u64], shift: u32, partition_count: usize) -> Self {
        debug_assert!(partition_count.is_power_of_two());
        let partition = |hash: &u64| (hash >> shift) as usize & (partition_count - 1);
        let mut starts = vec![0usize; partition_count + 1];
        for hash in hashes {
            starts[partition(hash) + 1] += 1;
        }
        for at in 0..partition_count {
            starts[at + 1] += starts[at];
        }
        let mut places = starts.clone();
        let mut order = vec![0u32; hashes.len()];
        for (row, hash) in hashes.iter().enumerate() {
            let place = &mut places[partition(hash)];
            order[*place] = row as u32;
            *place += 1;
        }
        Split {
            order: UInt32Array::from(order),
            starts,
        }
    }

    /// The rows, those of a partition together.
    pub(crate) fn order(&self) -> &[u32] {
        self.order.values()
    }

    /// A column with the rows of a partition together.
    ///
    /// # Errors
    /// Those of Arrow's kernel.
    pub(crate) fn arrange(&self, column: &ArrayRef) -> Result<ArrayRef> {
        Ok(arrow_select::take::take(column, &self.order, None)?)
    }

    /// Columns likewise.
    ///
    /// # Errors
    /// As [`Self::arrange`].
    pub(crate) fn arrange_all(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        columns.iter().map(|column| self.arrange(column)).collect()
    }

    /// The partitions that have rows, and where these are in arranged columns.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let ranges = self.starts.windows(2).map(|window| window[0]..window[1]);
        ranges.enumerate().filter(|(_, rows)| !rows.is_empty())
    }
}

/// The same rows of several columns.
pub(crate) fn sliced(columns: &[ArrayRef], rows: &Range<usize>) -> Vec<ArrayRef> {
    let columns = columns.iter().map(|column| column.slice(rows.start, rows.len()));
    columns.collect()
}
