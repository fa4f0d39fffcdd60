//! Arrays and records in binary, out: their types, counts, and a field per element.

use super::type_oid;
use crate::format::field::FieldWriter;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::{ListArray, StructArray};
use arrow_buffer::OffsetBuffer;

/// Writes rows of an array column.
pub(in crate::format) struct ArrayWriter<'a> {
    /// Of each dimension.
    offsets: Vec<&'a OffsetBuffer<i32>>,
    elements: FieldWriter<'a>,
    element_oid: u32,
    /// The first index: that of the catalog's vectors is 0.
    first: i32,
}

impl<'a> ArrayWriter<'a> {
    pub(super) fn new(array: &'a ListArray, data_type: &LogicalType) -> Self {
        let mut element = data_type.element().unwrap_or(&LogicalType::Unknown);
        let mut offsets = vec![array.offsets()];
        let mut values = array.values();
        // Arrays of arrays are further dimensions.
        while let (LogicalType::Array(inner), Some(list)) = (element, values.as_list_opt::<i32>()) {
            offsets.push(list.offsets());
            values = list.values();
            element = inner;
        }
        ArrayWriter {
            offsets,
            elements: FieldWriter::binary(values, element),
            element_oid: type_oid(element),
            first: i32::from(!data_type.is_vector()),
        }
    }

    /// Dimensions, whether there are NULLs, the elements' type, the size of each dimension and its first index, the elements.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let (begin, end) = self.elements_of(row);
        // An array without elements has no dimensions.
        let dimensions = if begin == end { &[] } else { self.offsets.as_slice() };
        out.extend_from_slice(&(dimensions.len() as i32).to_be_bytes());
        out.extend_from_slice(&i32::from(self.elements.has_nulls(begin, end)).to_be_bytes());
        out.extend_from_slice(&self.element_oid.to_be_bytes());
        let mut at = row;
        for offsets in dimensions {
            // Postgres knows only arrays whose parts have one length: that of the first.
            out.extend_from_slice(&(offsets[at + 1] - offsets[at]).to_be_bytes());
            out.extend_from_slice(&self.first.to_be_bytes());
            at = offsets[at] as usize;
        }
        for at in begin..end {
            self.elements.write(at, out);
        }
    }

    /// Where the elements of a row begin and end.
    fn elements_of(&self, row: usize) -> (usize, usize) {
        let place = |at: usize, offsets: &&OffsetBuffer<i32>| offsets[at] as usize;
        (
            self.offsets.iter().fold(row, place),
            self.offsets.iter().fold(row + 1, place),
        )
    }
}

/// Writes rows of a record column.
pub(in crate::format) struct RecordWriter<'a>(Vec<(u32, FieldWriter<'a>)>);

impl<'a> RecordWriter<'a> {
    pub(super) fn new(record: &'a StructArray, data_type: &LogicalType) -> Self {
        let types = match data_type {
            LogicalType::Record(fields) => fields.as_slice(),
            _ => &[],
        };
        let fields = record.columns().iter().enumerate().map(|(at, column)| {
            let field = types.get(at).map_or(&LogicalType::Unknown, |(_, field)| field);
            (type_oid(field), FieldWriter::binary(column, field))
        });
        RecordWriter(fields.collect())
    }

    /// The count of fields, then each with its type.
    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.0.len() as i32).to_be_bytes());
        for (oid, field) in &self.0 {
            out.extend_from_slice(&oid.to_be_bytes());
            field.write(row, out);
        }
    }
}
