//! Whatever value of whatever type: its text and its bytes are read back as the same value; and no text or bytes make a reader
//! panic.

use super::{FieldWriter, FormatSettings, IntervalStyle, binary, text};
use crate::calendar::{DATE_MAX, DATE_MIN, TIMESTAMP_MAX, TIMESTAMP_MIN};
use crate::types::{Literal, LogicalType, array_of};
use arrow_array::ArrayRef;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;

fn numeric(precision: u8, scale: u8) -> BoxedStrategy<(LogicalType, Literal)> {
    let bound = 10_i128.pow(precision.into());
    (1 - bound..bound)
        .prop_map(move |value| (LogicalType::Numeric { precision, scale }, Literal::Numeric(value)))
        .boxed()
}

fn text_value() -> BoxedStrategy<String> {
    "[^\0]{0,20}".boxed()
}

/// A value with its type.
fn scalar() -> BoxedStrategy<(LogicalType, Literal)> {
    let integer = |data_type: LogicalType, values: BoxedStrategy<i64>| {
        values
            .prop_map(move |value| (data_type.clone(), Literal::Integer(value)))
            .boxed()
    };
    prop_oneof![
        any::<bool>().prop_map(|value| (LogicalType::Boolean, Literal::Boolean(value))),
        integer(LogicalType::SmallInt, any::<i16>().prop_map_into().boxed()),
        integer(LogicalType::Integer, any::<i32>().prop_map_into().boxed()),
        integer(LogicalType::BigInt, any::<i64>().boxed()),
        integer(LogicalType::Oid, any::<u32>().prop_map_into().boxed()),
        any::<f32>().prop_map(|value| (LogicalType::Real, Literal::Float(value.into()))),
        any::<f64>().prop_map(|value| (LogicalType::Double, Literal::Float(value))),
        (0_i32..60, any::<f64>()).prop_map(|(shift, value)| {
            (
                LogicalType::Double,
                Literal::Float((value as i64 >> shift) as f64 * 1e3),
            )
        }),
        numeric(5, 2),
        numeric(18, 18),
        numeric(18, 3),
        numeric(38, 10),
        numeric(37, 7),
        text_value().prop_map(|value| (LogicalType::Text, Literal::Text(value))),
        vec(any::<u8>(), 0..20).prop_map(|value| (LogicalType::Bytea, Literal::Bytes(value))),
        (DATE_MIN..=DATE_MAX).prop_map(|value| (LogicalType::Date, Literal::Date(value))),
        (0..=86_400_000_000_i64).prop_map(|value| (LogicalType::Time, Literal::Time(value))),
        (TIMESTAMP_MIN..=TIMESTAMP_MAX).prop_map(|value| (LogicalType::Timestamp, Literal::Timestamp(value))),
        (TIMESTAMP_MIN / 2..=TIMESTAMP_MAX - 1_000_000_000_000)
            .prop_map(|value| (LogicalType::TimestampTz, Literal::Timestamp(value))),
        (0..2_000_000_000_000_000_i64).prop_map(|value| (LogicalType::TimestampTz, Literal::Timestamp(value))),
        (any::<i32>(), any::<i32>(), i64::MIN / 1_000..=i64::MAX / 1_000).prop_map(|(months, days, microseconds)| {
            let interval = Literal::Interval {
                months,
                days,
                microseconds,
            };
            (LogicalType::Interval, interval)
        }),
        any::<[u8; 16]>().prop_map(|value| (LogicalType::Uuid, Literal::Uuid(value))),
    ]
    .boxed()
}

/// A value, an array of values or a record of values.
pub(super) fn value() -> BoxedStrategy<(LogicalType, Literal)> {
    prop_oneof![
        4 => scalar(),
        1 => vec(proptest::option::of(text_value()), 0..5).prop_map(|values| {
            let values = values.into_iter().map(|value| value.map_or(Literal::Null, Literal::Text));
            (LogicalType::Array(Box::new(LogicalType::Text)), Literal::Array(values.collect()))
        }),
        1 => vec(any::<[i32; 3]>(), 1..4).prop_map(|rows| {
            let row = |row: [i32; 3]| Literal::Array(row.iter().map(|value| Literal::Integer((*value).into())).collect());
            let data_type = LogicalType::Array(Box::new(LogicalType::Array(Box::new(LogicalType::Integer))));
            (data_type, Literal::Array(rows.into_iter().map(row).collect()))
        }),
        1 => vec((scalar(), any::<bool>()), 1..4).prop_map(|fields| {
            let types = fields.iter().map(|((data_type, _), _)| (String::from("f"), data_type.clone())).collect();
            let values = fields.into_iter().map(|((_, value), null)| if null { Literal::Null } else { value });
            (LogicalType::Record(types), Literal::Record(values.collect()))
        }),
    ]
    .boxed()
}

