//! From a request to morsels: what segments' statistics rule out or answer is done with here; the rest, blocks of segments and parts
//! in memory, is handed out by one counter.

use super::address::wanted_rows;
use super::by_key::rows_named;
use super::memory::MemoryMorsel;
use super::planned::{Planned, unknown_column};
use super::prepared::Prepared;
use super::reader::MorselReader;
use super::summary::{PlannedSummary, Summarized, batch_of};
use super::{AddressCondition, Scan, ScanColumn, ScanReader, ScanRequest, ScanStatistics, SummaryValue, VisitOrder};
use crate::commit::{CommitVersion, PartId};
use crate::error::{Error, Result};
use crate::index::Verdict;
use crate::limits::{BATCH_ROWS, BLOCK_ROWS, SEGMENT_ROWS_MAX};
use crate::predicate::ColumnPredicate;
use crate::schema::ColumnId;
use crate::store::partial::unknown_rollup;
use crate::store::segment_file::SegmentFile;
use crate::store::state::{SegmentState, TableState};
use crate::vector::Batch;
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A scan's shared part.
pub(crate) struct TableScan {
    pub(crate) table: Arc<TableState>,
    pub(crate) version: CommitVersion,
    pub(crate) request: ScanRequest,
    pub(crate) batch_rows: usize,
    pub(crate) statistics: ScanStatistics,
    /// The conditions of rows that come beside partials, which only segments with a partial have open, and the request's, cheap ones first.
    pub(crate) predicates: Vec<Planned>,
    /// How many of them are of the first kind.
    rest_count: usize,
    pub(crate) summary: Option<PlannedSummary>,
    /// Answers of whole segments.
    answers: Mutex<Option<Batch>>,
    pub(crate) segments: Vec<PlannedSegment>,
    /// What is handed out in place of other segments.
    partials: Vec<Arc<SegmentFile>>,
    /// The columns asked for of them, with their places among all.
    pub(crate) partial_columns: Vec<(usize, ColumnId)>,
    pub(crate) all_partial_columns: Vec<ColumnId>,
    /// What all rows of a segment must meet for that.
    partial_conditions: Vec<Planned>,
    /// The rows that dynamic conditions name, found out by the first reader that comes to rows.
    named: OnceLock<Option<AddressCondition>>,
    next_partial: AtomicUsize,
    next_part: AtomicUsize,
    next_segment: AtomicUsize,
    row_count_max: u64,
    /// Rows of a block that a reader takes at once.
    pub(crate) morsel_rows: usize,
}

/// Where so few blocks may have rows that pass, readers share out their pieces: a reader without a block would do nothing.
const SHARED_BLOCKS_MAX: usize = 8;
/// Partials that a reader takes at once.
const PARTIALS_OF_MORSEL: usize = 64;
/// Blocks that are looked at to find that out.
const CHECKED_BLOCKS_MAX: usize = 2 * SEGMENT_ROWS_MAX / BLOCK_ROWS;

/// A segment that must be read.
pub(crate) struct PlannedSegment {
    /// Its place in the table.
    pub(crate) position: usize,
    row_count: usize,
    next_morsel: AtomicUsize,
    /// Conditions that some of its rows may not meet, as places in [`TableScan::predicates`].
    pub(crate) open: OpenPredicates,
    /// What its indexes say: found out by the first reader that comes to it.
    pub(crate) prepared: Mutex<Option<Arc<Prepared>>>,
}

/// A set of conditions; those beyond the 64th are always in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenPredicates(u64);

impl OpenPredicates {
    pub(crate) fn insert(&mut self, predicate: usize) {
        if predicate < 64 {
            self.0 |= 1 << predicate;
        }
    }

    pub(crate) fn contains(self, predicate: usize) -> bool {
        predicate >= 64 || self.0 & (1 << predicate) != 0
    }

    fn is_empty(self, count: usize) -> bool {
        self.0 == 0 && count <= 64
    }
}

