//! Common table expressions: rows kept once and read by every use; recursive ones round by round.

use super::gather::{batch_bytes, retained};
use super::set_operation::RowCounts;
use crate::error::Result;
use crate::pipeline::{Cancel, Demand, MemoryBudget, Pipeline, Reservation, Sink, SinkPart, Source, Stream, run_here};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Rows per worker that reads them.
const ROWS_PER_WORKER_MIN: usize = 64 * 1024;

/// Rows that are kept.
pub(crate) struct CteRows {
    kept: Mutex<Kept>,
    memory: Arc<MemoryBudget>,
}

struct Kept {
    batches: Arc<Vec<Batch>>,
    _memory: Vec<Reservation>,
}

impl CteRows {
    /// None yet.
    pub(crate) fn new(memory: Arc<MemoryBudget>) -> Arc<Self> {
        let kept = Kept {
            batches: Arc::default(),
            _memory: Vec::new(),
        };
        Arc::new(CteRows {
            kept: Mutex::new(kept),
            memory,
        })
    }

    fn batches(&self) -> Arc<Vec<Batch>> {
        self.kept.lock().batches.clone()
    }

    /// Keeps these rows instead.
    fn replace(&self, batches: Vec<Batch>) -> Result<()> {
        let mut memory = self.memory.reservation();
        memory.grow(batches.iter().map(batch_bytes).sum())?;
        *self.kept.lock() = Kept {
            batches: Arc::new(batches),
            _memory: vec![memory],
        };
        Ok(())
    }
}

/// Keeps what it gets.
pub(crate) struct CteSink(pub(crate) Arc<CteRows>);

impl Sink for CteSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(CtePart {
            rows: self.0.clone(),
            batches: Vec::new(),
            memory: self.0.memory.reservation(),
        }))
    }
}

struct CtePart {
    rows: Arc<CteRows>,
    batches: Vec<Batch>,
    memory: Reservation,
}

impl SinkPart for CtePart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        self.memory.grow(batch_bytes(&batch))?;
        self.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut kept = self.rows.kept.lock();
        Arc::make_mut(&mut kept.batches).extend(self.batches);
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
            batches: self.rows.batches(),
            places: self.places.clone(),
            next: self.next.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        let rows: usize = self.rows.batches().iter().map(|batch| batch.row_count).sum();
        rows.div_ceil(ROWS_PER_WORKER_MIN)
    }
}

struct CteStream {
    batches: Arc<Vec<Batch>>,
    places: Arc<[usize]>,
    next: Arc<AtomicUsize>,
}

impl Stream for CteStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(self.batches.get(at).map(|batch| projected(batch, &self.places)))
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
    pub(crate) seen: Option<Arc<RowCounts>>,
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
    seen: Option<Arc<RowCounts>>,
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
            None if self.working.batches().is_empty() => return Ok(()),
            None => {
                let result = CteRows::new(self.working.memory.clone());
                let pipelines = (self.plan_round)(Arc::new(CteSink(result.clone())))?;
                run_here(&pipelines, &self.cancel)?;
                result
            }
        };
        let mut batches = rows.batches().to_vec();
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
    use crate::operators::testing::{TestSource, batches_of, branch, cancel, collect, memory, rows_of, run};
    use crate::pipeline::Transform;
    use crate::types::{Literal, LogicalType, array_type};
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;

    const TYPES: [LogicalType; 1] = [LogicalType::BigInt];

    fn numbers(values: &[i64]) -> Vec<Vec<Literal>> {
        values.iter().map(|value| vec![Literal::Integer(*value)]).collect()
    }

    fn kept(values: &[i64]) -> Arc<CteRows> {
        let rows = CteRows::new(memory());
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
            seen: distinct.then(|| RowCounts::new(&plain, &memory()).unwrap()),
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
