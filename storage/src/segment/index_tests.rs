//! Indexes of whole segments: a row that meets a condition is never lost, what is not there is mostly seen to be so.

use super::format::ExtraKind;
use super::tests::{Files, schema_of, write};
use super::*;
use crate::limits::BLOCK_ROWS;
use crate::predicate::Condition;
use crate::testing::Generator;
use crate::vector::filter::evaluate;
use arrow_array::{Array, DictionaryArray, Int64Array, StringViewArray, types::UInt32Type};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::path::Path;
use std::sync::Arc;

fn open(column: ArrayRef) -> (SegmentReader, SegmentMeta) {
    let files = Files::default();
    let meta = write(
        &files,
        &schema_of(&[column.data_type().clone()]),
        &[column],
        RowVersions::Single,
    );
    (SegmentReader::open(&files, Path::new("segment"), &meta).unwrap(), meta)
}

fn is_one_of(reader: &SegmentReader, values: ArrayRef) -> PreparedCondition {
    reader.prepare_condition(ColumnId(1), &Condition::In(values)).unwrap()
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

/// Two blocks of channels of which one is rare, with NULLs.
fn channels() -> ArrayRef {
    let mut generator = Generator::new(3);
    let names = ["app", "phone", "store", "web"];
    let values = (0..2 * BLOCK_ROWS).map(|_| match generator.below(100) {
        0 => Some(names[1]),
        1..3 => None,
        other => Some(names[[0, 2, 3][other as usize % 3]]),
    });
    Arc::new(StringViewArray::from_iter(values))
}

#[test]
fn rare_values_have_exact_bitmaps_and_frequent_ones_none() {
    let column = channels();
    let (reader, meta) = open(column.clone());
    assert_eq!(meta.columns[0].1.distinct_count, Some(4));
    let rows_of = |values: &[&str]| reader.index_rows(&is_one_of(&reader, text(values))).unwrap();
    let expected: Vec<u32> = evaluate(&column, &Condition::In(text(&["phone"])))
        .set_indices_u32()
        .collect();
    assert!(expected.len() > 500);
    let found = rows_of(&["phone"]).expect("one in a hundred rows is rare");
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert!(rows_of(&["web"]).is_none());
    assert!(rows_of(&["phone", "web"]).is_none());
    assert_eq!(rows_of(&["fax"]).map(|rows| rows.len()), Some(0));
    assert_eq!(
        rows_of(&["fax", "phone"]).map(|rows| rows.len()),
        Some(expected.len() as u64)
    );
}

#[test]
fn values_that_lie_together_get_no_bitmap() {
    let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        (0..2 * BLOCK_ROWS).map(|row| format!("value {}", row / 2_000)),
    ));
    let (reader, _) = open(column);
    assert!(
        reader
            .index_rows(&is_one_of(&reader, text(&["value 7"])))
            .unwrap()
            .is_none()
    );
    assert!(reader.may_contain(&is_one_of(&reader, text(&["value 7"]))).unwrap());
    assert!(!reader.may_contain(&is_one_of(&reader, text(&["value x"]))).unwrap());
}

#[test]
fn bloom_filters_rule_out_most_absent_values_and_no_present_one() {
    let values: Vec<i64> = (0..50_000).map(|row| row * 7_919 % 1_000_003 * 2).collect();
    let (reader, meta) = open(Arc::new(Int64Array::from(values.clone())));
    let count = f64::from(meta.columns[0].1.distinct_count.unwrap());
    assert!((count / 50_000.0 - 1.0).abs() < 0.1, "{count} distinct");
    let may_contain = |value: i64| {
        reader
            .may_contain(&is_one_of(&reader, Arc::new(Int64Array::from(vec![value]))))
            .unwrap()
    };
    assert!(values.iter().all(|value| may_contain(*value)));
    let wrong = (0..10_000).filter(|place| may_contain(place * 2 + 1)).count();
    assert!(wrong < 500, "{wrong} of 10,000 absent values may be there");
}

