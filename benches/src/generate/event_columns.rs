//! The columns of `events`: from events in a row to arrays, with ids that sort by time and payloads in jsonb's own form (keys
//! by length, then by byte; one space after colon and comma), so that every database stores the same text.

use super::events::{ARMS, CAMPAIGNS, DEVICES, Event, KINDS, Kind};
use super::random::mix;
use super::strings::Words;
use super::world::{REGIONS, World};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{
    ArrayRef, Decimal64Array, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::fmt::Write;
use std::sync::Arc;

const QUERIES: [&str; 16] = [
    "wireless headphones",
    "running shoes",
    "coffee grinder",
    "desk lamp",
    "gift for dad",
    "usb c cable",
    "yoga mat",
    "rain jacket",
    "board games",
    "cast iron pan",
    "phone case",
    "notebook a5",
    "hiking backpack",
    "air fryer",
    "noise cancelling",
    "winter boots",
];
const PAYMENTS: [&str; 4] = ["card", "wallet", "invoice", "transfer"];
const ELEMENTS: [&str; 4] = ["image", "title", "reviews", "price"];
const REFERRERS: [&str; 5] = ["search", "home", "category", "recommended", "external"];

/// Columns and their types.
pub(super) fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")));
    Arc::new(Schema::new(vec![
        Field::new("event_id", DataType::FixedSizeBinary(16), false),
        Field::new("event_type", DataType::Utf8View, false),
        Field::new("event_time", time.clone(), false),
        Field::new("received_time", time, false),
        Field::new("user_id", DataType::Int64, false),
        Field::new("session_id", DataType::Int64, false),
        Field::new("product_id", DataType::Int32, true),
        Field::new("region", DataType::Utf8View, false),
        Field::new("campaign", DataType::Utf8View, true),
        Field::new("device", DataType::Utf8View, false),
        Field::new("experiment_arm", DataType::Utf8View, false),
        Field::new("revenue", DataType::Decimal64(12, 2), true),
        Field::new("payload", DataType::Utf8View, false),
    ]))
}

/// The events as columns.
pub(super) fn record_batch(world: &World, events: &[Event]) -> RecordBatch {
    let bought = NullBuffer::from_iter(events.iter().map(|event| event.kind == Kind::Purchase));
    let has_product = NullBuffer::from_iter(events.iter().map(|event| event.product > 0));
    let revenue = Decimal64Array::new(events.iter().map(|event| event.revenue_cents).collect(), Some(bought))
        .with_precision_and_scale(12, 2)
        .expect("12 digits fit 64 bits");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(ids(events)),
        Arc::new(words(&KINDS, events, |event| Some(event.kind as usize))),
        Arc::new(times(events, |event| event.event_time)),
        Arc::new(times(events, |event| event.received_time)),
        Arc::new(Int64Array::from_iter_values(
            events.iter().map(|event| event.user as i64),
        )),
        Arc::new(Int64Array::from_iter_values(
            events.iter().map(|event| event.session as i64),
        )),
        Arc::new(Int32Array::new(
            events.iter().map(|event| event.product as i32).collect(),
            Some(has_product),
        )),
        Arc::new(words(&REGIONS.map(|region| region.name), events, |event| {
            Some(event.region)
        })),
        Arc::new(words(&CAMPAIGNS, events, |event| event.campaign)),
        Arc::new(words(&DEVICES, events, |event| Some(event.device))),
        Arc::new(words(&ARMS, events, |event| Some(event.arm))),
        Arc::new(revenue),
        Arc::new(payloads(world, events)),
    ];
    RecordBatch::try_new(schema(), columns).expect("the columns are of the schema's types and equal length")
}

fn times(events: &[Event], time: impl Fn(&Event) -> i64) -> TimestampMicrosecondArray {
    TimestampMicrosecondArray::from_iter_values(events.iter().map(time)).with_timezone("UTC")
}

fn words(words: &[&str], events: &[Event], word: impl Fn(&Event) -> Option<usize>) -> StringViewArray {
    let words = Words::new(words);
    let nulls = NullBuffer::from_iter(events.iter().map(|event| word(event).is_some()));
    let views = events
        .iter()
        .map(|event| word(event).map_or(0, |word| words.view(word)))
        .collect();
    words.column(views, Some(nulls).filter(|nulls| nulls.null_count() > 0))
}

/// UUIDs of version 7: milliseconds of the client's clock, then random bits.
fn ids(events: &[Event]) -> FixedSizeBinaryArray {
    let mut bytes = Vec::with_capacity(events.len() * 16);
    for event in events {
        let milliseconds = (event.event_time / 1_000) as u64;
        let high = milliseconds << 16 | 0x7000 | event.bits >> 52;
        let low = 0x8000_0000_0000_0000 | mix(event.bits) >> 2;
        bytes.extend_from_slice(&high.to_be_bytes());
        bytes.extend_from_slice(&low.to_be_bytes());
    }
    FixedSizeBinaryArray::new(16, Buffer::from_vec(bytes), None)
}

fn payloads(world: &World, events: &[Event]) -> StringViewArray {
    let mut column = StringViewBuilder::with_capacity(events.len()).with_fixed_block_size(1 << 20);
    let mut text = String::new();
    for event in events {
        text.clear();
        write_payload(world, event, &mut text);
        column.append_value(&text);
    }
    column.finish()
}

fn write_payload(world: &World, event: &Event, text: &mut String) {
    let bits = event.bits;
    let price = world.price_cents(event.product);
    let written = match event.kind {
        Kind::Search => {
            let query = QUERIES[(bits >> 8) as usize % QUERIES.len()];
            write!(text, r#"{{"query": "{query}", "results": {}}}"#, (bits >> 40) % 400)
        }
        Kind::View => {
            let referrer = REFERRERS[(bits >> 8) as usize % REFERRERS.len()];
            write!(
                text,
                r#"{{"position": {}, "referrer": "{referrer}"}}"#,
                1 + (bits >> 40) % 24
            )
        }
        Kind::Click => {
            let element = ELEMENTS[(bits >> 8) as usize % ELEMENTS.len()];
            write!(
                text,
                r#"{{"element": "{element}", "position": {}}}"#,
                1 + (bits >> 40) % 24
            )
        }
        Kind::Cart => write!(text, r#"{{"quantity": {}, "price_cents": {price}}}"#, event.quantity),
        Kind::Purchase => {
            let payment = PAYMENTS[(bits >> 8) as usize % PAYMENTS.len()];
            write!(
                text,
                r#"{{"items": {}, "payment": "{payment}", "order_id": {}}}"#,
                event.quantity, event.session
            )
        }
    };
    written.expect("writing to a string cannot fail");
}
