//! A path's text as a tree, by Postgres's grammar.

use super::error::invalid_input;
use super::path::{Comparison, Expression, Head, Path, Pattern, Predicate};
use super::token::{Placed, Scanner, Token, error_near};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::pattern::{Flags, compiled};
use crate::limits::JSONPATH_PARTS_MAX;

/// Reads a path.
///
/// # Errors
/// See [`super::normalize`].
pub(super) fn parse(text: &str) -> Result<Path> {
    let mut scanner = Scanner::new(text);
    let current = scanner.next()?;
    if current.token == Token::End {
        let message = format!("invalid input syntax for type jsonpath: \"{text}\"");
        return Err(Error::user(SqlState::INVALID_TEXT_REPRESENTATION, message));
    }
    let mut parser = Parser {
        scanner,
        current,
        part_count: 0,
        filter_count: 0,
        subscript_count: 0,
        misplaced: None,
    };
    parser.path()
}

/// What stands in parentheses and on both sides of operators.
pub(super) enum Parsed {
    Expression(Expression),
    Predicate(Predicate),
}

pub(super) struct Parser<'t> {
    scanner: Scanner<'t>,
    pub(super) current: Placed,
    /// Steps and operators: as deep as the tree can get.
    part_count: usize,
    /// Filters around.
    pub(super) filter_count: usize,
    /// Subscripts around.
    pub(super) subscript_count: usize,
    /// The first `@` or `last` that stands where it means nothing: told once the grammar is satisfied.
    pub(super) misplaced: Option<&'static str>,
}

