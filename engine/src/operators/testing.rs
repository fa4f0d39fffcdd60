//! For tests of operators: sources of given arrays, a sink that collects, and a run of pipelines with several workers that take
//! turns on one thread, so that every run is the same.

use crate::error::Result;
use crate::pipeline::{Branch, Cancel, Demand, MemoryBudget, Pipeline, Sink, SinkPart, Source, Stream, Transform};
use crate::types::{Literal, LogicalType, array_of, array_type, literal_at};
use arrow_array::{Array, ArrayRef, new_empty_array};
use arrow_buffer::BooleanBuffer;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection, flatten};

/// Batches that workers take from.
pub(crate) struct TestSource {
    batches: Arc<Mutex<VecDeque<Batch>>>,
    parallelism: usize,
}

impl TestSource {
    /// These batches, for so many workers.
    pub(crate) fn new(batches: Vec<Batch>, parallelism: usize) -> Self {
        TestSource {
            batches: Arc::new(Mutex::new(batches.into())),
            parallelism,
        }
    }
}

struct TestStream(Arc<Mutex<VecDeque<Batch>>>);

impl Stream for TestStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.0.lock().pop_front())
    }
}

impl Source for TestSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(TestStream(self.batches.clone())))
    }

    fn parallelism_max(&self) -> usize {
        self.parallelism
    }
}

/// A sink that keeps everything.
#[derive(Clone, Default)]
pub(crate) struct Collected(Arc<Mutex<Vec<Batch>>>);

impl Sink for Collected {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(self.clone()))
    }
}

impl SinkPart for Collected {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        assert!(batch.selected_count() > 0, "a stream hands on batches with rows");
        self.0.lock().push(batch);
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// A branch of a source and transforms.
pub(crate) fn branch(source: impl Source + 'static, transforms: Vec<Arc<dyn Transform>>) -> Branch {
    Branch {
        source: Arc::new(source),
        transforms,
    }
}

/// Runs pipelines in order, each on so many workers.
pub(crate) fn run(pipelines: &[Pipeline], workers: usize) -> Result<()> {
    for pipeline in pipelines {
        'branches: for branch in &pipeline.branches {
            let workers = branch.source.parallelism_max().clamp(1, workers);
            let mut parts = (0..workers)
                .map(|_| Ok(Some((branch.open()?, pipeline.sink.open()?))))
                .collect::<Result<Vec<_>>>()?;
            let mut enough = false;
            while parts.iter().any(Option::is_some) {
                for slot in &mut parts {
                    let Some((stream, part)) = slot else { continue };
                    let batch = if enough { None } else { stream.next()? };
                    match batch {
                        Some(batch) => enough |= part.consume(batch)? == Demand::Enough,
                        None => {
                            if let Some((stream, part)) = slot.take() {
                                drop(stream);
                                part.finish()?;
                            }
                        }
                    }
                }
            }
            if enough {
                break 'branches;
            }
        }
        pipeline.sink.finish()?;
    }
    Ok(())
}

/// Everything that branches hand out.
pub(crate) fn collect(branches: Vec<Branch>, workers: usize) -> Result<Vec<Batch>> {
    let collected = Collected::default();
    let sink = Arc::new(collected.clone());
    run(&[Pipeline { branches, sink }], workers)?;
    Ok(std::mem::take(&mut *collected.0.lock()))
}

/// A query that nobody cancels.
pub(crate) fn cancel() -> Arc<Cancel> {
    Arc::new(Cancel::new(None))
}

/// Memory for a test.
pub(crate) fn memory() -> Arc<MemoryBudget> {
    memory_of(1 << 30)
}

/// So much memory, and no end of disk.
pub(crate) fn memory_of(limit_bytes: usize) -> Arc<MemoryBudget> {
    let disk = Arc::new(stoa_storage::disk::MemoryDisk::default());
    MemoryBudget::new(limit_bytes, stoa_storage::temporary::TemporaryFiles::new(disk))
}

/// The selected rows of batches.
pub(crate) fn rows_of(batches: &[Batch], types: &[LogicalType]) -> Vec<Vec<Literal>> {
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.clone().compact();
        let columns: Vec<ArrayRef> = batch.columns.iter().map(flatten).collect();
        assert_eq!(columns.len(), types.len());
        for row in 0..batch.row_count {
            let values = columns.iter().zip(types);
            let values = values.map(|(column, data_type)| literal_at(&**column, row, data_type).unwrap());
            rows.push(values.collect());
        }
    }
    rows
}

/// Rows as plain columns.
pub(crate) fn columns_of(rows: &[Vec<Literal>], types: &[LogicalType]) -> Vec<ArrayRef> {
    let columns = types.iter().enumerate();
    let columns = columns.map(|(place, data_type)| {
        let cells: Vec<ArrayRef> = rows
            .iter()
            .map(|row| array_of(&row[place], data_type).unwrap())
            .collect();
        let cells: Vec<&dyn Array> = cells.iter().map(|cell| &**cell).collect();
        match cells.is_empty() {
            true => new_empty_array(&array_type(data_type)),
            false => arrow_select::concat::concat(&cells).unwrap(),
        }
    });
    columns.collect()
}

