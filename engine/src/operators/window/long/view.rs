//! The rows of a long partition that are in memory, as its calls see them: which have all that they need, and which are needed by those
//! that follow.

use crate::error::{Error, Result};
use crate::operators::window::Specification;
use crate::operators::window::bucket::Sorted;
use crate::operators::window::call::{Call, Needs, Place};
use crate::operators::window::frame::{Frames, Groups};
use arrow_array::Array;
use std::ops::Range;

/// The rows in memory.
pub(super) struct View<'a> {
    pub(super) specification: &'a Specification,
    pub(super) sorted: &'a Sorted,
    pub(super) groups: &'a Groups,
    /// Per call, where it has to do with them. They end where the rows in memory end.
    pub(super) frames: Vec<Option<Frames<'a>>>,
    /// These are the partition's last rows.
    is_end: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(
        specification: &'a Specification,
        sorted: &'a Sorted,
        groups: &'a Groups,
        is_end: bool,
    ) -> Result<Self> {
        let frames = specification.calls.iter().map(|call| {
            Ok(match call.needs(specification.is_ordered()) {
                Needs::Numbers | Needs::Place(_) | Needs::Total => None,
                _ => Some(Frames::new(specification, call, sorted, groups)?),
            })
        });
        Ok(View {
            specification,
            sorted,
            groups,
            frames: frames.collect::<Result<_>>()?,
            is_end,
        })
    }

    /// The frames of a call that has to do with them.
    pub(super) fn frames_of(&self, number: usize) -> Result<&Frames<'a>> {
        let frames = self.frames[number].as_ref();
        frames.ok_or_else(|| Error::Internal("a call of a window has no frames".into()))
    }

    fn needs(&self, call: &Call) -> Needs {
        call.needs(self.specification.is_ordered())
    }

    /// The peers of a row that are in memory.
    pub(super) fn peers(&self, row: usize) -> Range<usize> {
        let group = self.groups.of_row[row] as usize;
        self.sorted.peers[group]..self.sorted.peers[group + 1]
    }

    /// How many rows have all that they need; so many have been answered.
    pub(super) fn ready(&self, given: usize) -> usize {
        let held = self.sorted.batch.row_count;
        if self.is_end {
            return held;
        }
        let calls = self.specification.calls.iter().zip(&self.frames);
        let ready = calls.map(|(call, frames)| {
            let is_ready = |row: usize| self.is_ready(call, frames.as_ref(), row);
            (given..held).find(|row| !is_ready(*row)).unwrap_or(held)
        });
        ready.min().unwrap_or(held)
    }

    /// Whether a row has all that a call needs, although further rows are to come.
    fn is_ready(&self, call: &Call, frames: Option<&Frames<'_>>, row: usize) -> bool {
        let held = self.sorted.batch.row_count;
        let frame = frames.map_or(row..row, |frames| frames.whole(row));
        let has_peers = || self.peers(row).end < held;
        match self.needs(call) {
            Needs::Neighbours { after, .. } => row.saturating_add(after) < held,
            Needs::LastValue | Needs::FirstRow => frame.start < held,
            Needs::FrameRows | Needs::RowsBefore => frame.end < held,
            Needs::OpenFrame => {
                let (_, ends_open) = call.open_ends(self.specification.is_ordered());
                let has_rows = if ends_open {
                    frame.start < held
                } else {
                    frame.end < held
                };
                has_rows && (!call.excludes_peers() || has_peers())
            }
            Needs::Place(Place::CumeDist) => has_peers(),
            _ => true,
        }
    }

    /// The first row that later rows, from this one on, need. Frames never go back from row to row.
    pub(super) fn needed_from(&self, ready: usize) -> Result<usize> {
        let mut from = ready.saturating_sub(1);
        for (call, frames) in self.specification.calls.iter().zip(&self.frames) {
            from = from.min(self.needed_by(call, frames.as_ref(), ready)?);
        }
        Ok(from)
    }

    fn needed_by(&self, call: &Call, frames: Option<&Frames<'_>>, ready: usize) -> Result<usize> {
        let last = ready - 1;
        let frame = frames.map_or(last..ready, |frames| frames.whole(last));
        let (starts_open, _) = call.open_ends(self.specification.is_ordered());
        // The last row of a frame that begins with the partition tells that it has rows.
        let in_frame = if starts_open {
            frame.end.saturating_sub(1)
        } else {
            frame.start
        };
        Ok(match self.needs(call) {
            Needs::Neighbours { before, .. } => ready.saturating_sub(before),
            Needs::OpenFrame if call.excludes_peers() => in_frame.min(self.peers(last).start),
            Needs::FrameRows | Needs::FirstRow | Needs::RowsBefore | Needs::OpenFrame => in_frame,
            Needs::FirstValue | Needs::LastValue => in_frame,
            Needs::Running => {
                let values = call.first_argument(&self.sorted.batch)?;
                let nulls = values.logical_nulls();
                let is_value = |row: &usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row));
                (0..ready).rev().find(is_value).unwrap_or(last)
            }
            _ => last,
        })
    }
}