/// What a reader takes at once.
#[derive(Clone, Debug)]
pub(crate) enum Morsel {
    Answers(Batch),
    Partials(Vec<Arc<SegmentFile>>),
    Memory(MemoryMorsel),
    /// A segment's place in [`TableScan::segments`], a block of it, and which of the segment's rows, all in that block.
    Block {
        segment: usize,
        block: usize,
        rows: Range<u32>,
    },
}

/// Begins a scan.
pub(crate) fn begin(table: Arc<TableState>, version: CommitVersion, mut request: ScanRequest) -> Result<Arc<dyn Scan>> {
    check(&table, &request)?;
    request.addresses.extend(rows_named(&table, &request.predicates)?);
    let batch_rows = match request.batch_rows {
        0 => BATCH_ROWS,
        rows => rows.min(BATCH_ROWS),
    };
    let planned = |predicates: &[ColumnPredicate]| -> Result<Vec<Planned>> {
        let predicates = predicates.iter();
        predicates
            .map(|predicate| Planned::new(&table, predicate.clone()))
            .collect()
    };
    let mut predicates = planned(&request.predicates)?;
    predicates.sort_by_key(Planned::cost);
    let rest = request.partial.as_ref().map(|partial| partial.rest.as_slice());
    let rest = planned(rest.unwrap_or_default())?;
    let rest_count = rest.len();
    predicates.splice(0..0, rest);
    let summary = request.summary.as_ref();
    let summary = summary.filter(|_| request.row_predicates.is_empty() && request.addresses.is_empty());
    let (partial_columns, all_partial_columns) = partial_columns(&table, &request)?;
    let mut scan = TableScan {
        summary: summary.and_then(|summary| PlannedSummary::new(&table, summary)),
        partials: Vec::new(),
        partial_columns,
        all_partial_columns,
        partial_conditions: match &request.partial {
            Some(partial) => planned(&partial.conditions)?,
            None => Vec::new(),
        },
        named: OnceLock::new(),
        next_partial: AtomicUsize::new(0),
        morsel_rows: BLOCK_ROWS,
        row_count_max: table.parts.iter().map(|part| part.visible_rows()).sum(),
        table,
        version,
        request,
        batch_rows,
        statistics: ScanStatistics::default(),
        predicates,
        rest_count,
        answers: Mutex::new(None),
        segments: Vec::new(),
        next_part: AtomicUsize::new(0),
        next_segment: AtomicUsize::new(0),
    };
    scan.plan_segments()?;
    scan.plan_morsels();
    Ok(Arc::new(SharedScan { scan: Arc::new(scan) }))
}

/// The columns that are asked for of a rollup, with their places, and all that it has.
type PartialColumns = (Vec<(usize, ColumnId)>, Vec<ColumnId>);

fn partial_columns(table: &TableState, request: &ScanRequest) -> Result<PartialColumns> {
    let Some(request) = &request.partial else {
        return Ok(PartialColumns::default());
    };
    let mut rollups = table.schema.rollups.iter();
    let Some(rollup) = rollups.find(|rollup| rollup.id == request.rollup) else {
        return Err(unknown_rollup(&table.schema, request.rollup));
    };
    let all: Vec<ColumnId> = rollup.columns.iter().map(|column| column.id).collect();
    let wanted = request.columns.iter().map(|column| {
        let place = all.iter().position(|known| known == column);
        let unknown = || Error::Invalid {
            reason: format!("rollup {} has no column {}", rollup.id.0, column.0),
        };
        place.map(|place| (place, *column)).ok_or_else(unknown)
    });
    Ok((wanted.collect::<Result<_>>()?, all))
}

