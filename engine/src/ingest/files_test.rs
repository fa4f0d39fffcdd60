//! Files of every format into columns: types, parts, compression, errors that name the file; and what lies outside of the import
//! folder stays there.

use super::super::{create_below, find_below, infer_columns};
use super::*;
use crate::format::text::ColumnWriter;
use crate::ingest::copy_decoder::tests::options;
use arrow_array::builder::{Int8Builder, UInt64Builder};
use arrow_array::*;
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::path::PathBuf;
use stoa_sql::types::LogicalType;
use tempfile::TempDir;

fn target(name: &str, data_type: LogicalType) -> TargetColumn {
    TargetColumn {
        name: name.into(),
        data_type,
        nullable: true,
    }
}

fn numeric(precision: u8, scale: u8) -> LogicalType {
    LogicalType::Numeric { precision, scale }
}

/// All rows as text, NULL as `~`; parts are read in reverse to show that their order is free.
fn read(path: &Path, targets: &[TargetColumn], options: &CopyOptions) -> Result<Vec<String>, String> {
    let settings = FormatSettings::default();
    let mut parts = Vec::new();
    let mut run = || {
        let reader = FileReader::open(SourceFile::open(path)?, "sales", targets, options, &settings)?;
        for morsel in (0..reader.count()).rev() {
            let mut lines = Vec::new();
            reader.read(morsel, &mut |arrays, row_count| {
                lines.extend(shown(&arrays, row_count, targets, &settings));
                Ok(())
            })?;
            parts.push(lines);
        }
        assert!(reader.progress().bytes_done() > 0);
        assert_eq!(
            reader.progress().rows_done(),
            parts.iter().map(|lines| lines.len() as u64).sum::<u64>()
        );
        Ok(())
    };
    match run() {
        Ok(()) => Ok(parts.into_iter().rev().flatten().collect()),
        Err(error) => Err(describe(error, path)),
    }
}

/// An error with the file's folder left out.
fn describe(error: Error, path: &Path) -> String {
    let folder = format!("{}/", path.parent().unwrap().display());
    let Error::Sql(error) = error else {
        panic!("{error:?}");
    };
    let text = format!(
        "{} {} / {}",
        error.state.0,
        error.message,
        [error.detail, error.context]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("\n")
    );
    text.replace(&folder, "")
}

fn shown(arrays: &[ArrayRef], row_count: usize, targets: &[TargetColumn], settings: &FormatSettings) -> Vec<String> {
    let mut lines = vec![String::new(); row_count];
    for (array, target) in arrays.iter().zip(targets) {
        assert_eq!(array.data_type(), &crate::types::array_type(&target.data_type));
        let writer = ColumnWriter::new(array, &target.data_type, settings);
        for (row, line) in lines.iter_mut().enumerate() {
            let mut out = Vec::new();
            match array.is_null(row) {
                true => out.push(b'~'),
                false => writer.write(row, &mut out),
            }
            line.push_str(std::str::from_utf8(&out).unwrap());
            line.push('|');
        }
    }
    lines
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, row_group_rows: usize) {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group_rows))
        .build();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

/// A file with one column of two rows, the second NULL.
fn convert(values: ArrayRef, data_type: LogicalType) -> Result<String, String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.parquet");
    write_parquet(&path, vec![("A", values)], 100);
    read(&path, &[target("a", data_type)], &options(CopyFormat::Parquet)).map(|rows| rows.concat())
}

