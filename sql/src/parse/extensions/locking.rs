//! `FOR NO KEY UPDATE` and `FOR KEY SHARE` become `FOR UPDATE` and `FOR SHARE` for the parser library: without keys they are the
//! same.

use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Leaves the words about keys out.
pub(super) fn rewrite(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    const WITH_KEYS: [&[&str]; 2] = [&["FOR", "NO", "KEY", "UPDATE"], &["FOR", "KEY", "SHARE"]];
    let mut at = 0;
    while at < tokens.len() {
        for words in WITH_KEYS {
            let here = tokens.get(at..at + words.len()).unwrap_or_default();
            if !here.is_empty() && here.iter().zip(words).all(|(token, word)| is_word(&token.token, word)) {
                tokens.drain(at + 1..at + words.len() - 1);
            }
        }
        at += 1;
    }
    tokens
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}
