//! Aggregates over any frames: a binary tree of partial states, every frame put together from a logarithmic number of nodes.
//! States are merged in the rows' order; nothing is ever subtracted.

use super::aggregate::{Beyond, CHUNK_ROWS, Input};
use super::frame::Frames;
use super::{Call, Specification};
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use crate::operators::gather::joined;
use crate::types::array_type;
use arrow_array::{Array, ArrayRef, UInt32Array};
use std::ops::Range;

/// The states of all nodes, level by level from the rows up.
struct Tree {
    states: Vec<ArrayRef>,
    level_starts: Vec<usize>,
}

impl Tree {
    fn new(specification: &Specification, accumulator: &mut dyn Accumulator, input: &Input) -> Result<Self> {
        let mut count = input.row_count;
        let groups: Vec<u32> = (0..count as u32).collect();
        accumulator.update(
            &input.arguments,
            Groups::PerRow(&groups),
            input.selection.as_ref(),
            count,
        )?;
        let mut level = accumulator.states(count)?;
        let mut parts: Vec<Vec<ArrayRef>> = level.iter().map(|state| vec![state.clone()]).collect();
        let mut level_starts = vec![0];
        while count > 1 {
            specification.cancel.check()?;
            let parents: Vec<u32> = (0..count as u32).map(|node| node / 2).collect();
            level_starts.push(level_starts[level_starts.len() - 1] + count);
            count = count.div_ceil(2);
            accumulator.merge(&level, Groups::PerRow(&parents), count)?;
            level = accumulator.states(count)?;
            for (parts, state) in parts.iter_mut().zip(&level) {
                parts.push(state.clone());
            }
        }
        let states = parts.iter().zip(&level);
        let states = states.map(|(parts, state)| joined(parts, state.data_type()));
        Ok(Tree {
            states: states.collect::<Result<_>>()?,
            level_starts,
        })
    }

    /// The nodes that make up a range of rows, in order.
    fn nodes(&self, range: Range<usize>, nodes: &mut Vec<u32>) {
        let (mut from, mut to) = (range.start, range.end);
        let mut behind = Vec::new();
        for start in &self.level_starts {
            if from >= to {
                break;
            }
            if from % 2 == 1 {
                nodes.push((start + from) as u32);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                behind.push((start + to) as u32);
            }
            (from, to) = (from / 2, to / 2);
        }
        nodes.extend(behind.into_iter().rev());
    }
}

/// The answers of some rows.
pub(super) fn over_frames(
    specification: &Specification,
    call: &Call,
    accumulator: &mut dyn Accumulator,
    input: &Input,
    frames: &Frames<'_>,
    rows: Range<usize>,
    beyond: &Beyond<'_>,
) -> Result<ArrayRef> {
    let tree = Tree::new(specification, accumulator, input)?;
    let mut answers = Vec::new();
    for from in rows.clone().step_by(CHUNK_ROWS) {
        let to = rows.end.min(from + CHUNK_ROWS);
        let mut nodes = Vec::new();
        let mut starts = Vec::with_capacity(to - from + 1);
        for row in from..to {
            starts.push(nodes.len());
            for range in frames.ranges(row) {
                tree.nodes(range, &mut nodes);
            }
        }
        starts.push(nodes.len());
        if let Some(before) = beyond.before {
            merge_into_all(accumulator, before, to - from)?;
        }
        let steps = starts.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0);
        // The first node of every row, then the second one of every row that has two ..
        for step in 0..steps {
            specification.cancel.check()?;
            let (mut of_step, mut groups) = (Vec::new(), Vec::new());
            for (group, bounds) in starts.windows(2).enumerate() {
                if bounds[0] + step < bounds[1] {
                    of_step.push(nodes[bounds[0] + step]);
                    groups.push(group as u32);
                }
            }
            let indices = UInt32Array::from(of_step);
            let states = tree.states.iter();
            let states = states
                .map(|state| Ok(arrow_select::take::take(state, &indices, None)?))
                .collect::<Result<Vec<_>>>()?;
            accumulator.merge(&states, Groups::PerRow(&groups), to - from)?;
        }
        if let Some(after) = &beyond.after {
            merge_into_all(accumulator, after, to - from)?;
        }
        answers.push(accumulator.finish(to - from)?);
    }
    joined(&answers, &array_type(&call.return_type))
}

/// Merges one state into each of the first groups.
fn merge_into_all(accumulator: &mut dyn Accumulator, state: &[ArrayRef], count: usize) -> Result<()> {
    let same = UInt32Array::from(vec![0; count]);
    let states = state.iter().map(|state| arrow_select::take::take(state, &same, None));
    let groups: Vec<u32> = (0..count as u32).collect();
    accumulator.merge(&states.collect::<Result<Vec<_>, _>>()?, Groups::PerRow(&groups), count)
}
