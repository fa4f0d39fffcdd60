//! How a function meets its arguments: once for constants, once per distinct value of an encoded column, otherwise on plain
//! columns; NULL where a strict function's argument is.

use super::merge::{Part, merge};
use super::node::{plain, truth_of};
use super::remembered::Remembered;
use crate::error::{Error, Result};
use crate::functions::kernel::arguments::nulls_of;
use crate::functions::kernel::encoded::{dictionary_values, distinct_values, spread_truth, with_values};
use crate::functions::{StatementContext, Value};
use crate::types::{LogicalType, array_type};
use arrow_array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow_buffer::NullBuffer;
use std::sync::Arc;
use stoa_storage::vector::Selection;

/// What the evaluator may do with a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// NULL whenever an argument is NULL.
    pub(super) strict: bool,
    /// Anew for every row.
    pub(super) volatile: bool,
}

/// A function on plain arguments.
pub(super) type Execute<'f> = &'f dyn Fn(&[Value], usize) -> Result<Value>;

/// What is applied.
pub(super) struct Application<'f> {
    pub(super) traits: Traits,
    pub(super) return_type: &'f LogicalType,
    pub(super) execute: Execute<'f>,
    pub(super) remembered: &'f Remembered,
    pub(super) statement: &'f StatementContext,
}

/// The function's answer for arguments that may be encoded.
pub(super) fn apply(call: &Application<'_>, arguments: Vec<Value>, row_count: usize) -> Result<Value> {
    let Application {
        traits,
        return_type,
        execute,
        ..
    } = call;
    let null = || Value::Constant(new_null_array(&array_type(return_type), 1));
    if traits.strict && arguments.iter().any(Value::is_null_constant) {
        return Ok(null());
    }
    if !traits.volatile && arguments.iter().all(Value::is_constant) {
        let answer = execute(&arguments, 1)?;
        return Ok(Value::Constant(answer.array().slice(0, 1)));
    }
    if traits.strict
        && !traits.volatile
        && let Some(answer) = apply_to_distinct(&arguments, call)
    {
        return Ok(answer);
    }
    let arguments: Vec<Value> = arguments.into_iter().map(plain).collect();
    if !traits.strict {
        return execute(&arguments, row_count);
    }
    let Some(nulls) = nulls_of(&arguments, row_count) else {
        return execute(&arguments, row_count);
    };
    if nulls.null_count() == row_count {
        return Ok(null());
    }
    match execute(&arguments, row_count) {
        Ok(answer) => mask(answer, &nulls),
        // Perhaps what lies below a NULL was at fault: once more without those rows.
        Err(Error::Sql(_)) => apply_where_there(&arguments, &nulls, return_type, execute),
        Err(other) => Err(other),
    }
}

/// Once per distinct value, where one argument is an encoded column and the others are constants. `None` where that is not
/// so, or where it fails: the value at fault may be one that no row has.
fn apply_to_distinct(arguments: &[Value], call: &Application<'_>) -> Option<Value> {
    let mut columns = arguments.iter().enumerate().filter_map(|(at, value)| match value {
        Value::Array(array) => Some((at, array)),
        Value::Constant(_) => None,
    });
    let (at, column) = columns.next()?;
    if columns.next().is_some() {
        return None;
    }
    let answer = match dictionary_values(column) {
        Some(values) if values.is_empty() => return None,
        Some(values) => {
            let constants = arguments.iter().filter_map(|value| match value {
                Value::Constant(value) => Some(value.clone()),
                Value::Array(_) => None,
            });
            let compute = || answers_of(values, arguments, at, call);
            call.remembered
                .answers(values, constants.collect(), column.len(), compute)?
        }
        None => answers_of(&distinct_values(column)?, arguments, at, call)?,
    };
    if *call.return_type == LogicalType::Boolean {
        let count = answer.len();
        let truth = truth_of(&Value::Array(answer), count).ok()?;
        return Some(Value::Array(Arc::new(spread_truth(column, &truth).into_array())));
    }
    with_values(column, answer).ok().map(Value::Array)
}

/// Values of a dictionary that are computed between two looks at whether the statement is to end.
const VALUES_AT_ONCE: usize = 8192;

/// The function's answer for each of the values in the place of an argument.
fn answers_of(values: &ArrayRef, arguments: &[Value], at: usize, call: &Application<'_>) -> Option<ArrayRef> {
    let mut arguments = arguments.to_vec();
    let mut pieces: Vec<ArrayRef> = Vec::with_capacity(values.len().div_ceil(VALUES_AT_ONCE));
    for start in (0..values.len()).step_by(VALUES_AT_ONCE) {
        call.statement.session.check_cancelled().ok()?;
        let piece = values.slice(start, VALUES_AT_ONCE.min(values.len() - start));
        let count = piece.len();
        let nulls = piece.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        *arguments.get_mut(at)? = Value::Array(piece);
        let answer = (call.execute)(&arguments, count).ok()?;
        let answer = match nulls {
            Some(nulls) => mask(answer, &nulls).ok()?,
            None => answer,
        };
        pieces.push(answer.expand(count).ok()?);
    }
    match pieces.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            arrow_select::concat::concat(&pieces).ok()
        }
    }
}

/// The answer for the rows whose arguments are all there; NULL for the others.
fn apply_where_there(
    arguments: &[Value],
    nulls: &NullBuffer,
    return_type: &LogicalType,
    execute: Execute<'_>,
) -> Result<Value> {
    let there = Selection::new(nulls.inner().clone());
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|value| match value {
            Value::Array(array) => Value::Array(there.filter(array)),
            constant => constant.clone(),
        })
        .collect();
    let answer = execute(&arguments, there.selected_count())?;
    let part = Part {
        rows: nulls.inner().clone(),
        value: answer,
        aligned: false,
    };
    merge(vec![part], nulls.len(), return_type)
}

/// The same values, NULL where `nulls` says so.
fn mask(value: Value, nulls: &NullBuffer) -> Result<Value> {
    let array: ArrayRef = value.expand(nulls.len())?;
    let covered = match array.logical_nulls() {
        Some(own) => {
            NullBuffer::union(Some(&own), Some(nulls)).is_some_and(|both| both.null_count() == own.null_count())
        }
        None => false,
    };
    if covered {
        return Ok(Value::Array(array));
    }
    let absent = BooleanArray::new(!nulls.inner(), None);
    Ok(Value::Array(arrow_select::nullif::nullif(&array, &absent)?))
}
