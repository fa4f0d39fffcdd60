//! Partials on their way to disk with the segment whose rows they are of. A partial that cannot be made is left out.

use super::database::Shared;
use super::segment_file::{TABLES_FOLDER, segment_path, table_folder};
use super::state::{DatabaseState, SegmentState, TableState};
use crate::commit::PartId;
use crate::commit::logged::LoggedEdit;
use crate::commit::moves::Moved;
use crate::error::{Error, Result};
use crate::limits::BATCH_ROWS;
use crate::scan::{constant, missing_value};
use crate::schema::{ColumnId, PartitionKey, RollupSchema, TableId, TableSchema};
use crate::segment::{Partial, RowVersions, SegmentInput, SegmentMeta, SegmentReader, write_segment};
use crate::vector::{Batch, Selection, flatten};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::path::Path;

/// Writes a segment and, if asked, what its table's rollups have of it. Until a commit or edit names them their files are provisional.
pub(super) fn write_with_partials(
    shared: &Shared,
    input: SegmentInput<'_>,
    makes_partials: bool,
) -> Result<SegmentMeta> {
    let schema = input.schema;
    let mut meta = write_provisional(shared, schema, input)?;
    if makes_partials && !schema.rollups.is_empty() && shared.options.partial_maker.is_some() {
        match write_partials(shared, schema, &meta) {
            Ok(partials) => meta.partials = partials,
            Err(error) => {
                remove(shared, schema, &[meta]);
                return Err(error);
            }
        }
    }
    Ok(meta)
}

/// What rollups have of a segment that was just written. It is read once more for that: grouping by codes of its dictionaries and runs takes
/// less than reading saves.
fn write_partials(shared: &Shared, schema: &TableSchema, meta: &SegmentMeta) -> Result<Vec<Partial>> {
    let reader = SegmentReader::open(&*shared.disk, &segment_path(schema.id, meta.id), meta)?;
    let rows = Rows {
        reader: &reader,
        alive: None,
        missing: &|id| Err(unknown(schema, id)),
    };
    let mut partials: Vec<Partial> = Vec::new();
    for rollup in &schema.rollups {
        let Some(made) = rows.made(shared, schema, rollup) else {
            continue;
        };
        match write_rows(shared, rollup, 0, made) {
            Ok(partial) => partials.push(partial),
            Err(error) => {
                remove_files(
                    shared,
                    partials.iter().map(|partial| (partial.rollup, partial.segment.id)),
                );
                return Err(error);
            }
        }
    }
    Ok(partials)
}

/// The rows of a segment that partials are made of.
struct Rows<'a> {
    reader: &'a SegmentReader,
    /// Those that are not deleted, where some are.
    alive: Option<BooleanBuffer>,
    /// What rows have in a column that the segment is older than.
    missing: &'a dyn Fn(ColumnId) -> Result<ArrayRef>,
}

impl Rows<'_> {
    /// What a rollup has of them; none where it runs into something.
    fn made(&self, shared: &Shared, schema: &TableSchema, rollup: &RollupSchema) -> Option<Batch> {
        let maker = shared.options.partial_maker.as_ref()?;
        let make = || {
            let columns = maker.columns(schema, rollup)?;
            let blocks = (0..self.reader.block_count()).map(|block| self.batches(&columns, block));
            let mut batches = blocks.flat_map(|batches| match batches {
                Ok(batches) => batches.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            });
            maker.make(schema, rollup, &mut batches)
        };
        match make() {
            Ok(rows) => Some(rows.compact()),
            Err(error) => {
                tracing::warn!(%error, rollup = rollup.id.0, "a segment has no partial for a rollup");
                None
            }
        }
    }

    fn batches(&self, columns: &[ColumnId], block: usize) -> Result<Vec<Batch>> {
        let rows = self.reader.block_rows(block);
        let columns = columns.iter().map(|id| match self.reader.has_column(*id) {
            true => self.reader.decode(*id, rows.clone()),
            false => Ok(constant(&(self.missing)(*id)?, rows.len())),
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        let starts = (0..rows.len()).step_by(BATCH_ROWS);
        let batches = starts.map(|start| {
            let length = BATCH_ROWS.min(rows.len() - start);
            let columns = columns.iter().map(|column| column.slice(start, length)).collect();
            let alive = self
                .alive
                .as_ref()
                .map(|alive| alive.slice(rows.start as usize + start, length));
            Batch {
                selection: alive.map(Selection::new),
                ..Batch::new(columns, length)
            }
        });
        Ok(batches.filter(|batch| batch.selected_count() > 0).collect())
    }
}

fn unknown(schema: &TableSchema, id: ColumnId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no column {}", schema.id.0, id.0),
    }
}

fn write_provisional(shared: &Shared, schema: &TableSchema, input: SegmentInput<'_>) -> Result<SegmentMeta> {
    let id = shared.sequencer.new_part_id();
    shared.sequencer.register_loaded([id]);
    let written = write_segment(&*shared.disk, &segment_path(schema.id, id), id, input);
    if written.is_err() {
        shared.sequencer.abandon_loaded(&[id]);
    }
    written
}

fn write_rows(shared: &Shared, rollup: &RollupSchema, deleted_rows: u32, rows: Batch) -> Result<Partial> {
    let plain: Vec<ArrayRef> = rows.columns.iter().map(flatten).collect();
    let of_rollup = schema_of(rollup);
    shared.disk.create_folder(&table_folder(rollup.id))?;
    let input = SegmentInput {
        schema: &of_rollup,
        partition: PartitionKey(None),
        columns: &plain,
        versions: RowVersions::Single,
    };
    Ok(Partial {
        rollup: rollup.id,
        deleted_rows,
        segment: write_provisional(shared, &of_rollup, input)?,
    })
}

