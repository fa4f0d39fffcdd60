//! The array columns of a stored table's rows on their way out of a scan: bytes become lists, of no more rows at a time than there
//! is room for.

use crate::error::{Error, Result};
use crate::limits::ARRAY_BYTES_PER_BATCH_MAX;
use crate::types::stored_array::{decode, decode_distinct};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use std::ops::Range;
use stoa_storage::vector::{Batch, Selection, flatten};

/// Columns of batches that are arrays, by place, with the lists that they become.
#[derive(Clone, Default)]
pub(crate) struct StoredLists(Vec<(usize, DataType)>);

impl StoredLists {
    /// Of columns in order; `None` are no arrays.
    pub(crate) fn of(columns: impl IntoIterator<Item = Option<DataType>>) -> Self {
        let columns = columns.into_iter().enumerate();
        StoredLists(columns.filter_map(|(place, list)| Some((place, list?))).collect())
    }

    /// The batch, its arrays still bytes, as parts that can be decoded one after the other.
    ///
    /// # Errors
    /// A column that is not there: a bug.
    pub(crate) fn parts(&self, mut batch: Batch) -> Result<Vec<Batch>> {
        if self.0.is_empty() {
            return Ok(vec![batch]);
        }
        for (place, _) in &self.0 {
            let column = column_at(&mut batch, *place)?;
            *column = flatten(column);
        }
        let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
        for row in 0..batch.row_count {
            let more = self.bytes_of(&batch, row);
            if bytes + more > ARRAY_BYTES_PER_BATCH_MAX && row > start {
                parts.push(part(&batch, start..row));
                (start, bytes) = (row, 0);
            }
            bytes += more;
        }
        match parts.is_empty() {
            true => Ok(vec![batch]),
            false => {
                parts.push(part(&batch, start..batch.row_count));
                Ok(parts)
            }
        }
    }

    fn bytes_of(&self, batch: &Batch, row: usize) -> usize {
        let is_wanted = batch.selection.as_ref().is_none_or(|rows| rows.bits().value(row));
        let columns = self.0.iter().filter(|_| is_wanted);
        let columns = columns.filter_map(|(place, _)| batch.columns.get(*place)?.as_binary_view_opt());
        // The lower half of a view's first word is its length.
        columns.map(|column| column.views()[row] as u32 as usize).sum()
    }

    /// The batch with its arrays.
    ///
    /// # Errors
    /// XX001: bytes that are no array.
    pub(crate) fn decoded(&self, mut batch: Batch) -> Result<Batch> {
        for (place, list) in &self.0 {
            let wanted = batch.selection.as_ref().map(|rows| rows.bits().clone());
            let column = column_at(&mut batch, *place)?;
            *column = decode(column, list, wanted.as_ref())?;
        }
        Ok(batch)
    }

    /// As [`Self::decoded`], of each part by itself, for who needs nothing of their rows but an answer. A column with few different
    /// arrays stays a dictionary, of lists.
    ///
    /// # Errors
    /// As [`Self::decoded`].
    pub(crate) fn decoded_parts(&self, mut batch: Batch) -> Result<impl Iterator<Item = Result<Batch>>> {
        let mut left = Vec::new();
        for (place, list) in &self.0 {
            let column = column_at(&mut batch, *place)?;
            match decode_distinct(column, list)? {
                Some(decoded) => *column = decoded,
                None => left.push((*place, list.clone())),
            }
        }
        let left = StoredLists(left);
        let parts = left.parts(batch)?;
        Ok(parts.into_iter().map(move |part| left.decoded(part)))
    }
}

fn column_at(batch: &mut Batch, place: usize) -> Result<&mut ArrayRef> {
    let column = batch.columns.get_mut(place);
    column.ok_or_else(|| Error::Internal(format!("a scan has no column {place}")))
}

fn part(batch: &Batch, rows: Range<usize>) -> Batch {
    let columns = batch.columns.iter().map(|column| column.slice(rows.start, rows.len()));
    let selection = batch.selection.as_ref();
    Batch {
        columns: columns.collect(),
        row_count: rows.len(),
        selection: selection.map(|selected| Selection::new(selected.bits().slice(rows.start, rows.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::stored_array::encode;
    use crate::types::{Literal, LogicalType, array_of_all, array_type};
    use arrow_array::types::UInt32Type;
    use arrow_array::{DictionaryArray, UInt32Array};
    use arrow_buffer::BooleanBuffer;
    use std::sync::Arc;

    fn texts() -> LogicalType {
        LogicalType::Array(Box::new(LogicalType::Text))
    }

    fn lists(lengths: &[usize]) -> ArrayRef {
        let rows = lengths
            .iter()
            .map(|length| Literal::Array(vec![Literal::Text("x".repeat(*length))]));
        array_of_all(&rows.collect::<Vec<_>>(), &texts()).unwrap()
    }

    #[test]
    fn long_arrays_come_a_few_rows_at_a_time() {
        let half = ARRAY_BYTES_PER_BATCH_MAX / 2;
        let given = lists(&[3, half, half, 2 * half + 1, 0, 1]);
        let stored = Batch::new(vec![encode(&given).unwrap()], 6);
        let columns = StoredLists::of([Some(array_type(&texts()))]);
        let counts = |batch: Batch| {
            let parts = columns.parts(batch).unwrap();
            parts.iter().map(|part| part.row_count).collect::<Vec<_>>()
        };
        assert_eq!(counts(stored.clone()), [2, 1, 1, 2]);
        let few = Selection::new(BooleanBuffer::from(vec![true, true, false, false, true, true]));
        let selected = Batch {
            selection: Some(few),
            ..stored.clone()
        };
        assert_eq!(counts(selected), [6]);
        let mut start = 0;
        for part in columns.decoded_parts(stored).unwrap() {
            let part = part.unwrap();
            assert_eq!(&part.columns[0], &given.slice(start, part.row_count));
            start += part.row_count;
        }
        assert_eq!(start, 6);
    }

    #[test]
    fn a_dictionary_stays_one_for_a_condition() {
        let values = encode(&lists(&[1, 20])).unwrap();
        let codes = UInt32Array::from(vec![Some(1), None, Some(0), Some(1)]);
        let stored: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::try_new(codes, values).unwrap());
        let columns = StoredLists::of([Some(array_type(&texts()))]);
        let mut parts = columns.decoded_parts(Batch::new(vec![stored.clone()], 4)).unwrap();
        let part = parts.next().unwrap().unwrap();
        assert!(matches!(part.columns[0].data_type(), DataType::Dictionary(_, _)));
        let plain = columns.decoded(Batch::new(vec![stored], 4)).unwrap();
        assert_eq!(&flatten(&part.columns[0]), &plain.columns[0]);
    }
}