#[test]
fn all_batches_of_a_column_share_one_dictionary() {
    let (reader, _) = open(channels());
    let batch = |from: u32| {
        let array = reader.decode(ColumnId(1), from..from + 100).unwrap();
        array
            .as_any()
            .downcast_ref::<DictionaryArray<UInt32Type>>()
            .unwrap()
            .clone()
    };
    let (first, second) = (batch(0), batch(BLOCK_ROWS as u32 + 5));
    assert!(Arc::ptr_eq(first.values(), second.values()));
}

#[test]
fn dictionaries_beyond_the_bound_go_and_come_again() {
    let files = Files::default();
    let meta = write(
        &files,
        &schema_of(&[DataType::Utf8View, DataType::Utf8View, DataType::Utf8View]),
        &[channels(), channels(), channels()],
        RowVersions::Single,
    );
    let open = |held: &Arc<HeldDictionaries>| {
        SegmentReader::open_among(&files, Path::new("segment"), &meta, held.clone()).unwrap()
    };
    let values = |reader: &SegmentReader, column: u32| {
        let array = reader.decode(ColumnId(column), 0..100).unwrap();
        array
            .as_any()
            .downcast_ref::<DictionaryArray<UInt32Type>>()
            .unwrap()
            .values()
            .clone()
    };
    let unbound = Arc::new(HeldDictionaries::default());
    let reader = open(&unbound);
    let first = values(&reader, 1);
    let bytes = unbound.bytes();
    for column in [2, 3, 1] {
        assert_eq!(&values(&reader, column), &first);
    }
    assert!(Arc::ptr_eq(&values(&reader, 1), &first));
    assert_eq!(unbound.bytes(), 3 * bytes);

    let two = Arc::new(HeldDictionaries::new(2 * bytes));
    let reader = open(&two);
    let held: Vec<ArrayRef> = [1, 2].map(|column| values(&reader, column)).into();
    // All were used: the oldest goes, and is another one when it comes again.
    assert_eq!(&values(&reader, 3), &first);
    assert_eq!(two.bytes(), 2 * bytes);
    assert!(
        Arc::ptr_eq(&values(&reader, 2), &held[1]),
        "used, it has a second chance"
    );
    assert!(!Arc::ptr_eq(&values(&reader, 1), &held[0]));
    assert_eq!(two.bytes(), 2 * bytes);
    // What was closed counts until room is needed.
    drop(reader);
    let reader = open(&two);
    let again = [1, 2].map(|column| values(&reader, column));
    assert_eq!(two.bytes(), 2 * bytes);
    for (column, values_before) in (1..).zip(&again) {
        assert!(Arc::ptr_eq(&values(&reader, column), values_before));
    }
    let none = Arc::new(HeldDictionaries::new(0));
    let reader = open(&none);
    assert_eq!((&values(&reader, 1), &values(&reader, 2)), (&first, &first));
    assert_eq!(none.bytes(), bytes, "the newest is held in any case");
}

#[test]
fn what_begins_in_one_value_of_a_dictionary_and_ends_in_the_next_is_in_neither() {
    let names = [
        "a",
        "b-long-value-that-ends-with-x",
        "c-long-value-that-ends-with-x",
        "c-short-x",
        "d-long-value-with-xd-inside-x",
        "d-long-value-with-xd-inside-y",
        "e-x",
    ];
    let column: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        (0..20_000).map(|row| names[row * 7_919 % names.len()]),
    ));
    let (reader, _) = open(column.clone());
    assert!(reader.footer.columns[0].extra(ExtraKind::Dictionary).is_some());
    for needle in ["xc", "xd", "x", "-long-value-that-ends-with-x", "c-short", "", "yz"] {
        let condition = Condition::Contains(needle.as_bytes().into());
        let all = BooleanBuffer::new_set(column.len());
        let found = reader.filter(ColumnId(1), 0..column.len() as u32, &condition, &all);
        assert_eq!(found.unwrap(), evaluate(&column, &condition), "{needle:?}");
    }
}

#[test]
fn sorted_columns_are_handed_on_as_runs() {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(
        (0..BLOCK_ROWS as i64).map(|row| row / 3_000),
    ));
    let (reader, _) = open(column);
    let array = reader.decode(ColumnId(1), 0..8_192).unwrap();
    assert!(matches!(array.data_type(), DataType::RunEndEncoded(_, _)));
    assert_eq!(crate::vector::flatten(&array).len(), 8_192);
}
