//! From one state to the next. The same code validates a commit before it is logged and repeats it at recovery: what it refuses
//! leaves no trace, because the state it was given is thrown away.

use super::logged::{LoggedChange, LoggedCommit, LoggedEdit};
use super::visibility::Deletes;
use super::{CommitVersion, PartId};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::ingest::{LastBatch, Token, add_counts, check_token};
use crate::memtable::Part;
use crate::schema::{ColumnSchema, TableId, TableSchema};
use crate::segment::SegmentMeta;
use crate::store::segment_file::SegmentFile;
use crate::store::state::{DatabaseState, PartialState, SegmentState, StoredObject, TableState};
use crate::wal::LogPosition;
use crate::wal::rows::LoggedRows;
use roaring::RoaringBitmap;
use std::collections::HashSet;
use std::sync::Arc;

/// What a commit or edit did beside the state.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Segments that the new state has no more.
    pub(crate) removed: Vec<Arc<SegmentFile>>,
    pub(crate) rows_inserted: u64,
    pub(crate) rows_deleted: u64,
    /// Segments of bulk loads that came.
    loaded: HashSet<PartId>,
}

/// A state in the making.
pub(crate) struct Application<'a> {
    pub(crate) disk: &'a Arc<dyn Disk>,
    pub(crate) state: DatabaseState,
    pub(crate) effects: Effects,
    /// The version that the changes were computed at.
    pub(crate) base: CommitVersion,
}

pub(crate) fn conflict<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::Conflict { reason: reason.into() })
}

pub(crate) fn invalid<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::Invalid { reason: reason.into() })
}

impl<'a> Application<'a> {
    pub(crate) fn new(disk: &'a Arc<dyn Disk>, state: DatabaseState, base: CommitVersion) -> Self {
        Application {
            disk,
            state,
            effects: Effects::default(),
            base,
        }
    }

    /// Applies a whole commit at a log position.
    pub(crate) fn commit(&mut self, commit: &LoggedCommit, position: LogPosition) -> Result<()> {
        self.begin(commit, position);
        for change in &commit.changes {
            self.change(change)?;
        }
        Ok(())
    }

    /// Makes the state that of the commit, whose changes follow.
    pub(crate) fn begin(&mut self, commit: &LoggedCommit, position: LogPosition) {
        self.state.version = commit.version;
        self.state.time = commit.time;
        self.state.position = position;
    }

    /// Applies one change.
    pub(crate) fn change(&mut self, change: &LoggedChange) -> Result<()> {
        match change {
            LoggedChange::Insert {
                table,
                part,
                first_row,
                rows,
            } => self.insert(*table, *part, *first_row, rows),
            LoggedChange::AddSegments(table, segments) => self.add_segments(*table, segments),
            LoggedChange::Delete(table, sets) => self.delete(*table, sets),
            LoggedChange::Truncate(table) => self.truncate(*table),
            LoggedChange::CreateTable(schema) => self.create_table(schema),
            LoggedChange::AlterTable(schema) => self.alter_table(schema),
            LoggedChange::DropTable(table) => self.drop_table(*table),
            LoggedChange::Ingest(table, source, counts) => {
                let table = self.table(*table)?;
                add_counts(Arc::make_mut(&mut table.ingest), source, *counts)
            }
            LoggedChange::Token(token) => self.token(token),
            LoggedChange::PutObject(name, bytes) => self.put_object(name, bytes.clone()),
            LoggedChange::RemoveParts(table, parts) => self.retire_parts(*table, parts),
        }
    }

    /// The table, to be changed.
    pub(crate) fn table(&mut self, id: TableId) -> Result<&mut TableState> {
        match self.state.tables.get_mut(&id) {
            Some(table) => Ok(Arc::make_mut(table)),
            None => conflict(format!("table {} does not exist any more", id.0)),
        }
    }

    fn insert(&mut self, table: TableId, part: PartId, first_row: u32, rows: &LoggedRows) -> Result<()> {
        let (version, position) = (self.state.version, self.state.position);
        let table = self.table(table)?;
        let at = match table.part_position(part) {
            Some(at) => at,
            None if table.parts.last().is_none_or(|last| last.id < part) => {
                table.parts.push(Arc::new(Part::new(part, rows.column_ids.clone())));
                table.parts.len() - 1
            }
            None => return invalid(format!("part {} is out of order", part.0)),
        };
        let part = Arc::make_mut(&mut table.parts[at]);
        if part.row_count != first_row {
            return invalid(format!(
                "part {} has {} rows where {first_row} must be",
                part.id.0, part.row_count
            ));
        }
        part.append(rows, version, position)?;
        self.effects.rows_inserted += rows.row_count as u64;
        Ok(())
    }