#[test]
fn parquet_types_become_the_columns_types() {
    let timestamps = |unit: TimeUnit, zone: Option<&str>, value: i64| -> ArrayRef {
        let data_type = DataType::Timestamp(unit, zone.map(Arc::from));
        let values = Int64Array::from(vec![Some(value), None]);
        make_array(values.to_data().into_builder().data_type(data_type).build().unwrap())
    };
    let mut bytes = Int8Builder::new();
    bytes.append_value(-5);
    let mut large = UInt64Builder::new();
    large.append_value(u64::MAX);
    let strings = |text: &str| array(StringArray::from(vec![Some(text), None]));
    let decimal = |value: i128, precision, scale| {
        array(
            Decimal128Array::from(vec![Some(value)])
                .with_precision_and_scale(precision, scale)
                .unwrap(),
        )
    };
    let cases: Vec<(ArrayRef, LogicalType, &str)> = vec![
        (
            array(Int32Array::from(vec![Some(7), None])),
            LogicalType::SmallInt,
            "7|~|",
        ),
        (array(Int64Array::from(vec![7])), LogicalType::BigInt, "7|"),
        (array(bytes.finish_cloned()), LogicalType::Integer, "-5|"),
        (array(bytes.finish()), numeric(5, 2), "-5.00|"),
        (array(large.finish()), numeric(20, 0), "18446744073709551615|"),
        (array(UInt16Array::from(vec![65_535])), LogicalType::Integer, "65535|"),
        (array(Int32Array::from(vec![3])), LogicalType::Double, "3|"),
        (array(Float32Array::from(vec![1.5])), LogicalType::Double, "1.5|"),
        (array(Float64Array::from(vec![0.1])), LogicalType::Real, "0.1|"),
        (array(Float64Array::from(vec![12.345])), numeric(5, 2), "12.35|"),
        (decimal(12_345, 5, 2), numeric(12, 2), "123.45|"),
        (decimal(12_345, 5, 2), numeric(12, 4), "123.4500|"),
        (decimal(-12_345, 5, 2), numeric(12, 1), "-123.5|"),
        (decimal(12_345, 30, 2), numeric(30, 2), "123.45|"),
        (decimal(12_345, 30, 2), LogicalType::Integer, "123|"),
        (decimal(12_345, 30, 2), LogicalType::Double, "123.45|"),
        (strings("é"), LogicalType::Text, "é|~|"),
        (
            array(LargeStringArray::from(vec!["x"])),
            LogicalType::Varchar(Some(3)),
            "x|",
        ),
        (array(StringViewArray::from(vec!["x"])), LogicalType::Char(2), "x |"),
        (
            array(DictionaryArray::<types::Int32Type>::from_iter(["a", "b"])),
            LogicalType::Text,
            "a|b|",
        ),
        (
            strings("2024-01-31 10:00"),
            LogicalType::Timestamp,
            "2024-01-31 10:00:00|~|",
        ),
        (
            strings("{\"b\":1, \"a\":2}"),
            LogicalType::Jsonb,
            "{\"a\": 2, \"b\": 1}|~|",
        ),
        (strings("1.5"), numeric(5, 2), "1.50|~|"),
        (array(BinaryArray::from(vec![&b"abc"[..]])), LogicalType::Text, "abc|"),
        (
            array(BinaryArray::from(vec![&b"abc"[..]])),
            LogicalType::Bytea,
            "\\x616263|",
        ),
        (array(Date32Array::from(vec![19_753])), LogicalType::Date, "2024-01-31|"),
        (
            array(Date32Array::from(vec![19_753])),
            LogicalType::Timestamp,
            "2024-01-31 00:00:00|",
        ),
        (
            timestamps(TimeUnit::Millisecond, None, 1_500),
            LogicalType::Timestamp,
            "1970-01-01 00:00:01.5|~|",
        ),
        (
            timestamps(TimeUnit::Microsecond, Some("UTC"), 1),
            LogicalType::TimestampTz,
            "1970-01-01 00:00:00.000001+00|~|",
        ),
        (
            timestamps(TimeUnit::Nanosecond, Some("UTC"), -1),
            LogicalType::TimestampTz,
            "1969-12-31 23:59:59.999999+00|~|",
        ),
        (
            timestamps(TimeUnit::Microsecond, None, 0),
            LogicalType::TimestampTz,
            "1970-01-01 00:00:00+00|~|",
        ),
        (
            array(Time64NanosecondArray::from(vec![1_000_000_000])),
            LogicalType::Time,
            "00:00:01|",
        ),
        (
            array(Time32MillisecondArray::from(vec![1_500])),
            LogicalType::Time,
            "00:00:01.5|",
        ),
        (array(BooleanArray::from(vec![true])), LogicalType::Boolean, "t|"),
        (
            array(FixedSizeBinaryArray::try_from_iter([[1_u8; 16]].into_iter()).unwrap()),
            LogicalType::Uuid,
            "01010101-0101-0101-0101-010101010101|",
        ),
    ];
    for (values, data_type, expected) in cases {
        let found = values.data_type().clone();
        assert_eq!(
            convert(values, data_type.clone()),
            Ok(expected.to_owned()),
            "{found} to {data_type}"
        );
    }
}

