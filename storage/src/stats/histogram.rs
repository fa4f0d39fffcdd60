//! Where a table's column has its values: the histograms of its segments and a sample of the rows in memory as one. Reads a few
//! segments at most; what cannot be read is left out, since plans only are made from it.

use crate::index::histogram::{Weighted, merge, spread};
use crate::limits::{HISTOGRAM_BUCKETS, HISTOGRAM_SEGMENTS_MAX};
use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::bounds::KeyBounds;
use crate::store::state::{SegmentState, TableState};
use crate::vector::key::scalar_of_lane;
use arrow_array::{Array, ArrayRef};

/// Rows in memory that are looked at.
const MEMORY_SAMPLE_ROWS: usize = 16 * HISTOGRAM_BUCKETS;
/// Segments lie one after the other in a column's values where their ranges together cover the whole range at most so often.
const CLUSTERED_COVER_MAX: f64 = 2.0;
/// Buckets of one of many such segments.
const CLUSTERED_BUCKETS: usize = 8;

/// Ascending bounds, deleted rows included; `None` where nothing is known.
pub(crate) fn column_histogram(table: &TableState, column: ColumnId) -> Option<ArrayRef> {
    let hint = table.schema.columns.iter().position(|known| known.id == column)?;
    let segments: Vec<&SegmentState> = table.visible_segments().collect();
    let mut sets = segment_sets(&segments, column, hint);
    sets.extend(memory_set(table, column));
    merge(&sets)
}

fn segment_sets(segments: &[&SegmentState], column: ColumnId, hint: usize) -> Vec<Weighted> {
    if segments.len() > HISTOGRAM_SEGMENTS_MAX && is_clustered(segments, column, hint) {
        let sets = segments
            .iter()
            .map(|segment| between_ends(segment, column, hint, CLUSTERED_BUCKETS));
        return sets.flatten().collect();
    }
    let step = segments.len().div_ceil(HISTOGRAM_SEGMENTS_MAX).max(1);
    let looked_at = segments.iter().step_by(step);
    looked_at
        .filter_map(|segment| {
            let bounds = segment.file.reader().and_then(|reader| reader.histogram(column));
            match bounds {
                Ok(Some(bounds)) => Some(Weighted {
                    bounds,
                    value_count: value_count(summary(segment, column, hint)?) * step as f64,
                }),
                // Few rows, or damaged, which whoever reads them will be told.
                _ => between_ends(segment, column, hint, HISTOGRAM_BUCKETS),
            }
        })
        .collect()
}

fn summary(segment: &SegmentState, column: ColumnId, hint: usize) -> Option<&ColumnSummary> {
    let place = segment.file.column_position(column, hint)?;
    Some(&segment.file.meta.columns[place].1)
}

fn value_count(summary: &ColumnSummary) -> f64 {
    f64::from(summary.row_count - summary.null_count)
}

/// A segment as if its values lay evenly between its least and its greatest, which text and kin cannot.
fn between_ends(segment: &SegmentState, column: ColumnId, hint: usize, buckets: usize) -> Option<Weighted> {
    let place = segment.file.column_position(column, hint)?;
    let KeyBounds::Lane(least, greatest) = segment.file.bounds()[place].keys else {
        return None;
    };
    let summary = &segment.file.meta.columns[place].1;
    let data_type = summary.minimum.as_ref()?.data_type();
    let width = i128::from(greatest) - i128::from(least);
    let key = |bucket: usize| i128::from(least) + width * bucket as i128 / buckets as i128;
    let bounds = (0..=buckets).map(|bucket| scalar_of_lane(data_type, key(bucket) as i64));
    let bounds = bounds.collect::<Option<Vec<ArrayRef>>>()?;
    let arrays: Vec<&dyn Array> = bounds.iter().map(|bound| bound.as_ref()).collect();
    Some(Weighted {
        bounds: arrow_select::concat::concat(&arrays).ok()?,
        value_count: value_count(summary),
    })
}

/// Whether segments hold different parts of a column's values, as those of a partitioned table do: then their ends say most.
fn is_clustered(segments: &[&SegmentState], column: ColumnId, hint: usize) -> bool {
    let (mut least, mut greatest, mut covered) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for segment in segments {
        let Some(place) = segment.file.column_position(column, hint) else {
            return false;
        };
        let KeyBounds::Lane(minimum, maximum) = segment.file.bounds()[place].keys else {
            return false;
        };
        let (minimum, maximum) = (minimum as f64, maximum as f64);
        least = least.min(minimum);
        greatest = greatest.max(maximum);
        covered += maximum - minimum;
    }
    covered <= CLUSTERED_COVER_MAX * (greatest - least)
}

/// Some rows in memory, as a set whose bounds are their values.
fn memory_set(table: &TableState, column: ColumnId) -> Option<Weighted> {
    let parts = table.parts.iter().filter(|part| part.row_count > 0);
    let pieces: Vec<&ArrayRef> = parts
        .filter_map(|part| Some((part, part.column_position(column)?)))
        .flat_map(|(part, place)| part.pieces.iter().map(move |piece| &piece.columns[place]))
        .collect();
    let row_count: usize = pieces.iter().map(|piece| piece.len()).sum();
    let (mut number, mut first_row) = (0, 0);
    let mut rows = Vec::new();
    for row in spread(row_count, MEMORY_SAMPLE_ROWS) {
        while row - first_row >= pieces[number].len() {
            first_row += pieces[number].len();
            number += 1;
        }
        if pieces[number].is_valid(row - first_row) {
            rows.push((number, row - first_row));
        }
    }
    if rows.len() < 2 {
        return None;
    }
    let arrays: Vec<&dyn Array> = pieces.iter().map(|piece| piece.as_ref()).collect();
    let value_count = rows.len() as f64 * row_count as f64 / row_count.min(MEMORY_SAMPLE_ROWS) as f64;
    let bounds = arrow_select::interleave::interleave(&arrays, &rows).ok()?;
    Some(Weighted { bounds, value_count })
}
