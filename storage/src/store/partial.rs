//! What stands beside a segment, on its way to disk with it: partials of rollups, and indexes of keys. A partial that cannot be made is
//! left out.

use super::database::Shared;
use super::segment_file::{TABLES_FOLDER, segment_path, table_folder};
use super::state::{DatabaseState, SegmentState, TableState};
use crate::commit::PartId;
use crate::commit::logged::LoggedEdit;
use crate::commit::moves::Moved;
use crate::error::{Error, Result};
use crate::key_index::{entries_of, index_schema, make_filter};
use crate::limits::BATCH_ROWS;
use crate::scan::{constant, missing_value};
use crate::schema::{ColumnId, KeySchema, PartitionKey, RollupSchema, TableId, TableSchema};
use crate::segment::{Partial, RowVersions, SegmentInput, SegmentMeta, SegmentReader, write_segment};
use crate::vector::{Batch, Selection, flatten};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::path::Path;

/// Something that is kept beside segments.
#[derive(Clone, Copy)]
enum Companion<'a> {
    Rollup(&'a RollupSchema),
    Key(&'a KeySchema),
}

impl<'a> Companion<'a> {
    /// Those that segments of a table have.
    fn all(shared: &Shared, schema: &'a TableSchema) -> impl Iterator<Item = Companion<'a>> {
        let has_maker = shared.options.partial_maker.is_some();
        let rollups = schema.rollups.iter().filter(move |_| has_maker);
        let rollups = rollups.map(|rollup| Companion::Rollup(rollup));
        rollups.chain(schema.keys.iter().map(Companion::Key))
    }

    fn id(self) -> TableId {
        match self {
            Companion::Rollup(rollup) => rollup.id,
            Companion::Key(key) => key.id,
        }
    }

    /// As a table.
    fn schema(self) -> TableSchema {
        match self {
            Companion::Rollup(rollup) => schema_of(rollup),
            Companion::Key(key) => index_schema(key),
        }
    }

    /// Whether a segment should have it and does not.
    fn is_missing(self, segment: &SegmentState) -> bool {
        segment.visible_rows() > 0
            && match self {
                Companion::Rollup(rollup) => segment.partial_of(rollup.id).is_none(),
                Companion::Key(key) => segment.key_index(key.id).is_none(),
            }
    }
}

/// Writes a segment and, if asked, what its table's rollups and keys have of it. Until a commit or edit names them their files are provisional.
pub(super) fn write_with_partials(
    shared: &Shared,
    input: SegmentInput<'_>,
    makes_partials: bool,
) -> Result<SegmentMeta> {
    let schema = input.schema;
    let mut meta = write_provisional(shared, schema, input)?;
    if makes_partials && Companion::all(shared, schema).next().is_some() {
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

/// What rollups and keys have of a segment that was just written. It is read once more for that: grouping by codes of its dictionaries and
/// runs takes less than reading saves.
fn write_partials(shared: &Shared, schema: &TableSchema, meta: &SegmentMeta) -> Result<Vec<Partial>> {
    let reader = SegmentReader::open(&*shared.disk, &segment_path(schema.id, meta.id), meta)?;
    let rows = Rows {
        reader: &reader,
        alive: None,
        missing: &|id| Err(unknown(schema, id)),
    };
    let mut partials: Vec<Partial> = Vec::new();
    for companion in Companion::all(shared, schema) {
        let written = rows.made(shared, schema, companion).and_then(|made| match made {
            Some(made) => write_rows(shared, companion, 0, made).map(Some),
            None => Ok(None),
        });
        match written {
            Ok(partial) => partials.extend(partial),
            Err(error) => {
                remove_files(
                    shared,
                    partials.iter().map(|partial| (partial.owner, partial.segment.id)),
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
    /// What a rollup or key has of them; none where a rollup runs into something.
    fn made(&self, shared: &Shared, schema: &TableSchema, companion: Companion<'_>) -> Result<Option<Batch>> {
        match companion {
            Companion::Rollup(rollup) => Ok(self.partial(shared, schema, rollup)),
            Companion::Key(key) => self.index(key).map(Some),
        }
    }

    fn index(&self, key: &KeySchema) -> Result<Batch> {
        let blocks = 0..self.reader.block_count();
        entries_of(blocks.map(|block| {
            let columns = self.columns(&key.columns, block)?;
            Ok(columns.iter().map(flatten).collect())
        }))
    }

    fn partial(&self, shared: &Shared, schema: &TableSchema, rollup: &RollupSchema) -> Option<Batch> {
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

    fn columns(&self, columns: &[ColumnId], block: usize) -> Result<Vec<ArrayRef>> {
        let rows = self.reader.block_rows(block);
        let columns = columns.iter().map(|id| match self.reader.has_column(*id) {
            true => self.reader.decode(*id, rows.clone()),
            false => Ok(constant(&(self.missing)(*id)?, rows.len())),
        });
        columns.collect()
    }

    fn batches(&self, columns: &[ColumnId], block: usize) -> Result<Vec<Batch>> {
        let rows = self.reader.block_rows(block);
        let columns = self.columns(columns, block)?;
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

fn write_rows(shared: &Shared, companion: Companion<'_>, deleted_rows: u32, rows: Batch) -> Result<Partial> {
    let plain: Vec<ArrayRef> = rows.columns.iter().map(flatten).collect();
    let schema = companion.schema();
    shared.disk.create_folder(&table_folder(schema.id))?;
    let input = SegmentInput {
        schema: &schema,
        partition: PartitionKey(None),
        columns: &plain,
        versions: RowVersions::Single,
    };
    Ok(Partial {
        owner: schema.id,
        deleted_rows,
        segment: write_provisional(shared, &schema, input)?,
    })
}

/// Partials that could not be made, by the part's rows that were deleted then: it is not tried again before that changes, or a restart.
#[derive(Default)]
pub(crate) struct Unmade(Mutex<HashSet<(PartId, TableId, u32)>>);

/// Makes the partials and indexes that a table lacks now: of segments that are older than a rollup or key, or of which rows were deleted
/// since.
pub(crate) fn make_missing(shared: &Shared, table: TableId) -> Result<()> {
    let state = shared.sequencer.published();
    let Some(seen) = state.tables.get(&table) else {
        return Ok(());
    };
    for companion in Companion::all(shared, &seen.schema) {
        for segment in seen.segments.iter().filter(|segment| companion.is_missing(segment)) {
            if shared.bell.is_stopped() {
                return Err(Error::Cancelled);
            }
            make_one(shared, table, segment.id(), companion.id())?;
        }
    }
    Ok(())
}

/// Makes one filter that a table's keys lack now; whether they lacked one.
pub(crate) fn make_missing_filter(shared: &Shared, table: TableId) -> Result<bool> {
    match shared.sequencer.published().tables.get(&table) {
        Some(table) => make_filter(&shared.temporary_files, table, &|| shared.bell.is_stopped()),
        None => Ok(false),
    }
}

/// Makes a partial or index where it is missing still.
fn make_one(shared: &Shared, table: TableId, segment: PartId, companion: TableId) -> Result<()> {
    // A merge would take the segment away meanwhile.
    let _turn = shared.compacting.lock();
    let state = shared.sequencer.published();
    let Some(table) = state.tables.get(&table) else {
        return Ok(());
    };
    let companion = Companion::all(shared, &table.schema).find(|known| known.id() == companion);
    let segment = table.segment_position(segment).map(|at| &table.segments[at]);
    let (Some(companion), Some(segment)) = (companion, segment) else {
        return Ok(());
    };
    let key = (segment.id(), companion.id(), segment.deleted_rows());
    let is_due = companion.is_missing(segment) && !shared.unmade.0.lock().contains(&key);
    if is_due && !make_for(shared, table, segment, companion)? {
        shared.unmade.0.lock().insert(key);
    }
    Ok(())
}

/// Makes a partial of a segment's visible rows, or an index of all of them, and puts it in place.
fn make_for(shared: &Shared, table: &TableState, segment: &SegmentState, companion: Companion<'_>) -> Result<bool> {
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
    let Some(rows) = rows.made(shared, &table.schema, companion)? else {
        return Ok(false);
    };
    let deleted_rows = match companion {
        Companion::Rollup(_) => segment.deleted_rows(),
        Companion::Key(_) => 0,
    };
    let partial = write_rows(shared, companion, deleted_rows, rows)?;
    let folders = || {
        shared.disk.sync_folder(&table_folder(companion.id()))?;
        shared.disk.sync_folder(Path::new(TABLES_FOLDER))
    };
    let edit = |newest: &DatabaseState| {
        let newest = newest.tables.get(&table.schema.id)?;
        let is_there = newest.segment_position(segment.id()).is_some()
            && Companion::all(shared, &newest.schema).any(|known| known.id() == companion.id());
        let edit = LoggedEdit {
            partials: vec![(segment.id(), partial.clone())],
            ..LoggedEdit::new(table.schema.id)
        };
        is_there.then(|| (edit, Moved::default()))
    };
    let placed = folders().and_then(|()| shared.sequencer.edit(edit));
    if !matches!(placed, Ok(true)) {
        remove_files(shared, [(companion.id(), partial.segment.id)]);
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
        .map(|partial| partial.owner)
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
            .map(|partial| (partial.owner, partial.segment.id));
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

/// What is wrong with a request for rows by a key.
pub(crate) fn unknown_key(table: &TableSchema, key: TableId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no key {}", table.id.0, key.0),
    }
}

/// What is wrong with a request for partials.
pub(crate) fn unknown_rollup(table: &TableSchema, rollup: TableId) -> Error {
    Error::Invalid {
        reason: format!("table {} has no rollup {}", table.id.0, rollup.0),
    }
}
