//! Keys that storage keeps an index of: those of the option `deduplicate_by`. Whether a row's key is there is looked up, in what the
//! statement leaves of the table. INSERT and COPY leave out rows whose key is there already; of others that is an error.

use super::unique_key::{Key, duplicate_error, key_scan, replaced_twice_error, shown_key};
use super::{Run, stored};
use crate::catalog::relation::Relation;
use crate::connection::conflict_error;
use crate::error::{Error, Result};
use arrow_array::{ArrayRef, UInt32Array};
use arrow_buffer::BooleanBufferBuilder;
use roaring::RoaringBitmap;
use std::sync::Arc;
use stoa_storage::commit::Change;
use stoa_storage::key_index::{KeyHashes, LoadedKeys, repeated_rows};
use stoa_storage::schema::TableId;
use stoa_storage::segment::SegmentMeta;
use stoa_storage::store::Snapshot;
use stoa_storage::vector::{Batch, Selection, flatten};

/// What becomes of a row whose key is there already.
#[derive(Clone, Copy)]
pub(super) enum Duplicates {
    /// It does not come.
    LeftOut,
    /// 23505.
    Error,
    /// Likewise; the key is the one by which DO UPDATE found the rows that are replaced.
    ErrorOfUpsert,
}

/// The rows of a statement that do not come.
#[derive(Default)]
pub(super) struct RowsLeftOut {
    pub(super) count: u64,
    /// Which ones, where the rows are in memory and some do not come.
    pub(super) rows: Option<RoaringBitmap>,
}

/// Looks the rows' keys up, and claims them for the commit. `changes` are a statement's: deletes, and its rows as one batch or as
/// segments.
///
/// # Errors
/// 23505 where a key is there already and its row is not left out; 21000 where that is DO UPDATE's own key.
pub(super) fn look_up(
    run: &Run<'_>,
    relation: &Relation,
    (key, index): (&Key, TableId),
    changes: &mut Vec<Change>,
    duplicates: Duplicates,
) -> Result<RowsLeftOut> {
    let lookup = Lookup {
        relation,
        key,
        index,
        before: before(run, changes)?,
        duplicates,
    };
    let mut left_out = RowsLeftOut::default();
    let mut added = Vec::new();
    let table = stored(relation)?.schema.id;
    for change in changes.iter_mut() {
        match change {
            Change::Insert(into, batch) if *into == table => left_out = lookup.of_batch(run, batch, &mut added)?,
            Change::AddSegments(into, segments) if *into == table => {
                left_out = lookup.of_load(run, segments, &mut added)?;
            }
            _ => {}
        }
    }
    changes.extend(added);
    Ok(left_out)
}

/// The table as it is without the statement's own rows.
fn before(run: &Run<'_>, changes: &[Change]) -> Result<Arc<dyn Snapshot>> {
    let deletes = changes.iter().filter(|change| matches!(change, Change::Delete(..)));
    let changes: Vec<Change> = run.changed_before.iter().chain(deletes).cloned().collect();
    if changes.is_empty() {
        return Ok(run.view.snapshot.clone());
    }
    let overlay = run.view.shared.store.overlay(&run.view.snapshot, changes, None);
    Ok(overlay.map_err(conflict_error)?.0)
}

struct Lookup<'a> {
    relation: &'a Relation,
    key: &'a Key,
    index: TableId,
    before: Arc<dyn Snapshot>,
    duplicates: Duplicates,
}

impl Lookup<'_> {
    fn of_batch(&self, run: &Run<'_>, batch: &mut Batch, added: &mut Vec<Change>) -> Result<RowsLeftOut> {
        let columns = self.columns(batch);
        let table = stored(self.relation)?.schema.id;
        let found = match self.before.table(table) {
            Some(table) => table.find(self.index, &columns)?,
            None => Vec::new(),
        };
        let there = found.iter().zip(0..).filter(|(found, _)| found.is_some());
        let mut rows: RoaringBitmap = there.map(|(_, row)| row).collect();
        rows |= repeated_rows(&columns)?;
        if let Some(first) = rows.min() {
            self.refuse(
                run,
                &columns,
                first,
                found.get(first as usize).copied().flatten().is_some(),
            )?;
            let mut kept = BooleanBufferBuilder::new(batch.row_count);
            kept.append_n(batch.row_count, true);
            rows.iter().for_each(|row| kept.set_bit(row as usize, false));
            batch.selection = Some(Selection::new(kept.finish()));
            *batch = batch.clone().compact();
        }
        let hashes = KeyHashes::new(&self.columns(batch));
        let claimed = self.key.claim(hashes.iter().map(|(_, hash)| hash));
        added.push(Change::Claim(table, claimed));
        Ok(RowsLeftOut {
            count: rows.len(),
            rows: (!rows.is_empty()).then_some(rows),
        })
    }

    fn of_load(&self, run: &Run<'_>, segments: &[SegmentMeta], added: &mut Vec<Change>) -> Result<RowsLeftOut> {
        let schema = &stored(self.relation)?.schema;
        let store = &run.view.shared.store;
        let LoadedKeys { duplicates, hashes } = store.loaded_keys(&self.before, schema, self.index, segments)?;
        if !duplicates.is_empty() && !matches!(self.duplicates, Duplicates::LeftOut) {
            let error = stoa_sql::Error::new(
                crate::error::SqlState::UNIQUE_VIOLATION,
                format!("duplicate key value violates unique constraint \"{}\"", self.key.name),
            );
            return Err(Error::Sql(error));
        }
        added.push(Change::Claim(schema.id, self.key.claim(hashes.into_iter())));
        let count = duplicates.iter().map(|(_, rows)| rows.len()).sum();
        if count > 0 {
            added.push(Change::Delete(schema.id, duplicates));
        }
        Ok(RowsLeftOut { count, rows: None })
    }

    fn columns(&self, batch: &Batch) -> Vec<ArrayRef> {
        let columns = self.key.places.iter().filter_map(|place| batch.columns.get(*place));
        columns.map(flatten).collect()
    }

    /// Refuses a row, unless such rows are left out.
    fn refuse(&self, run: &Run<'_>, columns: &[ArrayRef], row: u32, is_there: bool) -> Result<()> {
        match self.duplicates {
            Duplicates::LeftOut => return Ok(()),
            Duplicates::ErrorOfUpsert if !is_there => return Err(replaced_twice_error()),
            _ => {}
        }
        let (_, definitions) = key_scan(self.relation, &self.key.places)?;
        let rows = UInt32Array::from(vec![row]);
        let columns = columns
            .iter()
            .map(|column| Ok(arrow_select::take::take(column, &rows, None)?));
        let batch = Batch::new(columns.collect::<Result<_>>()?, 1);
        let shown = shown_key(&definitions, &batch, &run.view.format);
        Err(duplicate_error(self.relation, &self.key.name, &shown))
    }
}
