//! Common table expressions: rows kept once and read by every use; recursive ones round by round.

use super::gather::{batch_bytes, concatenated, retained};
use super::seen_rows::SeenRows;
use super::spill::{SharedSpillFile, SpilledRows};
use crate::error::Result;
use crate::pipeline::{Cancel, Demand, MemoryBudget, Pipeline, Reservation, Sink, SinkPart, Source, Stream, run_here};
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Rows per worker that reads them.
const ROWS_PER_WORKER_MIN: usize = 64 * 1024;

/// Rows of a block on disk ..
const BLOCK_ROWS: usize = 8 * 1024;
/// .. which may take this part of the budget.
const BLOCK_PARTS: usize = 64;

/// Rows that are kept: in memory, and on disk those that find no room.
pub(crate) struct CteRows {
    kept: Mutex<Kept>,
    memory: Arc<MemoryBudget>,
    file: SharedSpillFile,
}

struct Kept {
    batches: Arc<Vec<Batch>>,
    spilled: Arc<Vec<SpilledRows>>,
    _memory: Vec<Reservation>,
}

impl CteRows {
    /// None yet.
    pub(crate) fn new(memory: Arc<MemoryBudget>) -> Arc<Self> {
        let kept = Kept {
            batches: Arc::default(),
            spilled: Arc::default(),
            _memory: Vec::new(),
        };
        Arc::new(CteRows {
            kept: Mutex::new(kept),
            file: SharedSpillFile::new(&memory),
            memory,
        })
    }

    fn view(&self) -> CteView {
        let kept = self.kept.lock();
        CteView {
            batches: kept.batches.clone(),
            spilled: kept.spilled.clone(),
        }
    }

    fn read(&self, rows: &SpilledRows) -> Result<Batch> {
        Ok(Batch::new(self.file.read(rows)?, rows.row_count))
    }

    /// All rows in memory.
    fn all(&self) -> Result<Vec<Batch>> {
        let view = self.view();
        let mut memory = self.memory.reservation();
        let mut batches = view.batches.to_vec();
        for rows in view.spilled.iter() {
            memory.grow(rows.bytes)?;
            batches.push(self.read(rows)?);
        }
        Ok(batches)
    }

    /// Keeps these rows instead.
    pub(crate) fn replace(&self, batches: Vec<Batch>) -> Result<()> {
        let mut memory = self.memory.reservation();
        memory.grow(batches.iter().map(batch_bytes).sum())?;
        *self.kept.lock() = Kept {
            batches: Arc::new(batches),
            spilled: Arc::default(),
            _memory: vec![memory],
        };
        Ok(())
    }
}

/// What there is at a time.
struct CteView {
    batches: Arc<Vec<Batch>>,
    spilled: Arc<Vec<SpilledRows>>,
}

impl CteView {
    fn row_count(&self) -> usize {
        let in_memory = self.batches.iter().map(|batch| batch.row_count);
        let on_disk = self.spilled.iter().map(|rows| rows.row_count);
        in_memory.chain(on_disk).sum()
    }

    /// The rows of a number, and whether there are such.
    fn get(&self, number: usize, rows: &CteRows) -> Result<Option<Batch>> {
        if let Some(batch) = self.batches.get(number) {
            return Ok(Some(batch.clone()));
        }
        let spilled = self.spilled.get(number - self.batches.len());
        spilled.map(|spilled| rows.read(spilled)).transpose()
    }
}

/// Keeps what it gets.
pub(crate) struct CteSink(pub(crate) Arc<CteRows>);

impl Sink for CteSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(CtePart {
            rows: self.0.clone(),
            batches: Vec::new(),
            spilled: Vec::new(),
            memory: self.0.memory.reservation(),
        }))
    }
}

struct CtePart {
    rows: Arc<CteRows>,
    batches: Vec<Batch>,
    spilled: Vec<SpilledRows>,
    memory: Reservation,
}

impl CtePart {
    /// Puts what is held on disk.
    fn spill(&mut self) -> Result<()> {
        let bytes_max = self.rows.memory.limit_bytes() / BLOCK_PARTS;
        let (mut block, mut row_count, mut bytes) = (Vec::new(), 0, 0);
        for batch in std::mem::take(&mut self.batches) {
            let more = batch_bytes(&batch);
            if row_count > 0 && (row_count + batch.row_count > BLOCK_ROWS || bytes + more > bytes_max) {
                self.write(std::mem::take(&mut block))?;
                (row_count, bytes) = (0, 0);
            }
            row_count += batch.row_count;
            bytes += more;
            block.push(batch);
        }
        self.write(block)?;
        self.memory.resize(0)
    }

    fn write(&mut self, block: Vec<Batch>) -> Result<()> {
        let Some(first) = block.first() else { return Ok(()) };
        let types: Vec<DataType> = first.columns.iter().map(|column| column.data_type().clone()).collect();
        let batch = concatenated(block, &types)?;
        let rows = self.rows.file.write(&batch.columns, batch.row_count)?;
        self.spilled.push(rows);
        Ok(())
    }
}

