//! The dimension tables of the star schema: `products`, `customers`, `locations` and `dates`. They say of an id exactly what
//! the fact tables mean by it.

use super::strings::Words;
use super::world::{PRODUCT_COUNT, REGIONS, World};
use super::{Table, calendar};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, BooleanArray, Date32Array, Int16Array, Int32Array, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use std::sync::Arc;

const CHUNK_ROWS: u64 = 1 << 17;

/// Categories, and the noun of a product in each.
const CATEGORIES: [(&str, &str); 20] = [
    ("Audio", "Headphones"),
    ("Baby", "Carrier"),
    ("Beauty", "Serum"),
    ("Bikes", "Helmet"),
    ("Books", "Novel"),
    ("Cameras", "Lens"),
    ("Computers", "Keyboard"),
    ("Fashion", "Jacket"),
    ("Garden", "Planter"),
    ("Grocery", "Coffee"),
    ("Health", "Thermometer"),
    ("Home", "Lamp"),
    ("Jewelry", "Bracelet"),
    ("Kitchen", "Pan"),
    ("Music", "Ukulele"),
    ("Office", "Notebook"),
    ("Phones", "Case"),
    ("Shoes", "Sneaker"),
    ("Sports", "Mat"),
    ("Toys", "Puzzle"),
];
const BRANDS: [&str; 24] = [
    "Aster", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Gale", "Harbor", "Iris", "Juniper", "Kestrel", "Lumen",
    "Maple", "Nova", "Onyx", "Pine", "Quartz", "Raven", "Sable", "Tundra", "Umber", "Vesper", "Willow", "Zephyr",
];
const ADJECTIVES: [&str; 12] = [
    "Classic",
    "Compact",
    "Daily",
    "Essential",
    "Light",
    "Mini",
    "Modern",
    "Premium",
    "Pro",
    "Smart",
    "Sport",
    "Travel",
];
const FIRST_NAMES: [&str; 20] = [
    "Ada", "Bruno", "Chloe", "Daniel", "Emma", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kavya", "Liam", "Mei",
    "Nils", "Olivia", "Pedro", "Quinn", "Rosa", "Sofia", "Tomas",
];
const LAST_NAMES: [&str; 20] = [
    "Almeida", "Berg", "Chen", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Johnson", "Kumar", "Lopez",
    "Muller", "Nguyen", "Olsen", "Patel", "Rossi", "Santos", "Tanaka", "Wagner",
];
const SEGMENTS: [&str; 4] = ["consumer", "business", "education", "public"];
const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// All dimension tables, for so many customers.
pub fn all(customers: u64, seed: u64) -> Vec<Box<dyn Table>> {
    let world = Arc::new(World::new(seed));
    vec![
        Box::new(Products { world: world.clone() }),
        Box::new(Customers { world, customers }),
        Box::new(Locations),
        Box::new(Dates),
    ]
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8View, false)
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(schema, columns).expect("the columns are of the schema's types and equal length")
}

/// A column that chooses from a list.
fn choose(words: &[&str], choices: impl Iterator<Item = usize>) -> StringViewArray {
    let words = Words::new(words);
    words.column(choices.map(|choice| words.view(choice)).collect(), None)
}

/// Table `products`.
struct Products {
    world: Arc<World>,
}

impl Table for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("product_id", DataType::Int32, false),
            text("name"),
            text("category"),
            text("brand"),
            Field::new("price_cents", DataType::Int32, false),
            Field::new("launched", DataType::Date32, false),
        ]))
    }

    fn chunk_count(&self) -> usize {
        1
    }

    fn chunk(&self, _index: usize) -> RecordBatch {
        let ids = || 1..=PRODUCT_COUNT;
        let bits = |product: usize| self.world.attribute(8, product as u64);
        let category = |product: usize| (bits(product) % CATEGORIES.len() as u64) as usize;
        let brand = |product: usize| ((bits(product) >> 8) % BRANDS.len() as u64) as usize;
        let mut names = StringViewBuilder::with_capacity(PRODUCT_COUNT);
        for product in ids() {
            let adjective = ADJECTIVES[((bits(product) >> 16) % ADJECTIVES.len() as u64) as usize];
            let noun = CATEGORIES[category(product)].1;
            names.append_value(format!(
                "{} {adjective} {noun} {}",
                BRANDS[brand(product)],
                product % 1_000
            ));
        }
        let launched =
            |product: usize| calendar::days_since_epoch(calendar::first_day()) - (bits(product) >> 24) as i32 % 2_000;
        batch(
            self.schema(),
            vec![
                Arc::new(Int32Array::from_iter_values(ids().map(|product| product as i32))),
                Arc::new(names.finish()),
                Arc::new(choose(&CATEGORIES.map(|category| category.0), ids().map(category))),
                Arc::new(choose(&BRANDS, ids().map(brand))),
                Arc::new(Int32Array::from_iter_values(
                    ids().map(|product| self.world.price_cents(product)),
                )),
                Arc::new(Date32Array::from_iter_values(ids().map(launched))),
            ],
        )
    }

    fn row_count_estimate(&self) -> u64 {
        PRODUCT_COUNT as u64
    }
}

