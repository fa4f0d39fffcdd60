//! One block of a segment: ruled out or answered by its statistics, else filtered on its encoded columns, and of the rest only those
//! vectors read that have rows left.

use super::address::addresses;
use super::dynamic::DynamicFilters;
use super::evaluate::{and, bits_of, is_empty, narrow};
use super::memory::{delete_versions, row_ids};
use super::plan::{PlannedSegment, TableScan};
use super::planned::{Planned, constant, missing_value, unknown_column};
use super::prepared::{Prepared, prepare, read_columns};
use super::summary::{Summarized, batch_of};
use super::{ScanColumn, ScanItem};
use crate::error::{Error, Result};
use crate::index::Verdict;
use crate::limits::{BLOCK_ROWS, VECTOR_ROWS, ZONE_ROWS};
use crate::schema::ColumnId;
use crate::segment::{PreparedCondition, SegmentReader};
use crate::store::state::SegmentState;
use crate::vector::{Batch, Selection};
use arrow_array::{ArrayRef, Int64Array, UInt32Array};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where a reader stands within a block.
pub(crate) struct BlockCursor {
    /// The segment's place in the scan.
    planned: usize,
    block: usize,
    /// Of the segment.
    rows: Range<u32>,
    /// Rows that pass so far, numbered within the block; `None` is all.
    passing: Option<BooleanBuffer>,
    /// The next row within the block.
    next: usize,
    /// Columns whose bytes were counted.
    counted: Vec<ColumnId>,
}

/// What is left of a block after its statistics and filters.
pub(crate) enum Begun {
    Nothing,
    Item(ScanItem),
    Rows(BlockCursor),
}

impl BlockCursor {
    /// Looks at a block's statistics and filters some or all of its rows.
    pub(crate) fn begin(
        scan: &TableScan,
        planned: usize,
        block: usize,
        rows: Range<u32>,
        dynamic: &mut DynamicFilters,
    ) -> Result<Begun> {
        let segment = &scan.segments[planned];
        let state = &scan.table.segments[segment.position];
        let filters = dynamic.current(scan)?;
        let pruned = |count: &std::sync::atomic::AtomicU64| {
            if (rows.start as usize).is_multiple_of(BLOCK_ROWS) {
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Begun::Nothing)
        };
        if filters
            .iter()
            .any(|filter| filter.verdict(&state.file) == Verdict::NoRow)
        {
            return pruned(&scan.statistics.blocks_pruned);
        }
        let prepared = prepare(scan, segment)?;
        if prepared.is_empty {
            return pruned(&scan.statistics.blocks_pruned);
        }
        let reader = state.file.reader()?;
        let mut view = BlockView {
            scan,
            state,
            reader,
            rows: rows.clone(),
            block,
            counted: Vec::new(),
        };
        let Some((open, filters)) = view.prune(segment, &prepared, &filters) else {
            return pruned(&scan.statistics.blocks_pruned);
        };
        if open.is_empty()
            && filters.is_empty()
            && prepared.rows.is_none()
            && let Some(answer) = view.answer()?
        {
            scan.statistics.blocks_summarized.fetch_add(1, Ordering::Relaxed);
            return Ok(Begun::Item(ScanItem::Summaries(answer)));
        }
        let passing = view.filter(&open, &filters, &prepared, dynamic)?;
        if is_empty(&passing) {
            return Ok(Begun::Nothing);
        }
        read_columns(scan).for_each(|column| reader.will_need(column, block));
        Ok(Begun::Rows(BlockCursor {
            planned,
            block,
            rows: view.rows.clone(),
            passing,
            next: 0,
            counted: view.counted,
        }))
    }

    /// The next rows that pass, if any are left.
    pub(crate) fn next(&mut self, scan: &TableScan) -> Result<Option<ScanItem>> {
        let row_count = (self.rows.end - self.rows.start) as usize;
        while self.next < row_count {
            let window = self.next..self.window_end(scan.batch_rows, row_count);
            self.next = window.end;
            if let Some(batch) = self.read(scan, window)? {
                return Ok(Some(ScanItem::Rows(batch)));
            }
        }
        Ok(None)
    }

