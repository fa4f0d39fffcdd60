//! Events look like a shop's: the mix, the funnel within a session, late arrivals, the flash sale, jsonb in its own form.

use super::*;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use std::collections::{HashMap, HashSet};

const ROWS: u64 = 120_000;

fn all() -> Vec<RecordBatch> {
    let events = Events::new(ROWS, 1);
    (0..events.chunk_count()).map(|chunk| events.chunk(chunk)).collect()
}

#[test]
fn the_mix_is_the_missions() {
    let mut counts: HashMap<String, f64> = HashMap::new();
    for chunk in all() {
        chunk
            .column(1)
            .as_string_view()
            .iter()
            .for_each(|kind| *counts.entry(kind.unwrap().to_owned()).or_default() += 1.0);
    }
    let total: f64 = counts.values().sum();
    for (kind, share) in [
        ("view", 50.0),
        ("click", 20.0),
        ("search", 10.0),
        ("cart", 5.0),
        ("purchase", 0.5),
    ] {
        let measured = counts[kind] / total * 85.5;
        assert!(
            (measured / share - 1.0).abs() < 0.2,
            "{kind}: {measured:.2} of {share} ({counts:?})"
        );
    }
}

#[test]
fn nobody_buys_what_was_not_looked_at() {
    let mut viewed: HashSet<(i64, i32)> = HashSet::new();
    let mut bought = 0;
    for chunk in all() {
        let kind = chunk.column(1).as_string_view();
        let session = chunk.column(5).as_primitive::<Int64Type>();
        let product = chunk.column(6).as_primitive::<Int32Type>();
        let revenue = chunk.column(11).as_primitive::<Decimal64Type>();
        for row in 0..chunk.num_rows() {
            let key = (session.value(row), product.value(row));
            match kind.value(row) {
                "search" => assert!(product.is_null(row)),
                "view" => drop(viewed.insert(key)),
                _ => assert!(product.is_valid(row)),
            }
            assert_eq!(revenue.is_valid(row), kind.value(row) == "purchase");
            if kind.value(row) == "purchase" {
                assert!(revenue.value(row) > 0);
                bought += usize::from(viewed.contains(&key));
            }
        }
    }
    assert!(bought > 300, "{bought}");
}

#[test]
fn some_arrive_half_an_hour_late_some_two_days_none_after_the_end() {
    let mut late = [0usize; 3];
    for chunk in all() {
        let event = chunk.column(2).as_primitive::<TimestampMicrosecondType>();
        let received = chunk.column(3).as_primitive::<TimestampMicrosecondType>();
        assert!(received.values().is_sorted());
        for row in 0..chunk.num_rows() {
            assert!(received.value(row) < END_MICROS);
            let minutes = (received.value(row) - event.value(row)) / MINUTE_MICROS;
            late[match minutes {
                0 => 0,
                30 => 1,
                2_880 => 2,
                other => panic!("{other} minutes late"),
            }] += 1;
        }
    }
    assert!(
        late[1] > 500 && late[2] > 100 && late[0] > 20 * (late[1] + late[2]),
        "{late:?}"
    );
}

#[test]
fn event_ids_are_unique_uuids_of_version_7() {
    let mut seen = HashSet::new();
    for chunk in all() {
        for id in chunk.column(0).as_fixed_size_binary().iter() {
            let id: [u8; 16] = id.unwrap().try_into().unwrap();
            assert_eq!((id[6] >> 4, id[8] >> 6), (7, 2));
            assert!(seen.insert(id));
        }
    }
}

#[test]
fn the_flash_sale_sells_its_product_in_the_last_hour() {
    let mut flash = 0;
    for chunk in all() {
        let campaign = chunk.column(8).as_string_view();
        let event = chunk.column(2).as_primitive::<TimestampMicrosecondType>();
        for row in 0..chunk.num_rows() {
            if campaign.is_valid(row) && campaign.value(row) == "flash-sale" {
                assert!(event.value(row) >= END_MICROS - 60 * MINUTE_MICROS);
                flash += 1;
            }
        }
    }
    assert!(flash > 300, "{flash}");
}

#[test]
fn payloads_are_json_with_keys_by_length() {
    for chunk in all() {
        for payload in chunk.column(12).as_string_view().iter().take(500) {
            let payload = payload.unwrap();
            let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(payload).unwrap();
            let keys: Vec<_> = value.keys().map(|key| (key.len(), key.clone())).collect();
            assert!(keys.is_sorted(), "{payload}");
        }
    }
}
