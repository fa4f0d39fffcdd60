//! PREPARE, EXECUTE, DEALLOCATE. A prepared statement is kept as text; EXECUTE binds it anew.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::error::Result;
use crate::plan::Statement;
use sqlparser::tokenizer::Token;

/// PREPARE name [(types)] AS statement
pub(super) fn parse_prepare(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    cursor.expect(&["PREPARE"])?;
    if cursor.accept(&["TRANSACTION"]) && cursor.string().is_some() {
        return Err(super::transaction::two_phase());
    }
    let mut cursor = cursor.restarted();
    let cursor = &mut cursor;
    cursor.expect(&["PREPARE"])?;
    let name = cursor.name()?;
    let mut data_types = Vec::new();
    if cursor.accept_token(&Token::LParen) {
        data_types = cursor.with_parser(|parser| parser.parse_comma_separated(|parser| parser.parse_data_type()))?;
        cursor.expect_token(&Token::RParen)?;
    }
    cursor.expect(&["AS"])?;
    let text = cursor.rest_of_text();
    // Parsed for its errors; bound by EXECUTE.
    let syntax = super::super::parse_tokens(cursor.text, cursor.rest().to_vec())?;
    if matches!(syntax, Syntax::Declare(_)) {
        return Err(cursor.error());
    }
    Ok(Syntax::Prepare { name, data_types, text })
}

/// EXECUTE name [(arguments)]
pub(super) fn parse_execute(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    cursor.expect(&["EXECUTE"])?;
    let name = cursor.name()?;
    let mut arguments = Vec::new();
    if cursor.accept_token(&Token::LParen) && !cursor.accept_token(&Token::RParen) {
        arguments = cursor.with_parser(|parser| parser.parse_comma_separated(|parser| parser.parse_expr()))?;
        cursor.expect_token(&Token::RParen)?;
    }
    cursor.expect_end()?;
    Ok(Syntax::Execute { name, arguments })
}

/// DEALLOCATE [PREPARE] name, or ALL
pub(super) fn parse_deallocate(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["DEALLOCATE"])?;
    cursor.accept(&["PREPARE"]);
    let name = if cursor.accept(&["ALL"]) {
        None
    } else {
        Some(cursor.name()?)
    };
    cursor.expect_end()?;
    Ok(Statement::Deallocate { name })
}
