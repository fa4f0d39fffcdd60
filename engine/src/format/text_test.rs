//! Text out and in against what PostgreSQL 15 prints and reads.

use super::*;
use crate::types::array_of;

fn shown(literal: &Literal, data_type: &LogicalType, settings: &FormatSettings) -> String {
    let array = array_of(literal, data_type).unwrap();
    let mut out = Vec::new();
    ColumnWriter::new(&array, data_type, settings).write(0, &mut out);
    String::from_utf8(out).unwrap()
}

/// What a text reads as, printed again; or the error.
fn read(text: &str, data_type: &LogicalType) -> String {
    let settings = FormatSettings::default();
    match parse_value(text, data_type, &settings) {
        Ok(literal) => shown(&literal, data_type, &settings),
        Err(error) => format!("{} {error}", error.state().0),
    }
}

fn check(data_type: &LogicalType, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(read(text, data_type), *expected, "{data_type} {text}");
    }
}

#[test]
fn places() {
    check(
        &LogicalType::Tid,
        &[
            ("(0,1)", "(0,1)"),
            ("'(7, 8)'", "(7,8)"),
            ("(-1,65535)", "(4294967295,65535)"),
            ("(1,65536)", "22P02 invalid input syntax for type tid: \"(1,65536)\""),
            (
                "(4294967296,1)",
                "22P02 invalid input syntax for type tid: \"(4294967296,1)\"",
            ),
            ("(1,-1)", "22P02 invalid input syntax for type tid: \"(1,-1)\""),
            ("(1)", "22P02 invalid input syntax for type tid: \"(1)\""),
            ("1,2", "22P02 invalid input syntax for type tid: \"1,2\""),
        ],
    );
}

#[test]
fn integers() {
    check(
        &LogicalType::Integer,
        &[
            (" 12 ", "12"),
            ("+5", "5"),
            ("-2147483648", "-2147483648"),
            ("", "22P02 invalid input syntax for type integer: \"\""),
            ("- 5", "22P02 invalid input syntax for type integer: \"- 5\""),
            ("1.5", "22P02 invalid input syntax for type integer: \"1.5\""),
            (
                "2147483648",
                "22003 value \"2147483648\" is out of range for type integer",
            ),
        ],
    );
    check(
        &LogicalType::SmallInt,
        &[("99999", "22003 value \"99999\" is out of range for type smallint")],
    );
    check(
        &LogicalType::BigInt,
        &[
            ("-9223372036854775808", "-9223372036854775808"),
            ("0000000000000000000000001", "1"),
            (
                "9223372036854775808",
                "22003 value \"9223372036854775808\" is out of range for type bigint",
            ),
        ],
    );
}

#[test]
fn floats_print_the_shortest_digits_that_read_back() {
    check(
        &LogicalType::Double,
        &[
            ("1e20", "1e+20"),
            ("0.1", "0.1"),
            ("-0", "-0"),
            ("nan", "NaN"),
            (" Infinity ", "Infinity"),
            ("-inf", "-Infinity"),
            ("1e23", "9.999999999999999e+22"),
            ("8.41e21", "8.409999999999999e+21"),
            ("9007199254740993", "9.007199254740992e+15"),
            ("5e-324", "5e-324"),
            ("1e15", "1e+15"),
            ("1e14", "100000000000000"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("123456.789", "123456.789"),
            ("0x1A", "26"),
            ("1e400", "22003 \"1e400\" is out of range for type double precision"),
            ("1e-400", "22003 \"1e-400\" is out of range for type double precision"),
            ("1_0", "22P02 invalid input syntax for type double precision: \"1_0\""),
        ],
    );
    check(
        &LogicalType::Real,
        &[
            ("123456.7", "123456.7"),
            ("1234567", "1.234567e+06"),
            ("33554432", "3.3554432e+07"),
            ("2e-44", "2e-44"),
            ("1e39", "22003 \"1e39\" is out of range for type real"),
        ],
    );
}

#[test]
fn decimals_keep_their_scale() {
    let numeric = |precision, scale| LogicalType::Numeric { precision, scale };
    check(
        &numeric(5, 2),
        &[
            ("1.255", "1.26"),
            ("-1.255", "-1.26"),
            ("-1.254", "-1.25"),
            (".5", "0.50"),
            ("5.", "5.00"),
            ("1e2", "100.00"),
            ("123e-4", "0.01"),
            ("999.994", "999.99"),
            ("999.995", "22003 numeric field overflow"),
            ("1e", "22P02 invalid input syntax for type numeric: \"1e\""),
            (".", "22P02 invalid input syntax for type numeric: \".\""),
            ("1e200000", "22003 value overflows numeric format"),
        ],
    );
    check(
        &numeric(38, 0),
        &[(
            "99999999999999999999999999999999999999",
            "99999999999999999999999999999999999999",
        )],
    );
    check(
        &LogicalType::NUMERIC,
        &[("1.50", "1.5"), ("100", "100"), ("0", "0"), ("-0.0001", "-0.0001")],
    );
}

#[test]
fn booleans() {
    check(
        &LogicalType::Boolean,
        &[
            ("tr", "t"),
            (" yes ", "t"),
            ("of", "f"),
            ("1", "t"),
            ("o", "22P02 invalid input syntax for type boolean: \"o\""),
            ("tru e", "22P02 invalid input syntax for type boolean: \"tru e\""),
        ],
    );
}
