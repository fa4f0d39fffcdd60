//! Measures segments alone, in memory: per column the encoding chosen, bytes per row, and nanoseconds per row to encode, decode and
//! filter; then whole tables. Data is made here and the same on every run. Not a comparison with anything.
//!
//! `cargo run --release -p stoa-storage --example encode_speed [rows] [column]`

use arrow_array::*;
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, TimeUnit};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use stoa_storage::commit::PartId;
use stoa_storage::disk::MemoryDisk;
use stoa_storage::predicate::{Bound, Condition};
use stoa_storage::schema::{ColumnId, ColumnSchema, PartitionKey, TableId, TableSchema};
use stoa_storage::segment::{RowVersions, SegmentInput, SegmentMeta, SegmentReader, write_segment};

const BATCH_ROWS: u32 = 8_192;
const RUNS: usize = 5;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
    fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(limit)) >> 64) as u64
    }
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        weights
            .iter()
            .position(|weight| {
                left -= weight;
                left < 0.0
            })
            .unwrap_or(0)
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

struct Column {
    name: &'static str,
    array: ArrayRef,
    /// A filter that a query might have.
    condition: Condition,
}

fn below(value: ArrayRef) -> Condition {
    Condition::Range {
        lower: None,
        upper: Some(Bound {
            value,
            inclusive: false,
        }),
    }
}

/// Order lines as a shop has them, sorted by day and product.
fn sales(row_count: usize) -> Vec<Column> {
    const PRODUCTS: usize = 100_000;
    let mut random = Random(1);
    let mut reached = 0.0;
    let popularity: Vec<f64> = (0..PRODUCTS)
        .map(|rank| {
            reached += 1.0 / ((rank + 1) as f64).powf(0.85);
            reached
        })
        .collect();
    let price = |product: u64| {
        let bits = mix(product);
        let bell: f64 = (0..4)
            .map(|part| ((bits >> (part * 16)) & 0xffff) as f64 / 65_535.0)
            .sum::<f64>()
            - 2.0;
        ((2_900.0 * (bell * 1.75).exp()) as i64 / 100 * 100 + 99).clamp(199, 249_900)
    };
    let mut rows: Vec<(i32, i32)> = (0..row_count)
        .map(|row| {
            let unit = random.unit() * reached;
            let rank = popularity.partition_point(|sum| *sum < unit);
            (
                (row / 91_000) as i32 + 19_000,
                ((rank * 48_271 + 17) % PRODUCTS) as i32 + 1,
            )
        })
        .collect();
    rows.sort_unstable();
    let regions = [
        "us-east", "us-west", "canada", "brazil", "britain", "germany", "france", "nordics", "india", "japan",
    ];
    let channels = ["web", "app", "store", "marketplace", "phone"];
    let discounts = [0i16, 5, 10, 15, 20, 30, 50];
    let (mut customer, mut region, mut channel) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quantity, mut revenue, mut discount) = (Vec::new(), Vec::new(), Vec::new());
    for (_, product) in &rows {
        let unit = random.unit();
        let id = ((unit * unit * unit.sqrt() * 5e6) as u64).wrapping_mul(2_654_435_761) % 5_000_000;
        customer.push(id as i32 + 1);
        region.push(regions[(mix(id >> 3) % 10) as usize]);
        channel.push(channels[random.pick(&[46.0, 33.0, 14.0, 6.0, 1.0])]);
        quantity.push(random.pick(&[66.0, 18.0, 7.0, 3.5, 1.6, 1.6, 0.5, 0.5, 0.3, 0.6, 0.1, 0.3]) as i16 + 1);
        discount.push(discounts[random.pick(&[64.0, 9.0, 11.0, 6.0, 6.0, 3.0, 1.0])]);
        let full = price(*product as u64) * i64::from(quantity[quantity.len() - 1]);
        revenue.push((full * i64::from(100 - discount[discount.len() - 1]) + 50) / 100);
    }
    let text = |value: &str| Condition::In(Arc::new(StringViewArray::from(vec![value])));
    vec![
        Column {
            name: "sale_date",
            condition: below(Arc::new(Date32Array::from(vec![19_003]))),
            array: Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.0))),
        },
        Column {
            name: "product_id",
            condition: below(Arc::new(Int32Array::from(vec![5_000]))),
            array: Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.1))),
        },
        Column {
            name: "customer_id",
            condition: below(Arc::new(Int32Array::from(vec![500_000]))),
            array: Arc::new(Int32Array::from(customer)),
        },
        Column {
            name: "region",
            condition: text("japan"),
            array: Arc::new(StringViewArray::from_iter_values(region)),
        },
        Column {
            name: "channel",
            condition: text("store"),
            array: Arc::new(StringViewArray::from_iter_values(channel)),
        },
        Column {
            name: "quantity",
            condition: below(Arc::new(Int16Array::from(vec![3]))),
            array: Arc::new(Int16Array::from(quantity)),
        },
        Column {
            name: "revenue_cents",
            condition: below(Arc::new(Int64Array::from(vec![1_000]))),
            array: Arc::new(Int64Array::from(revenue)),
        },
        Column {
            name: "discount_pct",
            condition: below(Arc::new(Int16Array::from(vec![10]))),
            array: Arc::new(Int16Array::from(discount)),
        },
    ]
}