/// Every column named must be there.
fn check(table: &TableState, request: &ScanRequest) -> Result<()> {
    let columns = request.columns.iter().filter_map(|column| match column {
        ScanColumn::Table(id) => Some(*id),
        _ => None,
    });
    let row_predicates = request
        .row_predicates
        .iter()
        .flat_map(|predicate| predicate.columns().to_vec());
    let values = request.summary.iter().flat_map(|summary| {
        let of_value = summary.values.iter().filter_map(|value| match value {
            SummaryValue::RowCount => None,
            SummaryValue::Count(id) | SummaryValue::Sum(id) | SummaryValue::Minimum(id) | SummaryValue::Maximum(id) => {
                Some(*id)
            }
        });
        summary.keys.iter().copied().chain(of_value)
    });
    let unknown = |id: &ColumnId| table.schema.column(*id).is_none();
    let visited = request.visit.iter().map(|visit| visit.column);
    match columns.chain(row_predicates).chain(values).chain(visited).find(unknown) {
        Some(id) => Err(unknown_column(table, id)),
        None => Ok(()),
    }
}

impl TableScan {
    fn plan_segments(&mut self) -> Result<()> {
        let table = self.table.clone();
        let mut answers = Vec::new();
        let (mut blocks, mut pruned, mut pruned_blocks, mut answered_blocks) = (0, 0, 0, 0);
        for (position, segment) in table.segments.iter().enumerate() {
            let block_count = (segment.file.meta.row_count as usize).div_ceil(BLOCK_ROWS);
            blocks += block_count;
            let Some(open) = self.open_predicates(segment) else {
                pruned += 1;
                pruned_blocks += block_count;
                continue;
            };
            if let Some(partial) = self.partial_of(segment) {
                self.row_count_max += u64::from(partial.meta.row_count);
                self.partials.push(partial.clone());
                self.plan_rest(position, segment, open);
                continue;
            }
            if open.is_empty(self.predicates.len())
                && self.request.dynamic_predicates.is_empty()
                && let Some(answer) = self.answer(segment)
            {
                answers.push(answer);
                answered_blocks += block_count;
                continue;
            }
            self.plan_segment(position, segment, open);
        }
        let statistics = &self.statistics;
        for (counter, count) in [
            (&statistics.segments_total, table.segments.len()),
            (&statistics.segments_pruned, pruned),
            (&statistics.segments_summarized, answers.len()),
            (&statistics.segments_from_partials, self.partials.len()),
            (&statistics.blocks_total, blocks),
            (&statistics.blocks_pruned, pruned_blocks),
            (&statistics.blocks_summarized, answered_blocks),
        ] {
            counter.store(count as u64, Ordering::Relaxed);
        }
        self.answers = Mutex::new(batch_of(&answers)?);
        self.order_segments();
        Ok(())
    }

    fn plan_segment(&mut self, position: usize, segment: &SegmentState, open: OpenPredicates) {
        self.row_count_max += segment.visible_rows();
        self.segments.push(PlannedSegment {
            position,
            row_count: segment.file.meta.row_count as usize,
            next_morsel: AtomicUsize::new(0),
            open,
            prepared: Mutex::new(None),
        });
    }

    /// A segment once for each condition that rows beside its partial may meet.
    fn plan_rest(&mut self, position: usize, segment: &SegmentState, open: OpenPredicates) {
        for place in 0..self.rest_count {
            let mut open = open;
            match self.predicates[place].verdict(&segment.file) {
                Verdict::NoRow => continue,
                Verdict::SomeRows => open.insert(place),
                Verdict::EveryRow => {}
            }
            self.plan_segment(position, segment, open);
        }
    }

    /// The conditions that rows in memory must meet.
    pub(crate) fn predicates_in_memory(&self) -> &[Planned] {
        &self.predicates[self.rest_count..]
    }

