//! Arguments of a call as typed columns that read the same whether there is one value per row or one for all.
//!
//! What is read below a NULL is arbitrary, but always safe to read. Never converts: a mismatch is a bug.

use crate::error::{Error, Result};
use crate::functions::{Call, Value};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, StringViewArray,
    UInt32Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// An argument's values: `value(row)` works for every row, also of a constant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a, A> {
    array: &'a A,
    /// All ones for one value per row, 0 for a constant.
    mask: usize,
}

/// A column of text.
pub(crate) type Texts<'a> = Column<'a, StringViewArray>;
/// A column of numbers, dates ..
pub(crate) type Primitives<'a, T> = Column<'a, PrimitiveArray<T>>;

impl<'a, A: Array> Column<'a, A> {
    /// One value per row, or (`constant`) one for all.
    pub(crate) fn new(array: &'a A, constant: bool) -> Self {
        Column {
            array,
            mask: if constant { 0 } else { usize::MAX },
        }
    }

    /// Whether the row's value is NULL.
    #[inline]
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.array.is_null(row & self.mask)
    }

    /// The array: one value per row, or one.
    pub(crate) fn array(&self) -> &'a A {
        self.array
    }

    /// Where the row's value stands in [`Self::array`].
    #[inline]
    pub(crate) fn index(&self, row: usize) -> usize {
        row & self.mask
    }

    /// Whether there is one value for all rows.
    pub(crate) fn is_constant(&self) -> bool {
        self.mask == 0
    }
}

impl<'a, T: ArrowPrimitiveType> Column<'a, PrimitiveArray<T>> {
    /// The row's value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> T::Native {
        self.array.values()[row & self.mask]
    }

    /// The value of all rows, if there is one.
    pub(crate) fn constant(&self) -> Option<T::Native> {
        match self.mask {
            0 => self.array.values().first().copied(),
            _ => None,
        }
    }

    /// One value per row, or one.
    pub(crate) fn values(&self) -> &'a [T::Native] {
        self.array.values()
    }
}

impl<'a> Column<'a, StringViewArray> {
    /// The row's value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> &'a str {
        self.array.value(row & self.mask)
    }
}

impl<'a> Column<'a, BinaryViewArray> {
    /// The row's value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> &'a [u8] {
        self.array.value(row & self.mask)
    }
}

impl Column<'_, BooleanArray> {
    /// The row's value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> bool {
        self.array.value(row & self.mask)
    }
}

impl<'a> Column<'a, FixedSizeBinaryArray> {
    /// The row's value.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> &'a [u8] {
        self.array.value(row & self.mask)
    }
}

impl Column<'_, ListArray> {
    /// The row's elements.
    #[inline]
    pub(crate) fn value(&self, row: usize) -> ArrayRef {
        self.array.value(row & self.mask)
    }
}

impl Value {
    /// The array: one value per row, or a constant's only one.
    pub(crate) fn array(&self) -> &ArrayRef {
        match self {
            Value::Array(array) | Value::Constant(array) => array,
        }
    }

    /// Whether one value stands for all rows.
    pub(crate) fn is_constant(&self) -> bool {
        matches!(self, Value::Constant(_))
    }

    /// Whether this is NULL in all rows by being a constant.
    pub(crate) fn is_null_constant(&self) -> bool {
        matches!(self, Value::Constant(array) if array.data_type() == &DataType::Null || array.is_null(0))
    }

    /// As one value per row.
    pub(crate) fn expand(&self, row_count: usize) -> Result<ArrayRef> {
        match self {
            Value::Array(array) => Ok(array.clone()),
            Value::Constant(array) if row_count == 1 => Ok(array.clone()),
            Value::Constant(array) => {
                let places = UInt32Array::from(vec![0; row_count]);
                Ok(arrow_select::take::take(array, &places, None)?)
            }
        }
    }

    fn typed<A: 'static + Array>(&self) -> Result<Column<'_, A>> {
        let array = self.array();
        match array.as_any().downcast_ref::<A>() {
            Some(typed) => Ok(Column::new(typed, self.is_constant())),
            None => Err(Error::Internal(format!(
                "an argument is of array type {}",
                array.data_type()
            ))),
        }
    }

