//! `extract` against what PostgreSQL 15 answers.

use crate::functions::scalar::datetime::testing::*;
use crate::functions::scalar::testing::*;
use crate::types::{Literal, LogicalType};

/// Scale 6, as the function has it where no field is known beforehand.
fn extracted(unscaled: i128) -> Typed {
    (
        Literal::Numeric(unscaled),
        LogicalType::Numeric {
            precision: 38,
            scale: 6,
        },
    )
}

fn check_both(field: &str, value: &Typed, unscaled: i128) {
    check("extract", &[text(field), value.clone()], extracted(unscaled));
    check(
        "date_part",
        &[text(field), value.clone()],
        double(unscaled as f64 / 1e6),
    );
}

#[test]
fn whole_fields_of_timestamps() {
    let value = timestamp("2024-12-30 13:14:15.161718");
    for (field, expected) in [
        ("microseconds", 15_161_718),
        ("minute", 14),
        ("hour", 13),
        ("day", 30),
        ("week", 1),
        ("isoyear", 2025),
        ("month", 12),
        ("quarter", 4),
        ("year", 2024),
        ("decade", 202),
        ("century", 21),
        ("millennium", 3),
        ("dow", 1),
        ("isodow", 1),
        ("doy", 365),
    ] {
        check_both(field, &value, expected * 1_000_000);
    }
    check_both("second", &value, 15_161_718);
    check_both("milliseconds", &value, 15_161_718_000);
    check_both("epoch", &value, 1_735_564_455_161_718);
}

#[test]
fn before_christ() {
    for (field, value, expected) in [
        ("century", "0001-01-01 BC", -1),
        ("century", "0100-01-01 BC", -1),
        ("century", "0101-01-01 BC", -2),
        ("century", "2000-12-31", 20),
        ("millennium", "2001-01-01", 3),
        ("decade", "0005-01-01 BC", -1),
        ("year", "0005-01-01 BC", -5),
        ("isoyear", "0005-01-01 BC", -5),
        ("dow", "2024-03-03", 0),
        ("isodow", "2024-03-03", 7),
        ("julian", "2020-01-01", 2_458_850),
        ("epoch", "2020-01-01", 1_577_836_800),
        ("epoch", "1969-12-31", -86_400),
    ] {
        check_both(field, &date(value), expected * 1_000_000);
    }
}

#[test]
fn intervals_and_times() {
    let value = interval(-30, 3, "-10:11:12.5");
    for (field, expected) in [
        ("year", -2_000_000),
        ("month", -6_000_000),
        ("quarter", -1_000_000),
        ("day", 3_000_000),
        ("hour", -10_000_000),
        ("second", -12_500_000),
        ("epoch", -78_444_672_500_000),
    ] {
        check_both(field, &value, expected);
    }
    check_both("hour", &time("23:59:59.5"), 23_000_000);
    check_both("epoch", &time("10:00:00"), 36_000_000_000);
}

#[test]
fn zones() {
    let statement = statement_in("America/St_Johns");
    for (field, expected) in [
        ("hour", 22),
        ("day", 31),
        ("minute", 30),
        ("timezone", -12_600),
        ("timezone_hour", -3),
        ("timezone_minute", -30),
        ("epoch", 1_704_074_400),
    ] {
        let value = timestamptz("2024-01-01 02:00:00");
        let answer = evaluate_in("extract", &[text(field), value], &statement).unwrap();
        assert_eq!(answer, extracted(expected * 1_000_000), "{field}");
    }
}

#[test]
fn infinite_times() {
    for (field, value, expected) in [
        ("epoch", timestamp("infinity"), double(f64::INFINITY)),
        ("year", date("-infinity"), double(f64::NEG_INFINITY)),
        ("month", timestamptz("infinity"), null(LogicalType::Double)),
    ] {
        check("date_part", &[text(field), value], expected);
    }
}

#[test]
fn fields_that_are_none() {
    for (field, value, state, message) in [
        (
            "foo",
            timestamp("2020-01-01"),
            "22023",
            "unit \"foo\" not recognized for type timestamp without time zone",
        ),
        (
            "hour",
            date("2020-01-01"),
            "0A000",
            "unit \"hour\" not supported for type date",
        ),
        (
            "year",
            time("10:00:00"),
            "0A000",
            "unit \"year\" not supported for type time without time zone",
        ),
        (
            "dow",
            interval(0, 1, "0:0:0"),
            "0A000",
            "unit \"dow\" not supported for type interval",
        ),
        (
            "timezone",
            timestamp("2020-01-01"),
            "0A000",
            "unit \"timezone\" not supported for type timestamp without time zone",
        ),
    ] {
        check_error("extract", &[text(field), value], state, message);
    }
}
