//! Bytes to lists. Whatever the bytes are, this ends with lists or with an error, and takes no memory out of proportion to them. Text and
//! bytes stay where they are, unless that would keep much else in memory: elements are views into what storage handed on.

use super::{HAS_NULLS, Layout};
use crate::error::{Error, Result, SqlState};
use arrow_array::builder::make_view;
use arrow_array::cast::AsArray;
use arrow_array::types::{ByteViewType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, GenericByteViewArray, ListArray, StringViewArray, make_array,
};
use arrow_buffer::{
    BooleanBuffer, BooleanBufferBuilder, Buffer, MutableBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use arrow_data::{ArrayData, MAX_INLINE_VIEW_LEN};
use arrow_schema::{DataType, FieldRef};
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// The lists that storage keeps as `column`; rows that are not wanted come as NULL.
///
/// # Errors
/// XX001: bytes that are no array of the type.
pub(crate) fn decode(column: &ArrayRef, data_type: &DataType, wanted: Option<&BooleanBuffer>) -> Result<ArrayRef> {
    let DataType::List(field) = data_type else {
        return Err(Error::Internal(format!("{data_type} is decoded as an array")));
    };
    let column = flatten(column);
    let encoded = column.as_binary_view_opt();
    let encoded = encoded.ok_or_else(|| Error::Internal(format!("an array is stored as {}", column.data_type())))?;
    let mut lists = Lists::new(field, encoded.len())?;
    for (row, view) in encoded.views().iter().enumerate() {
        if encoded.is_null(row) || wanted.is_some_and(|wanted| !wanted.value(row)) {
            lists.push_null()?;
            continue;
        }
        let mut input = Input {
            bytes: encoded.value(row),
            at: 0,
            // A view of more than twelve bytes: length, four bytes, buffer, place in it.
            buffer: (view >> 64) as u32,
            start: (view >> 96) as u32,
        };
        lists.push(&mut input)?;
        if input.at != input.bytes.len() {
            return Err(damaged("bytes behind its end"));
        }
    }
    lists.finish(encoded.data_buffers())
}

/// A dictionary with no more values than rows as a dictionary of lists; `None` of any other column.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_distinct(column: &ArrayRef, data_type: &DataType) -> Result<Option<ArrayRef>> {
    let dictionary = column.as_dictionary_opt::<UInt32Type>();
    let Some(dictionary) = dictionary.filter(|dictionary| dictionary.values().len() <= dictionary.len()) else {
        return Ok(None);
    };
    let values = decode(dictionary.values(), data_type, None)?;
    Ok(Some(Arc::new(dictionary.with_values(values))))
}

fn damaged(reason: &str) -> Error {
    Error::user(SqlState::DATA_CORRUPTED, format!("a stored array is damaged: {reason}"))
}

/// A stored array that is read.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the bytes are among the column's, if they are too long for a view.
    buffer: u32,
    start: u32,
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let bytes = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let bytes = bytes.ok_or_else(|| damaged("it ends too early"))?;
        self.at += count;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = self.take(1)? else { break };
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged("a length has too many digits"))
    }

    /// The next bytes as a view.
    fn view(&mut self, length: usize) -> Result<u128> {
        let place = self.start.wrapping_add(self.at as u32);
        Ok(make_view(self.take(length)?, self.buffer, place))
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}

/// Lists in the making.
struct Lists {
    field: FieldRef,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    elements: Elements,
}

/// Their elements.
struct Elements {
    layout: Layout,
    count: usize,
    nulls: NullBufferBuilder,
    values: Values,
}

enum Values {
    Bits(BooleanBufferBuilder),
    Fixed(MutableBuffer, usize),
    Views(Vec<u128>),
    /// Without NULLs of its own: those are the elements'.
    Arrays(Box<Lists>),
}

impl Lists {
    fn new(field: &FieldRef, capacity: usize) -> Result<Lists> {
        let layout = Layout::of(field.data_type())?;
        let values = match (layout, field.data_type()) {
            (Layout::Bits, _) => Values::Bits(BooleanBufferBuilder::new(capacity)),
            (Layout::Fixed(width), _) => Values::Fixed(MutableBuffer::new(capacity * width), width),
            (Layout::Bytes, _) => Values::Views(Vec::with_capacity(capacity)),
            (Layout::Arrays, DataType::List(inner)) => Values::Arrays(Box::new(Lists::new(inner, capacity)?)),
            (Layout::Arrays, other) => return Err(Error::Internal(format!("{other} is no list"))),
        };
        let mut offsets = Vec::with_capacity(capacity + 1);
        offsets.push(0);
        Ok(Lists {
            field: field.clone(),
            offsets,
            nulls: NullBufferBuilder::new(capacity),
            elements: Elements {
                layout,
                count: 0,
                nulls: NullBufferBuilder::new(capacity),
                values,
            },
        })
    }

