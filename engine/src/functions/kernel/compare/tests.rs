//! The fast comparisons against the order of single values, for every type and operator.

use super::*;
use crate::functions::scalar::testing::numeric;
use crate::types::{Literal, array_of};
use arrow_array::new_null_array;

const OPS: [CompareOp; 8] = [
    CompareOp::Equal,
    CompareOp::NotEqual,
    CompareOp::Less,
    CompareOp::LessOrEqual,
    CompareOp::Greater,
    CompareOp::GreaterOrEqual,
    CompareOp::Distinct,
    CompareOp::NotDistinct,
];

/// All pairs of the values (and NULL), as columns and against constants. The values are given in ascending order.
fn check(values: &[Literal], data_type: &LogicalType) {
    let single: Vec<ArrayRef> = values.iter().map(|value| array_of(value, data_type).unwrap()).collect();
    let null = new_null_array(single[0].data_type(), 1);
    let all: Vec<&ArrayRef> = single.iter().chain([&null]).collect();
    let (mut left, mut right, mut orderings) = (Vec::new(), Vec::new(), Vec::new());
    for (left_at, one) in all.iter().enumerate() {
        for (right_at, other) in all.iter().enumerate() {
            left.push(one.as_ref());
            right.push(other.as_ref());
            orderings.push(left_at.cmp(&right_at));
            assert_eq!(
                order(one.as_ref(), 0, other.as_ref(), 0, data_type),
                left_at.cmp(&right_at),
                "{data_type}"
            );
        }
    }
    let left: ArrayRef = arrow_select::concat::concat(&left).unwrap();
    let right: ArrayRef = arrow_select::concat::concat(&right).unwrap();
    let rows = left.len();
    for op in OPS {
        let null_safe = matches!(op, CompareOp::Distinct | CompareOp::NotDistinct);
        let truth = compare(
            op,
            &Value::Array(left.clone()),
            &Value::Array(right.clone()),
            data_type,
            rows,
        )
        .unwrap();
        let truth = truth.into_array();
        for (row, ordering) in orderings.iter().enumerate() {
            let absent = left.is_null(row) || right.is_null(row);
            let expected = (null_safe || !absent).then(|| satisfies(op, *ordering));
            let found = (!truth.is_null(row)).then(|| truth.value(row));
            assert_eq!(
                found,
                expected,
                "{data_type} {op:?} {:?} {:?}",
                left.slice(row, 1),
                right.slice(row, 1)
            );
            let one = Value::Constant(right.slice(row, 1));
            let constant = compare(op, &Value::Array(left.slice(row, 1)), &one, data_type, 1)
                .unwrap()
                .into_array();
            assert_eq!((!constant.is_null(0)).then(|| constant.value(0)), expected);
            let one = Value::Constant(left.slice(row, 1));
            let constant = compare(op, &one, &Value::Array(right.slice(row, 1)), data_type, 1)
                .unwrap()
                .into_array();
            assert_eq!((!constant.is_null(0)).then(|| constant.value(0)), expected);
        }
    }
}

fn integers(values: &[i64]) -> Vec<Literal> {
    values.iter().map(|value| Literal::Integer(*value)).collect()
}
fn texts(values: &[&str]) -> Vec<Literal> {
    values.iter().map(|value| Literal::Text((*value).to_owned())).collect()
}

#[test]
fn numbers() {
    check(&integers(&[-7, -1, 0, 3, 300]), &LogicalType::SmallInt);
    check(&integers(&[i64::from(i32::MIN), -1, 0, 3]), &LogicalType::Integer);
    check(&integers(&[i64::MIN, -1, 0, i64::MAX]), &LogicalType::BigInt);
    let floats = [f64::NEG_INFINITY, -1.5, 0.0, 1e-300, 2.0, f64::INFINITY, f64::NAN].map(Literal::Float);
    check(&floats, &LogicalType::Double);
    let floats = [f64::NEG_INFINITY, -1.5, 0.0, 2.0, f64::INFINITY, f64::NAN].map(Literal::Float);
    check(&floats, &LogicalType::Real);
    let decimals = ["-2", "0", "1", "99999"].map(|value| numeric(value).0);
    check(
        &decimals,
        &LogicalType::Numeric {
            precision: 12,
            scale: 2,
        },
    );
    check(
        &decimals,
        &LogicalType::Numeric {
            precision: 38,
            scale: 2,
        },
    );
    check(
        &[Literal::Boolean(false), Literal::Boolean(true)],
        &LogicalType::Boolean,
    );
}