    /// The rows of a part that may pass, as far as addresses and keys tell; `None` is all of them.
    pub(crate) fn wanted_rows(&self, part: PartId, row_count: u32) -> Result<Option<RoaringBitmap>> {
        let named = match self.named.get() {
            Some(named) => named,
            None => {
                let dynamic = self.request.dynamic_predicates.iter();
                let conditions: Vec<ColumnPredicate> = dynamic.filter_map(|predicate| predicate.current()).collect();
                let named = rows_named(&self.table, &conditions)?;
                self.named.get_or_init(|| named)
            }
        };
        Ok(wanted_rows(self.request.addresses.iter().chain(named), part, row_count))
    }

    /// What the rollup that is asked for has of a segment.
    fn partial_of<'a>(&self, segment: &'a SegmentState) -> Option<&'a Arc<SegmentFile>> {
        let request = self.request.partial.as_ref()?;
        // Rows that dynamic conditions leave out may come nevertheless.
        let is_about_rows = !self.request.addresses.is_empty();
        let partial = segment.partial_of(request.rollup).filter(|_| !is_about_rows)?;
        let mut conditions = self.partial_conditions.iter();
        let are_met = conditions.all(|condition| condition.verdict(&segment.file) == Verdict::EveryRow);
        are_met.then_some(&partial.file)
    }

    /// Decides what readers take at once.
    fn plan_morsels(&mut self) {
        let block_count = |segment: &PlannedSegment| segment.row_count.div_ceil(BLOCK_ROWS);
        // Blocks that are answered as a whole are not cut.
        if self.summary.is_some() || self.segments.iter().map(block_count).sum::<usize>() > CHECKED_BLOCKS_MAX {
            return;
        }
        let open_blocks = |segment: &PlannedSegment| {
            let file = &self.table.segments[segment.position].file;
            let Ok(reader) = file.reader() else {
                return SHARED_BLOCKS_MAX;
            };
            let is_open = |block: &usize| {
                let mut predicates = self.predicates.iter().enumerate();
                predicates.all(|(place, planned)| !segment.open.contains(place) || !planned.rules_out(reader, *block))
            };
            (0..block_count(segment)).filter(is_open).count()
        };
        if self.segments.iter().map(open_blocks).sum::<usize>() < SHARED_BLOCKS_MAX {
            self.morsel_rows = BATCH_ROWS;
        }
    }

    /// Puts first what is to be visited first; segments that do not hold the column go last.
    fn order_segments(&mut self) {
        let Some(visit) = self.request.visit else { return };
        let columns = &self.table.schema.columns;
        let hint = columns.iter().position(|column| column.id == visit.column).unwrap_or(0);
        let table = self.table.clone();
        let bounds = |segment: &PlannedSegment| {
            let file = &table.segments[segment.position].file;
            file.column_position(visit.column, hint)
                .map(|at| &file.bounds()[at].keys)
        };
        self.segments
            .sort_by(|left, right| match (bounds(left), bounds(right)) {
                (Some(left), Some(right)) if visit.is_descending => left.compare_ends(right).reverse(),
                (Some(left), Some(right)) => left.compare_beginnings(right),
                (left, right) => right.is_some().cmp(&left.is_some()),
            });
    }

    /// The rows to be visited as the `number`th of a segment, of so many.
    fn rows_of(&self, segment: &PlannedSegment, number: usize, count: usize) -> Range<u32> {
        // Blocks of a sorted segment ascend; of an unsorted one, any order is as good.
        let number = match self.request.visit {
            Some(VisitOrder {
                is_descending: true, ..
            }) => count - 1 - number,
            _ => number,
        };
        let start = number * self.morsel_rows;
        start as u32..segment.row_count.min(start + self.morsel_rows) as u32
    }

    /// The conditions that must be looked into for a segment; `None` where no row meets all.
    fn open_predicates(&self, segment: &SegmentState) -> Option<OpenPredicates> {
        let addresses = self.request.addresses.iter();
        let wanted = wanted_rows(addresses, segment.id(), segment.file.meta.row_count);
        if wanted.is_some_and(|rows| rows.is_empty()) {
            return None;
        }
        let mut open = OpenPredicates::default();
        for (place, predicate) in self.predicates.iter().enumerate().skip(self.rest_count) {
            match predicate.verdict(&segment.file) {
                Verdict::NoRow => return None,
                Verdict::SomeRows => open.insert(place),
                Verdict::EveryRow => {}
            }
        }
        (segment.visible_rows() > 0).then_some(open)
    }

    /// The summary row of a segment all of whose rows pass.
    fn answer(&self, segment: &SegmentState) -> Option<Vec<ArrayRef>> {
        let file = &segment.file;
        let summary = |column: ColumnId, hint: usize| {
            let at = file.column_position(column, hint)?;
            Some(Cow::Borrowed(&file.meta.columns[at].1))
        };
        self.summary.as_ref()?.row(&Summarized {
            table: &self.table,
            row_count: file.meta.row_count,
            visible_rows: segment.visible_rows() as u32,
            summary: &summary,
        })
    }

    /// The next morsel that nobody took, of the segment in hand while it has one. Readers keep to segments of their own, so that each
    /// reads another dictionary first; where an order was asked for, all are in the same one.
    pub(crate) fn take(&self, in_hand: &mut Option<usize>) -> Option<Morsel> {
        if let Some(answers) = self.answers.lock().take() {
            return Some(Morsel::Answers(answers));
        }
        if self.next_partial.load(Ordering::Relaxed) < self.partials.len() {
            let first = self.next_partial.fetch_add(PARTIALS_OF_MORSEL, Ordering::Relaxed);
            if first < self.partials.len() {
                let end = (first + PARTIALS_OF_MORSEL).min(self.partials.len());
                return Some(Morsel::Partials(self.partials[first..end].to_vec()));
            }
        }
        if self.next_part.load(Ordering::Relaxed) < self.table.parts.len() {
            let part = self.next_part.fetch_add(1, Ordering::Relaxed);
            if part < self.table.parts.len() {
                return Some(Morsel::Memory(MemoryMorsel { part }));
            }
        }
        if self.request.visit.is_some() {
            return (0..self.segments.len()).find_map(|segment| self.take_block(segment));
        }
        if let Some(morsel) = in_hand.and_then(|segment| self.take_block(segment)) {
            return Some(morsel);
        }
        while self.next_segment.load(Ordering::Relaxed) < self.segments.len() {
            let segment = self.next_segment.fetch_add(1, Ordering::Relaxed);
            if segment < self.segments.len() {
                *in_hand = Some(segment);
                if let Some(morsel) = self.take_block(segment) {
                    return Some(morsel);
                }
            }
        }
        // All have begun: help with what is left.
        (0..self.segments.len()).rev().find_map(|segment| {
            let morsel = self.take_block(segment)?;
            *in_hand = Some(segment);
            Some(morsel)
        })
    }

    fn take_block(&self, segment: usize) -> Option<Morsel> {
        let planned = &self.segments[segment];
        let count = planned.row_count.div_ceil(self.morsel_rows);
        if planned.next_morsel.load(Ordering::Relaxed) >= count {
            return None;
        }
        let number = planned.next_morsel.fetch_add(1, Ordering::Relaxed);
        (number < count).then(|| {
            let rows = self.rows_of(planned, number, count);
            Morsel::Block {
                segment,
                block: rows.start as usize / BLOCK_ROWS,
                rows,
            }
        })
    }
}

struct SharedScan {
    scan: Arc<TableScan>,
}

impl Scan for SharedScan {
    fn reader(&self) -> Box<dyn ScanReader> {
        Box::new(MorselReader::new(self.scan.clone()))
    }

    fn statistics(&self) -> &ScanStatistics {
        &self.scan.statistics
    }

    fn row_count_max(&self) -> u64 {
        self.scan.row_count_max
    }

    fn version(&self) -> CommitVersion {
        self.scan.version
    }
}
