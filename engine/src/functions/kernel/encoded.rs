//! Encoded columns: their distinct values apart from which row has which.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{Array, ArrayRef, Int32Array, RunArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

use super::bits::{Truth, look_up};
use crate::error::Result;

/// The values of a dictionary column, which other columns may share.
pub(crate) fn dictionary_values(column: &ArrayRef) -> Option<&ArrayRef> {
    column.as_dictionary_opt::<UInt32Type>().map(|column| column.values())
}

/// The distinct values of an encoded column, where there are no more of them than rows.
pub(crate) fn distinct_values(column: &ArrayRef) -> Option<ArrayRef> {
    let values = match column.data_type() {
        DataType::Dictionary(_, _) => column.as_dictionary::<UInt32Type>().values().clone(),
        DataType::RunEndEncoded(_, _) => runs(column).1,
        _ => return None,
    };
    (values.len() <= column.len()).then_some(values)
}

/// The column with other values in the place of each of its [`distinct_values`].
pub(crate) fn with_values(column: &ArrayRef, values: ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Dictionary(_, _) => Ok(Arc::new(column.as_dictionary::<UInt32Type>().with_values(values))),
        _ => {
            let ends = Int32Array::from(runs(column).0);
            Ok(Arc::new(RunArray::<Int32Type>::try_new(&ends, &values)?))
        }
    }
}

/// Truth values of an encoded column's rows from those of its [`distinct_values`].
pub(crate) fn spread_truth(column: &ArrayRef, truth: &Truth) -> Truth {
    match column.data_type() {
        DataType::Dictionary(_, _) => {
            let keys = column.as_dictionary::<UInt32Type>().keys();
            let bits = look_up(&truth.bits, keys.values());
            let of_values = truth
                .nulls
                .as_ref()
                .map(|nulls| NullBuffer::new(look_up(nulls.inner(), keys.values())));
            let nulls = NullBuffer::union(of_values.as_ref(), keys.nulls());
            Truth {
                bits,
                nulls: nulls.filter(|nulls| nulls.null_count() > 0),
            }
        }
        _ => {
            let ends = runs(column).0;
            let fill = |bits: &arrow_buffer::BooleanBuffer| {
                let mut builder = BooleanBufferBuilder::new(column.len());
                let mut start = 0;
                for (at, end) in ends.iter().enumerate() {
                    builder.append_n(*end as usize - start, bits.value(at));
                    start = *end as usize;
                }
                builder.finish()
            };
            Truth {
                bits: fill(&truth.bits),
                nulls: truth.nulls.as_ref().map(|nulls| NullBuffer::new(fill(nulls.inner()))),
            }
        }
    }
}

/// A run-end encoded column's ends, counted from its first row, and the value of each run.
fn runs(column: &ArrayRef) -> (Vec<i32>, ArrayRef) {
    let array = column.as_run::<Int32Type>();
    if array.is_empty() {
        return (Vec::new(), array.values().slice(0, 0));
    }
    let (offset, length) = (array.offset(), array.len());
    let first = array.get_physical_index(0);
    let last = array.get_physical_index(length - 1);
    let ends = array.run_ends().values().iter().skip(first).take(last - first + 1);
    let ends = ends.map(|end| (*end as usize - offset).min(length) as i32).collect();
    (ends, array.values().slice(first, last - first + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int64Array, UInt32Array};
    use stoa_storage::vector::flatten;

    #[test]
    fn runs_of_a_slice() {
        let ends = Int32Array::from(vec![3, 5, 9]);
        let values = Int64Array::from(vec![Some(7), None, Some(9)]);
        let whole: ArrayRef = Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap());
        let slice = whole.slice(1, 6);
        let distinct = distinct_values(&slice).unwrap();
        assert_eq!(distinct.len(), 3);
        let again = with_values(&slice, distinct.clone()).unwrap();
        assert_eq!(&*flatten(&again), &*flatten(&slice));
        let truth = Truth {
            bits: vec![true, false, false].into(),
            nulls: Some(NullBuffer::from(vec![true, false, true])),
        };
        let spread = spread_truth(&slice, &truth).into_array();
        let expected = vec![Some(true), Some(true), None, None, Some(false), Some(false)];
        assert_eq!(spread, arrow_array::BooleanArray::from(expected));
    }

    #[test]
    fn a_dictionary_larger_than_its_rows_is_not_worth_it() {
        let keys = UInt32Array::from(vec![Some(2), None]);
        let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let column: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, values).unwrap());
        assert!(distinct_values(&column).is_none());
        let truth = Truth::known(vec![false, false, true].into());
        let spread = spread_truth(&column, &truth).into_array();
        assert_eq!(spread, arrow_array::BooleanArray::from(vec![Some(true), None]));
    }
}