#[test]
fn minus_zero_is_zero() {
    let column = |value: f64| Value::Array(std::sync::Arc::new(arrow_array::Float64Array::from(vec![value])));
    let truth = compare(CompareOp::Equal, &column(-0.0), &column(0.0), &LogicalType::Double, 1).unwrap();
    assert!(truth.bits.value(0));
}

#[test]
fn text_and_bytes() {
    let values = [
        "",
        "A",
        "B and some more than twelve",
        "B and some more than twelve bytes",
        "a",
        "aa",
        "aaaa",
        "aaaaa",
        "aaaab",
        "ab",
        "abcdefghijkl",
        "abcdefghijklm",
        "abcdefghijkln",
        "ä",
    ];
    check(&texts(&values), &LogicalType::Text);
    check(&texts(&values), &LogicalType::Varchar(None));
    let bytes: Vec<Literal> = values
        .iter()
        .map(|value| Literal::Bytes(value.as_bytes().to_vec()))
        .collect();
    check(&bytes, &LogicalType::Bytea);
}

#[test]
fn times_and_identities() {
    check(&[-5, 0, 7].map(Literal::Date), &LogicalType::Date);
    check(&[0, 7].map(Literal::Time), &LogicalType::Time);
    check(&[i64::MIN, 0, 7].map(Literal::Timestamp), &LogicalType::Timestamp);
    check(&[i64::MIN, 0, 7].map(Literal::Timestamp), &LogicalType::TimestampTz);
    let interval = |months, days, microseconds| Literal::Interval {
        months,
        days,
        microseconds,
    };
    let intervals = [
        interval(0, -1, 0),
        interval(0, 0, 5),
        interval(0, 29, 0),
        interval(1, 0, 0),
        interval(0, 31, 0),
    ];
    check(&intervals, &LogicalType::Interval);
    let uuid = |first: u8, last: u8| {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (first, last);
        Literal::Uuid(bytes)
    };
    check(
        &[uuid(0, 1), uuid(1, 0), uuid(200, 0), uuid(200, 9)],
        &LogicalType::Uuid,
    );
}

#[test]
fn equal_intervals_of_other_fields() {
    let column = |months, days| {
        let value = arrow_buffer::IntervalMonthDayNano::new(months, days, 0);
        Value::Array(std::sync::Arc::new(arrow_array::IntervalMonthDayNanoArray::from(vec![
            value,
        ])))
    };
    let truth = compare(
        CompareOp::Equal,
        &column(1, 0),
        &column(0, 30),
        &LogicalType::Interval,
        1,
    )
    .unwrap();
    assert!(truth.bits.value(0));
}

#[test]
fn arrays_records_and_jsonb() {
    let int = Literal::Integer;
    let array = |values: &[Literal]| Literal::Array(values.to_vec());
    let arrays = [
        array(&[]),
        array(&[int(1)]),
        array(&[int(1), int(2)]),
        array(&[int(1), Literal::Null]),
        array(&[int(2)]),
    ];
    check(&arrays, &LogicalType::Array(Box::new(LogicalType::Integer)));
    let record = LogicalType::Record(vec![
        ("a".into(), LogicalType::Integer),
        ("b".into(), LogicalType::Text),
    ]);
    let records = [(1, "x"), (1, "y"), (2, "a")]
        .map(|(number, text)| Literal::Record(vec![int(number), Literal::Text(text.to_owned())]));
    check(&records, &record);
    let jsonb = [
        "[]",
        "null",
        "\"a\"",
        "\"b\"",
        "-1",
        "2",
        "1e1",
        "false",
        "true",
        "[1]",
        "[2]",
        "[1, 2]",
        "{}",
        "{\"a\": 1}",
        "{\"a\": 2}",
        "{\"b\": 1}",
        "{\"a\": 1, \"b\": 1}",
    ];
    check(&texts(&jsonb), &LogicalType::Jsonb);
}

#[test]
fn equal_jsonb_of_other_digits() {
    for (one, other) in [
        ("1.0", "1"),
        ("1e2", "100"),
        ("{\"a\": 0.10}", "{\"a\": 0.1}"),
        ("-0", "0"),
    ] {
        assert_eq!(json::compare_jsonb(one, other), Ordering::Equal, "{one} {other}");
    }
}
