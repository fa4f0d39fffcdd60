//! Which columns a file has, for tables that are made of it: from Parquet's schema, or from the first lines of text.

use super::TargetColumn;
use super::json_lines::{Kind, Members};
use super::parquet_file::read_schema;
use super::source::SourceFile;
use super::text_file::open_stream;
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::json::decode_string;
use crate::format::text::{datetime, number, uuid};
use arrow_schema::{DataType, IntervalUnit};
use parquet::basic::LogicalType as ParquetType;
use std::collections::HashMap;
use std::io::Read;
use stoa_sql::plan::{CopyFormat, CopyOptions};
use stoa_sql::types::{LogicalType, NUMERIC_PRECISION_MAX};

/// Bytes of text that are looked at.
const SAMPLE_BYTES: usize = 1 << 20;

/// The columns of a file, in its order. Columns of csv without a header are `column1`, `column2` ..
///
/// What a sample shows is taken for all rows: whole numbers become `bigint`, others `double precision`. A later row that is
/// something else is an error of the load.
///
/// # Errors
/// The file cannot be read, or has columns that no table can have.
pub fn infer_columns(source: &SourceFile, options: &CopyOptions) -> Result<Vec<TargetColumn>> {
    match options.format {
        CopyFormat::Parquet => parquet_columns(source),
        CopyFormat::Json => json_columns(&take_sample(source)?, source),
        CopyFormat::Csv | CopyFormat::Text => line_columns(&take_sample(source)?, source, options),
        CopyFormat::Binary => Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "a file of COPY binary does not say which columns it has",
        )),
    }
}

/// Bytes that may be read again: what inference looks at.
struct Sample {
    /// The begin of the file, decompressed.
    bytes: Vec<u8>,
    /// The whole file is in it.
    is_whole: bool,
}

/// Reads at most so many bytes.
fn sample(reader: &mut dyn Read, count_max: usize) -> std::io::Result<Sample> {
    let mut bytes = Vec::new();
    reader.take(count_max as u64 + 1).read_to_end(&mut bytes)?;
    let is_whole = bytes.len() <= count_max;
    bytes.truncate(count_max);
    Ok(Sample { bytes, is_whole })
}

fn take_sample(source: &SourceFile) -> Result<Sample> {
    let mut stream = open_stream(source)?;
    sample(&mut *stream, SAMPLE_BYTES).map_err(|error| source.cannot_read(error))
}

fn parquet_columns(source: &SourceFile) -> Result<Vec<TargetColumn>> {
    let (schema, metadata) = read_schema(source)?;
    let roots = metadata.parquet_schema().root_schema().get_fields();
    let mut columns = Vec::with_capacity(roots.len());
    for (field, root) in schema.fields().iter().zip(roots) {
        let said = root.get_basic_info().logical_type_ref();
        let data_type = logical_type(field.data_type(), said).ok_or_else(|| {
            Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!(
                    "column \"{}\" of file \"{}\" is of type {}, which no table can have",
                    field.name(),
                    source.path().display(),
                    field.data_type()
                ),
            )
        })?;
        columns.push(TargetColumn {
            name: field.name().clone(),
            data_type,
            nullable: field.is_nullable(),
        });
    }
    Ok(columns)
}