#[test]
fn parquet_lists_become_arrays() {
    let lists = |values: ArrayRef, data_type: DataType| {
        let offsets = OffsetBuffer::from_lengths([values.len(), 0]);
        let nulls = Some(vec![true, false].into());
        array(ListArray::new(
            Arc::new(Field::new("element", data_type, true)),
            offsets,
            values,
            nulls,
        ))
    };
    let array_of = |element| LogicalType::Array(Box::new(element));
    let numbers = lists(array(Int8Array::from(vec![Some(1), None])), DataType::Int8);
    assert_eq!(
        convert(numbers.clone(), array_of(LogicalType::BigInt)),
        Ok("{1,NULL}|~|".to_owned())
    );
    assert!(convert(numbers, array_of(LogicalType::Date)).is_err());
    let texts = lists(array(StringArray::from(vec![Some("a b"), Some("{}")])), DataType::Utf8);
    assert_eq!(
        convert(texts.clone(), array_of(LogicalType::Text)),
        Ok("{\"a b\",\"{}\"}|~|".to_owned())
    );
    assert!(convert(texts, array_of(LogicalType::Jsonb)).is_err());
}

#[test]
fn parquet_values_that_do_not_fit_are_errors() {
    let decimal = array(
        Decimal128Array::from(vec![Some(12_345)])
            .with_precision_and_scale(5, 2)
            .unwrap(),
    );
    let cases: Vec<(ArrayRef, LogicalType, &str)> = vec![
        (
            array(Int32Array::from(vec![70_000])),
            LogicalType::SmallInt,
            "22003 smallint out of range / file \"a.parquet\", column a",
        ),
        (
            decimal,
            numeric(4, 2),
            "22003 numeric field overflow / A field with precision 4, scale 2 must round to an absolute value less than \
             10^2.\nfile \"a.parquet\", column a",
        ),
        (
            array(StringArray::from(vec!["x"])),
            LogicalType::Integer,
            "22P02 invalid input syntax for type integer: \"x\" / file \"a.parquet\", column a",
        ),
        (
            array(StringArray::from(vec!["abcd"])),
            LogicalType::Varchar(Some(3)),
            "22001 value too long for type character varying(3) / file \"a.parquet\", column a",
        ),
        (
            array(Int64Array::from(vec![1])),
            LogicalType::Date,
            "42804 column \"a\" of file \"a.parquet\" is of type Int64, which cannot be read as date / ",
        ),
        (
            array(Float64Array::from(vec![1e300])),
            LogicalType::Real,
            "22003 real out of range / file \"a.parquet\", column a",
        ),
    ];
    for (values, data_type, expected) in cases {
        assert_eq!(
            convert(values, data_type.clone()),
            Err(expected.to_owned()),
            "{data_type}"
        );
    }
}

