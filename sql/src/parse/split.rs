//! A client's text, cut at its semicolons. Each piece has its own text; its tokens' locations count from its own begin.

use super::location::Lines;
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

/// One statement's text and tokens.
pub(super) struct Piece {
    /// From its first token to its last.
    pub(super) text: String,
    /// Where it begins in the whole text, in bytes.
    pub(super) offset: usize,
    /// Without white space; never a semicolon.
    pub(super) tokens: Vec<TokenWithSpan>,
}

/// Cuts at semicolons; empty pieces are left out.
pub(super) fn split(text: &str, tokens: Vec<TokenWithSpan>) -> Vec<Piece> {
    let lines = Lines::new(text);
    let mut pieces = Vec::new();
    let mut current: Vec<TokenWithSpan> = Vec::new();
    for token in tokens {
        if token.token == Token::SemiColon {
            pieces.extend(piece(text, &lines, std::mem::take(&mut current)));
        } else {
            current.push(token);
        }
    }
    pieces.extend(piece(text, &lines, current));
    pieces
}

fn piece(text: &str, lines: &Lines<'_>, mut tokens: Vec<TokenWithSpan>) -> Option<Piece> {
    let first = tokens.first()?.span.start;
    let last = tokens.last()?.span.end;
    let offset = lines.byte(first)?;
    let end = lines.byte(last)?;
    for token in &mut tokens {
        token.span = Span {
            start: shifted(token.span.start, first),
            end: shifted(token.span.end, first),
        };
    }
    Some(Piece {
        text: text.get(offset..end)?.to_owned(),
        offset,
        tokens,
    })
}

fn shifted(location: Location, origin: Location) -> Location {
    let column = if location.line == origin.line {
        (location.column + 1).saturating_sub(origin.column)
    } else {
        location.column
    };
    Location {
        line: (location.line + 1).saturating_sub(origin.line),
        column,
    }
}