/// The table's type for a file's.
fn logical_type(data_type: &DataType, said: Option<&ParquetType>) -> Option<LogicalType> {
    Some(match data_type {
        DataType::Boolean => LogicalType::Boolean,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => LogicalType::SmallInt,
        DataType::Int32 | DataType::UInt16 => LogicalType::Integer,
        DataType::Int64 | DataType::UInt32 => LogicalType::BigInt,
        DataType::UInt64 => LogicalType::Numeric {
            precision: 20,
            scale: 0,
        },
        DataType::Float32 => LogicalType::Real,
        DataType::Float64 => LogicalType::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            let scale = u8::try_from(*scale).ok()?;
            match *precision <= NUMERIC_PRECISION_MAX && scale <= *precision {
                true => LogicalType::Numeric {
                    precision: *precision,
                    scale,
                },
                false => return None,
            }
        }
        DataType::Utf8 if matches!(said, Some(ParquetType::Json)) => LogicalType::Jsonb,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => LogicalType::Text,
        DataType::FixedSizeBinary(16) if matches!(said, Some(ParquetType::Uuid)) => LogicalType::Uuid,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            LogicalType::Bytea
        }
        DataType::Date32 | DataType::Date64 => LogicalType::Date,
        DataType::Time32(_) | DataType::Time64(_) => LogicalType::Time,
        DataType::Timestamp(_, None) => LogicalType::Timestamp,
        DataType::Timestamp(_, Some(_)) => LogicalType::TimestampTz,
        DataType::Interval(IntervalUnit::MonthDayNano) => LogicalType::Interval,
        DataType::List(field) => LogicalType::Array(Box::new(logical_type(field.data_type(), None)?)),
        _ => return None,
    })
}

/// What all texts of a column so far could be; text is what remains when nothing else does.
#[derive(Clone, Copy, Debug, Default)]
struct Guess {
    values: usize,
    booleans: usize,
    integers: usize,
    numbers: usize,
    dates: usize,
    timestamps: usize,
    /// Timestamps with a zone.
    instants: usize,
    uuids: usize,
    /// Objects and arrays of JSON.
    nested: usize,
}

impl Guess {
    fn add(&mut self, text: &[u8], settings: &FormatSettings) {
        self.values += 1;
        let begins_with_digit = text.first().is_some_and(u8::is_ascii_digit);
        let is_word = |word: &[u8]| text.eq_ignore_ascii_case(word);
        if is_word(b"true") || is_word(b"false") {
            self.booleans += 1;
        } else if is_integer_text(text) {
            self.integers += 1;
        } else if is_number_text(text) {
            self.numbers += 1;
        } else if begins_with_digit && text.len() == 10 && datetime::parse_date(text, settings).is_ok() {
            self.dates += 1;
        } else if begins_with_digit && text.len() > 10 && datetime::parse_timestamp(text, settings).is_ok() {
            self.timestamps += 1;
            let time = text.get(11..).unwrap_or_default();
            self.instants += usize::from(time.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-')));
        } else if text.len() == 36 && uuid::parse(text).is_ok() {
            self.uuids += 1;
        }
    }

    fn data_type(&self) -> LogicalType {
        let all = |count: usize| self.values > 0 && count == self.values;
        if all(self.booleans) {
            LogicalType::Boolean
        } else if all(self.integers) {
            LogicalType::BigInt
        } else if all(self.integers + self.numbers) {
            LogicalType::Double
        } else if all(self.dates) {
            LogicalType::Date
        } else if all(self.dates + self.timestamps) {
            match self.instants == self.timestamps {
                true => LogicalType::TimestampTz,
                false => LogicalType::Timestamp,
            }
        } else if all(self.uuids) {
            LogicalType::Uuid
        } else if self.nested > 0 {
            LogicalType::Jsonb
        } else {
            LogicalType::Text
        }
    }
}

/// An integer that is not a number in disguise: `007` is a code.
fn is_integer_text(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let has_leading_zero = digits.len() > 1 && digits.starts_with(b"0");
    digits.first().is_some_and(u8::is_ascii_digit) && !has_leading_zero && number::parse_i64(text).is_ok()
}

fn is_number_text(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_decimal = digits
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let has_leading_zero = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    is_decimal
        && !has_leading_zero
        && digits
            .first()
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.')
        && number::parse_f64(text).is_ok()
}

/// Members in the order in which they first appear.
fn json_columns(sample: &Sample, source: &SourceFile) -> Result<Vec<TargetColumn>> {
    let settings = FormatSettings::default();
    let mut names: Vec<String> = Vec::new();
    let mut places = HashMap::new();
    let mut guesses: Vec<Guess> = Vec::new();
    for (at, line) in complete_lines(sample).enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let malformed = |reason: &str| malformed(source, at + 1, reason);
        let line = std::str::from_utf8(line).map_err(|_| malformed("it is not UTF-8"))?;
        let mut members = Members::new(line);
        while let Some(member) = members.next().map_err(malformed)? {
            let name = decode_string(member.name)?.into_owned();
            let place = *places.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                guesses.push(Guess::default());
                guesses.len() - 1
            });
            let guess = &mut guesses[place];
            match member.kind {
                Kind::Null => {}
                Kind::Nested => {
                    guess.values += 1;
                    guess.nested += 1;
                }
                Kind::String => {
                    let text = decode_string(&member.value[1..member.value.len() - 1])?;
                    let before = (guess.integers, guess.numbers, guess.booleans);
                    guess.add(text.as_bytes(), &settings);
                    // Digits in quotes are meant as text.
                    (guess.integers, guess.numbers, guess.booleans) = before;
                }
                Kind::Boolean | Kind::Number => guess.add(member.value.as_bytes(), &settings),
            }
        }
    }
    if names.is_empty() {
        return Err(malformed(source, 1, "it has no members"));
    }
    Ok(named(names, &guesses))
}

