//! Names of columns, and the words that are functions without parentheses.

use crate::bind::collect::{Clause, Context};
use crate::bind::name::fold;
use crate::bind::{Binder, not_supported};
use crate::catalog::Volatility;
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
        if let Some(expression) = self.bind_alias(&name, context)? {
            return Ok(expression);
        }
        if identifier.quote_style.is_none()
            && let Some(value) = self.bind_value_function(&name)?
        {
            return Ok(value);
        }
        if let Some(relation) = context.scope.relation(None, &name)? {
            return self.whole_row(relation);
        }
        Err(context.scope.no_such_column(&name))
    }

    /// An alias of an item before this one in the select list, where no column has that name: as DuckDB and Snowflake have it.
    fn bind_alias(&self, name: &str, context: &Context<'_>) -> Result<Option<Expr>> {
        let Some(collector) = &context.collector else {
            return Ok(None);
        };
        let Some(expression) = collector.alias(name) else {
            return Ok(None);
        };
        let is_volatile =
            |part: &Expr| matches!(part, Expr::Call(call) if call.function.volatility == Volatility::Volatile);
        if expression.any(&mut |part| is_volatile(part)) {
            return Err(not_supported(format!(
                "a reference to \"{name}\", whose value is new at every evaluation,"
            ))
            .with_hint("Compute it in a query in FROM."));
        }
        let windows = collector.windows.iter().map(|window| window.column.id).collect();
        if context.clause == Clause::Window && !expression.columns().is_disjoint(&windows) {
            return Err(Error::new(
                SqlState::WINDOWING_ERROR,
                "window function calls cannot be nested",
            ));
        }
        Ok(Some(expression.clone()))
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
