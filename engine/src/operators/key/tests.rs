//! Keys against a plain comparison of values, for every type, order and place of NULLs.

use super::*;
use crate::operators::testing::{Random, columns_of, compare};
use crate::types::{Literal, LogicalType, array_type};
use std::cmp::Ordering;

fn types() -> Vec<LogicalType> {
    vec![
        LogicalType::Boolean,
        LogicalType::SmallInt,
        LogicalType::Integer,
        LogicalType::BigInt,
        LogicalType::Real,
        LogicalType::Double,
        LogicalType::Numeric {
            precision: 10,
            scale: 2,
        },
        LogicalType::NUMERIC,
        LogicalType::Text,
        LogicalType::Date,
        LogicalType::Timestamp,
        LogicalType::Interval,
        LogicalType::Uuid,
    ]
}

fn expected(left: &[Literal], right: &[Literal], fields: &[KeyField]) -> Ordering {
    for ((left, right), field) in left.iter().zip(right).zip(fields) {
        let order = match (left, right) {
            (Literal::Null, Literal::Null) => Ordering::Equal,
            (Literal::Null, _) if field.nulls == Nulls::First => Ordering::Less,
            (Literal::Null, _) => Ordering::Greater,
            (_, Literal::Null) if field.nulls == Nulls::First => Ordering::Greater,
            (_, Literal::Null) => Ordering::Less,
            _ if field.descending => compare(right, left),
            _ => compare(left, right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn check(types: &[LogicalType], fields: Vec<KeyField>, width: KeyWidth) {
    let rows = Random::new(7).rows(60, types, 20);
    let encoder = KeyEncoder::new(fields.clone()).unwrap();
    assert_eq!(encoder.width(), width, "{types:?}");
    let keys = encoder.encode(&columns_of(&rows, types), rows.len()).unwrap();
    let hashes = keys.hashes();
    for left in 0..rows.len() {
        for right in 0..rows.len() {
            let order = expected(&rows[left], &rows[right], &fields);
            assert_eq!(keys.compare(left, right), order, "{:?} {:?}", rows[left], rows[right]);
            if order == Ordering::Equal {
                assert_eq!(hashes[left], hashes[right]);
            }
        }
    }
}

#[test]
fn single_columns_order_as_values_do() {
    for data_type in types() {
        for (descending, nulls) in [
            (false, Nulls::Last),
            (false, Nulls::First),
            (true, Nulls::First),
            (true, Nulls::Last),
        ] {
            let field = KeyField {
                data_type: array_type(&data_type),
                descending,
                nulls,
            };
            let width = match field.bits() {
                Some(..=64) => KeyWidth::Narrow,
                Some(..=128) => KeyWidth::Wide,
                _ => KeyWidth::Bytes,
            };
            check(std::slice::from_ref(&data_type), vec![field], width);
        }
    }
}

#[test]
fn several_columns_order_by_the_first_that_differs() {
    let field = |data_type: &LogicalType, descending, nulls| KeyField {
        data_type: array_type(data_type),
        descending,
        nulls,
    };
    use LogicalType::*;
    let cases = [
        (vec![Date, SmallInt], KeyWidth::Narrow),
        (vec![Boolean, Integer, SmallInt], KeyWidth::Narrow),
        (vec![BigInt, Date], KeyWidth::Wide),
        (vec![Double, Boolean, Real], KeyWidth::Wide),
        (vec![Integer, Text], KeyWidth::Bytes),
        (vec![Text, Interval, Double], KeyWidth::Bytes),
    ];
    for (types, width) in cases {
        for first_descending in [false, true] {
            let fields = types.iter().enumerate().map(|(place, data_type)| {
                let descending = (place % 2 == 0) == first_descending;
                field(
                    data_type,
                    descending,
                    if place % 2 == 0 { Nulls::First } else { Nulls::Last },
                )
            });
            check(&types, fields.collect(), width);
        }
    }
}

#[test]
fn rows_with_nulls_are_absent_where_asked() {
    let types = [LogicalType::BigInt];
    let rows = vec![
        vec![Literal::Integer(1)],
        vec![Literal::Null],
        vec![Literal::Integer(-1)],
    ];
    let columns = columns_of(&rows, &types);
    let encoder = KeyEncoder::new(vec![KeyField::without_nulls(array_type(&types[0]))]).unwrap();
    assert_eq!(encoder.width(), KeyWidth::Narrow);
    let present = encoder.present(&columns).unwrap();
    assert_eq!(present.iter().collect::<Vec<_>>(), [true, false, true]);
    let keys = encoder.encode(&columns, 3).unwrap();
    assert_eq!(keys.compare(2, 0), Ordering::Less);
    assert!(encoder.present(&columns_of(&rows[..1], &types)).is_none());
}

#[test]
fn no_columns_make_all_rows_equal() {
    for encoder in [KeyEncoder::new(vec![]).unwrap(), KeyEncoder::new_bytes(vec![]).unwrap()] {
        let keys = encoder.encode(&[], 2).unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(keys.compare(0, 1), Ordering::Equal);
    }
}