    fn add_segments(&mut self, table: TableId, segments: &[SegmentMeta]) -> Result<()> {
        let version = self.state.version;
        let (disk, held) = (self.disk.clone(), self.state.held_dictionaries.clone());
        let rows: u64 = segments.iter().map(|segment| u64::from(segment.row_count)).sum();
        let table_state = self.table(table)?;
        let added = segments.iter().map(|segment| {
            let meta = SegmentMeta {
                version_min: version,
                version_max: version,
                ..segment.clone()
            };
            SegmentState::new(&disk, &held, table, meta)
        });
        let added = added.collect();
        put_segments(table_state, added)?;
        self.effects.rows_inserted += rows;
        self.effects.loaded.extend(segments.iter().map(|segment| segment.id));
        Ok(())
    }

    fn delete(&mut self, table: TableId, sets: &[(PartId, RoaringBitmap)]) -> Result<()> {
        let version = self.state.version;
        let table = self.table(table)?;
        for (part, rows) in sets {
            delete_rows(table, *part, rows, version)?;
        }
        for (part, rows) in sets {
            match self.effects.loaded.contains(part) {
                // Rows of a bulk load that do not come.
                true => self.effects.rows_inserted -= rows.len(),
                false => self.effects.rows_deleted += rows.len(),
            }
        }
        Ok(())
    }

    fn truncate(&mut self, id: TableId) -> Result<()> {
        let version = self.state.version;
        let table = self.table(id)?;
        if !table.keeps_history() {
            table.forget_before(version);
            return self.remove_all(id);
        }
        self.effects.rows_deleted += delete_all(self.table(id)?, version, |_| true);
        Ok(())
    }

    /// Takes all parts out.
    fn remove_all(&mut self, id: TableId) -> Result<()> {
        let table = self.table(id)?;
        let rows = table.visible_rows();
        let segments = std::mem::take(&mut table.segments);
        table.parts.clear();
        self.effects.rows_deleted += rows;
        let files = segments.iter().flat_map(SegmentState::files);
        self.effects.removed.extend(files.cloned());
        Ok(())
    }

    fn create_table(&mut self, schema: &Arc<TableSchema>) -> Result<()> {
        if self.state.tables.contains_key(&schema.id) {
            return conflict(format!("table {} exists already", schema.id.0));
        }
        super::prepare::check_schema(schema)?;
        let table = TableState::new(schema.clone(), self.state.version);
        self.state.tables.insert(schema.id, Arc::new(table));
        self.state.definition_version = self.state.version;
        Ok(())
    }

    fn alter_table(&mut self, schema: &Arc<TableSchema>) -> Result<()> {
        super::prepare::check_schema(schema)?;
        let version = self.state.version;
        self.refuse_changed_table(schema.id)?;
        self.state.definition_version = version;
        let table = self.table(schema.id)?;
        super::prepare::check_alteration(table, schema)?;
        let lacks_values = |column: &ColumnSchema| {
            !column.nullable && column.missing_value.is_none() && table.schema.column(column.id).is_none()
        };
        if schema.columns.iter().any(lacks_values) && table.visible_rows() > 0 {
            return conflict("the table has rows that have no value for a new column");
        }
        // Rows from before have no values of a column that took the place of another one.
        let is_other = |column: &ColumnSchema| {
            let mut before = table.schema.columns.iter();
            before.any(|known| known.name == column.name && known.id != column.id)
                && table.schema.column(column.id).is_none()
        };
        let forgets = schema.history_ms == 0 && table.keeps_history() || schema.columns.iter().any(is_other);
        if forgets {
            table.forget_before(version);
        }
        let removed = remove_partials(table, schema);
        table.column_ids = schema.columns.iter().map(|column| column.id).collect();
        table.schema = schema.clone();
        table.schema_version = version;
        self.effects.removed.extend(removed);
        Ok(())
    }

