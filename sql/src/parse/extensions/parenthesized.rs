//! Parentheses around what the parser library would read only in part: an element of ROLLUP, CUBE or GROUPING SETS that begins with a
//! parenthesis and goes on behind it, and a frame's bound that is a constant with a cast.

use super::rewrite::is_keyword;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Puts them into one statement's tokens.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut places: Vec<(usize, Token)> = Vec::new();
    for place in 0..tokens.len() {
        if begins_sets(&tokens, place) {
            for (first, last) in elements(&tokens, place) {
                if goes_on(&tokens, first, last) {
                    places.push((first, Token::LParen));
                    places.push((last + 1, Token::RParen));
                }
            }
        }
        if let Some(last) = cast_bound(&tokens, place) {
            places.push((place, Token::LParen));
            places.push((last + 1, Token::RParen));
        }
    }
    if places.is_empty() {
        return tokens;
    }
    // What closes at a place comes before what opens there.
    places.sort_by_key(|(place, token)| (*place, *token == Token::LParen));
    let mut rewritten = Vec::with_capacity(tokens.len() + places.len());
    let mut places = places.into_iter().peekable();
    for (place, token) in tokens.into_iter().enumerate() {
        while let Some((_, parenthesis)) = places.next_if(|(at, _)| *at == place) {
            rewritten.push(TokenWithSpan {
                token: parenthesis,
                span: token.span,
            });
        }
        rewritten.push(token);
    }
    rewritten
}

fn token(tokens: &[TokenWithSpan], place: usize) -> Option<&Token> {
    tokens.get(place).map(|token| &token.token)
}

/// Whether a list of grouping elements begins at a place, with its parenthesis.
fn begins_sets(tokens: &[TokenWithSpan], place: usize) -> bool {
    let word = |before: usize, keyword| {
        let before = place.checked_sub(before).and_then(|before| token(tokens, before));
        before.is_some_and(|token| is_keyword(token, keyword))
    };
    token(tokens, place) == Some(&Token::LParen)
        && (word(1, Keyword::ROLLUP)
            || word(1, Keyword::CUBE)
            || (word(1, Keyword::SETS) && word(2, Keyword::GROUPING)))
}

/// The first and last tokens of the elements between the parenthesis at a place and its other one.
fn elements(tokens: &[TokenWithSpan], open: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut first = open + 1;
    for place in open + 1..tokens.len() {
        match token(tokens, place) {
            Some(Token::LParen | Token::LBracket) => depth += 1,
            Some(Token::Comma) if depth == 0 => {
                found.push((first, place - 1));
                first = place + 1;
            }
            Some(Token::RParen | Token::RBracket) if depth == 0 => {
                found.push((first, place - 1));
                break;
            }
            Some(Token::RParen | Token::RBracket) => depth -= 1,
            _ => {}
        }
    }
    found.retain(|(first, last)| first <= last);
    found
}

/// Whether an element begins with a parenthesis whose other one is not its end.
fn goes_on(tokens: &[TokenWithSpan], first: usize, last: usize) -> bool {
    if token(tokens, first) != Some(&Token::LParen) {
        return false;
    }
    let mut depth = 0_usize;
    for place in first..last {
        match token(tokens, place) {
            Some(Token::LParen) => depth += 1,
            Some(Token::RParen) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

/// The end of a frame's bound that begins at a place and is a text constant with a cast.
fn cast_bound(tokens: &[TokenWithSpan], place: usize) -> Option<usize> {
    let is_text = matches!(token(tokens, place), Some(Token::SingleQuotedString(_)));
    if !is_text || token(tokens, place + 1) != Some(&Token::DoubleColon) {
        return None;
    }
    let mut last = place + 2;
    let mut depth = 0_usize;
    while last <= place + CAST_TOKENS_MAX {
        let next = token(tokens, last + 1)?;
        match next {
            Token::Word(_) if is_keyword(next, Keyword::PRECEDING) || is_keyword(next, Keyword::FOLLOWING) => {
                return (depth == 0).then_some(last);
            }
            Token::Word(_) if ends_expression(next) => return None,
            Token::LParen => depth += 1,
            Token::RParen if depth > 0 => depth -= 1,
            Token::Word(_) | Token::Number(..) | Token::Comma if depth > 0 => {}
            Token::Word(_) => {}
            _ => return None,
        }
        last += 1;
    }
    None
}

fn ends_expression(word: &Token) -> bool {
    [
        Keyword::AND,
        Keyword::BETWEEN,
        Keyword::ROWS,
        Keyword::RANGE,
        Keyword::GROUPS,
        Keyword::ASC,
        Keyword::DESC,
        Keyword::NULLS,
    ]
    .into_iter()
    .any(|keyword| is_keyword(word, keyword))
}

/// Tokens of a type's name: `timestamp(6) without time zone`.
const CAST_TOKENS_MAX: usize = 12;
