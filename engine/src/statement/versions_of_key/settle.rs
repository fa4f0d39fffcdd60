//! A statement's rows put among the versions of their keys that are there: which versions go, which come, and which of the rows change
//! nothing. Reads the table; changes nothing itself.

use super::super::Run;
use super::super::unique_key::replaced_twice_error;
use super::errors::{empty_period_error, key_changed_error, overtaken_error, twice_error};
use super::rows::{Rows, of_places};
use super::{Period, Staging, Timeline, Version, set_periods, take_rows};
use crate::catalog::relation::Relation;
use crate::error::{Error, Result};
use crate::types::array_type;
use arrow_array::{ArrayRef, new_empty_array};
use stoa_storage::vector::Batch;

/// What becomes of a statement's rows.
pub(in super::super) struct Settled {
    /// The rows that come, of all columns.
    pub(super) rows: Batch,
    /// The identities of rows that go.
    pub(super) gone: Vec<i64>,
    /// The keys whose versions change, each once, as columns.
    pub(super) keys: Vec<ArrayRef>,
    /// When each of the statement's rows is valid, in their order; `None` where it changes nothing.
    pub(super) periods: Vec<Option<Period>>,
}

/// See the module. `is_upsert` words an error.
pub(super) fn settle(run: &Run<'_>, relation: &Relation, staging: &Staging, is_upsert: bool) -> Result<Settled> {
    let staged = staging.staged.lock().rows.clone();
    if staged.is_empty() {
        let columns = relation.info.columns.iter();
        let columns = columns.map(|column| new_empty_array(&array_type(&column.data_type)));
        return Ok(Settled {
            rows: Batch::new(columns.collect(), 0),
            gone: Vec::new(),
            keys: Vec::new(),
            periods: Vec::new(),
        });
    }
    let rows = Rows::new(run, relation, &staging.versions, &staged)?;
    let mut settling = Settling {
        run,
        relation,
        is_upsert,
        periods: vec![None; rows.periods.len() - rows.before],
        rows: &rows,
        come: Vec::new(),
        gone: Vec::new(),
        changed: Vec::new(),
    };
    for of_key in rows.in_order().chunk_by(|a, b| rows.has_same_key(*a, *b)) {
        settling.settle_key(of_key)?;
    }
    let Settling {
        periods,
        come,
        gone,
        changed,
        ..
    } = settling;
    let key = of_places(&rows.columns, &staging.versions.columns);
    let (taken, valid): (Vec<u32>, Vec<Period>) = come.into_iter().unzip();
    let mut columns = take_rows(&rows.columns, taken)?;
    set_periods(&mut columns, &staging.versions, &valid);
    Ok(Settled {
        rows: Batch::new(columns, valid.len()),
        gone,
        keys: take_rows(&key, changed)?,
        periods,
    })
}

/// One key after the other.
struct Settling<'s> {
    run: &'s Run<'s>,
    relation: &'s Relation,
    is_upsert: bool,
    rows: &'s Rows<'s>,
    /// Of the statement's rows.
    periods: Vec<Option<Period>>,
    /// Rows, and the periods that they come with.
    come: Vec<(u32, Period)>,
    /// The identities of rows that go.
    gone: Vec<i64>,
    /// A row of each key whose versions change.
    changed: Vec<u32>,
}

impl Settling<'_> {
    /// A key's rows in the order of their beginnings.
    fn settle_key(&mut self, of_key: &[usize]) -> Result<()> {
        let (there, new): (Vec<usize>, Vec<usize>) = of_key.iter().partition(|row| **row < self.rows.before);
        let versions = there.iter().map(|row| Version {
            period: self.rows.periods[*row],
            row: *row,
        });
        let mut timeline = Timeline::new(versions.collect())
            .ok_or_else(|| Error::Internal(format!("versions of a key of \"{}\" overlap", self.relation.name())))?;
        let mut last_from = None;
        for row in new {
            let from = self.rows.periods[row].from;
            if last_from.replace(from) == Some(from) {
                return Err(match self.is_upsert {
                    true => replaced_twice_error(),
                    false => twice_error(&self.shown_key(row)?),
                });
            }
            self.check_followed(row, &there)?;
            self.put(&mut timeline, row)?;
        }
        let before = (self.come.len(), self.gone.len());
        self.tell_changes(&there, &timeline);
        if before != (self.come.len(), self.gone.len()) {
            self.changed.extend(of_key.first().map(|row| *row as u32));
        }
        Ok(())
    }

    /// Puts a row of the statement among the versions, unless that changes nothing.
    fn put(&mut self, timeline: &mut Timeline, row: usize) -> Result<()> {
        let rows = self.rows;
        let Period { from, to } = rows.periods[row];
        let to = if rows.says_end(row) { to } else { timeline.end_of(from) };
        if to <= from {
            return Err(empty_period_error(&self.shown_key(row)?));
        }
        let says_the_same = |version: &Version| version.period.to >= to && rows.has_same_values(version.row, row);
        if !rows.ends[row] && timeline.at(from).is_some_and(says_the_same) {
            return Ok(());
        }
        let period = Period { from, to };
        timeline.put(period, (!rows.ends[row]).then_some(row));
        self.periods[row - rows.before] = Some(period);
        Ok(())
    }

    /// A row follows a version of the same key, and what is valid from now on does not hide what another transaction brought after this
    /// one had begun.
    fn check_followed(&self, row: usize, there: &[usize]) -> Result<()> {
        let follows = self.rows.row_ids[row];
        if follows.is_some() && !there.iter().any(|version| self.rows.row_ids[*version] == follows) {
            return Err(key_changed_error(&self.shown_key(row)?));
        }
        let statement = &self.run.view.statement;
        let began_meanwhile = |version: &usize| {
            let from = self.rows.periods[*version].from;
            from > statement.transaction_time && from <= statement.statement_time
        };
        let is_from_now = self.rows.periods[row].from == statement.transaction_time;
        match is_from_now && there.iter().any(began_meanwhile) {
            true => Err(overtaken_error(&self.shown_key(row)?)),
            false => Ok(()),
        }
    }

    /// Tells the versions of a key that stay as they are from those that go and come.
    fn tell_changes(&mut self, there: &[usize], after: &Timeline) {
        let rows = self.rows;
        let stays = |version: &Version| version.row < rows.before && rows.periods[version.row] == version.period;
        let (staying, coming): (Vec<Version>, Vec<Version>) =
            after.versions().iter().partition(|version| stays(version));
        self.come
            .extend(coming.iter().map(|version| (version.row as u32, version.period)));
        // Both are in the order of time.
        let mut staying = staying.iter().map(|version| version.row).peekable();
        for row in there {
            if staying.next_if_eq(row).is_none() {
                self.gone.extend(rows.row_ids[*row]);
            }
        }
        // A later row of the statement may have ended an earlier one, or have left two pieces of it.
        for version in coming.iter().rev().filter(|version| version.row >= rows.before) {
            self.periods[version.row - rows.before] = Some(version.period);
        }
    }

    fn shown_key(&self, row: usize) -> Result<String> {
        self.rows.shown_key(self.run, self.relation, row)
    }
}
