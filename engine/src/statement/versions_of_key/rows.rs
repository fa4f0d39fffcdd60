//! The versions that a table has of some keys and a statement's rows of these keys, side by side in memory. Never changes either.

use super::super::Run;
use super::super::unique_key::{key_scan, shown_key};
use super::existing::existing;
use super::{Period, StagedRows, periods_of, take_rows};
use crate::catalog::relation::Relation;
use crate::error::Result;
use crate::operators::gather::concatenated;
use crate::operators::key::{KeyEncoder, KeyField, Keys};
use crate::pipeline::Reservation;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::cmp::Ordering;
use stoa_sql::catalog::VersionedKey;
use stoa_storage::key_index::repeated_rows;
use stoa_storage::vector::Batch;

/// Rows by number: first the versions that are there, then the statement's.
pub(super) struct Rows<'s> {
    pub(super) versions: &'s VersionedKey,
    pub(super) columns: Vec<ArrayRef>,
    keys: Keys,
    /// The values of all columns but the key and the period.
    values: Keys,
    /// When they are valid; of the statement's rows the end is the one that they say.
    pub(super) periods: Vec<Period>,
    /// Of versions that are there their own, of the statement's rows those that they follow.
    pub(super) row_ids: Vec<Option<i64>>,
    /// Whether nothing is valid in a row's place.
    pub(super) ends: Vec<bool>,
    /// How many are there.
    pub(super) before: usize,
    _memory: Reservation,
}

impl<'s> Rows<'s> {
    /// Reads the versions that are there. `staged` are batches, one at least.
    pub(super) fn new(
        run: &Run<'_>,
        relation: &Relation,
        versions: &'s VersionedKey,
        staged: &[StagedRows],
    ) -> Result<Self> {
        let new = in_one(staged.iter().map(|rows| rows.batch.clone()).collect())?;
        let keys = each_once(&of_places(&new.columns, &versions.columns))?;
        let existing = existing(run, relation, versions, keys)?;
        let before = existing.row_ids.len();
        let mut row_ids = existing.row_ids;
        let mut ends = vec![false; before];
        for rows in staged {
            let count = rows.batch.row_count;
            match &rows.row_ids {
                Some(ids) => row_ids.extend(ids),
                None => row_ids.extend(std::iter::repeat_n(None, count)),
            }
            ends.extend(std::iter::repeat_n(rows.ends, count));
        }
        let both = in_one(existing.batches.into_iter().chain([new]).collect())?;
        let period = of_places(&both.columns, &[versions.valid_from, versions.valid_to]);
        let mut periods = periods_of(&period)?;
        let now = run.view.statement.transaction_time;
        for (period, follows) in periods.iter_mut().zip(&row_ids).skip(before) {
            if follows.is_some() {
                period.from = period.from.max(now);
            }
        }
        let is_value = |place: &usize| {
            !versions.columns.contains(place) && ![versions.valid_from, versions.valid_to].contains(place)
        };
        let value_places: Vec<usize> = (0..both.columns.len()).filter(is_value).collect();
        Ok(Rows {
            versions,
            keys: encoded(&of_places(&both.columns, &versions.columns), both.row_count)?,
            values: encoded(&of_places(&both.columns, &value_places), both.row_count)?,
            columns: both.columns,
            periods,
            row_ids,
            ends,
            before,
            _memory: existing.memory,
        })
    }

    /// All rows by key, and those of a key by when they begin.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.periods.len()).collect();
        let begins = |row: usize| self.periods[row].from;
        order.sort_unstable_by(|a, b| self.keys.compare(*a, *b).then(begins(*a).cmp(&begins(*b))));
        order
    }

    pub(super) fn has_same_key(&self, left: usize, right: usize) -> bool {
        self.keys.compare(left, right) == Ordering::Equal
    }

    pub(super) fn has_same_values(&self, left: usize, right: usize) -> bool {
        self.values.compare(left, right) == Ordering::Equal
    }

    /// Whether a row says when it ends, or that it never does.
    pub(super) fn says_end(&self, row: usize) -> bool {
        let ends = self.columns.get(self.versions.valid_to);
        ends.is_some_and(|ends| !ends.is_null(row))
    }

    /// A row's key for an error: `(id)=(1)`.
    pub(super) fn shown_key(&self, run: &Run<'_>, relation: &Relation, row: usize) -> Result<String> {
        let (_, definitions) = key_scan(relation, &self.versions.columns)?;
        let columns = of_places(&self.columns, &self.versions.columns);
        let batch = Batch::new(take_rows(&columns, vec![row as u32])?, 1);
        Ok(shown_key(&definitions, &batch, &run.view.format))
    }
}

/// Batches of the same columns, one at least, as one.
pub(super) fn in_one(batches: Vec<Batch>) -> Result<Batch> {
    let first = batches.first().map_or(&[][..], |batch| &batch.columns);
    let types: Vec<DataType> = first.iter().map(|column| column.data_type().clone()).collect();
    concatenated(batches, &types)
}

pub(super) fn of_places(columns: &[ArrayRef], places: &[usize]) -> Vec<ArrayRef> {
    places.iter().filter_map(|place| columns.get(*place).cloned()).collect()
}

/// Rows of columns as values that tell which are equal, and have an order.
pub(super) fn encoded(columns: &[ArrayRef], row_count: usize) -> Result<Keys> {
    let fields = columns
        .iter()
        .map(|column| KeyField::equality(column.data_type().clone()));
    KeyEncoder::new(fields.collect())?.encode(columns, row_count)
}

/// Of rows that are equal the first.
fn each_once(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let repeated = repeated_rows(columns)?;
    let row_count = columns.first().map_or(0, |column| column.len());
    let rows = (0..row_count as u32).filter(|row| !repeated.contains(*row));
    take_rows(columns, rows.collect())
}
