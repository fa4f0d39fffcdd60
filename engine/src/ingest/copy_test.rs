//! COPY data in and out, in pieces of any size, with PostgreSQL 15's errors.

use super::super::CopyEncoder;
use super::*;
use crate::format::text::ColumnWriter;
use crate::rows::ResultColumn;
use arrow_array::{Array, ArrayRef};
use proptest::prelude::*;
use stoa_sql::types::LogicalType;

pub(in crate::ingest) fn options(format: CopyFormat) -> CopyOptions {
    let is_csv = format == CopyFormat::Csv;
    CopyOptions {
        format,
        header: false,
        header_matches: false,
        delimiter: if is_csv { b',' } else { b'\t' },
        null: if is_csv { String::new() } else { "\\N".into() },
        quote: b'"',
        escape: b'"',
        force_quote: None,
    }
}

fn column(name: &str, data_type: LogicalType, nullable: bool) -> TargetColumn {
    TargetColumn {
        name: name.into(),
        data_type,
        nullable,
    }
}

fn sales() -> Vec<TargetColumn> {
    vec![
        column("id", LogicalType::Integer, false),
        column("name", LogicalType::Text, true),
        column("quantity", LogicalType::Numeric { precision: 5, scale: 2 }, true),
    ]
}

/// The rows as text, NULL as `~`, or the error with its detail.
fn decode(columns: &[TargetColumn], options: &CopyOptions, pieces: &[&[u8]]) -> Result<Vec<String>, String> {
    let settings = FormatSettings::default();
    let mut lines = Vec::new();
    let mut sink = |arrays: Vec<ArrayRef>, row_count: usize| {
        let writers: Vec<_> = arrays
            .iter()
            .zip(columns)
            .map(|(array, column)| ColumnWriter::new(array, &column.data_type, &settings))
            .collect();
        for row in 0..row_count {
            let mut line = Vec::new();
            for (array, writer) in arrays.iter().zip(&writers) {
                match array.is_null(row) {
                    true => line.push(b'~'),
                    false => writer.write(row, &mut line),
                }
                line.push(b'|');
            }
            lines.push(String::from_utf8(line).unwrap());
        }
        Ok(())
    };
    let mut decoder = CopyDecoder::new("sales", columns, options, &settings).unwrap();
    let mut run = || {
        for piece in pieces {
            decoder.write(piece, &mut sink)?;
        }
        decoder.finish(&mut sink)
    };
    match run() {
        Ok(()) => {
            assert_eq!(decoder.row_count(), lines.len() as u64);
            Ok(lines)
        }
        Err(Error::Sql(error)) => Err(format!(
            "{} {} / {}",
            error.state.0,
            error.message,
            [error.detail, error.context]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join("\n")
        )),
        Err(error) => panic!("{error:?}"),
    }
}

