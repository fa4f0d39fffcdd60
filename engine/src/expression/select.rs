//! Which rows a condition selects. AND and OR narrow the rows step by step: an operand that could fail or is dear is evaluated
//! only for rows that the operands before it left open.

use super::frame::Frame;
use super::node::{Kind, Node};
use crate::error::Result;
use crate::functions::kernel::bits::spread;
use arrow_buffer::BooleanBuffer;

/// An eager operand is evaluated for all rows unless fewer than one in this many are open.
const SPARSE_FACTOR: usize = 16;

impl Node {
    /// One bit per row of the frame: open (`within`, all where absent) and true, or where `wanted` is false, open and false.
    pub(super) fn select(
        &self,
        frame: &Frame<'_>,
        within: Option<&BooleanBuffer>,
        wanted: bool,
    ) -> Result<BooleanBuffer> {
        if frame.row_count() == 0 {
            return Ok(BooleanBuffer::new_unset(0));
        }
        match (&self.kind, wanted) {
            (Kind::And(operands), true) | (Kind::Or(operands), false) => select_all(operands, frame, within, wanted),
            (Kind::Or(operands), true) | (Kind::And(operands), false) => select_any(operands, frame, within, wanted),
            (Kind::Not(input), _) => input.select(frame, within, !wanted),
            _ => self.select_here(frame, within, wanted),
        }
    }

    fn select_here(&self, frame: &Frame<'_>, within: Option<&BooleanBuffer>, wanted: bool) -> Result<BooleanBuffer> {
        let Some(within) = within else {
            return Ok(self.truth(frame)?.rows(wanted));
        };
        let open = within.count_set_bits();
        if open == 0 {
            return Ok(BooleanBuffer::new_unset(within.len()));
        }
        if open == within.len() || self.eager && open >= within.len() / SPARSE_FACTOR {
            return Ok(&self.truth(frame)?.rows(wanted) & within);
        }
        let rows = self.truth(&frame.narrow(within))?.rows(wanted);
        Ok(spread(&rows, within))
    }
}

/// Rows in which every operand is as wanted.
fn select_all(
    operands: &[Node],
    frame: &Frame<'_>,
    within: Option<&BooleanBuffer>,
    wanted: bool,
) -> Result<BooleanBuffer> {
    let mut open: Option<BooleanBuffer> = within.cloned();
    for operand in operands {
        let rows = operand.select(frame, open.as_ref(), wanted)?;
        let none = rows.count_set_bits() == 0;
        open = Some(rows);
        if none {
            break;
        }
    }
    Ok(open.unwrap_or_else(|| BooleanBuffer::new_set(frame.row_count())))
}

/// Rows in which one operand is as wanted.
fn select_any(
    operands: &[Node],
    frame: &Frame<'_>,
    within: Option<&BooleanBuffer>,
    wanted: bool,
) -> Result<BooleanBuffer> {
    let mut open: Option<BooleanBuffer> = within.cloned();
    let mut found: Option<BooleanBuffer> = None;
    for operand in operands {
        let rows = operand.select(frame, open.as_ref(), wanted)?;
        let rest = match &open {
            Some(open) => open & &!&rows,
            None => !&rows,
        };
        let none = rest.count_set_bits() == 0;
        open = Some(rest);
        found = Some(match found {
            Some(found) => &found | &rows,
            None => rows,
        });
        if none {
            break;
        }
    }
    Ok(found.unwrap_or_else(|| BooleanBuffer::new_unset(frame.row_count())))
}
