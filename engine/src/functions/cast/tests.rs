//! Casts as a table; every cast runs as a constant and as a column with a NULL in it.

use super::cast;
use crate::calendar::{DAY, HOUR};
use crate::functions::Value;
use crate::functions::scalar::testing::*;
use crate::types::{Literal, LogicalType, array_of, array_type, literal_at};
use arrow_array::{Array, new_null_array};

fn run(from: &Typed, to: &LogicalType, explicit: bool, zone: &str) -> crate::error::Result<Literal> {
    let statement = statement_in(zone);
    let array = array_of(&from.0, &from.1).unwrap();
    let constant = cast(&Value::Constant(array.clone()), &from.1, to, explicit, &statement)?;
    let Value::Constant(constant) = constant else {
        panic!("a constant stays one")
    };
    let answer = literal_at(&*constant, 0, to).unwrap();
    let null = new_null_array(array.data_type(), 1);
    let rows = arrow_select::concat::concat(&[array.as_ref(), null.as_ref(), array.as_ref()]).unwrap();
    let Value::Array(rows) = cast(&Value::Array(rows), &from.1, to, explicit, &statement)? else {
        panic!("a column stays one")
    };
    assert_eq!(rows.data_type(), &array_type(to));
    assert!(rows.is_null(1));
    for row in [0, 2] {
        assert_eq!(literal_at(&*rows, row, to).unwrap(), answer);
    }
    Ok(answer)
}

#[track_caller]
fn gives(from: Typed, expected: Typed) {
    match run(&from, &expected.1, true, "UTC") {
        Ok(answer) => assert_eq!(answer, expected.0, "{from:?}"),
        Err(error) => panic!("{from:?}: {error}"),
    }
}

#[track_caller]
fn fails(from: Typed, to: LogicalType, state: &str, message: &str) {
    match run(&from, &to, false, "UTC") {
        Ok(answer) => panic!("{from:?} gives {answer:?}"),
        Err(error) => {
            assert_eq!(error.to_string(), message);
            assert_eq!(error.state().0, state);
        }
    }
}

fn decimal(text: &str, precision: u8, scale: u8) -> Typed {
    (numeric(text).0, LogicalType::Numeric { precision, scale })
}

#[test]
fn to_integers() {
    gives(bigint(7), smallint(7));
    gives(integer(-7), bigint(-7));
    gives(double(2.5), integer(2));
    gives(double(3.5), integer(4));
    gives(double(-2.5), integer(-2));
    gives(real(1.5), smallint(2));
    gives(numeric("2.5"), integer(3));
    gives(numeric("-2.5"), integer(-3));
    gives(numeric("2.4999999999999999999"), bigint(2));
    gives(boolean(true), integer(1));
    fails(integer(40_000), LogicalType::SmallInt, "22003", "smallint out of range");
    fails(bigint(1 << 31), LogicalType::Integer, "22003", "integer out of range");
    fails(double(1e19), LogicalType::BigInt, "22003", "bigint out of range");
    fails(double(f64::NAN), LogicalType::Integer, "22003", "integer out of range");
    fails(
        double(9_223_372_036_854_775_808.0),
        LogicalType::BigInt,
        "22003",
        "bigint out of range",
    );
    fails(
        numeric("99999999999999999999"),
        LogicalType::BigInt,
        "22003",
        "bigint out of range",
    );
}

#[test]
fn to_floats() {
    gives(integer(3), double(3.0));
    gives(numeric("0.1"), double(0.1));
    gives(numeric("1234567890123.4567"), double(1_234_567_890_123.456_7));
    gives(numeric("0.1"), real(0.1));
    gives(double(0.1), real(0.1));
    gives(real(0.5), double(0.5));
    fails(
        double(1e300),
        LogicalType::Real,
        "22003",
        "value out of range: overflow",
    );
    fails(
        double(1e-300),
        LogicalType::Real,
        "22003",
        "value out of range: underflow",
    );
}

#[test]
fn to_numerics() {
    gives(integer(3), decimal("3.00", 12, 2));
    gives(numeric("1.005"), decimal("1.01", 12, 2));
    gives(numeric("-1.005"), decimal("-1.01", 38, 2));
    gives(numeric("1.5"), decimal("1.5000000000", 38, 10));
    gives(double(0.1), decimal("0.1000000000", 38, 10));
    gives(double(1e15 / 3.0), decimal("333333333333333.00", 20, 2));
    gives(real(0.1), decimal("0.1000000", 10, 7));
    gives(bigint(i64::MAX), decimal("9223372036854775807", 19, 0));
    fails(
        integer(100_000),
        LogicalType::Numeric { precision: 5, scale: 2 },
        "22003",
        "numeric field overflow",
    );
    fails(
        numeric("999.995"),
        LogicalType::Numeric { precision: 5, scale: 2 },
        "22003",
        "numeric field overflow",
    );
    fails(
        double(f64::INFINITY),
        LogicalType::NUMERIC,
        "0A000",
        "cannot convert infinity to numeric",
    );
    let error = run(
        &integer(1),
        &LogicalType::Numeric { precision: 3, scale: 3 },
        false,
        "UTC",
    )
    .unwrap_err();
    let crate::error::Error::Sql(error) = error else {
        panic!("{error}")
    };
    let detail = "A field with precision 3, scale 3 must round to an absolute value less than 1.";
    assert_eq!(error.detail.as_deref(), Some(detail));
}

