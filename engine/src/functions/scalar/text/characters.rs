//! Places in text counted by characters, with a short way for ASCII.

/// How many characters a text has.
pub(super) fn count(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    }
}

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
