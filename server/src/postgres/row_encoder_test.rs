//! Rows of bytes, compared with what Postgres sends.

use super::*;
use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, StringViewArray, TimestampMicrosecondArray};
use std::sync::Arc;

fn encode(columns: &[(LogicalType, Format, ArrayRef)]) -> Vec<u8> {
    let result_columns: Vec<ResultColumn> = columns
        .iter()
        .map(|(data_type, ..)| ResultColumn {
            origin: None,
            name: "c".into(),
            data_type: data_type.clone(),
        })
        .collect();
    let formats: Vec<Format> = columns.iter().map(|(_, format, _)| *format).collect();
    let batch = RowBatch {
        row_count: columns[0].2.len(),
        columns: columns.iter().map(|(.., array)| Arc::clone(array)).collect(),
    };
    let encoder = RowEncoder::new(&result_columns, &formats, FormatSettings::default());
    let mut out = Vec::new();
    assert_eq!(
        encoder
            .encode(&batch, 0..batch.row_count, &mut out, usize::MAX)
            .unwrap(),
        batch.row_count
    );
    out
}

#[test]
fn binary_values_have_their_length_and_nulls_have_none() {
    let integers: ArrayRef = Arc::new(Int32Array::from(vec![Some(258), None]));
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("ab"), Some("")]));
    let out = encode(&[
        (LogicalType::Integer, Format::Binary, integers),
        (LogicalType::Text, Format::Binary, texts),
    ]);
    let first = b"D\0\0\0\x14\0\x02\0\0\0\x04\0\0\x01\x02\0\0\0\x02ab";
    let second = b"D\0\0\0\x0e\0\x02\xff\xff\xff\xff\0\0\0\0";
    assert_eq!(out, [&first[..], &second[..]].concat());
}

#[test]
fn text_integers_are_digits() {
    let integers: ArrayRef = Arc::new(Int64Array::from(vec![-17]));
    let out = encode(&[(LogicalType::BigInt, Format::Text, integers)]);
    assert_eq!(out, b"D\0\0\0\x0d\0\x01\0\0\0\x03-17");
}

#[test]
fn dates_and_times_count_from_2000() {
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![10_957]));
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![946_684_800_000_001]));
    let out = encode(&[
        (LogicalType::Date, Format::Binary, dates),
        (LogicalType::Timestamp, Format::Binary, times),
    ]);
    assert_eq!(out[7..], [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_full_buffer_stops_between_rows() {
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
    let columns = [ResultColumn {
        origin: None,
        name: "n".into(),
        data_type: LogicalType::BigInt,
    }];
    let batch = RowBatch {
        columns: vec![array],
        row_count: 100,
    };
    let encoder = RowEncoder::new(&columns, &[Format::Binary], FormatSettings::default());
    let mut out = Vec::new();
    let row_bytes = 19;
    assert_eq!(encoder.encode(&batch, 0..100, &mut out, row_bytes * 3).unwrap(), 3);
    assert_eq!(encoder.encode(&batch, 3..100, &mut out, row_bytes * 4 + 1).unwrap(), 2);
    assert_eq!(out.len(), row_bytes * 5);
}

#[test]
fn a_batch_of_other_columns_is_an_error() {
    let encoder = RowEncoder::new(&[], &[], FormatSettings::default());
    let batch = RowBatch {
        columns: vec![Arc::new(Int64Array::from(vec![1]))],
        row_count: 1,
    };
    assert!(encoder.encode(&batch, 0..1, &mut Vec::new(), 100).is_err());
}