#[test]
fn parquet_row_groups_are_morsels_and_columns_go_by_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("sales.parquet");
    let numbers: Vec<i32> = (0..2_500).collect();
    let names: Vec<String> = numbers
        .iter()
        .map(|number| format!("a name that is long {}", number % 10))
        .collect();
    let columns = vec![
        ("id", array(Int32Array::from(numbers))),
        ("unused", array(BooleanArray::from(vec![true; 2_500]))),
        ("Name", array(StringArray::from(names))),
    ];
    write_parquet(&path, columns, 1_000);
    let options = options(CopyFormat::Parquet);
    let targets = [
        target("name", LogicalType::Text),
        target("id", LogicalType::BigInt),
        target("ID", LogicalType::SmallInt),
    ];
    let rows = read(&path, &targets, &options).unwrap();
    assert_eq!(rows.len(), 2_500);
    assert_eq!(rows[1_234], "a name that is long 4|1234|1234|");
    let source = SourceFile::open(&path).unwrap();
    let reader = FileReader::open(source, "sales", &targets, &options, &FormatSettings::default()).unwrap();
    assert_eq!(reader.count(), 3);
    let total = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for morsel in 0..reader.count() {
            let (reader, total) = (&reader, &total);
            scope.spawn(move || {
                let mut sink = |_: Vec<ArrayRef>, row_count: usize| {
                    total.fetch_add(row_count, std::sync::atomic::Ordering::Relaxed);
                    Ok(())
                };
                reader.read(morsel, &mut sink).unwrap();
            });
        }
    });
    assert_eq!(total.into_inner(), 2_500);
    assert_eq!(
        read(&path, &[target("x", LogicalType::Text)], &options),
        Err("42703 file \"sales.parquet\" has no column \"x\" / Its columns are id, unused, Name.".into())
    );
    let mut required = target("id", LogicalType::Integer);
    required.nullable = false;
    assert_eq!(read(&path, &[required], &options).unwrap().len(), 2_500);
}

#[test]
fn damaged_parquet_is_an_error_with_the_files_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.parquet");
    let values: Vec<i64> = (0..10_000).map(|value| value * 7_919 % 10_007).collect();
    write_parquet(&path, vec![("a", array(Int64Array::from(values)))], 5_000);
    let bytes = std::fs::read(&path).unwrap();
    let targets = [target("a", LogicalType::BigInt)];
    let options = options(CopyFormat::Parquet);
    for length in [0, 3, 10, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = read(&path, &targets, &options).unwrap_err();
        assert!(
            error.starts_with("22P04 could not read Parquet file \"a.parquet\": "),
            "{error}"
        );
    }
    std::fs::write(&path, "hello, this is no Parquet").unwrap();
    assert!(read(&path, &targets, &options).unwrap_err().starts_with("22P04"));
    // A damaged byte anywhere is an error or other rows, never a panic.
    for at in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5A;
        std::fs::write(&path, &damaged).unwrap();
        let _ = read(&path, &targets, &options);
    }
}

fn sales_targets() -> Vec<TargetColumn> {
    vec![
        target("id", LogicalType::Integer),
        target("name", LogicalType::Text),
        target("price", numeric(8, 2)),
    ]
}

