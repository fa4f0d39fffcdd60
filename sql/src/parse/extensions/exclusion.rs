//! `EXCLUDE` at the end of a window's frame, which the parser library does not know: it becomes part of the name of the window
//! that this one begins with, behind a character that no statement may hold. The binder takes it off again.

use crate::plan::FrameExclusion;
use sqlparser::ast::Ident;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};
use std::collections::BTreeMap;

/// Stands between a window's name and what its frame leaves out.
const MARK: char = '\0';

/// Takes exclusions out of one statement's tokens and marks their windows.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut marks = BTreeMap::new();
    let mut left_out = BTreeMap::new();
    for place in 0..tokens.len() {
        if let Some((word, length)) = exclusion_at(&tokens, place)
            && let Some(open) = opening(&tokens, place)
        {
            marks.insert(open, word);
            left_out.insert(place, length);
        }
    }
    if marks.is_empty() {
        return tokens;
    }
    let mut rewritten = Vec::with_capacity(tokens.len());
    let mut skipped = 0;
    let mut mark: Option<&'static str> = None;
    for (place, mut token) in tokens.into_iter().enumerate() {
        skipped = left_out.get(&place).copied().unwrap_or(skipped);
        if skipped > 0 {
            skipped -= 1;
            continue;
        }
        if let Some(exclusion) = mark.take() {
            match &mut token.token {
                Token::Word(word) if is_name(word) => word.value = format!("{}{MARK}{exclusion}", word.value),
                _ => rewritten.push(TokenWithSpan {
                    token: marker(exclusion),
                    span: token.span,
                }),
            }
        }
        mark = marks.get(&place).copied();
        rewritten.push(token);
    }
    rewritten
}

/// A window's name without its mark, and what the mark says.
pub(crate) fn unmarked(name: &Ident) -> (Option<Ident>, FrameExclusion) {
    let (plain, mark) = name.value.split_once(MARK).unwrap_or((&name.value, ""));
    let exclusion = match mark {
        "current row" => FrameExclusion::CurrentRow,
        "group" => FrameExclusion::Group,
        "ties" => FrameExclusion::Ties,
        _ => FrameExclusion::NoOthers,
    };
    let plain = (!plain.is_empty()).then(|| Ident {
        value: plain.to_owned(),
        ..name.clone()
    });
    (plain, exclusion)
}

/// A window's name that is nothing but its mark.
pub(crate) fn mark(exclusion: FrameExclusion) -> Option<Ident> {
    let word = match exclusion {
        FrameExclusion::NoOthers => return None,
        FrameExclusion::CurrentRow => "current row",
        FrameExclusion::Group => "group",
        FrameExclusion::Ties => "ties",
    };
    Some(Ident::with_quote('"', format!("{MARK}{word}")))
}

fn marker(exclusion: &str) -> Token {
    Token::Word(Word {
        value: format!("{MARK}{exclusion}"),
        quote_style: Some('"'),
        keyword: Keyword::NoKeyword,
    })
}

fn is_word(token: Option<&TokenWithSpan>, expected: &str) -> bool {
    matches!(token.map(|token| &token.token), Some(Token::Word(word))
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected))
}

/// What is excluded by the words at a place that end a frame, and how many they are.
fn exclusion_at(tokens: &[TokenWithSpan], place: usize) -> Option<(&'static str, usize)> {
    let at = |offset: usize| tokens.get(place + offset);
    if !is_word(at(0), "EXCLUDE") {
        return None;
    }
    let before = place.checked_sub(1).and_then(|before| tokens.get(before));
    if !["ROW", "PRECEDING", "FOLLOWING"]
        .iter()
        .any(|word| is_word(before, word))
    {
        return None;
    }
    let (word, length) = match () {
        () if is_word(at(1), "CURRENT") && is_word(at(2), "ROW") => ("current row", 3),
        () if is_word(at(1), "NO") && is_word(at(2), "OTHERS") => ("no others", 3),
        () if is_word(at(1), "GROUP") => ("group", 2),
        () if is_word(at(1), "TIES") => ("ties", 2),
        () => return None,
    };
    let ends = matches!(at(length).map(|token| &token.token), Some(Token::RParen));
    ends.then_some((word, length))
}

/// The parenthesis that is open at a place.
fn opening(tokens: &[TokenWithSpan], place: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for before in (0..place).rev() {
        match tokens.get(before)?.token {
            Token::RParen => depth += 1,
            Token::LParen if depth == 0 => return Some(before),
            Token::LParen => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a word at a window's begin is the name of another.
fn is_name(word: &Word) -> bool {
    !matches!(
        word.keyword,
        Keyword::PARTITION | Keyword::ORDER | Keyword::ROWS | Keyword::RANGE | Keyword::GROUPS
    )
}
