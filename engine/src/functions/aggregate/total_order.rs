//! Bytes that order as values do in SQL, NULLs last, and that differ wherever values can be told apart: where -0 and 0, or a month and
//! 30 days, are equal, their bits decide. What chooses one of several rows by them chooses the same one in every order of rows.

use crate::error::{Error, Result};
use crate::operators::key::{KeyEncoder, KeyField, Keys};
use arrow_array::ArrayRef;
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::DataType;
use std::cmp::Ordering;

/// Makes such bytes of values of a type.
pub(super) struct TotalOrder {
    keys: KeyEncoder,
    /// For types of which different values are equal.
    bits: Option<RowConverter>,
}

/// The bytes of many values.
pub(super) struct OrderedBytes {
    keys: Rows,
    bits: Option<Rows>,
}

impl TotalOrder {
    /// Of a plain type.
    ///
    /// # Errors
    /// A type that has no order.
    pub(super) fn new(data_type: &DataType) -> Result<Self> {
        let bits = match has_equal_values(data_type) {
            true => Some(RowConverter::new(vec![SortField::new(data_type.clone())])?),
            false => None,
        };
        Ok(TotalOrder {
            keys: KeyEncoder::new_bytes(vec![KeyField::equality(data_type.clone())])?,
            bits,
        })
    }

    /// Of the values of a column.
    pub(super) fn encode(&self, column: &ArrayRef) -> Result<OrderedBytes> {
        let columns = std::slice::from_ref(column);
        let Keys::Bytes(keys) = self.keys.encode(columns, column.len())? else {
            return Err(Error::Internal(
                "keys that are not the bytes that were asked for".into(),
            ));
        };
        let bits = self.bits.as_ref().map(|bits| bits.convert_columns(columns));
        Ok(OrderedBytes {
            keys,
            bits: bits.transpose()?,
        })
    }
}

impl OrderedBytes {
    /// Those of one value.
    pub(super) fn of(&self, row: usize) -> Box<[u8]> {
        let bits = self.bits.as_ref().map(|bits| bits.row(row));
        let bits = bits.as_ref().map_or(&[][..], |bits| bits.data());
        // No key begins another: what follows it decides between equal ones only.
        [self.keys.row(row).data(), bits].concat().into()
    }

    /// Whether a value comes before one that [`Self::of`] gave the bytes of.
    pub(super) fn is_less(&self, row: usize, other: &[u8]) -> bool {
        let key = self.keys.row(row);
        let key = key.data();
        let (other_key, other_bits) = other.split_at(key.len().min(other.len()));
        match key.cmp(other_key) {
            Ordering::Equal => {
                let bits = self.bits.as_ref();
                bits.is_some_and(|bits| bits.row(row).data() < other_bits)
            }
            order => order == Ordering::Less,
        }
    }

    /// The order of two values.
    pub(super) fn compare(&self, left: usize, right: usize) -> Ordering {
        let order = self.keys.row(left).data().cmp(self.keys.row(right).data());
        order.then_with(|| {
            let bits = self.bits.as_ref();
            bits.map_or(Ordering::Equal, |bits| {
                bits.row(left).data().cmp(bits.row(right).data())
            })
        })
    }
}

fn has_equal_values(data_type: &DataType) -> bool {
    match data_type {
        DataType::Float32 | DataType::Float64 | DataType::Interval(_) => true,
        DataType::List(field) => has_equal_values(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| has_equal_values(field.data_type())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, IntervalMonthDayNanoArray, StringViewArray};
    use arrow_buffer::IntervalMonthDayNano;
    use std::sync::Arc;

    /// Values in ascending order, whichever two are compared.
    fn check(column: ArrayRef) {
        let bytes = TotalOrder::new(column.data_type()).unwrap().encode(&column).unwrap();
        for left in 0..column.len() {
            for right in 0..column.len() {
                assert_eq!(bytes.compare(left, right), left.cmp(&right), "{left} {right}");
                assert_eq!(bytes.of(left).cmp(&bytes.of(right)), left.cmp(&right), "{left} {right}");
                assert_eq!(bytes.is_less(left, &bytes.of(right)), left < right, "{left} {right}");
            }
        }
    }

    #[test]
    fn equal_values_are_told_apart_and_others_order_as_in_sql() {
        let nan = f64::NAN;
        check(Arc::new(Float64Array::from(vec![
            Some(f64::NEG_INFINITY),
            Some(-1.0),
            Some(-0.0),
            Some(0.0),
            Some(1.0),
            Some(f64::INFINITY),
            Some(-nan),
            Some(nan),
            None,
        ])));
        let span = |months, days| Some(IntervalMonthDayNano::new(months, days, 0));
        check(Arc::new(IntervalMonthDayNanoArray::from(vec![
            span(0, 29),
            span(0, 30),
            span(1, 0),
            span(0, 31),
            None,
        ])));
        check(Arc::new(StringViewArray::from(vec![
            Some(""),
            Some("a"),
            Some("a\0"),
            Some("ab"),
            Some("b"),
            None,
        ])));
    }
}