/// A few words of a few hundred, cut off anywhere.
fn comment(random: &mut Random) -> String {
    let syllables = [
        "late", "but", "par", "cel", "good", "ver", "y", "thank", "s", "re", "turn", "box",
    ];
    let mut text = String::new();
    for _ in 0..2 + random.below(6) {
        let word = random.below(400).min(random.below(400));
        text.push_str(syllables[(mix(word) % 12) as usize]);
        text.push_str(syllables[(mix(word) / 12 % 12) as usize]);
        text.push(' ');
    }
    text.truncate(text.len() - random.below(5) as usize);
    text
}

/// Who bought what, line by line: as often as an order has lines.
fn buyers(row_count: usize, random: &mut Random) -> Int32Array {
    let mut buyers = Vec::with_capacity(row_count);
    while buyers.len() < row_count {
        let lines = (1 + random.below(7) as usize).min(row_count - buyers.len());
        buyers.resize(buyers.len() + lines, random.below(300_000) as i32);
    }
    Int32Array::from(buyers)
}

/// One of everything else.
fn mixed(row_count: usize) -> Vec<Column> {
    let mut random = Random(2);
    let mut time = 1_735_600_000_000_000i64;
    let times = (0..row_count).map(|_| {
        time += random.below(6_000) as i64;
        time
    });
    let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
    let users = Int64Array::from_iter_values((0..row_count).map(|_| (random.unit().powi(3) * 2e6) as i64));
    let prices = Float64Array::from_iter_values((0..row_count).map(|_| random.below(100_000) as f64 / 100.0));
    let ratios = Float64Array::from_iter_values((0..row_count).map(|_| random.unit().sqrt()));
    let uuids = FixedSizeBinaryArray::try_from_iter(
        (0..row_count).map(|_| (u128::from(random.bits()) << 64 | u128::from(random.bits())).to_be_bytes()),
    )
    .expect("uuids of sixteen bytes");
    let words = ["cart", "search", "checkout", "item", "news", "login", "google", "help"];
    let urls = StringViewArray::from_iter_values((0..row_count).map(|_| {
        let (site, word) = (
            random.below(300),
            words[random.pick(&[9.0, 9.0, 5.0, 20.0, 9.0, 3.0, 0.01, 1.0])],
        );
        format!(
            "https://www.shop{site}.example.com/{word}/{}?session={:x}",
            random.below(40_000),
            random.below(1 << 34)
        )
    }));
    let payloads = StringViewArray::from_iter_values((0..row_count).map(|_| {
        format!(
            r#"{{"page":"/{}","referrer":"campaign-{}","duration_ms":{},"scroll":{},"ab":"{}"}}"#,
            words[random.below(8) as usize],
            random.below(30),
            random.below(60_000),
            random.below(100),
            if random.below(2) == 0 { "control" } else { "variant" }
        )
    }));
    let comments = StringViewArray::from_iter_values((0..row_count).map(|_| comment(&mut random)));
    let buyers = buyers(row_count, &mut random);
    let products =
        Int32Array::from_iter((0..row_count).map(|_| (random.below(4) > 0).then(|| random.below(100_000) as i32)));
    vec![
        Column {
            name: "event_time",
            condition: below(times.slice(row_count / 10, 1).into_data().into_array()),
            array: Arc::new(times),
        },
        Column {
            name: "user_id",
            condition: below(Arc::new(Int64Array::from(vec![2_000]))),
            array: Arc::new(users),
        },
        Column {
            name: "product_or_null",
            condition: below(Arc::new(Int32Array::from(vec![10_000]))),
            array: Arc::new(products),
        },
        Column {
            name: "price",
            condition: below(Arc::new(Float64Array::from(vec![100.0]))),
            array: Arc::new(prices),
        },
        Column {
            name: "ratio",
            condition: below(Arc::new(Float64Array::from(vec![0.3]))),
            array: Arc::new(ratios),
        },
        Column {
            name: "event_id",
            condition: Condition::In(uuids.slice(row_count / 2, 1).into_data().into_array()),
            array: Arc::new(uuids),
        },
        Column {
            name: "url",
            condition: Condition::Contains(b"google".as_slice().into()),
            array: Arc::new(urls),
        },
        Column {
            name: "payload",
            condition: Condition::Contains(b"campaign-29".as_slice().into()),
            array: Arc::new(payloads),
        },
        Column {
            name: "comment",
            condition: Condition::Contains(b"late but".as_slice().into()),
            array: Arc::new(comments),
        },
        Column {
            name: "order_buyer",
            condition: below(Arc::new(Int32Array::from(vec![10_000]))),
            array: Arc::new(buyers),
        },
    ]
}

