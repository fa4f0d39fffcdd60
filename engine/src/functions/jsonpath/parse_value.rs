//! Values in a path's text: arithmetic, signs, and what steps are taken from.

use super::parse::{Parsed, Parser, condition, value};
use super::path::{Arithmetic, Expression, Head, Predicate};
use super::token::Token;
use super::with_stack;
use crate::error::Result;
use crate::format::text::numeric;

impl Parser<'_> {
    /// `a + b`
    pub(super) fn sum(&mut self) -> Result<Parsed> {
        let mut left = self.product()?;
        loop {
            let operator = match self.current.token {
                Token::Sign("+") => Arithmetic::Add,
                Token::Sign("-") => Arithmetic::Subtract,
                _ => return Ok(left),
            };
            let operand = self.as_expression(left)?;
            left = self.arithmetic(operator, operand, Self::product)?;
        }
    }

    /// `a * b`
    fn product(&mut self) -> Result<Parsed> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.current.token {
                Token::Sign("*") => Arithmetic::Multiply,
                Token::Sign("/") => Arithmetic::Divide,
                Token::Sign("%") => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            let operand = self.as_expression(left)?;
            left = self.arithmetic(operator, operand, Self::signed)?;
        }
    }

    fn arithmetic(
        &mut self,
        operator: Arithmetic,
        left: Expression,
        right: fn(&mut Self) -> Result<Parsed>,
    ) -> Result<Parsed> {
        self.part()?;
        self.advance()?;
        let right = right(self)?;
        let right = self.as_expression(right)?;
        let head = Head::Arithmetic(operator, Box::new(left), Box::new(right));
        Ok(Parsed::Expression(value(head)))
    }

    /// `-a`. Whatever nests comes through here.
    fn signed(&mut self) -> Result<Parsed> {
        with_stack(|| self.signed_inner())
    }

    fn signed_inner(&mut self) -> Result<Parsed> {
        let negative = match self.current.token {
            Token::Sign("+") => false,
            Token::Sign("-") => true,
            _ => return self.accessors(),
        };
        self.part()?;
        self.advance()?;
        let operand = self.signed()?;
        let operand = self.as_expression(operand)?;
        if operand.steps.is_empty()
            && let Head::Number(number) = &operand.head
        {
            let number = match number.strip_prefix('-') {
                Some(positive) if negative => positive.to_owned(),
                None if negative && number.bytes().any(|byte| matches!(byte, b'1'..=b'9')) => format!("-{number}"),
                _ => number.clone(),
            };
            return Ok(Parsed::Expression(value(Head::Number(number))));
        }
        let head = Head::Sign(negative, Box::new(operand));
        Ok(Parsed::Expression(value(head)))
    }

    /// A value with its steps, or a condition in parentheses.
    fn accessors(&mut self) -> Result<Parsed> {
        let mut expression = match self.primary()? {
            Parsed::Expression(expression) => expression,
            predicate => return Ok(predicate),
        };
        while self.begins_step() {
            self.part()?;
            let step = self.step()?;
            expression.steps.push(step);
        }
        Ok(Parsed::Expression(expression))
    }

    fn primary(&mut self) -> Result<Parsed> {
        if self.is_keyword("exists") {
            return self.exists().map(Parsed::Predicate);
        }
        if self.is_sign("(") {
            return self.parenthesized();
        }
        let head = match &self.current.token {
            Token::Text(text) => Head::Text(text.clone()),
            Token::Variable(name) => Head::Variable(name.clone()),
            Token::Integer(digits) | Token::Decimal(digits) => Head::Number(numeric::plain(digits)?),
            Token::Sign("$") => Head::Root,
            Token::Sign("@") => {
                if self.filter_count == 0 {
                    self.misplaced.get_or_insert("@ is not allowed in root expressions");
                }
                Head::Current
            }
            Token::Word(word) => match word.as_str() {
                "null" => Head::Null,
                "true" => Head::Boolean(true),
                "false" => Head::Boolean(false),
                _ if self.is_keyword("last") => {
                    if self.subscript_count == 0 {
                        self.misplaced.get_or_insert("LAST is allowed only in array subscripts");
                    }
                    Head::Last
                }
                _ => return Err(self.unexpected()),
            },
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        Ok(Parsed::Expression(value(head)))
    }

    /// `(a)`, `(condition) is unknown`
    fn parenthesized(&mut self) -> Result<Parsed> {
        self.part()?;
        self.advance()?;
        let inner = self.disjunction()?;
        self.expect_sign(")")?;
        match inner {
            Parsed::Predicate(predicate) if self.is_keyword("is") => {
                self.advance()?;
                self.expect_keyword("unknown")?;
                Ok(Parsed::Predicate(Predicate::IsUnknown(Box::new(predicate))))
            }
            Parsed::Predicate(predicate) if self.begins_step() => Ok(Parsed::Expression(condition(predicate))),
            inner => Ok(inner),
        }
    }
}
