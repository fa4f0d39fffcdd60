//! From the parser's lines and columns (characters, from 1) to byte ranges of the statement's text.

use crate::span::Span;
use sqlparser::tokenizer::{Location, Span as ParserSpan};

/// Every so many characters the byte is noted, so that a place is found without counting from the line's begin.
const STRIDE: usize = 128;

/// Where the lines of a text begin, and a grid over its characters.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    /// The index of each line's first character.
    starts: Vec<usize>,
    /// The byte of every [`STRIDE`]th character; empty for ASCII, where bytes are characters.
    grid: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// The lines of `text`.
    pub(crate) fn new(text: &'t str) -> Self {
        let is_ascii = text.is_ascii();
        let mut starts = vec![0];
        let mut grid = Vec::new();
        for (index, (byte, character)) in text.char_indices().enumerate() {
            if !is_ascii && index % STRIDE == 0 {
                grid.push(byte);
            }
            if character == '\n' {
                starts.push(index + 1);
            }
        }
        Lines { text, starts, grid }
    }

    /// The byte at a location; the end of the text for a location behind it. `None` for the parser's empty location.
    pub(crate) fn byte(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let Some(start) = self.starts.get(line) else {
            return Some(self.text.len());
        };
        let index = start + column;
        if self.grid.is_empty() {
            return Some(index.min(self.text.len()));
        }
        let Some(&noted) = self.grid.get(index / STRIDE) else {
            return Some(self.text.len());
        };
        let rest = self.text.get(noted..)?;
        let within = rest
            .char_indices()
            .nth(index % STRIDE)
            .map_or(rest.len(), |(byte, _)| byte);
        Some(noted + within)
    }

    /// The byte range of a span; `None` for the parser's empty span.
    pub(crate) fn span(&self, span: ParserSpan) -> Option<Span> {
        let start = self.byte(span.start)?;
        let end = self.byte(span.end)?.max(start);
        Some(Span {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }
}
