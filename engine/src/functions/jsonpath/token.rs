//! A path's text as words and signs.

use crate::error::{Error, Result, SqlState};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A key or keyword.
    Word(String),
    /// In quotes.
    Text(String),
    /// `$name`, `$"name"`
    Variable(String),
    /// Digits.
    Integer(String),
    /// With a point or an exponent.
    Decimal(String),
    Sign(&'static str),
    End,
}

/// A token, and what an error at it points to: nothing at the end of the text, and where Postgres's scanner had looked ahead no further.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) near: String,
}

/// Longer signs before those they begin with.
const SIGNS: &[&str] = &[
    "&&", "||", "**", "<=", "==", "<>", "!=", ">=", "!", "<", ">", "?", "%", "$", ".", "[", "]", "{", "}", "(", ")",
    "@", "#", ",", "*", ":", "-", "+", "/", "&", "|", "=",
];

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// What words are made of.
fn is_word(character: char) -> bool {
    !is_blank(character)
        && !matches!(
            character,
            '?' | '%'
                | '$'
                | '.'
                | '['
                | ']'
                | '{'
                | '}'
                | '('
                | ')'
                | '|'
                | '&'
                | '!'
                | '='
                | '<'
                | '>'
                | '@'
                | '#'
                | ','
        )
        && !matches!(character, '*' | ':' | '-' | '+' | '/' | '\\' | '"')
}

/// `message at or near ".." of jsonpath input`
pub(super) fn error_near(message: &str, near: &str) -> Error {
    let text = match near {
        "" => format!("{message} at end of jsonpath input"),
        near => format!("{message} at or near \"{near}\" of jsonpath input"),
    };
    Error::user(SqlState::SYNTAX_ERROR, text)
}

/// Reads one token after the other.
pub(super) struct Scanner<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Scanner { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Passes the characters that are such, and gives them.
    fn take_while(&mut self, is: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|character| !is(character)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// The next token; the end again and again.
    pub(super) fn next(&mut self) -> Result<Placed> {
        self.skip_blanks_and_comments()?;
        let rest = self.rest();
        let placed = |token: Token, near: &str| Placed {
            token,
            near: near.to_owned(),
        };
        let Some(first) = rest.chars().next() else {
            return Ok(placed(Token::End, ""));
        };
        let second = rest.chars().nth(1);
        if first == '"' {
            self.at += 1;
            return Ok(placed(Token::Text(self.quoted()?), "\""));
        }
        if first == '$' && second == Some('"') {
            self.at += 2;
            return Ok(placed(Token::Variable(self.quoted()?), "\""));
        }
        if first == '$' && second.is_some_and(is_word) {
            self.at += 1;
            let name = self.take_while(is_word);
            return Ok(placed(Token::Variable(name.to_owned()), &format!("${name}")));
        }
        if first.is_ascii_digit() || first == '.' && second.is_some_and(|second| second.is_ascii_digit()) {
            return self.number();
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(placed(Token::Sign(sign), sign))
            }
            None => self.word(),
        }
    }

    fn skip_blanks_and_comments(&mut self) -> Result<()> {
        loop {
            self.take_while(is_blank);
            let Some(comment) = self.rest().strip_prefix("/*") else {
                return Ok(());
            };
            match comment.find("*/") {
                Some(end) => self.at += end + 4,
                None => return Err(error_near("unexpected end of comment", "")),
            }
        }
    }

    /// A word, which escapes may be in.
    fn word(&mut self) -> Result<Placed> {
        let mut word = String::new();
        loop {
            word.push_str(self.take_while(is_word));
            if !self.rest().starts_with('\\') {
                break;
            }
            self.escape(&mut word)?;
        }
        // Postgres's scanner has passed the blanks behind a word by then, but no other character.
        let rest = self.rest();
        let blanks = rest.find(|character| !is_blank(character)).unwrap_or(rest.len());
        Ok(Placed {
            token: Token::Word(word),
            near: rest.get(..blanks).unwrap_or("").to_owned(),
        })
    }

    /// The characters up to the closing quote.
    fn quoted(&mut self) -> Result<String> {
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|character| !matches!(character, '"' | '\\')));
            match self.rest().chars().next() {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(_) => self.escape(&mut text)?,
                None => return Err(error_near("unexpected end of quoted string", "")),
            }
        }
    }

    /// `1`, `1.5`, `.5`, `1e3`; nothing of a word may follow.
    fn number(&mut self) -> Result<Placed> {
        let begin = self.at;
        let is_digit = |character: char| character.is_ascii_digit();
        let mut is_decimal = false;
        // A zero stands for itself: `01` is no number.
        match self.rest().starts_with('0') {
            true => self.at += 1,
            false => drop(self.take_while(is_digit)),
        }
        if self.rest().starts_with('.') {
            self.at += 1;
            self.take_while(is_digit);
            is_decimal = true;
        }
        let mut characters = self.rest().chars();
        if matches!(characters.next(), Some('e' | 'E')) {
            let mut following = characters.clone();
            let sign = following.next().filter(|sign| matches!(sign, '+' | '-'));
            let digits = if sign.is_some() { following } else { characters };
            if digits.clone().next().is_some_and(is_digit) {
                self.at += 1 + usize::from(sign.is_some());
                self.take_while(is_digit);
                is_decimal = true;
            } else if sign.is_some() {
                let near = self.text.get(begin..self.at + 2).unwrap_or("");
                return Err(error_near("invalid numeric literal", near));
            }
        }
        let written = self.text.get(begin..self.at).unwrap_or("");
        if let Some(junk) = self.rest().chars().next().filter(|character| is_word(*character)) {
            // The longest match counts: what is a word to its end, and longer than the number and a character, is one.
            let word = self.text.get(begin..).unwrap_or("");
            let word_length = word.find(|character| !is_word(character)).unwrap_or(word.len());
            if word_length > written.len() + junk.len_utf8() {
                self.at = begin;
                return self.word();
            }
            return Err(error_near(
                "trailing junk after numeric literal",
                &format!("{written}{junk}"),
            ));
        }
        let token = match is_decimal {
            true => Token::Decimal(written.to_owned()),
            false => Token::Integer(written.to_owned()),
        };
        Ok(Placed {
            token,
            near: written.to_owned(),
        })
    }
}
