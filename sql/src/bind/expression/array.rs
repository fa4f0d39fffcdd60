//! `ARRAY[..]`, subscripts, slices, and fields of what a set-returning function returns.

use crate::bind::coerce::Level;
use crate::bind::collect::Context;
use crate::bind::name::fold;
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::Expr;
use crate::types::LogicalType;
use sqlparser::ast::{self, AccessExpr, Subscript};

/// The function that takes an element of an array by its subscript.
const SUBSCRIPT: &str = "array_subscript";

/// The function that takes a slice of an array by its bounds.
const SLICE: &str = "array_slice";

impl Binder<'_> {
    /// `ARRAY[a, b]`
    pub(in crate::bind) fn bind_array(&mut self, elements: &[ast::Expr], context: &mut Context<'_>) -> Result<Expr> {
        let elements = elements
            .iter()
            .map(|element| self.bind_expression(element, context))
            .collect::<Result<Vec<_>>>()?;
        let (elements, element_type) = self.unify(elements, "ARRAY")?;
        Ok(Expr::Array { elements, element_type })
    }

    /// `root[1][2:3].field`
    pub(in crate::bind) fn bind_access(
        &mut self,
        root: &ast::Expr,
        chain: &[AccessExpr],
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let mut chain = chain;
        // `relation.column[1]` comes as a name with a chain.
        let mut names = match root {
            ast::Expr::Identifier(identifier) => vec![identifier.clone()],
            ast::Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        while let (false, Some((AccessExpr::Dot(ast::Expr::Identifier(part)), rest))) =
            (names.is_empty(), chain.split_first())
        {
            names.push(part.clone());
            chain = rest;
        }
        let mut value = match names.as_slice() {
            [] => match chain.split_first() {
                Some((AccessExpr::Dot(ast::Expr::Identifier(field)), rest)) => {
                    chain = rest;
                    self.bind_field(root, &fold(field), context)?
                }
                _ => self.bind_expression(root, context)?,
            },
            [name] => self.bind_identifier(name, context)?,
            names => self.bind_compound_identifier(names, context)?,
        };
        for access in chain {
            value = match access {
                AccessExpr::Subscript(subscript) => self.bind_subscript(value, subscript, context)?,
                AccessExpr::Dot(ast::Expr::Identifier(field)) => self.field_of(value, &fold(field))?,
                AccessExpr::Dot(_) => return Err(not_supported("this way to name a field of a row")),
            };
        }
        Ok(value)
    }

    fn bind_subscript(&mut self, value: Expr, subscript: &Subscript, context: &mut Context<'_>) -> Result<Expr> {
        let data_type = value.data_type();
        if data_type.element().is_none() && !matches!(data_type, LogicalType::Jsonb | LogicalType::Unknown) {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!("cannot subscript type {data_type} because it does not support subscripting"),
            ));
        }
        match subscript {
            Subscript::Index { index } => {
                let index = self.bind_expression(index, context)?;
                if value.data_type() == LogicalType::Jsonb {
                    return self.operator_call("->", vec![value, index], &[]);
                }
                let mut index = self.coerce(index, &LogicalType::Integer, Level::Assignment, None)?;
                if value.data_type().is_vector() {
                    let one = Expr::Literal(Literal::Integer(1), LogicalType::Integer);
                    index = self.operator_call("+", vec![index, one], &[])?;
                }
                self.named_call(SUBSCRIPT, vec![value, index])
            }
            Subscript::Slice {
                lower_bound,
                upper_bound,
                stride: None,
            } => {
                let mut arguments = vec![value];
                for bound in [lower_bound, upper_bound] {
                    arguments.push(match bound {
                        Some(bound) => {
                            let bound = self.bind_expression(bound, context)?;
                            self.coerce(bound, &LogicalType::Integer, Level::Assignment, None)?
                        }
                        None => Expr::null(LogicalType::Integer),
                    });
                }
                self.named_call(SLICE, arguments)
            }
            Subscript::Slice { .. } => Err(not_supported("a slice with a stride")),
        }
    }
}
