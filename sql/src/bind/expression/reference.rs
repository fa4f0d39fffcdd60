//! Names of columns, and the words that are functions without parentheses.

use crate::bind::collect::Context;
use crate::bind::name::fold;
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::Expr;
use sqlparser::ast::Ident;

impl Binder<'_> {
    /// A bare name.
    pub(in crate::bind) fn bind_identifier(&mut self, identifier: &Ident, context: &Context<'_>) -> Result<Expr> {
        let name = fold(identifier);
        if let Some(column) = context.scope.find(&name)? {
            return Ok(Expr::Column(column));
        }
        if identifier.quote_style.is_none()
            && let Some(value) = self.bind_value_function(&name)?
        {
            return Ok(value);
        }
        if context.scope.relation(None, &name)?.is_some() {
            return Err(not_supported(format!("the whole row of \"{name}\" as a value")));
        }
        Err(context.scope.no_such_column(&name))
    }

    /// `relation.column`, `schema.relation.column`, `database.schema.relation.column`
    pub(in crate::bind) fn bind_compound_identifier(&mut self, parts: &[Ident], context: &Context<'_>) -> Result<Expr> {
        let folded: Vec<String> = parts.iter().map(fold).collect();
        let column = match folded.as_slice() {
            [relation, column] => context.scope.qualified(None, relation, column)?,
            [schema, relation, column] | [_, schema, relation, column] => {
                context.scope.qualified(Some(schema), relation, column)?
            }
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("improper qualified name (too many dotted names): {}", folded.join(".")),
                ));
            }
        };
        Ok(Expr::Column(column))
    }
}