fn named(names: Vec<String>, guesses: &[Guess]) -> Vec<TargetColumn> {
    names
        .into_iter()
        .zip(guesses)
        .map(|(name, guess)| TargetColumn {
            name,
            data_type: guess.data_type(),
            nullable: true,
        })
        .collect()
}

#[cold]
fn malformed(source: &SourceFile, line: usize, reason: &str) -> Error {
    Error::user(
        SqlState::BAD_COPY_FILE_FORMAT,
        format!("line {line} of file \"{}\": {reason}", source.path().display()),
    )
}

/// The lines of a sample; what may be half a line is left out.
fn complete_lines(sample: &Sample) -> impl Iterator<Item = &[u8]> {
    let end = match sample.is_whole {
        true => sample.bytes.len(),
        false => memchr::memrchr(b'\n', &sample.bytes).map_or(0, |at| at + 1),
    };
    sample.bytes[..end].split(|byte| *byte == b'\n')
}

/// Fields of csv or text: a decoder into text columns takes the sample apart.
fn line_columns(sample: &Sample, source: &SourceFile, options: &CopyOptions) -> Result<Vec<TargetColumn>> {
    let settings = FormatSettings::default();
    let mut names: Option<Vec<String>> = None;
    let mut guesses: Vec<Guess> = Vec::new();
    let mut fields = Vec::new();
    let mut bytes = &sample.bytes[..];
    let mut splitter = super::copy_split::Splitter::new(options);
    let mut line = 0;
    let mut next = |line, fields: &mut Vec<_>| match splitter.next(&mut bytes, sample.is_whole, fields) {
        Err(Error::Sql(error)) => Err(malformed(source, line, &error.message)),
        next => next,
    };
    while next(line + 1, &mut fields)? {
        line += 1;
        if names.is_none() {
            let header = fields
                .iter()
                .enumerate()
                .map(|(at, field)| match (options.header, field) {
                    (true, Some(name)) if !name.is_empty() => String::from_utf8_lossy(name).into_owned(),
                    _ => format!("column{}", at + 1),
                });
            names = Some(header.collect());
            guesses = vec![Guess::default(); fields.len()];
            if options.header {
                continue;
            }
        }
        if fields.len() != guesses.len() {
            let reason = format!("it has {} fields, the first line has {}", fields.len(), guesses.len());
            return Err(malformed(source, line, &reason));
        }
        for (guess, field) in guesses.iter_mut().zip(&fields) {
            if let Some(text) = field {
                guess.add(text, &settings);
            }
        }
    }
    match names {
        Some(names) => Ok(named(names, &guesses)),
        None => Err(malformed(source, 1, "it is empty")),
    }
}
