//! Table `sales`: three years of order lines in chronological order. Seasons, weekdays and growth in the number of rows per day;
//! Zipf-skewed products with a price each; skewed customers who live in one region; a few channels; discounts that are
//! larger in sale seasons; revenue = price x quantity x (1 - discount). Rows of a day are in no particular order.

use super::random::Random;
use super::strings::Words;
use super::world::{REGIONS, World, customer_count, pick_skewed};
use super::{Table, calendar};
use arrow_array::{Date32Array, Int16Array, Int32Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

/// Rows of a chunk. Part of what decides the data: another number gives other rows.
pub const CHUNK_ROWS: u64 = 1 << 18;

const STREAM: u64 = 0x7361_6C65;
const CHANNELS: [&str; 5] = ["web", "app", "store", "marketplace", "phone"];
const CHANNEL_WEIGHTS: [f64; 5] = [46.0, 33.0, 14.0, 6.0, 1.0];
const QUANTITY_WEIGHTS: [f64; 12] = [66.0, 18.0, 7.0, 3.5, 1.6, 1.6, 0.5, 0.5, 0.3, 0.6, 0.1, 0.3];
const DISCOUNTS: [i16; 7] = [0, 5, 10, 15, 20, 30, 50];
const DISCOUNT_WEIGHTS: [f64; 7] = [64.0, 9.0, 11.0, 6.0, 6.0, 3.0, 1.0];
const SEASON_DISCOUNT_WEIGHTS: [f64; 7] = [24.0, 6.0, 14.0, 12.0, 22.0, 15.0, 7.0];

/// Generator of `sales`.
pub struct Sales {
    rows: u64,
    seed: u64,
    customers: u64,
    world: World,
    /// Rows up to the end of each day.
    day_ends: Vec<u64>,
    discounts: [Vec<i16>; 2],
    quantities: Vec<i16>,
    channels: Vec<u128>,
    channel_words: Words,
    region_words: Words,
}

/// A table of 4,096 entries with each value in proportion to its weight: a pick is one look-up by 12 random bits.
fn spread<T: Copy>(values: &[T], weights: &[f64]) -> Vec<T> {
    let total: f64 = weights.iter().sum();
    let mut table = Vec::with_capacity(4_096);
    let mut reached = 0.0;
    for (value, weight) in values.iter().zip(weights) {
        reached += weight;
        table.resize((reached / total * 4_096.0).round() as usize, *value);
    }
    table
}

impl Sales {
    /// Exactly so many rows.
    pub fn new(rows: u64, seed: u64) -> Self {
        let mut reached = 0.0;
        let sums: Vec<f64> = (0..calendar::DAY_COUNT)
            .map(|day| {
                reached += calendar::day_weight(day);
                reached
            })
            .collect();
        let channel_words = Words::new(&CHANNELS);
        let channel_views: Vec<u128> = (0..CHANNELS.len()).map(|channel| channel_words.view(channel)).collect();
        let quantities: Vec<i16> = (1..=QUANTITY_WEIGHTS.len() as i16).collect();
        Sales {
            rows,
            seed,
            customers: customer_count(rows),
            world: World::new(seed),
            day_ends: sums
                .iter()
                .map(|sum| (sum / reached * rows as f64).round() as u64)
                .collect(),
            discounts: [
                spread(&DISCOUNTS, &DISCOUNT_WEIGHTS),
                spread(&DISCOUNTS, &SEASON_DISCOUNT_WEIGHTS),
            ],
            quantities: spread(&quantities, &QUANTITY_WEIGHTS),
            channels: spread(&channel_views, &CHANNEL_WEIGHTS),
            channel_words,
            region_words: Words::new(&REGIONS.map(|region| region.name)),
        }
    }

    /// How many customers buy.
    pub fn customer_count(&self) -> u64 {
        self.customers
    }

    /// Appends `count` rows of a day.
    fn fill_day(&self, columns: &mut Columns, random: &mut Random, day: usize, count: usize) {
        let season = usize::from(calendar::is_sale_season(calendar::day_at(day)));
        let discounts = &self.discounts[season];
        let date = calendar::days_since_epoch(calendar::first_day()) + day as i32;
        columns.sale_date.resize(columns.sale_date.len() + count, date);
        for _ in 0..count {
            let choices = random.bits();
            let customer = pick_skewed(random.unit(), self.customers);
            let product = self.world.pick_product(random.bits());
            let quantity = self.quantities[(choices & 0xFFF) as usize];
            let discount = discounts[((choices >> 12) & 0xFFF) as usize];
            let full_cents = i64::from(self.world.price_cents(product)) * i64::from(quantity);
            columns.product_id.push(product as i32);
            columns.customer_id.push(customer as i32);
            columns.region.push(self.region_words.view(self.world.region(customer)));
            columns.channel.push(self.channels[((choices >> 24) & 0xFFF) as usize]);
            columns.quantity.push(quantity);
            columns
                .revenue_cents
                .push((full_cents * i64::from(100 - discount) + 50) / 100);
            columns.discount_pct.push(discount);
        }
    }
}

struct Columns {
    sale_date: Vec<i32>,
    product_id: Vec<i32>,
    customer_id: Vec<i32>,
    region: Vec<u128>,
    channel: Vec<u128>,
    quantity: Vec<i16>,
    revenue_cents: Vec<i64>,
    discount_pct: Vec<i16>,
}

impl Columns {
    fn with_capacity(rows: usize) -> Self {
        Columns {
            sale_date: Vec::with_capacity(rows),
            product_id: Vec::with_capacity(rows),
            customer_id: Vec::with_capacity(rows),
            region: Vec::with_capacity(rows),
            channel: Vec::with_capacity(rows),
            quantity: Vec::with_capacity(rows),
            revenue_cents: Vec::with_capacity(rows),
            discount_pct: Vec::with_capacity(rows),
        }
    }
}

impl Table for Sales {
    fn name(&self) -> &'static str {
        "sales"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("sale_date", DataType::Date32, false),
            Field::new("product_id", DataType::Int32, false),
            Field::new("customer_id", DataType::Int32, false),
            Field::new("region", DataType::Utf8View, false),
            Field::new("channel", DataType::Utf8View, false),
            Field::new("quantity", DataType::Int16, false),
            Field::new("revenue_cents", DataType::Int64, false),
            Field::new("discount_pct", DataType::Int16, false),
        ]))
    }

    fn chunk_count(&self) -> usize {
        self.rows.div_ceil(CHUNK_ROWS).max(1) as usize
    }

    fn chunk(&self, index: usize) -> RecordBatch {
        let begin = (index as u64 * CHUNK_ROWS).min(self.rows);
        let end = (begin + CHUNK_ROWS).min(self.rows);
        let mut columns = Columns::with_capacity((end - begin) as usize);
        let mut random = Random::new(self.seed, STREAM, index as u64);
        let mut day = self.day_ends.partition_point(|&day_end| day_end <= begin);
        let mut row = begin;
        while row < end {
            let day_end = self.day_ends[day].min(end);
            self.fill_day(&mut columns, &mut random, day, (day_end - row) as usize);
            row = day_end;
            day += 1;
        }
        RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(Date32Array::from(columns.sale_date)),
                Arc::new(Int32Array::from(columns.product_id)),
                Arc::new(Int32Array::from(columns.customer_id)),
                Arc::new(self.region_words.column(columns.region, None)),
                Arc::new(self.channel_words.column(columns.channel, None)),
                Arc::new(Int16Array::from(columns.quantity)),
                Arc::new(Int64Array::from(columns.revenue_cents)),
                Arc::new(Int16Array::from(columns.discount_pct)),
            ],
        )
        .expect("the columns are of the schema's types and equal length")
    }

    fn row_count_estimate(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
#[path = "sales_test.rs"]
mod tests;
