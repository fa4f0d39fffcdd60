//! Unary and binary operators: AND, OR, NOT and comparisons are nodes of their own, everything else is a function whose
//! name is the symbol.

use super::compare::row_fields;
use crate::bind::coerce::Level;
use crate::bind::collect::Context;
use crate::bind::overload::Failure;
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{CompareOp, Expr};
use crate::span::Span;
use crate::types::LogicalType;
use sqlparser::ast::{self, BinaryOperator, UnaryOperator};

/// Operators of LIKE, ILIKE and regular expressions.
const PATTERN_OPERATORS: &[&str] = &["~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"];

/// Of two texts Postgres takes it for a search, of two constants, too.
const TEXT_SEARCH_OPERATOR: &str = "@@";

/// A comparison operator's node.
pub(in crate::bind) fn comparison(symbol: &str) -> Option<CompareOp> {
    Some(match symbol {
        "=" => CompareOp::Equal,
        "<>" | "!=" => CompareOp::NotEqual,
        "<" => CompareOp::Less,
        "<=" => CompareOp::LessOrEqual,
        ">" => CompareOp::Greater,
        ">=" => CompareOp::GreaterOrEqual,
        _ => return None,
    })
}

/// An operator's symbol; `OPERATOR(pg_catalog.~)` is `~`.
pub(in crate::bind) fn symbol(operator: &BinaryOperator) -> Result<String> {
    match operator {
        BinaryOperator::PGCustomBinaryOperator(parts) => {
            let in_catalog = match parts.as_slice() {
                [_] => true,
                [schema, _] => schema == "pg_catalog",
                _ => false,
            };
            match parts.last() {
                Some(symbol) if in_catalog => Ok(symbol.clone()),
                _ => Err(not_supported(format!("operator {}", parts.join(".")))),
            }
        }
        BinaryOperator::Custom(symbol) => Ok(symbol.clone()),
        other => Ok(other.to_string()),
    }
}

