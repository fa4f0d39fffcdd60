//! Streams of text and byte strings: lengths apart from bytes, so that questions about lengths touch no bytes.
//!
//! ```text
//! text  = form:u8 lengths:sized(stream) frame_end:u64* payload
//! ```
//! Bytes come in frames of a fixed number of rows; `frame_end` is where each ends in the payload. A frame is what must be read
//! to reach any of its rows.

use super::Encoding;
use super::cursor::{Cursor, Decoded, Malformed, malformed, put_sized};
use super::lanes::{self, Lanes};
use crate::limits::{VALUE_BYTES_MAX, VECTOR_ROWS};
use crate::vector::filter::BytesTest;
use arrow_array::{ArrayRef, BinaryViewArray, StringViewArray};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, Buffer, NullBuffer, ScalarBuffer};
use arrow_data::ByteView;
use arrow_schema::DataType;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Bytes at which a decoded array begins another buffer; views address 32 bits.
const BUFFER_BYTES_MAX: usize = 1 << 30;

/// A stream that was read.
#[derive(Clone, Debug)]
pub(crate) struct Text<'a> {
    row_count: usize,
    lengths: Lanes<'a>,
    frame_rows: usize,
    frame_ends: Vec<u64>,
    payload: &'a [u8],
}

/// Appends a stream of byte strings.
pub(crate) fn encode(values: &[&[u8]], out: &mut Vec<u8>) -> Encoding {
    out.push(Encoding::Plain as u8);
    let lengths: Vec<i64> = values.iter().map(|value| value.len() as i64).collect();
    put_sized(out, |out| {
        lanes::encode(&lengths, out);
    });
    let mut end = 0u64;
    for frame in values.chunks(VECTOR_ROWS) {
        end += frame.iter().map(|value| value.len() as u64).sum::<u64>();
        out.extend_from_slice(&end.to_le_bytes());
    }
    for value in values {
        out.extend_from_slice(value);
    }
    Encoding::Plain
}

impl<'a> Text<'a> {
    /// Reads a stream of that many values; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let form = Encoding::from_tag(cursor.u8()?)?;
        let lengths = Lanes::parse(cursor.sized()?, row_count)?;
        let frame_rows = match form {
            Encoding::Plain => VECTOR_ROWS,
            other => return malformed(format!("text cannot be stored as {other:?}")),
        };
        let frame_ends = cursor.u64s(row_count.div_ceil(frame_rows))?;
        let payload = cursor.rest();
        let last = frame_ends.last().copied().unwrap_or(0);
        if !frame_ends.is_sorted() || last != payload.len() as u64 {
            return malformed("frames of text do not cover their bytes");
        }
        Ok(Text {
            row_count,
            lengths,
            frame_rows,
            frame_ends,
            payload,
        })
    }

    /// The lengths in bytes.
    pub(crate) fn lengths(&self) -> &Lanes<'a> {
        &self.lengths
    }

    /// The encoding of the bytes.
    pub(crate) fn encoding(&self) -> Encoding {
        Encoding::Plain
    }

    /// All bytes of a frame, one value after the other.
    fn frame(&self, frame: usize, decoded_bytes: usize) -> Decoded<Cow<'a, [u8]>> {
        let start = if frame == 0 {
            0
        } else {
            self.frame_ends[frame - 1] as usize
        };
        let stored = &self.payload[start..self.frame_ends[frame] as usize];
        if stored.len() != decoded_bytes {
            return malformed("text is not as long as its lengths say");
        }
        Ok(Cow::Borrowed(stored))
    }

    /// Visits the frames of some rows: the rows' place within the request, the bytes of the frame, and each row's range in them.
    fn visit(
        &self,
        rows: Range<usize>,
        mut visit: impl FnMut(usize, Cow<'a, [u8]>, &[Range<usize>]) -> Decoded<()>,
    ) -> Decoded<()> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of {}", self.row_count));
        }
        let mut at = rows.start;
        while at < rows.end {
            let frame = at / self.frame_rows;
            let first = frame * self.frame_rows;
            let last = (first + self.frame_rows).min(self.row_count);
            let lengths = self.lengths.to_vec::<i64>(first..last)?;
            let mut places = Vec::with_capacity(lengths.len());
            let mut end = 0usize;
            for length in lengths {
                let length = usize::try_from(length)
                    .ok()
                    .filter(|length| *length <= VALUE_BYTES_MAX)
                    .ok_or_else(|| Malformed(format!("a value of {length} bytes")))?;
                places.push(end..end + length);
                end += length;
            }
            let bytes = self.frame(frame, end)?;
            let to = rows.end.min(last);
            visit(at - rows.start, bytes, &places[at - first..to - first])?;
            at = to;
        }
        Ok(())
    }

    /// The values of some rows, each in a slice of the bytes handed to `take`.
    pub(crate) fn for_each(&self, rows: Range<usize>, mut take: impl FnMut(&[u8])) -> Decoded<()> {
        self.visit(rows, |_, bytes, places| {
            for place in places {
                take(&bytes[place.clone()]);
            }
            Ok(())
        })
    }

    /// The values of some rows as an array.
    pub(crate) fn read(
        &self,
        rows: Range<usize>,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Decoded<ArrayRef> {
        let is_text = *data_type == DataType::Utf8View;
        let mut builder = ViewBuilder::new(rows.len().min(self.row_count));
        self.visit(rows, |_, bytes, places| {
            if is_text {
                check_text(&bytes, places)?;
            }
            builder.append(bytes, places);
            Ok(())
        })?;
        Ok(builder.finish(is_text, nulls))
    }

    /// One bit per row: whether its value passes and it is selected.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &BytesTest,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        let mut builder = BooleanBufferBuilder::new(rows.len());
        self.visit(rows, |offset, bytes, places| {
            let selected = selection.slice(offset, places.len());
            builder.append_buffer(&BooleanBuffer::collect_bool(places.len(), |row| {
                selected.value(row) && test.passes(&bytes[places[row].clone()])
            }));
            Ok(())
        })?;
        Ok(builder.finish())
    }
}

