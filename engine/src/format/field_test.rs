//! A column's fields are those of its values one at a time, whatever the type and wherever NULLs stand. What a single value looks
//! like is tested in `binary` and `text`.

use super::*;
use crate::format::round_trip_test::{settings, value};
use crate::types::{Literal, array_of, array_type};
use arrow_array::NullArray;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// Texts of every type that values can have.
fn samples() -> Vec<(LogicalType, &'static [&'static str])> {
    let numeric = |precision, scale| LogicalType::Numeric { precision, scale };
    let array = |element| LogicalType::Array(Box::new(element));
    let fields = [LogicalType::Integer, LogicalType::Text, array(LogicalType::Date)];
    let record = fields.map(|field| ("f".to_owned(), field));
    vec![
        (LogicalType::Unknown, &["", "a"]),
        (LogicalType::Boolean, &["t", "f"]),
        (LogicalType::SmallInt, &["-2", "32767"]),
        (LogicalType::Integer, &["-2", "2147483647"]),
        (LogicalType::BigInt, &["-2", "9223372036854775807"]),
        (LogicalType::Real, &["1.5", "-0", "NaN"]),
        (LogicalType::Double, &["1.5", "-0", "Infinity"]),
        (numeric(9, 3), &["-1.500", "0", "123456.789"]),
        (numeric(30, 5), &["-1.5", "0", "1234567890123456789012.34567"]),
        (LogicalType::NUMERIC, &["1.50", "0", "-100", "0.0000000001"]),
        (LogicalType::Text, &["", "a text that is too long for a view"]),
        (LogicalType::Varchar(Some(3)), &["", "é"]),
        (LogicalType::Char(3), &["", "é", "abc"]),
        (LogicalType::Name, &["a"]),
        (LogicalType::SingleChar, &["", "x"]),
        (LogicalType::Json, &["{\"a\": 1}"]),
        (LogicalType::Jsonb, &["{\"a\": 1}"]),
        (LogicalType::Jsonpath, &["$.a"]),
        (
            LogicalType::Bytea,
            &["\\x", "\\x0102", "\\x0102030405060708090a0b0c0d0e0f"],
        ),
        (LogicalType::Date, &["2024-01-31", "infinity", "-infinity"]),
        (LogicalType::Time, &["10:00", "24:00"]),
        (LogicalType::Timestamp, &["2024-01-31 10:00:00.5", "-infinity"]),
        (LogicalType::TimestampTz, &["2024-01-31 10:00:00.5+02", "infinity"]),
        (LogicalType::Interval, &["1 year 2 mons 3 days 04:05:06.5", "-1 mon"]),
        (LogicalType::Uuid, &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        (LogicalType::Tid, &["(7,8)", "(4294967295,65535)"]),
        (LogicalType::Oid, &["0", "4294967295"]),
        (LogicalType::Regclass, &["-", "1259"]),
        (LogicalType::Regtype, &["23"]),
        (LogicalType::Regproc, &["42"]),
        (LogicalType::Regnamespace, &["11"]),
        (LogicalType::Int2Vector, &["", "1 2"]),
        (LogicalType::OidVector, &["", "1 2"]),
        (array(LogicalType::Integer), &["{}", "{1,NULL,3}", "{4}"]),
        (array(LogicalType::Jsonb), &["{NULL,\"{}\"}", "{1}"]),
        (array(array(LogicalType::Text)), &["{{a,b},{NULL,d}}", "{}", "{{\"\"}}"]),
        (
            array(array(array(LogicalType::SmallInt))),
            &["{{{1},{2}}}", "{{{3,4}},{{5,6}}}"],
        ),
        (
            LogicalType::Record(record.into()),
            &["(1,a,{2024-01-31})", "(,,)", "(2,\"\",{NULL})"],
        ),
    ]
}

fn field_of(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

/// The fields of a column of these values, of the whole and of what is left behind its first row.
fn check(data_type: &LogicalType, values: &[Literal], settings: &FormatSettings) {
    let single: Vec<_> = values.iter().map(|value| array_of(value, data_type).unwrap()).collect();
    let parts: Vec<&dyn Array> = single.iter().map(|array| &**array).collect();
    let whole = arrow_select::concat::concat(&parts).unwrap();
    for from in [0, 1.min(values.len())] {
        let column = whole.slice(from, values.len() - from);
        let binary = FieldWriter::binary(&column, data_type);
        let text = FieldWriter::text(&column, data_type, settings);
        for (row, (value, array)) in values.iter().zip(&single).skip(from).enumerate() {
            let place = format!("{data_type} {value:?} in row {row} of {values:?}");
            let expected = |field: FieldWriter<'_>| match value {
                Literal::Null => NULL_LENGTH.to_vec(),
                _ => field_of(|out| field.write(0, out)),
            };
            let found = field_of(|out| binary.write(row, out));
            assert_eq!(found, expected(FieldWriter::binary(array, data_type)), "{place}");
            let found = field_of(|out| text.write(row, out));
            assert_eq!(
                found,
                expected(FieldWriter::text(array, data_type, settings)),
                "{place}"
            );
        }
    }
}

#[test]
fn fields_of_every_type_with_nulls() {
    let settings = FormatSettings::default();
    for (data_type, texts) in samples() {
        let values = texts
            .iter()
            .map(|text| text::parse_value(text, &data_type, &settings).unwrap());
        let values: Vec<_> = values.collect();
        check(&data_type, &values, &settings);
        let with_nulls: Vec<_> = values.into_iter().flat_map(|value| [Literal::Null, value]).collect();
        check(&data_type, &with_nulls, &settings);
        check(&data_type, &[Literal::Null, Literal::Null], &settings);
    }
}

#[test]
fn values_of_no_type_are_null() {
    let column: ArrayRef = Arc::new(NullArray::new(2));
    let settings = FormatSettings::default();
    for data_type in [LogicalType::Void, LogicalType::Unknown] {
        let writers = [
            FieldWriter::binary(&column, &data_type),
            FieldWriter::text(&column, &data_type, &settings),
        ];
        for writer in writers {
            assert_eq!(field_of(|out| writer.write(1, out)), NULL_LENGTH);
        }
    }
    assert_eq!(array_type(&LogicalType::Void), *column.data_type());
}

#[test]
fn a_field_begins_with_its_length() {
    let column = array_of(&Literal::Integer(-17), &LogicalType::Integer).unwrap();
    let settings = FormatSettings::default();
    let binary = field_of(|out| FieldWriter::binary(&column, &LogicalType::Integer).write(0, out));
    assert_eq!(binary, b"\0\0\0\x04\xff\xff\xff\xef");
    let text = field_of(|out| FieldWriter::text(&column, &LogicalType::Integer, &settings).write(0, out));
    assert_eq!(text, b"\0\0\0\x03-17");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn fields_of_whatever_values(
        found in vec(value(), 1..40),
        nulls in vec(any::<bool>(), 40),
        settings in settings(),
    ) {
        for (data_type, _) in &found {
            let column = found.iter().zip(&nulls).filter(|((other, _), _)| other == data_type);
            let values: Vec<_> = column
                .map(|((_, value), is_null)| if *is_null { Literal::Null } else { value.clone() })
                .collect();
            check(data_type, &values, &settings);
        }
    }
}
