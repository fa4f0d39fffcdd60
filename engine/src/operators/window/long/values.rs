//! The values of calls for rows of a long partition, from the rows in memory and what is known of the others.

use super::LongPartition;
use super::view::View;
use crate::error::{Error, Result};
use crate::functions::WindowArguments;
use crate::functions::window::ntile_buckets;
use crate::operators::window::aggregate::{Beyond, Input, over_frames};
use crate::operators::window::bucket::call_function;
use crate::operators::window::call::{Call, Computation, Needs, Place};
use crate::operators::window::{Bound, sliced};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Float64Array, Int64Array, UInt32Array};
use std::ops::Range;
use std::sync::Arc;
use stoa_storage::vector::Batch;

impl LongPartition {
    /// Rows with a column per call.
    pub(super) fn computed(&self, view: &View<'_>, rows: Range<usize>) -> Result<Batch> {
        let mut columns = sliced(&view.sorted.batch, rows.clone()).columns;
        for (number, call) in view.specification.calls.iter().enumerate() {
            view.specification.cancel.check()?;
            columns.push(self.values(view, number, call, rows.clone())?);
        }
        Ok(Batch::new(columns, rows.len()))
    }

    fn values(&self, view: &View<'_>, number: usize, call: &Call, rows: Range<usize>) -> Result<ArrayRef> {
        let known = &self.known[number];
        match (
            &call.computation,
            call.needs(view.specification.is_ordered()),
            &known.value,
        ) {
            (_, Needs::Place(place), _) => self.places(view, number, place, rows),
            (_, _, Some(value)) => {
                let indices = rows.map(|row| self.sees_rows(view, number, call, row).then_some(0));
                let indices: UInt32Array = indices.collect();
                Ok(arrow_select::take::take(value, &indices, None)?)
            }
            (Computation::Function { execute, .. }, Needs::Running, _) => {
                let counts = self.function_values(view, number, call, *execute)?;
                let counts = counts.slice(rows.start, rows.len());
                let counts = counts.as_primitive::<Int64Type>();
                Ok(Arc::new(counts.unary::<_, Int64Type>(|count| known.count + count)))
            }
            (Computation::Function { execute, .. }, ..) => {
                let values = self.function_values(view, number, call, *execute)?;
                Ok(values.slice(rows.start, rows.len()))
            }
            (Computation::Aggregate { accumulator, binding }, ..) => {
                let input = Input::new(call, &view.sorted.batch)?;
                let mut accumulator = accumulator(binding)?;
                let block = self.kept.as_ref().and_then(|kept| kept.next_block());
                let after = known.after.as_ref().zip(block);
                let after = after.map(|(after, block)| after.iter().map(|state| state.slice(block, 1)).collect());
                let beyond = Beyond {
                    before: known.before.as_deref(),
                    after,
                };
                let frames = view.frames_of(number)?;
                over_frames(
                    view.specification,
                    call,
                    &mut *accumulator,
                    &input,
                    frames,
                    rows,
                    &beyond,
                )
            }
            (computation, ..) => {
                let numbers = rows.map(|row| self.number(computation, view, row) as i64 + 1);
                Ok(Arc::new(Int64Array::from_iter_values(numbers)))
            }
        }
    }

    /// Whether a row's frame has rows; where it begins with the partition, those that are no longer in memory, too.
    fn sees_rows(&self, view: &View<'_>, number: usize, call: &Call, row: usize) -> bool {
        let begins = matches!(call.frame.start, Bound::UnboundedPreceding);
        let frames = view.frames[number].as_ref();
        self.passed.rows > 0 && begins || frames.is_none_or(|frames| !frames.whole(row).is_empty())
    }

    fn function_values(
        &self,
        view: &View<'_>,
        number: usize,
        call: &Call,
        execute: fn(&WindowArguments<'_>) -> Result<ArrayRef>,
    ) -> Result<ArrayRef> {
        call_function(view.specification, call, view.sorted, view.frames_of(number)?, execute)
    }

    /// What the answers of a function that counts from row to row will lack once its first row in memory is this one.
    pub(super) fn counted_until(
        &self,
        view: &View<'_>,
        number: usize,
        execute: fn(&WindowArguments<'_>) -> Result<ArrayRef>,
        row: usize,
    ) -> Result<i64> {
        let call = &view.specification.calls[number];
        let counts = self.function_values(view, number, call, execute)?;
        let first = sliced(&view.sorted.batch, row..row + 1);
        let arguments = call.arguments.iter().map(|argument| argument.evaluate_plain(&first));
        let alone = execute(&WindowArguments {
            arguments: &arguments.collect::<Result<Vec<_>>>()?,
            row_count: 1,
            peer_starts: &[0],
            frames: &|_| std::iter::once(0..1).collect(),
            ignore_nulls: call.ignore_nulls,
            return_type: &call.return_type,
        })?;
        let value = |counts: &ArrayRef, row: usize| counts.as_primitive::<Int64Type>().value(row);
        Ok(self.known[number].count + value(&counts, row) - value(&alone, 0))
    }

    fn places(&self, view: &View<'_>, number: usize, place: Place, rows: Range<usize>) -> Result<ArrayRef> {
        let all = self.row_count;
        let shares = |share: &dyn Fn(usize) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(rows.clone().map(share)))
        };
        Ok(match place {
            Place::PercentRank => {
                let others = all.saturating_sub(1).max(1) as f64;
                shares(&|row| self.number(&Computation::Rank, view, row) as f64 / others)
            }
            Place::CumeDist => shares(&|row| (self.passed.rows + view.peers(row).end) as f64 / all as f64),
            Place::Ntile => {
                let buckets = self.known[number].value.as_ref();
                let buckets = buckets.ok_or_else(|| Error::Internal("ntile has no argument".into()))?;
                let numbers = self.passed.rows + rows.start..self.passed.rows + rows.end;
                ntile_buckets(buckets, numbers, all)?
            }
        })
    }

    /// The number of a row, from 0.
    pub(super) fn number(&self, computation: &Computation, view: &View<'_>, row: usize) -> usize {
        let group = view.groups.of_row[row] as usize;
        match computation {
            Computation::Rank if group == 0 => self.passed.rank,
            Computation::Rank => self.passed.rows + view.sorted.peers[group],
            Computation::DenseRank => self.passed.dense_rank + group,
            _ => self.passed.rows + row,
        }
    }
}
