//! Numerics of either width, read and written as 128-bit unscaled values.

use super::arguments::Primitives;
use crate::error::Result;
use crate::functions::cast::decimal::{beyond_numeric, fits, scale_of};
use crate::functions::{Call, Value};
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType};
use arrow_array::types::{Decimal64Type, Decimal128Type};

/// A column of numerics.
pub(crate) struct Numerics<'a> {
    values: Width<'a>,
    scale: u8,
}

enum Width<'a> {
    Narrow(Primitives<'a, Decimal64Type>),
    Wide(Primitives<'a, Decimal128Type>),
}

impl Numerics<'_> {
    /// The row's unscaled value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> i128 {
        match &self.values {
            Width::Narrow(values) => values.value(row).into(),
            Width::Wide(values) => values.value(row),
        }
    }

    /// Digits behind the point.
    pub(crate) fn scale(&self) -> u8 {
        self.scale
    }
}

impl Call<'_> {
    /// An argument as numerics.
    pub(crate) fn numerics(&self, at: usize) -> Result<Numerics<'_>> {
        let data_type = self.argument_type(at)?;
        let narrow =
            matches!(data_type, LogicalType::Numeric { precision, .. } if *precision <= DECIMAL64_PRECISION_MAX);
        Ok(Numerics {
            values: match narrow {
                true => Width::Narrow(self.primitives(at)?),
                false => Width::Wide(self.primitives(at)?),
            },
            scale: scale_of(data_type),
        })
    }

    /// Answers with one numeric of the return type per row.
    ///
    /// # Errors
    /// As `value` gives them, and 22003 for a value beyond the type's digits.
    pub(crate) fn map_numerics(&self, mut value: impl FnMut(usize) -> Result<i128>) -> Result<Value> {
        let LogicalType::Numeric { precision, .. } = self.return_type else {
            return Err(crate::error::Error::Internal("the answer is not numeric".into()));
        };
        let mut checked = |row| {
            let value = value(row)?;
            match fits(value, *precision) {
                true => Ok(value),
                false => Err(beyond_numeric()),
            }
        };
        match *precision <= DECIMAL64_PRECISION_MAX {
            true => self.map_rows::<Decimal64Type>(|row| checked(row).map(|value| value as i64)),
            false => self.map_rows::<Decimal128Type>(checked),
        }
    }
}
