//! A condition made ready: for segments as a test of keys, for blocks and zones as something cheap to ask, for rows as it is.

use crate::error::{Error, Result};
use crate::index::Verdict;
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::segment::SegmentReader;
use crate::store::bounds::ColumnBounds;
use crate::store::segment_file::SegmentFile;
use crate::store::state::TableState;
use crate::vector::filter::Test;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::DataType;
use std::sync::Arc;

/// Values of a list up to which blocks and zones are asked about each; beyond, about the range they lie in.
const LIST_PRUNED_MAX: usize = 64;
/// Values of a dynamic list up to which single rows are tested against it.
const DYNAMIC_LIST_MAX: usize = 256;

/// A condition on a column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) predicate: ColumnPredicate,
    pub(crate) test: Test,
    /// Holds wherever the condition does, and is cheap to ask.
    wider: Option<Test>,
    /// The column's place in the table.
    position: usize,
    /// What rows of segments without the column have.
    missing: ColumnBounds,
}

impl Planned {
    pub(crate) fn new(table: &TableState, predicate: ColumnPredicate) -> Result<Self> {
        let columns = &table.schema.columns;
        let Some(position) = columns.iter().position(|column| column.id == predicate.column) else {
            return Err(unknown_column(table, predicate.column));
        };
        let column = &columns[position];
        let compile = |condition: &Condition| Test::compile(condition, &column.data_type);
        Ok(Planned {
            test: compile(&predicate.condition)?,
            wider: wider(&predicate.condition).as_ref().map(compile).transpose()?,
            position,
            missing: ColumnBounds::of_constant(&missing_value(table, position), 1),
            predicate,
        })
    }

    /// What is known of a segment's rows.
    pub(crate) fn verdict(&self, file: &SegmentFile) -> Verdict {
        match file.column_position(self.predicate.column, self.position) {
            Some(at) => file.bounds()[at].verdict(&self.test),
            None => self.missing.verdict(&self.test),
        }
    }

    /// What is known of the rows of a segment's block.
    pub(crate) fn block_verdict(&self, reader: &SegmentReader, block: usize) -> Verdict {
        self.conclude(reader.prune(block, self.predicate.column, self.pruning()))
    }

    /// What is known of the rows of a segment's zone.
    pub(crate) fn zone_verdict(&self, reader: &SegmentReader, zone: usize) -> Verdict {
        self.conclude(reader.prune_zone(zone, self.predicate.column, self.pruning()))
    }

    /// What blocks and zones are asked.
    pub(crate) fn pruning(&self) -> &Test {
        self.wider.as_ref().unwrap_or(&self.test)
    }

    /// What an answer to [`Self::pruning`] says of the condition.
    fn conclude(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::EveryRow if self.wider.is_some() => Verdict::SomeRows,
            verdict => verdict,
        }
    }

    /// Whether no row of a segment's block meets the condition.
    pub(crate) fn rules_out(&self, reader: &SegmentReader, block: usize) -> bool {
        reader.has_column(self.predicate.column) && self.block_verdict(reader, block) == Verdict::NoRow
    }

    /// Whether single rows are worth testing against this, if it need not be met exactly.
    pub(crate) fn is_cheap(&self) -> bool {
        match &self.predicate.condition {
            Condition::In(values) | Condition::NotIn(values) => values.len() <= DYNAMIC_LIST_MAX,
            _ => true,
        }
    }

    /// Cheap conditions come first.
    pub(crate) fn cost(&self) -> u32 {
        match (&self.predicate.condition, &self.test) {
            (Condition::Contains(_), _) => 5,
            (_, Test::Null | Test::NotNull) => 0,
            (Condition::In(values) | Condition::NotIn(values), _) if values.len() > LIST_PRUNED_MAX => 4,
            (_, Test::Among(_)) => 4,
            (_, Test::Lane(_)) => 1,
            (_, Test::Wide(_)) => 2,
            (_, Test::Bytes(_)) => 3,
        }
    }

    /// Whether this was made of the same condition: the same arrays, not merely equal ones.
    pub(crate) fn is_of(&self, predicate: &ColumnPredicate) -> bool {
        let bound = |left: &Option<Bound>, right: &Option<Bound>| match (left, right) {
            (None, None) => true,
            (Some(left), Some(right)) => left.inclusive == right.inclusive && Arc::ptr_eq(&left.value, &right.value),
            _ => false,
        };
        self.predicate.column == predicate.column
            && match (&self.predicate.condition, &predicate.condition) {
                (
                    Condition::Range { lower, upper },
                    Condition::Range {
                        lower: low,
                        upper: high,
                    },
                ) => bound(lower, low) && bound(upper, high),
                (Condition::In(left), Condition::In(right)) => Arc::ptr_eq(left, right),
                (Condition::Among(left), Condition::Among(right)) => Arc::ptr_eq(left, right),
                _ => false,
            }
    }
}

/// Visible rows of segments that a condition does not rule out, and all rows in memory.
pub(crate) fn row_count_max(table: &TableState, predicate: ColumnPredicate) -> Result<u64> {
    let planned = Planned::new(table, predicate)?;
    let segments = table.segments.iter();
    let segments = segments.filter(|segment| planned.verdict(&segment.file) != Verdict::NoRow);
    Ok(segments.map(|segment| segment.visible_rows()).sum::<u64>() + table.memory_rows())
}

fn wider(condition: &Condition) -> Option<Condition> {
    let Condition::In(values) = condition else {
        return None;
    };
    let bound = |at: usize| {
        Some(Bound {
            value: values.slice(at, 1),
            inclusive: true,
        })
    };
    (values.len() > LIST_PRUNED_MAX).then(|| Condition::Range {
        lower: bound(0),
        upper: bound(values.len() - 1),
    })
}

/// What rows from before a column have in it, as an array of one value.
pub(crate) fn missing_value(table: &TableState, position: usize) -> ArrayRef {
    let column = &table.schema.columns[position];
    match &column.missing_value {
        Some(value) => value.clone(),
        None => new_null_array(&column.data_type, 1),
    }
}

/// `row_count` times the same value, an array of length 1: one run.
pub(crate) fn constant(value: &ArrayRef, row_count: usize) -> ArrayRef {
    if row_count == 0 {
        return value.slice(0, 0);
    }
    let ends = arrow_array::Int32Array::from(vec![row_count as i32]);
    match arrow_array::RunArray::<arrow_array::types::Int32Type>::try_new(&ends, value) {
        Ok(run) => Arc::new(run),
        // Cannot be: one end and one value.
        Err(_) => new_null_array(value.data_type(), row_count),
    }
}

pub(crate) fn unknown_column(table: &TableState, id: crate::schema::ColumnId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no column {}", table.schema.id.0, id.0),
    }
}

/// Whether the extremes of a column's blocks may be had from summaries.
pub(crate) fn has_extremes(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Utf8View | DataType::BinaryView)
}