fn csv(rows: usize) -> String {
    let mut csv = String::from("id,name,price\n");
    for row in 0..rows {
        csv.push_str(&format!("{row},name {},{}.5\n", row % 7, row % 100));
    }
    csv
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_are_read_in_parts_compressed_or_not() {
    let folder = TempDir::new().unwrap();
    let mut options = options(CopyFormat::Csv);
    options.header = true;
    let targets = sales_targets();
    let csv = csv(1_000);
    let expected: Vec<String> = (0..1_000)
        .map(|row| format!("{row}|name {}|{}.50|", row % 7, row % 100))
        .collect();
    let plain = folder.path().join("a.csv");
    std::fs::write(&plain, &csv).unwrap();
    assert_eq!(read(&plain, &targets, &options), Ok(expected.clone()));
    let source = SourceFile::open(&plain).unwrap();
    let reader = FileReader::open(source, "sales", &targets, &options, &FormatSettings::default()).unwrap();
    assert!(reader.count() > 10);
    for morsel in 0..reader.count() {
        reader.read(morsel, &mut |_, _| Ok(())).unwrap();
    }
    assert_eq!(reader.progress().bytes_done(), reader.byte_count());
    // Without a line end at its end, and with other line ends.
    std::fs::write(&plain, csv.trim_end()).unwrap();
    assert_eq!(read(&plain, &targets, &options), Ok(expected.clone()));
    std::fs::write(&plain, csv.replace('\n', "\r\n")).unwrap();
    assert_eq!(read(&plain, &targets, &options), Ok(expected.clone()));
    let compressed = folder.path().join("a.csv.gz");
    std::fs::write(
        &compressed,
        [gzip(&csv.as_bytes()[..100]), gzip(&csv.as_bytes()[100..])].concat(),
    )
    .unwrap();
    assert_eq!(read(&compressed, &targets, &options), Ok(expected.clone()));
    let compressed = folder.path().join("a.csv.zst");
    std::fs::write(&compressed, zstd::encode_all(csv.as_bytes(), 1).unwrap()).unwrap();
    assert_eq!(read(&compressed, &targets, &options), Ok(expected));
    // Half a compressed file is an error.
    std::fs::write(&compressed, &zstd::encode_all(csv.as_bytes(), 1).unwrap()[..500]).unwrap();
    let error = read(&compressed, &targets, &options).unwrap_err();
    assert!(error.starts_with("58030 could not read file \"a.csv.zst\""), "{error}");
}

#[test]
fn quoted_newlines_keep_a_file_whole_and_errors_count_lines_of_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.csv");
    let mut options = options(CopyFormat::Csv);
    options.header = true;
    let targets = sales_targets();
    std::fs::write(&path, csv(500) + "500,\"two\nlines\",1\n").unwrap();
    let rows = read(&path, &targets, &options).unwrap();
    assert_eq!(rows[500], "500|two\nlines|1.00|");
    std::fs::write(&path, csv(500) + "x,y,1\n").unwrap();
    assert_eq!(
        read(&path, &targets, &options),
        Err(
            "22P02 invalid input syntax for type integer: \"x\" / COPY sales, line 502, column id: \"x\"\nfile \"a.csv\""
                .into()
        )
    );
}

#[test]
fn json_lines_go_by_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.ndjson");
    let options = options(CopyFormat::Json);
    let targets = [
        target("id", LogicalType::BigInt),
        target("Name", LogicalType::Text),
        target("payload", LogicalType::Jsonb),
        target("price", numeric(8, 2)),
    ];
    let lines = [
        r#"{"id": 1, "name": "a\u00e9\n\"", "payload": {"b": [1, {"x": "}"}], "a": null}, "price": 1.5}"#,
        r#" { "price" : "2.25" , "extra": [1,2,{"a":"]"}], "payload": "text", "ID": 2 } "#,
        "",
        r#"{"id":3,"Name":null,"payload":null}"#,
        r#"{"id":4,"Name":{"nested": true},"payload":-1e2,"id":5}"#,
        "{}",
    ];
    let expected = [
        "1|aé\n\"|{\"a\": null, \"b\": [1, {\"x\": \"}\"}]}|1.50|",
        "2|~|\"text\"|2.25|",
        "3|~|~|~|",
        "5|{\"nested\": true}|-100|~|",
        "~|~|~|~|",
    ];
    std::fs::write(&path, lines.join("\r\n")).unwrap();
    assert_eq!(read(&path, &targets, &options).unwrap(), expected);
    // In parts, and with an error in one of the last.
    let many = [lines.join("\n"), String::new()].join("\n").repeat(50);
    std::fs::write(&path, &many).unwrap();
    assert_eq!(read(&path, &targets, &options).unwrap().len(), 250);
    let cases = [
        (
            "[1]",
            "22P04 a line must be a JSON object / COPY sales, line 301: \"[1]\"\nfile \"a.ndjson\"",
        ),
        (
            "{\"id\":\"x\"}",
            "22P02 invalid input syntax for type bigint: \"x\" / COPY sales, line 301, column id: \"x\"\nfile \"a.ndjson\"",
        ),
        (
            "{\"id\":1",
            "22P04 the members of a JSON object must be separated by commas / COPY sales, line 301: \"{\"id\":1\"\nfile \"a.ndjson\"",
        ),
        (
            "{\"payload\":{a}}",
            "22P02 invalid input syntax for type json / Token \"a\" is invalid.\nCOPY sales, line 301, column payload: \"{a}\"\nfile \"a.ndjson\"",
        ),
    ];
    for (line, expected) in cases {
        std::fs::write(&path, format!("{many}{line}\n")).unwrap();
        assert_eq!(read(&path, &targets, &options), Err(expected.to_owned()));
    }
}

