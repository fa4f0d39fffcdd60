//! Conditions on rows already decoded.

use crate::error::{Error, Result};
use crate::predicate::{Bound, Condition, RowPredicate};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Scalar};
use arrow_buffer::BooleanBuffer;
use arrow_ord::cmp;
use arrow_schema::DataType;

/// Narrows a set of rows; `None` is all.
pub(super) fn and(rows: &mut Option<BooleanBuffer>, other: BooleanBuffer) {
    *rows = Some(match rows.take() {
        None => other,
        Some(rows) => &rows & &other,
    });
}

/// What a filter of the layer above says.
pub(super) fn passes(predicate: &dyn RowPredicate, columns: &[ArrayRef], row_count: usize) -> Result<BooleanBuffer> {
    predicate.evaluate(columns, row_count).map_err(Error::Predicate)
}

/// One bit per row: whether it meets the condition. NULL does not.
pub(super) fn evaluate(column: &ArrayRef, condition: &Condition) -> Result<BooleanBuffer> {
    let failed = |error: arrow_schema::ArrowError| Error::Invalid {
        reason: error.to_string(),
    };
    let one = |value: &ArrayRef| Scalar::new(value.clone());
    let true_bits = |array: BooleanArray| match array.nulls() {
        None => array.values().clone(),
        Some(nulls) => array.values() & nulls.inner(),
    };
    Ok(match condition {
        Condition::Range { lower, upper } => {
            let mut rows = None;
            and(&mut rows, not_null(column));
            if let Some(Bound { value, inclusive }) = lower {
                let array = match inclusive {
                    true => cmp::gt_eq(column, &one(value)),
                    false => cmp::gt(column, &one(value)),
                };
                and(&mut rows, true_bits(array.map_err(failed)?));
            }
            if let Some(Bound { value, inclusive }) = upper {
                let array = match inclusive {
                    true => cmp::lt_eq(column, &one(value)),
                    false => cmp::lt(column, &one(value)),
                };
                and(&mut rows, true_bits(array.map_err(failed)?));
            }
            rows.unwrap_or_else(|| BooleanBuffer::new_set(column.len()))
        }
        Condition::NotEqual(value) => true_bits(cmp::neq(column, &one(value)).map_err(failed)?),
        Condition::In(values) => is_in(column, values).map_err(failed)?,
        Condition::NotIn(values) => &!&is_in(column, values).map_err(failed)? & &not_null(column),
        Condition::Prefix(prefix) => bytes_match(column, |bytes| bytes.starts_with(prefix)),
        Condition::Contains(part) => {
            let finder = memchr::memmem::Finder::new(part);
            bytes_match(column, |bytes| finder.find(bytes).is_some())
        }
        Condition::IsNull => !&not_null(column),
        Condition::IsNotNull => not_null(column),
    })
}

fn not_null(column: &ArrayRef) -> BooleanBuffer {
    match column.logical_nulls() {
        None => BooleanBuffer::new_set(column.len()),
        Some(nulls) => nulls.inner().clone(),
    }
}

fn is_in(column: &ArrayRef, values: &ArrayRef) -> std::result::Result<BooleanBuffer, arrow_schema::ArrowError> {
    let mut rows = BooleanBuffer::new_unset(column.len());
    for at in 0..values.len() {
        let equal = cmp::eq(column, &Scalar::new(values.slice(at, 1)))?;
        let bits = match equal.nulls() {
            None => equal.values().clone(),
            Some(nulls) => equal.values() & nulls.inner(),
        };
        rows = &rows | &bits;
    }
    Ok(rows)
}

fn bytes_match(column: &ArrayRef, test: impl Fn(&[u8]) -> bool) -> BooleanBuffer {
    BooleanBuffer::collect_bool(column.len(), |row| {
        column.is_valid(row)
            && match column.data_type() {
                DataType::Utf8View => test(column.as_string_view().value(row).as_bytes()),
                DataType::BinaryView => test(column.as_binary_view().value(row)),
                _ => false,
            }
    })
}