/// Whole, byte by byte, and in two pieces: always the same.
fn check(options: &CopyOptions, data: &str, expected: Result<&[&str], &str>) {
    let columns = sales();
    let expected = expected
        .map(|lines| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
        .map_err(str::to_owned);
    let data = data.as_bytes();
    assert_eq!(decode(&columns, options, &[data]), expected, "{data:?}");
    let bytes: Vec<&[u8]> = data.chunks(1).collect();
    assert_eq!(decode(&columns, options, &bytes), expected, "byte by byte {data:?}");
    for at in 0..data.len() {
        let pieces = [&data[..at], &data[at..]];
        assert_eq!(decode(&columns, options, &pieces), expected, "at {at} {data:?}");
    }
}

#[test]
fn csv_is_read_as_postgres_reads_it() {
    let csv = options(CopyFormat::Csv);
    check(&csv, "1,a,2\n2,,\n", Ok(&["1|a|2.00|", "2|~|~|"]));
    check(&csv, "1,\"\",2", Ok(&["1||2.00|"]));
    check(
        &csv,
        "1,\"a,b\",2\r\n2,\"a\"\"b\",3\r\n",
        Ok(&["1|a,b|2.00|", "2|a\"b|3.00|"]),
    );
    check(
        &csv,
        "1,\"a\nb\",2\n2,c\"d,e\"f,3\n",
        Ok(&["1|a\nb|2.00|", "2|cd,ef|3.00|"]),
    );
    check(&csv, "1,a,2\r2,b,3\r", Ok(&["1|a|2.00|", "2|b|3.00|"]));
    check(&csv, "1,a,2\n\\.\ngarbage", Ok(&["1|a|2.00|"]));
    check(&csv, "1,\\.,2\n", Ok(&["1|\\.|2.00|"]));
    check(&csv, "", Ok(&[]));
    check(
        &csv,
        "1,a,2\n2,b,x\n",
        Err("22P02 invalid input syntax for type numeric: \"x\" / COPY sales, line 2, column quantity: \"x\""),
    );
    check(
        &csv,
        "1,a,1000\n",
        Err(
            "22003 numeric field overflow / A field with precision 5, scale 2 must round to an absolute value less than \
             10^3.\nCOPY sales, line 1, column quantity: \"1000\"",
        ),
    );
    check(
        &csv,
        "1,\"a\n\nb\",2\nx,b,3\n",
        Err("22P02 invalid input syntax for type integer: \"x\" / COPY sales, line 4, column id: \"x\""),
    );
    check(
        &csv,
        "1,a\n",
        Err("22P04 missing data for column \"quantity\" / COPY sales, line 1: \"1,a\""),
    );
    check(
        &csv,
        "1,a,2\n\n",
        Err("22P04 missing data for column \"name\" / COPY sales, line 2: \"\""),
    );
    check(
        &csv,
        "1,a,2,3\n",
        Err("22P04 extra data after last expected column / COPY sales, line 1: \"1,a,2,3\""),
    );
    check(
        &csv,
        "1,\"a,2\n",
        Err("22P04 unterminated CSV quoted field / COPY sales, line 1: \"1,\"a,2\""),
    );
    check(
        &csv,
        ",a,2\n",
        Err(
            "23502 null value in column \"id\" of relation \"sales\" violates not-null constraint / COPY sales, line 1: \",a,2\"",
        ),
    );
    check(
        &csv,
        "1,a,2\n2,b,3\r\n",
        Err("22P04 unquoted carriage return found in data / COPY sales, line 2"),
    );
}

#[test]
fn csv_with_other_signs() {
    let mut csv = options(CopyFormat::Csv);
    csv.header = true;
    csv.delimiter = b';';
    csv.quote = b'\'';
    csv.escape = b'\\';
    csv.null = "NULL".into();
    check(
        &csv,
        "id;name;quantity\n1;'a\\'b\\\\c\\d';NULL\n2;NULL;'3'\n3;'NULL';\\4\n",
        Err("22P02 invalid input syntax for type numeric: \"\\4\" / COPY sales, line 4, column quantity: \"\\4\""),
    );
    check(
        &csv,
        "id;name;quantity\n1;'a\\'b\\\\c\\d';NULL\n2;NULL;'3'\n3;'NULL';4\n",
        Ok(&["1|a'b\\c\\d|~|", "2|~|3.00|", "3|NULL|4.00|"]),
    );
}

#[test]
fn a_header_is_compared_where_that_is_asked_for() {
    for format in [CopyFormat::Csv, CopyFormat::Text] {
        let mut options = options(format);
        (options.header, options.header_matches) = (true, true);
        let with_delimiter = |text: &str| match format {
            CopyFormat::Csv => text.to_owned(),
            _ => text.replace(',', "\t"),
        };
        check(
            &options,
            &with_delimiter("id,name,quantity\n1,a,2\n"),
            Ok(&["1|a|2.00|"]),
        );
        let line = with_delimiter("id,quantity,name");
        check(
            &options,
            &format!("{line}\n"),
            Err(&format!(
                "22P04 column name mismatch in header line field 2: got \"quantity\", expected \"name\" / COPY sales, line 1: \"{line}\""
            )),
        );
        let line = with_delimiter("id,name");
        check(
            &options,
            &format!("{line}\n"),
            Err(&format!(
                "22P04 wrong number of fields in header line: got 2, expected 3 / COPY sales, line 1: \"{line}\""
            )),
        );
    }
    let mut csv = options(CopyFormat::Csv);
    (csv.header, csv.header_matches) = (true, true);
    check(&csv, "\"id\",name,\"quantity\"\n", Ok(&[]));
}

#[test]
fn json_comes_line_by_line() {
    let json = options(CopyFormat::Json);
    check(
        &json,
        "{\"id\":1,\"name\":\"a\\n\\u00e9\",\"quantity\":2}\r\n\n{\"quantity\":\"1.5\",\"id\":2,\"other\":[1,{}]}",
        Ok(&["1|a\né|2.00|", "2|~|1.50|"]),
    );
    check(&json, "", Ok(&[]));
    check(&json, " \n", Ok(&[]));
    check(
        &json,
        "{\"id\":1}\n\n{\"id\":}\n",
        Err("22P04 a JSON value is not complete / COPY sales, line 3: \"{\"id\":}\""),
    );
    check(
        &json,
        "{\"id\":1}\n{\"name\":\"a\"}\n",
        Err(
            "23502 null value in column \"id\" of relation \"sales\" violates not-null constraint / COPY sales, line 2: \"{\"name\":\"a\"}\"",
        ),
    );
    check(
        &json,
        "{\"id\":1}\n{\"id\":2",
        Err("22P04 the members of a JSON object must be separated by commas / COPY sales, line 2: \"{\"id\":2\""),
    );
}

#[test]
fn text_is_read_as_postgres_reads_it() {
    let text = options(CopyFormat::Text);
    check(&text, "1\ta\t2\n2\t\\N\t\\N\n", Ok(&["1|a|2.00|", "2|~|~|"]));
    check(
        &text,
        "1\ta\\tb\\nc\\\\d\\x41\\102\\q\t2\r\n",
        Ok(&["1|a\tb\nc\\dABq|2.00|"]),
    );
    check(&text, "1\ta\\\tb\\\nc\t2\n", Ok(&["1|a\tb\nc|2.00|"]));
    check(&text, "1\t\t2\n\\.\ngarbage", Ok(&["1||2.00|"]));
    check(&text, "1\t\\\\N\t2", Ok(&["1|\\N|2.00|"]));
    check(
        &text,
        "1\ta\n",
        Err("22P04 missing data for column \"quantity\" / COPY sales, line 1: \"1\ta\""),
    );
    check(
        &text,
        "1\ta\t2\t3\n",
        Err("22P04 extra data after last expected column / COPY sales, line 1: \"1\ta\t2\t3\""),
    );
    check(
        &text,
        "1\ta\t2\n\n",
        Err("22P02 invalid input syntax for type integer: \"\" / COPY sales, line 2, column id: \"\""),
    );
    check(
        &text,
        "1\ta\\.\t2\n",
        Err("22P04 end-of-copy marker corrupt / COPY sales, line 1"),
    );
    check(
        &text,
        "1\t\\xff\t2\n",
        Err("22021 invalid byte sequence for encoding \"UTF8\": 0xff / COPY sales, line 1, column name: \"\u{FFFD}\""),
    );
    check(
        &text,
        "1\ta\t2\r\n2\tb\t3\n",
        Err("22P04 literal newline found in data / COPY sales, line 2"),
    );
    check(
        &text,
        "1\ta\t2\n2\tb\t3\r\n",
        Err("22P04 literal carriage return found in data / COPY sales, line 2"),
    );
}

/// Arrays of every kind that COPY must carry through.
fn arrays(columns: &[TargetColumn], rows: &[Vec<Option<String>>]) -> Vec<ArrayRef> {
    let settings = FormatSettings::default();
    let mut builders: Vec<_> = columns
        .iter()
        .map(|column| crate::format::text::column_builder(&column.data_type, &settings).unwrap())
        .collect();
    for row in rows {
        for (builder, value) in builders.iter_mut().zip(row) {
            match value {
                Some(value) => builder.push_text(value.as_bytes()).unwrap(),
                None => builder.push_null(),
            }
        }
    }
    builders.iter_mut().map(|builder| builder.finish()).collect()
}

fn encode(columns: &[TargetColumn], options: &CopyOptions, arrays: &[ArrayRef]) -> Vec<u8> {
    let columns: Vec<_> = columns
        .iter()
        .map(|column| ResultColumn {
            origin: None,
            name: column.name.clone(),
            data_type: column.data_type.clone(),
        })
        .collect();
    let encoder = CopyEncoder::new(&columns, options, &FormatSettings::default()).unwrap();
    let mut out = Vec::new();
    encoder.write_header(&mut out);
    encoder
        .write_batch(arrays, arrays.first().map_or(0, |array| array.len()), &mut out)
        .unwrap();
    encoder.write_trailer(&mut out);
    out
}

#[test]
fn rows_are_written_as_postgres_writes_them() {
    let columns = sales();
    let row = |id: &str, name: Option<&str>| vec![Some(id.to_owned()), name.map(str::to_owned), Some("1".into())];
    let rows = [
        row("1", None),
        row("2", Some("")),
        row("3", Some("a,b")),
        row("4", Some("say \"x\"")),
        row("5", Some("tab\tnew\nline\\")),
        row("6", Some("\\.")),
    ];
    let arrays = arrays(&columns, &rows);
    let mut csv = options(CopyFormat::Csv);
    csv.header = true;
    let expected = "id,name,quantity\n1,,1.00\n2,\"\",1.00\n3,\"a,b\",1.00\n4,\"say \"\"x\"\"\",1.00\n\
                    5,\"tab\tnew\nline\\\",1.00\n6,\\.,1.00\n";
    assert_eq!(String::from_utf8(encode(&columns, &csv, &arrays)).unwrap(), expected);
    csv.force_quote = Some(vec![0, 1]);
    let out = String::from_utf8(encode(&columns, &csv, &arrays)).unwrap();
    assert!(
        out.starts_with("id,name,quantity\n\"1\",,1.00\n\"2\",\"\",1.00\n"),
        "{out}"
    );
    let text = options(CopyFormat::Text);
    let expected = "1\t\\N\t1.00\n2\t\t1.00\n3\ta,b\t1.00\n4\tsay \"x\"\t1.00\n5\ttab\\tnew\\nline\\\\\t1.00\n\
                    6\t\\\\.\t1.00\n";
    assert_eq!(String::from_utf8(encode(&columns, &text, &arrays)).unwrap(), expected);
    let single = [column("a", LogicalType::Text, true)];
    let arrays = [arrays[1].slice(5, 1)];
    assert_eq!(encode(&single, &options(CopyFormat::Csv), &arrays), b"\"\\.\"\n");
}

#[test]
fn binary_that_is_not_binary() {
    let columns = sales();
    let binary = options(CopyFormat::Binary);
    let good = encode(
        &columns,
        &binary,
        &arrays(&columns, &[vec![Some("7".into()), None, Some("1.5".into())]]),
    );
    assert_eq!(decode(&columns, &binary, &[&good]), Ok(vec!["7|~|1.50|".to_owned()]));
    let state = |bytes: &[u8]| decode(&columns, &binary, &[bytes]).map_err(|error| error[..5].to_owned());
    assert_eq!(state(b"PGCOPY\n"), Err("22P04".into()));
    assert_eq!(state(b"hello"), Err("22P04".into()));
    assert_eq!(state(&good[..good.len() - 4]), Err("22P04".into()));
    assert_eq!(state(&[&good[..], b"x"].concat()), Err("22P04".into()));
    let mut wrong = good.clone();
    wrong[20] = 9;
    assert_eq!(state(&wrong), Err("22P04".into()));
}

fn all_types() -> Vec<TargetColumn> {
    vec![
        column("a", LogicalType::BigInt, true),
        column("b", LogicalType::Text, true),
        column("c", LogicalType::Bytea, true),
        column("d", LogicalType::Date, true),
        column(
            "e",
            LogicalType::Numeric {
                precision: 12,
                scale: 3,
            },
            true,
        ),
        column("f", LogicalType::Array(Box::new(LogicalType::Text)), true),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    let text = "[a,\"'\\\\\n\r\t.N;é]{0,6}";
    let row = (
        proptest::option::of(any::<i64>()),
        proptest::option::of(text),
        proptest::option::of(any::<Vec<u8>>()),
        proptest::option::of(-100_000..100_000_i32),
        proptest::option::of(-999_999_999..999_999_999_i64),
        proptest::option::of("[ab]{0,3}"),
    );
    let row = row.prop_map(|(a, b, c, d, e, f)| {
        let date = |days: i32| {
            let mut out = Vec::new();
            let array: ArrayRef = std::sync::Arc::new(arrow_array::Date32Array::from(vec![days]));
            ColumnWriter::new(&array, &LogicalType::Date, &FormatSettings::default()).write(0, &mut out);
            String::from_utf8(out).unwrap()
        };
        let hex = |bytes: Vec<u8>| {
            bytes
                .iter()
                .fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        };
        vec![
            a.map(|a| a.to_string()),
            b,
            c.map(hex),
            d.map(date),
            e.map(|e| format!("{}.{:03}", e / 1000, (e % 1000).abs())),
            f.map(|f| format!("{{\"{f}\",NULL,\"x y\"}}")),
        ]
    });
    proptest::collection::vec(row, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_read_back_however_it_is_cut(
        rows in rows(),
        format in prop_oneof![
            Just(CopyFormat::Text),
            Just(CopyFormat::Csv),
            Just(CopyFormat::Binary),
            Just(CopyFormat::Json)
        ],
        odd in any::<bool>(),
        header in any::<bool>(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let columns = all_types();
        let mut options = options(format);
        options.header = header && matches!(format, CopyFormat::Text | CopyFormat::Csv);
        if odd && format == CopyFormat::Csv {
            options.quote = b'\'';
            options.escape = b'\\';
            options.delimiter = b';';
            options.null = "N".into();
        }
        let arrays = arrays(&columns, &rows);
        let data = encode(&columns, &options, &arrays);
        let whole = decode(&columns, &options, &[&data]);
        prop_assert!(whole.is_ok(), "{whole:?} {:?}", String::from_utf8_lossy(&data));
        let settings = FormatSettings::default();
        let mut read: Vec<Vec<ArrayRef>> = Vec::new();
        let mut sink = |arrays: Vec<ArrayRef>, _: usize| { read.push(arrays); Ok(()) };
        let mut decoder = CopyDecoder::new("t", &columns, &options, &settings).unwrap();
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(data.len() + 1)).collect();
        places.extend([0, data.len()]);
        places.sort_unstable();
        for pair in places.windows(2) {
            decoder.write(&data[pair[0]..pair[1]], &mut sink).unwrap();
        }
        decoder.finish(&mut sink).unwrap();
        match read.len() {
            0 => prop_assert!(rows.is_empty()),
            _ => prop_assert_eq!(&read[0], &arrays),
        }
    }

    #[test]
    fn garbage_is_an_error_or_rows_the_same_however_it_is_cut(
        data in "[1,\"\\\\\n\r\t.N]{0,30}",
        format in prop_oneof![Just(CopyFormat::Text), Just(CopyFormat::Csv), Just(CopyFormat::Binary)],
        cut in any::<prop::sample::Index>(),
    ) {
        let columns = [column("a", LogicalType::Text, true), column("b", LogicalType::Integer, true)];
        let options = options(format);
        let whole = decode(&columns, &options, &[data.as_bytes()]);
        let cut = data.floor_char_boundary(cut.index(data.len() + 1));
        let halves = decode(&columns, &options, &[&data.as_bytes()[..cut], &data.as_bytes()[cut..]]);
        match format {
            // What the error shows of an unfinished line may be more or less of it.
            CopyFormat::Csv => prop_assert_eq!(whole.is_ok(), halves.is_ok()),
            _ => prop_assert_eq!(whole, halves),
        }
    }
}