impl Parser<'_> {
    fn path(&mut self) -> Result<Path> {
        let lax = !self.take_keyword("strict")?;
        if lax {
            self.take_keyword("lax")?;
        }
        let root = match self.disjunction()? {
            Parsed::Expression(expression) => expression,
            Parsed::Predicate(predicate) => condition(predicate),
        };
        if self.current.token != Token::End {
            return Err(self.unexpected());
        }
        match self.misplaced {
            Some(message) => Err(Error::user(SqlState::SYNTAX_ERROR, message)),
            None => Ok(Path { lax, root }),
        }
    }

    pub(super) fn unexpected(&self) -> Error {
        error_near("syntax error", &self.current.near)
    }

    /// The current token, and goes on to the next one.
    pub(super) fn advance(&mut self) -> Result<Token> {
        let next = self.scanner.next()?;
        Ok(std::mem::replace(&mut self.current, next).token)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.current.token, Token::Sign(current) if current == sign)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> Result<bool> {
        let is_it = self.is_sign(sign);
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<()> {
        match self.take_sign(sign)? {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    /// Keywords are words in any case; `null`, `true` and `false` in small letters only.
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.current.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn take_keyword(&mut self, keyword: &str) -> Result<bool> {
        let is_it = self.is_keyword(keyword);
        if is_it {
            self.advance()?;
        }
        Ok(is_it)
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Result<()> {
        match self.take_keyword(keyword)? {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    /// Counts a step or an operator.
    pub(super) fn part(&mut self) -> Result<()> {
        self.part_count += 1;
        if self.part_count <= JSONPATH_PARTS_MAX {
            return Ok(());
        }
        let message = format!("a jsonpath has more than {JSONPATH_PARTS_MAX} parts");
        Err(Error::user(SqlState::STATEMENT_TOO_COMPLEX, message))
    }

    /// `a || b`; both sides are conditions.
    pub(super) fn disjunction(&mut self) -> Result<Parsed> {
        let mut left = self.conjunction()?;
        while let Parsed::Predicate(predicate) = left {
            if !self.take_sign("||")? {
                return Ok(Parsed::Predicate(predicate));
            }
            self.part()?;
            let right = self.conjunction()?;
            let right = self.as_predicate(right)?;
            left = Parsed::Predicate(Predicate::Or(Box::new(predicate), Box::new(right)));
        }
        Ok(left)
    }

    /// `a && b`
    fn conjunction(&mut self) -> Result<Parsed> {
        let mut left = self.comparison()?;
        while let Parsed::Predicate(predicate) = left {
            if !self.take_sign("&&")? {
                return Ok(Parsed::Predicate(predicate));
            }
            self.part()?;
            let right = self.comparison()?;
            let right = self.as_predicate(right)?;
            left = Parsed::Predicate(Predicate::And(Box::new(predicate), Box::new(right)));
        }
        Ok(left)
    }

    pub(super) fn as_predicate(&self, parsed: Parsed) -> Result<Predicate> {
        match parsed {
            Parsed::Predicate(predicate) => Ok(predicate),
            Parsed::Expression(_) => Err(self.unexpected()),
        }
    }

    pub(super) fn as_expression(&self, parsed: Parsed) -> Result<Expression> {
        match parsed {
            Parsed::Expression(expression) => Ok(expression),
            Parsed::Predicate(_) => Err(self.unexpected()),
        }
    }

    /// `a == b`, `a starts with b`, `a like_regex b`, `!(a)`, or a value.
    fn comparison(&mut self) -> Result<Parsed> {
        if self.take_sign("!")? {
            self.part()?;
            let inner = self.delimited_predicate()?;
            return Ok(Parsed::Predicate(Predicate::Not(Box::new(inner))));
        }
        let left = match self.sum()? {
            Parsed::Expression(left) => left,
            predicate => return Ok(predicate),
        };
        if let Some(comparison) = self.comparison_sign() {
            self.part()?;
            self.advance()?;
            let right = self.sum()?;
            let right = self.as_expression(right)?;
            return Ok(Parsed::Predicate(Predicate::Compare(comparison, left, right)));
        }
        if self.take_keyword("starts")? {
            self.part()?;
            self.expect_keyword("with")?;
            let initial = self.initial()?;
            return Ok(Parsed::Predicate(Predicate::StartsWith(left, initial)));
        }
        if self.take_keyword("like_regex")? {
            self.part()?;
            let pattern = self.pattern()?;
            return Ok(Parsed::Predicate(Predicate::LikeRegex(left, pattern)));
        }
        Ok(Parsed::Expression(left))
    }

    fn comparison_sign(&self) -> Option<Comparison> {
        let Token::Sign(sign) = self.current.token else {
            return None;
        };
        Some(match sign {
            "==" => Comparison::Equal,
            "!=" | "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    /// `(condition)` or `exists (..)`
    fn delimited_predicate(&mut self) -> Result<Predicate> {
        if self.is_keyword("exists") {
            return self.exists();
        }
        self.expect_sign("(")?;
        let inner = self.disjunction()?;
        let inner = self.as_predicate(inner)?;
        self.expect_sign(")")?;
        Ok(inner)
    }

    pub(super) fn exists(&mut self) -> Result<Predicate> {
        self.part()?;
        self.advance()?;
        self.expect_sign("(")?;
        let inner = self.sum()?;
        let inner = self.as_expression(inner)?;
        self.expect_sign(")")?;
        Ok(Predicate::Exists(inner))
    }

    /// What `starts with` may be followed by.
    fn initial(&mut self) -> Result<Expression> {
        let head = match &self.current.token {
            Token::Text(text) => Head::Text(text.clone()),
            Token::Variable(name) => Head::Variable(name.clone()),
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        Ok(value(head))
    }

    pub(super) fn text(&mut self) -> Result<String> {
        if !matches!(self.current.token, Token::Text(_)) {
            return Err(self.unexpected());
        }
        match self.advance()? {
            Token::Text(text) => Ok(text),
            _ => Err(super::broken("a text is none")),
        }
    }

    /// `"pattern"`, `"pattern" flag "letters"`
    fn pattern(&mut self) -> Result<Pattern> {
        let text = self.text()?;
        let letters = match self.take_keyword("flag")? {
            true => self.text()?,
            false => String::new(),
        };
        if let Some(unknown) = letters.chars().find(|letter| !"ismxq".contains(*letter)) {
            let detail = format!("Unrecognized flag character \"{unknown}\" in LIKE_REGEX predicate.");
            return Err(invalid_input(SqlState::SYNTAX_ERROR, detail));
        }
        let literal = letters.contains('q');
        if letters.contains('x') && !literal {
            let message = "XQuery \"x\" flag (expanded regular expressions) is not implemented";
            return Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, message));
        }
        let flags = Flags {
            any_case: letters.contains('i'),
            line_ends_apart: !literal && !letters.contains('s'),
            lines: !literal && letters.contains('m'),
            literal,
            ..Flags::default()
        };
        compiled(&text, flags)?;
        Ok(Pattern {
            text,
            written: "ismxq".chars().filter(|letter| letters.contains(*letter)).collect(),
            flags,
        })
    }
}

/// An expression without steps.
pub(super) fn value(head: Head) -> Expression {
    Expression {
        head,
        steps: Vec::new(),
    }
}

/// A condition as a value.
pub(super) fn condition(predicate: Predicate) -> Expression {
    value(Head::Predicate(Box::new(predicate)))
}
