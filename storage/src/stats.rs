//! What the optimizer may know of a table without reading it.

mod histogram;

pub(crate) use histogram::column_histogram;

use crate::index::distinct::DistinctSketch;
use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::bounds::KeyBounds;
use crate::store::state::TableState;
use crate::vector::key::lane_keys;
use arrow_array::ArrayRef;
use arrow_schema::DataType;

/// A column's summary over all segments with visible rows and all rows in memory: bounds hold for each of their rows, deleted ones
/// included. `None` where there are no rows, or where some do not hold the column.
pub(crate) fn column_summary(table: &TableState, column: ColumnId) -> Option<ColumnSummary> {
    let hint = table.schema.columns.iter().position(|known| known.id == column)?;
    let mut total = Total::default();
    for segment in table.visible_segments() {
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
    /// Of how many different values the rows so far seem to be drawn.
    domain: f64,
}

impl Total {
    fn add(&mut self, summary: &ColumnSummary, keys: &KeyBounds) {
        let has_values = summary.null_count < summary.row_count;
        self.is_unbounded.0 |= has_values && summary.minimum.is_none();
        self.is_unbounded.1 |= has_values && summary.maximum.is_none();
        let domain = summary.distinct_count.map_or(0.0, |count| domain_of(count, summary));
        let Some(total) = &mut self.summary else {
            self.summary = Some(summary.clone());
            (self.least, self.greatest) = (Some(keys.clone()), Some(keys.clone()));
            self.domain = domain;
            return;
        };
        let is_apart = |keys: &KeyBounds| {
            let before = self.least.as_ref().is_some_and(|least| keys.ends_before(least));
            before
                || self
                    .greatest
                    .as_ref()
                    .is_some_and(|greatest| greatest.ends_before(keys))
        };
        self.domain = if is_apart(keys) {
            self.domain + domain
        } else {
            self.domain.max(domain)
        };
        add_counts(total, summary, self.domain);
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
        let length = total.minimum.as_ref().zip(total.maximum.as_ref());
        if let Some(length) = length.and_then(|(minimum, maximum)| integers_between(minimum, maximum)) {
            total.distinct_count = total.distinct_count.map(|count| u64::from(count).min(length) as u32);
        }
        Some(total)
    }
}

fn add_counts(total: &mut ColumnSummary, summary: &ColumnSummary, domain: f64) {
    let distinct_counts = total.distinct_count.zip(summary.distinct_count);
    let value_count = f64::from(total.row_count - total.null_count) + f64::from(summary.row_count - summary.null_count);
    total.distinct_count = distinct_counts.map(|(left, right)| {
        let expected = different(value_count, domain) as u32;
        expected.clamp(left.max(right), left.saturating_add(right))
    });
    total.row_count = total.row_count.saturating_add(summary.row_count);
    total.null_count = total.null_count.saturating_add(summary.null_count);
    total.exact &= summary.exact;
    total.sum = total
        .sum
        .zip(summary.sum)
        .and_then(|(left, right)| left.checked_add(right));
}

/// How many different values to expect of so many that are drawn from a domain.
fn different(value_count: f64, domain: f64) -> f64 {
    match domain.is_finite() && domain > 0.0 {
        true => domain * (1.0 - (-value_count / domain).exp()),
        false => value_count,
    }
}

/// The domain from which a summary's values seem to be drawn, that so many of them are different.
fn domain_of(distinct_count: u32, summary: &ColumnSummary) -> f64 {
    let value_count = f64::from(summary.row_count.saturating_sub(summary.null_count));
    let distinct_count = f64::from(distinct_count);
    // The sketch is not so exact that a few repetitions mean anything.
    if distinct_count > value_count * UNIQUE_SHARE {
        return f64::INFINITY;
    }
    // Of a domain from which so many were drawn, nearly all were.
    if distinct_count * DOMAIN_MAX < value_count {
        return distinct_count;
    }
    let (mut low, mut high) = (distinct_count, distinct_count * DOMAIN_MAX);
    for _ in 0..DOMAIN_STEPS {
        let middle = (low + high) / 2.0;
        match different(value_count, middle) < distinct_count {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// The share of values from which they are taken for all different.
const UNIQUE_SHARE: f64 = 0.95;
/// A domain's size in different values, where fewer than [`UNIQUE_SHARE`] of the values are different.
const DOMAIN_MAX: f64 = 16.0;
/// Halvings: the estimate is then exact to a thousandth of what it can be.
const DOMAIN_STEPS: usize = 16;

/// How many integers there are from one value to another, of types that are such.
fn integers_between(minimum: &ArrayRef, maximum: &ArrayRef) -> Option<u64> {
    let is_integer = matches!(
        minimum.data_type(),
        DataType::Boolean | DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Date32
    );
    let key = |value: &ArrayRef| lane_keys(value.as_ref())?.first().copied();
    let (minimum, maximum) = (key(minimum)?, key(maximum)?);
    is_integer.then(|| (maximum.wrapping_sub(minimum) as u64).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(row_count: u32, distinct_count: u32, minimum: i64, maximum: i64) -> ColumnSummary {
        let value =
            |value: i64| -> Option<ArrayRef> { Some(std::sync::Arc::new(arrow_array::Int64Array::from(vec![value]))) };
        ColumnSummary {
            row_count,
            null_count: 0,
            minimum: value(minimum),
            maximum: value(maximum),
            exact: true,
            sum: None,
            distinct_count: Some(distinct_count),
        }
    }

    /// Of segments with these rows, distinct values and bounds.
    fn distinct_count(segments: &[(u32, u32, i64, i64)]) -> u32 {
        let mut total = Total::default();
        for (rows, distinct, minimum, maximum) in segments {
            let keys = KeyBounds::Lane(*minimum, *maximum);
            total.add(&summary(*rows, *distinct, *minimum, *maximum), &keys);
        }
        total.finish().unwrap().distinct_count.unwrap()
    }

    #[test]
    fn a_domain_is_found_from_what_was_drawn_of_it() {
        for domain in [1_000.0, 50_000.0, 100_000.0, 500_000.0] {
            let drawn = different(100_000.0, domain);
            let found = domain_of(drawn as u32, &summary(100_000, 0, 0, 0));
            assert!((found - domain).abs() < domain * 0.05, "{found} of {domain}");
        }
        assert_eq!(domain_of(99_000, &summary(100_000, 0, 0, 0)), f64::INFINITY);
    }

    #[test]
    fn distinct_values_of_segments_add_up_as_far_as_they_are_others() {
        let wide = 1 << 40;
        // All different, the same few in each, drawn from the same two million, and apart from each other.
        assert_eq!(distinct_count(&[(1_000, 1_000, 0, wide); 5]), 5_000);
        assert_eq!(distinct_count(&[(1_000, 10, 0, wide); 5]), 10);
        let drawn = different(1e6, 2e6) as u32;
        let found = distinct_count(&[(1_000_000, drawn, 0, wide); 40]);
        assert!((1_900_000..2_100_000).contains(&found), "{found}");
        assert_eq!(distinct_count(&[(1_000, 10, 0, 99), (1_000, 10, 100, 199)]), 20);
        // No more than there are integers between the bounds.
        assert_eq!(distinct_count(&[(1_000, 1_000, 1, 3_000); 5]), 3_000);
    }
}