#[test]
fn nothing_outside_of_the_import_folder_can_be_named() {
    let outer = TempDir::new().unwrap();
    let folder = outer.path().join("import");
    std::fs::create_dir_all(folder.join("2024")).unwrap();
    for name in [
        "sales-1.csv",
        "sales-2.csv",
        "sales-10.csv",
        "other.csv",
        "2024/a.csv",
        ".hidden.csv",
    ] {
        std::fs::write(folder.join(name), "x").unwrap();
    }
    std::fs::write(outer.path().join("secret.csv"), "x").unwrap();
    std::os::unix::fs::symlink(outer.path(), folder.join("out")).unwrap();
    std::os::unix::fs::symlink(outer.path().join("secret.csv"), folder.join("link.csv")).unwrap();
    std::os::unix::fs::symlink("other.csv", folder.join("alias.csv")).unwrap();
    let find = |pattern: &str| {
        let canonical = folder.canonicalize().unwrap();
        find_below(Some(&folder), pattern)
            .map(|paths| {
                let names = paths
                    .iter()
                    .map(|path| path.strip_prefix(&canonical).unwrap().display().to_string());
                names.collect::<Vec<_>>().join(" ")
            })
            .map_err(|error| error.state().0)
    };
    let absolute = |name: &str| folder.canonicalize().unwrap().join(name).display().to_string();
    assert_eq!(find("sales-*.csv").unwrap(), "sales-1.csv sales-10.csv sales-2.csv");
    assert_eq!(find("sales-?.csv").unwrap(), "sales-1.csv sales-2.csv");
    assert_eq!(find("sales-[2-9].csv").unwrap(), "sales-2.csv");
    assert_eq!(find("20*/a.csv").unwrap(), "2024/a.csv");
    assert_eq!(find(&absolute("other.csv")).unwrap(), "other.csv");
    assert_eq!(find("./2024/*").unwrap(), "2024/a.csv");
    assert_eq!(find("alias.csv").unwrap(), "other.csv");
    assert_eq!(find("nothing-*.csv"), Err("58P01"));
    assert_eq!(find("../secret.csv"), Err("42501"));
    assert_eq!(find("2024/../../secret.csv"), Err("42501"));
    assert_eq!(
        find(&outer.path().join("secret.csv").display().to_string()),
        Err("42501")
    );
    assert_eq!(find("/etc/passwd"), Err("42501"));
    assert_eq!(find("link.csv"), Err("42501"));
    assert_eq!(find("out/secret.csv"), Err("42501"));
    assert_eq!(find("2024"), Err("42809"));
    assert_eq!(find(""), Err("42809"));
    assert_eq!(find_below(None, "a").unwrap_err().state().0, "42501");
    let open = |path: PathBuf| {
        SourceFile::open_below(&folder, &path)
            .map(|_| ())
            .map_err(|error| error.state().0)
    };
    assert_eq!(open(folder.join("other.csv")), Ok(()));
    assert_eq!(open(folder.join("link.csv")), Err("42501"));
    let create = |name: &str| {
        create_below(Some(&folder), name)
            .map(|_| ())
            .map_err(|error| error.state().0)
    };
    assert_eq!(create("2024/new.csv"), Ok(()));
    assert_eq!(create("out/new.csv"), Err("42501"));
    assert_eq!(create("../new.csv"), Err("42501"));
    assert_eq!(create("link.csv"), Err("42809"));
    assert_eq!(create("missing/new.csv"), Err("58P01"));
    assert_eq!(std::fs::read(outer.path().join("secret.csv")).unwrap(), b"x");
}

