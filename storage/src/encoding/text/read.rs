//! Text to arrays of views.

use super::Text;
use crate::encoding::cursor::{Decoded, Malformed, malformed};
use arrow_array::{ArrayRef, BinaryViewArray, StringViewArray};
use arrow_buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow_data::ByteView;
use arrow_schema::DataType;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Bytes at which a decoded array begins another buffer; views address 32 bits.
const BUFFER_BYTES_MAX: usize = 1 << 30;
/// Bytes that are likely to come of a compressed one at most.
const RATIO_LIKELY_MAX: usize = 16;
/// The longest value that a view holds itself.
const INLINE_BYTES_MAX: usize = 12;

impl Text<'_> {
    /// The values of some rows as an array.
    pub(crate) fn read(
        &self,
        rows: Range<usize>,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Decoded<ArrayRef> {
        let is_text = *data_type == DataType::Utf8View;
        let mut builder = ViewBuilder::new(rows.len().min(self.row_count));
        if rows.start / self.frame_rows != rows.end.saturating_sub(1) / self.frame_rows {
            builder.reserve(self.bytes_of(&rows)?);
        }
        self.visit(rows, |_, piece| {
            let bytes = piece.bytes()?;
            let places = piece.places();
            if is_text {
                check_text(&bytes, places)?;
            }
            builder.append(bytes, places);
            Ok(())
        })?;
        Ok(builder.finish(is_text, nulls))
    }

    /// How many bytes some rows have; not more than is likely of the bytes that they are stored in, whatever their lengths say.
    fn bytes_of(&self, rows: &Range<usize>) -> Decoded<usize> {
        let lengths = self.lengths.to_vec::<i64>(rows.clone())?;
        let sum = lengths
            .iter()
            .fold(0u64, |sum, length| sum.saturating_add(*length as u64));
        let likely_max = self.payload.len().saturating_mul(RATIO_LIKELY_MAX);
        Ok(usize::try_from(sum).unwrap_or(usize::MAX).min(likely_max))
    }
}

/// Every value must be UTF-8 of its own.
fn check_text(bytes: &[u8], places: &[usize]) -> Decoded<()> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Ok(());
    };
    let all = &bytes[*first..*last];
    if all.is_ascii() {
        return Ok(());
    }
    let text = simdutf8::basic::from_utf8(all).map_err(|error| Malformed(format!("text is not UTF-8: {error}")))?;
    if places.iter().all(|place| text.is_char_boundary(place - first)) {
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

    /// Makes room for so many bytes of values at once: growing would copy, and clear, twice of them.
    fn reserve(&mut self, byte_count: usize) {
        self.current.reserve_exact(byte_count.min(BUFFER_BYTES_MAX));
    }

    /// Appends the values between consecutive places.
    fn append(&mut self, bytes: Cow<'_, [u8]>, places: &[usize]) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else {
            return;
        };
        if last - first > BUFFER_BYTES_MAX {
            for pair in places.windows(2) {
                self.append_together(&bytes, pair);
            }
            return;
        }
        match bytes {
            // Bytes that were just decompressed become the buffer as they are.
            Cow::Owned(owned) if self.current.capacity() == 0 && has_long(places) => {
                self.append_views(&owned, places, 0);
                self.current = owned;
            }
            bytes => self.append_together(&bytes, places),
        }
    }

    /// Appends values of at most [`BUFFER_BYTES_MAX`] bytes, or a single one.
    fn append_together(&mut self, bytes: &[u8], places: &[usize]) {
        let (start, end) = (places[0], places[places.len() - 1]);
        if self.current.len() + (end - start) > BUFFER_BYTES_MAX {
            self.close();
        }
        let base = self.current.len();
        if has_long(places) {
            self.current.extend_from_slice(&bytes[start..end]);
        }
        self.append_views(bytes, places, base.wrapping_sub(start));
    }

    /// Appends views of values whose place in the buffer is that in `bytes` moved by `shift`.
    fn append_views(&mut self, bytes: &[u8], places: &[usize], shift: usize) {
        let buffer = self.buffers.len() as u32;
        self.views.extend(places.windows(2).map(|pair| {
            let (start, end) = (pair[0], pair[1]);
            let value = &bytes[start..end];
            if value.len() > INLINE_BYTES_MAX {
                return ByteView::new(value.len() as u32, &value[..4])
                    .with_buffer_index(buffer)
                    .with_offset(start.wrapping_add(shift) as u32)
                    .as_u128();
            }
            inline_view(bytes, start, value.len())
        }));
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
            // SAFETY: every view was made from a range inside its buffer (or inline), and `check_text` found each range to be
            // UTF-8; a buffer ends before 32 bits of offset do.
            Arc::new(unsafe { StringViewArray::new_unchecked(views, self.buffers, nulls) })
        } else {
            // SAFETY: as above; bytes need not be UTF-8.
            Arc::new(unsafe { BinaryViewArray::new_unchecked(views, self.buffers, nulls) })
        }
    }
}

/// Whether a value is too long for its view.
fn has_long(places: &[usize]) -> bool {
    places.windows(2).any(|pair| pair[1] - pair[0] > INLINE_BYTES_MAX)
}

/// The view of a value of at most twelve bytes: its length, then the bytes.
#[inline]
fn inline_view(bytes: &[u8], start: usize, length: usize) -> u128 {
    let sixteen = match bytes.get(start..start + 16) {
        Some(bytes) => {
            // One load, then the bytes behind the value are cleared.
            let bytes: [u8; 16] = bytes.try_into().unwrap_or_default();
            u128::from_le_bytes(bytes) & ((1u128 << (length * 8)) - 1)
        }
        None => {
            let mut padded = [0u8; 16];
            padded[..length].copy_from_slice(&bytes[start..start + length]);
            u128::from_le_bytes(padded)
        }
    };
    (sixteen << 32) | length as u128
}
