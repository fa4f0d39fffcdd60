//! Adjacent rows with the same keys become one row of states before they are sent to partitions: rows of a user or a device come in
//! bursts. Finds no equal rows that are apart, and may leave equal ones that are not. (Long runs are added up as slices: [`runs`](super::runs).)

use super::groups::{HandedOut, take_in};
use super::piece::Piece;
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::functions::Groups;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;
use std::sync::Arc;

/// Rows per run, on average, from which this pays.
const RUN_ROWS_MIN: usize = 2;

/// How rows become states.
pub(super) struct AdjacentRows {
    specification: Arc<AggregateSpecification>,
    /// Of a run's states.
    state_bytes: usize,
}

impl AdjacentRows {
    /// `None` where states are not single numbers: lists and sketches of a few rows each would be larger than the rows.
    ///
    /// # Errors
    /// Those of aggregates.
    pub(super) fn of(specification: &Arc<AggregateSpecification>) -> Result<Option<Self>> {
        let mut state_bytes = 0;
        for call in &specification.calls {
            match call.accumulator()?.state_bytes() {
                Some(bytes) => state_bytes += bytes,
                None => return Ok(None),
            }
        }
        Ok(Some(AdjacentRows {
            specification: specification.clone(),
            state_bytes,
        }))
    }

    /// What runs of rows make, or the rows where that would not be less. Keys are plain.
    ///
    /// # Errors
    /// Those of aggregates and of Arrow's kernels.
    pub(super) fn joined(&self, keys: Vec<ArrayRef>, rows: InputRows) -> Result<Piece> {
        let width = |column: &ArrayRef| column.data_type().primitive_width().unwrap_or(size_of::<u128>());
        let key_bytes: usize = keys.iter().map(width).sum();
        let argument_bytes: usize = rows.arguments.iter().map(width).sum();
        let row_bytes = rows.row_count * (key_bytes + argument_bytes);
        let runs_max = (rows.row_count / RUN_ROWS_MIN).min(row_bytes / (key_bytes + self.state_bytes).max(1));
        let Some(runs) = NumberedRuns::of(&keys, rows.row_count, runs_max) else {
            return Ok(Piece::rows(keys, rows));
        };
        let group_count = runs.starts.len();
        let starts = UInt32Array::from(runs.starts);
        let keys = keys.iter().map(|key| arrow_select::take::take(key, &starts, None));
        let states = self.specification.calls.iter().map(|call| {
            let mut states = call.accumulator()?;
            take_in(&mut *states, call, &rows, Groups::PerRow(&runs.numbers), group_count)?;
            states.states(group_count)
        });
        Ok(Piece::states(HandedOut {
            keys: keys.collect::<std::result::Result<_, _>>()?,
            states: states.collect::<Result<_>>()?,
            group_count,
        }))
    }
}

/// Rows one after the other with the same keys.
struct NumberedRuns {
    /// The first row of each.
    starts: Vec<u32>,
    /// The number of each row's.
    numbers: Vec<u32>,
}

impl NumberedRuns {
    /// `None` where there are more than so many, or keys of another form.
    fn of(keys: &[ArrayRef], row_count: usize, runs_max: usize) -> Option<Self> {
        let mut begins = vec![false; row_count];
        *begins.first_mut()? = true;
        for key in keys {
            mark_changes(key, &mut begins)?;
            let run_count = begins.iter().map(|begins| u32::from(*begins)).sum::<u32>();
            if run_count as usize > runs_max {
                return None;
            }
        }
        let mut numbers = vec![0; row_count];
        let mut starts = vec![0; row_count];
        let mut run_count = 0;
        for ((row, begins), number) in (0..).zip(&begins).zip(&mut numbers) {
            // Written in vain where none begins: there is nothing to guess for the processor.
            starts[run_count] = row;
            run_count += usize::from(*begins);
            *number = run_count as u32 - 1;
        }
        starts.truncate(run_count);
        Some(NumberedRuns { starts, numbers })
    }
}

/// Marks the rows whose key is not that of the row before, byte by byte.
fn mark_changes(key: &ArrayRef, begins: &mut [bool]) -> Option<()> {
    match key.data_type() {
        // Views into the same buffers: equal ones are equal texts.
        DataType::Utf8View | DataType::BinaryView | DataType::FixedSizeBinary(16) => mark::<16>(key, begins),
        other => match other.primitive_width() {
            Some(2) => mark::<2>(key, begins),
            Some(4) => mark::<4>(key, begins),
            Some(8) => mark::<8>(key, begins),
            Some(16) => mark::<16>(key, begins),
            _ => return None,
        },
    }
    if let Some(nulls) = key.nulls().filter(|nulls| nulls.null_count() > 0) {
        for (row, begins) in begins.iter_mut().enumerate().skip(1) {
            *begins |= nulls.is_null(row) != nulls.is_null(row - 1);
        }
    }
    Some(())
}

