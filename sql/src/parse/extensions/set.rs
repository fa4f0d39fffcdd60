//! SET, SHOW, RESET, DISCARD: settings by name and value; whether a setting exists is the engine's business.

use super::cursor::Cursor;
use super::transaction::modes;
use crate::error::Result;
use crate::plan::{DiscardTarget, SetScope, Statement, TransactionModes};
use sqlparser::tokenizer::Token;

/// SET
pub(super) fn parse_set(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["SET"])?;
    if cursor.accept(&["SESSION", "CHARACTERISTICS", "AS", "TRANSACTION"]) {
        return transaction_modes(cursor, SetScope::Session);
    }
    if cursor.peek_word_at(1).as_deref() != Some("TO") && cursor.accept(&["TRANSACTION"]) {
        return transaction_modes(cursor, SetScope::Local);
    }
    let scope = if cursor.accept(&["LOCAL"]) {
        SetScope::Local
    } else {
        if cursor.peek_word_at(1).as_deref() != Some("AUTHORIZATION") {
            cursor.accept(&["SESSION"]);
        }
        SetScope::Session
    };
    let (name, value) = if cursor.accept(&["SESSION", "AUTHORIZATION"]) {
        ("session_authorization".to_owned(), values(cursor)?)
    } else if cursor.accept(&["TIME", "ZONE"]) {
        cursor.accept(&["INTERVAL"]);
        ("timezone".to_owned(), values(cursor)?.filter(|zone| zone != "local"))
    } else if cursor.accept(&["NAMES"]) {
        ("client_encoding".to_owned(), values(cursor)?)
    } else if cursor.accept(&["SCHEMA"]) {
        ("search_path".to_owned(), values(cursor)?)
    } else if cursor.peek_word().as_deref() == Some("ROLE") && cursor.peek_word_at(1).is_none_or(|word| word != "TO") {
        cursor.next();
        ("role".to_owned(), values(cursor)?)
    } else {
        let name = setting_name(cursor)?;
        if !cursor.accept_token(&Token::Eq) {
            cursor.expect(&["TO"])?;
        }
        (name, values(cursor)?)
    };
    cursor.expect_end()?;
    Ok(Statement::Set { name, value, scope })
}

fn transaction_modes(cursor: &mut Cursor<'_>, scope: SetScope) -> Result<Statement> {
    if scope == SetScope::Local && cursor.accept(&["SNAPSHOT"]) {
        let name = cursor.string().ok_or_else(|| cursor.error())?;
        cursor.expect_end()?;
        return Ok(Statement::ImportSnapshot(name));
    }
    let modes = modes(cursor)?;
    if modes == TransactionModes::default() {
        return Err(cursor.error());
    }
    cursor.expect_end()?;
    Ok(Statement::SetTransaction { modes, scope })
}

fn setting_name(cursor: &mut Cursor<'_>) -> Result<String> {
    let mut name = cursor.name()?.to_lowercase();
    while cursor.accept_token(&Token::Period) {
        name.push('.');
        name.push_str(&cursor.name()?.to_lowercase());
    }
    Ok(name)
}

/// One value or several with commas, as text; `None` for DEFAULT.
fn values(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if cursor.accept(&["DEFAULT"]) {
        return Ok(None);
    }
    let mut text = value(cursor)?;
    while cursor.accept_token(&Token::Comma) {
        text.push_str(", ");
        text.push_str(&value(cursor)?);
    }
    Ok(Some(text))
}

fn value(cursor: &mut Cursor<'_>) -> Result<String> {
    if let Some(text) = cursor.string() {
        return Ok(text);
    }
    let sign = if cursor.accept_token(&Token::Minus) {
        "-"
    } else {
        cursor.accept_token(&Token::Plus);
        ""
    };
    match cursor.peek().map(|token| &token.token) {
        Some(Token::Number(number, _)) => {
            cursor.next();
            Ok(format!("{sign}{number}"))
        }
        Some(Token::Word(word)) if sign.is_empty() => {
            cursor.next();
            Ok(match word.quote_style {
                Some(_) => word.value.clone(),
                None => word.value.to_lowercase(),
            })
        }
        _ => Err(cursor.error()),
    }
}

/// SHOW
pub(super) fn parse_show(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["SHOW"])?;
    let name = parse_setting_or_all(cursor)?;
    Ok(Statement::Show { name })
}

/// RESET
pub(super) fn parse_reset(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["RESET"])?;
    let name = parse_setting_or_all(cursor)?;
    Ok(Statement::Reset { name })
}

fn parse_setting_or_all(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    let name = if cursor.accept(&["ALL"]) {
        None
    } else if cursor.accept(&["TIME", "ZONE"]) {
        Some("timezone".to_owned())
    } else if cursor.accept(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
        Some("transaction_isolation".to_owned())
    } else if cursor.accept(&["SESSION", "AUTHORIZATION"]) {
        Some("session_authorization".to_owned())
    } else {
        Some(setting_name(cursor)?)
    };
    cursor.expect_end()?;
    Ok(name)
}

/// DISCARD
pub(super) fn parse_discard(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["DISCARD"])?;
    let target = match cursor
        .accept_any(&["ALL", "PLANS", "SEQUENCES", "TEMP", "TEMPORARY"])
        .as_deref()
    {
        Some("ALL") => DiscardTarget::All,
        Some("PLANS") => DiscardTarget::Plans,
        Some("SEQUENCES") => DiscardTarget::Sequences,
        Some(_) => DiscardTarget::Temporary,
        None => return Err(cursor.error()),
    };
    cursor.expect_end()?;
    Ok(Statement::Discard(target))
}
