//! Arrays of every type there and back, the form byte by byte, and bytes that are damaged.

use super::*;
use crate::format::FormatSettings;
use crate::format::text::parse_value;
use crate::types::{Literal, LogicalType, array_of_all, array_type};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray};
use arrow_buffer::BooleanBuffer;
use proptest::prelude::*;
use std::sync::Arc;

fn array(element: LogicalType) -> LogicalType {
    LogicalType::Array(Box::new(element))
}

/// Element types with two values each.
fn elements() -> Vec<(LogicalType, [&'static str; 2])> {
    use LogicalType::*;
    vec![
        (Boolean, ["true", "false"]),
        (SmallInt, ["1", "-2"]),
        (Integer, ["1", "-2"]),
        (BigInt, ["1", "9223372036854775807"]),
        (Real, ["1.5", "-Infinity"]),
        (Double, ["1.5", "NaN"]),
        (
            Numeric {
                precision: 10,
                scale: 2,
            },
            ["1.50", "-99999999.99"],
        ),
        (LogicalType::NUMERIC, ["0.0000000001", "-1"]),
        (Text, ["short", "a text that does not fit into a view, ünd möre"]),
        (Varchar(Some(5)), ["", "abcde"]),
        (Date, ["2024-02-29", "infinity"]),
        (Time, ["00:00:00", "23:59:59.999999"]),
        (Timestamp, ["2024-02-29 12:00:00", "1900-01-01 00:00:00"]),
        (TimestampTz, ["2024-02-29 12:00:00+00", "-infinity"]),
        (Interval, ["1 mon 2 days 03:00:00.5", "-1 days"]),
        (
            Uuid,
            [
                "00000000-0000-0000-0000-000000000001",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ],
        ),
        (Jsonb, ["{\"a\": [1, 2]}", "null"]),
        (Bytea, ["\\x00ff", "\\x000102030405060708090a0b0c0d0e0f"]),
    ]
}

fn literal(text: &str, data_type: &LogicalType) -> Literal {
    parse_value(text, data_type, &FormatSettings::default()).unwrap()
}

/// NULL, no element, one, several, with NULLs in between, and more than a length of one byte.
fn rows(element: &LogicalType, [a, b]: [&str; 2]) -> Vec<Literal> {
    let (a, b) = (literal(a, element), literal(b, element));
    let of = |elements: &[&Literal]| Literal::Array(elements.iter().map(|element| (*element).clone()).collect());
    let long: Vec<&Literal> = (0..300).map(|at| [&a, &b, &Literal::Null][at % 3]).collect();
    vec![
        of(&[&a]),
        Literal::Null,
        of(&[]),
        of(&[&b, &a, &b]),
        of(&[&Literal::Null]),
        of(&[&Literal::Null, &b, &Literal::Null, &a]),
        of(&long),
    ]
}

fn lists(rows: &[Literal], data_type: &LogicalType) -> ArrayRef {
    array_of_all(rows, data_type).unwrap()
}

#[test]
fn arrays_of_every_type_come_back() {
    for (element, values) in elements() {
        let data_type = array(element.clone());
        let given = lists(&rows(&element, values), &data_type);
        let stored = encode(&given).unwrap();
        assert_eq!(
            &decode(&stored, &array_type(&data_type), None).unwrap(),
            &given,
            "{element}"
        );
        // A part of a column.
        let (given, stored) = (given.slice(2, 4), encode(&given.slice(2, 4)).unwrap());
        assert_eq!(
            &decode(&stored, &array_type(&data_type), None).unwrap(),
            &given,
            "{element}"
        );
    }
}

#[test]
fn arrays_of_arrays_come_back() {
    for (element, values) in elements() {
        let data_type = array(array(element.clone()));
        let inner = rows(&element, values);
        let rows = [
            Literal::Array(inner.clone()),
            Literal::Null,
            Literal::Array(Vec::new()),
            Literal::Array(inner),
        ];
        let given = lists(&rows, &data_type);
        let stored = encode(&given).unwrap();
        assert_eq!(
            &decode(&stored, &array_type(&data_type), None).unwrap(),
            &given,
            "{element}"
        );
    }
}

#[test]
fn unwanted_rows_are_not_read() {
    let data_type = array(LogicalType::Integer);
    let stored: ArrayRef = Arc::new(BinaryViewArray::from_iter_values([&b"\x04\x01\x07\0\0\0"[..], b"?"]));
    let wanted = BooleanBuffer::from(vec![true, false]);
    let read = decode(&stored, &array_type(&data_type), Some(&wanted)).unwrap();
    assert_eq!(
        &read,
        &lists(&[Literal::Array(vec![Literal::Integer(7)]), Literal::Null], &data_type)
    );
    assert!(decode(&stored, &array_type(&data_type), None).is_err());
}

#[test]
fn the_form_is_as_described() {
    let stored = |element: LogicalType, text: &str| {
        let data_type = array(element);
        let array = encode(&lists(&[literal(text, &data_type)], &data_type)).unwrap();
        array.as_binary_view().value(0).to_vec()
    };
    assert_eq!(
        stored(LogicalType::Text, "{a,NULL,bcd}"),
        b"\x81\x03\x05\x01\x00\x03abcd"
    );
    assert_eq!(stored(LogicalType::SmallInt, "{1,NULL}"), b"\x82\x02\x01\x01\0\0\0");
    assert_eq!(stored(LogicalType::Boolean, "{t,f,t}"), b"\x00\x03\x05");
    assert_eq!(stored(LogicalType::Integer, "{}"), b"\x04\x00");
}

/// Reads what may be damaged: it must not panic.
fn read_anything(bytes: &[u8], element: &LogicalType) {
    let stored: ArrayRef = Arc::new(BinaryViewArray::from_iter_values([bytes]));
    for data_type in [array(element.clone()), array(array(element.clone()))] {
        if let Err(error) = decode(&stored, &array_type(&data_type), None) {
            assert_eq!(error.state(), SqlState::DATA_CORRUPTED, "{error}");
        }
    }
}

proptest! {
    #[test]
    fn damaged_bytes_are_an_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..64),
        header in prop_oneof![Just(0_u8), Just(1), Just(2), Just(3), Just(4), Just(8), Just(16)],
        nulls in any::<bool>(),
    ) {
        let bytes = [&[header | if nulls { HAS_NULLS } else { 0 }], &bytes[..]].concat();
        for (element, _) in elements() {
            read_anything(&bytes, &element);
        }
    }

    #[test]
    fn a_changed_byte_is_an_error_or_another_value(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
        for (element, values) in elements() {
            let data_type = array(element.clone());
            let stored = encode(&lists(&rows(&element, values), &data_type)).unwrap();
            let mut bytes = stored.as_binary_view().value(6).to_vec();
            let place = at.index(bytes.len());
            bytes[place] ^= change;
            read_anything(&bytes, &element);
            read_anything(&bytes[..place], &element);
        }
    }
}
