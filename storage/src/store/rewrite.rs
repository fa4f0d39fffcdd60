//! Rows of parts and segments written anew: the rest apart by partition and in order, then one edit that puts the new segments in
//! place of the old parts. Deleted rows are left out once nobody can read as of a version that had them; until then they go into
//! segments of their own, which no reader of the newest version touches. Rows deleted while this went on are found again by where
//! they came from. If the old parts are gone by then, nothing happens.

use super::columns::{join, take};
use super::database::Shared;
use super::partial::{remove, sync_folders, write_with_partials};
use super::partition::{Partitioner, Rows};
use super::segment_file::table_folder;
use super::sort::sorted_rows;
use super::state::{DatabaseState, SegmentState, TableState};
use super::workers::in_parallel;
use crate::commit::logged::LoggedEdit;
use crate::commit::moves::{Moved, Pin};
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, PartId};
use crate::error::Result;
use crate::limits::SEGMENT_ROWS_MAX;
use crate::memtable::Part;
use crate::scan::{constant, missing_value};
use crate::schema::{PartitionKey, TableSchema};
use crate::segment::{RowVersions, SegmentInput, SegmentMeta};
use crate::vector::{Selection, flatten};
use arrow_array::{Array, ArrayRef, Int64Array, UInt32Array, UInt64Array};
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A part being written anew, as it was when that began.
struct Source {
    part: PartId,
    deletes: Option<Arc<Deletes>>,
    /// Those of them that are left out.
    left_out: Option<Deletes>,
    /// Lives as long as someone sees the part.
    pin: Pin,
}

/// Which rows share segments: their partition, and whether they are deleted.
type GroupKey = (PartitionKey, bool);

/// Rows of one group.
struct Piece {
    columns: Vec<ArrayRef>,
    versions: ArrayRef,
    /// Where each row came from: the source's place above, its row in the lower 32 bits.
    origins: ArrayRef,
}

/// A new segment and where its rows came from.
struct Output {
    meta: SegmentMeta,
    origins: ArrayRef,
}

/// Parts and segments of one table on their way into new segments.
pub(crate) struct Rewrite<'a> {
    shared: &'a Shared,
    table: &'a TableState,
    partitioner: Option<Partitioner>,
    /// Rows that commits up to this one deleted are left out.
    forgotten: CommitVersion,
    sources: Vec<Source>,
    groups: BTreeMap<GroupKey, Vec<Piece>>,
    outputs: Mutex<Vec<Output>>,
}

impl<'a> Rewrite<'a> {
    /// Of a table as it is in a state of this version.
    pub(crate) fn new(shared: &'a Shared, table: &'a TableState, version: CommitVersion) -> Self {
        Rewrite {
            forgotten: shared.forgotten(table).unwrap_or(version),
            shared,
            table,
            partitioner: Partitioner::of(&table.schema),
            sources: Vec::new(),
            groups: BTreeMap::new(),
            outputs: Mutex::default(),
        }
    }

    fn schema(&self) -> &TableSchema {
        &self.table.schema
    }

    /// Takes in a part in memory, which must not grow any more.
    pub(crate) fn add_part(&mut self, part: &Part) -> Result<()> {
        let source = self.source(part.id, &part.deletes, pin(part.lineage.clone()));
        for piece in &part.pieces {
            let rows = piece.first_row..piece.first_row + piece.row_count;
            let columns = self.table.schema.columns.iter().enumerate().map(|(position, column)| {
                match part.column_position(column.id) {
                    Some(at) => piece.columns[at].clone(),
                    None => self.missing(position, rows.len()),
                }
            });
            let columns = columns.collect();
            let versions = Arc::new(piece.versions.array(rows.len()));
            self.add_rows(columns, versions, rows, &source)?;
        }
        self.sources.push(source);
        Ok(())
    }

    fn source(&self, part: PartId, deletes: &Option<Arc<Deletes>>, pin: Pin) -> Source {
        Source {
            part,
            deletes: deletes.clone(),
            left_out: deletes.as_ref().and_then(|deletes| deletes.at(self.forgotten)),
            pin,
        }
    }

    /// Takes in a segment.
    pub(crate) fn add_segment(&mut self, segment: &SegmentState) -> Result<()> {
        let source = self.source(segment.id(), &segment.deletes, pin(segment.file.clone()));
        let reader = segment.file.reader()?;
        for block in 0..reader.block_count() {
            let rows = reader.block_rows(block);
            let left_out = source.left_out.as_ref().map_or(0, |deletes| deletes.count_in(&rows));
            if left_out as usize == rows.len() {
                continue;
            }
            let columns = self.table.schema.columns.iter().enumerate().map(|(position, column)| {
                match reader.has_column(column.id) {
                    true => reader.decode(column.id, rows.clone()).map(|array| flatten(&array)),
                    false => Ok(self.missing(position, rows.len())),
                }
            });
            let columns = columns.collect::<Result<_>>()?;
            let version = segment.file.meta.version_min.0 as i64;
            let versions = match reader.versions(rows.clone())? {
                Some(versions) => versions,
                None => Int64Array::from_value(version, rows.len()),
            };
            self.add_rows(columns, Arc::new(versions), rows, &source)?;
        }
        self.sources.push(source);
        Ok(())
    }

