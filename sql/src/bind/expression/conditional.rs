//! CASE, COALESCE, NULLIF: results get one type.

use crate::bind::Binder;
use crate::bind::coerce::Level;
use crate::bind::collect::Context;
use crate::bind::common_type::common_type_of;
use crate::error::{Error, Result, SqlState};
use crate::plan::{CaseBranch, CompareOp, Expr};
use crate::types::LogicalType;
use sqlparser::ast;

impl Binder<'_> {
    /// Expressions as one common type.
    ///
    /// # Errors
    /// 42804, naming the construct.
    pub(in crate::bind) fn unify(
        &mut self,
        expressions: Vec<Expr>,
        construct: &str,
    ) -> Result<(Vec<Expr>, LogicalType)> {
        let types: Vec<LogicalType> = expressions.iter().map(Expr::data_type).collect();
        let data_type = match common_type_of(&types) {
            Ok(LogicalType::Unknown) => LogicalType::Text,
            Ok(data_type) => data_type,
            Err((left, right)) => {
                return Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("{construct} types {left} and {right} cannot be matched"),
                ));
            }
        };
        let expressions = expressions
            .into_iter()
            .map(|expression| self.coerce(expression, &data_type, Level::Assignment, None))
            .collect::<Result<_>>()?;
        Ok((expressions, data_type))
    }

    /// `CASE [operand] WHEN .. THEN .. [ELSE ..] END`
    pub(in crate::bind) fn bind_case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let mut bound_conditions = Vec::with_capacity(conditions.len());
        let mut results = Vec::with_capacity(conditions.len() + 1);
        for when in conditions {
            let condition = match operand {
                Some(operand) => self.bind_comparison(CompareOp::Equal, operand, &when.condition, context)?,
                None => {
                    let condition = self.bind_expression(&when.condition, context)?;
                    let span = self.span(&when.condition);
                    self.coerce_condition(condition, "CASE/WHEN", span)?
                }
            };
            bound_conditions.push(condition);
            results.push(self.bind_expression(&when.result, context)?);
        }
        let has_else = otherwise.is_some();
        if let Some(otherwise) = otherwise {
            // Where the type is that of the first, ELSE is the first.
            results.insert(0, self.bind_expression(otherwise, context)?);
        }
        let (mut results, data_type) = self.unify(results, "CASE")?;
        let otherwise = has_else.then(|| Box::new(results.remove(0)));
        let branches = bound_conditions
            .into_iter()
            .zip(results)
            .map(|(condition, result)| CaseBranch { condition, result })
            .collect();
        Ok(Expr::Case {
            branches,
            otherwise,
            data_type,
        })
    }

    /// `COALESCE(..)`
    pub(in crate::bind) fn bind_coalesce(&mut self, arguments: Vec<Expr>) -> Result<Expr> {
        let (mut arguments, _) = self.unify(arguments, "COALESCE")?;
        match arguments.len() {
            0 => Err(Error::new(SqlState::SYNTAX_ERROR, "COALESCE needs an argument")),
            1 => Ok(arguments.swap_remove(0)),
            _ => Ok(Expr::Coalesce(arguments)),
        }
    }

    /// `NULLIF(a, b)`: NULL where they are equal, `a` otherwise.
    pub(in crate::bind) fn bind_nullif(&mut self, arguments: Vec<Expr>) -> Result<Expr> {
        let Ok([value, other]) = <[Expr; 2]>::try_from(arguments) else {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "NULLIF takes two arguments"));
        };
        let data_type = nullif_type(&value.data_type(), &other.data_type());
        let value = self.coerce(value, &data_type, Level::Implicit, None)?;
        let condition = self.compare(CompareOp::Equal, value.clone(), other, [None, None])?;
        Ok(Expr::Case {
            branches: vec![CaseBranch {
                condition,
                result: Expr::null(data_type.clone()),
            }],
            otherwise: Some(Box::new(value)),
            data_type,
        })
    }
}

/// The type of `NULLIF(value, other)`: that in which Postgres's operator `=` takes the value.
fn nullif_type(value: &LogicalType, other: &LogicalType) -> LogicalType {
    use LogicalType as Type;
    let is_float = |data_type: &Type| matches!(data_type, Type::Real | Type::Double);
    match (value, other) {
        (Type::Unknown, Type::Unknown) => Type::Text,
        (Type::Unknown, known) => nullif_type(known, known),
        (Type::Varchar(_), Type::Char(_)) => value.clone(),
        (Type::Varchar(_), _) | (Type::Char(_), Type::Text) => Type::Text,
        (number, float) if number.is_numeric() && !is_float(number) && is_float(float) => Type::Double,
        (integer, Type::Numeric { .. }) if integer.is_integer() => {
            common_type_of(&[value.clone(), other.clone()]).unwrap_or_else(|_| other.clone())
        }
        _ => value.clone(),
    }
}
