//! What requests to insert mean, without a server.

use super::*;
use crate::http::parameters::parameters;

fn read(table: &str, query: &str, pairs: &[(&'static str, &str)]) -> Result<Insert, u16> {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    Insert::read(table, parameters(query).unwrap(), &headers).map_err(|failure| match failure {
        Failure::Refused(status, _) => status.as_u16(),
        Failure::Gone => 0,
    })
}

const CSV: (&str, &str) = ("content-type", "text/csv; charset=UTF-8");
const JSON: (&str, &str) = ("content-type", "application/x-ndjson");

#[test]
fn a_request_is_one_copy() {
    for (table, query, content_type, statement) in [
        ("events", "", JSON, "COPY \"events\" FROM STDIN (FORMAT json)"),
        (
            "public.Events",
            "",
            CSV,
            "COPY \"public\".\"Events\" FROM STDIN (FORMAT csv, HEADER match)",
        ),
        (
            "a%22%20b",
            "columns=x,y%2Cz&header=false",
            CSV,
            "COPY \"a\"\" b\" (\"x\", \"y,z\") FROM STDIN (FORMAT csv)",
        ),
        (
            "t",
            "header=true",
            CSV,
            "COPY \"t\" FROM STDIN (FORMAT csv, HEADER match)",
        ),
    ] {
        assert_eq!(read(table, query, &[content_type]).unwrap().statement, statement);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    assert_eq!(read("t", "", &[]), Err(415));
    assert_eq!(read("t", "", &[("content-type", "text/plain")]), Err(415));
    assert_eq!(read("t", "", &[("content-type", "text/csv; charset=latin1")]), Err(415));
    assert_eq!(read("t", "", &[CSV, ("content-encoding", "br")]), Err(415));
    assert_eq!(read("t", "", &[CSV, ("content-encoding", "gzip, gzip")]), Err(415));
    assert_eq!(read("t", "", &[CSV, CSV]), Err(415));
    for (table, query) in [
        ("", ""),
        ("a.b.c", ""),
        ("a.", ""),
        ("t", "column=a"),
        ("t", "header=yes"),
        ("t", "columns="),
    ] {
        assert_eq!(read(table, query, &[CSV]), Err(400), "{table}?{query}");
    }
    assert_eq!(read("t", "header=true", &[JSON]), Err(400));
    let zstd = read("t", "", &[CSV, ("content-encoding", "zstd")]).unwrap();
    assert_eq!(zstd.compression, Compression::Zstd);
}

#[test]
fn what_is_decompressed_is_bounded() {
    let mut taken = 0;
    let mut feed = |bytes_max| {
        feed_bounded(&[7; 1_000][..], bytes_max, &mut |bytes| {
            taken += bytes.len();
            Ok(())
        })
    };
    assert!(feed(1_000).is_ok());
    assert!(matches!(
        feed(999),
        Err(Failure::Refused(StatusCode::PAYLOAD_TOO_LARGE, _))
    ));
    assert_eq!(taken, 1_000);
}
