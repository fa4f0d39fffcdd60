//! Comparisons: both sides get one type; rows are compared field by field.

use crate::bind::Binder;
use crate::bind::coerce::{Level, can_coerce};
use crate::bind::collect::Context;
use crate::bind::common_type::common_type;
use crate::error::{Error, Result, SqlState};
use crate::limits::BETWEEN_DEPTH_MAX;
use crate::literal::Literal;
use crate::plan::{CompareOp, Expr};
use crate::span::Span;
use crate::types::{LogicalType, TypeKind};
use sqlparser::ast;

/// The fields of `(a, b)` or `ROW(a, b)`.
pub(in crate::bind) fn row_fields(expression: &ast::Expr) -> Option<Vec<&ast::Expr>> {
    match expression {
        ast::Expr::Tuple(fields) => Some(fields.iter().collect()),
        ast::Expr::Nested(inner) => row_fields(inner),
        ast::Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("row") => {
            let ast::FunctionArguments::List(list) = &function.args else {
                return None;
            };
            list.args
                .iter()
                .map(|argument| match argument {
                    ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expression)) => Some(expression),
                    _ => None,
                })
                .collect()
        }
        _ => None,
    }
}

impl Binder<'_> {
    /// `left op right`
    pub(in crate::bind) fn bind_comparison(
        &mut self,
        op: CompareOp,
        left: &ast::Expr,
        right: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if let (Some(left), Some(right)) = (row_fields(left), row_fields(right)) {
            let left = self.bind_all(&left, context)?;
            let right = self.bind_all(&right, context)?;
            return self.compare_rows(op, left, right);
        }
        if let (Some(fields), ast::Expr::Subquery(query)) = (row_fields(left), right) {
            return self.bind_row_subquery_comparison(op, &fields, query, context);
        }
        let spans = [self.span(left), self.span(right)];
        let left = self.bind_expression(left, context)?;
        let right = self.bind_expression(right, context)?;
        self.compare(op, left, right, spans)
    }

    /// Binds each of several expressions.
    pub(in crate::bind) fn bind_all(
        &mut self,
        expressions: &[&ast::Expr],
        context: &mut Context<'_>,
    ) -> Result<Vec<Expr>> {
        expressions
            .iter()
            .map(|expression| self.bind_expression(expression, context))
            .collect()
    }

    /// A comparison of bound sides.
    ///
    /// # Errors
    /// 42883 where the types have nothing in common.
    pub(in crate::bind) fn compare(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        spans: [Option<Span>; 2],
    ) -> Result<Expr> {
        let [left_span, right_span] = spans;
        let types = [left.data_type(), right.data_type()];
        let (left, right) = match types {
            [LogicalType::Varchar(_), LogicalType::Char(_)] => (self.without_padding(left)?, right),
            [LogicalType::Char(_), LogicalType::Varchar(_)] => (left, self.without_padding(right)?),
            _ => (left, right),
        };
        let data_type = self.comparison_type(op, &left, &right)?;
        let left = self.coerce_operand(left, &data_type, left_span)?;
        let right = self.coerce_operand(right, &data_type, right_span)?;
        Ok(Expr::compare(op, left, right))
    }

    /// A varchar as what it is beside a character value: there blanks at the end say nothing.
    fn without_padding(&mut self, value: Expr) -> Result<Expr> {
        let value = self.coerce(value, &LogicalType::Text, Level::Implicit, None)?;
        let blank = Expr::Literal(Literal::Text(" ".to_owned()), LogicalType::Text);
        self.named_call("rtrim", vec![value, blank])
    }

    fn comparison_type(&self, op: CompareOp, left: &Expr, right: &Expr) -> Result<LogicalType> {
        let (left, right) = (left.data_type(), right.data_type());
        let common = match common_type(&left, &right) {
            Some(LogicalType::Unknown) => LogicalType::Text,
            // Binary compatible: no conversion is needed to compare.
            Some(data_type) => data_type,
            None => return Err(no_operator(op, &left, &right)),
        };
        let comparable = !matches!(common.kind(), TypeKind::Json | TypeKind::Jsonpath | TypeKind::Void)
            || matches!(op, CompareOp::Distinct | CompareOp::NotDistinct);
        if comparable {
            return Ok(common);
        }
        Err(no_operator(op, &left, &right))
    }

    /// One side of a comparison as the common type. A text constant beside a character column takes the column's type as it
    /// is: it is compared, not stored, so the length does not matter.
    pub(in crate::bind) fn coerce_operand(
        &mut self,
        operand: Expr,
        to: &LogicalType,
        span: Option<Span>,
    ) -> Result<Expr> {
        match (operand, to) {
            (Expr::Literal(Literal::Text(text), LogicalType::Unknown), LogicalType::Varchar(_)) => {
                Ok(Expr::Literal(Literal::Text(text), to.clone()))
            }
            (Expr::Literal(Literal::Text(text), LogicalType::Unknown), LogicalType::Char(_)) => {
                let text = text.trim_end_matches(' ').to_owned();
                Ok(Expr::Literal(Literal::Text(text), to.clone()))
            }
            (
                Expr::Parameter {
                    index,
                    data_type: LogicalType::Unknown,
                },
                LogicalType::Varchar(_),
            ) => {
                self.set_parameter_type(index, to);
                Ok(Expr::Parameter {
                    index,
                    data_type: to.clone(),
                })
            }
            (operand, to) => {
                let level = match can_coerce(&operand.data_type(), to, Level::Implicit) {
                    true => Level::Implicit,
                    // The common type may be narrower on paper: numeric with other digits, text of a name.
                    false => Level::Assignment,
                };
                self.coerce(operand, to, level, span)
            }
        }
    }

    /// `(a, b) op (c, d)` written out.
    pub(in crate::bind) fn compare_rows(&mut self, op: CompareOp, left: Vec<Expr>, right: Vec<Expr>) -> Result<Expr> {
        if left.len() != right.len() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "unequal number of entries in row expressions",
            ));
        }
        let pairs: Vec<(Expr, Expr)> = left.into_iter().zip(right).collect();
        let mut each = |op: CompareOp| -> Result<Vec<Expr>> {
            pairs
                .iter()
                .map(|(left, right)| self.compare(op, left.clone(), right.clone(), [None, None]))
                .collect()
        };
        match op {
            CompareOp::Equal | CompareOp::NotDistinct => each(op).map(Expr::and),
            CompareOp::NotEqual | CompareOp::Distinct => each(op).map(Expr::or),
            CompareOp::Less | CompareOp::LessOrEqual | CompareOp::Greater | CompareOp::GreaterOrEqual => {
                let strict = match op {
                    CompareOp::LessOrEqual => CompareOp::Less,
                    CompareOp::GreaterOrEqual => CompareOp::Greater,
                    other => other,
                };
                let equal = each(CompareOp::Equal)?;
                let before = each(strict)?;
                let mut last = each(op)?;
                // a < x OR (a = x AND (b < y OR (b = y AND ..)))
                let Some(mut result) = last.pop() else {
                    return Ok(Expr::TRUE);
                };
                let count = equal.len().saturating_sub(1);
                for (equal, before) in equal.into_iter().take(count).zip(before).rev() {
                    result = Expr::or(vec![before, Expr::and(vec![equal, result])]);
                }
                Ok(result)
            }
        }
    }

    /// `x IS [NOT] TRUE`, `FALSE`, `UNKNOWN`
    pub(in crate::bind) fn bind_is_boolean(
        &mut self,
        operand: &ast::Expr,
        value: Option<bool>,
        op: CompareOp,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let span = self.span(operand);
        let operand = self.bind_expression(operand, context)?;
        let operand = self.coerce_condition(operand, "IS", span)?;
        Ok(match value {
            Some(value) => Expr::compare(
                op,
                operand,
                Expr::Literal(Literal::Boolean(value), LogicalType::Boolean),
            ),
            None if op == CompareOp::NotDistinct => Expr::IsNull(Box::new(operand)),
            None => operand.is_not_null(),
        })
    }

    /// `x [NOT] BETWEEN low AND high`
    pub(in crate::bind) fn bind_between(
        &mut self,
        operand: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        negated: bool,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if self.between_depth >= BETWEEN_DEPTH_MAX {
            return Err(Error::new(
                SqlState::STATEMENT_TOO_COMPLEX,
                format!("BETWEEN nests deeper than {BETWEEN_DEPTH_MAX} levels"),
            )
            .at(self.span(operand)));
        }
        self.between_depth += 1;
        let above = self.bind_comparison(CompareOp::GreaterOrEqual, operand, low, context);
        let below = self.bind_comparison(CompareOp::LessOrEqual, operand, high, context);
        self.between_depth -= 1;
        let between = Expr::and(vec![above?, below?]);
        Ok(if negated { between.negated() } else { between })
    }
}

/// That two types cannot be compared.
fn no_operator(op: CompareOp, left: &LogicalType, right: &LogicalType) -> Error {
    let symbol = match op {
        CompareOp::Distinct | CompareOp::NotDistinct => "=",
        other => other.symbol(),
    };
    Error::new(
        SqlState::UNDEFINED_FUNCTION,
        format!("operator does not exist: {left} {symbol} {right}"),
    )
    .with_hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}