    fn drop_table(&mut self, id: TableId) -> Result<()> {
        self.refuse_changed_table(id)?;
        self.remove_all(id)?;
        self.state.tables.remove(&id);
        self.state.definition_version = self.state.version;
        Ok(())
    }

    /// Somebody else's commit since the base made the definition another one. An earlier change of this commit may have.
    fn refuse_changed_table(&mut self, id: TableId) -> Result<()> {
        let changed = self.table(id)?.schema_version;
        match self.is_foreign(changed) {
            true => conflict("the table's definition was changed meanwhile"),
            false => Ok(()),
        }
    }

    fn is_foreign(&self, version: CommitVersion) -> bool {
        version > self.base && version != self.state.version
    }

    fn token(&mut self, token: &Token) -> Result<()> {
        check_token(&self.state.producers, token)?;
        let last = LastBatch {
            epoch: token.epoch,
            number: token.number,
            version: self.state.version,
        };
        Arc::make_mut(&mut self.state.producers).insert(token.producer.clone(), last);
        Ok(())
    }

    fn put_object(&mut self, name: &str, bytes: Option<Arc<[u8]>>) -> Result<()> {
        let version = self.state.version;
        let last = self.state.objects.get(name).map(|object| object.version);
        let is_value = name.starts_with(super::VALUE_OBJECT_PREFIX);
        // A value goes with the definition that it belongs to, whatever it has become meanwhile.
        let goes = is_value && bytes.is_none();
        if last.is_some_and(|last| self.is_foreign(last)) && !goes {
            return conflict(format!("\"{name}\" was changed meanwhile"));
        }
        if !is_value {
            self.state.definition_version = version;
        }
        let objects = Arc::make_mut(&mut self.state.objects);
        objects.insert(name.to_owned(), StoredObject { version, bytes });
        Ok(())
    }

    /// Takes all rows of parts out, and the parts themselves where no reader of the past can ask for them.
    fn retire_parts(&mut self, id: TableId, parts: &[PartId]) -> Result<()> {
        let version = self.state.version;
        let table = self.table(id)?;
        if !table.keeps_history() {
            table.forget_before(version);
            let removed = self.remove_parts(id, parts)?;
            self.effects.rows_deleted += removed;
            return Ok(());
        }
        let listed = listed(table, parts)?;
        self.effects.rows_deleted += delete_all(table, version, |part| listed.contains(&part));
        Ok(())
    }

    /// Takes parts out; gives back how many visible rows went.
    fn remove_parts(&mut self, id: TableId, parts: &[PartId]) -> Result<u64> {
        let table = self.table(id)?;
        let listed = listed(table, parts)?;
        let before = table.visible_rows();
        let mut removed = Vec::new();
        table.parts.retain(|part| !listed.contains(&part.id));
        Arc::make_mut(&mut table.segments).retain(|segment| {
            let out = listed.contains(&segment.id());
            if out {
                removed.extend(segment.files().cloned());
            }
            !out
        });
        let rows = before - table.visible_rows();
        self.effects.removed.append(&mut removed);
        Ok(rows)
    }

    /// Applies an edit: parts out, segments with the same rows in.
    pub(crate) fn edit(&mut self, edit: &LoggedEdit, position: LogPosition) -> Result<()> {
        self.state.position = position;
        let disk = self.disk.clone();
        let held = self.state.held_dictionaries.clone();
        self.remove_parts(edit.table, &edit.removed)?;
        let table = self.table(edit.table)?;
        let added = edit.added.iter();
        let added = added.map(|meta| SegmentState::new(&disk, &held, edit.table, meta.clone()));
        put_segments(table, added.collect())?;
        for (version, sets) in &edit.deleted {
            for (part, rows) in sets {
                delete_rows(table, *part, rows, *version)?;
            }
        }
        if let Some(version) = edit.history_from {
            table.forget_before(version);
        }
        let mut replaced = Vec::new();
        for (segment, partial) in &edit.partials {
            let partial = PartialState::new(&disk, &held, partial.clone());
            replaced.extend(put_partial(table, *segment, partial)?);
        }
        self.effects.removed.append(&mut replaced);
        Ok(())
    }
}

