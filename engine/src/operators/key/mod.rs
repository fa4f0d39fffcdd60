//! Rows of key columns as single values that order, compare and hash as the rows do: for sorts, joins, set operations, windows
//! and groups. Never a place for payload: what comes in as a key goes out as bits.
//!
//! Values order as SQL has them: text by bytes, NaN above all numbers and equal to itself, -0 equal to 0, an interval's month as
//! 30 days and its day as 24 hours. Keys of up to 64 or 128 bits are integers; others are bytes.

mod pack;
mod row;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use crate::operators::project::Projection;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, UInt64Array};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_row::{RowConverter, Rows};
use arrow_schema::DataType;
pub(crate) use pack::interval_nanoseconds;
use pack::pack;
use std::cmp::Ordering;
use std::sync::Arc;
use stoa_storage::vector::{Batch, flatten};

/// Where NULLs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// Before all values.
    First,
    /// After all values.
    Last,
    /// Whoever asks leaves rows with NULLs out; their keys are arbitrary.
    Absent,
}

/// One column of a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyField {
    /// The plain type.
    pub(crate) data_type: DataType,
    /// Larger values first.
    pub(crate) descending: bool,
    /// Where NULLs are.
    pub(crate) nulls: Nulls,
}

impl KeyField {
    /// For a column that is compared for equality only; NULLs equal each other.
    pub(crate) fn equality(data_type: DataType) -> Self {
        KeyField {
            data_type,
            descending: false,
            nulls: Nulls::Last,
        }
    }

    /// For a column that is compared for equality only, in rows without NULLs.
    pub(crate) fn without_nulls(data_type: DataType) -> Self {
        KeyField {
            nulls: Nulls::Absent,
            ..KeyField::equality(data_type)
        }
    }

    /// Bits of its packed form; `None` where it has none.
    fn bits(&self) -> Option<u32> {
        Some(pack::value_bits(&self.data_type)? + u32::from(self.nulls != Nulls::Absent))
    }
}

/// What the keys of an encoder are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyWidth {
    /// 64 bits.
    Narrow,
    /// 128 bits.
    Wide,
    /// Bytes.
    Bytes,
}

/// Makes keys of columns of certain types.
#[derive(Debug)]
pub(crate) struct KeyEncoder {
    fields: Vec<KeyField>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Narrow,
    Wide,
    Bytes(RowConverter),
}

impl KeyEncoder {
    /// For these columns, most significant first. Without columns all rows are equal.
    ///
    /// # Errors
    /// A type that has no order.
    pub(crate) fn new(fields: Vec<KeyField>) -> Result<Self> {
        let bits = fields.iter().map(KeyField::bits).sum::<Option<u32>>();
        let form = match bits {
            Some(..=64) => Form::Narrow,
            Some(..=128) => Form::Wide,
            _ => Form::Bytes(row::converter(&fields)?),
        };
        Ok(KeyEncoder { fields, form })
    }

    /// For these columns, always as bytes.
    ///
    /// # Errors
    /// A type that has no order.
    pub(crate) fn new_bytes(mut fields: Vec<KeyField>) -> Result<Self> {
        if fields.is_empty() {
            // Rows of no columns are all equal; arrow's rows want a column to count by.
            fields.push(KeyField::equality(DataType::Boolean));
        }
        let form = Form::Bytes(row::converter(&fields)?);
        Ok(KeyEncoder { fields, form })
    }

    /// What the keys are.
    pub(crate) fn width(&self) -> KeyWidth {
        match self.form {
            Form::Narrow => KeyWidth::Narrow,
            Form::Wide => KeyWidth::Wide,
            Form::Bytes(_) => KeyWidth::Bytes,
        }
    }

    /// The columns.
    pub(crate) fn fields(&self) -> &[KeyField] {
        &self.fields
    }

    /// One key per row; columns may be encoded.
    ///
    /// # Errors
    /// Columns of other types.
    pub(crate) fn encode(&self, columns: &[ArrayRef], row_count: usize) -> Result<Keys> {
        let mut columns: Vec<ArrayRef> = columns.iter().map(flatten).collect();
        Ok(match &self.form {
            Form::Narrow => Keys::Narrow(pack::<u64>(&self.fields, &columns, row_count)?),
            Form::Wide => Keys::Wide(pack::<u128>(&self.fields, &columns, row_count)?),
            Form::Bytes(converter) => {
                if columns.is_empty() {
                    columns.push(arrow_array::new_null_array(&DataType::Boolean, row_count));
                }
                Keys::Bytes(row::encode(converter, &self.fields, &columns)?)
            }
        })
    }

    /// Keys that [`Keys::into_column`] made a column.
    ///
    /// # Errors
    /// A column of another type.
    pub(crate) fn keys_of(&self, column: &ArrayRef) -> Result<Keys> {
        let other = || Error::Internal(format!("keys in a column of {}", column.data_type()));
        Ok(match &self.form {
            Form::Narrow => {
                let keys = column.as_primitive_opt::<UInt64Type>().ok_or_else(other)?;
                Keys::Narrow(keys.values().to_vec())
            }
            Form::Wide => {
                let keys = column.as_fixed_size_binary_opt().ok_or_else(other)?;
                let keys = keys.value_data().chunks_exact(size_of::<u128>());
                let key = |bytes: &[u8]| bytes.try_into().map(u128::from_ne_bytes).map_err(|_| other());
                Keys::Wide(keys.map(key).collect::<Result<_>>()?)
            }
            Form::Bytes(converter) => {
                let keys = column.as_binary_opt::<i32>().ok_or_else(other)?;
                Keys::Bytes(converter.from_binary(keys.clone()))
            }
        })
    }

