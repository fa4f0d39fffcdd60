//! Steps in a path's text: keys, subscripts, filters, methods.

use super::parse::Parser;
use super::path::{Level, Method, Step, Subscript};
use super::token::Token;
use crate::error::{Error, Result, SqlState};

impl Parser<'_> {
    pub(super) fn begins_step(&self) -> bool {
        self.is_sign(".") || self.is_sign("[") || self.is_sign("?")
    }

    pub(super) fn step(&mut self) -> Result<Step> {
        if self.take_sign("?")? {
            self.expect_sign("(")?;
            self.filter_count += 1;
            let predicate = self.disjunction()?;
            let predicate = self.as_predicate(predicate)?;
            self.filter_count -= 1;
            self.expect_sign(")")?;
            return Ok(Step::Filter(Box::new(predicate)));
        }
        if self.take_sign("[")? {
            return self.elements();
        }
        self.expect_sign(".")?;
        match &self.current.token {
            Token::Sign("*") => {
                self.advance()?;
                Ok(Step::AnyKey)
            }
            Token::Sign("**") => self.descendants(),
            Token::Text(_) => Ok(Step::Key(self.text()?)),
            Token::Word(word) => {
                let word = word.clone();
                self.advance()?;
                match self.is_sign("(") {
                    true => self.method(&word),
                    false => Ok(Step::Key(word)),
                }
            }
            _ => Err(self.unexpected()),
        }
    }

    /// From behind `[`.
    fn elements(&mut self) -> Result<Step> {
        if self.take_sign("*")? {
            self.expect_sign("]")?;
            return Ok(Step::AnyElement);
        }
        self.subscript_count += 1;
        let mut subscripts = Vec::new();
        loop {
            self.part()?;
            let from = self.sum()?;
            let from = self.as_expression(from)?;
            let to = match self.take_keyword("to")? {
                true => {
                    let to = self.sum()?;
                    Some(self.as_expression(to)?)
                }
                false => None,
            };
            subscripts.push(Subscript { from, to });
            if !self.take_sign(",")? {
                break;
            }
        }
        self.subscript_count -= 1;
        self.expect_sign("]")?;
        Ok(Step::Elements(subscripts))
    }

    /// `**`, `**{2}`, `**{1 to last}`
    fn descendants(&mut self) -> Result<Step> {
        self.advance()?;
        if !self.take_sign("{")? {
            return Ok(Step::Descendants(Level::At(0), Level::Last));
        }
        let first = self.level()?;
        let last = match self.take_keyword("to")? {
            true => self.level()?,
            false => first,
        };
        self.expect_sign("}")?;
        Ok(Step::Descendants(first, last))
    }

    fn level(&mut self) -> Result<Level> {
        if self.take_keyword("last")? {
            return Ok(Level::Last);
        }
        let Token::Integer(digits) = &self.current.token else {
            return Err(self.unexpected());
        };
        let level = digits.parse::<i32>().map_err(|_| {
            let message = format!("value \"{digits}\" is out of range for type integer");
            Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message)
        })?;
        self.advance()?;
        Ok(Level::At(level.unsigned_abs()))
    }

    /// From the parenthesis behind a method's name.
    fn method(&mut self, word: &str) -> Result<Step> {
        let methods = [
            Method::Type,
            Method::Size,
            Method::Abs,
            Method::Floor,
            Method::Ceiling,
            Method::Double,
            Method::KeyValue,
        ];
        let method = methods
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(word));
        let is_datetime = word.eq_ignore_ascii_case("datetime");
        if method.is_none() && !is_datetime {
            return Err(self.unexpected());
        }
        self.advance()?;
        let step = match method {
            Some(method) => Step::Method(method),
            None if matches!(self.current.token, Token::Text(_)) => Step::Datetime(Some(self.text()?)),
            None => Step::Datetime(None),
        };
        self.expect_sign(")")?;
        Ok(step)
    }
}