fn inferred(path: &Path, options: &CopyOptions) -> String {
    let source = SourceFile::open(path).unwrap();
    match infer_columns(&source, options) {
        Ok(columns) => {
            let shown = columns
                .iter()
                .map(|column| format!("{} {}", column.name, column.data_type));
            shown.collect::<Vec<_>>().join(", ")
        }
        Err(error) => describe(error, path),
    }
}

#[test]
fn columns_are_inferred_from_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a");
    let mut csv = options(CopyFormat::Csv);
    csv.header = true;
    let text = "id,code,price,day,at,instant,flag,who,note,\n\
                1,007,1.5,2024-01-31,2024-01-31 10:00:00,2024-01-31T10:00:00Z,true,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,\"x, y\",\n\
                -2,12,3,,2024-01-31,2024-01-31 10:00:00+02,FALSE,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12,1,\n";
    std::fs::write(&path, text).unwrap();
    assert_eq!(
        inferred(&path, &csv),
        "id bigint, code text, price double precision, day date, at timestamp without time zone, \
         instant timestamp with time zone, flag boolean, who uuid, note text, column10 text"
    );
    std::fs::write(&path, gzip(b"1,2\n3\n")).unwrap();
    csv.header = false;
    assert_eq!(
        inferred(&path, &csv),
        "22P04 line 2 of file \"a\": it has 1 fields, the first line has 2 / "
    );
    std::fs::write(&path, gzip(b"1,2\n3,x")).unwrap();
    assert_eq!(inferred(&path, &csv), "column1 bigint, column2 text");
    std::fs::write(&path, "").unwrap();
    assert_eq!(inferred(&path, &csv), "22P04 line 1 of file \"a\": it is empty / ");
    std::fs::write(
        &path,
        "{\"a\":1,\"b\":\"2024-01-31\",\"c\":\"12\"}\n{\"d\":{},\"a\":2.5,\"e\":null,\"f\":true}\n",
    )
    .unwrap();
    assert_eq!(
        inferred(&path, &options(CopyFormat::Json)),
        "a double precision, b date, c text, d jsonb, e text, f boolean"
    );
    let schema = Schema::new(vec![
        Field::new("i", DataType::Int32, false),
        Field::new("s", DataType::Utf8, true),
        Field::new("d", DataType::Decimal128(12, 2), true),
        Field::new(
            "t",
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            true,
        ),
    ]);
    let file = std::fs::File::create(&path).unwrap();
    ArrowWriter::try_new(file, Arc::new(schema), None)
        .unwrap()
        .close()
        .unwrap();
    assert_eq!(
        inferred(&path, &options(CopyFormat::Parquet)),
        "i integer, s text, d numeric(12,2), t timestamp with time zone"
    );
}

#[test]
fn names_say_formats() {
    let format = |name: &str| format_of_path(Path::new(name)).map_err(|error| error.state().0);
    assert_eq!(format("a/sales.CSV.gz"), Ok(CopyFormat::Csv));
    assert_eq!(format("sales.parquet"), Ok(CopyFormat::Parquet));
    assert_eq!(format("sales.ndjson.zst"), Ok(CopyFormat::Json));
    assert_eq!(format("sales"), Err("22023"));
}
