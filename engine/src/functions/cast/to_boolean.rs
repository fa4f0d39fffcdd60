//! Casts to `boolean`.

use super::{Cast, to_json};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match cast.from {
        LogicalType::SmallInt => Ok(not_zero::<Int16Type>(array)),
        LogicalType::Integer => Ok(not_zero::<Int32Type>(array)),
        LogicalType::BigInt => Ok(not_zero::<Int64Type>(array)),
        LogicalType::Jsonb => to_json::booleans(cast, array),
        _ => cast.parsed(array),
    }
}

fn not_zero<T: ArrowPrimitiveType>(array: &ArrayRef) -> ArrayRef {
    let zero = T::Native::default();
    let bits = crate::functions::kernel::bits::test_each(array.as_primitive::<T>().values(), |value| value != zero);
    Arc::new(BooleanArray::new(bits, array.nulls().cloned()))
}
