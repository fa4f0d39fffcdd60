//! DuckDB's and ClickHouse's `ASOF [LEFT] JOIN .. ON`: the parser library knows only Snowflake's form with MATCH_CONDITION. ASOF becomes
//! the word GLOBAL, which the library reads before any JOIN and Stoa does not have; the binder takes it for the mark. A GLOBAL of the
//! user's own before a JOIN is a table's alias, as in Postgres.

use super::rewrite::is_keyword;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// Rewrites one statement's tokens.
pub(super) fn rewrite(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is = |token: Option<&TokenWithSpan>, keyword| token.is_some_and(|token| is_keyword(&token.token, keyword));
    let has = |keyword| tokens.iter().any(|token| is_keyword(&token.token, keyword));
    if !has(Keyword::ASOF) && !has(Keyword::GLOBAL) {
        return tokens;
    }
    for place in 0..tokens.len() {
        if is(tokens.get(place), Keyword::GLOBAL) && begins_join(&tokens, place + 1) {
            // The tokens of EXPLAIN's statement come by twice.
            if tokens.get(place).is_some_and(|token| token.token == mark()) {
                continue;
            }
            if let Some(Token::Word(word)) = tokens.get_mut(place).map(|token| &mut token.token) {
                word.value = word.value.to_lowercase();
                word.quote_style = Some('"');
                word.keyword = Keyword::NoKeyword;
            }
            continue;
        }
        if !is(tokens.get(place), Keyword::ASOF)
            || !begins_join(&tokens, place + 1)
            || has_match_condition(&tokens, place)
        {
            continue;
        }
        if let Some(token) = tokens.get_mut(place) {
            token.token = mark();
        }
        // ClickHouse also writes LEFT ASOF JOIN.
        let before = place.checked_sub(1);
        if let Some(before) = before
            && (is(tokens.get(before), Keyword::LEFT) || is(tokens.get(before), Keyword::INNER))
            && is(tokens.get(place + 1), Keyword::JOIN)
        {
            tokens.swap(before, place);
        }
    }
    tokens
}

/// The keyword GLOBAL as no statement can write it.
fn mark() -> Token {
    Token::Word(Word {
        value: "\0global".to_owned(),
        quote_style: None,
        keyword: Keyword::GLOBAL,
    })
}

fn begins_join(tokens: &[TokenWithSpan], place: usize) -> bool {
    let Some(Token::Word(word)) = tokens.get(place).map(|token| &token.token) else {
        return false;
    };
    match word.keyword {
        Keyword::JOIN => true,
        Keyword::INNER | Keyword::LEFT | Keyword::RIGHT | Keyword::FULL | Keyword::CROSS | Keyword::NATURAL => tokens
            .iter()
            .skip(place + 1)
            .take(2)
            .any(|token| is_keyword(&token.token, Keyword::JOIN)),
        _ => false,
    }
}

/// Whether the join at a place is Snowflake's: MATCH_CONDITION comes before what else may follow the table.
fn has_match_condition(tokens: &[TokenWithSpan], place: usize) -> bool {
    let mut depth = 0_usize;
    let mut joins = 0;
    for token in tokens.iter().skip(place + 1) {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return false,
            Token::RParen => depth -= 1,
            Token::Word(word) if depth == 0 && word.quote_style.is_none() => match word.keyword {
                Keyword::MATCH_CONDITION => return true,
                Keyword::ON | Keyword::USING | Keyword::WHERE => return false,
                Keyword::JOIN if joins == 1 => return false,
                Keyword::JOIN => joins += 1,
                _ => {}
            },
            _ => {}
        }
    }
    false
}