    fn missing(&self, position: usize, row_count: usize) -> ArrayRef {
        flatten(&constant(&missing_value(self.table, position), row_count))
    }

    /// Rows of the source that comes next.
    fn add_rows(
        &mut self,
        columns: Vec<ArrayRef>,
        versions: ArrayRef,
        rows: Range<u32>,
        source: &Source,
    ) -> Result<()> {
        let place = (self.sources.len() as u64) << 32;
        let origins = UInt64Array::from_iter_values(rows.clone().map(|row| place | u64::from(row)));
        let all = Piece {
            columns,
            versions,
            origins: Arc::new(origins),
        };
        let alive = source.deletes.as_ref().and_then(|deletes| deletes.alive(&rows));
        let Some(alive) = alive else {
            return self.add_piece(all, false);
        };
        let deleted = !&alive;
        self.add_piece(all.filter(alive), false)?;
        let kept = match source.left_out.as_ref().map(|left_out| left_out.alive(&rows)) {
            Some(Some(kept)) => &deleted & &kept,
            _ => deleted,
        };
        self.add_piece(all.filter(kept), true)
    }

    fn add_piece(&mut self, piece: Piece, is_deleted: bool) -> Result<()> {
        if piece.origins.is_empty() {
            return Ok(());
        }
        let groups = match &self.partitioner {
            None => vec![(PartitionKey(None), Rows::All)],
            Some(partitioner) => partitioner.split(&piece.columns),
        };
        for (partition, rows) in groups {
            let pick = |array: &ArrayRef| match &rows {
                Rows::All => Ok(array.clone()),
                Rows::Range(range) => Ok(array.slice(range.start, range.len())),
                Rows::Listed(list) => take(array, &UInt32Array::from(list.clone())),
            };
            self.groups.entry((partition, is_deleted)).or_default().push(Piece {
                columns: piece.columns.iter().map(pick).collect::<Result<_>>()?,
                versions: pick(&piece.versions)?,
                origins: pick(&piece.origins)?,
            });
        }
        Ok(())
    }

    /// Writes the segments and puts them in place. Gives back whether that happened: not if the parts are gone.
    pub(crate) fn finish(mut self) -> Result<bool> {
        let placed = self.write().and_then(|()| self.place());
        if !matches!(placed, Ok(true)) {
            self.discard();
        }
        placed
    }

    fn write(&mut self) -> Result<()> {
        let folder = table_folder(self.schema().id);
        self.shared.disk.create_folder(&folder)?;
        let groups = Mutex::new(std::mem::take(&mut self.groups));
        let work = || -> Result<()> {
            loop {
                let next = groups.lock().pop_first();
                match next {
                    Some((group, pieces)) => self.write_group(group, pieces)?,
                    None => return Ok(()),
                }
            }
        };
        in_parallel(self.shared.options.threads, &work)?;
        let written: Vec<SegmentMeta> = self.outputs.lock().iter().map(|output| output.meta.clone()).collect();
        sync_folders(self.shared, self.schema(), &written)
    }

    fn write_group(&self, group: GroupKey, pieces: Vec<Piece>) -> Result<()> {
        let mut sorted = join_pieces(pieces, self.schema().columns.len())?;
        if let Some(order) = sorted_rows(self.schema(), &sorted.columns)? {
            for column in sorted
                .columns
                .iter_mut()
                .chain([&mut sorted.versions, &mut sorted.origins])
            {
                *column = take(column, &order)?;
            }
        }
        let row_count = sorted.origins.len();
        let mut from = 0;
        while from < row_count {
            let rows = from..(from + SEGMENT_ROWS_MAX).min(row_count);
            let slice = |array: &ArrayRef| array.slice(rows.start, rows.len());
            let columns: Vec<ArrayRef> = sorted.columns.iter().map(slice).collect();
            let meta = self.write_segment(group, &columns, &slice(&sorted.versions))?;
            self.outputs.lock().push(Output {
                meta,
                origins: slice(&sorted.origins),
            });
            from = rows.end;
        }
        Ok(())
    }

    fn write_segment(
        &self,
        (partition, are_deleted): GroupKey,
        columns: &[ArrayRef],
        versions: &ArrayRef,
    ) -> Result<SegmentMeta> {
        use arrow_array::cast::AsArray;
        let versions = versions.as_primitive::<arrow_array::types::Int64Type>().clone();
        let first = versions.values().first().copied().unwrap_or(0);
        // A segment without columns counts its rows by their versions.
        let single = !columns.is_empty() && versions.values().iter().all(|version| *version == first);
        let input = SegmentInput {
            schema: self.schema(),
            partition,
            columns,
            versions: match single {
                true => RowVersions::Single,
                false => RowVersions::PerRow(versions),
            },
        };
        let mut meta = write_with_partials(self.shared, input, !are_deleted)?;
        if single {
            (meta.version_min, meta.version_max) = (CommitVersion(first as u64), CommitVersion(first as u64));
        }
        Ok(meta)
    }