#[test]
fn between_texts() {
    let varchar = |length, value: &str| (Literal::Text(value.to_owned()), LogicalType::Varchar(Some(length)));
    let char = |length, value: &str| (Literal::Text(value.to_owned()), LogicalType::Char(length));
    gives(text("añb"), varchar(2, "añ"));
    gives(text("ab  "), char(2, "ab"));
    gives(text("a "), char(5, "a"));
    gives(text("abc"), char(2, "ab"));
    gives(char(3, "ab"), text("ab"));
    gives(boolean(true), text("true"));
    gives(boolean(false), varchar(2, "fa"));
    fails(
        text("abc"),
        LogicalType::Varchar(Some(2)),
        "22001",
        "value too long for type character varying(2)",
    );
    fails(
        text("abc"),
        LogicalType::Char(2),
        "22001",
        "value too long for type character(2)",
    );
    assert_eq!(
        run(&text("ab  "), &LogicalType::Varchar(Some(2)), false, "UTC").unwrap(),
        Literal::Text("ab".into())
    );
    let long = "x".repeat(70);
    gives(text(&long), (Literal::Text("x".repeat(63)), LogicalType::Name));
}

#[test]
fn dates_and_times() {
    let date = |days| (Literal::Date(days), LogicalType::Date);
    let timestamp = |value| (Literal::Timestamp(value), LogicalType::Timestamp);
    let timestamptz = |value| (Literal::Timestamp(value), LogicalType::TimestampTz);
    gives(date(-1), timestamp(-DAY));
    gives(timestamp(-1), date(-1));
    gives(timestamp(-1), (Literal::Time(DAY - 1), LogicalType::Time));
    gives(date(i32::MAX), timestamp(i64::MAX));
    gives(timestamp(i64::MIN), date(i32::MIN));
    fails(
        date(200_000_000),
        LogicalType::Timestamp,
        "22008",
        "date out of range for timestamp",
    );
    let in_new_york = |from: Typed, to: Typed| {
        assert_eq!(run(&from, &to.1, true, "America/New_York").unwrap(), to.0, "{from:?}");
    };
    // 2024-01-01 00:00 in New York is 05:00 UTC; 2024-07-01 00:00 is 04:00.
    in_new_york(date(19_723), timestamptz(19_723 * DAY + 5 * HOUR));
    in_new_york(date(19_905), timestamptz(19_905 * DAY + 4 * HOUR));
    in_new_york(timestamptz(19_905 * DAY), timestamp(19_905 * DAY - 4 * HOUR));
    in_new_york(timestamptz(19_905 * DAY), date(19_904));
    in_new_york(timestamptz(19_905 * DAY), (Literal::Time(20 * HOUR), LogicalType::Time));
    // 2024-03-10 02:30 does not exist (it is 03:30 EDT), 2024-11-03 01:30 exists twice (the later one counts).
    in_new_york(
        timestamp(19_792 * DAY + 5 * HOUR / 2),
        timestamptz(19_792 * DAY + 15 * HOUR / 2),
    );
    in_new_york(
        timestamp(20_030 * DAY + 3 * HOUR / 2),
        timestamptz(20_030 * DAY + 13 * HOUR / 2),
    );
    in_new_york(timestamptz(i64::MAX), timestamp(i64::MAX));
}

#[test]
fn from_jsonb() {
    let jsonb = |value: &str| (Literal::Text(value.to_owned()), LogicalType::Jsonb);
    gives(jsonb("true"), boolean(true));
    gives(jsonb("2.5"), integer(3));
    gives(jsonb("-12"), bigint(-12));
    gives(jsonb("0.5"), double(0.5));
    gives(jsonb("1.255"), decimal("1.26", 5, 2));
    fails(
        jsonb("\"x\""),
        LogicalType::Integer,
        "22023",
        "cannot cast jsonb string to type integer",
    );
    fails(
        jsonb("null"),
        LogicalType::Boolean,
        "22023",
        "cannot cast jsonb null to type boolean",
    );
    fails(
        jsonb("[1]"),
        LogicalType::NUMERIC,
        "22023",
        "cannot cast jsonb array to type numeric",
    );
}

#[test]
fn arrays_element_by_element() {
    let array = |values: &[Literal], element| (Literal::Array(values.to_vec()), LogicalType::Array(Box::new(element)));
    let int = Literal::Integer;
    let source = array(&[int(1), Literal::Null, int(3)], LogicalType::Integer);
    gives(
        source.clone(),
        array(&[int(1), Literal::Null, int(3)], LogicalType::BigInt),
    );
    gives(
        source,
        array(
            &[Literal::Float(1.0), Literal::Null, Literal::Float(3.0)],
            LogicalType::Double,
        ),
    );
    let large = array(&[int(1 << 20)], LogicalType::Integer);
    fails(
        large,
        LogicalType::Array(Box::new(LogicalType::SmallInt)),
        "22003",
        "smallint out of range",
    );
}

#[test]
fn objects() {
    gives(integer(-1), (Literal::Integer(4_294_967_295), LogicalType::Oid));
    fails(bigint(-1), LogicalType::Oid, "22003", "OID out of range");
    fails(
        text("nothing"),
        LogicalType::Regclass,
        "42P01",
        "relation \"nothing\" does not exist",
    );
    gives((Literal::Integer(0), LogicalType::Regclass), text("-"));
    gives((Literal::Integer(17), LogicalType::Regtype), text("17"));
}