/// Puts a partial beside a segment; gives back the file of the one that it replaces.
fn put_partial(table: &mut TableState, segment: PartId, partial: PartialState) -> Result<Option<Arc<SegmentFile>>> {
    let Some(at) = table.segment_position(segment) else {
        return conflict(format!("part {} does not exist any more", segment.0));
    };
    let segment = &mut Arc::make_mut(&mut table.segments)[at];
    let is_former = |former: &&PartialState| former.owner == partial.owner;
    let former = segment
        .partials
        .iter()
        .find(is_former)
        .map(|former| former.file.clone());
    let others = segment.partials.iter().filter(|other| !is_former(other)).cloned();
    segment.partials = others.chain([partial.clone()]).collect();
    Ok(former)
}

/// Takes out what rollups and keys have that a table has no more; gives back their files.
fn remove_partials(table: &mut TableState, next: &TableSchema) -> Vec<Arc<SegmentFile>> {
    let is_kept = |id: TableId| next.rollups.iter().any(|kept| kept.id == id) || next.key(id).is_some();
    let rollups = table.schema.rollups.iter().map(|rollup| rollup.id);
    let mut known = rollups.chain(table.schema.keys.iter().map(|key| key.id));
    if known.all(is_kept) {
        return Vec::new();
    }
    let mut removed = Vec::new();
    for segment in Arc::make_mut(&mut table.segments) {
        let (kept, gone) = segment
            .partials
            .iter()
            .cloned()
            .partition::<Vec<_>, _>(|partial| is_kept(partial.owner));
        segment.partials = kept.into();
        removed.extend(gone.into_iter().map(|partial| partial.file));
    }
    removed
}

/// Parts as a set, all of which must be there.
fn listed(table: &TableState, parts: &[PartId]) -> Result<HashSet<PartId>> {
    let gone = |part: &PartId| table.segment_position(*part).is_none() && table.part_position(*part).is_none();
    match parts.iter().find(|part| gone(part)) {
        Some(part) => conflict(format!("part {} does not exist any more", part.0)),
        None => Ok(parts.iter().copied().collect()),
    }
}

fn put_segments(table: &mut TableState, added: Vec<SegmentState>) -> Result<()> {
    let segments = Arc::make_mut(&mut table.segments);
    segments.extend(added);
    segments.sort_by_key(SegmentState::id);
    match segments.windows(2).find(|pair| pair[0].id() == pair[1].id()) {
        Some(pair) => invalid(format!("segment {} is there already", pair[0].id().0)),
        None => Ok(()),
    }
}

/// Deletes all rows of the parts that are picked, so that older versions still show them; gives back how many.
fn delete_all(table: &mut TableState, version: CommitVersion, is_picked: impl Fn(PartId) -> bool) -> u64 {
    let before = table.visible_rows();
    for segment in Arc::make_mut(&mut table.segments) {
        if is_picked(segment.id()) && segment.visible_rows() > 0 {
            let all = Deletes::all(segment.deletes.as_deref(), segment.file.meta.row_count, version);
            segment.deletes = Some(Arc::new(all));
        }
    }
    for part in table
        .parts
        .iter_mut()
        .filter(|part| is_picked(part.id) && part.visible_rows() > 0)
    {
        let part = Arc::make_mut(part);
        part.deletes = Some(Arc::new(Deletes::all(part.deletes.as_deref(), part.row_count, version)));
    }
    before - table.visible_rows()
}

fn delete_rows(table: &mut TableState, part: PartId, rows: &RoaringBitmap, version: CommitVersion) -> Result<()> {
    let remembers = table.keeps_history();
    if !remembers {
        table.forget_before(version);
    }
    let (deletes, row_count) = if let Some(at) = table.segment_position(part) {
        let segment = &mut Arc::make_mut(&mut table.segments)[at];
        (&mut segment.deletes, segment.file.meta.row_count)
    } else if let Some(at) = table.part_position(part) {
        let part = Arc::make_mut(&mut table.parts[at]);
        (&mut part.deletes, part.row_count)
    } else {
        return conflict(format!("the rows of part {} were moved or removed meanwhile", part.0));
    };
    if rows.max().is_some_and(|row| row >= row_count) {
        return invalid(format!("part {} has only {row_count} rows", part.0));
    }
    match Deletes::with(deletes.as_deref(), rows, version, remembers) {
        Ok(next) => {
            *deletes = Some(Arc::new(next));
            Ok(())
        }
        Err(row) => conflict(format!("row {row} of part {} was deleted meanwhile", part.0)),
    }
}
