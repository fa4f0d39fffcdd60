//! DECLARE CURSOR, FETCH, MOVE, CLOSE; and that UPDATE and DELETE do not know cursors.

use super::super::syntax::{DeclareSyntax, Syntax};
use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::{FetchCursor, FetchDirection, Statement};
use sqlparser::tokenizer::Token;

/// DECLARE name [BINARY] [ASENSITIVE | INSENSITIVE] [[NO] SCROLL] CURSOR [{WITH | WITHOUT} HOLD] FOR query
pub(super) fn parse_declare(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    cursor.expect(&["DECLARE"])?;
    let name = cursor.name()?;
    let mut options = Options::default();
    while !cursor.accept(&["CURSOR"]) {
        options.read(cursor)?;
    }
    options.check()?;
    let is_holdable = cursor.accept(&["WITH", "HOLD"]);
    if !is_holdable {
        cursor.accept(&["WITHOUT", "HOLD"]);
    }
    cursor.expect(&["FOR"])?;
    let begins_query = cursor.peek().is_some_and(|token| match &token.token {
        Token::LParen => true,
        _ => matches!(cursor.peek_word().as_deref(), Some("SELECT" | "VALUES" | "WITH")),
    });
    if !begins_query {
        return Err(cursor.error());
    }
    let query = cursor.with_parser(|parser| parser.parse_query())?;
    cursor.expect_end()?;
    Ok(Syntax::Declare(Box::new(DeclareSyntax {
        name,
        is_binary: options.binary,
        is_scrollable: options.scroll,
        is_holdable,
        query,
    })))
}

/// The words between a cursor's name and CURSOR.
#[derive(Default)]
struct Options {
    binary: bool,
    scroll: bool,
    no_scroll: bool,
    asensitive: bool,
    insensitive: bool,
}

impl Options {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Result<()> {
        if cursor.accept(&["NO", "SCROLL"]) {
            self.no_scroll = true;
            return Ok(());
        }
        let word = cursor.accept_any(&["BINARY", "SCROLL", "ASENSITIVE", "INSENSITIVE"]);
        match word.as_deref() {
            Some("BINARY") => self.binary = true,
            Some("SCROLL") => self.scroll = true,
            Some("ASENSITIVE") => self.asensitive = true,
            Some(_) => self.insensitive = true,
            None => return Err(cursor.error()),
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let both = match self {
            Options {
                scroll: true,
                no_scroll: true,
                ..
            } => "SCROLL and NO SCROLL",
            Options {
                asensitive: true,
                insensitive: true,
                ..
            } => "ASENSITIVE and INSENSITIVE",
            _ => return Ok(()),
        };
        Err(Error::new(SqlState("42P11"), format!("cannot specify both {both}")))
    }
}

/// FETCH or MOVE [direction] [FROM | IN] name
pub(super) fn parse_fetch(cursor: &mut Cursor<'_>) -> Result<Statement> {
    let is_move = cursor.accept(&["MOVE"]);
    if !is_move {
        cursor.expect(&["FETCH"])?;
    }
    // The words of directions are names, too: one that ends the statement is a cursor's.
    let direction = match cursor.rest().len() {
        0 | 1 => None,
        _ => direction(cursor)?,
    };
    cursor.accept_any(&["FROM", "IN"]);
    let name = cursor.name()?;
    cursor.expect_end()?;
    Ok(Statement::Fetch(FetchCursor {
        name,
        direction: direction.unwrap_or(FetchDirection::Forward(Some(1))),
        is_move,
    }))
}

fn direction(cursor: &mut Cursor<'_>) -> Result<Option<FetchDirection>> {
    if let Some(count) = signed_number(cursor)? {
        return Ok(Some(forward(count)));
    }
    let words = [
        "NEXT", "PRIOR", "FIRST", "LAST", "ALL", "ABSOLUTE", "RELATIVE", "FORWARD", "BACKWARD",
    ];
    let Some(word) = cursor.accept_any(&words) else {
        return Ok(None);
    };
    Ok(Some(match word.as_str() {
        "NEXT" => FetchDirection::Forward(Some(1)),
        "PRIOR" => FetchDirection::Backward(Some(1)),
        "FIRST" => FetchDirection::Absolute(1),
        "LAST" => FetchDirection::Absolute(-1),
        "ALL" => FetchDirection::Forward(None),
        "ABSOLUTE" => FetchDirection::Absolute(number(cursor)?),
        "RELATIVE" => FetchDirection::Relative(number(cursor)?),
        "FORWARD" => match counted(cursor)? {
            None => FetchDirection::Forward(None),
            Some(count) => forward(count),
        },
        _ => match counted(cursor)? {
            None => FetchDirection::Backward(None),
            Some(count) => forward(-count),
        },
    }))
}

/// Forward, or as far back where the count is negative.
fn forward(count: i64) -> FetchDirection {
    match count {
        0.. => FetchDirection::Forward(Some(count.unsigned_abs())),
        _ => FetchDirection::Backward(Some(count.unsigned_abs())),
    }
}

/// ALL, a number, or nothing for 1.
fn counted(cursor: &mut Cursor<'_>) -> Result<Option<i64>> {
    // `FETCH FORWARD all` names a cursor.
    if cursor.rest().len() > 1 && cursor.accept(&["ALL"]) {
        return Ok(None);
    }
    Ok(Some(signed_number(cursor)?.unwrap_or(1)))
}

fn number(cursor: &mut Cursor<'_>) -> Result<i64> {
    signed_number(cursor)?.ok_or_else(|| cursor.error())
}

/// A number of 32 bits, with or without a sign.
fn signed_number(cursor: &mut Cursor<'_>) -> Result<Option<i64>> {
    let is_negative = cursor.accept_token(&Token::Minus);
    let has_sign = is_negative || cursor.accept_token(&Token::Plus);
    let number = match cursor.peek().map(|token| &token.token) {
        Some(Token::Number(digits, _)) => digits.parse::<i32>().ok(),
        _ if has_sign => None,
        _ => return Ok(None),
    };
    let number = i64::from(number.ok_or_else(|| cursor.error())?);
    cursor.next();
    Ok(Some(if is_negative { -number } else { number }))
}

/// CLOSE name, or ALL
pub(super) fn parse_close(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["CLOSE"])?;
    let name = match cursor.accept(&["ALL"]) {
        true => None,
        false => Some(cursor.name()?),
    };
    cursor.expect_end()?;
    Ok(Statement::Close { name })
}

/// Refuses UPDATE and DELETE of the row where a cursor stands.
pub(super) fn refuse_current_of(cursor: &mut Cursor<'_>) -> Result<()> {
    while cursor.peek().is_some() {
        let span = cursor.span();
        if cursor.accept(&["WHERE", "CURRENT", "OF"]) {
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, "WHERE CURRENT OF is not supported");
            return Err(error.with_hint("Name the row by its columns' values.").at(span));
        }
        cursor.next();
    }
    Ok(())
}
