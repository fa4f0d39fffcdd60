//! Queries as values: scalar, EXISTS, IN, ARRAY(..).

use super::compare::row_fields;
use crate::bind::Binder;
use crate::bind::collect::Context;
use crate::bind::not_supported;
use crate::error::{Error, Result, SqlState};
use crate::plan::{CompareOp, Expr, Plan, Quantifier};
use crate::types::LogicalType;
use sqlparser::ast::{self, InTarget};

impl Binder<'_> {
    /// The plan of a subquery, which may name columns of the scopes around it.
    pub(in crate::bind) fn bind_subquery(&mut self, query: &ast::Query, context: &Context<'_>) -> Result<Plan> {
        Ok(self.bind_query(query, Some(context.scope))?.plan)
    }

    /// `(SELECT ..)` as a value.
    pub(in crate::bind) fn bind_scalar_subquery(&mut self, query: &ast::Query, context: &Context<'_>) -> Result<Expr> {
        let plan = self.bind_subquery(query, context)?;
        expect_columns(&plan, 1)?;
        Ok(Expr::ScalarSubquery(Box::new(plan)))
    }

    /// `ARRAY(SELECT ..)`
    pub(in crate::bind) fn bind_array_subquery(&mut self, query: &ast::Query, context: &Context<'_>) -> Result<Expr> {
        let plan = self.bind_subquery(query, context)?;
        expect_columns(&plan, 1)?;
        Ok(Expr::ArraySubquery(Box::new(plan)))
    }

    /// `[NOT] EXISTS (SELECT ..)`
    pub(in crate::bind) fn bind_exists(
        &mut self,
        query: &ast::Query,
        negated: bool,
        context: &Context<'_>,
    ) -> Result<Expr> {
        let exists = Expr::Exists(Box::new(self.bind_subquery(query, context)?));
        Ok(if negated { exists.negated() } else { exists })
    }

    /// `x [NOT] IN (..)`
    pub(in crate::bind) fn bind_in(
        &mut self,
        operand: &ast::Expr,
        target: &InTarget,
        negated: bool,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let result = match target {
            InTarget::Subquery(query) => {
                let inputs = match row_fields(operand) {
                    Some(fields) => self.bind_all(&fields, context)?,
                    None => vec![self.bind_expression(operand, context)?],
                };
                self.bind_subquery_comparison(inputs, CompareOp::Equal, Quantifier::Any, query, context)?
            }
            InTarget::List(list) => self.bind_in_list(operand, list, context)?,
            InTarget::Unnest(_) | InTarget::Table { .. } => return Err(not_supported("IN without parentheses")),
        };
        Ok(if negated { result.negated() } else { result })
    }

    fn bind_in_list(&mut self, operand: &ast::Expr, list: &[ast::Expr], context: &mut Context<'_>) -> Result<Expr> {
        if let Some(fields) = row_fields(operand) {
            let fields = self.bind_all(&fields, context)?;
            let mut matches = Vec::with_capacity(list.len());
            for candidate in list {
                let Some(others) = row_fields(candidate) else {
                    return Err(not_supported("IN of a row and a value that is no row"));
                };
                let others = self.bind_all(&others, context)?;
                matches.push(self.compare_rows(CompareOp::Equal, fields.clone(), others)?);
            }
            return Ok(Expr::or(matches));
        }
        let input = self.bind_expression(operand, context)?;
        let candidates: Vec<&ast::Expr> = list.iter().collect();
        let candidates = self.bind_all(&candidates, context)?;
        let mut data_type = input.data_type();
        for (candidate, syntax) in candidates.iter().zip(list) {
            let other = candidate.data_type();
            data_type = crate::bind::common_type::common_type(&data_type, &other).ok_or_else(|| {
                Error::new(
                    SqlState::UNDEFINED_FUNCTION,
                    format!("operator does not exist: {data_type} = {other}"),
                )
                .with_hint(
                    "No operator matches the given name and argument types. You might need to add explicit type casts.",
                )
                .at(self.span(syntax))
            })?;
        }
        if data_type == LogicalType::Unknown {
            data_type = LogicalType::Text;
        }
        let span = self.span(operand);
        let input = self.coerce_operand(input, &data_type, span)?;
        let mut values = Vec::with_capacity(candidates.len());
        for (candidate, syntax) in candidates.into_iter().zip(list) {
            let span = self.span(syntax);
            values.push(self.coerce_operand(candidate, &data_type, span)?);
        }
        if let [only] = values.as_slice() {
            return Ok(Expr::compare(CompareOp::Equal, input, only.clone()));
        }
        Ok(Expr::InList {
            input: Box::new(input),
            list: values,
        })
    }

    /// `inputs op ANY/ALL (SELECT ..)`
    pub(in crate::bind) fn bind_subquery_comparison(
        &mut self,
        inputs: Vec<Expr>,
        op: CompareOp,
        quantifier: Quantifier,
        query: &ast::Query,
        context: &Context<'_>,
    ) -> Result<Expr> {
        let plan = self.bind_subquery(query, context)?;
        let columns = plan.output();
        if columns.len() != inputs.len() {
            let problem = if columns.len() < inputs.len() { "few" } else { "many" };
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("subquery has too {problem} columns"),
            ));
        }
        let mut types = Vec::with_capacity(columns.len());
        let mut coerced = Vec::with_capacity(columns.len());
        for (input, column) in inputs.into_iter().zip(columns) {
            // Any comparison tells the common type; only its left side is kept.
            let compared = self.compare(op, input, Expr::Column(column), [None, None])?;
            let Expr::Compare { left, .. } = compared else {
                return Err(not_supported("this comparison with a subquery"));
            };
            types.push(left.data_type());
            coerced.push(*left);
        }
        let plan = self.coerce_columns(plan, &types, crate::bind::coerce::Level::Assignment)?;
        Ok(Expr::QuantifiedSubquery {
            inputs: coerced,
            op,
            quantifier,
            plan: Box::new(plan),
        })
    }

    /// `(a, b) = (SELECT x, y ..)`: a subquery of one row at most.
    pub(in crate::bind) fn bind_row_subquery_comparison(
        &mut self,
        op: CompareOp,
        fields: &[&ast::Expr],
        query: &ast::Query,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if op != CompareOp::Equal {
            return Err(not_supported("comparing a row with a subquery, except for equality,"));
        }
        let inputs = self.bind_all(fields, context)?;
        self.bind_subquery_comparison(inputs, op, Quantifier::Any, query, context)
    }
}

fn expect_columns(plan: &Plan, count: usize) -> Result<()> {
    if plan.output().len() == count {
        return Ok(());
    }
    Err(Error::new(
        SqlState::SYNTAX_ERROR,
        "subquery must return only one column",
    ))
}
