//! The parser library's errors as Postgres words them, with a place.

use super::location::Lines;
use crate::error::{Error, SqlState};
use crate::span::Span;
use sqlparser::parser::ParserError;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, TokenizerError};

/// An error of the lexer.
pub(super) fn token_error(error: &TokenizerError, text: &str) -> Error {
    let message = error.message.trim();
    let message = if message.contains("Unterminated string") {
        "unterminated quoted string".to_owned()
    } else {
        lower_first(message)
    };
    Error::new(SqlState::SYNTAX_ERROR, message).at(span_at(error.location, text))
}

/// An error of the parser: `Expected: X, found: Y at Line: 1, Column: 2`.
pub(super) fn syntax_error(error: &ParserError, text: &str) -> Error {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message.as_str(),
        ParserError::RecursionLimitExceeded => {
            return Error::new(SqlState::STATEMENT_TOO_COMPLEX, "statement nests too deeply");
        }
    };
    let (message, location) = split_location(message);
    let span = location.and_then(|location| span_at(location, text));
    let Some((expected, found)) = message.split_once(", found: ") else {
        return Error::new(SqlState::SYNTAX_ERROR, lower_first(message)).at(span);
    };
    let error = if found == "EOF" {
        Error::new(SqlState::SYNTAX_ERROR, "syntax error at end of input").at(span.or(span_of_end(text)))
    } else {
        let found = written(found, span, text);
        Error::new(SqlState::SYNTAX_ERROR, format!("syntax error at or near \"{found}\"")).at(span)
    };
    error.with_detail(format!("{}.", expected.replacen("Expected: ", "Expected ", 1)))
}

/// A token where the statement should have ended.
pub(super) fn syntax_error_at(token: &TokenWithSpan, text: &str) -> Error {
    let span = span_at(token.span.start, text);
    if token.token == Token::EOF {
        return Error::new(SqlState::SYNTAX_ERROR, "syntax error at end of input").at(span.or(span_of_end(text)));
    }
    let found = token.token.to_string();
    let found = written(&found, span, text);
    Error::new(SqlState::SYNTAX_ERROR, format!("syntax error at or near \"{found}\"")).at(span)
}

/// A word as the user wrote it, where `extensions` put another in its place.
fn written<'t>(found: &'t str, span: Option<Span>, text: &'t str) -> &'t str {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let rest = span
        .and_then(|span| text.get(span.start as usize..))
        .unwrap_or_default();
    let end = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
    let here = rest.get(..end).unwrap_or_default();
    let is_mark = found.contains('\0') || found.chars().all(is_word) && !found.eq_ignore_ascii_case(here);
    if is_mark && !here.is_empty() { here } else { found }
}

fn split_location(message: &str) -> (&str, Option<Location>) {
    let Some((before, after)) = message.rsplit_once(" at Line: ") else {
        return (message, None);
    };
    let location = after.split_once(", Column: ").and_then(|(line, column)| {
        Some(Location {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        })
    });
    (before, location)
}

fn span_at(location: Location, text: &str) -> Option<Span> {
    super::byte_span(Lines::new(text).byte(location)?)
}

fn span_of_end(text: &str) -> Option<Span> {
    super::byte_span(text.len())
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    characters
        .next()
        .map(|first| first.to_lowercase().chain(characters).collect())
        .unwrap_or_default()
}