    /// Where the next batch ends: where few rows pass, it goes on until there are some, or every operator would have as much to do for
    /// a handful of rows as for thousands.
    fn window_end(&self, batch_rows: usize, row_count: usize) -> usize {
        let mut end = (self.next + batch_rows).min(row_count);
        let Some(passing) = &self.passing else {
            return end;
        };
        let count = |from: usize, to: usize| passing.slice(from, to - from).count_set_bits();
        let mut passing_count = count(self.next, end);
        while end < row_count && passing_count < batch_rows / SPARSE_PART {
            let further = (end + batch_rows).min(row_count);
            passing_count += count(end, further);
            if passing_count > batch_rows {
                break;
            }
            end = further;
        }
        end
    }

    fn read(&mut self, scan: &TableScan, window: Range<usize>) -> Result<Option<Batch>> {
        let Some((window, mut alive)) = shrink(self.passing.as_ref(), window) else {
            return Ok(None);
        };
        let state = &scan.table.segments[scan.segments[self.planned].position];
        let start = self.rows.start;
        let rows = start + window.start as u32..start + window.end as u32;
        let mut columns = Columns {
            view: BlockView {
                scan,
                state,
                reader: state.file.reader()?,
                rows,
                block: self.block,
                counted: std::mem::take(&mut self.counted),
            },
            picked: None,
            decoded: Vec::new(),
        };
        columns.narrow(&mut alive, scan.batch_rows);
        let count = columns.row_count();
        narrow(&mut alive, count, &scan.request.row_predicates, |id| columns.column(id))?;
        let selection = columns.narrow(&mut alive, scan.batch_rows);
        let count = columns.row_count();
        let selected = selection.as_ref().map_or(count, Selection::selected_count);
        let mut batch = None;
        if selected > 0 {
            let read = scan.request.columns.iter().map(|column| columns.scanned(column));
            batch = Some(Batch {
                columns: read.collect::<Result<_>>()?,
                row_count: count,
                selection,
            });
        }
        self.counted = columns.view.counted;
        let statistics = &scan.statistics;
        statistics.rows_selected.fetch_add(selected as u64, Ordering::Relaxed);
        Ok(batch)
    }
}

/// One in so many rows or fewer are picked one by one.
const SPARSE_PART: usize = 4;

/// The columns of a batch, each decoded at most once: of all rows of a window, or of single ones.
struct Columns<'a> {
    view: BlockView<'a>,
    /// The rows within the block, ascending; `None` is all of the view's.
    picked: Option<Vec<u32>>,
    decoded: Vec<(ColumnId, ArrayRef)>,
}

impl Columns<'_> {
    fn row_count(&self) -> usize {
        self.picked.as_ref().map_or(self.view.rows.len(), Vec::len)
    }

    /// Only the rows that are alive are read from here on, where they are few; otherwise they are the selection.
    fn narrow(&mut self, alive: &mut Option<BooleanBuffer>, batch_rows: usize) -> Option<Selection> {
        let count = self.row_count();
        let selection = alive.clone().map(Selection::new);
        let selection = selection.filter(|selection| selection.selected_count() < count || count > batch_rows)?;
        if selection.selected_count() * SPARSE_PART >= count && count <= batch_rows {
            return Some(selection);
        }
        *alive = None;
        let first = self.view.rows.start - self.view.reader.block_rows(self.view.block).start;
        let rows = selection.indices();
        self.picked = Some(match &self.picked {
            None => rows.map(|row| first + row as u32).collect(),
            Some(picked) => rows.map(|row| picked[row]).collect(),
        });
        for (_, column) in &mut self.decoded {
            *column = selection.filter(column);
        }
        None
    }

    fn column(&mut self, id: ColumnId) -> Result<ArrayRef> {
        if let Some((_, column)) = self.decoded.iter().find(|(known, _)| *known == id) {
            return Ok(column.clone());
        }
        let column = self.view.column(id, self.picked.as_deref())?;
        self.decoded.push((id, column.clone()));
        Ok(column)
    }

    /// Of values of all rows of the view, those of the rows that are picked.
    fn picked_of_view(&self, values: ArrayRef, picked: Option<&[u32]>) -> Result<ArrayRef> {
        let Some(picked) = picked else { return Ok(values) };
        let first = self.view.rows.start - self.view.reader.block_rows(self.view.block).start;
        let places: UInt32Array = picked.iter().map(|row| row - first).collect();
        arrow_select::take::take(&values, &places, None).map_err(|error| Error::Invalid {
            reason: error.to_string(),
        })
    }

    fn scanned(&mut self, column: &ScanColumn) -> Result<ArrayRef> {
        let part = self.view.state.id();
        let block_start = self.view.reader.block_rows(self.view.block).start;
        match (column, &self.picked) {
            (ScanColumn::Table(id), _) => self.column(*id),
            (ScanColumn::RowId, None) => Ok(row_ids(part, self.view.rows.clone())),
            (ScanColumn::RowId, Some(picked)) => Ok(row_ids(part, picked.iter().map(|row| block_start + row))),
            (ScanColumn::Address, None) => addresses(part, self.view.rows.clone()),
            (ScanColumn::Address, Some(picked)) => addresses(part, picked.iter().map(|row| block_start + row)),
            (ScanColumn::CommitVersion, picked) => {
                let versions = self.view.versions()?;
                self.picked_of_view(versions, picked.as_deref())
            }
            (ScanColumn::DeleteVersion, picked) => {
                let versions = delete_versions(self.view.state.deletes.as_deref(), &self.view.rows);
                self.picked_of_view(versions, picked.as_deref())
            }
        }
    }
}