    /// The rows that have no NULL where [`Nulls::Absent`] is asked for; `None` where that is all of them.
    pub(crate) fn present(&self, columns: &[ArrayRef]) -> Option<NullBuffer> {
        let mut present: Option<NullBuffer> = None;
        for (field, column) in self.fields.iter().zip(columns) {
            if field.nulls == Nulls::Absent {
                present = NullBuffer::union(present.as_ref(), column.logical_nulls().as_ref());
            }
        }
        present.filter(|present| present.null_count() > 0)
    }
}

/// Keys of many rows.
#[derive(Debug)]
pub(crate) enum Keys {
    Narrow(Vec<u64>),
    Wide(Vec<u128>),
    Bytes(Rows),
}

impl Keys {
    /// How many.
    pub(crate) fn len(&self) -> usize {
        match self {
            Keys::Narrow(keys) => keys.len(),
            Keys::Wide(keys) => keys.len(),
            Keys::Bytes(rows) => rows.num_rows(),
        }
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Keys::Narrow(keys) => keys.capacity() * 8,
            Keys::Wide(keys) => keys.capacity() * 16,
            Keys::Bytes(rows) => rows.size(),
        }
    }

    /// As a column, for [`KeyEncoder::keys_of`].
    ///
    /// # Errors
    /// Keys of more than 2 GiB.
    pub(crate) fn into_column(self) -> Result<ArrayRef> {
        Ok(match self {
            Keys::Narrow(keys) => Arc::new(UInt64Array::from(keys)),
            Keys::Wide(keys) => {
                let width = size_of::<u128>() as i32;
                Arc::new(FixedSizeBinaryArray::try_new(width, Buffer::from_vec(keys), None)?)
            }
            Keys::Bytes(rows) => Arc::new(rows.try_into_binary()?),
        })
    }

    /// The order of two of them.
    pub(crate) fn compare(&self, left: usize, right: usize) -> Ordering {
        match self {
            Keys::Narrow(keys) => keys[left].cmp(&keys[right]),
            Keys::Wide(keys) => keys[left].cmp(&keys[right]),
            Keys::Bytes(rows) => rows.row(left).data().cmp(rows.row(right).data()),
        }
    }

    /// The order of one of them and one of other keys of the same encoder.
    pub(crate) fn compare_with(&self, row: usize, others: &Keys, other: usize) -> Ordering {
        match (self, others) {
            (Keys::Narrow(keys), Keys::Narrow(others)) => keys[row].cmp(&others[other]),
            (Keys::Wide(keys), Keys::Wide(others)) => keys[row].cmp(&others[other]),
            (Keys::Bytes(rows), Keys::Bytes(others)) => rows.row(row).data().cmp(others.row(other).data()),
            _ => {
                debug_assert!(false, "keys of one encoder have one width");
                Ordering::Equal
            }
        }
    }

    /// The hashes of all, with every bit depending on every bit of the key.
    pub(crate) fn hashes(&self) -> Vec<u64> {
        match self {
            Keys::Narrow(keys) => keys.iter().map(|key| hash_narrow(*key)).collect(),
            Keys::Wide(keys) => keys.iter().map(|key| hash_wide(*key)).collect(),
            Keys::Bytes(rows) => (0..rows.num_rows())
                .map(|row| hash_bytes(rows.row(row).data()))
                .collect(),
        }
    }
}

/// Constants without structure: digits of pi.
const MIX: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7345, 0xa409_3822_299f_31d1];

#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The hash of a narrow key.
#[inline(always)]
pub(crate) fn hash_narrow(key: u64) -> u64 {
    // The second fold spreads keys that differ in few high bits over the low bits of the hash, too.
    let mixed = fold(key ^ MIX[0], MIX[1]);
    mixed ^ (mixed >> 32)
}

/// The hash of a wide key.
#[inline(always)]
pub(crate) fn hash_wide(key: u128) -> u64 {
    let low = fold(key as u64 ^ MIX[0], MIX[1]);
    fold(low ^ (key >> 64) as u64 ^ MIX[2], MIX[1])
}

/// The hash of a key of bytes.
#[inline]
pub(crate) fn hash_bytes(key: &[u8]) -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(MIX[0]).build_hasher();
    hasher.write(key);
    hasher.finish()
}

/// Where key columns come from.
#[derive(Debug)]
pub(crate) struct KeyColumns(pub(crate) Vec<Projection>);

impl KeyColumns {
    /// One plain array per column, of the selected rows.
    ///
    /// # Errors
    /// Those of the expressions.
    pub(crate) fn evaluate(&self, batch: &Batch) -> Result<Vec<ArrayRef>> {
        Ok(self.evaluate_encoded(batch)?.iter().map(flatten).collect())
    }

    /// As [`Self::evaluate`], perhaps encoded.
    ///
    /// # Errors
    /// Those of the expressions.
    pub(crate) fn evaluate_encoded(&self, batch: &Batch) -> Result<Vec<ArrayRef>> {
        let columns = self.0.iter().map(|projection| match projection {
            Projection::Column(place) => Ok(match &batch.selection {
                None => batch.columns[*place].clone(),
                Some(selection) => selection.filter(&batch.columns[*place]),
            }),
            Projection::Expression(expression) => expression.evaluate(batch),
        });
        columns.collect()
    }
}
