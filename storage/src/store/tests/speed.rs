//! How long things take, on demand: `cargo test --release -p stoa-storage --lib speed -- --ignored --nocapture --test-threads 1`.

use super::support::*;
use crate::commit::Change;
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::scan::{ScanColumn, ScanItem, ScanRequest, SummaryRequest, SummaryValue};
use crate::schema::{ColumnId, ColumnSchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::store::{Store, open};
use crate::vector::Batch;
use arrow_array::{ArrayRef, Date32Array, Decimal64Array, Int16Array, Int32Array, Int64Array};
use arrow_schema::DataType;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const BATCH_ROWS: usize = 65_536;

/// Day, time of day, customer, product, quantity, price, discount, order.
fn sales(id: TableId, sort_key: Vec<ColumnId>) -> TableSchema {
    let types = [
        DataType::Date32,
        DataType::Int32,
        DataType::Int32,
        DataType::Int16,
        DataType::Int16,
        DataType::Decimal64(12, 2),
        DataType::Int16,
        DataType::Int64,
    ];
    let columns = types.iter().enumerate().map(|(place, data_type)| ColumnSchema {
        id: ColumnId(place as u32),
        name: place.to_string(),
        data_type: data_type.clone(),
        nullable: false,
        missing_value: None,
    });
    TableSchema {
        partition_by: Some(PartitionBy {
            column: ColumnId(0),
            unit: PartitionUnit::Day,
        }),
        sort_key,
        ..TableSchema::new(id, columns.collect(), Arc::from([]))
    }
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    value ^ value >> 29
}

/// Rows from `first` on, so many a day; days in order unless shuffled.
fn sales_batch(first: u64, count: usize, per_day: u64, shuffled: bool) -> Batch {
    let rows = || first..first + count as u64;
    let day = |row: u64| match shuffled {
        true => 19_000 + (mix(row) >> 33) as i32 % 365,
        false => 19_000 + (row / per_day) as i32,
    };
    let prices = Decimal64Array::from_iter_values(rows().map(|row| (mix(row) >> 40) as i64 % 100_000));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(rows().map(day))),
        Arc::new(Int32Array::from_iter_values(
            rows().map(|row| (row % per_day * 86_400 / per_day) as i32),
        )),
        Arc::new(Int32Array::from_iter_values(rows().map(|row| (mix(row) >> 44) as i32))),
        Arc::new(Int16Array::from_iter_values(
            rows().map(|row| (mix(row + 7) >> 54) as i16),
        )),
        Arc::new(Int16Array::from_iter_values(rows().map(|row| (mix(row) >> 60) as i16))),
        Arc::new(prices.with_precision_and_scale(12, 2).unwrap()),
        Arc::new(Int16Array::from_iter_values(
            rows().map(|row| (mix(row + 3) >> 61) as i16),
        )),
        Arc::new(Int64Array::from_iter_values(rows().map(|row| row as i64))),
    ];
    Batch::new(columns, count)
}

/// Seconds of processor time that this process has used.
fn processor_seconds() -> f64 {
    let fields = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = fields.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|ticks| ticks.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn load(store: &dyn Store, rows: u64, shuffled: bool, sort_key: Vec<ColumnId>, name: &str) -> TableId {
    let table = store.next_table_id();
    let schema = Arc::new(sales(table, sort_key));
    let per_day = rows.div_ceil(365);
    let made = Instant::now();
    for at in 0..(rows / 10).div_ceil(BATCH_ROWS as u64) {
        std::hint::black_box(sales_batch(at * BATCH_ROWS as u64, BATCH_ROWS, per_day, shuffled));
    }
    let making = made.elapsed() * 10 / 2;
    let (begun, used) = (Instant::now(), processor_seconds());
    let load = store.bulk_load(schema.clone(), 2 << 30).unwrap();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(BATCH_ROWS as u64, Ordering::Relaxed);
                    if first >= rows {
                        return;
                    }
                    let count = BATCH_ROWS.min((rows - first) as usize);
                    load.append(sales_batch(first, count, per_day, shuffled)).unwrap();
                }
            });
        }
    });
    let appended = begun.elapsed();
    let segments = load.finish().unwrap();
    let bytes: u64 = segments.iter().map(|segment| segment.file_bytes).sum();
    let count = segments.len();
    commit(
        store,
        vec![Change::CreateTable(schema), Change::AddSegments(table, segments)],
    )
    .unwrap();
    println!(
        "load {name}: {rows} rows in {:.2?} (append {appended:.2?}), {:.2} s on processors, {:.2} s of it making rows, {count} segments, {:.2} bytes/row",
        begun.elapsed(),
        processor_seconds() - used,
        making.as_secs_f64() * 2.0,
        bytes as f64 / rows as f64
    );
    table
}

