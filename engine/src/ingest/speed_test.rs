//! How fast sales are decoded and encoded. Run by hand:
//! `cargo test --release -p stoa-engine ingest::speed -- --ignored --nocapture --test-threads 1`

use super::*;
use crate::format::FormatSettings;
use crate::rows::ResultColumn;
use std::fmt::Write;
use std::time::Instant;
use stoa_sql::plan::{CopyFormat, CopyOptions};
use stoa_sql::types::LogicalType;

const ROWS: usize = 2_000_000;

/// The benchmark's table of sales.
pub(super) fn sales_columns() -> Vec<TargetColumn> {
    let numeric = LogicalType::Numeric {
        precision: 12,
        scale: 2,
    };
    [
        ("sale_date", LogicalType::Date),
        ("product_id", LogicalType::Integer),
        ("customer_id", LogicalType::Integer),
        ("region", LogicalType::Text),
        ("channel", LogicalType::Text),
        ("quantity", LogicalType::SmallInt),
        ("revenue", numeric),
        ("discount_pct", LogicalType::SmallInt),
    ]
    .map(|(name, data_type)| TargetColumn {
        name: name.into(),
        data_type,
        nullable: false,
    })
    .into()
}

/// Lines of csv.
pub(super) fn sales_csv(rows: usize) -> String {
    let regions = ["EMEA", "North America", "Asia Pacific", "Latin America"];
    let channels = ["online", "store", "partner", "call center"];
    let mut state = 42_u64;
    let mut random = move |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut csv = String::new();
    for row in 0..rows {
        let (month, day) = (row % 12 + 1, row / 12 % 28 + 1);
        writeln!(
            csv,
            "2024-{month:02}-{day:02},{},{},{},{},{},{}.{:02},{}",
            random(20_000),
            random(5_000_000),
            regions[random(4) as usize],
            channels[random(4) as usize],
            random(20) + 1,
            random(5_000),
            random(100),
            random(50)
        )
        .unwrap();
    }
    csv
}

fn options(format: CopyFormat) -> CopyOptions {
    let is_csv = format == CopyFormat::Csv;
    CopyOptions {
        format,
        header: false,
        header_matches: false,
        delimiter: if is_csv { b',' } else { b'\t' },
        null: if is_csv { String::new() } else { "\\N".into() },
        quote: b'"',
        escape: b'"',
        force_quote: None,
    }
}

#[test]
#[ignore = "a measurement"]
fn copy_of_sales() {
    let columns = sales_columns();
    let settings = FormatSettings::default();
    let csv = sales_csv(ROWS);
    let result_columns: Vec<_> = columns
        .iter()
        .map(|column| ResultColumn {
            origin: None,
            name: column.name.clone(),
            data_type: column.data_type.clone(),
        })
        .collect();
    let mut data = csv.into_bytes();
    let mut batches: Vec<(Vec<ArrayRef>, usize)> = Vec::new();
    for format in [CopyFormat::Csv, CopyFormat::Text, CopyFormat::Binary] {
        let options = options(format);
        if format != CopyFormat::Csv {
            let encoder = CopyEncoder::new(&result_columns, &options, &settings).unwrap();
            data.clear();
            let begin = Instant::now();
            encoder.write_header(&mut data);
            for (arrays, row_count) in &batches {
                encoder.write_batch(arrays, *row_count, &mut data).unwrap();
            }
            encoder.write_trailer(&mut data);
            report(&format!("encode {format:?}"), begin, data.len());
        }
        for _ in 0..2 {
            batches.clear();
            let mut decoder = CopyDecoder::new("sales", &columns, &options, &settings).unwrap();
            let mut sink = |arrays: Vec<ArrayRef>, row_count: usize| {
                batches.push((arrays, row_count));
                Ok(())
            };
            let begin = Instant::now();
            for piece in data.chunks(64 * 1024) {
                decoder.write(piece, &mut sink).unwrap();
            }
            decoder.finish(&mut sink).unwrap();
            report(&format!("decode {format:?}"), begin, data.len());
            assert_eq!(decoder.row_count(), ROWS as u64);
        }
    }
}

pub(super) fn report(what: &str, begin: Instant, bytes: usize) {
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{what}: {:.2} M rows/s, {:.0} MB/s",
        ROWS as f64 / seconds / 1e6,
        bytes as f64 / seconds / 1e6
    );
}

/// The same sales as batches.
fn sales_batches(csv: &str) -> Vec<Vec<ArrayRef>> {
    let mut batches = Vec::new();
    let settings = FormatSettings::default();
    let mut decoder = CopyDecoder::new("sales", &sales_columns(), &options(CopyFormat::Csv), &settings).unwrap();
    let mut sink = |arrays: Vec<ArrayRef>, _: usize| {
        batches.push(arrays);
        Ok(())
    };
    decoder.write(csv.as_bytes(), &mut sink).unwrap();
    decoder.finish(&mut sink).unwrap();
    batches
}

fn read_file(what: &str, path: &std::path::Path, format: CopyFormat, threads: usize) {
    let source = SourceFile::open(path).unwrap();
    let bytes = source.byte_count() as usize;
    let settings = FormatSettings::default();
    let reader = FileReader::open(source, "sales", &sales_columns(), &options(format), &settings).unwrap();
    let begin = Instant::now();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let morsel = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if morsel >= reader.count() {
                        break;
                    }
                    reader.read(morsel, &mut |_, _| Ok(())).unwrap();
                }
            });
        }
    });
    report(
        &format!("{what}, {threads} threads, {} morsels", reader.count()),
        begin,
        bytes,
    );
    assert_eq!(reader.progress().rows_done(), ROWS as u64);
}

#[test]
#[ignore = "a measurement"]
fn files_of_sales() {
    let folder = tempfile::TempDir::new().unwrap();
    let csv = sales_csv(ROWS);
    let csv_path = folder.path().join("sales.csv");
    std::fs::write(&csv_path, &csv).unwrap();
    let parquet_path = folder.path().join("sales.parquet");
    let names: Vec<String> = sales_columns().into_iter().map(|column| column.name).collect();
    let mut writer = None;
    let mut json = String::new();
    for arrays in sales_batches(&csv) {
        let batch = arrow_array::RecordBatch::try_from_iter(names.iter().zip(arrays)).unwrap();
        let writer = writer.get_or_insert_with(|| {
            let properties = parquet::file::properties::WriterProperties::builder()
                .set_compression(parquet::basic::Compression::ZSTD(Default::default()))
                .set_max_row_group_row_count(Some(500_000))
                .build();
            let file = std::fs::File::create(&parquet_path).unwrap();
            parquet::arrow::ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap()
        });
        writer.write(&batch).unwrap();
    }
    writer.unwrap().close().unwrap();
    for line in csv.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        json.push('{');
        for (at, (name, field)) in names.iter().zip(fields).enumerate() {
            let quote = if matches!(at, 0 | 3 | 4) { "\"" } else { "" };
            let comma = if at > 0 { "," } else { "" };
            write!(json, "{comma}\"{name}\":{quote}{field}{quote}").unwrap();
        }
        json.push_str("}\n");
    }
    let json_path = folder.path().join("sales.ndjson");
    std::fs::write(&json_path, &json).unwrap();
    for threads in [1, 2] {
        read_file("parquet", &parquet_path, CopyFormat::Parquet, threads);
        read_file("csv", &csv_path, CopyFormat::Csv, threads);
        read_file("json lines", &json_path, CopyFormat::Json, threads);
    }
}
