//! What the optimizer may know of a table without reading it.

use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::state::TableState;
use arrow_array::{Array, ArrayRef};
use std::cmp::Ordering;

/// A column's summary over all segments: bounds hold for every row in segments, deleted ones included. Rows in memory are not
/// looked at; where there are any, the bounds are not exact.
pub(crate) fn column_summary(table: &TableState, column: ColumnId) -> Option<ColumnSummary> {
    let mut total: Option<ColumnSummary> = None;
    for segment in table.segments.iter() {
        let columns = &segment.file.meta.columns;
        let (_, summary) = columns.iter().find(|(id, _)| *id == column)?;
        total = Some(match total {
            None => summary.clone(),
            Some(total) => combine(total, summary),
        });
    }
    let mut total = total?;
    total.exact &= table.parts.is_empty();
    Some(total)
}

fn combine(left: ColumnSummary, right: &ColumnSummary) -> ColumnSummary {
    let distinct = |left: Option<u32>, right: Option<u32>| Some(left?.max(right?));
    ColumnSummary {
        row_count: left.row_count.saturating_add(right.row_count),
        null_count: left.null_count.saturating_add(right.null_count),
        minimum: extreme(left.minimum, right.minimum.as_ref(), Ordering::Less),
        maximum: extreme(left.maximum, right.maximum.as_ref(), Ordering::Greater),
        exact: left.exact && right.exact,
        sum: left
            .sum
            .zip(right.sum)
            .and_then(|(left, right)| left.checked_add(right)),
        distinct_count: distinct(left.distinct_count, right.distinct_count),
    }
}

/// The value that comes first in the wanted direction.
fn extreme(left: Option<ArrayRef>, right: Option<&ArrayRef>, wanted: Ordering) -> Option<ArrayRef> {
    let (Some(left), Some(right)) = (&left, right) else {
        return left.or_else(|| right.cloned());
    };
    match compare(left, right) {
        Some(order) if order == wanted => Some(left.clone()),
        _ => Some(right.clone()),
    }
}

/// The order of two arrays of one value each.
pub(crate) fn compare(left: &ArrayRef, right: &ArrayRef) -> Option<Ordering> {
    let comparator = arrow_ord::ord::make_comparator(left, right, arrow_ord::sort::SortOptions::default()).ok()?;
    (!left.is_empty() && !right.is_empty()).then(|| comparator(0, 0))
}
