//! The hash of whole rows of keys: the same for equal rows, whoever computes it and however the columns are encoded.

use super::interner::{VIEW_INLINE_MAX, view_bytes};
use crate::error::Result;
use crate::operators::key::{KeyEncoder, KeyField, hash_bytes, hash_narrow, hash_wide};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use stoa_storage::vector::{constant_of, flatten};

/// The hash of a text's or byte string's view.
#[inline(always)]
pub(super) fn view_hash(view: u128, buffers: &[Buffer]) -> u64 {
    match view as u32 <= VIEW_INLINE_MAX {
        true => hash_wide(view),
        false => hash_bytes(view_bytes(view, buffers)),
    }
}

/// What NULL hashes as.
const NULL_HASH: u64 = 0x6a09_e667_f3bc_c908;

/// A hash per row of columns that may be encoded.
///
/// # Errors
/// A type that cannot be compared.
pub(crate) fn hash_rows(columns: &[ArrayRef], row_count: usize) -> Result<Vec<u64>> {
    let mut hashes = vec![0; row_count];
    for (at, column) in columns.iter().enumerate() {
        if let Some(value) = constant_of(column) {
            let value = hash_column(&value)?;
            let value = value.first().copied().unwrap_or(NULL_HASH);
            combine(&mut hashes, at, std::iter::repeat_n(value, row_count));
            continue;
        }
        combine(&mut hashes, at, hash_column(&flatten(column))?.into_iter());
    }
    Ok(hashes)
}

fn combine(hashes: &mut [u64], at: usize, more: impl Iterator<Item = u64>) {
    for (hash, more) in hashes.iter_mut().zip(more) {
        *hash = match at {
            0 => more,
            _ => hash_narrow(hash.rotate_left(23) ^ more),
        };
    }
}

fn hash_column(column: &ArrayRef) -> Result<Vec<u64>> {
    macro_rules! integers {
        ($arrow:ty) => {{
            let values = column.as_primitive::<$arrow>().values();
            values.iter().map(|value| hash_narrow(*value as i64 as u64)).collect()
        }};
    }
    let mut hashes: Vec<u64> = match column.data_type() {
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Date32 => integers!(Date32Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::Decimal64(_, _) => integers!(Decimal64Type),
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _) => integers!(TimestampMicrosecondType),
        DataType::Utf8View => {
            let array = column.as_string_view();
            let views = array.views().iter();
            views.map(|view| view_hash(*view, array.data_buffers())).collect()
        }
        DataType::BinaryView => {
            let array = column.as_binary_view();
            let views = array.views().iter();
            views.map(|view| view_hash(*view, array.data_buffers())).collect()
        }
        other => {
            let encoder = KeyEncoder::new(vec![KeyField::equality(other.clone())])?;
            return Ok(encoder.encode(std::slice::from_ref(column), column.len())?.hashes());
        }
    };
    if let Some(nulls) = column.nulls() {
        mask(&mut hashes, nulls);
    }
    Ok(hashes)
}

fn mask(hashes: &mut [u64], nulls: &NullBuffer) {
    for (hash, is_valid) in hashes.iter_mut().zip(nulls) {
        if !is_valid {
            *hash = NULL_HASH;
        }
    }
}
