//! AND and OR as values of SQL's three-valued logic; as conditions see `select`.

use super::frame::Frame;
use super::node::Node;
use crate::error::Result;
use crate::functions::kernel::bits::{Truth, spread};
use arrow_buffer::{BooleanBuffer, NullBuffer};

/// AND (decided by false) or OR (decided by true): decided where one operand decides, otherwise NULL where one is NULL.
/// An operand that could fail sees only rows that are not decided yet.
pub(super) fn connective(operands: &[Node], decided_by: bool, frame: &Frame<'_>) -> Result<Truth> {
    let row_count = frame.row_count();
    let mut decided = BooleanBuffer::new_unset(row_count);
    let mut unknown: Option<BooleanBuffer> = None;
    for operand in operands {
        let open = !&decided;
        let open_count = open.count_set_bits();
        if open_count == 0 {
            break;
        }
        let (deciding, null) = if operand.eager || open_count == row_count {
            let truth = operand.truth(frame)?;
            (truth.rows(decided_by), truth.unknown_rows())
        } else {
            let truth = operand.truth(&frame.narrow(&open))?;
            let null = truth.unknown_rows().map(|rows| spread(&rows, &open));
            (spread(&truth.rows(decided_by), &open), null)
        };
        decided = &decided | &deciding;
        unknown = match (unknown, null) {
            (Some(before), Some(now)) => Some(&before | &now),
            (before, now) => before.or(now),
        };
    }
    let nulls = unknown.map(|unknown| NullBuffer::new(&decided | &!&unknown));
    Ok(Truth {
        bits: if decided_by { decided } else { !&decided },
        nulls: nulls.filter(|nulls| nulls.null_count() > 0),
    })
}