/// The vectors of a window from the first to the last with a row that passes, and which of their rows do.
fn shrink(passing: Option<&BooleanBuffer>, window: Range<usize>) -> Option<(Range<usize>, Option<BooleanBuffer>)> {
    let Some(passing) = passing else {
        return Some((window, None));
    };
    let bits = passing.slice(window.start, window.len());
    let first = bits.set_indices().next()?;
    let last = bits.set_slices().last().map_or(first, |(_, end)| end - 1);
    let first = window.start + first;
    let last = window.start + last;
    let from = (first - first % VECTOR_ROWS).max(window.start);
    let to = (last - last % VECTOR_ROWS + VECTOR_ROWS).min(window.end);
    Some((from..to, Some(passing.slice(from, to - from))))
}

/// Some rows of a block.
struct BlockView<'a> {
    scan: &'a TableScan,
    state: &'a SegmentState,
    reader: &'a SegmentReader,
    rows: Range<u32>,
    block: usize,
    counted: Vec<ColumnId>,
}

impl BlockView<'_> {
    /// The conditions that rows of the block must be tested against; `None` where none passes.
    fn prune<'p>(
        &self,
        segment: &PlannedSegment,
        prepared: &'p Prepared,
        filters: &'p [Arc<Planned>],
    ) -> Option<(Vec<&'p (usize, PreparedCondition)>, Vec<&'p Arc<Planned>>)> {
        let verdict = |planned: &Planned| match self.reader.has_column(planned.predicate.column) {
            true => planned.block_verdict(self.reader, self.block),
            false => planned.verdict(&self.state.file),
        };
        let mut open = Vec::new();
        for (place, planned) in self.scan.predicates.iter().enumerate() {
            if !segment.open.contains(place) {
                continue;
            }
            match verdict(planned) {
                Verdict::NoRow => return None,
                Verdict::SomeRows => open.extend(prepared.open.iter().find(|(open, _)| *open == place)),
                Verdict::EveryRow => {}
            }
        }
        let mut left = Vec::new();
        for planned in filters {
            match verdict(planned) {
                Verdict::NoRow => return None,
                Verdict::SomeRows => left.push(planned),
                Verdict::EveryRow => {}
            }
        }
        if let Some(rows) = &prepared.rows
            && rows.range_cardinality(self.rows.clone()) == 0
        {
            return None;
        }
        Some((open, left))
    }

    /// The summary row of a block all of whose rows pass.
    fn answer(&self) -> Result<Option<Batch>> {
        let Some(planned) = &self.scan.summary else {
            return Ok(None);
        };
        let summary = |column: ColumnId, _hint: usize| self.reader.block_summary(column, self.block).map(Cow::Owned);
        let row_count = self.rows.end - self.rows.start;
        let deletes = self.state.deletes.as_ref();
        let deleted = deletes.map_or(0, |deletes| deletes.count_in(&self.rows));
        if deleted == row_count {
            return Ok(None);
        }
        let row = planned.row(&Summarized {
            table: &self.scan.table,
            row_count,
            visible_rows: row_count - deleted,
            summary: &summary,
        });
        match row {
            Some(row) => batch_of(&[row]),
            None => Ok(None),
        }
    }

    /// The rows of the block that pass; `None` is all.
    fn filter(
        &mut self,
        open: &[&(usize, PreparedCondition)],
        filters: &[&Arc<Planned>],
        prepared: &Prepared,
        dynamic: &mut DynamicFilters,
    ) -> Result<Option<BooleanBuffer>> {
        let count = (self.rows.end - self.rows.start) as usize;
        let statistics = &self.scan.statistics;
        statistics.rows_scanned.fetch_add(count as u64, Ordering::Relaxed);
        let deletes = self.state.deletes.as_ref();
        let mut passing = deletes.and_then(|deletes| deletes.alive(&self.rows));
        if let Some(rows) = &prepared.rows {
            and(&mut passing, bits_of(rows, &self.rows));
        }
        for (place, condition) in open {
            let planned = &self.scan.predicates[*place];
            self.test(planned, Some(condition), &mut passing)?;
            if is_empty(&passing) {
                return Ok(passing);
            }
        }
        for planned in filters {
            if !planned.is_cheap() || !dynamic.is_useful(planned) {
                continue;
            }
            let before = passing.as_ref().map_or(count, BooleanBuffer::count_set_bits);
            self.test(planned, None, &mut passing)?;
            let after = passing.as_ref().map_or(count, BooleanBuffer::count_set_bits);
            dynamic.learn(planned, before, after);
        }
        Ok(passing)
    }

    /// Leaves the rows that meet a condition: zones that cannot are not read, nor those that do as a whole.
    fn test(
        &mut self,
        planned: &Planned,
        prepared: Option<&PreparedCondition>,
        passing: &mut Option<BooleanBuffer>,
    ) -> Result<()> {
        let column = planned.predicate.column;
        let count = (self.rows.end - self.rows.start) as usize;
        let first_zone = self.rows.start as usize / ZONE_ROWS;
        let zones = count.div_ceil(ZONE_ROWS);
        let mut runs: Vec<(Verdict, Range<usize>)> = Vec::new();
        for zone in 0..zones {
            let verdict = match zones {
                1 => Verdict::SomeRows,
                _ => planned.zone_verdict(self.reader, first_zone + zone),
            };
            let rows = zone * ZONE_ROWS..((zone + 1) * ZONE_ROWS).min(count);
            match runs.last_mut() {
                Some((last, run)) if *last == verdict => run.end = rows.end,
                _ => runs.push((verdict, rows)),
            }
        }
        let mut bits = BooleanBufferBuilder::new(count);
        for (verdict, run) in runs {
            let selected = match &*passing {
                Some(passing) => passing.slice(run.start, run.len()),
                None => BooleanBuffer::new_set(run.len()),
            };
            match verdict {
                Verdict::NoRow => bits.append_n(run.len(), false),
                Verdict::SomeRows if selected.has_true() => {
                    self.count_bytes(column);
                    let start = self.rows.start;
                    let rows = start + run.start as u32..start + run.end as u32;
                    bits.append_buffer(&match prepared {
                        Some(condition) => self.reader.filter_prepared(condition, rows, &selected)?,
                        None => self
                            .reader
                            .filter(column, rows, &planned.predicate.condition, &selected)?,
                    });
                }
                _ => bits.append_buffer(&selected),
            }
        }
        *passing = Some(bits.finish());
        Ok(())
    }

    fn count_bytes(&mut self, column: ColumnId) {
        if !self.counted.contains(&column) {
            self.counted.push(column);
            let of_block = self.reader.block_rows(self.block);
            let rows = u64::from(of_block.end - of_block.start).max(1);
            // A morsel's share of them.
            let bytes = self.reader.bytes_of(column, self.block) * rows.min(self.scan.morsel_rows as u64) / rows;
            self.scan.statistics.bytes_read.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// A column of all rows, or of some, numbered within the block.
    fn column(&mut self, id: ColumnId, picked: Option<&[u32]>) -> Result<ArrayRef> {
        if self.reader.has_column(id) {
            self.count_bytes(id);
            return match picked {
                Some(rows) => self.reader.pick(id, self.block, rows),
                None => self.reader.decode(id, self.rows.clone()),
            };
        }
        let columns = &self.scan.table.schema.columns;
        match columns.iter().position(|column| column.id == id) {
            Some(position) => {
                let value = missing_value(&self.scan.table, position);
                Ok(constant(&value, picked.map_or(self.rows.len(), <[u32]>::len)))
            }
            None => Err(unknown_column(&self.scan.table, id)),
        }
    }

    fn versions(&self) -> Result<ArrayRef> {
        Ok(match self.reader.versions(self.rows.clone())? {
            Some(versions) => Arc::new(versions),
            None => {
                let version = self.state.file.meta.version_min.0 as i64;
                constant(
                    &(Arc::new(Int64Array::from(vec![version])) as ArrayRef),
                    self.rows.len(),
                )
            }
        })
    }
}