pub(super) fn settings() -> BoxedStrategy<FormatSettings> {
    let zones = prop_oneof![
        Just("UTC"),
        Just("America/New_York"),
        Just("Asia/Kolkata"),
        Just("Europe/Berlin")
    ];
    let styles = prop_oneof![
        Just(IntervalStyle::Postgres),
        Just(IntervalStyle::PostgresVerbose),
        Just(IntervalStyle::Iso8601),
        Just(IntervalStyle::SqlStandard)
    ];
    (zones, styles, any::<bool>())
        .prop_map(|(zone, interval_style, bytea_escape)| FormatSettings {
            time_zone: TimeZone::get(zone).unwrap(),
            interval_style,
            bytea_escape,
            ..FormatSettings::default()
        })
        .boxed()
}

/// The binary form of an array's first value.
pub(super) fn binary_value(array: &ArrayRef, data_type: &LogicalType) -> Vec<u8> {
    let mut field = Vec::new();
    FieldWriter::binary(array, data_type).write(0, &mut field);
    assert_eq!(field[..4], (field.len() as u32 - 4).to_be_bytes());
    field.split_off(4)
}

/// NaN is equal to itself here.
fn is_same(left: &Literal, right: &Literal) -> bool {
    match (left, right) {
        (Literal::Float(left), Literal::Float(right)) => {
            left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
        }
        (Literal::Record(left), Literal::Record(right)) | (Literal::Array(left), Literal::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (left, right) => left == right,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn texts_are_read_back((data_type, literal) in value(), settings in settings()) {
        let array = array_of(&literal, &data_type).unwrap();
        let mut out = Vec::new();
        text::ColumnWriter::new(&array, &data_type, &settings).write(0, &mut out);
        let shown = String::from_utf8(out).unwrap();
        let read = text::parse_value(&shown, &data_type, &settings);
        prop_assert!(read.as_ref().is_ok_and(|read| is_same(read, &literal)), "{data_type} {shown} {read:?}");
        let mut builder = text::column_builder(&data_type, &settings).unwrap();
        builder.push_text(shown.as_bytes()).unwrap();
        builder.push_null();
        builder.push_text(shown.as_bytes()).unwrap();
        builder.truncate(1);
        prop_assert_eq!(builder.len(), 1);
        prop_assert_eq!(format!("{:?}", builder.finish()), format!("{array:?}"));
    }

    #[test]
    fn bytes_are_read_back((data_type, literal) in value(), settings in settings()) {
        let array = array_of(&literal, &data_type).unwrap();
        let out = binary_value(&array, &data_type);
        let read = binary::parse_value(&out, &data_type, &settings);
        prop_assert!(read.as_ref().is_ok_and(|read| is_same(read, &literal)), "{data_type} {out:?} {read:?}");
    }

    #[test]
    fn no_text_is_too_strange((data_type, literal) in value(), garbage in "[-+0-9a-zA-Z:./{},()\"\\\\ ]{0,24}") {
        let settings = FormatSettings::default();
        let _ = text::parse_value(&garbage, &data_type, &settings);
        for other in [LogicalType::Json, LogicalType::Jsonb, LogicalType::Regclass, LogicalType::Char(2)] {
            let _ = text::parse_value(&garbage, &other, &settings);
        }
        // A part of a good text.
        let array = array_of(&literal, &data_type).unwrap();
        let mut out = Vec::new();
        text::ColumnWriter::new(&array, &data_type, &settings).write(0, &mut out);
        let shown = String::from_utf8(out).unwrap();
        let cut = shown.floor_char_boundary(shown.len() / 2);
        let _ = text::parse_value(&shown[..cut], &data_type, &settings);
        let _ = text::parse_value(&format!("{}{garbage}", &shown[..cut]), &data_type, &settings);
    }

    #[test]
    fn no_bytes_are_too_strange((data_type, literal) in value(), garbage in vec(any::<u8>(), 0..40), cut in 0..40_usize) {
        let settings = FormatSettings::default();
        let _ = binary::parse_value(&garbage, &data_type, &settings);
        let array = array_of(&literal, &data_type).unwrap();
        let mut out = binary_value(&array, &data_type);
        out.truncate(cut);
        out.extend(garbage);
        let _ = binary::parse_value(&out, &data_type, &settings);
    }
}
