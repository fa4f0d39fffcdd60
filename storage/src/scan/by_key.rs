//! Rows whose keys the conditions of a scan name: where they are is asked of the key's indexes, and nothing else is read. The conditions are
//! tested all the same.

use super::AddressCondition;
use crate::error::Result;
use crate::key_index::rows_that_may_have;
use crate::predicate::{ColumnPredicate, Condition};
use crate::schema::{ColumnId, KeySchema};
use crate::store::state::TableState;
use arrow_array::{Array, ArrayRef};
use std::borrow::Cow;

/// Keys that are looked up for a scan, at most, and one for so many rows of the table: beyond, reading is no slower.
const KEYS_MAX: usize = 1 << 16;
const ROWS_PER_KEY_MIN: u64 = 64;

/// The rows that may meet conditions which say what a key is; `None` where they say that of no key.
pub(super) fn rows_named(table: &TableState, conditions: &[ColumnPredicate]) -> Result<Option<AddressCondition>> {
    for key in &table.schema.keys {
        let Some(columns) = named_keys(key, conditions) else {
            continue;
        };
        let count = columns.first().map_or(0, |column| column.len());
        if count <= KEYS_MAX && count as u64 * ROWS_PER_KEY_MIN <= table.visible_rows() {
            let rows = rows_that_may_have(table, key, &columns)?;
            return Ok(Some(AddressCondition::Rows(rows.into())));
        }
    }
    Ok(None)
}

/// The keys that rows must have: of one column several, of more columns one.
fn named_keys(key: &KeySchema, conditions: &[ColumnPredicate]) -> Option<Vec<ArrayRef>> {
    let columns = key.columns.iter().map(|id| values_of(*id, conditions));
    let columns: Vec<Cow<'_, ArrayRef>> = columns.collect::<Option<_>>()?;
    let is_one_each = columns.iter().all(|column| column.len() == 1);
    (columns.len() == 1 || is_one_each).then(|| columns.into_iter().map(Cow::into_owned).collect())
}

/// The values one of which a column must have.
fn values_of(column: ColumnId, conditions: &[ColumnPredicate]) -> Option<Cow<'_, ArrayRef>> {
    let mut of_column = conditions.iter().filter(|condition| condition.column == column);
    of_column.find_map(|predicate| match &predicate.condition {
        Condition::In(values) => Some(Cow::Borrowed(values)),
        Condition::Range {
            lower: Some(lower),
            upper: Some(upper),
        } => {
            let is_same = lower.value.to_data() == upper.value.to_data();
            (lower.inclusive && upper.inclusive && is_same).then_some(Cow::Borrowed(&lower.value))
        }
        _ => None,
    })
}
