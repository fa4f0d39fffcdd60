//! `input op ANY/ALL (array)`: every element against its row's value, then the rows' verdicts.

use super::frame::Frame;
use super::node::Node;
use crate::error::Result;
use crate::functions::Value;
use crate::functions::kernel::bits::Truth;
use crate::functions::kernel::compare::compare;
use arrow_array::UInt32Array;
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use stoa_sql::plan::{CompareOp, Quantifier};

/// ANY or ALL of an array.
#[derive(Debug)]
pub(super) struct QuantifiedNode {
    pub(super) input: Box<Node>,
    pub(super) op: CompareOp,
    pub(super) quantifier: Quantifier,
    pub(super) array: Box<Node>,
}

impl QuantifiedNode {
    pub(super) fn truth(&self, frame: &Frame<'_>) -> Result<Truth> {
        let row_count = frame.row_count();
        let input = self.input.evaluate_plain(frame)?;
        let array = self.array.evaluate_plain(frame)?;
        if array.is_null_constant() {
            return Ok(Truth::unknown(row_count));
        }
        let lists = array.lists()?;
        // Every element with the place of its row's value; then all are compared at once.
        let mut elements = Vec::new();
        let mut inputs = Vec::new();
        let mut ends = Vec::with_capacity(row_count);
        let offsets = lists.array().value_offsets();
        for row in 0..row_count {
            let at = lists.index(row);
            if !lists.is_null(row) {
                let range = offsets[at] as u32..offsets[at + 1] as u32;
                inputs.resize(inputs.len() + range.len(), row as u32);
                elements.extend(range);
            }
            ends.push(elements.len());
        }
        let element_count = elements.len();
        let elements = arrow_select::take::take(lists.array().values(), &UInt32Array::from(elements), None)?;
        let inputs = match &input {
            Value::Array(array) => {
                let places = UInt32Array::from(inputs);
                Value::Array(arrow_select::take::take(array, &places, None)?)
            }
            constant => constant.clone(),
        };
        let elements = Value::Array(elements);
        let truth = compare(self.op, &inputs, &elements, &self.input.data_type, element_count)?;
        let is_null = |row: usize| lists.is_null(row);
        Ok(verdicts(&truth, &ends, self.quantifier, is_null))
    }
}

/// ANY: true where one element is, ALL: false where one element is false; NULL where nothing decides and one is NULL.
fn verdicts(truth: &Truth, ends: &[usize], quantifier: Quantifier, is_null: impl Fn(usize) -> bool) -> Truth {
    let deciding = quantifier == Quantifier::Any;
    let decides = truth.rows(deciding);
    let unknown = truth.unknown_rows();
    let mut bits = BooleanBufferBuilder::new(ends.len());
    let mut valid = BooleanBufferBuilder::new(ends.len());
    let mut start = 0;
    for (row, end) in ends.iter().enumerate() {
        let decided = (start..*end).any(|at| decides.value(at));
        let open = unknown
            .as_ref()
            .is_some_and(|unknown| (start..*end).any(|at| unknown.value(at)));
        bits.append(decided == deciding);
        valid.append(!is_null(row) && (decided || !open));
        start = *end;
    }
    let nulls = NullBuffer::new(valid.finish());
    Truth {
        bits: bits.finish(),
        nulls: (nulls.null_count() > 0).then_some(nulls),
    }
}