impl SinkPart for CtePart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        let bytes = batch_bytes(&batch);
        if !self.memory.try_grow(bytes) {
            self.spill()?;
            self.memory.grow(bytes)?;
        }
        self.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut kept = self.rows.kept.lock();
        Arc::make_mut(&mut kept.batches).extend(self.batches);
        Arc::make_mut(&mut kept.spilled).extend(self.spilled);
        kept._memory.push(self.memory);
        Ok(())
    }
}

/// Reads kept rows, once over all workers.
pub(crate) struct CteSource {
    rows: Arc<CteRows>,
    /// The columns wanted.
    places: Arc<[usize]>,
    next: Arc<AtomicUsize>,
}

impl CteSource {
    pub(crate) fn new(rows: Arc<CteRows>, places: Vec<usize>) -> Self {
        CteSource {
            rows,
            places: places.into(),
            next: Arc::new(AtomicUsize::new(0)),
        }
    }
}

impl Source for CteSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(CteStream {
            view: self.rows.view(),
            rows: self.rows.clone(),
            places: self.places.clone(),
            next: self.next.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        self.rows.view().row_count().div_ceil(ROWS_PER_WORKER_MIN)
    }
}

struct CteStream {
    rows: Arc<CteRows>,
    view: CteView,
    places: Arc<[usize]>,
    next: Arc<AtomicUsize>,
}

impl Stream for CteStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let batch = self.view.get(number, &self.rows)?;
        Ok(batch.map(|batch| projected(&batch, &self.places)))
    }
}

fn projected(batch: &Batch, places: &[usize]) -> Batch {
    let columns = places.iter().map(|place| batch.columns[*place].clone());
    Batch {
        columns: columns.collect(),
        row_count: batch.row_count,
        selection: batch.selection.clone(),
    }
}

/// Makes the pipelines of one round of a recursive term, ending in a sink.
pub(crate) type PlanRound = Arc<dyn Fn(Arc<dyn Sink>) -> Result<Vec<Pipeline>> + Send + Sync>;

/// The rows of a recursive common table expression: those of its first term, then of each round over the rows of the one
/// before, until a round gives none. Rounds run when their rows are asked for, so that a LIMIT ends an endless recursion.
pub(crate) struct RecursiveSource {
    /// Rows of the first term.
    pub(crate) base: Arc<CteRows>,
    /// What the recursive term reads: the rows of the last round.
    pub(crate) working: Arc<CteRows>,
    pub(crate) plan_round: PlanRound,
    /// For UNION: the rows so far.
    pub(crate) seen: Option<Arc<SeenRows>>,
    /// The columns wanted.
    pub(crate) places: Vec<usize>,
    pub(crate) cancel: Arc<Cancel>,
}

