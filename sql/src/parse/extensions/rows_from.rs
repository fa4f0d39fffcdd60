//! `ROWS FROM (f(..), g(..))`, which the parser library does not know: it becomes a call of a function whose name no statement may
//! hold, with the calls as arguments. The binder takes them apart again.

use sqlparser::ast::{ObjectName, ObjectNamePart};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// The name of the function.
const MARK: &str = "\0rows from";

/// Marks the `ROWS FROM` of one statement's tokens.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut places = (0..tokens.len())
        .filter(|place| is_rows_from(&tokens, *place))
        .peekable();
    if places.peek().is_none() {
        return tokens;
    }
    let places: Vec<usize> = places.collect();
    let mut rewritten = Vec::with_capacity(tokens.len());
    for (place, token) in tokens.into_iter().enumerate() {
        if places.binary_search(&place).is_ok() {
            rewritten.push(TokenWithSpan {
                token: Token::Word(Word {
                    value: MARK.to_owned(),
                    quote_style: Some('"'),
                    keyword: Keyword::NoKeyword,
                }),
                span: token.span,
            });
        } else if place == 0 || places.binary_search(&(place - 1)).is_err() {
            rewritten.push(token);
        }
    }
    rewritten
}

/// Whether a name is the mark.
pub(crate) fn is_mark(name: &ObjectName) -> bool {
    matches!(name.0.as_slice(), [ObjectNamePart::Identifier(only)] if only.value == MARK)
}

/// Whether `ROWS FROM (` and a call begin at a place; `rows` may be a column's name, and what follows its FROM a query.
fn is_rows_from(tokens: &[TokenWithSpan], place: usize) -> bool {
    let Some([rows, from, open, name, after]) = tokens.get(place..place + 5) else {
        return false;
    };
    is_word(rows, Keyword::ROWS)
        && is_word(from, Keyword::FROM)
        && open.token == Token::LParen
        && matches!(&name.token, Token::Word(word) if word.quote_style.is_some() || !begins_query(word.keyword))
        && matches!(after.token, Token::LParen | Token::Period)
}

fn begins_query(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::SELECT | Keyword::VALUES | Keyword::WITH | Keyword::TABLE
    )
}

fn is_word(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}
