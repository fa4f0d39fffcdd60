//! A compiled expression's tree: how each node gets its values, and which rows it selects.
//!
//! Invariants: a node is never evaluated for no rows (a failing constant must not fail where nothing asks for it); values are plain
//! or encoded arrays or constants, truth values are never encoded; only *eager* nodes see rows nobody asked for.

use super::call::{CallNode, CastNode};
use super::conditional::{CaseNode, coalesce};
use super::frame::Frame;
use super::in_list::InListNode;
use super::quantified::QuantifiedNode;
use super::{array, logic};
use crate::error::{Error, Result};
use crate::functions::Value;
use crate::functions::kernel::bits::Truth;
use crate::functions::kernel::compare::compare;
use crate::functions::kernel::encoded::{distinct_values, spread_truth};
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, new_empty_array};
use std::sync::Arc;
use stoa_sql::plan::CompareOp;
use stoa_storage::vector::flatten;

/// How much stack a node's evaluation may use before it moves to a new one.
const RED_ZONE_BYTES: usize = 128 << 10;
/// A new stack's size.
const STACK_BYTES: usize = 1 << 20;

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) data_type: LogicalType,
    /// Cheap, and cannot fail: may be evaluated for rows nobody asked for.
    pub(super) eager: bool,
}

/// What a node does.
#[derive(Debug)]
pub(super) enum Kind {
    /// A column by its place.
    Column(usize),
    /// A plain array of length 1.
    Constant(ArrayRef),
    Call(CallNode),
    Cast(CastNode),
    Compare {
        op: CompareOp,
        left: Box<Node>,
        right: Box<Node>,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    IsNull(Box<Node>),
    Case(CaseNode),
    Coalesce(Vec<Node>),
    InList(InListNode),
    Quantified(QuantifiedNode),
    Array(Vec<Node>),
}

impl Node {
    /// The constant's value, where the node is one.
    pub(super) fn constant(&self) -> Option<&ArrayRef> {
        match &self.kind {
            Kind::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// One value per row, encoded or not, or a constant.
    pub(super) fn evaluate(&self, frame: &Frame<'_>) -> Result<Value> {
        if frame.row_count() == 0 {
            return Ok(Value::Array(new_empty_array(&array_type(&self.data_type))));
        }
        match &self.kind {
            Kind::Column(at) => frame.value(*at),
            Kind::Constant(value) => Ok(Value::Constant(value.clone())),
            _ => stacker::maybe_grow(RED_ZONE_BYTES, STACK_BYTES, || self.evaluate_inner(frame)),
        }
    }

    fn evaluate_inner(&self, frame: &Frame<'_>) -> Result<Value> {
        match &self.kind {
            Kind::Column(at) => frame.value(*at),
            Kind::Constant(value) => Ok(Value::Constant(value.clone())),
            Kind::Call(call) => call.evaluate(frame, &self.data_type),
            Kind::Cast(cast) => cast.evaluate(frame, &self.data_type),
            Kind::Compare { op, left, right } => {
                let (left_value, right_value) = (left.evaluate(frame)?, right.evaluate(frame)?);
                if left_value.is_constant() && right_value.is_constant() {
                    let truth = compare(*op, &left_value, &right_value, &left.data_type, 1)?;
                    return Ok(Value::Constant(Arc::new(truth.into_array())));
                }
                let truth = compare_encoded(*op, &left_value, &right_value, &left.data_type, frame.row_count())?;
                Ok(Value::Array(Arc::new(truth.into_array())))
            }
            Kind::IsNull(input) => is_null(&input.evaluate(frame)?),
            Kind::Case(case) => case.evaluate(frame, &self.data_type),
            Kind::Coalesce(arguments) => coalesce(arguments, frame, &self.data_type),
            Kind::Array(elements) => array::evaluate(elements, frame, &self.data_type),
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::InList(_) | Kind::Quantified(_) => {
                Ok(Value::Array(Arc::new(self.truth(frame)?.into_array())))
            }
        }
    }

    /// Plain values, or a constant.
    pub(super) fn evaluate_plain(&self, frame: &Frame<'_>) -> Result<Value> {
        Ok(plain(self.evaluate(frame)?))
    }

    /// A boolean node's truth values.
    pub(super) fn truth(&self, frame: &Frame<'_>) -> Result<Truth> {
        let row_count = frame.row_count();
        if row_count == 0 {
            return Ok(Truth::known(arrow_buffer::BooleanBuffer::new_unset(0)));
        }
        match &self.kind {
            Kind::And(operands) => logic::connective(operands, false, frame),
            Kind::Or(operands) => logic::connective(operands, true, frame),
            Kind::Not(input) => {
                let truth = input.truth(frame)?;
                Ok(Truth {
                    bits: !&truth.bits,
                    nulls: truth.nulls,
                })
            }
            Kind::InList(list) => list.truth(frame),
            Kind::Quantified(quantified) => quantified.truth(frame),
            Kind::Compare { op, left, right } => {
                let (left_value, right_value) = (left.evaluate(frame)?, right.evaluate(frame)?);
                compare_encoded(*op, &left_value, &right_value, &left.data_type, row_count)
            }
            _ => truth_of(&self.evaluate(frame)?, row_count),
        }
    }
}

/// A value without its encoding.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Array(array) => Value::Array(flatten(&array)),
        constant => constant,
    }
}

/// A boolean value's bits, one per row.
pub(super) fn truth_of(value: &Value, row_count: usize) -> Result<Truth> {
    let of = |array: &ArrayRef| match array.as_boolean_opt() {
        Some(array) => Ok(Truth::of(array)),
        None => Err(Error::Internal(format!(
            "a truth value is of array type {}",
            array.data_type()
        ))),
    };
    match value {
        Value::Constant(array) => {
            let truth = of(array)?;
            if truth.nulls.is_some() {
                return Ok(Truth::unknown(row_count));
            }
            Ok(Truth::known(match truth.bits.value(0) {
                true => arrow_buffer::BooleanBuffer::new_set(row_count),
                false => arrow_buffer::BooleanBuffer::new_unset(row_count),
            }))
        }
        Value::Array(array) => of(&flatten(array)),
    }
}

/// A comparison of values that may be encoded: a column against a constant is compared once per distinct value.
pub(super) fn compare_encoded(
    op: CompareOp,
    left: &Value,
    right: &Value,
    data_type: &LogicalType,
    row_count: usize,
) -> Result<Truth> {
    let null_safe = matches!(op, CompareOp::Distinct | CompareOp::NotDistinct);
    match (left, right) {
        (Value::Array(column), Value::Constant(_)) if !null_safe => {
            if let Some(values) = distinct_values(column) {
                let count = values.len();
                let truth = compare(op, &Value::Array(values), right, data_type, count)?;
                return Ok(spread_truth(column, &truth));
            }
        }
        (Value::Constant(_), Value::Array(column)) if !null_safe => {
            if let Some(values) = distinct_values(column) {
                let count = values.len();
                let truth = compare(op, left, &Value::Array(values), data_type, count)?;
                return Ok(spread_truth(column, &truth));
            }
        }
        _ => {}
    }
    compare(op, &plain(left.clone()), &plain(right.clone()), data_type, row_count)
}

fn is_null(value: &Value) -> Result<Value> {
    let boolean = |bits| Arc::new(arrow_array::BooleanArray::new(bits, None));
    Ok(match value {
        Value::Constant(_) => Value::Constant(Arc::new(arrow_array::BooleanArray::from(vec![
            value.is_null_constant(),
        ]))),
        Value::Array(array) => match array.logical_nulls() {
            Some(nulls) => Value::Array(boolean(!nulls.inner())),
            None => Value::Constant(Arc::new(arrow_array::BooleanArray::from(vec![false]))),
        },
    })
}
