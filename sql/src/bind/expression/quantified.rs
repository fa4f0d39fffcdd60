//! `x op ANY (..)`, `x op ALL (..)` over a subquery or an array.

use super::function::as_array;
use super::operator::{comparison, symbol};
use crate::bind::Binder;
use crate::bind::collect::Context;
use crate::bind::common_type::common_type;
use crate::bind::not_supported;
use crate::error::{Error, Result, SqlState};
use crate::plan::{Expr, Quantifier};
use crate::types::LogicalType;
use sqlparser::ast::{self, BinaryOperator};

impl Binder<'_> {
    /// `left op ANY/ALL (right)`
    pub(in crate::bind) fn bind_quantified(
        &mut self,
        left: &ast::Expr,
        operator: &BinaryOperator,
        quantifier: Quantifier,
        right: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let symbol = symbol(operator)?;
        let mut right = right;
        while let ast::Expr::Nested(inner) = right {
            right = inner;
        }
        let op = comparison(&symbol);
        if let ast::Expr::Subquery(query) = right {
            let op = op.ok_or_else(|| not_supported(format!("{symbol} with a quantified subquery")))?;
            let inputs = match super::compare::row_fields(left) {
                Some(fields) => self.bind_all(&fields, context)?,
                None => vec![self.bind_expression(left, context)?],
            };
            return self.bind_subquery_comparison(inputs, op, quantifier, query, context);
        }
        let array_span = self.span(right);
        let input = self.bind_expression(left, context)?;
        let array = as_array(self.bind_expression(right, context)?);
        let Some(op) = op else {
            return self.bind_quantified_operator(&symbol, input, quantifier, array);
        };
        let element = match array.data_type() {
            LogicalType::Array(element) => *element,
            LogicalType::Unknown => match input.data_type() {
                LogicalType::Unknown => LogicalType::Text,
                LogicalType::Varchar(_) | LogicalType::Char(_) => LogicalType::Text,
                known => known,
            },
            _ => {
                return Err(Error::new(
                    SqlState::WRONG_OBJECT_TYPE,
                    "op ANY/ALL (array) requires array on right side",
                )
                .at(array_span));
            }
        };
        let Some(common) = common_type(&input.data_type(), &element) else {
            return Err(Error::new(
                SqlState::UNDEFINED_FUNCTION,
                format!("operator does not exist: {} {symbol} {element}", input.data_type()),
            ));
        };
        let span = self.span(left);
        let input = self.coerce_operand(input, &common, span)?;
        let array_type = LogicalType::Array(Box::new(common));
        let array = self.coerce_operand(array, &array_type, array_span)?;
        Ok(Expr::QuantifiedArray {
            input: Box::new(input),
            op,
            quantifier,
            array: Box::new(array),
        })
    }

    /// `x LIKE ANY (ARRAY['a%', 'b%'])`: written out.
    fn bind_quantified_operator(
        &mut self,
        symbol: &str,
        input: Expr,
        quantifier: Quantifier,
        array: Expr,
    ) -> Result<Expr> {
        let Expr::Array { elements, .. } = array else {
            return Err(not_supported(format!(
                "{symbol} ANY/ALL of an array that is not written as ARRAY[..]"
            )));
        };
        let tests = elements
            .into_iter()
            .map(|element| self.operator_call(symbol, vec![input.clone(), element], &[]))
            .collect::<Result<Vec<_>>>()?;
        Ok(match quantifier {
            Quantifier::Any => Expr::or(tests),
            Quantifier::All => Expr::and(tests),
        })
    }
}
