//! ALTER SEQUENCE, which the parser library does not know.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::catalog::TableName;
use crate::error::{Error, Result, SqlState};
use crate::plan::{AlterSequence, SequenceOptions, Statement};
use crate::types::LogicalType;
use sqlparser::tokenizer::Token;

/// Reads it; the cursor is at ALTER. `None` for other objects.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Syntax>> {
    if !cursor.accept(&["ALTER", "SEQUENCE"]) {
        return Ok(None);
    }
    let mut alter = AlterSequence {
        if_exists: cursor.accept(&["IF", "EXISTS"]),
        name: table_name(cursor)?,
        options: SequenceOptions::default(),
        restart: None,
        rename_to: None,
    };
    if cursor.accept(&["RENAME", "TO"]) {
        alter.rename_to = Some(cursor.name()?);
    } else {
        // At least one.
        option(cursor, &mut alter)?;
        while cursor.peek().is_some() {
            option(cursor, &mut alter)?;
        }
    }
    cursor.expect_end()?;
    Ok(Some(Syntax::Bound(Statement::AlterSequence(alter))))
}

fn option(cursor: &mut Cursor<'_>, alter: &mut AlterSequence) -> Result<()> {
    let options = &mut alter.options;
    let is_new = if cursor.accept(&["AS"]) {
        options.data_type.replace(data_type(cursor)?).is_none()
    } else if cursor.accept(&["INCREMENT"]) {
        cursor.accept(&["BY"]);
        options.increment.replace(number(cursor)?).is_none()
    } else if cursor.accept(&["NO", "MINVALUE"]) {
        options.minimum.replace(None).is_none()
    } else if cursor.accept(&["MINVALUE"]) {
        options.minimum.replace(Some(number(cursor)?)).is_none()
    } else if cursor.accept(&["NO", "MAXVALUE"]) {
        options.maximum.replace(None).is_none()
    } else if cursor.accept(&["MAXVALUE"]) {
        options.maximum.replace(Some(number(cursor)?)).is_none()
    } else if cursor.accept(&["START"]) {
        cursor.accept(&["WITH"]);
        options.start.replace(number(cursor)?).is_none()
    } else if cursor.accept(&["RESTART"]) {
        let has_number = cursor.accept(&["WITH"]) || is_number(cursor);
        let value = has_number.then(|| number(cursor)).transpose()?;
        alter.restart.replace(value).is_none()
    } else if cursor.accept(&["CACHE"]) {
        options.cache.replace(number(cursor)?).is_none()
    } else if cursor.accept(&["NO", "CYCLE"]) {
        options.cycle.replace(false).is_none()
    } else if cursor.accept(&["CYCLE"]) {
        options.cycle.replace(true).is_none()
    } else if cursor.accept(&["OWNED", "BY", "NONE"]) {
        options.owner.replace(None).is_none()
    } else if cursor.accept(&["OWNED", "BY"]) {
        options.owner.replace(Some(column(cursor)?)).is_none()
    } else {
        return Err(cursor.error());
    };
    match is_new {
        true => Ok(()),
        false => Err(Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options")),
    }
}

fn table_name(cursor: &mut Cursor<'_>) -> Result<TableName> {
    let first = cursor.name()?;
    Ok(match cursor.accept_token(&Token::Period) {
        true => TableName {
            schema: Some(first),
            name: cursor.name()?,
        },
        false => TableName {
            schema: None,
            name: first,
        },
    })
}

/// `table.column`, also behind a schema.
fn column(cursor: &mut Cursor<'_>) -> Result<(TableName, String)> {
    let first = cursor.name()?;
    cursor.expect_token(&Token::Period)?;
    let second = cursor.name()?;
    Ok(match cursor.accept_token(&Token::Period) {
        true => {
            let table = TableName {
                schema: Some(first),
                name: second,
            };
            (table, cursor.name()?)
        }
        false => {
            let table = TableName {
                schema: None,
                name: first,
            };
            (table, second)
        }
    })
}

fn data_type(cursor: &mut Cursor<'_>) -> Result<LogicalType> {
    match cursor.peek_word().as_deref() {
        Some("SMALLINT" | "INT2") => Ok(LogicalType::SmallInt),
        Some("INTEGER" | "INT" | "INT4") => Ok(LogicalType::Integer),
        Some("BIGINT" | "INT8") => Ok(LogicalType::BigInt),
        _ => Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "sequence type must be smallint, integer, or bigint",
        )
        .at(cursor.span())),
    }
    .inspect(|_| {
        cursor.next();
    })
}

fn is_number(cursor: &Cursor<'_>) -> bool {
    matches!(
        cursor.peek().map(|token| &token.token),
        Some(Token::Number(..) | Token::Minus | Token::Plus)
    )
}

fn number(cursor: &mut Cursor<'_>) -> Result<i64> {
    let is_negative = cursor.accept_token(&Token::Minus);
    if !is_negative {
        cursor.accept_token(&Token::Plus);
    }
    let digits = match cursor.peek().map(|token| &token.token) {
        Some(Token::Number(digits, _)) => digits.clone(),
        _ => return Err(cursor.error()),
    };
    let sign = if is_negative { "-" } else { "" };
    let value = format!("{sign}{digits}").parse().map_err(|_| cursor.error())?;
    cursor.next();
    Ok(value)
}