    fn push_null(&mut self) -> Result<()> {
        self.nulls.append_null();
        self.end()
    }

    /// The array that comes next.
    fn push(&mut self, input: &mut Input<'_>) -> Result<()> {
        self.elements.read(input)?;
        self.nulls.append_non_null();
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        let end = i32::try_from(self.elements.count).map_err(|_| {
            Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("the arrays of a batch of rows have more than {} elements", i32::MAX),
            )
        })?;
        self.offsets.push(end);
        Ok(())
    }

    fn finish(mut self, buffers: &[Buffer]) -> Result<ArrayRef> {
        let nulls = self.nulls.finish();
        let values = self.elements.finish(self.field.data_type(), buffers)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Ok(Arc::new(ListArray::try_new(self.field, offsets, values, nulls)?))
    }
}

impl Elements {
    /// The elements of an array.
    fn read(&mut self, input: &mut Input<'_>) -> Result<()> {
        let [header] = input.take(1)? else {
            return Err(damaged("it has no header"));
        };
        if header & !HAS_NULLS != self.layout.number() {
            return Err(damaged("its elements are of another type"));
        }
        let count = input.number()?;
        // An element takes a bit at least.
        if count.div_ceil(8) > input.left() {
            return Err(damaged("it is too short for its elements"));
        }
        match header & HAS_NULLS {
            0 => self.nulls.append_n_non_nulls(count),
            _ => {
                let bits = BooleanBuffer::new(Buffer::from(input.take(count.div_ceil(8))?), 0, count);
                self.nulls.append_buffer(&bits.into());
            }
        }
        self.count += count;
        match &mut self.values {
            Values::Bits(bits) => bits.append_packed_range(0..count, input.take(count.div_ceil(8))?),
            Values::Fixed(bytes, width) => {
                let taken = count.checked_mul(*width).ok_or_else(|| damaged("it is too long"))?;
                bytes.extend_from_slice(input.take(taken)?);
            }
            Values::Views(views) => read_views(count, input, views)?,
            Values::Arrays(lists) => {
                for _ in 0..count {
                    lists.push(input)?;
                }
            }
        }
        Ok(())
    }

    fn finish(mut self, data_type: &DataType, buffers: &[Buffer]) -> Result<ArrayRef> {
        let nulls = self.nulls.finish();
        Ok(match self.values {
            Values::Bits(mut bits) => Arc::new(BooleanArray::new(bits.finish(), nulls)),
            Values::Fixed(bytes, _) => {
                let data = ArrayData::builder(data_type.clone()).len(self.count).nulls(nulls);
                make_array(data.add_buffer(bytes.into()).build()?)
            }
            Values::Views(views) => {
                let is_sparse = is_sparse(&views, buffers);
                let (views, buffers) = (ScalarBuffer::from(views), buffers.to_vec());
                match data_type {
                    DataType::Utf8View => owned(
                        StringViewArray::try_new(views, buffers, nulls)
                            .map_err(|_| damaged("text that is not UTF-8"))?,
                        is_sparse,
                    ),
                    _ => owned(BinaryViewArray::try_new(views, buffers, nulls)?, is_sparse),
                }
            }
            Values::Arrays(mut lists) => {
                lists.nulls = NullBufferBuilder::new(0);
                if let Some(nulls) = nulls {
                    lists.nulls.append_buffer(&nulls);
                }
                lists.finish(buffers)?
            }
        })
    }
}

/// Whether views reach little of what they would keep in memory: storage's buffers are those of a whole block.
fn is_sparse(views: &[u128], buffers: &[Buffer]) -> bool {
    let held: usize = buffers.iter().map(Buffer::len).sum();
    let lengths = views.iter().map(|view| *view as u32 as usize);
    let reached: usize = lengths.filter(|length| *length > MAX_INLINE_VIEW_LEN as usize).sum();
    held > 2 * reached
}

/// The views as they are, or with bytes of their own.
fn owned<T: ByteViewType>(array: GenericByteViewArray<T>, is_sparse: bool) -> ArrayRef {
    Arc::new(if is_sparse { array.gc() } else { array })
}

/// All lengths come before all bytes.
fn read_views(count: usize, input: &mut Input<'_>, views: &mut Vec<u128>) -> Result<()> {
    let mut lengths = Input { at: input.at, ..*input };
    for _ in 0..count {
        input.number()?;
    }
    for _ in 0..count {
        views.push(input.view(lengths.number()?)?);
    }
    Ok(())
}
