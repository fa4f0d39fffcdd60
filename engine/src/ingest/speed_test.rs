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
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
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
                encoder.write_batch(arrays, *row_count, &mut data);
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
