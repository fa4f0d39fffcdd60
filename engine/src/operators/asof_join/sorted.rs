//! ASOF joins whose right side does not fit into memory. The right rows are sorted and put on disk as one run; each worker sorts its
//! left rows, too, and goes through both, with a block of right rows and the one before it in memory.

use super::{Built, Nearest, Probe, Specification, joined, keys_alone};
use crate::error::Result;
use crate::operators::gather::{batch_bytes, concatenated, retained};
use crate::operators::sort::{Sort, SortSink, SortSource};
use crate::operators::spill::{SealedSpillFile, SpillFile, SpilledRows};
use crate::operators::split::sliced;
use crate::pipeline::{Sink, SinkPart, Source, Stream};
use arrow_array::{Array, UInt32Array};
use arrow_buffer::NullBuffer;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stoa_storage::vector::{Batch, Selection};

/// Rows that are given to a sort at a time.
const GIVEN_ROWS: usize = 8 * 1024;

/// The right side, once it is not in memory.
pub(super) struct SortedRight {
    sort: Arc<Sort>,
    is_used: AtomicBool,
    /// Made by the worker that needs it first.
    run: Mutex<Option<Arc<RightRun>>>,
}

/// All right rows in order.
struct RightRun {
    file: Option<SealedSpillFile>,
    blocks: Vec<SpilledRows>,
}

impl SortedRight {
    pub(super) fn new(sort: Arc<Sort>) -> Self {
        SortedRight {
            sort,
            is_used: AtomicBool::new(false),
            run: Mutex::new(None),
        }
    }

    /// Whether the right side is here.
    pub(super) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// What takes right rows that have keys; from now on the right side is here.
    pub(super) fn part(&self) -> Result<Box<dyn SinkPart>> {
        self.is_used.store(true, Ordering::Relaxed);
        SortSink(self.sort.clone()).open()
    }

    /// Takes the last right rows.
    pub(super) fn take(&self, specification: &Specification, batches: Vec<Batch>) -> Result<()> {
        let mut part = self.part()?;
        for batch in batches {
            for from in (0..batch.row_count).step_by(GIVEN_ROWS) {
                specification.cancel.check()?;
                let rows = from..batch.row_count.min(from + GIVEN_ROWS);
                let given = Batch::new(sliced(&batch.columns, &rows), rows.len());
                if let Some(given) = with_keys(specification, given)? {
                    part.consume(given)?;
                }
            }
        }
        part.finish()
    }

    fn run(&self, specification: &Specification) -> Result<Arc<RightRun>> {
        let mut run = self.run.lock();
        if let Some(run) = &*run {
            return Ok(run.clone());
        }
        let mut rows = SortSource(self.sort.clone()).open()?;
        let mut file = None;
        let mut blocks = Vec::new();
        while let Some(batch) = rows.next()? {
            specification.cancel.check()?;
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(SpillFile::create(&specification.memory)?),
            };
            blocks.push(file.write(&batch.columns, batch.row_count)?);
        }
        let file = file.map(SpillFile::seal).transpose()?;
        Ok(run.insert(Arc::new(RightRun { file, blocks })).clone())
    }
}

/// The right rows that have keys and a time; `None` where none has.
pub(super) fn with_keys(specification: &Specification, batch: Batch) -> Result<Option<Batch>> {
    let present = specification.order.present(&specification.right.evaluate(&batch)?);
    Ok(chosen(batch, present.as_ref()))
}

/// The rows of a batch that are valid; `None` where none is.
fn chosen(batch: Batch, rows: Option<&NullBuffer>) -> Option<Batch> {
    let batch = match rows {
        None => batch,
        Some(rows) => Batch {
            selection: Some(Selection::new(rows.inner().clone())),
            ..batch
        }
        .compact(),
    };
    (batch.row_count > 0).then_some(batch)
}

/// One worker's part.
pub(super) struct SortedJoin {
    right: Arc<RightRun>,
    sort: Arc<Sort>,
    phase: Phase,
}

enum Phase {
    /// Left rows are taken in.
    Taking(Box<dyn SinkPart>),
    Joining {
        left: Box<dyn Stream>,
        current: Option<LeftRows>,
        right: RightRows,
    },
    End,
}

/// Left rows in order, those from one row on to be joined.
struct LeftRows {
    batch: Batch,
    probe: Probe,
    from: usize,
}

impl SortedJoin {
    pub(super) fn new(specification: &Specification, right: &SortedRight) -> Result<Self> {
        let right = right.run(specification)?;
        let sort = Sort::new(
            specification.left_order.clone(),
            specification.left_types.clone(),
            None,
            specification.batch_rows,
            specification.memory.clone(),
            specification.cancel.clone(),
            specification.workers,
        );
        Ok(SortedJoin {
            right,
            phase: Phase::Taking(SortSink(sort.clone()).open()?),
            sort,
        })
    }