impl Binder<'_> {
    /// `left operator right`; `whole` is the expression itself, whose chain of ANDs or ORs is taken in one go.
    pub(in crate::bind) fn bind_binary(
        &mut self,
        whole: &ast::Expr,
        left: &ast::Expr,
        operator: &BinaryOperator,
        right: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        match operator {
            BinaryOperator::And => self.bind_chain(whole, &BinaryOperator::And, context).map(Expr::And),
            BinaryOperator::Or => self.bind_chain(whole, &BinaryOperator::Or, context).map(Expr::Or),
            BinaryOperator::Overlaps => self.bind_overlaps(left, right, context),
            _ => {
                let symbol = symbol(operator)?;
                match comparison(&symbol) {
                    Some(op) => self.bind_comparison(op, left, right, context),
                    None => self.bind_operator_call(&symbol, left, right, context),
                }
            }
        }
    }

    /// `(start, end) OVERLAPS (start, length)`
    fn bind_overlaps(&mut self, left: &ast::Expr, right: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        let mut fields = Vec::with_capacity(4);
        for (side, operand) in [("left", left), ("right", right)] {
            let both = row_fields(operand).filter(|both| both.len() == 2).ok_or_else(|| {
                let message = format!("wrong number of parameters on {side} side of OVERLAPS expression");
                Error::new(SqlState::SYNTAX_ERROR, message).at(self.span(operand))
            })?;
            fields.extend(self.bind_all(&both, context)?);
        }
        let mut starts = fields.iter().step_by(2).map(Expr::data_type);
        let known = starts.find(|data_type| *data_type != LogicalType::Unknown);
        let mut arguments = Vec::with_capacity(4);
        for both in fields.chunks_exact(2) {
            let [start, end] = both else { continue };
            if end.data_type() != LogicalType::Interval {
                arguments.extend([start.clone(), end.clone()]);
                continue;
            }
            let start = match &known {
                Some(known) => self.coerce(start.clone(), known, Level::Implicit, None)?,
                None => start.clone(),
            };
            let end = self.operator_call("+", vec![start.clone(), end.clone()], &[None, None])?;
            arguments.extend([start, end]);
        }
        self.named_call("overlaps", arguments)
    }

    /// The operands of `a AND b AND c`, two or more, which the parser nests to the left, as does `(a AND b) AND c`. In `a AND (b AND c)` the
    /// second stays what it is: it may be what a query groups by.
    fn bind_chain(
        &mut self,
        whole: &ast::Expr,
        operator: &BinaryOperator,
        context: &mut Context<'_>,
    ) -> Result<Vec<Expr>> {
        let mut operands = Vec::new();
        let mut rest = whole;
        loop {
            let mut inner = rest;
            while let ast::Expr::Nested(nested) = inner {
                inner = nested;
            }
            match inner {
                ast::Expr::BinaryOp { left, op, right } if op == operator => {
                    operands.push(&**right);
                    rest = left;
                }
                _ => break,
            }
        }
        operands.push(rest);
        let name = if *operator == BinaryOperator::And { "AND" } else { "OR" };
        operands
            .into_iter()
            .rev()
            .map(|operand| {
                let bound = self.bind_expression(operand, context)?;
                let span = self.span(operand);
                self.coerce_condition(bound, name, span)
            })
            .collect()
    }

    fn bind_operator_call(
        &mut self,
        symbol: &str,
        left: &ast::Expr,
        right: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let arguments = vec![
            self.bind_expression(left, context)?,
            self.bind_expression(right, context)?,
        ];
        let spans = [self.span(left), self.span(right)];
        self.operator_call(symbol, arguments, &spans)
    }

    /// A character value that a pattern is held against, with its padding, which counts there.
    fn padded_operand(&mut self, mut arguments: Vec<Expr>) -> Result<Vec<Expr>> {
        if let Some(first) = arguments.first_mut()
            && let LogicalType::Char(length) = first.data_type()
        {
            let value = std::mem::replace(first, Expr::TRUE);
            let value = self.coerce(value, &LogicalType::Text, Level::Implicit, None)?;
            let length = Expr::Literal(Literal::Integer(length.into()), LogicalType::Integer);
            *first = self.named_call("rpad", vec![value, length])?;
        }
        Ok(arguments)
    }

    /// A call of the operator's function with bound operands.
    ///
    /// # Errors
    /// 42883 where there is no such operator for the operands.
    pub(in crate::bind) fn operator_call(
        &mut self,
        symbol: &str,
        arguments: Vec<Expr>,
        spans: &[Option<Span>],
    ) -> Result<Expr> {
        let arguments = match PATTERN_OPERATORS.contains(&symbol) {
            true => self.padded_operand(arguments)?,
            false => arguments,
        };
        let types: Vec<LogicalType> = arguments.iter().map(Expr::data_type).collect();
        if symbol == TEXT_SEARCH_OPERATOR && types.iter().all(|of| of.is_string() || *of == LogicalType::Unknown) {
            let hint = "LIKE, ~ and position() look for words in a text.";
            return Err(not_supported("text search")
                .with_hint(hint)
                .at(spans.first().copied().flatten()));
        }
        let failure = match self.catalog.function(None, symbol) {
            Some(function) => match self.call(function, arguments, spans, None) {
                Ok(call) => return Ok(Expr::Call(call)),
                Err(CallError::Failure(failure)) => failure,
                Err(CallError::Other(error)) => return Err(error),
            },
            None => Failure::None,
        };
        let written = match types.as_slice() {
            [only] => format!("{symbol} {only}"),
            [left, right] => format!("{left} {symbol} {right}"),
            _ => symbol.to_owned(),
        };
        Err(match failure {
            Failure::None => Error::new(
                SqlState::UNDEFINED_FUNCTION,
                format!("operator does not exist: {written}"),
            )
            .with_hint(
                "No operator matches the given name and argument types. You might need to add explicit type casts.",
            ),
            Failure::Ambiguous => Error::new(
                SqlState::AMBIGUOUS_FUNCTION,
                format!("operator is not unique: {written}"),
            )
            .with_hint("Could not choose a best candidate operator. You might need to add explicit type casts."),
        })
    }

    /// `- x`, `NOT x`, `~ x` ..
    pub(in crate::bind) fn bind_unary(
        &mut self,
        operator: UnaryOperator,
        operand: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if operator == UnaryOperator::Minus
            && let ast::Expr::Value(value) = operand
            && let ast::Value::Number(digits, _) = &value.value
            && digits == "9223372036854775808"
        {
            return Ok(Expr::bigint(i64::MIN));
        }
        let input = self.bind_expression(operand, context)?;
        let span = self.span(operand);
        match operator {
            // Not `negated`: a key of GROUP BY may be what is negated twice.
            UnaryOperator::Not => Ok(Expr::Not(Box::new(self.coerce_condition(input, "NOT", span)?))),
            // Of anything but a constant it is an expression of its own: what a query groups by.
            UnaryOperator::Plus => match &input {
                Expr::Literal(_, data_type) if data_type.is_numeric() => Ok(input),
                _ => self.operator_call("+", vec![input], &[span]),
            },
            UnaryOperator::Minus => match negated_literal(&input) {
                Some(literal) => Ok(literal),
                None => self.operator_call("-", vec![input], &[span]),
            },
            other => self.operator_call(&other.to_string(), vec![input], &[span]),
        }
    }
}

/// A negative number is one constant, typed as Postgres types it: -2147483648 is an integer.
fn negated_literal(input: &Expr) -> Option<Expr> {
    let Expr::Literal(literal, data_type) = input else {
        return None;
    };
    match literal {
        Literal::Integer(value) => {
            let negated = value.checked_neg()?;
            let data_type = match (i32::try_from(negated), data_type) {
                (Ok(i32::MIN), LogicalType::BigInt) => LogicalType::Integer,
                _ => data_type.clone(),
            };
            Some(Expr::Literal(Literal::Integer(negated), data_type))
        }
        Literal::Numeric(value) => Some(Expr::Literal(Literal::Numeric(value.checked_neg()?), data_type.clone())),
        Literal::Float(value) => Some(Expr::Literal(Literal::Float(-value), data_type.clone())),
        _ => None,
    }
}

/// Why a call could not be made.
pub(in crate::bind) enum CallError {
    /// No overload, or several.
    Failure(Failure),
    /// An argument that cannot be converted.
    Other(Error),
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError::Other(error)
    }
}