/// Table `customers`.
struct Customers {
    world: Arc<World>,
    customers: u64,
}

impl Table for Customers {
    fn name(&self) -> &'static str {
        "customers"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("customer_id", DataType::Int32, false),
            text("name"),
            text("segment"),
            text("region"),
            Field::new("since", DataType::Date32, false),
        ]))
    }

    fn chunk_count(&self) -> usize {
        self.customers.div_ceil(CHUNK_ROWS) as usize
    }

    fn chunk(&self, index: usize) -> RecordBatch {
        let begin = index as u64 * CHUNK_ROWS;
        let ids = || begin + 1..=(begin + CHUNK_ROWS).min(self.customers);
        let bits = |customer: u64| self.world.attribute(9, customer);
        let mut names = StringViewBuilder::new();
        for customer in ids() {
            let first = FIRST_NAMES[(bits(customer) % FIRST_NAMES.len() as u64) as usize];
            let last = LAST_NAMES[((bits(customer) >> 8) % LAST_NAMES.len() as u64) as usize];
            names.append_value(format!("{first} {last}"));
        }
        let segment = |customer: u64| [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3][((bits(customer) >> 16) % 12) as usize];
        let since =
            |customer: u64| calendar::days_since_epoch(calendar::first_day()) - (bits(customer) >> 24) as i32 % 3_000;
        batch(
            self.schema(),
            vec![
                Arc::new(Int32Array::from_iter_values(ids().map(|customer| customer as i32))),
                Arc::new(names.finish()),
                Arc::new(choose(&SEGMENTS, ids().map(segment))),
                Arc::new(choose(
                    &REGIONS.map(|region| region.name),
                    ids().map(|customer| self.world.region(customer)),
                )),
                Arc::new(Date32Array::from_iter_values(ids().map(since))),
            ],
        )
    }

    fn row_count_estimate(&self) -> u64 {
        self.customers
    }
}

/// Table `locations`.
struct Locations;

impl Table for Locations {
    fn name(&self) -> &'static str {
        "locations"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            text("region"),
            text("country"),
            text("continent"),
            text("currency"),
        ]))
    }

    fn chunk_count(&self) -> usize {
        1
    }

    fn chunk(&self, _index: usize) -> RecordBatch {
        batch(
            self.schema(),
            vec![
                Arc::new(StringViewArray::from_iter_values(REGIONS.map(|region| region.name))),
                Arc::new(StringViewArray::from_iter_values(REGIONS.map(|region| region.country))),
                Arc::new(StringViewArray::from_iter_values(
                    REGIONS.map(|region| region.continent),
                )),
                Arc::new(StringViewArray::from_iter_values(REGIONS.map(|region| region.currency))),
            ],
        )
    }

    fn row_count_estimate(&self) -> u64 {
        REGIONS.len() as u64
    }
}

/// Table `dates`.
struct Dates;

impl Table for Dates {
    fn name(&self) -> &'static str {
        "dates"
    }

    fn schema(&self) -> SchemaRef {
        let number = |name: &str| Field::new(name, DataType::Int16, false);
        Arc::new(Schema::new(vec![
            Field::new("day", DataType::Date32, false),
            number("year"),
            number("quarter"),
            number("month"),
            text("weekday"),
            Field::new("sale_season", DataType::Boolean, false),
        ]))
    }

    fn chunk_count(&self) -> usize {
        1
    }

    fn chunk(&self, _index: usize) -> RecordBatch {
        let days = || (0..calendar::DAY_COUNT).map(calendar::day_at);
        batch(
            self.schema(),
            vec![
                Arc::new(Date32Array::from_iter_values(days().map(calendar::days_since_epoch))),
                Arc::new(Int16Array::from_iter_values(days().map(|day| day.year()))),
                Arc::new(Int16Array::from_iter_values(
                    days().map(|day| (i16::from(day.month()) + 2) / 3),
                )),
                Arc::new(Int16Array::from_iter_values(days().map(|day| i16::from(day.month())))),
                Arc::new(choose(
                    &WEEKDAYS,
                    days().map(|day| day.weekday().to_monday_zero_offset() as usize),
                )),
                Arc::new(BooleanArray::from_iter(
                    days().map(|day| Some(calendar::is_sale_season(day))),
                )),
            ],
        )
    }

    fn row_count_estimate(&self) -> u64 {
        calendar::DAY_COUNT as u64
    }
}
