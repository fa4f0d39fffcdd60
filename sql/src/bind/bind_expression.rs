//! The expression dispatcher: one arm per variant, each a call of a small function in `expression`.

use super::collect::Context;
use super::expression::pattern::Pattern;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::{CompareOp, Expr, Quantifier};
use sqlparser::ast;

impl Binder<'_> {
    /// Binds an expression; what has no type yet (`'text'`, NULL, `$1`) keeps type unknown.
    ///
    /// # Errors
    /// With the place of the innermost expression that is wrong.
    pub(super) fn bind_expression(&mut self, expression: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        self.bind_variant(expression, context).map_err(|error| {
            if error.span.is_some() {
                return error;
            }
            error.at(self.span(expression))
        })
    }

    fn bind_variant(&mut self, expression: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        use ast::Expr as Syntax;
        match expression {
            Syntax::Identifier(identifier) => self.bind_identifier(identifier, context),
            Syntax::CompoundIdentifier(parts) => self.bind_compound_identifier(parts, context),
            Syntax::CompoundFieldAccess { root, access_chain } => self.bind_access(root, access_chain, context),
            Syntax::Value(value) => self.bind_value(&value.value),
            Syntax::TypedString(typed) => self.bind_typed_string(typed),
            Syntax::Interval(interval) => self.bind_interval(interval),
            Syntax::Nested(inner) => self.bind_expression(inner, context),
            Syntax::BinaryOp { left, op, right } => self.bind_binary(expression, left, op, right, context),
            Syntax::UnaryOp { op, expr } => self.bind_unary(*op, expr, context),
            Syntax::IsNull(inner) => self.bind_is_null(inner, false, context),
            Syntax::IsNotNull(inner) => self.bind_is_null(inner, true, context),
            Syntax::IsTrue(inner) => self.bind_is_boolean(inner, Some(true), CompareOp::NotDistinct, context),
            Syntax::IsNotTrue(inner) => self.bind_is_boolean(inner, Some(true), CompareOp::Distinct, context),
            Syntax::IsFalse(inner) => self.bind_is_boolean(inner, Some(false), CompareOp::NotDistinct, context),
            Syntax::IsNotFalse(inner) => self.bind_is_boolean(inner, Some(false), CompareOp::Distinct, context),
            Syntax::IsUnknown(inner) => self.bind_is_boolean(inner, None, CompareOp::NotDistinct, context),
            Syntax::IsNotUnknown(inner) => self.bind_is_boolean(inner, None, CompareOp::Distinct, context),
            Syntax::IsDistinctFrom(left, right) => self.bind_comparison(CompareOp::Distinct, left, right, context),
            Syntax::IsNotDistinctFrom(left, right) => {
                self.bind_comparison(CompareOp::NotDistinct, left, right, context)
            }
            Syntax::In {
                expr, target, negated, ..
            } => self.bind_in(expr, target, *negated, context),
            Syntax::Between {
                expr,
                negated,
                low,
                high,
            } => self.bind_between(expr, low, high, *negated, context),
            Syntax::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => self.bind_pattern(Pattern::Like, expr, pattern, escape_char.as_deref(), *negated, context),
            Syntax::ILike {
                negated,
                any: false,
                expr,
                pattern,
                escape_char,
            } => self.bind_pattern(Pattern::ILike, expr, pattern, escape_char.as_deref(), *negated, context),
            Syntax::SimilarTo {
                negated,
                expr,
                pattern,
                escape_char,
            } => self.bind_pattern(
                Pattern::SimilarTo,
                expr,
                pattern,
                escape_char.as_deref(),
                *negated,
                context,
            ),
            Syntax::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.bind_quantified(left, compare_op, Quantifier::Any, right, context),
            Syntax::AllOp {
                left,
                compare_op,
                right,
            } => self.bind_quantified(left, compare_op, Quantifier::All, right, context),
            Syntax::Cast {
                kind: ast::CastKind::Cast | ast::CastKind::DoubleColon,
                expr,
                data_type,
                format: None,
            } => self.bind_cast(expr, data_type, context),
            Syntax::AtTimeZone { timestamp, time_zone } => self.bind_at_time_zone(timestamp, time_zone, context),
            Syntax::Extract { field, expr, .. } => self.bind_extract(field, expr, context),
            Syntax::Ceil {
                expr,
                field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => self.bind_special_call("ceil", &[expr], context),
            Syntax::Floor {
                expr,
                field: ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime),
            } => self.bind_special_call("floor", &[expr], context),
            Syntax::Position { expr, r#in } => self.bind_special_call("strpos", &[r#in, expr], context),
            Syntax::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => self.bind_substring(expr, substring_from.as_deref(), substring_for.as_deref(), context),
            Syntax::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => self.bind_trim(
                *trim_where,
                trim_what.as_deref(),
                expr,
                trim_characters.as_deref(),
                context,
            ),
            Syntax::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut arguments: Vec<&ast::Expr> = vec![expr, overlay_what, overlay_from];
                arguments.extend(overlay_for.as_deref());
                self.bind_special_call("overlay", &arguments, context)
            }
            Syntax::Collate { expr, collation } => self.bind_collate(expr, collation, context),
            Syntax::Function(function) => self.bind_function(function, context),
            Syntax::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.bind_case(operand.as_deref(), conditions, else_result.as_deref(), context),
            Syntax::Exists { subquery, negated } => self.bind_exists(subquery, *negated, context),
            Syntax::Subquery(query) => self.bind_scalar_subquery(query, context),
            Syntax::Array(array) => self.bind_array(&array.elem, context),
            Syntax::Tuple(fields) => self.bind_row(&fields.iter().collect::<Vec<_>>(), context),
            Syntax::GroupingSets(_) | Syntax::Cube(_) | Syntax::Rollup(_) => Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "grouping sets are not allowed outside GROUP BY",
            )),
            other => Err(not_supported(format!("expression {other}"))),
        }
    }

    /// Binds an expression and decides an undecided type as text.
    pub(super) fn bind_decided(&mut self, expression: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        let bound = self.bind_expression(expression, context)?;
        self.decide_unknown(bound)
    }

    /// Binds a boolean condition.
    pub(super) fn bind_condition(&mut self, expression: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        let clause = match context.clause.name() {
            "JOIN conditions" => "JOIN/ON",
            "check constraints" => "CHECK",
            name => name,
        };
        let bound = self.bind_expression(expression, context)?;
        let span = self.span(expression);
        self.coerce_condition(bound, clause, span)
    }
}