/// Partials that could not be made, by the part's rows that were deleted then: it is not tried again before that changes, or a restart.
#[derive(Default)]
pub(crate) struct Unmade(Mutex<HashSet<(PartId, TableId, u32)>>);

/// Makes the partials that a table lacks now: of segments that are older than a rollup, or of which rows were deleted since.
pub(crate) fn make_missing(shared: &Shared, table: TableId) -> Result<()> {
    if shared.options.partial_maker.is_none() {
        return Ok(());
    }
    let state = shared.sequencer.published();
    let Some(seen) = state.tables.get(&table) else {
        return Ok(());
    };
    for rollup in &seen.schema.rollups {
        let lacks = |segment: &&SegmentState| segment.visible_rows() > 0 && segment.partial_of(rollup.id).is_none();
        for segment in seen.segments.iter().filter(lacks) {
            if shared.bell.is_stopped() {
                return Err(Error::Cancelled);
            }
            make_one(shared, table, segment.id(), rollup.id)?;
        }
    }
    Ok(())
}

/// Makes a partial where it is missing still.
fn make_one(shared: &Shared, table: TableId, segment: PartId, rollup: TableId) -> Result<()> {
    // A merge would take the segment away meanwhile.
    let _turn = shared.compacting.lock();
    let state = shared.sequencer.published();
    let Some(table) = state.tables.get(&table) else {
        return Ok(());
    };
    let rollup = table.schema.rollups.iter().find(|known| known.id == rollup);
    let segment = table.segment_position(segment).map(|at| &table.segments[at]);
    let (Some(rollup), Some(segment)) = (rollup, segment) else {
        return Ok(());
    };
    let key = (segment.id(), rollup.id, segment.deleted_rows());
    let is_missing = segment.visible_rows() > 0 && segment.partial_of(rollup.id).is_none();
    if is_missing && !shared.unmade.0.lock().contains(&key) && !make_for(shared, table, segment, rollup)? {
        shared.unmade.0.lock().insert(key);
    }
    Ok(())
}

/// Makes a partial of a segment's visible rows and puts it in place.
fn make_for(shared: &Shared, table: &TableState, segment: &SegmentState, rollup: &RollupSchema) -> Result<bool> {
    let position = |id: ColumnId| table.schema.columns.iter().position(|column| column.id == id);
    let all = 0..segment.file.meta.row_count;
    let rows = Rows {
        reader: segment.file.reader()?,
        alive: segment.deletes.as_ref().and_then(|deletes| deletes.alive(&all)),
        missing: &|id| match position(id) {
            Some(at) => Ok(missing_value(table, at)),
            None => Err(unknown(&table.schema, id)),
        },
    };
    let Some(rows) = rows.made(shared, &table.schema, rollup) else {
        return Ok(false);
    };
    let partial = write_rows(shared, rollup, segment.deleted_rows(), rows)?;
    let folders = || {
        shared.disk.sync_folder(&table_folder(rollup.id))?;
        shared.disk.sync_folder(Path::new(TABLES_FOLDER))
    };
    let edit = |newest: &DatabaseState| {
        let newest = newest.tables.get(&table.schema.id)?;
        let is_there = newest.segment_position(segment.id()).is_some()
            && newest.schema.rollups.iter().any(|known| known.id == rollup.id);
        let edit = LoggedEdit {
            partials: vec![(segment.id(), partial.clone())],
            ..LoggedEdit::new(table.schema.id)
        };
        is_there.then(|| (edit, Moved::default()))
    };
    let placed = folders().and_then(|()| shared.sequencer.edit(edit));
    if !matches!(placed, Ok(true)) {
        remove_files(shared, [(rollup.id, partial.segment.id)]);
    }
    placed.map(|_| true)
}

/// The rollup as a table, as which its partials are written and read.
pub(crate) fn schema_of(rollup: &RollupSchema) -> TableSchema {
    TableSchema::new(rollup.id, rollup.columns.clone(), rollup.definition.clone())
}

/// Makes durable that the files of a table's segments and partials are in their folders.
pub(super) fn sync_folders(shared: &Shared, schema: &TableSchema, segments: &[SegmentMeta]) -> Result<()> {
    shared.disk.sync_folder(&table_folder(schema.id))?;
    let mut rollups: Vec<_> = segments
        .iter()
        .flat_map(|segment| &segment.partials)
        .map(|partial| partial.rollup)
        .collect();
    rollups.sort_unstable();
    rollups.dedup();
    for rollup in rollups {
        shared.disk.sync_folder(&table_folder(rollup))?;
    }
    shared.disk.sync_folder(Path::new(TABLES_FOLDER))
}

/// Removes segments that were written and will not be committed.
pub(super) fn remove(shared: &Shared, schema: &TableSchema, segments: &[SegmentMeta]) {
    let files = segments.iter().flat_map(|segment| {
        let partials = segment
            .partials
            .iter()
            .map(|partial| (partial.rollup, partial.segment.id));
        std::iter::once((schema.id, segment.id)).chain(partials)
    });
    remove_files(shared, files);
}

fn remove_files(shared: &Shared, files: impl IntoIterator<Item = (TableId, PartId)>) {
    for (table, id) in files {
        let abandoned: Vec<PartId> = shared.sequencer.abandon_loaded(&[id]);
        for id in abandoned {
            if let Err(error) = shared.disk.remove(&segment_path(table, id)) {
                tracing::warn!(%error, "a segment that was not put in place stays until the next start");
            }
        }
    }
}

/// What is wrong with a request for partials.
pub(crate) fn unknown_rollup(table: &TableSchema, rollup: TableId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no rollup {}", table.id.0, rollup.0),
    }
}
