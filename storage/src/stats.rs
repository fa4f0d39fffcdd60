//! What the optimizer may know of a table without reading it.

mod histogram;

pub(crate) use histogram::column_histogram;

use crate::index::distinct::DistinctSketch;
use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::bounds::KeyBounds;
use crate::store::state::TableState;

/// Where one in so many values is the first of its kind, others' are taken for others.
const NEARLY_UNIQUE_ONE_IN: u32 = 2;

/// A column's summary over all segments and all rows in memory: bounds hold for every row, deleted ones included. `None` where there
/// are no rows, or where some do not hold the column.
pub(crate) fn column_summary(table: &TableState, column: ColumnId) -> Option<ColumnSummary> {
    let hint = table.schema.columns.iter().position(|known| known.id == column)?;
    let mut total = Total::default();
    for segment in table.segments.iter() {
        let at = segment.file.column_position(column, hint)?;
        total.add(&segment.file.meta.columns[at].1, &segment.file.bounds()[at].keys);
    }
    let mut in_memory = Total::default();
    let mut distinct: Option<DistinctSketch> = None;
    for part in table.parts.iter().filter(|part| part.row_count > 0) {
        let at = part.column_position(column)?;
        for piece in &part.pieces {
            let facts = piece.facts(at);
            in_memory.add(&facts.summary, &facts.bounds);
            distinct.get_or_insert_default().merge(&facts.distinct);
        }
    }
    let keys = in_memory.bounds();
    if let Some((mut summary, keys)) = in_memory.summary.zip(keys) {
        let value_count = summary.row_count - summary.null_count;
        summary.distinct_count = distinct.map(|sketch| (sketch.estimate() as u32).min(value_count));
        total.add(&summary, &keys);
    }
    total.finish()
}

/// Summaries added up.
#[derive(Default)]
struct Total {
    summary: Option<ColumnSummary>,
    /// The keys of the least and the greatest bound so far.
    least: Option<KeyBounds>,
    greatest: Option<KeyBounds>,
    /// Some values have no lower or no upper bound.
    is_unbounded: (bool, bool),
}

impl Total {
    fn add(&mut self, summary: &ColumnSummary, keys: &KeyBounds) {
        let has_values = summary.null_count < summary.row_count;
        self.is_unbounded.0 |= has_values && summary.minimum.is_none();
        self.is_unbounded.1 |= has_values && summary.maximum.is_none();
        let Some(total) = &mut self.summary else {
            self.summary = Some(summary.clone());
            (self.least, self.greatest) = (Some(keys.clone()), Some(keys.clone()));
            return;
        };
        add_counts(total, summary);
        let is_first = total.minimum.is_none();
        let least = self.least.as_ref().filter(|_| !is_first);
        if summary.minimum.is_some() && least.is_none_or(|least| keys.compare_beginnings(least).is_lt()) {
            total.minimum.clone_from(&summary.minimum);
            self.least = Some(keys.clone());
        }
        let is_first = total.maximum.is_none();
        let greatest = self.greatest.as_ref().filter(|_| !is_first);
        if summary.maximum.is_some() && greatest.is_none_or(|greatest| keys.compare_ends(greatest).is_gt()) {
            total.maximum.clone_from(&summary.maximum);
            self.greatest = Some(keys.clone());
        }
    }

    /// Keys that begin at the least and end at the greatest bound.
    fn bounds(&self) -> Option<KeyBounds> {
        Some(match (self.least.as_ref()?, self.greatest.as_ref()?) {
            (KeyBounds::Lane(least, _), KeyBounds::Lane(_, greatest)) => KeyBounds::Lane(*least, *greatest),
            (KeyBounds::Wide(least, _), KeyBounds::Wide(_, greatest)) => KeyBounds::Wide(*least, *greatest),
            (KeyBounds::Bytes { minimum, .. }, KeyBounds::Bytes { maximum, .. }) => KeyBounds::Bytes {
                minimum: minimum.clone(),
                maximum: maximum.clone(),
                exact: false,
            },
            _ => KeyBounds::Unknown,
        })
    }

    fn finish(self) -> Option<ColumnSummary> {
        let mut total = self.summary?;
        total.minimum = total.minimum.filter(|_| !self.is_unbounded.0);
        total.maximum = total.maximum.filter(|_| !self.is_unbounded.1);
        Some(total)
    }
}

fn add_counts(total: &mut ColumnSummary, summary: &ColumnSummary) {
    let distinct_counts = total.distinct_count.zip(summary.distinct_count);
    total.distinct_count = distinct_counts.map(|(left, right)| {
        let is_key = is_nearly_unique(total, left) && is_nearly_unique(summary, right);
        if is_key {
            left.saturating_add(right)
        } else {
            left.max(right)
        }
    });
    total.row_count = total.row_count.saturating_add(summary.row_count);
    total.null_count = total.null_count.saturating_add(summary.null_count);
    total.exact &= summary.exact;
    total.sum = total
        .sum
        .zip(summary.sum)
        .and_then(|(left, right)| left.checked_add(right));
}

fn is_nearly_unique(summary: &ColumnSummary, distinct_count: u32) -> bool {
    distinct_count.saturating_mul(NEARLY_UNIQUE_ONE_IN) > summary.row_count - summary.null_count
}