fn time_scan(store: &dyn Store, table: TableId, request: &ScanRequest, name: &str) {
    for round in 0..3 {
        let begun = Instant::now();
        let scan = store.snapshot().table(table).unwrap().scan(request.clone()).unwrap();
        let planned = begun.elapsed();
        let (rows, summaries) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut reader = scan.reader();
                    while let Some(item) = reader.next().unwrap() {
                        match item {
                            ScanItem::Rows(batch) => rows.fetch_add(batch.selected_count() as u64, Ordering::Relaxed),
                            ScanItem::Summaries(batch) | ScanItem::Partials(batch) => {
                                summaries.fetch_add(batch.row_count as u64, Ordering::Relaxed)
                            }
                        };
                    }
                });
            }
        });
        if round != 1 {
            println!(
                "scan {name}: {:.2?} (plan {planned:.2?}), {} rows, {} summaries, {} blocks pruned, {} bytes read",
                begun.elapsed(),
                rows.load(Ordering::Relaxed),
                summaries.load(Ordering::Relaxed),
                scan.statistics().blocks_pruned.load(Ordering::Relaxed),
                scan.statistics().bytes_read.load(Ordering::Relaxed)
            );
        }
    }
}

fn day_range(low: i32, high: i32) -> ColumnPredicate {
    let bound = |value: i32| {
        Some(Bound {
            value: Arc::new(Date32Array::from(vec![value])),
            inclusive: true,
        })
    };
    ColumnPredicate {
        column: ColumnId(0),
        condition: Condition::Range {
            lower: bound(low),
            upper: bound(high),
        },
    }
}

fn equal(column: u32, value: ArrayRef) -> ColumnPredicate {
    ColumnPredicate {
        column: ColumnId(column),
        condition: Condition::In(value),
    }
}

#[test]
#[ignore = "takes a minute and says how long things take"]
fn speed() {
    let rows: u64 = std::env::var("STOA_SPEED_ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(20_000_000);
    let folder = tempfile::tempdir().unwrap();
    let mut fast = options();
    fast.threads = 2;
    let store = open(folder.path(), fast.clone()).unwrap();
    let table = load(&*store, rows, false, Vec::new(), "ordered, no sort key");
    load(
        &*store,
        rows / 4,
        false,
        vec![ColumnId(2), ColumnId(1)],
        "ordered by day, sorted by customer and time",
    );
    load(
        &*store,
        rows / 4,
        true,
        vec![ColumnId(2)],
        "days shuffled, sorted by customer",
    );
    let all = |predicates| ScanRequest {
        columns: vec![ScanColumn::Table(ColumnId(5))],
        predicates,
        ..ScanRequest::default()
    };
    time_scan(&*store, table, &all(vec![]), "one column");
    time_scan(&*store, table, &all(vec![day_range(19_010, 19_016)]), "a week");
    time_scan(
        &*store,
        table,
        &all(vec![equal(3, Arc::new(Int16Array::from(vec![77])))]),
        "one of 1,024 products",
    );
    time_scan(
        &*store,
        table,
        &all(vec![equal(7, Arc::new(Int64Array::from(vec![12_345])))]),
        "one order",
    );
    let summary = ScanRequest {
        summary: Some(SummaryRequest {
            keys: vec![],
            values: vec![
                SummaryValue::RowCount,
                SummaryValue::Sum(ColumnId(5)),
                SummaryValue::Minimum(ColumnId(5)),
                SummaryValue::Maximum(ColumnId(5)),
            ],
        }),
        ..all(vec![])
    };
    time_scan(&*store, table, &summary, "count, sum, min, max");
    let by_day = ScanRequest {
        summary: Some(SummaryRequest {
            keys: vec![ColumnId(0)],
            values: vec![SummaryValue::Sum(ColumnId(5))],
        }),
        ..all(vec![])
    };
    time_scan(&*store, table, &by_day, "sum by day");
    let begun = Instant::now();
    let report = store.check(&mut |_, _| {}).unwrap();
    println!(
        "check: {:.2?}, {} bytes, {:?}",
        begun.elapsed(),
        report.bytes,
        report.problems
    );
    store.close(true).unwrap();
    drop(store);
    let begun = Instant::now();
    let store = open(folder.path(), fast).unwrap();
    println!("open: {:.2?}", begun.elapsed());
    let begun = Instant::now();
    for round in 0..2_000 {
        insert(&*store, table_for_inserts(&*store), &some_rows(round, 1)).unwrap();
    }
    println!("2,000 single-row commits: {:.2?}", begun.elapsed());
    let table = table_for_inserts(&*store);
    for round in 0..40 {
        insert(&*store, table, &some_rows(round * 25_000, 25_000)).unwrap();
    }
    let begun = Instant::now();
    store.flush(None).unwrap();
    println!("flush of 1,000,000 rows: {:.2?}", begun.elapsed());
}

fn table_for_inserts(store: &dyn Store) -> TableId {
    let named = store
        .snapshot()
        .tables()
        .iter()
        .map(|table| table.id)
        .find(|id| id.0 == 100);
    named.unwrap_or_else(|| {
        commit(store, vec![Change::CreateTable(Arc::new(schema(TableId(100))))]).unwrap();
        TableId(100)
    })
}
