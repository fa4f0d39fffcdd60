//! A place in a statement's tokens. Keywords are compared in upper case and never match a quoted word.

use super::super::error::{syntax_error, syntax_error_at};
use super::super::location::Lines;
use crate::error::Result;
use crate::span::Span;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// Reads tokens one by one.
pub(super) struct Cursor<'t> {
    /// The statement's text.
    pub(super) text: &'t str,
    tokens: &'t [TokenWithSpan],
    position: usize,
}

impl<'t> Cursor<'t> {
    /// At the first of `tokens`, which are all of `text`'s.
    pub(super) fn new(text: &'t str, tokens: &'t [TokenWithSpan]) -> Self {
        Cursor {
            text,
            tokens,
            position: 0,
        }
    }

    /// The same tokens, from the first.
    pub(super) fn restarted(&self) -> Self {
        Cursor::new(self.text, self.tokens)
    }

    /// The token here.
    pub(super) fn peek(&self) -> Option<&'t TokenWithSpan> {
        self.tokens.get(self.position)
    }

    /// The keyword or unquoted name `ahead` tokens from here, in upper case.
    pub(super) fn peek_word_at(&self, ahead: usize) -> Option<String> {
        match &self.tokens.get(self.position + ahead)?.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
            _ => None,
        }
    }

    /// The keyword or unquoted name here, in upper case.
    pub(super) fn peek_word(&self) -> Option<String> {
        self.peek_word_at(0)
    }

    /// The token here, and goes on.
    pub(super) fn next(&mut self) -> Option<&'t TokenWithSpan> {
        let token = self.tokens.get(self.position)?;
        self.position += 1;
        Some(token)
    }

    /// Goes on if the words here are these.
    pub(super) fn accept(&mut self, words: &[&str]) -> bool {
        let all = words
            .iter()
            .enumerate()
            .all(|(ahead, word)| self.peek_word_at(ahead).as_deref() == Some(*word));
        if all {
            self.position += words.len();
        }
        all
    }

    /// Goes on if one of the words is here.
    pub(super) fn accept_any(&mut self, words: &[&str]) -> Option<String> {
        let word = self.peek_word().filter(|word| words.contains(&word.as_str()))?;
        self.position += 1;
        Some(word)
    }

    /// Goes on if the token is here.
    pub(super) fn accept_token(&mut self, token: &Token) -> bool {
        let here = self.peek().is_some_and(|here| here.token == *token);
        self.position += usize::from(here);
        here
    }

    /// Goes on behind these words.
    pub(super) fn expect(&mut self, words: &[&str]) -> Result<()> {
        if self.accept(words) {
            return Ok(());
        }
        Err(self.error())
    }

    /// Goes on behind this token.
    pub(super) fn expect_token(&mut self, token: &Token) -> Result<()> {
        if self.accept_token(token) {
            return Ok(());
        }
        Err(self.error())
    }

    /// Nothing must be left.
    pub(super) fn expect_end(&self) -> Result<()> {
        if self.position >= self.tokens.len() {
            return Ok(());
        }
        Err(self.error())
    }

    /// A name: a word, folded to lower case unless quoted.
    pub(super) fn name(&mut self) -> Result<String> {
        match self.peek().map(|token| &token.token) {
            Some(Token::Word(word)) => {
                self.position += 1;
                Ok(match word.quote_style {
                    Some(_) => word.value.clone(),
                    None => word.value.to_lowercase(),
                })
            }
            _ => Err(self.error()),
        }
    }

    /// A string constant.
    pub(super) fn string(&mut self) -> Option<String> {
        let value = match &self.peek()?.token {
            Token::SingleQuotedString(value) | Token::EscapedStringLiteral(value) => value.clone(),
            Token::UnicodeStringLiteral(value) | Token::NationalStringLiteral(value) => value.clone(),
            Token::DollarQuotedString(value) => value.value.clone(),
            _ => return None,
        };
        self.position += 1;
        Some(value)
    }

    /// The text from the token here to the end.
    pub(super) fn rest_of_text(&self) -> String {
        let start = self
            .peek()
            .and_then(|token| Lines::new(self.text).byte(token.span.start))
            .unwrap_or(self.text.len());
        self.text.get(start..).unwrap_or_default().to_owned()
    }

    /// The tokens from here to the end.
    pub(super) fn rest(&self) -> &'t [TokenWithSpan] {
        self.tokens.get(self.position..).unwrap_or_default()
    }

    /// Reads with the parser library from here, and goes on behind what it took.
    pub(super) fn with_parser<T>(
        &mut self,
        read: impl FnOnce(&mut Parser<'static>) -> Result<T, ParserError>,
    ) -> Result<T> {
        let rest = self.rest().to_vec();
        let count = rest.len();
        let mut parser = super::super::parser(rest);
        let value = read(&mut parser).map_err(|error| syntax_error(&error, self.text))?;
        let mut left = 0;
        while parser.next_token().token != Token::EOF {
            left += 1;
        }
        self.position += count - left;
        Ok(value)
    }

    /// Where the token here is.
    pub(super) fn span(&self) -> Option<Span> {
        self.peek().and_then(|token| Lines::new(self.text).span(token.span))
    }

    /// That the token here does not belong here.
    pub(super) fn error(&self) -> crate::Error {
        let end = TokenWithSpan::wrap(Token::EOF);
        syntax_error_at(self.peek().unwrap_or(&end), self.text)
    }
}
