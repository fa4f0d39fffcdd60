//! `input IN (list)`: constants as one set, the rest one by one for rows not found yet.

use super::frame::Frame;
use super::node::{Node, compare_encoded, plain};
use crate::error::Result;
use crate::functions::Value;
use crate::functions::kernel::bits::{Truth, spread};
use crate::functions::kernel::encoded::{distinct_values, spread_truth};
use crate::functions::kernel::set::ConstantSet;
use arrow_buffer::{BooleanBuffer, NullBuffer};
use stoa_sql::plan::CompareOp;
use stoa_storage::vector::Selection;

/// IN.
#[derive(Debug)]
pub(super) struct InListNode {
    pub(super) input: Box<Node>,
    /// The constants that are not NULL.
    pub(super) set: ConstantSet,
    /// NULL is in the list.
    pub(super) has_null: bool,
    /// What is not constant.
    pub(super) others: Vec<Node>,
}

impl InListNode {
    pub(super) fn truth(&self, frame: &Frame<'_>) -> Result<Truth> {
        let row_count = frame.row_count();
        let input = self.input.evaluate(frame)?;
        if input.is_null_constant() {
            return Ok(Truth::unknown(row_count));
        }
        let known = self.set_truth(&input, row_count);
        let mut found = known.rows(true);
        let mut unknown = known.unknown_rows();
        if self.has_null {
            unknown = Some(!&found);
        }
        for item in &self.others {
            let open = !&found;
            if open.count_set_bits() == 0 {
                break;
            }
            let truth = if item.eager || open.count_set_bits() == row_count {
                compare_encoded(
                    CompareOp::Equal,
                    &input,
                    &item.evaluate(frame)?,
                    &item.data_type,
                    row_count,
                )?
            } else {
                let selection = Selection::new(open.clone());
                let narrowed = match plain(input.clone()) {
                    Value::Array(array) => Value::Array(selection.filter(&array)),
                    constant => constant,
                };
                let item_value = item.evaluate(&frame.narrow(&open))?;
                let count = selection.selected_count();
                let truth = compare_encoded(CompareOp::Equal, &narrowed, &item_value, &item.data_type, count)?;
                Truth {
                    bits: spread(&truth.rows(true), &open),
                    nulls: truth.unknown_rows().map(|rows| NullBuffer::new(!&spread(&rows, &open))),
                }
            };
            found = &found | &truth.rows(true);
            unknown = match (unknown, truth.unknown_rows()) {
                (Some(before), Some(now)) => Some(&before | &now),
                (before, now) => before.or(now),
            };
        }
        let nulls = unknown.map(|unknown| NullBuffer::new(&found | &!&unknown));
        Ok(Truth {
            bits: found,
            nulls: nulls.filter(|nulls| nulls.null_count() > 0),
        })
    }

    fn set_truth(&self, input: &Value, row_count: usize) -> Truth {
        match input {
            Value::Constant(array) => match self.set.test(array).rows(true).value(0) {
                true => Truth::known(BooleanBuffer::new_set(row_count)),
                false => Truth::known(BooleanBuffer::new_unset(row_count)),
            },
            Value::Array(column) => match distinct_values(column) {
                Some(values) => spread_truth(column, &self.set.test(&values)),
                None => self.set.test(&stoa_storage::vector::flatten(column)),
            },
        }
    }
}