    pub(super) fn next(&mut self, specification: &Specification, input: &mut dyn Stream) -> Result<Option<Batch>> {
        while let Phase::Taking(part) = &mut self.phase {
            specification.cancel.check()?;
            if let Some(batch) = input.next()? {
                if let Some(batch) = taken(specification, &mut **part, batch)? {
                    return Ok(Some(batch));
                }
                continue;
            }
            if let Phase::Taking(part) = std::mem::replace(&mut self.phase, Phase::End) {
                part.finish()?;
            }
            self.phase = Phase::Joining {
                right: RightRows::new(specification, self.right.clone())?,
                left: SortSource(self.sort.clone()).open()?,
                current: None,
            };
        }
        let Phase::Joining { left, current, right } = &mut self.phase else {
            return Ok(None);
        };
        loop {
            specification.cancel.check()?;
            if current.is_none() {
                let Some(batch) = left.next()? else { return Ok(None) };
                *current = Some(LeftRows::new(specification, batch)?);
            }
            let Some(rows) = current else { continue };
            let batch = right.joined(specification, rows)?;
            match rows.from == rows.batch.row_count {
                true => *current = None,
                false => right.advance(specification)?,
            }
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }
}

/// Takes left rows in. Those without a key or a time match nothing, and are handed back joined with nothing if that is wanted.
fn taken(specification: &Specification, part: &mut dyn SinkPart, batch: Batch) -> Result<Option<Batch>> {
    let batch = retained(batch);
    let present = specification.order.present(&specification.left.evaluate(&batch)?);
    let absent = present.as_ref().map(|present| NullBuffer::new(!present.inner()));
    let unmatched = match absent {
        Some(absent) if specification.keeps_left => chosen(batch.clone(), Some(&absent)),
        _ => None,
    };
    if let Some(batch) = chosen(batch, present.as_ref()) {
        part.consume(batch)?;
    }
    let Some(unmatched) = unmatched else { return Ok(None) };
    let nothing = Built::sorted(specification, concatenated(Vec::new(), &specification.right_types)?)?;
    let matches = UInt32Array::new_null(unmatched.row_count);
    joined(specification, &nothing, unmatched, matches).map(Some)
}

impl LeftRows {
    fn new(specification: &Specification, batch: Batch) -> Result<Self> {
        let columns = specification.left.evaluate(&batch)?;
        Ok(LeftRows {
            probe: Probe::new(specification, &columns, batch.row_count)?,
            batch,
            from: 0,
        })
    }
}

/// The right rows, of which a block is in memory.
struct RightRows {
    run: Arc<RightRun>,
    next: usize,
    /// The last row of the block before, and the block.
    built: Built,
    place: usize,
}

impl RightRows {
    fn new(specification: &Specification, run: Arc<RightRun>) -> Result<Self> {
        let nothing = concatenated(Vec::new(), &specification.right_types)?;
        let mut rows = RightRows {
            run,
            next: 0,
            built: Built::sorted(specification, nothing)?,
            place: 0,
        };
        rows.advance(specification)?;
        Ok(rows)
    }

    /// Goes on to the next block, if there is one.
    fn advance(&mut self, specification: &Specification) -> Result<()> {
        let (Some(file), Some(block)) = (&self.run.file, self.run.blocks.get(self.next)) else {
            return Ok(());
        };
        self.next += 1;
        let mut batches = Vec::new();
        if let Some(last) = self.built.rows.len().checked_sub(1) {
            batches.push(retained(Batch::new(sliced(&self.built.columns, &(last..last + 1)), 1)));
        }
        batches.push(Batch::new(file.read(block)?, block.row_count));
        self.built = Built::sorted(specification, concatenated(batches, &specification.right_types)?)?;
        self.place = 0;
        Ok(())
    }

    /// Joins as many of the left rows as the block in memory decides about; their number goes up to the first one that is left.
    fn joined(&mut self, specification: &Specification, left: &mut LeftRows) -> Result<Option<Batch>> {
        let is_last = self.next == self.run.blocks.len();
        let nearest: Nearest = specification.nearest;
        let from = left.from;
        let mut matches = Vec::new();
        while left.from < left.batch.row_count {
            let place = self.built.place(nearest, &left.probe, left.from, self.place);
            if place == self.built.rows.len() && !is_last {
                break;
            }
            self.place = place;
            matches.push(self.built.row_at(nearest, &left.probe, left.from, place));
            left.from += 1;
        }
        let matches: UInt32Array = matches.into_iter().collect();
        let is_wanted = specification.keeps_left || matches.null_count() < matches.len();
        if matches.is_empty() || !is_wanted {
            return Ok(None);
        }
        let rows = from..left.from;
        let batch = Batch::new(sliced(&left.batch.columns, &rows), rows.len());
        joined(specification, &self.built, batch, matches).map(Some)
    }
}

impl Built {
    /// Right rows that come in order and have keys.
    fn sorted(specification: &Specification, batch: Batch) -> Result<Self> {
        let columns = match batch.row_count {
            0 => super::empty_columns(&specification.order),
            _ => specification.right.evaluate(&batch)?,
        };
        let order = specification.order.encode(&columns, batch.row_count)?;
        let equality = specification.equality.encode(keys_alone(&columns), batch.row_count)?;
        let mut memory = specification.memory.reservation();
        memory.grow(batch_bytes(&batch) * 2 + order.memory_bytes() + equality.memory_bytes())?;
        Ok(Built {
            columns: batch.columns,
            rows: (0..batch.row_count as u32).collect(),
            order,
            equality,
            _memory: vec![memory],
        })
    }
}