/// Every value must be UTF-8 of its own.
fn check_text(bytes: &[u8], places: &[Range<usize>]) -> Decoded<()> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Ok(());
    };
    let all = &bytes[first.start..last.end];
    if all.is_ascii() {
        return Ok(());
    }
    let text = std::str::from_utf8(all).map_err(|error| Malformed(format!("text is not UTF-8: {error}")))?;
    if places
        .iter()
        .all(|place| text.is_char_boundary(place.start - first.start))
    {
        Ok(())
    } else {
        malformed("a value of text ends within a character")
    }
}

/// Views over buffers of concatenated values.
struct ViewBuilder {
    views: Vec<u128>,
    buffers: Vec<Buffer>,
    current: Vec<u8>,
}

impl ViewBuilder {
    fn new(row_count: usize) -> Self {
        ViewBuilder {
            views: Vec::with_capacity(row_count),
            buffers: Vec::new(),
            current: Vec::new(),
        }
    }

    fn append(&mut self, bytes: Cow<'_, [u8]>, places: &[Range<usize>]) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return;
        };
        let (start, end) = (first.start, last.end);
        if self.current.len() + (end - start) > BUFFER_BYTES_MAX {
            self.close();
        }
        let long = places.iter().any(|place| place.len() > 12);
        let base = self.current.len();
        if long {
            self.current.extend_from_slice(&bytes[start..end]);
        }
        let buffer = self.buffers.len() as u32;
        for place in places {
            let value = &bytes[place.clone()];
            self.views.push(if value.len() <= 12 {
                let mut view = [0u8; 16];
                view[..4].copy_from_slice(&(value.len() as u32).to_le_bytes());
                view[4..4 + value.len()].copy_from_slice(value);
                u128::from_le_bytes(view)
            } else {
                ByteView::new(value.len() as u32, &value[..4])
                    .with_buffer_index(buffer)
                    .with_offset((base + place.start - start) as u32)
                    .as_u128()
            });
        }
    }

    fn close(&mut self) {
        if !self.current.is_empty() {
            self.buffers.push(Buffer::from_vec(std::mem::take(&mut self.current)));
        }
    }

    fn finish(mut self, is_text: bool, nulls: Option<NullBuffer>) -> ArrayRef {
        self.close();
        let views = ScalarBuffer::from(self.views);
        if is_text {
            // SAFETY: `append` made every view from a range inside its buffer (or inline), and `check_text` found each range to be
            // UTF-8; a vector of frames above the buffer limit is its own buffer, so offsets fit.
            Arc::new(unsafe { StringViewArray::new_unchecked(views, self.buffers, nulls) })
        } else {
            // SAFETY: as above; bytes need not be UTF-8.
            Arc::new(unsafe { BinaryViewArray::new_unchecked(views, self.buffers, nulls) })
        }
    }
}
