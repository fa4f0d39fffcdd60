//! `date_trunc` against what PostgreSQL 15 answers.

use crate::functions::scalar::datetime::testing::*;
use crate::functions::scalar::testing::*;

#[test]
fn timestamps_in_every_unit() {
    let value = "2023-11-29 13:14:15.161718";
    for (unit, expected) in [
        ("microseconds", "2023-11-29 13:14:15.161718"),
        ("milliseconds", "2023-11-29 13:14:15.161"),
        ("second", "2023-11-29 13:14:15"),
        ("MINUTE", "2023-11-29 13:14:00"),
        ("hour", "2023-11-29 13:00:00"),
        ("day", "2023-11-29"),
        ("week", "2023-11-27"),
        ("month", "2023-11-01"),
        ("quarter", "2023-10-01"),
        ("year", "2023-01-01"),
        ("decade", "2020-01-01"),
        ("century", "2001-01-01"),
        ("millennium", "2001-01-01"),
    ] {
        check("date_trunc", &[text(unit), timestamp(value)], timestamp(expected));
        check("date_trunc", &[text(unit), timestamptz(value)], timestamptz(expected));
    }
}

#[test]
fn before_christ_before_the_epoch_and_forever() {
    for (unit, value, expected) in [
        ("decade", "0005-01-01 BC", "0011-01-01 BC"),
        ("millennium", "0005-01-01 BC", "1000-01-01 BC"),
        ("century", "2000-01-01", "1901-01-01"),
        ("week", "0001-01-01", "0001-01-01"),
        ("hour", "1969-12-31 23:59:59.999999", "1969-12-31 23:00:00"),
        ("month", "1969-12-31 23:59:59.999999", "1969-12-01"),
        ("day", "infinity", "infinity"),
        ("year", "-infinity", "-infinity"),
    ] {
        check("date_trunc", &[text(unit), timestamp(value)], timestamp(expected));
    }
}

#[test]
fn instants_are_cut_in_local_time() {
    let statement = statement_in("Europe/Berlin");
    for (unit, value, expected) in [
        ("day", "2024-03-31 10:00:00", "2024-03-30 23:00:00"),
        ("month", "2024-03-31 10:00:00", "2024-02-29 23:00:00"),
        ("year", "2024-07-01 10:00:00", "2023-12-31 23:00:00"),
        // The hour that happens twice.
        ("hour", "2024-10-27 00:30:00", "2024-10-27 00:00:00"),
        ("hour", "2024-10-27 01:30:00", "2024-10-27 01:00:00"),
    ] {
        let answer = evaluate_in("date_trunc", &[text(unit), timestamptz(value)], &statement).unwrap();
        assert_eq!(answer, timestamptz(expected), "{unit} {value}");
    }
    let arguments = [text("day"), timestamptz("2024-03-31 10:00:00"), text("Asia/Kathmandu")];
    check("date_trunc", &arguments, timestamptz("2024-03-30 18:15:00"));
}

#[test]
fn intervals() {
    let value = interval(-7, 3, "10:10:10.123456");
    for (unit, expected) in [
        ("quarter", interval(-6, 0, "0:0:0")),
        ("month", interval(-7, 0, "0:0:0")),
        ("day", interval(-7, 3, "0:0:0")),
        ("hour", interval(-7, 3, "10:00:00")),
        ("milliseconds", interval(-7, 3, "10:10:10.123")),
        ("century", interval(0, 0, "0:0:0")),
    ] {
        check("date_trunc", &[text(unit), value.clone()], expected);
    }
    check(
        "date_trunc",
        &[text("century"), interval(-8_993, 3, "0:0:0")],
        interval(-8_400, 0, "0:0:0"),
    );
}

#[test]
fn units_that_are_none() {
    for (unit, value, state, message) in [
        (
            "foo",
            timestamp("2020-01-01"),
            "22023",
            "unit \"foo\" not recognized for type timestamp without time zone",
        ),
        (
            "Dow",
            timestamp("2020-01-01"),
            "22023",
            "unit \"dow\" not recognized for type timestamp without time zone",
        ),
        (
            "timezone",
            timestamptz("2020-01-01"),
            "0A000",
            "unit \"timezone\" not supported for type timestamp with time zone",
        ),
        (
            "week",
            interval(0, 1, "0:0:0"),
            "0A000",
            "unit \"week\" not supported for type interval",
        ),
    ] {
        check_error("date_trunc", &[text(unit), value], state, message);
    }
    let arguments = [text("day"), timestamptz("2020-01-01"), text("Foo/Bar")];
    check_error(
        "date_trunc",
        &arguments,
        "22023",
        "time zone \"Foo/Bar\" not recognized",
    );
}
