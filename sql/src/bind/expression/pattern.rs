//! LIKE, ILIKE, SIMILAR TO: calls of the operators `~~`, `~~*` and `~` and their negations.

use crate::bind::Binder;
use crate::bind::collect::Context;
use crate::error::Result;
use crate::plan::Expr;
use sqlparser::ast;

/// Which kind of pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bind) enum Pattern {
    Like,
    ILike,
    SimilarTo,
}

impl Binder<'_> {
    /// `operand [NOT] LIKE pattern [ESCAPE escape]` and its kin.
    pub(in crate::bind) fn bind_pattern(
        &mut self,
        kind: Pattern,
        operand: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        negated: bool,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let spans = [self.span(operand), self.span(pattern)];
        if let (Pattern::Like | Pattern::ILike, ast::Expr::AnyOp { .. }) = (kind, pattern) {
            return Err(crate::bind::not_supported("LIKE ANY"));
        }
        let operand = self.bind_expression(operand, context)?;
        let mut pattern = self.bind_expression(pattern, context)?;
        let escape = escape.map(|escape| self.bind_expression(escape, context)).transpose()?;
        let symbol = match (kind, negated) {
            (Pattern::Like, false) => "~~",
            (Pattern::Like, true) => "!~~",
            (Pattern::ILike, false) => "~~*",
            (Pattern::ILike, true) => "!~~*",
            (Pattern::SimilarTo, false) => "~",
            (Pattern::SimilarTo, true) => "!~",
        };
        if kind == Pattern::SimilarTo {
            let arguments = std::iter::once(pattern).chain(escape).collect();
            pattern = self.named_call("similar_to_escape", arguments)?;
        } else if let Some(escape) = escape {
            pattern = self.named_call("like_escape", vec![pattern, escape])?;
        }
        self.operator_call(symbol, vec![operand, pattern], &spans)
    }
}
