//! Arithmetic as a table, answers as PostgreSQL 15 gives them (numeric scales as Stoa types them).

use crate::calendar::{DAY, HOUR};
use crate::functions::scalar::testing::*;
use crate::types::{Literal, LogicalType};

fn decimal(text: &str, precision: u8, scale: u8) -> Typed {
    let (Literal::Numeric(value), LogicalType::Numeric { scale: written, .. }) = numeric(text) else {
        unreachable!()
    };
    let unscaled = value * 10i128.pow(u32::from(scale - written));
    (Literal::Numeric(unscaled), LogicalType::Numeric { precision, scale })
}
fn date(days: i32) -> Typed {
    (Literal::Date(days), LogicalType::Date)
}
fn time(microseconds: i64) -> Typed {
    (Literal::Time(microseconds), LogicalType::Time)
}
fn timestamp(microseconds: i64) -> Typed {
    (Literal::Timestamp(microseconds), LogicalType::Timestamp)
}
fn interval(months: i32, days: i32, microseconds: i64) -> Typed {
    let literal = Literal::Interval {
        months,
        days,
        microseconds,
    };
    (literal, LogicalType::Interval)
}

#[test]
fn integers() {
    check("+", &[integer(2), integer(3)], integer(5));
    check("+", &[smallint(2), smallint(-3)], smallint(-1));
    check("-", &[bigint(2), bigint(3)], bigint(-1));
    check("*", &[integer(-4), integer(3)], integer(-12));
    check("/", &[integer(-7), integer(2)], integer(-3));
    check("%", &[integer(-7), integer(2)], integer(-1));
    check("%", &[integer(i32::MIN), integer(-1)], integer(0));
    check("-", &[integer(5)], integer(-5));
    check("@", &[integer(-5)], integer(5));
    check(
        "+",
        &[null(LogicalType::Integer), integer(3)],
        null(LogicalType::Integer),
    );
    let range = "22003";
    check_error("+", &[integer(i32::MAX), integer(1)], range, "integer out of range");
    check_error("+", &[smallint(i16::MIN), smallint(-1)], range, "smallint out of range");
    check_error("-", &[bigint(i64::MIN), bigint(1)], range, "bigint out of range");
    check_error(
        "*",
        &[integer(1 << 16), integer(1 << 15)],
        range,
        "integer out of range",
    );
    check_error("*", &[bigint(1 << 40), bigint(1 << 40)], range, "bigint out of range");
    check_error("/", &[integer(i32::MIN), integer(-1)], range, "integer out of range");
    check_error("-", &[smallint(i16::MIN)], range, "smallint out of range");
    check_error("@", &[bigint(i64::MIN)], range, "bigint out of range");
    check_error("/", &[integer(1), integer(0)], "22012", "division by zero");
    check_error("%", &[bigint(1), bigint(0)], "22012", "division by zero");
}

#[test]
fn bits() {
    check("&", &[integer(91), integer(15)], integer(11));
    check("|", &[smallint(32), smallint(3)], smallint(35));
    check("#", &[bigint(17), bigint(5)], bigint(20));
    check("<<", &[integer(1), integer(4)], integer(16));
    check("<<", &[integer(1), integer(33)], integer(2));
    check(">>", &[bigint(-8), integer(2)], bigint(-2));
    check("<<", &[smallint(1), integer(15)], smallint(i16::MIN));
}

#[test]
fn floats() {
    check("+", &[double(0.1), double(0.2)], double(0.1 + 0.2));
    check("*", &[real(1.5), real(2.0)], real(3.0));
    check("/", &[double(f64::NAN), double(0.0)], double(f64::NAN));
    check("+", &[double(f64::INFINITY), double(1.0)], double(f64::INFINITY));
    check("^", &[double(2.0), double(10.0)], double(1024.0));
    check("|/", &[double(25.0)], double(5.0));
    check("||/", &[double(-27.0)], double(-3.0));
    let range = "22003";
    check_error(
        "+",
        &[double(f64::MAX), double(f64::MAX)],
        range,
        "value out of range: overflow",
    );
    check_error(
        "*",
        &[double(1e300), double(1e300)],
        range,
        "value out of range: overflow",
    );
    check_error(
        "*",
        &[double(1e-300), double(1e-300)],
        range,
        "value out of range: underflow",
    );
    check_error("/", &[double(1.0), double(0.0)], "22012", "division by zero");
    check_error(
        "|/",
        &[double(-1.0)],
        "2201F",
        "cannot take square root of a negative number",
    );
    let complex = "a negative number raised to a non-integer power yields a complex result";
    check_error("^", &[double(-8.0), double(0.5)], "2201F", complex);
    check_error(
        "^",
        &[double(0.0), double(-1.0)],
        "2201F",
        "zero raised to a negative power is undefined",
    );
}

