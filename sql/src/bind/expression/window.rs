//! Window calls: taken out of the expression into the collector, with their window resolved.

use super::function::Arguments;
use crate::bind::collect::{Clause, CollectedWindow, Context};
use crate::bind::{Binder, not_supported};
use crate::catalog::{FunctionInfo, FunctionKind};
use crate::error::{Error, Result, SqlState};
use crate::plan::{Expr, WindowCall};
use crate::span::Span;
use sqlparser::ast;
use std::sync::Arc;

impl Binder<'_> {
    /// `row_number() OVER (..)`, `sum(x) OVER w`
    pub(in crate::bind) fn bind_window_call(
        &mut self,
        function: &ast::Function,
        info: Arc<FunctionInfo>,
        arguments: &Arguments<'_>,
        span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if context.collector.is_none() || !context.clause.allows_windows() {
            let message = match context.clause {
                Clause::Window => "window function calls cannot be nested".to_owned(),
                clause => format!("window functions are not allowed in {}", clause.name()),
            };
            return Err(Error::new(SqlState::WINDOWING_ERROR, message).at(span));
        }
        if !matches!(info.kind, FunctionKind::Window | FunctionKind::Aggregate) {
            let message = format!(
                "OVER specified, but {} is not a window function nor an aggregate function",
                info.name
            );
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, message).at(span));
        }
        if arguments.distinct {
            return Err(not_supported("DISTINCT in a window function").at(span));
        }
        if !arguments.order_by.is_empty() || !function.within_group.is_empty() {
            return Err(not_supported("ORDER BY inside the arguments of a window function").at(span));
        }
        let is_aggregate = info.kind == FunctionKind::Aggregate;
        if function.filter.is_some() && !is_aggregate {
            return Err(not_supported("FILTER for a window function that is no aggregate").at(span));
        }
        let window = self.window(function, info, arguments, span, context)?;
        let Some(collector) = context.collector.as_mut() else {
            return Err(not_supported("a window function here"));
        };
        let known = collector.windows.iter().find(|known| {
            known.call == window.call && known.partition_by == window.partition_by && known.order_by == window.order_by
        });
        if let Some(known) = known {
            return Ok(Expr::Column(known.column.clone()));
        }
        let column = window.column.clone();
        collector.windows.push(window);
        Ok(Expr::Column(column))
    }

    fn window(
        &mut self,
        function: &ast::Function,
        info: Arc<FunctionInfo>,
        arguments: &Arguments<'_>,
        span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Result<CollectedWindow> {
        let mut inner = Context {
            scope: context.scope,
            clause: Clause::Window,
            collector: context.collector.as_deref_mut(),
        };
        let bound = self.bind_all(&arguments.list, &mut inner)?;
        let spans: Vec<_> = arguments.list.iter().map(|argument| self.span(*argument)).collect();
        let call = self.resolved_call(info, bound, &spans, span)?;
        let filter = match &function.filter {
            Some(filter) => Some(self.bind_condition(filter, &mut inner)?),
            None => None,
        };
        let Some(over) = &function.over else {
            return Err(Error::new(
                SqlState::WINDOWING_ERROR,
                "window function requires an OVER clause",
            ));
        };
        let specification = self.resolve_window(over, &inner)?;
        let partition_by = specification
            .partition_by
            .iter()
            .map(|expression| self.bind_decided(expression, &mut inner))
            .collect::<Result<Vec<_>>>()?;
        let mut order_by = self.bind_sort_keys(&specification.order_by, &mut inner)?;
        let frame = self.bind_frame(&specification, &mut order_by, &mut inner)?;
        let treatment = function.null_treatment.or_else(|| null_treatment(&function.args));
        let column = self.column(call.function.name, call.data_type.clone(), true);
        Ok(CollectedWindow {
            column,
            call: WindowCall {
                call,
                filter,
                ignore_nulls: treatment == Some(ast::NullTreatment::IgnoreNulls),
                frame,
            },
            partition_by,
            order_by,
        })
    }
}

/// `IGNORE NULLS` inside the parentheses.
fn null_treatment(arguments: &ast::FunctionArguments) -> Option<ast::NullTreatment> {
    let ast::FunctionArguments::List(list) = arguments else {
        return None;
    };
    list.clauses.iter().find_map(|clause| match clause {
        ast::FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => Some(*treatment),
        _ => None,
    })
}
