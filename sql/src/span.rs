//! Places in the statement's text: byte ranges, made from the parser's lines and columns. Never holds text itself.

/// A half-open range of bytes of one statement's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The Postgres error position of this span in `text`: one-based, counted in characters.
    pub fn position(self, text: &str) -> usize {
        let end = (self.start as usize).min(text.len());
        text.char_indices().take_while(|(index, _)| *index < end).count() + 1
    }
}