#[test]
fn numerics() {
    check("+", &[numeric("1.5"), numeric("2.25")], decimal("3.75", 4, 2));
    check("-", &[numeric("1.5"), numeric("2.25")], decimal("-0.75", 4, 2));
    check("*", &[numeric("1.5"), numeric("2.25")], decimal("3.375", 5, 3));
    check(
        "*",
        &[numeric("12345678901234567890"), numeric("2.5")],
        decimal("30864197253086419725.0", 22, 1),
    );
    check(
        "/",
        &[numeric("1.0"), numeric("3")],
        decimal("0.3333333333333333", 17, 16),
    );
    check(
        "/",
        &[numeric("-2"), numeric("3")],
        decimal("-0.6666666666666667", 17, 16),
    );
    check(
        "/",
        &[numeric("2"), numeric("-3")],
        decimal("-0.6666666666666667", 17, 16),
    );
    check("%", &[numeric("5.5"), numeric("2.25")], decimal("1.00", 3, 2));
    check("-", &[numeric("5.5")], numeric("-5.5"));
    check("@", &[numeric("-5.5")], numeric("5.5"));
    let nine = "99999999999999999999999999999999999999";
    check(
        "+",
        &[decimal("1.5", 38, 10), decimal("2.5", 38, 10)],
        decimal("4.0000000000", 38, 10),
    );
    check_error(
        "+",
        &[numeric(nine), numeric("1")],
        "22003",
        "value overflows numeric format",
    );
    check_error(
        "*",
        &[numeric(nine), numeric("10")],
        "22003",
        "value overflows numeric format",
    );
    check_error("/", &[numeric("1"), decimal("0", 5, 2)], "22012", "division by zero");
    // The exact product has a scale of 40 and 41 digits.
    let (left, right) = (
        decimal("1.00000000000000000001", 38, 20),
        decimal("3.00000000000000000001", 38, 20),
    );
    check("*", &[left, right], decimal("3.00000000000000000004", 38, 20));
    let large = decimal("90000000000000000000000000.0000000000", 38, 10);
    check("/", &[large.clone(), large], decimal("1.0000000000000000", 38, 16));
}

#[test]
fn dates_and_intervals() {
    check("+", &[date(10), integer(5)], date(15));
    check("+", &[integer(5), date(10)], date(15));
    check("-", &[date(10), integer(5)], date(5));
    check("-", &[date(10), date(12)], integer(-2));
    check("+", &[date(0), interval(0, 1, HOUR)], timestamp(DAY + HOUR));
    check("+", &[date(1), time(HOUR)], timestamp(DAY + HOUR));
    // 2024-01-31 and a month, 2024-02-29 less a year.
    check(
        "+",
        &[timestamp(19_753 * DAY + 5), interval(1, 0, 0)],
        timestamp(19_782 * DAY + 5),
    );
    check(
        "-",
        &[timestamp(19_782 * DAY), interval(12, 0, 0)],
        timestamp(19_416 * DAY),
    );
    check(
        "-",
        &[timestamp(3 * DAY), timestamp(DAY + HOUR)],
        interval(0, 1, 23 * HOUR),
    );
    check("-", &[timestamp(0), timestamp(DAY + HOUR)], interval(0, -1, -HOUR));
    check("-", &[time(HOUR), time(3 * HOUR)], interval(0, 0, -2 * HOUR));
    check("-", &[time(HOUR), interval(0, 3, 2 * HOUR)], time(23 * HOUR));
    check("+", &[interval(1, 2, 3), interval(4, 5, 6)], interval(5, 7, 9));
    check("-", &[interval(1, 2, 3)], interval(-1, -2, -3));
    check("*", &[interval(1, 1, 0), double(1.5)], interval(1, 16, 12 * HOUR));
    check("*", &[double(0.5), interval(1, 0, 0)], interval(0, 15, 0));
    check("/", &[interval(1, 0, 0), double(4.0)], interval(0, 7, 12 * HOUR));
    check("/", &[interval(0, 0, HOUR), double(3.0)], interval(0, 0, HOUR / 3));
    check("+", &[timestamp(i64::MAX), interval(1, 0, 0)], timestamp(i64::MAX));
    check_error("/", &[interval(1, 0, 0), double(0.0)], "22012", "division by zero");
    check_error(
        "-",
        &[date(i32::MAX), date(1)],
        "22008",
        "cannot subtract infinite dates",
    );
    check_error("+", &[date(2_145_042_905), integer(1)], "22008", "date out of range");
    check_error(
        "*",
        &[interval(i32::MAX, 0, 0), double(2.0)],
        "22008",
        "interval out of range",
    );
}

#[test]
fn local_days_of_timestamptz() {
    let statement = statement_in("America/New_York");
    let stamp = |value| (Literal::Timestamp(value), LogicalType::TimestampTz);
    // 2024-03-09 12:00 EST and a day is 2024-03-10 12:00 EDT, 23 hours later.
    let noon = 19_791 * DAY + 17 * HOUR;
    let next = evaluate_in("+", &[stamp(noon), interval(0, 1, 0)], &statement).unwrap();
    assert_eq!(next, stamp(noon + 23 * HOUR));
    let hours = evaluate_in("+", &[stamp(noon), interval(0, 0, 24 * HOUR)], &statement).unwrap();
    assert_eq!(hours, stamp(noon + 24 * HOUR));
    let month = evaluate_in("-", &[stamp(noon + 31 * DAY), interval(1, 0, 0)], &statement).unwrap();
    assert_eq!(month, stamp(noon + HOUR));
}
