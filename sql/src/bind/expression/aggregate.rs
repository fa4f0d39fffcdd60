//! Aggregate calls: taken out of the expression into the collector, once per distinct call. GROUPING().

use super::function::Arguments;
use crate::bind::collect::{Clause, Context};
use crate::bind::{Binder, not_supported};
use crate::catalog::FunctionInfo;
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{AggregateCall, CaseBranch, CompareOp, Expr, SortKey};
use crate::span::Span;
use crate::types::LogicalType;
use sqlparser::ast;
use std::sync::Arc;

impl Binder<'_> {
    /// `sum(x)`, `count(DISTINCT x) FILTER (WHERE ..)`, `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`
    pub(in crate::bind) fn bind_aggregate_call(
        &mut self,
        function: &ast::Function,
        info: Arc<FunctionInfo>,
        arguments: &Arguments<'_>,
        span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        if context.collector.is_none() || !context.clause.allows_aggregates() {
            let message = match context.clause {
                Clause::Aggregate | Clause::Filter => "aggregate function calls cannot be nested".to_owned(),
                clause => format!("aggregate functions are not allowed in {}", clause.name()),
            };
            return Err(Error::new(SqlState::GROUPING_ERROR, message).at(span));
        }
        let aggregate = self.aggregate(function, info, arguments, span, context)?;
        let Some(collector) = context.collector.as_mut() else {
            return Err(not_supported("an aggregate here"));
        };
        if let Some((column, _)) = collector.aggregates.iter().find(|(_, known)| *known == aggregate) {
            return Ok(Expr::Column(column.clone()));
        }
        let column = self.column(aggregate.call.function.name, aggregate.call.data_type.clone(), true);
        collector.aggregates.push((column.clone(), aggregate));
        Ok(Expr::Column(column))
    }

    fn aggregate(
        &mut self,
        function: &ast::Function,
        info: Arc<FunctionInfo>,
        arguments: &Arguments<'_>,
        span: Option<Span>,
        context: &Context<'_>,
    ) -> Result<AggregateCall> {
        let mut inner = context.inner(Clause::Aggregate);
        let mut bound = self.bind_all(&arguments.list, &mut inner)?;
        if arguments.star && info.name != "count" {
            return Err(Error::new(
                SqlState::UNDEFINED_FUNCTION,
                format!("function {}() does not exist", info.name),
            )
            .at(span));
        }
        let mut order_by = match (arguments.order_by, function.within_group.as_slice()) {
            ([], []) => Vec::new(),
            (keys, []) | ([], keys) => self.bind_sort_keys(keys, &mut inner)?,
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "cannot use ORDER BY together with WITHIN GROUP",
                ));
            }
        };
        if !function.within_group.is_empty() {
            // The overload of an ordered-set aggregate takes its direct arguments and then the ordered values.
            bound.extend(order_by.iter().map(|key| key.expression.clone()));
        }
        let spans: Vec<_> = arguments.list.iter().map(|argument| self.span(*argument)).collect();
        let direct = arguments.list.len();
        let mut call = self.resolved_call(info, bound, &spans, span)?;
        if !function.within_group.is_empty() {
            let ordered = call.arguments.split_off(direct.min(call.arguments.len()));
            for (key, expression) in order_by.iter_mut().zip(ordered) {
                key.expression = expression;
            }
        }
        let filter = self.bind_filter(function, context)?;
        if arguments.distinct {
            for key in &mut order_by {
                // `string_agg(DISTINCT v, ',' ORDER BY v)` of a varchar has it as text, which is in the same order.
                if let Some(argument) = call
                    .arguments
                    .iter()
                    .find(|argument| is_text_of(argument, &key.expression))
                {
                    key.expression = argument.clone();
                }
            }
        }
        if arguments.distinct && order_by.iter().any(|key| !call.arguments.contains(&key.expression)) {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
            )
            .at(span));
        }
        Ok(AggregateCall {
            call,
            distinct: arguments.distinct,
            filter,
            order_by,
            states: None,
        })
    }

    /// `FILTER (WHERE ..)`
    pub(in crate::bind) fn bind_filter(
        &mut self,
        function: &ast::Function,
        context: &Context<'_>,
    ) -> Result<Option<Expr>> {
        let Some(filter) = &function.filter else {
            return Ok(None);
        };
        let mut inner = context.inner(Clause::Filter);
        self.bind_condition(filter, &mut inner).map(Some)
    }

    /// Keys of an ORDER BY whose expressions are plain expressions (no ordinals, no output names).
    pub(in crate::bind) fn bind_sort_keys(
        &mut self,
        keys: &[ast::OrderByExpr],
        context: &mut Context<'_>,
    ) -> Result<Vec<SortKey>> {
        keys.iter()
            .map(|key| {
                let expression = self.bind_decided(&key.expr, context)?;
                self.sort_key(key, expression)
            })
            .collect()
    }

    /// `grouping(a, b)`: a bit per argument, 1 where the grouping set lacks it. Which set a row belongs to is a column of
    /// the aggregate; the bits per set are constants.
    pub(in crate::bind) fn bind_grouping(
        &mut self,
        arguments: &[&ast::Expr],
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let wanted = {
            let mut inner = context.inner(Clause::Aggregate);
            self.bind_all(arguments, &mut inner)?
        };
        let Some(collector) = context.collector.as_mut() else {
            return Err(Error::new(
                SqlState::GROUPING_ERROR,
                format!("grouping operations are not allowed in {}", context.clause.name()),
            ));
        };
        let grouping = &mut collector.grouping;
        let indexes = wanted
            .iter()
            .map(|expression| grouping.keys.iter().position(|(_, key)| key == expression))
            .collect::<Option<Vec<usize>>>()
            .ok_or_else(|| {
                Error::new(
                    SqlState::GROUPING_ERROR,
                    "arguments to GROUPING must be grouping expressions of the associated query level",
                )
            })?;
        let integer = |value: i64| Expr::Literal(Literal::Integer(value), LogicalType::Integer);
        let Some(sets) = grouping.sets.clone() else {
            return Ok(integer(0));
        };
        if grouping.set_index.is_none() {
            grouping.set_index = Some(self.column("grouping_set", LogicalType::Integer, false));
        }
        let Some(set_index) = grouping.set_index.clone() else {
            return Ok(integer(0));
        };
        let branches = (0i64..)
            .zip(&sets)
            .map(|(number, set)| {
                let bits = indexes
                    .iter()
                    .fold(0, |bits, index| bits << 1 | i64::from(!set.contains(index)));
                CaseBranch {
                    condition: Expr::compare(CompareOp::Equal, Expr::Column(set_index.clone()), integer(number)),
                    result: integer(bits),
                }
            })
            .collect();
        Ok(Expr::Case {
            branches,
            otherwise: None,
            data_type: LogicalType::Integer,
        })
    }
}

/// Whether an argument is a varchar made text.
fn is_text_of(argument: &Expr, expression: &Expr) -> bool {
    match argument {
        Expr::Cast { input, target, .. } => {
            *target == LogicalType::Text
                && **input == *expression
                && matches!(expression.data_type(), LogicalType::Varchar(_))
        }
        _ => false,
    }
}