impl Source for RecursiveSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(RecursiveStream {
            base: Some(self.base.clone()),
            working: self.working.clone(),
            plan_round: self.plan_round.clone(),
            seen: self.seen.clone(),
            places: self.places.clone(),
            cancel: self.cancel.clone(),
            ready: VecDeque::new(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}

struct RecursiveStream {
    base: Option<Arc<CteRows>>,
    working: Arc<CteRows>,
    plan_round: PlanRound,
    seen: Option<Arc<SeenRows>>,
    places: Vec<usize>,
    cancel: Arc<Cancel>,
    ready: VecDeque<Batch>,
}

impl RecursiveStream {
    /// The rows of the next round; they are what the round after it reads.
    fn round(&mut self) -> Result<()> {
        self.cancel.check()?;
        let rows = match self.base.take() {
            Some(base) => base,
            None if self.working.view().row_count() == 0 => return Ok(()),
            None => {
                let result = CteRows::new(self.working.memory.clone());
                let pipelines = (self.plan_round)(Arc::new(CteSink(result.clone())))?;
                run_here(&pipelines, &self.cancel)?;
                result
            }
        };
        let mut batches = rows.all()?;
        drop(rows);
        if let Some(seen) = &self.seen {
            let mut new = Vec::new();
            for batch in batches {
                new.extend(seen.new_rows(batch)?.map(retained));
            }
            batches = new;
        }
        self.ready = batches.iter().map(|batch| projected(batch, &self.places)).collect();
        self.working.replace(batches)
    }
}

impl Stream for RecursiveStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.ready.is_empty() {
            self.round()?;
        }
        Ok(self.ready.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{
        TestSource, as_set, batches_of, branch, cancel, collect, memory, memory_of, rows_of, run,
    };
    use crate::pipeline::Transform;
    use crate::types::{Literal, LogicalType, array_type};
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    const TYPES: [LogicalType; 1] = [LogicalType::BigInt];

    fn numbers(values: &[i64]) -> Vec<Vec<Literal>> {
        values.iter().map(|value| vec![Literal::Integer(*value)]).collect()
    }

    fn kept(values: &[i64]) -> Arc<CteRows> {
        kept_within(values, memory())
    }

    fn kept_within(values: &[i64], memory: Arc<MemoryBudget>) -> Arc<CteRows> {
        let rows = CteRows::new(memory);
        let pipeline = Pipeline {
            branches: vec![branch(
                TestSource::new(batches_of(&numbers(values), &TYPES, 3), 2),
                vec![],
            )],
            sink: Arc::new(CteSink(rows.clone())),
        };
        run(&[pipeline], 2).unwrap();
        rows
    }

    #[test]
    fn rows_are_read_by_every_use() {
        let rows = kept(&[5, 4, 3, 2, 1]);
        for _ in 0..2 {
            let source = CteSource::new(rows.clone(), vec![0, 0]);
            let batches = collect(vec![branch(source, vec![])], 1).unwrap();
            let types = [LogicalType::BigInt, LogicalType::BigInt];
            let mut read = rows_of(&batches, &types);
            read.sort_by_key(|row| format!("{row:?}"));
            assert_eq!(read.len(), 5);
            assert_eq!(read[0], [Literal::Integer(1), Literal::Integer(1)]);
        }
    }

    #[test]
    fn rows_without_room_are_read_from_disk() {
        let values: Vec<i64> = (0..5_000).collect();
        let small = memory_of(100_000);
        let rows = kept_within(&values, small.clone());
        assert!(small.spilled_bytes() > 0);
        for _ in 0..2 {
            let source = CteSource::new(rows.clone(), vec![0]);
            let batches = collect(vec![branch(source, vec![])], 2).unwrap();
            assert_eq!(as_set(&rows_of(&batches, &TYPES)), as_set(&numbers(&values)));
        }
        drop(rows);
        assert!(small.reservation().resize(100_000).is_ok(), "all memory is given back");
        assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
    }

    /// `(x + 1) % modulus` of numbers below a limit.
    struct Step {
        limit: i64,
        modulus: i64,
    }

    struct StepStream(Box<dyn Stream>, i64, i64);

    impl Transform for Step {
        fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
            Ok(Box::new(StepStream(input, self.limit, self.modulus)))
        }
    }

    impl Stream for StepStream {
        fn next(&mut self) -> Result<Option<Batch>> {
            let Some(batch) = self.0.next()? else { return Ok(None) };
            let values = batch.columns[0].as_primitive::<Int64Type>().values();
            let values = values.iter().filter(|value| **value < self.1);
            let next: Vec<i64> = values.map(|value| (value + 1) % self.2).collect();
            if next.is_empty() {
                return Ok(None);
            }
            let count = next.len();
            Ok(Some(Batch::new(
                vec![Arc::new(arrow_array::Int64Array::from(next))],
                count,
            )))
        }
    }

    fn recursion(base: &[i64], step: fn() -> Step, distinct: bool) -> RecursiveSource {
        let working = CteRows::new(memory());
        let read = working.clone();
        let plan_round: PlanRound = Arc::new(move |sink| {
            let source = CteSource::new(read.clone(), vec![0]);
            let branches = vec![branch(source, vec![Arc::new(step())])];
            Ok(vec![Pipeline { branches, sink }])
        });
        let plain: Vec<_> = TYPES.iter().map(array_type).collect();
        RecursiveSource {
            base: kept(base),
            working,
            plan_round,
            seen: distinct.then(|| SeenRows::new(&plain, &memory()).unwrap()),
            places: vec![0],
            cancel: cancel(),
        }
    }

    #[test]
    fn rounds_go_on_until_one_gives_nothing() {
        let until_ten = || Step {
            limit: 10,
            modulus: i64::MAX,
        };
        let batches = collect(vec![branch(recursion(&[1, 8], until_ten, false), vec![])], 1).unwrap();
        let expected = numbers(&[1, 8, 2, 9, 3, 10, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(rows_of(&batches, &TYPES), expected);
        let batches = collect(vec![branch(recursion(&[], until_ten, false), vec![])], 1).unwrap();
        assert!(batches.is_empty());
    }

    #[test]
    fn union_ends_a_circle() {
        let circle = || Step {
            limit: i64::MAX,
            modulus: 4,
        };
        let batches = collect(vec![branch(recursion(&[2, 2], circle, true), vec![])], 1).unwrap();
        assert_eq!(rows_of(&batches, &TYPES), numbers(&[2, 3, 0, 1]));
    }

    #[test]
    fn an_endless_recursion_gives_rows_as_they_are_asked_for() {
        let endless = || Step {
            limit: i64::MAX,
            modulus: i64::MAX,
        };
        let mut stream = recursion(&[0], endless, false).open().unwrap();
        for round in 0..100 {
            let batch = stream.next().unwrap().unwrap();
            assert_eq!(rows_of(&[batch], &TYPES), numbers(&[round]));
        }
    }
}
