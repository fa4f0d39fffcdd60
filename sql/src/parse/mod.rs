//! Text to statements: split at semicolons, check limits, parse each.
//!
//! What the parser library cannot take, or takes differently from Postgres, is read from the tokens in `extensions`. The
//! rest becomes the library's syntax tree, which only `bind` reads. Nothing here looks at the catalog.

mod constant_insert;
mod dialect;
mod error;
pub(crate) mod extensions;
mod guard;
mod kind;
pub(crate) mod location;
mod split;
pub(crate) mod syntax;

pub use kind::StatementKind;
pub(crate) use kind::kind;

use crate::error::{Error, Result, SqlState};
use crate::limits::{NESTING_DEPTH_MAX, STATEMENT_BYTES_MAX};
use crate::{Parsed, span::Span};
use dialect::StoaDialect;
use location::Lines;
use sqlparser::ast;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::sync::Arc;
use syntax::{Syntax, SyntaxTree};

/// Splits a text into statements and parses each; the first error ends it.
pub(crate) fn parse_statements(text: &str) -> Result<Vec<Parsed>> {
    if let Some(position) = text.find('\0') {
        return Err(Error::new(
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            "statement contains a NUL character",
        )
        .at(byte_span(position)));
    }
    let mut statements = Vec::new();
    let mut rest = 0;
    while let Some(read) = constant_insert::read(text, rest) {
        rest = read.rest;
        statements.push(Parsed {
            offset: read.place.start,
            text: text.get(read.place).unwrap_or_default().to_owned(),
            syntax: Arc::new(SyntaxTree::new(Syntax::InsertConstants(Box::new(read.insert)))),
        });
    }
    let text = text.get(rest..).unwrap_or_default();
    if text.is_empty() {
        return Ok(statements);
    }
    let tokens = tokenize(text).map_err(|error| shifted(error, rest))?;
    for piece in split::split(text, tokens) {
        let offset = rest + piece.offset;
        let mut parsed = parse_piece(piece).map_err(|error| shifted(error, offset))?;
        parsed.offset = offset;
        statements.push(parsed);
    }
    Ok(statements)
}

/// An error of a piece of the text that begins at a place, with its own place counted in the whole text.
fn shifted(mut error: Error, begin: usize) -> Error {
    let shift = u32::try_from(begin).unwrap_or(u32::MAX);
    error.span = error.span.map(|span| Span {
        start: span.start.saturating_add(shift),
        end: span.end.saturating_add(shift),
    });
    error
}

/// Parses an INSERT of constants as one of expressions.
pub(crate) fn parse_in_full(text: &str) -> Result<Syntax> {
    check_length(text)?;
    parse_tokens(text, checked_tokens(text)?)
}

/// Parses one expression, such as a column's DEFAULT.
pub(crate) fn parse_expression(text: &str) -> Result<ast::Expr> {
    let tokens = checked_tokens(text)?;
    let mut parser = parser(tokens);
    let expression = parser.parse_expr().map_err(|error| error::syntax_error(&error, text))?;
    expect_end(&parser, text)?;
    Ok(expression)
}

/// Parses one query, such as a view's.
pub(crate) fn parse_query(text: &str) -> Result<Box<ast::Query>> {
    let tokens = checked_tokens(text)?;
    let mut parser = parser(extensions::rewrite(tokens));
    let query = parser
        .parse_query()
        .map_err(|error| error::syntax_error(&error, text))?;
    expect_end(&parser, text)?;
    Ok(query)
}

fn checked_tokens(text: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = tokenize(text)?;
    guard::check(&tokens).map_err(|(error, place)| error.at(Lines::new(text).byte(place).and_then(byte_span)))?;
    Ok(tokens)
}

fn expect_end(parser: &Parser<'_>, text: &str) -> Result<()> {
    let token = parser.peek_token();
    if token.token == Token::EOF {
        return Ok(());
    }
    Err(error::syntax_error_at(&token, text))
}

fn parse_piece(piece: split::Piece) -> Result<Parsed> {
    let split::Piece { text, offset, tokens } = piece;
    check_length(&text)?;
    guard::check(&tokens).map_err(|(error, place)| error.at(Lines::new(&text).byte(place).and_then(byte_span)))?;
    let syntax = parse_tokens(&text, tokens)?;
    Ok(Parsed {
        text,
        offset,
        syntax: Arc::new(SyntaxTree::new(syntax)),
    })
}

fn check_length(text: &str) -> Result<()> {
    match text.len() > STATEMENT_BYTES_MAX {
        true => Err(Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("statement is longer than {STATEMENT_BYTES_MAX} bytes"),
        )
        .with_hint("Load many rows with COPY.")),
        false => Ok(()),
    }
}

/// Parses the tokens of one statement of `text`.
fn parse_tokens(text: &str, tokens: Vec<TokenWithSpan>) -> Result<Syntax> {
    if tokens.is_empty() {
        return Ok(Syntax::Bound(crate::plan::Statement::Empty));
    }
    let tokens = extensions::rewrite(tokens);
    if let Some(syntax) = extensions::parse(text, &tokens)? {
        return Ok(syntax);
    }
    let mut parser = parser(tokens);
    let statement = parser
        .parse_statement()
        .map_err(|error| error::syntax_error(&error, text))?;
    expect_end(&parser, text)?;
    Ok(Syntax::Standard(Box::new(statement)))
}

fn parser(tokens: Vec<TokenWithSpan>) -> Parser<'static> {
    // The guard has bounded the nesting; every level costs the parser a few of its own.
    Parser::new(&StoaDialect)
        .with_recursion_limit(NESTING_DEPTH_MAX * 8)
        .with_tokens_with_locations(tokens)
}

/// The tokens of a text, without white space and comments.
fn tokenize(text: &str) -> Result<Vec<TokenWithSpan>> {
    let tokens = Tokenizer::new(&StoaDialect, text)
        .tokenize_with_location()
        .map_err(|error| error::token_error(&error, text))?;
    let mut tokens = tokens;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    for token in &mut tokens {
        // One kind of constant is enough: the library takes only quoted ones in some places.
        if let Token::DollarQuotedString(constant) = &token.token {
            token.token = Token::SingleQuotedString(constant.value.clone());
        }
    }
    Ok(tokens)
}

fn byte_span(byte: usize) -> Option<Span> {
    let start = u32::try_from(byte).ok()?;
    Some(Span { start, end: start })
}
