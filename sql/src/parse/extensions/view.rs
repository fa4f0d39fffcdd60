//! CREATE VIEW: read by the library, with the query's text kept as the user wrote it.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::error::Result;
use sqlparser::ast;
use sqlparser::tokenizer::Token;

/// CREATE [OR REPLACE] [TEMPORARY] [RECURSIVE] VIEW, CREATE MATERIALIZED VIEW; `None` for any other CREATE.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Option<Syntax>> {
    let words: Vec<String> = (1..6).map_while(|ahead| cursor.peek_word_at(ahead)).collect();
    let is_view = words
        .iter()
        .take_while(|word| !matches!(word.as_str(), "TABLE" | "AS"))
        .any(|word| word == "VIEW");
    if !is_view {
        return Ok(None);
    }
    let statement = cursor.with_parser(|parser| parser.parse_statement())?;
    let ast::Statement::CreateView(view) = statement else {
        return Ok(None);
    };
    let rest = cursor.rest_of_text();
    if view.materialized {
        // Its rows are there as soon as they are asked for, either way.
        let _ = cursor.accept(&["WITH", "DATA"]) || cursor.accept(&["WITH", "NO", "DATA"]);
    }
    cursor.expect_end()?;
    let query = query_text(cursor);
    let query = query.strip_suffix(&rest).unwrap_or(&query).trim_end().to_owned();
    Ok(Some(Syntax::CreateView {
        view: Box::new(view),
        query,
    }))
}

/// The text behind the first AS outside parentheses.
fn query_text(cursor: &Cursor<'_>) -> String {
    let mut search = cursor.restarted();
    let mut depth = 0usize;
    while let Some(token) = search.peek() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ if depth == 0 && search.accept(&["AS"]) => return search.rest_of_text(),
            _ => {}
        }
        search.next();
    }
    String::new()
}