/// Rows as batches of about so many rows, every other one with rows in it that are not selected.
pub(crate) fn batches_of(rows: &[Vec<Literal>], types: &[LogicalType], batch_rows: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    for (number, rows) in rows.chunks(batch_rows.max(1)).enumerate() {
        if number % 2 == 0 {
            batches.push(Batch::new(columns_of(rows, types), rows.len()));
            continue;
        }
        let doubled: Vec<Vec<Literal>> = rows.iter().flat_map(|row| [row.clone(), rows[0].clone()]).collect();
        let bits = BooleanBuffer::collect_bool(doubled.len(), |row| row % 2 == 0);
        batches.push(Batch {
            selection: Some(Selection::new(bits)),
            ..Batch::new(columns_of(&doubled, types), doubled.len())
        });
    }
    batches
}

/// Numbers that look random and are the same every time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below a limit.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    /// A value of a type, out of about so many, sometimes NULL.
    pub(crate) fn literal(&mut self, data_type: &LogicalType, distinct: u64) -> Literal {
        if self.below(8) == 0 {
            return Literal::Null;
        }
        let value = self.below(distinct) as i64 - (distinct / 2) as i64;
        match data_type {
            LogicalType::Boolean => Literal::Boolean(value % 2 == 0),
            LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt => Literal::Integer(value),
            LogicalType::Double | LogicalType::Real => match value {
                1 => Literal::Float(f64::NAN),
                2 => Literal::Float(f64::INFINITY),
                3 => Literal::Float(0.0),
                4 => Literal::Float(-0.0),
                _ => Literal::Float(value as f64 / 2.0),
            },
            LogicalType::Numeric { .. } => Literal::Numeric(value.into()),
            LogicalType::Date => Literal::Date(value as i32),
            LogicalType::Timestamp | LogicalType::TimestampTz => Literal::Timestamp(value * 1_000_003),
            LogicalType::Text => match value {
                0 => Literal::Text(String::new()),
                _ if value % 3 == 0 => Literal::Text(format!("a rather long text {value}")),
                _ => Literal::Text(format!("t{value}")),
            },
            LogicalType::Interval => Literal::Interval {
                months: (value % 3) as i32,
                days: (value % 40) as i32,
                microseconds: value,
            },
            LogicalType::Uuid => Literal::Uuid(u128::from(value as u64).rotate_left(100).to_be_bytes()),
            other => panic!("no random {other}"),
        }
    }

    /// Rows of these types.
    pub(crate) fn rows(&mut self, count: usize, types: &[LogicalType], distinct: u64) -> Vec<Vec<Literal>> {
        let mut row = || {
            types
                .iter()
                .map(|data_type| self.literal(data_type, distinct))
                .collect()
        };
        (0..count).map(|_| row()).collect()
    }
}

/// How two values compare in SQL; NULLs are equal and above all values.
pub(crate) fn compare(left: &Literal, right: &Literal) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    match (left, right) {
        (Literal::Null, Literal::Null) => Ordering::Equal,
        (Literal::Null, _) => Ordering::Greater,
        (_, Literal::Null) => Ordering::Less,
        (Literal::Boolean(left), Literal::Boolean(right)) => left.cmp(right),
        (Literal::Integer(left), Literal::Integer(right)) => left.cmp(right),
        (Literal::Float(left), Literal::Float(right)) => match (left.is_nan(), right.is_nan()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => left.partial_cmp(right).unwrap(),
        },
        (Literal::Numeric(left), Literal::Numeric(right)) => left.cmp(right),
        (Literal::Date(left), Literal::Date(right)) => left.cmp(right),
        (Literal::Timestamp(left), Literal::Timestamp(right)) => left.cmp(right),
        (Literal::Text(left), Literal::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Literal::Uuid(left), Literal::Uuid(right)) => left.cmp(right),
        (Literal::Interval { .. }, Literal::Interval { .. }) => {
            let length = |literal: &Literal| match literal {
                Literal::Interval {
                    months,
                    days,
                    microseconds,
                } => (i128::from(*months) * 30 + i128::from(*days)) * 86_400_000_000 + i128::from(*microseconds),
                _ => 0,
            };
            length(left).cmp(&length(right))
        }
        (left, right) => panic!("{left} and {right} are of different types"),
    }
}

/// Rows in an order of their own, for comparing sets of rows. NaN and -0 as they are printed.
pub(crate) fn as_set(rows: &[Vec<Literal>]) -> Vec<String> {
    let mut texts: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    texts.sort();
    texts
}
