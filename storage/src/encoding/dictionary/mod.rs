//! A segment's distinct values of a column in ascending order, shared by all its blocks; blocks hold codes, their places in it.
//! Since codes order as values do, a condition on values is one on codes: found by binary search, or, where bytes are searched
//! for inside, by testing each distinct value once.

mod build;
mod translate;

pub(crate) use build::{Built, build};
pub(crate) use translate::CodeTest;

use super::lanes::Lanes;
use super::loops;
use super::{Decoded, malformed};
use crate::vector::filter::Test;
use crate::vector::key::{Domain, domain_of, lane_keys, wide_keys};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, DictionaryArray, UInt32Array};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// A dictionary that was read.
#[derive(Debug)]
pub(crate) struct Dictionary {
    values: ArrayRef,
    keys: Keys,
}

/// The order keys of the values, ascending.
#[derive(Debug)]
enum Keys {
    Lane(Vec<i64>),
    Wide(Vec<i128>),
    Bytes,
}

impl Dictionary {
    /// Of plain values without NULLs, ascending.
    pub(crate) fn new(values: ArrayRef) -> Decoded<Self> {
        let keys = match domain_of(values.data_type()) {
            Some(Domain::Lane) => lane_keys(values.as_ref()).map(|keys| Keys::Lane(keys.into_owned())),
            Some(Domain::Wide) => wide_keys(values.as_ref()).map(Keys::Wide),
            Some(Domain::Bytes) => Some(Keys::Bytes),
            None => None,
        };
        let Some(keys) = keys.filter(|_| values.null_count() == 0) else {
            return malformed(format!("no dictionary is of {}", values.data_type()));
        };
        let ascends = match &keys {
            Keys::Lane(keys) => keys.is_sorted(),
            Keys::Wide(keys) => keys.is_sorted(),
            Keys::Bytes => bytes_ascend(&values),
        };
        if !ascends {
            return malformed("a dictionary out of order");
        }
        Ok(Dictionary { values, keys })
    }

    /// Bytes held.
    pub(crate) fn memory_bytes(&self) -> usize {
        let keys = match &self.keys {
            Keys::Lane(keys) => size_of_val(&keys[..]),
            Keys::Wide(keys) => size_of_val(&keys[..]),
            Keys::Bytes => 0,
        };
        self.values.get_array_memory_size() + keys
    }

    /// The values; every decoded column of the segment shares this array.
    pub(crate) fn values(&self) -> &ArrayRef {
        &self.values
    }

    /// The values of some codes, plain.
    pub(crate) fn take(&self, codes: Vec<u32>, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
        self.check(&codes)?;
        let codes = UInt32Array::new(codes.into(), nulls);
        arrow_select::take::take(&self.values, &codes, None).or_else(|error| malformed(error.to_string()))
    }

    fn check(&self, codes: &[u32]) -> Decoded<()> {
        match loops::largest(codes) {
            Some(largest) if largest as usize >= self.values.len() => {
                malformed(format!("code {largest} of {} values", self.values.len()))
            }
            _ => Ok(()),
        }
    }

    /// The values of some rows: text and bytes as `Dictionary(UInt32, plain)`, other types plain, being as short as a code.
    pub(crate) fn decode(&self, codes: &Lanes<'_>, rows: Range<usize>, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
        self.column(codes.to_vec(rows)?, nulls)
    }

    /// As [`Self::decode`], of single rows, which ascend.
    pub(crate) fn pick(&self, codes: &Lanes<'_>, rows: &[u32], nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
        let mut picked = Vec::new();
        codes.pick(rows, &mut picked)?;
        self.column(picked, nulls)
    }

    fn column(&self, codes: Vec<u32>, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
        if !matches!(self.values.data_type(), DataType::Utf8View | DataType::BinaryView) {
            return self.take(codes, nulls);
        }
        self.check(&codes)?;
        let keys = UInt32Array::new(ScalarBuffer::from(codes), nulls);
        // SAFETY: every code was just found to be the place of a value.
        Ok(Arc::new(unsafe {
            DictionaryArray::new_unchecked(keys, self.values.clone())
        }))
    }

    /// A condition on values as one on codes.
    pub(crate) fn translate(&self, test: &Test) -> Decoded<CodeTest> {
        translate::translate(self, test)
    }
}

/// Whether texts or byte strings ascend; told by type, as looking it up for every value took longer than comparing.
fn bytes_ascend(values: &ArrayRef) -> bool {
    match values.as_string_view_opt() {
        Some(texts) => texts.iter().is_sorted_by(|one, next| one < next),
        None => values.as_binary_view().iter().is_sorted_by(|one, next| one < next),
    }
}