trait IntoArray {
    fn into_array(self) -> ArrayRef;
}

impl IntoArray for arrow_data::ArrayData {
    fn into_array(self) -> ArrayRef {
        make_array(self)
    }
}

fn write(columns: &[&Column]) -> (MemoryDisk, SegmentMeta) {
    let schema = TableSchema {
        id: TableId(1),
        columns: columns
            .iter()
            .enumerate()
            .map(|(place, column)| ColumnSchema {
                id: ColumnId(place as u32 + 1),
                name: column.name.into(),
                data_type: column.array.data_type().clone(),
                nullable: true,
                missing_value: None,
            })
            .collect(),
        next_column_id: columns.len() as u32 + 1,
        partition_by: None,
        sort_key: Vec::new(),
        bloom_columns: columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.name == "event_id")
            .map(|(place, _)| ColumnId(place as u32 + 1))
            .collect(),
        retention_days: None,
        history_ms: 0,
        rollups: Vec::new(),
        keys: Vec::new(),
        definition: Arc::from([]),
    };
    let arrays: Vec<ArrayRef> = columns.iter().map(|column| column.array.clone()).collect();
    let input = SegmentInput {
        schema: &schema,
        partition: PartitionKey(None),
        columns: &arrays,
        versions: RowVersions::Single,
    };
    let disk = MemoryDisk::default();
    let meta = write_segment(&disk, Path::new("segment"), PartId(1), input).expect("a segment in memory");
    (disk, meta)
}

/// The least of some runs, in nanoseconds per row.
fn fastest(row_count: usize, runs: usize, mut run: impl FnMut()) -> f64 {
    let nanoseconds = (0..runs).map(|_| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_nanos()
    });
    nanoseconds.min().unwrap_or(0) as f64 / row_count as f64
}

fn each_batch(row_count: usize, mut visit: impl FnMut(std::ops::Range<u32>)) {
    for from in (0..row_count as u32).step_by(BATCH_ROWS as usize) {
        visit(from..(from + BATCH_ROWS).min(row_count as u32));
    }
}

fn measure(column: &Column) {
    let row_count = column.array.len();
    let encode = fastest(row_count, 3, || {
        black_box(write(&[column]));
    });
    let (disk, meta) = write(&[column]);
    let reader = SegmentReader::open(&disk, Path::new("segment"), &meta).expect("what was written");
    let id = ColumnId(1);
    let decode = fastest(row_count, RUNS, || {
        each_batch(row_count, |rows| {
            black_box(reader.decode(id, rows).expect("what was written"));
        });
    });
    let mut selected = 0;
    let filter = fastest(row_count, RUNS, || {
        selected = 0;
        each_batch(row_count, |rows| {
            let all = BooleanBuffer::new_set(rows.len());
            let found = reader
                .filter(id, rows, &column.condition, &all)
                .expect("what was written");
            selected += found.count_set_bits();
        });
    });
    let mut text = String::new();
    reader.dump(&mut text).expect("text is written to memory");
    let form = text.lines().nth(2).unwrap_or_default();
    let form = form
        .split(": ")
        .nth(1)
        .and_then(|form| form.split(',').next())
        .unwrap_or_default();
    let type_name = match column.array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => "timestamp".into(),
        other => other.to_string(),
    };
    println!(
        "{:<16} {type_name:<22} {form:<36} {:>7.3} B/row  encode {encode:>7.2}  decode {decode:>6.2}  filter {filter:>6.2} ns/row ({:.1} %)",
        column.name,
        meta.file_bytes as f64 / row_count as f64,
        selected as f64 * 100.0 / row_count as f64,
    );
}

fn measure_table(name: &str, columns: &[Column]) {
    let all: Vec<&Column> = columns.iter().collect();
    let row_count = columns[0].array.len();
    let encode = fastest(row_count, 3, || {
        black_box(write(&all));
    });
    let (_, meta) = write(&all);
    println!(
        "{name}: {row_count} rows, {:.3} B/row, encode {encode:.1} ns/row = {:.2} M rows/s on one core",
        meta.file_bytes as f64 / row_count as f64,
        1_000.0 / encode
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let row_count = arguments.next().and_then(|rows| rows.parse().ok()).unwrap_or(1 << 20);
    let only = arguments.next();
    for (name, columns) in [("sales", sales(row_count)), ("mixed", mixed(row_count))] {
        for column in columns
            .iter()
            .filter(|column| only.as_ref().is_none_or(|only| only == column.name))
        {
            measure(column);
        }
        if only.is_none() {
            measure_table(name, &columns);
        }
    }
}