    /// As numbers, dates ..
    pub(crate) fn primitives<T: ArrowPrimitiveType>(&self) -> Result<Primitives<'_, T>> {
        self.typed()
    }

    /// As text.
    pub(crate) fn texts(&self) -> Result<Texts<'_>> {
        self.typed()
    }

    /// As bytes.
    pub(crate) fn bytes(&self) -> Result<Column<'_, BinaryViewArray>> {
        self.typed()
    }

    /// As truth values.
    pub(crate) fn booleans(&self) -> Result<Column<'_, BooleanArray>> {
        self.typed()
    }

    /// As uuids.
    pub(crate) fn uuids(&self) -> Result<Column<'_, FixedSizeBinaryArray>> {
        self.typed()
    }

    /// As arrays.
    pub(crate) fn lists(&self) -> Result<Column<'_, ListArray>> {
        self.typed()
    }
}

impl Call<'_> {
    /// An argument by place.
    pub(crate) fn argument(&self, at: usize) -> Result<&Value> {
        self.arguments
            .get(at)
            .ok_or_else(|| Error::Internal(format!("a call has no argument {at}")))
    }

    /// An argument's logical type by place.
    pub(crate) fn argument_type(&self, at: usize) -> Result<&stoa_sql::types::LogicalType> {
        self.argument_types
            .get(at)
            .ok_or_else(|| Error::Internal(format!("a call has no argument {at}")))
    }

    /// An argument as numbers, dates ..
    pub(crate) fn primitives<T: ArrowPrimitiveType>(&self, at: usize) -> Result<Primitives<'_, T>> {
        self.argument(at)?.primitives()
    }

    /// An argument as text.
    pub(crate) fn texts(&self, at: usize) -> Result<Texts<'_>> {
        self.argument(at)?.texts()
    }

    /// The rows in which all arguments are there; `None` where that is every row.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        nulls_of(self.arguments, self.row_count)
    }

    /// Answers with one value per row.
    ///
    /// # Errors
    /// As `value` gives them; rows with a NULL argument are not asked for and get the default.
    pub(crate) fn map_rows<T: ArrowPrimitiveType>(
        &self,
        mut value: impl FnMut(usize) -> Result<T::Native>,
    ) -> Result<Value> {
        let nulls = self.nulls();
        let mut values: Vec<T::Native> = Vec::with_capacity(self.row_count);
        for row in 0..self.row_count {
            values.push(match &nulls {
                Some(nulls) if nulls.is_null(row) => T::Native::default(),
                _ => value(row)?,
            });
        }
        let array = PrimitiveArray::<T>::new(values.into(), nulls);
        let data_type = crate::types::array_type(self.return_type);
        Ok(Value::Array(Arc::new(array.with_data_type(data_type))))
    }

    /// As [`Self::map_rows`], for truth values.
    pub(crate) fn map_booleans(&self, mut value: impl FnMut(usize) -> Result<bool>) -> Result<Value> {
        let nulls = self.nulls();
        let mut bits = arrow_buffer::BooleanBufferBuilder::new(self.row_count);
        for row in 0..self.row_count {
            bits.append(match &nulls {
                Some(nulls) if nulls.is_null(row) => false,
                _ => value(row)?,
            });
        }
        Ok(Value::Array(Arc::new(BooleanArray::new(bits.finish(), nulls))))
    }
}

/// The rows in which all values are there; `None` where that is every row.
pub(crate) fn nulls_of(values: &[Value], row_count: usize) -> Option<NullBuffer> {
    let mut union: Option<NullBuffer> = None;
    for value in values {
        match value {
            Value::Constant(_) if value.is_null_constant() => return Some(NullBuffer::new_null(row_count)),
            Value::Constant(_) => {}
            Value::Array(array) => union = NullBuffer::union(union.as_ref(), array.logical_nulls().as_ref()),
        }
    }
    union.filter(|nulls| nulls.null_count() > 0)
}
