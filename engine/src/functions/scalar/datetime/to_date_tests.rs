//! What PostgreSQL 15 answers, case by case.

use crate::functions::scalar::datetime::testing::*;
use crate::functions::scalar::testing::*;

fn check_all(name: &str, cases: &[(&str, &str, Typed)]) {
    let mut failures = Vec::new();
    for (value, template, expected) in cases {
        match evaluate(name, &[text(value), text(template)]) {
            Ok(answer) if answer == *expected => {}
            other => failures.push(format!(
                "{value:?} by {template:?}\n  gives    {other:?}\n  expected {expected:?}"
            )),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn dates() {
    let cases = [
        ("2024-02-29", "YYYY-MM-DD", "2024-02-29"),
        ("29.02.2024", "DD.MM.YYYY", "2024-02-29"),
        ("20240229", "YYYYMMDD", "2024-02-29"),
        ("240229", "YYMMDD", "2024-02-29"),
        ("99-1-2", "YY-MM-DD", "1999-01-02"),
        ("5 February 2024", "DD Month YYYY", "2024-02-05"),
        ("feb 5, 2024", "Mon DD, YYYY", "2024-02-05"),
        ("2024 60", "YYYY DDD", "2024-02-29"),
        ("2024-W09-4", "IYYY-\"W\"IW-ID", "2024-02-29"),
        ("2460370", "J", "2024-02-29"),
        ("44-03-15 BC", "YYYY-MM-DD BC", "0044-03-15 BC"),
        ("-44-03-15", "YYYY-MM-DD", "0044-03-15 BC"),
        ("2,024-05-06", "Y,YYY-MM-DD", "2024-05-06"),
        ("1st 3 2020", "DDth MM YYYY", "2020-03-01"),
        ("2020:10:11", "YYYY-MM-DD", "2020-10-11"),
        ("XII 2020", "RM YYYY", "2020-12-01"),
        ("2020 4", "YYYY Q", "2020-01-01"),
        ("20 5", "CC YY", "1905-01-01"),
        ("2024", "YYYY", "2024-01-01"),
        ("3 2024", "W YYYY", "2024-01-15"),
        ("10 2024", "WW YYYY", "2024-03-04"),
        ("Thursday 29 02 2024", "Day DD MM YYYY", "2024-02-29"),
        ("2024x02x03", "YYYY\"x\"MM\"x\"DD", "2024-02-03"),
        ("7-3-2021", "FMDD-FMMM-YYYY", "2021-03-07"),
        ("12345-01-02", "YYYY-MM-DD", "12345-01-02"),
        ("02/03/024", "MM/DD/YYY", "2024-02-03"),
        ("3/4/5", "MM/DD/Y", "2005-03-04"),
    ];
    check_all(
        "to_date",
        &cases.map(|(value, template, expected)| (value, template, date(expected))),
    );
}

#[test]
fn timestamps() {
    let cases = [
        (
            "2024-02-29 13:14:15.161718",
            "YYYY-MM-DD HH24:MI:SS.US",
            "2024-02-29 13:14:15.161718",
        ),
        (
            "05:06:07 PM 2024-01-02",
            "HH12:MI:SS PM YYYY-MM-DD",
            "2024-01-02 17:06:07",
        ),
        ("12:00 am 2024-01-02", "HH:MI am YYYY-MM-DD", "2024-01-02 00:00:00"),
        (
            "2024-01-02 10:11:12.5",
            "YYYY-MM-DD HH24:MI:SS.MS",
            "2024-01-02 10:11:12.5",
        ),
        ("2024-01-02 86399", "YYYY-MM-DD SSSS", "2024-01-02 23:59:59"),
        (
            "2024-01-02 10:00 +05:30",
            "YYYY-MM-DD HH24:MI TZH:TZM",
            "2024-01-02 04:30:00",
        ),
        ("2024-01-02 10:00 -08", "YYYY-MM-DD HH24:MI TZH", "2024-01-02 18:00:00"),
        ("20240102101112", "YYYYMMDDHH24MISS", "2024-01-02 10:11:12"),
        (
            "2024-01-02T10:11:12Z",
            "YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"",
            "2024-01-02 10:11:12",
        ),
        ("1.25 2024", "SS.FF2 YYYY", "2024-01-01 00:00:01.25"),
        ("2024-01-02 1:2:3", "YYYY-MM-DD HH24:MI:SS", "2024-01-02 01:02:03"),
    ];
    check_all(
        "to_timestamp",
        &cases.map(|(value, template, expected)| (value, template, timestamptz(expected))),
    );
}

#[test]
fn texts_that_do_not_fit() {
    for (value, template, state, message) in [
        (
            "2024-02-30",
            "YYYY-MM-DD",
            "22008",
            "date/time field value out of range: \"2024-02-30\"",
        ),
        (
            "2024-13-01",
            "YYYY-MM-DD",
            "22008",
            "date/time field value out of range: \"2024-13-01\"",
        ),
        ("abc", "YYYY", "22007", "invalid value \"abc\" for \"YYYY\""),
        (
            "2024-Foo-01",
            "YYYY-Mon-DD",
            "22007",
            "invalid value \"Foo-01\" for \"Mon\"",
        ),
        (
            "2023 366",
            "YYYY DDD",
            "22008",
            "date/time field value out of range: \"2023 366\"",
        ),
        (
            "203",
            "YYYYMMDD",
            "22007",
            "source string too short for \"YYYY\" formatting field",
        ),
        (
            "2024 12 TZ",
            "YYYY MM TZ",
            "0A000",
            "formatting field \"TZ\" is only supported in to_char",
        ),
    ] {
        check_error("to_date", &[text(value), text(template)], state, message);
    }
    for (value, template, state, message) in [
        (
            "2024-01-02 25:00",
            "YYYY-MM-DD HH24:MI",
            "22008",
            "date/time field value out of range: \"2024-01-02 25:00\"",
        ),
        (
            "13:00 PM",
            "HH12:MI PM",
            "22007",
            "hour \"13\" is invalid for the 12-hour clock",
        ),
        (
            "2024-01-02 10:60",
            "YYYY-MM-DD HH24:MI",
            "22008",
            "date/time field value out of range: \"2024-01-02 10:60\"",
        ),
    ] {
        check_error("to_timestamp", &[text(value), text(template)], state, message);
    }
}
