//! Places in text counted by characters, with a short way for ASCII.

use arrow_array::StringViewArray;
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
use std::ops::Range;

/// How many characters a text has.
pub(super) fn count(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

/// Whether all texts of a column have one byte per character, found by one pass over the bytes that they lie in. `false` as well where
/// those are few of the bytes between the first and the last, so that looking at each text is cheaper.
pub(super) fn are_ascii(texts: &StringViewArray) -> bool {
    let buffers = texts.data_buffers();
    let mut spans = vec![Span::default(); buffers.len()];
    let (mut inline, mut long_bytes) = (0, 0);
    for view in texts.views() {
        if *view as u32 <= MAX_INLINE_VIEW_LEN {
            inline |= view >> 32;
            continue;
        }
        let view = ByteView::from(*view);
        let (start, length) = (view.offset as usize, view.length as usize);
        spans[view.buffer_index as usize].include(start, start + length);
        long_bytes += length;
    }
    let spanned_bytes: usize = spans.iter().map(|span| span.range().len()).sum();
    inline & NOT_ASCII == 0
        && spanned_bytes <= long_bytes * SPANNED_BYTES_PER_BYTE_MAX
        && spans
            .iter()
            .zip(buffers)
            .all(|(span, buffer)| buffer[span.range()].is_ascii())
}

/// From the first of some bytes to behind the last; `None` without any.
#[derive(Clone, Default)]
struct Span(Option<(usize, usize)>);

impl Span {
    fn include(&mut self, start: usize, end: usize) {
        let (first, last) = self.0.unwrap_or((start, end));
        self.0 = Some((first.min(start), last.max(end)));
    }

    fn range(&self) -> Range<usize> {
        let (start, end) = self.0.unwrap_or_default();
        start..end
    }
}

/// The bits that are set in bytes beyond ASCII.
const NOT_ASCII: u128 = u128::from_ne_bytes([0x80; 16]);
/// Bytes from a buffer's first long text to its last, for each byte of those texts, up to which all of them are looked at.
const SPANNED_BYTES_PER_BYTE_MAX: usize = 2;

/// Where a character begins, counted from 0; the text's end beyond its last one.
pub(super) fn place(text: &str, character: usize) -> usize {
    if character >= text.len() {
        return text.len();
    }
    // ASCII up to there is enough.
    if text.as_bytes()[..character].is_ascii() && text.is_char_boundary(character) {
        return character;
    }
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// The part of a text from character `start` (from 1; may lie before) to before character `end`.
pub(super) fn between(text: &str, start: i64, end: i64) -> &str {
    let start = usize::try_from(start.max(1) - 1).unwrap_or(0);
    let end = usize::try_from(end.max(1) - 1).unwrap_or(0);
    if end <= start {
        return "";
    }
    let from = place(text, start);
    let rest = &text[from..];
    &rest[..place(rest, end - start)]
}
