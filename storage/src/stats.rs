//! What the optimizer may know of a table without reading it.

use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::bounds::KeyBounds;
use crate::store::state::TableState;

/// A column's summary over all segments: bounds hold for every row in segments, deleted ones included. Rows in memory are not
/// looked at; where there are any, the bounds are not exact. `None` where some segment does not hold the column.
pub(crate) fn column_summary(table: &TableState, column: ColumnId) -> Option<ColumnSummary> {
    let hint = table.schema.columns.iter().position(|known| known.id == column)?;
    let mut total: Option<ColumnSummary> = None;
    // The segments whose bounds are the least and the greatest so far.
    let (mut least, mut greatest): (Option<&KeyBounds>, Option<&KeyBounds>) = (None, None);
    let mut is_bounded = (true, true);
    for segment in table.segments.iter() {
        let at = segment.file.column_position(column, hint)?;
        let (summary, keys) = (&segment.file.meta.columns[at].1, &segment.file.bounds()[at].keys);
        let has_values = summary.null_count < summary.row_count;
        is_bounded.0 &= !has_values || summary.minimum.is_some();
        is_bounded.1 &= !has_values || summary.maximum.is_some();
        let Some(total) = &mut total else {
            total = Some(summary.clone());
            (least, greatest) = (Some(keys), Some(keys));
            continue;
        };
        add_counts(total, summary);
        if summary.minimum.is_some()
            && (total.minimum.is_none() || least.is_some_and(|least| keys.compare_beginnings(least).is_lt()))
        {
            (total.minimum, least) = (summary.minimum.clone(), Some(keys));
        }
        if summary.maximum.is_some()
            && (total.maximum.is_none() || greatest.is_some_and(|greatest| keys.compare_ends(greatest).is_gt()))
        {
            (total.maximum, greatest) = (summary.maximum.clone(), Some(keys));
        }
    }
    let mut total = total?;
    total.exact &= table.parts.is_empty();
    total.minimum = total.minimum.filter(|_| is_bounded.0);
    total.maximum = total.maximum.filter(|_| is_bounded.1);
    Some(total)
}

fn add_counts(total: &mut ColumnSummary, summary: &ColumnSummary) {
    total.row_count = total.row_count.saturating_add(summary.row_count);
    total.null_count = total.null_count.saturating_add(summary.null_count);
    total.exact &= summary.exact;
    total.sum = total
        .sum
        .zip(summary.sum)
        .and_then(|(left, right)| left.checked_add(right));
    total.distinct_count = total
        .distinct_count
        .zip(summary.distinct_count)
        .map(|(left, right)| left.max(right));
}
