//! What an aggregation evaluates of its input: every expression once, however many aggregates take it.

use super::calls::PreparedCall;
use crate::error::Result;
use crate::expression::{Expression, Layout};
use crate::functions::StatementContext;
use crate::operators::hash_aggregate::{AggregateInput, AggregateStep};
use crate::operators::project::Projection;
use std::sync::Arc;
use stoa_sql::plan::Expr;

/// Collects them.
pub(crate) struct Inputs<'a> {
    statement: &'a Arc<StatementContext>,
    layout: &'a Layout,
    /// What each argument is; none of a column that is named by its place.
    argument_expressions: Vec<Option<Expr>>,
    pub(crate) arguments: Vec<Projection>,
    filter_expressions: Vec<Expr>,
    pub(crate) filters: Vec<Projection>,
}

impl<'a> Inputs<'a> {
    /// Of batches of this layout.
    pub(crate) fn new(statement: &'a Arc<StatementContext>, layout: &'a Layout) -> Self {
        Inputs {
            statement,
            layout,
            argument_expressions: Vec::new(),
            arguments: Vec::new(),
            filter_expressions: Vec::new(),
            filters: Vec::new(),
        }
    }

    fn projection(&self, expression: &Expr) -> Result<Projection> {
        let place = super::column_of(expression).and_then(|column| self.layout.position(column.id));
        Ok(match place {
            Some(place) => Projection::Column(place),
            None => Projection::Expression(Expression::compile(expression, self.layout, self.statement)?),
        })
    }

    /// Keys.
    pub(crate) fn keys<'e>(&self, keys: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Projection>> {
        keys.into_iter().map(|key| self.projection(key)).collect()
    }

    fn argument(&mut self, expression: &Expr) -> Result<usize> {
        let mut known = self.argument_expressions.iter();
        if let Some(place) = known.position(|known| known.as_ref() == Some(expression)) {
            return Ok(place);
        }
        self.arguments.push(self.projection(expression)?);
        self.argument_expressions.push(Some(expression.clone()));
        Ok(self.arguments.len() - 1)
    }

    /// A column of the batches, as one argument.
    pub(crate) fn column(&mut self, place: usize) -> usize {
        self.arguments.push(Projection::Column(place));
        self.argument_expressions.push(None);
        self.arguments.len() - 1
    }

    /// A condition, as the place of one of the filters.
    pub(crate) fn filter(&mut self, expression: &Expr) -> Result<usize> {
        if let Some(place) = self.filter_expressions.iter().position(|known| known == expression) {
            return Ok(place);
        }
        self.filters.push(self.projection(expression)?);
        self.filter_expressions.push(expression.clone());
        Ok(self.filters.len() - 1)
    }

    /// A call over rows, or over states that an aggregation below made.
    pub(crate) fn step(&mut self, call: PreparedCall) -> Result<AggregateStep> {
        let arguments = call.states.as_ref().unwrap_or(&call.arguments).iter();
        let columns = arguments.map(|argument| self.argument(argument));
        let columns = columns.collect::<Result<_>>()?;
        let filter = call.filter.as_ref().map(|filter| self.filter(filter)).transpose()?;
        Ok(AggregateStep {
            function: call.function,
            binding: call.binding,
            input: match call.states {
                None => AggregateInput::Rows {
                    arguments: columns,
                    filter,
                },
                Some(_) => AggregateInput::States { columns, filter },
            },
            order: call.order,
            distinct: call.distinct,
        })
    }
}