/// Likewise, of values of so many bytes.
fn mark<const WIDTH: usize>(key: &ArrayRef, begins: &mut [bool]) {
    let data = key.to_data();
    let bytes = &data.buffers()[0].as_slice()[data.offset() * WIDTH..];
    let (values, _) = bytes.as_chunks::<WIDTH>();
    let pairs = values.iter().zip(values.iter().skip(1));
    for (begins, (before, value)) in begins.iter_mut().skip(1).zip(pairs) {
        *begins |= before != value;
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::AggregateInput;
    use super::super::tests::{
        EARLY_PARTITIONS, aggregate_within, binding, groups_of, sorted, specification, step, sum,
    };
    use super::*;
    use crate::operators::project::Projection;
    use crate::operators::testing::{Random, batches_of, memory, rows_of};
    use crate::types::{Literal, LogicalType};
    use arrow_array::{BooleanArray, Int16Array, Int32Array, Int64Array, StringViewArray};

    fn starts(keys: &[ArrayRef]) -> Option<Vec<u32>> {
        let row_count = keys[0].len();
        let NumberedRuns { starts, numbers } = NumberedRuns::of(keys, row_count, row_count / 2)?;
        for (row, run) in numbers.iter().enumerate() {
            let next = starts.get(*run as usize + 1).map_or(usize::MAX, |next| *next as usize);
            assert!((starts[*run as usize] as usize..next).contains(&row));
        }
        Some(starts)
    }

    #[test]
    fn a_run_ends_where_any_key_changes() {
        let long: ArrayRef = Arc::new(Int64Array::from(vec![7, 7, 7, 7, 7, 7, 8, 8]));
        let int: ArrayRef = Arc::new(Int32Array::from(vec![1, 1, 1, 1, 2, 2, 2, 2]));
        let short: ArrayRef = Arc::new(Int16Array::from(vec![1; 8]));
        let texts = ["a text longer than a view"; 8].into_iter();
        let text: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
        assert_eq!(starts(&[long.clone(), int.clone(), short]), Some(vec![0, 4, 6]));
        // The texts lie apart; they may look different.
        assert_eq!(starts(&[long.slice(2, 6), int.slice(2, 6)]), Some(vec![0, 2, 4]));
        assert!(starts(&[text]).is_none_or(|starts| starts[0] == 0));
    }

    #[test]
    fn null_is_no_value() {
        let key: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), Some(0), None, None, Some(0), Some(0)]));
        assert_eq!(starts(&[key]), Some(vec![0, 2, 4]));
    }

    #[test]
    fn short_runs_and_bits_are_left_alone() {
        let alternating: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 1, 2]));
        assert_eq!(starts(&[alternating]), None);
        let bits: ArrayRef = Arc::new(BooleanArray::from(vec![true; 8]));
        assert_eq!(starts(&[bits]), None);
        let nothing: ArrayRef = Arc::new(Int32Array::from(Vec::<i32>::new()));
        assert_eq!(starts(&[nothing]), None);
    }

    #[test]
    fn bursts_make_the_groups_of_their_rows() {
        let mut random = Random::new(31);
        let (big, numeric) = (
            LogicalType::BigInt,
            LogicalType::Numeric {
                precision: 38,
                scale: 0,
            },
        );
        let types = [big.clone(), LogicalType::Integer, big.clone(), LogicalType::Boolean];
        let mut rows = Vec::new();
        for key in random.rows(700, &types[..2], 20) {
            for argument in random.rows(3, &types[2..], 50) {
                rows.push([key.clone(), argument].concat());
            }
        }
        let expected = groups_of(&rows, &[0, 1]).into_iter().map(|(mut key, rows)| {
            let counted = rows.iter().filter(|row| row[3] == Literal::Boolean(true));
            let counted: Vec<&Vec<Literal>> = counted.copied().collect();
            key.extend([Literal::Integer(rows.len() as i64), sum(&counted, 2)]);
            key
        });
        let expected = sorted(expected.collect());
        for limits in EARLY_PARTITIONS {
            let mut calls = vec![
                step("count", binding(&[], big.clone(), &[]), &[]),
                step("sum", binding(std::slice::from_ref(&big), numeric.clone(), &[]), &[2]),
            ];
            calls[1].input = AggregateInput::Rows {
                arguments: vec![2],
                filter: Some(0),
            };
            let specification = AggregateSpecification {
                filters: vec![Projection::Column(3)],
                ..specification(&types, 2, calls)
            };
            let batches = batches_of(&rows, &types, 300);
            let (result, _) = aggregate_within(memory(), specification, batches, 2, *limits).unwrap();
            let result = rows_of(&result, &[big.clone(), types[1].clone(), big.clone(), numeric.clone()]);
            assert_eq!(sorted(result), expected, "{limits:?}");
        }
    }
}