    fn place(&self) -> Result<bool> {
        let outputs = self.outputs.lock();
        let known = self.sources.iter().map(|source| match &source.deletes {
            Some(deletes) => deletes.since(source.left_out.as_ref()),
            None => Vec::new(),
        });
        let known = carry(&outputs, &known.collect::<Vec<_>>());
        let leaves_out = self.sources.iter().any(|source| source.left_out.is_some());
        self.shared.sequencer.edit(|newest| {
            let mut deleted = known;
            for (version, sets) in carry(&outputs, &self.late_deletes(newest)?) {
                deleted.entry(version).or_default().extend(sets);
            }
            let edit = LoggedEdit {
                removed: self.sources.iter().map(|source| source.part).collect(),
                added: outputs.iter().map(|output| output.meta.clone()).collect(),
                deleted: deleted.into_iter().collect(),
                history_from: leaves_out.then_some(self.forgotten),
                ..LoggedEdit::new(self.schema().id)
            };
            Some((edit, self.moved(&outputs)))
        })
    }

    fn moved(&self, outputs: &[Output]) -> Moved {
        let sources = self.sources.iter().map(|source| (source.part, source.pin.clone()));
        let outputs = outputs.iter().map(|output| (output.meta.id, output.origins.clone()));
        Moved {
            sources: sources.collect(),
            outputs: outputs.collect(),
        }
    }

    /// The rows of each source that were deleted since it was read; `None` where a source is gone.
    fn late_deletes(&self, newest: &DatabaseState) -> Option<Vec<Deleted>> {
        let table = newest.tables.get(&self.schema().id)?;
        let late = self.sources.iter().map(|source| {
            let deletes = match table.segment_position(source.part) {
                Some(at) => &table.segments[at].deletes,
                None => &table.parts[table.part_position(source.part)?].deletes,
            };
            Some(match deletes {
                Some(now) => now.since(source.deletes.as_deref()),
                None => Vec::new(),
            })
        });
        late.collect()
    }

    /// Removes what was written.
    fn discard(&self) {
        let written: Vec<SegmentMeta> = self.outputs.lock().iter().map(|output| output.meta.clone()).collect();
        remove(self.shared, self.schema(), &written);
    }
}

impl Piece {
    /// Only some of the rows.
    fn filter(&self, rows: BooleanBuffer) -> Piece {
        let rows = Selection::new(rows);
        Piece {
            columns: self.columns.iter().map(|column| rows.filter(column)).collect(),
            versions: rows.filter(&self.versions),
            origins: rows.filter(&self.origins),
        }
    }
}

fn pin(seen: Arc<dyn Any + Send + Sync>) -> Pin {
    Arc::downgrade(&seen)
}

fn join_pieces(pieces: Vec<Piece>, column_count: usize) -> Result<Piece> {
    let (mut versions, mut origins) = (Vec::new(), Vec::new());
    let mut columns: Vec<_> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        versions.push(piece.versions);
        origins.push(piece.origins);
        columns.push(piece.columns.into_iter());
    }
    let mut joined = Vec::with_capacity(column_count);
    for _ in 0..column_count {
        let parts: Vec<ArrayRef> = columns.iter_mut().filter_map(Iterator::next).collect();
        joined.push(join(&parts)?);
    }
    Ok(Piece {
        columns: joined,
        versions: join(&versions)?,
        origins: join(&origins)?,
    })
}

/// Rows of a source by the commits that deleted them, which ascend.
type Deleted = Vec<(CommitVersion, RoaringBitmap)>;

/// What was deleted of the sources, in terms of the new segments.
fn carry(outputs: &[Output], sources: &[Deleted]) -> BTreeMap<CommitVersion, Vec<(PartId, RoaringBitmap)>> {
    use arrow_array::cast::AsArray;
    let mut carried: BTreeMap<CommitVersion, Vec<(PartId, RoaringBitmap)>> = BTreeMap::new();
    // By row, each with its commit.
    let listed = sources.iter().map(|deleted| {
        let rows = deleted
            .iter()
            .flat_map(|(version, rows)| rows.iter().map(|row| (row, *version)));
        let mut rows: Vec<(u32, CommitVersion)> = rows.collect();
        rows.sort_unstable();
        rows
    });
    let listed: Vec<_> = listed.collect();
    if listed.iter().all(Vec::is_empty) {
        return carried;
    }
    for output in outputs {
        let origins = output.origins.as_primitive::<arrow_array::types::UInt64Type>().values();
        let mut found: BTreeMap<CommitVersion, RoaringBitmap> = BTreeMap::new();
        for (row, origin) in origins.iter().enumerate() {
            let deleted = &listed[(origin >> 32) as usize];
            if let Ok(at) = deleted.binary_search_by_key(&(*origin as u32), |(row, _)| *row) {
                found.entry(deleted[at].1).or_default().insert(row as u32);
            }
        }
        for (version, rows) in found {
            carried.entry(version).or_default().push((output.meta.id, rows));
        }
    }
    carried
}
