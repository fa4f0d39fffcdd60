//! Running aggregates: the states of all prefixes of each partition, in a number of steps that grows with the logarithm of its
//! length. Only `merge` and `states` of the accumulator are needed, and states are merged in the rows' order.

use super::Specification;
use super::aggregate::Input;
use super::frame::Frames;
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use crate::operators::gather::joined;
use arrow_array::{Array, ArrayRef, UInt32Array};

/// Elements of a block: within blocks prefixes are found one after the other, all blocks in one step.
const BLOCK: usize = 32;

/// The answer of every row whose frame begins with its partition, or with rows before the first one, whose state is given.
pub(super) fn running(
    specification: &Specification,
    accumulator: &mut dyn Accumulator,
    input: &Input,
    frames: &Frames<'_>,
    before: Option<&[ArrayRef]>,
) -> Result<ArrayRef> {
    let sorted = frames.sorted();
    // Rows between two places where no frame ends are one element.
    let mut begins = vec![false; input.row_count + 1];
    sorted.partitions.iter().for_each(|start| begins[*start] = true);
    (0..input.row_count).for_each(|row| begins[frames.whole(row).end] = true);
    let mut element_of_row = Vec::with_capacity(input.row_count);
    let mut elements = 0u32;
    for begins in &begins[..input.row_count] {
        elements += u32::from(*begins);
        element_of_row.push(elements - 1);
    }
    let elements = elements as usize;
    accumulator.update(
        &input.arguments,
        Groups::PerRow(&element_of_row),
        input.selection.as_ref(),
        elements,
    )?;
    let mut states = accumulator.states(elements)?;
    if let Some(before) = before {
        accumulator.merge(before, Groups::PerRow(&[0]), elements)?;
        accumulator.merge(&states, Groups::PerRow(&first_groups(elements)), elements)?;
        states = accumulator.states(elements)?;
    }
    let partitions = sorted.partitions.iter();
    let bounds: Vec<usize> = partitions
        .map(|start| element_of_row.get(*start).map_or(elements, |element| *element as usize))
        .collect();
    load_prefixes(specification, accumulator, &states, &bounds)?;
    // One more group, without rows that are here, for empty frames.
    if let Some(before) = before {
        accumulator.merge(before, Groups::PerRow(&[elements as u32]), elements + 1)?;
    }
    let answers = accumulator.finish(elements + 1)?;
    let answer_of = |row: usize| {
        let frame = frames.whole(row);
        match frame.is_empty() {
            true => elements as u32,
            false => element_of_row[frame.end - 1],
        }
    };
    let indices: UInt32Array = (0..input.row_count).map(answer_of).collect::<Vec<_>>().into();
    Ok(arrow_select::take::take(&answers, &indices, None)?)
}

fn take_all(arrays: &[ArrayRef], indices: Vec<u32>) -> Result<Vec<ArrayRef>> {
    let indices = UInt32Array::from(indices);
    let taken = arrays
        .iter()
        .map(|array| arrow_select::take::take(array, &indices, None));
    Ok(taken.collect::<Result<_, _>>()?)
}

fn first_groups(count: usize) -> Vec<u32> {
    (0..count as u32).collect()
}

