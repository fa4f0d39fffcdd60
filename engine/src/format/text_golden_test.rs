//! A thousand texts of all types, each with what PostgreSQL 15 makes of it: `text_golden.tsv` has type, text and answer (an
//! error as its code, message and detail), in COPY's escapes, in time zone UTC and DateStyle ISO, MDY.

use super::*;
use crate::error::Error;
use crate::types::array_of;

fn type_named(name: &str) -> LogicalType {
    if let Some(element) = name.strip_suffix("[]") {
        return LogicalType::Array(Box::new(type_named(element)));
    }
    if let Some(parameters) = name.strip_prefix("numeric(") {
        let (precision, scale) = parameters.trim_end_matches(')').split_once(',').unwrap();
        return LogicalType::Numeric {
            precision: precision.parse().unwrap(),
            scale: scale.parse().unwrap(),
        };
    }
    match name {
        "smallint" => LogicalType::SmallInt,
        "int" | "integer" => LogicalType::Integer,
        "bigint" => LogicalType::BigInt,
        "real" => LogicalType::Real,
        "float8" => LogicalType::Double,
        "oid" => LogicalType::Oid,
        "boolean" => LogicalType::Boolean,
        "uuid" => LogicalType::Uuid,
        "bytea" => LogicalType::Bytea,
        "text" => LogicalType::Text,
        "json" => LogicalType::Json,
        "jsonb" => LogicalType::Jsonb,
        "date" => LogicalType::Date,
        "time" => LogicalType::Time,
        "timestamp" => LogicalType::Timestamp,
        "timestamptz" => LogicalType::TimestampTz,
        "interval" => LogicalType::Interval,
        "varchar(3)" => LogicalType::Varchar(Some(3)),
        "\"char\"" => LogicalType::SingleChar,
        "name" => LogicalType::Name,
        other => panic!("no type {other}"),
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next().unwrap() {
                't' => '\t',
                'n' => '\n',
                'b' => '\u{8}',
                'f' => '\u{C}',
                'r' => '\r',
                other => other,
            },
            other => other,
        });
    }
    plain
}

fn answer(text: &str, data_type: &LogicalType, settings: &FormatSettings) -> String {
    match parse_value(text, data_type, settings) {
        Ok(literal) => {
            let array = array_of(&literal, data_type).unwrap();
            let mut out = Vec::new();
            ColumnWriter::new(&array, data_type, settings).write(0, &mut out);
            // A column builder must read the same.
            let mut builder = column_builder(data_type, settings).unwrap();
            builder.push_text(text.as_bytes()).unwrap();
            assert_eq!(&builder.finish(), &array, "{data_type} {text}");
            String::from_utf8(out).unwrap()
        }
        Err(Error::Sql(error)) => {
            let detail = error.detail.map(|detail| format!(" | {detail}")).unwrap_or_default();
            format!("{} {}{detail}", error.state.0, error.message)
        }
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn every_text_is_read_and_printed_as_postgres_does() {
    let settings = FormatSettings::default();
    let mut wrong = Vec::new();
    for line in include_str!("text_golden.tsv").lines() {
        let mut fields = line.split('\t');
        let (name, text, expected) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let answer = answer(&unescape(text), &type_named(name), &settings);
        if answer != unescape(expected) {
            wrong.push(format!("{line}\n    {answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
