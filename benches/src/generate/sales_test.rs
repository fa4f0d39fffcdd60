//! Sales look like sales: exactly as many rows as asked, days in order, seasons, skew, and revenue that adds up.

use super::*;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int16Type, Int32Type, Int64Type};

const ROWS: u64 = 300_000;

fn chunks() -> (Sales, Vec<RecordBatch>) {
    let sales = Sales::new(ROWS, 1);
    let chunks = (0..sales.chunk_count()).map(|chunk| sales.chunk(chunk)).collect();
    (sales, chunks)
}

#[test]
fn days_run_in_order_from_first_to_last() {
    let (_, chunks) = chunks();
    let dates: Vec<i32> = chunks
        .iter()
        .flat_map(|chunk| chunk.column(0).as_primitive::<Date32Type>().values().to_vec())
        .collect();
    assert_eq!(dates.len() as u64, ROWS);
    assert!(dates.is_sorted());
    assert_eq!(
        (dates[0], dates[dates.len() - 1]),
        (18_993, 18_993 + calendar::DAY_COUNT as i32 - 1)
    );
    let first_november = dates.iter().filter(|&&date| (19_297..19_327).contains(&date)).count();
    let first_february = dates.iter().filter(|&&date| (19_024..19_052).contains(&date)).count();
    assert!(
        first_november > first_february * 5 / 4,
        "{first_november} {first_february}"
    );
}

#[test]
fn revenue_is_price_times_quantity_less_discount() {
    let (sales, chunks) = chunks();
    let chunk = &chunks[0];
    let product = chunk.column(1).as_primitive::<Int32Type>();
    let quantity = chunk.column(5).as_primitive::<Int16Type>();
    let revenue = chunk.column(6).as_primitive::<Int64Type>();
    let discount = chunk.column(7).as_primitive::<Int16Type>();
    for row in 0..2_000 {
        let full = i64::from(sales.world.price_cents(product.value(row) as usize)) * i64::from(quantity.value(row));
        assert_eq!(
            revenue.value(row),
            (full * i64::from(100 - discount.value(row)) + 50) / 100
        );
        assert!((1..=12).contains(&quantity.value(row)) && (0..=50).contains(&discount.value(row)));
    }
    let discounted = discount.values().iter().filter(|&&percent| percent > 0).count();
    assert!(
        (chunk.num_rows() / 4..chunk.num_rows() / 2).contains(&discounted),
        "{discounted}"
    );
}

#[test]
fn products_customers_regions_and_channels_are_skewed() {
    let (sales, chunks) = chunks();
    let mut products = vec![0u32; crate::generate::world::PRODUCT_COUNT + 1];
    let mut customers = vec![0u32; sales.customer_count() as usize + 1];
    let (mut channels, mut regions) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
    for chunk in &chunks {
        for row in 0..chunk.num_rows() {
            products[chunk.column(1).as_primitive::<Int32Type>().value(row) as usize] += 1;
            customers[chunk.column(2).as_primitive::<Int32Type>().value(row) as usize] += 1;
            *regions
                .entry(chunk.column(3).as_string_view().value(row).to_owned())
                .or_insert(0u32) += 1;
            *channels
                .entry(chunk.column(4).as_string_view().value(row).to_owned())
                .or_insert(0u32) += 1;
        }
    }
    assert_eq!((products[0], customers[0]), (0, 0));
    products.sort_unstable_by(|left, right| right.cmp(left));
    customers.sort_unstable_by(|left, right| right.cmp(left));
    let share = |counts: &[u32], top: usize| f64::from(counts[..top].iter().sum::<u32>()) / ROWS as f64;
    assert!(
        (0.15..0.6).contains(&share(&products, 1_000)),
        "{}",
        share(&products, 1_000)
    );
    assert!(
        (0.3..0.5).contains(&share(&customers, customers.len() / 10)),
        "{}",
        share(&customers, customers.len() / 10)
    );
    assert_eq!((regions.len(), channels.len()), (10, 5));
    assert!(channels["web"] > 2 * channels["store"] && channels["phone"] * 20 < channels["web"]);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.columns().iter().all(|column| column.null_count() == 0))
    );
}

#[test]
fn no_rows_is_one_empty_chunk() {
    let sales = Sales::new(0, 1);
    assert_eq!(sales.chunk_count(), 1);
    assert_eq!(sales.chunk(0).num_rows(), 0);
}
