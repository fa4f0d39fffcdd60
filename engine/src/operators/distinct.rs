//! `DISTINCT ON`: hands on the first row of every combination of keys, in the input's order. Where equal keys are neighbours, nothing is
//! kept of them; otherwise all keys that were seen are, shared by all workers: an input whose order matters has only one.

use crate::error::Result;
use crate::operators::group_table::{Assigned, GroupTable};
use crate::operators::key::{KeyColumns, KeyEncoder, Keys};
use crate::operators::project::Projection;
use crate::pipeline::{Cancel, MemoryBudget, Reservation, Stream, Transform};
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

/// The transform for a stream in which equal keys are neighbours.
pub(crate) struct NeighboursTransform {
    keys: Arc<KeyColumns>,
    encoder: Arc<KeyEncoder>,
    cancel: Arc<Cancel>,
}

impl NeighboursTransform {
    pub(crate) fn new(keys: KeyColumns, encoder: KeyEncoder, cancel: Arc<Cancel>) -> Self {
        NeighboursTransform {
            keys: Arc::new(keys),
            encoder: Arc::new(encoder),
            cancel,
        }
    }
}

impl Transform for NeighboursTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(NeighboursStream {
            input,
            keys: self.keys.clone(),
            encoder: self.encoder.clone(),
            cancel: self.cancel.clone(),
            last: None,
        }))
    }
}

struct NeighboursStream {
    input: Box<dyn Stream>,
    keys: Arc<KeyColumns>,
    encoder: Arc<KeyEncoder>,
    cancel: Arc<Cancel>,
    /// The key of the last row.
    last: Option<Keys>,
}

impl Stream for NeighboursStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            self.cancel.check()?;
            let batch = batch.compact();
            let columns = self.keys.evaluate(&batch)?;
            let keys = self.encoder.encode(&columns, batch.row_count)?;
            let is_first = |last: &Keys| keys.compare_with(0, last, 0).is_ne();
            let is_new = |row: usize| match row.checked_sub(1) {
                None => self.last.as_ref().is_none_or(is_first),
                Some(before) => keys.compare(before, row).is_ne(),
            };
            let selection = Selection::new(BooleanBuffer::collect_bool(batch.row_count, is_new));
            if let Some(last) = batch.row_count.checked_sub(1) {
                let columns: Vec<ArrayRef> = columns.iter().map(|column| column.slice(last, 1)).collect();
                self.last = Some(self.encoder.encode(&columns, 1)?);
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::key::KeyField;
    use crate::operators::testing::{
        Random, TestSource, as_set, batches_of, branch, cancel, collect, compare, memory, rows_of,
    };
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

    #[test]
    fn the_first_of_neighbours_passes() {
        let types = [LogicalType::Text, LogicalType::Integer];
        for batch_rows in [1, 7, 1000] {
            let mut rows = Random::new(2).rows(500, &types, 20);
            rows.sort_by(|left, right| compare(&left[0], &right[0]));
            let mut expected = rows.clone();
            expected.dedup_by(|row, before| compare(&row[0], &before[0]).is_eq());
            let keys = KeyColumns(vec![Projection::Column(0)]);
            let encoder = KeyEncoder::new(vec![KeyField::equality(array_type(&types[0]))]).unwrap();
            let transform = NeighboursTransform::new(keys, encoder, cancel());
            let source = TestSource::new(batches_of(&rows, &types, batch_rows), 1);
            let batches = collect(vec![branch(source, vec![Arc::new(transform)])], 1).unwrap();
            assert_eq!(as_set(&rows_of(&batches, &types)), as_set(&expected));
        }
    }
}
