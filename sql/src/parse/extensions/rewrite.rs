//! Small changes to the tokens so that the parser library reads what Postgres would.
//!
//! `TABLE t` as a query becomes `SELECT * FROM t`; a frame's EXCLUDE and USING SAMPLE are moved (see
//! `exclusion` and `sample`), ASOF and ROWS FROM are marked (see `as_of` and `rows_from`), words about keys in FOR UPDATE are left out
//! (see `locking`), parentheses are added (see `parenthesized`), CONCURRENTLY behind DROP INDEX is left out.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Rewrites one statement's tokens.
pub(in crate::parse) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let moved = super::sample::rewrite(super::locking::rewrite(super::exclusion::rewrite(drop_index(
        renamed_view(seal(tokens)),
    ))));
    let marked = super::as_of::rewrite(super::rows_from::rewrite(moved));
    rewrite_tables(super::parenthesized::rewrite(marked))
}

/// `ALTER [MATERIALIZED] VIEW v RENAME TO w` -> `ALTER TABLE v RENAME TO w`, which means the same.
fn renamed_view(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let words = [Keyword::ALTER, Keyword::MATERIALIZED, Keyword::VIEW];
    let mut pairs = tokens.iter().zip(words);
    if tokens.len() > words.len() && pairs.all(|(token, keyword)| is_keyword(&token.token, keyword)) {
        tokens.remove(1);
    }
    let has = |place: usize, keyword| tokens.get(place).is_some_and(|token| is_keyword(&token.token, keyword));
    let is_rename = has(0, Keyword::ALTER)
        && has(1, Keyword::VIEW)
        && (2..tokens.len()).any(|place| has(place, Keyword::RENAME) && has(place + 1, Keyword::TO));
    if let (true, Some(token)) = (is_rename, tokens.get_mut(1)) {
        token.token = Token::make_keyword("TABLE");
    }
    tokens
}

/// `DROP INDEX CONCURRENTLY i` -> `DROP INDEX i`: nobody is waited for anyway.
fn drop_index(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let words = [Keyword::DROP, Keyword::INDEX, Keyword::CONCURRENTLY];
    let mut pairs = tokens.iter().zip(words);
    // An index may have that name.
    if tokens.len() > words.len() && pairs.all(|(token, keyword)| is_keyword(&token.token, keyword)) {
        tokens.remove(2);
    }
    tokens
}

/// `ALTER TABLE t SEAL UP TO '2024-12-31'` -> `ALTER TABLE t SET (sealed_until = '2024-12-31')`
fn seal(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let words = [Keyword::ALTER, Keyword::TABLE];
    let mut pairs = tokens.iter().zip(words);
    let is_word = |place: usize, text: &str| {
        let token = tokens.get(place).map(|token| &token.token);
        matches!(token, Some(Token::Word(word)) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text))
    };
    let place = tokens.len().saturating_sub(4);
    let is_seal = tokens.len() > 6
        && pairs.all(|(token, keyword)| is_keyword(&token.token, keyword))
        && (0..)
            .zip(["SEAL", "UP", "TO"])
            .all(|(offset, word)| is_word(place + offset, word))
        && matches!(tokens[place + 3].token, Token::SingleQuotedString(_));
    if !is_seal {
        return tokens;
    }
    let mut rewritten = tokens;
    let words = rewritten.split_off(place);
    let same_place = |token: Token| TokenWithSpan {
        token,
        span: words[0].span,
    };
    let name = Token::make_word("sealed_until", None);
    rewritten.extend([Token::make_keyword("SET"), Token::LParen, name, Token::Eq].map(same_place));
    rewritten.extend(words.get(3).cloned());
    rewritten.push(same_place(Token::RParen));
    rewritten
}

fn rewrite_tables(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if !tokens.iter().any(|token| is_keyword(&token.token, Keyword::TABLE)) {
        return tokens;
    }
    let mut rewritten: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 2);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        // A name follows; otherwise `table` is a name itself: `SELECT a AS table, b`.
        let has_name = tokens.peek().is_some_and(|next| {
            matches!(&next.token, Token::Word(word) if word.quote_style.is_some() || word.keyword != Keyword::FROM)
        });
        let starts_query = has_name && rewritten.last().is_none_or(|before| begins_query(&before.token));
        if is_keyword(&token.token, Keyword::TABLE) && starts_query {
            let same_place = |new: Token| TokenWithSpan {
                token: new,
                span: token.span,
            };
            rewritten.push(same_place(Token::make_keyword("SELECT")));
            rewritten.push(same_place(Token::Mul));
            rewritten.push(same_place(Token::make_keyword("FROM")));
        } else {
            rewritten.push(token);
        }
    }
    rewritten
}

fn begins_query(before: &Token) -> bool {
    match before {
        Token::LParen => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::UNION | Keyword::ALL | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::AS | Keyword::FOR
        ),
        _ => false,
    }
}

/// Whether a token is an unquoted keyword.
pub(super) fn is_keyword(token: &Token, keyword: Keyword) -> bool {
    matches!(token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}
