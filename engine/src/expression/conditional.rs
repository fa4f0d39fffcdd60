//! CASE and COALESCE: each result is evaluated for the rows that take it and no others.

use super::frame::Frame;
use super::merge::{Part, merge};
use super::node::Node;
use crate::error::Result;
use crate::functions::Value;
use crate::functions::kernel::bits::spread;
use crate::types::{LogicalType, array_type};
use arrow_array::{Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use stoa_storage::vector::constant_of;

/// CASE.
#[derive(Debug)]
pub(super) struct CaseNode {
    /// Conditions and results.
    pub(super) branches: Vec<(Node, Node)>,
    /// ELSE.
    pub(super) otherwise: Option<Box<Node>>,
}

impl CaseNode {
    pub(super) fn evaluate(&self, frame: &Frame<'_>, data_type: &LogicalType) -> Result<Value> {
        let row_count = frame.row_count();
        let mut open = BooleanBuffer::new_set(row_count);
        let mut open_count = row_count;
        let mut parts = Vec::with_capacity(self.branches.len() + 1);
        for (condition, result) in &self.branches {
            if open_count == 0 {
                break;
            }
            let within = (open_count < row_count).then_some(&open);
            let taken = condition.select(frame, within, true)?;
            let taken_count = taken.count_set_bits();
            if taken_count == 0 {
                continue;
            }
            open = &open & &!&taken;
            open_count -= taken_count;
            parts.push(part(result, frame, taken)?);
        }
        if open_count > 0 {
            parts.push(match &self.otherwise {
                Some(otherwise) => part(otherwise, frame, open)?,
                None => Part {
                    rows: open,
                    value: Value::Constant(new_null_array(&array_type(data_type), 1)),
                    aligned: false,
                },
            });
        }
        merge(parts, row_count, data_type)
    }
}

/// A node's values for some rows of the frame.
fn part(node: &Node, frame: &Frame<'_>, rows: BooleanBuffer) -> Result<Part> {
    let all = node.eager || rows.count_set_bits() == frame.row_count();
    let value = match all {
        true => node.evaluate(frame)?,
        false => node.evaluate(&frame.narrow(&rows))?,
    };
    Ok(Part {
        rows,
        value,
        aligned: all,
    })
}

/// COALESCE.
pub(super) fn coalesce(arguments: &[Node], frame: &Frame<'_>, data_type: &LogicalType) -> Result<Value> {
    let row_count = frame.row_count();
    let mut open = BooleanBuffer::new_set(row_count);
    let mut parts = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if open.count_set_bits() == 0 {
            break;
        }
        let mut part = part(argument, frame, open.clone())?;
        let there = match &part.value {
            Value::Constant(_) if part.value.is_null_constant() => continue,
            Value::Constant(_) => open.clone(),
            Value::Array(array) => match (array.logical_nulls(), part.aligned) {
                (None, _) => open.clone(),
                (Some(nulls), true) => &open & nulls.inner(),
                (Some(nulls), false) => {
                    // The part's values are those of all open rows: keep the ones that are there.
                    let there = spread(nulls.inner(), &open);
                    let kept = stoa_storage::vector::Selection::new(nulls.inner().clone()).filter(array);
                    part.value = match constant_of(&kept) {
                        Some(value) => Value::Constant(value),
                        None => Value::Array(kept),
                    };
                    there
                }
            },
        };
        open = &open & &!&there;
        part.rows = there;
        parts.push(part);
    }
    if parts.is_empty() {
        return Ok(Value::Constant(new_null_array(&array_type(data_type), 1)));
    }
    merge(parts, row_count, data_type)
}
