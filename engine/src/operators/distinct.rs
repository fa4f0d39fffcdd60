//! `DISTINCT ON`: hands on the first row of every combination of keys, in the input's order. What was seen is shared by all workers:
//! an input whose order matters has only one.

use crate::error::Result;
use crate::operators::group_table::{Assigned, GroupTable};
use crate::operators::project::Projection;
use crate::pipeline::{MemoryBudget, Reservation, Stream, Transform};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// The transform.
pub(crate) struct DistinctOnTransform {
    keys: Arc<[Projection]>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    table: GroupTable,
    groups: Vec<u32>,
    reservation: Reservation,
}

impl DistinctOnTransform {
    /// # Errors
    /// A key of a type that cannot be compared.
    pub(crate) fn new(keys: Vec<Projection>, key_types: &[DataType], memory: &Arc<MemoryBudget>) -> Result<Self> {
        Ok(DistinctOnTransform {
            keys: keys.into(),
            seen: Arc::new(Mutex::new(Seen {
                table: GroupTable::new(key_types)?,
                groups: Vec::new(),
                reservation: memory.reservation(),
            })),
        })
    }
}

impl Transform for DistinctOnTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(DistinctOnStream {
            input,
            keys: self.keys.clone(),
            seen: self.seen.clone(),
        }))
    }
}

struct DistinctOnStream {
    input: Box<dyn Stream>,
    keys: Arc<[Projection]>,
    seen: Arc<Mutex<Seen>>,
}

impl Stream for DistinctOnStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            let batch = batch.compact();
            let keys = self.keys.iter().map(|key| match key {
                Projection::Column(place) => Ok(batch.columns[*place].clone()),
                Projection::Expression(expression) => expression.evaluate(&batch),
            });
            let keys = keys.collect::<Result<Vec<ArrayRef>>>()?;
            let selection = Selection::new(self.seen.lock().first_rows(&keys, batch.row_count)?);
            if selection.selected_count() > 0 {
                return Ok(Some(Batch {
                    selection: Some(selection),
                    ..batch
                }));
            }
        }
        Ok(None)
    }
}

impl Seen {
    /// The rows whose keys were not seen before, nor in an earlier of these rows.
    fn first_rows(&mut self, keys: &[ArrayRef], row_count: usize) -> Result<BooleanBuffer> {
        let before = self.table.group_count();
        let assigned = self.table.assign(keys, row_count, &mut self.groups)?;
        self.reservation.resize(self.table.memory_bytes())?;
        if let Assigned::One(_) = assigned {
            let is_new = self.table.group_count() > before;
            return Ok(BooleanBuffer::collect_bool(row_count, |row| is_new && row == 0));
        }
        // Groups are numbered in the order in which they appear.
        let mut next = before as u32;
        Ok(BooleanBuffer::collect_bool(row_count, |row| {
            let is_new = self.groups[row] == next;
            next += u32::from(is_new);
            is_new
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Random, TestSource, batches_of, branch, collect, memory, rows_of};
    use crate::types::{Literal, LogicalType, array_type};
    use std::collections::HashSet;

    #[test]
    fn the_first_row_of_each_key_passes_in_order() {
        let types = [LogicalType::Text, LogicalType::Integer];
        for batch_rows in [1, 7, 1000] {
            let rows = Random::new(2).rows(500, &types, 20);
            let mut seen = HashSet::new();
            let expected: Vec<Vec<Literal>> = rows
                .iter()
                .filter(|row| seen.insert(format!("{:?}", row[0])))
                .cloned()
                .collect();
            let transform =
                DistinctOnTransform::new(vec![Projection::Column(0)], &[array_type(&types[0])], &memory()).unwrap();
            let source = TestSource::new(batches_of(&rows, &types, batch_rows), 1);
            let batches = collect(vec![branch(source, vec![Arc::new(transform)])], 3).unwrap();
            assert_eq!(rows_of(&batches, &types), expected);
        }
    }
}