/// Puts into group `i` of an empty accumulator the states from the beginning of element `i`'s segment up to it. Segments lie
/// between two bounds each.
fn load_prefixes(
    specification: &Specification,
    accumulator: &mut dyn Accumulator,
    states: &[ArrayRef],
    bounds: &[usize],
) -> Result<()> {
    specification.cancel.check()?;
    let elements = bounds.last().copied().unwrap_or(0);
    let mut blocks: Vec<(usize, usize)> = Vec::new();
    // Where each segment's blocks begin.
    let mut block_bounds = vec![0];
    for segment in bounds.windows(2) {
        let starts = (segment[0]..segment[1]).step_by(BLOCK);
        blocks.extend(starts.map(|start| (start, BLOCK.min(segment[1] - start))));
        block_bounds.push(blocks.len());
    }
    if blocks.len() == elements {
        // Every segment is one element.
        return accumulator.merge(states, Groups::PerRow(&first_groups(elements)), elements);
    }
    let within = Within::new(specification, accumulator, states, &blocks)?;
    let places = within.places(&blocks, elements);
    if blocks.len() == block_bounds.len() - 1 {
        let prefixes = take_all(&within.states, places)?;
        return accumulator.merge(&prefixes, Groups::PerRow(&first_groups(elements)), elements);
    }
    let last_places = blocks
        .iter()
        .map(|(start, length)| places[start + length - 1])
        .collect();
    let totals = take_all(&within.states, last_places)?;
    load_prefixes(specification, accumulator, &totals, &block_bounds)?;
    let block_prefixes = accumulator.states(blocks.len())?;
    // What comes before an element's block goes first.
    let (mut before, mut groups) = (Vec::new(), Vec::new());
    for segment in block_bounds.windows(2) {
        for (number, (start, length)) in blocks.iter().enumerate().take(segment[1]).skip(segment[0] + 1) {
            before.resize(before.len() + length, number as u32 - 1);
            groups.extend((*start..start + length).map(|element| element as u32));
        }
    }
    accumulator.merge(&take_all(&block_prefixes, before)?, Groups::PerRow(&groups), elements)?;
    let prefixes = take_all(&within.states, places)?;
    accumulator.merge(&prefixes, Groups::PerRow(&first_groups(elements)), elements)
}

/// Prefixes within blocks.
struct Within {
    /// Of the first elements of all blocks, then of the second ones ..
    states: Vec<ArrayRef>,
    /// Where the states of each step begin.
    step_starts: Vec<usize>,
    /// Each block's place among those sorted by length, longest first: the blocks of a step are the first ones.
    ranks: Vec<usize>,
}

impl Within {
    fn new(
        specification: &Specification,
        accumulator: &mut dyn Accumulator,
        states: &[ArrayRef],
        blocks: &[(usize, usize)],
    ) -> Result<Self> {
        let mut by_length: Vec<usize> = (0..blocks.len()).collect();
        by_length.sort_by_key(|block| std::cmp::Reverse(blocks[*block].1));
        let mut ranks = vec![0; blocks.len()];
        by_length
            .iter()
            .enumerate()
            .for_each(|(rank, block)| ranks[*block] = rank);
        let mut parts: Vec<Vec<ArrayRef>> = states.iter().map(|_| Vec::new()).collect();
        let mut step_starts = vec![0];
        let mut active = blocks.len();
        for step in 0..BLOCK {
            specification.cancel.check()?;
            let is_active = |block: &usize| blocks[*block].1 > step;
            let before = active;
            active = by_length[..active].partition_point(is_active);
            if active == 0 {
                break;
            }
            debug_assert!(active <= before);
            let groups = first_groups(active);
            if step > 0 {
                let last: Vec<ArrayRef> = parts
                    .iter()
                    .filter_map(|parts| parts.last().map(|last| last.slice(0, active)))
                    .collect();
                accumulator.merge(&last, Groups::PerRow(&groups), active)?;
            }
            let elements = by_length[..active].iter().map(|block| (blocks[*block].0 + step) as u32);
            accumulator.merge(&take_all(states, elements.collect())?, Groups::PerRow(&groups), active)?;
            for (parts, state) in parts.iter_mut().zip(accumulator.states(active)?) {
                parts.push(state);
            }
            step_starts.push(step_starts[step] + active);
        }
        let states = parts.iter().zip(states);
        let states = states.map(|(parts, state)| joined(parts, state.data_type()));
        Ok(Within {
            states: states.collect::<Result<_>>()?,
            step_starts,
            ranks,
        })
    }

    /// Where the prefix of each element is.
    fn places(&self, blocks: &[(usize, usize)], elements: usize) -> Vec<u32> {
        let mut places = vec![0; elements];
        for ((start, length), rank) in blocks.iter().zip(&self.ranks) {
            for step in 0..*length {
                places[start + step] = (self.step_starts[step] + rank) as u32;
            }
        }
        places
    }
}
