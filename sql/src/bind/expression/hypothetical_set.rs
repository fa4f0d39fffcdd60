//! `rank(x) WITHIN GROUP (ORDER BY k)` and kin: the place that a row would have among those of the group. They are counts of the rows
//! that come before it: `rank` is `1 + count(*) FILTER (WHERE k comes before x)`.

use super::function::{Arguments, no_function};
use crate::bind::Binder;
use crate::bind::bind_group_by::{DecidedColumns, above_grouping};
use crate::bind::bind_select::input_columns;
use crate::bind::coerce::Level;
use crate::bind::collect::{Clause, Context};
use crate::bind::overload::Failure;
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{CaseBranch, CompareOp, Expr};
use crate::span::Span;
use crate::types::LogicalType;
use sqlparser::ast::{
    self, BinaryOperator, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName,
};

/// A key of the order, and the row's value for it.
struct Key<'a> {
    key: &'a ast::Expr,
    value: &'a ast::Expr,
    descending: bool,
    nulls_first: bool,
}

impl Binder<'_> {
    /// The call; `None` where it is none of these.
    ///
    /// # Errors
    /// 42883 where there are not as many values as keys; 42803 for values that are not the same for the whole group.
    pub(super) fn bind_hypothetical_set(
        &mut self,
        function: &ast::Function,
        name: &str,
        arguments: &Arguments<'_>,
        span: Option<Span>,
        context: &mut Context<'_>,
    ) -> Result<Option<Expr>> {
        if function.within_group.is_empty() || !matches!(name, "rank" | "dense_rank" | "percent_rank" | "cume_dist") {
            return Ok(None);
        }
        if function.over.is_some() {
            let message = format!("OVER is not supported for ordered-set aggregate {name}");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message).at(span));
        }
        if arguments.distinct {
            let message = format!("DISTINCT is not allowed with WITHIN GROUP: {name}");
            return Err(Error::new(SqlState::SYNTAX_ERROR, message).at(span));
        }
        let values = self.bind_all(&arguments.list, context)?;
        self.check_grouped(&values, context)?;
        if values.len() != function.within_group.len() {
            let mut inner = context.inner(Clause::Aggregate);
            let keys = self.bind_sort_keys(&function.within_group, &mut inner)?;
            let keys = keys.iter().map(|key| key.expression.data_type());
            let types: Vec<LogicalType> = values.iter().map(Expr::data_type).chain(keys).collect();
            let (given, wanted) = (values.len(), function.within_group.len());
            let hint = format!(
                "To use the hypothetical-set aggregate {name}, the number of hypothetical direct arguments (here {given}) must \
                 match the number of ordering columns (here {wanted})."
            );
            return Err(Error {
                hint: Some(hint),
                ..no_function(name, &types, Failure::None).at(span)
            });
        }
        let mut keys = Vec::with_capacity(values.len());
        for (key, value) in function.within_group.iter().zip(&arguments.list) {
            let sort = self.sort_key_of(&key.options, Expr::TRUE)?;
            keys.push(Key {
                key: &key.expr,
                value,
                descending: sort.descending,
                nulls_first: sort.nulls_first,
            });
        }
        self.place_among(function, name, &keys, context).map(Some)
    }

    /// That values are the same for all rows of a group.
    fn check_grouped(&self, values: &[Expr], context: &Context<'_>) -> Result<()> {
        let Some(collector) = &context.collector else {
            return Ok(());
        };
        let keys = &collector.grouping.keys;
        let inputs = input_columns(context.scope);
        let mut decided = DecidedColumns {
            columns: self.decided_by(keys),
            used: Vec::new(),
        };
        for value in values {
            above_grouping(value.clone(), keys, &inputs, &mut decided)?;
        }
        Ok(())
    }

    fn place_among(
        &mut self,
        function: &ast::Function,
        name: &str,
        keys: &[Key<'_>],
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let before = comes_before(keys, false);
        if name == "dense_rank" {
            let distinct = self.distinct_keys(function, keys, &before, context)?;
            return self.operator_call("+", vec![distinct, Expr::bigint(1)], &[None, None]);
        }
        let peers_count = name == "cume_dist";
        let condition = if peers_count { comes_before(keys, true) } else { before };
        let count = self.counted(function, Counted::Rows, Some(condition), context)?;
        if name == "rank" {
            return self.operator_call("+", vec![count, Expr::bigint(1)], &[None, None]);
        }
        let total = self.counted(function, Counted::Rows, None, context)?;
        if peers_count {
            let count = self.operator_call("+", vec![count, Expr::bigint(1)], &[None, None])?;
            let total = self.operator_call("+", vec![total, Expr::bigint(1)], &[None, None])?;
            return self.fraction(count, total);
        }
        let is_empty = Expr::compare(CompareOp::Equal, total.clone(), Expr::bigint(0));
        Ok(Expr::Case {
            branches: vec![CaseBranch {
                condition: is_empty,
                result: Expr::Literal(Literal::Float(0.0), LogicalType::Double),
            }],
            otherwise: Some(Box::new(self.fraction(count, total)?)),
            data_type: LogicalType::Double,
        })
    }

    fn fraction(&mut self, part: Expr, total: Expr) -> Result<Expr> {
        let part = self.coerce(part, &LogicalType::Double, Level::Implicit, None)?;
        let total = self.coerce(total, &LogicalType::Double, Level::Implicit, None)?;
        self.operator_call("/", vec![part, total], &[None, None])
    }

    /// How many different keys come before.
    fn distinct_keys(
        &mut self,
        function: &ast::Function,
        keys: &[Key<'_>],
        before: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let [only] = keys else {
            let row = ast::Expr::Tuple(keys.iter().map(|key| key.key.clone()).collect());
            return self.counted(function, Counted::Distinct(row), Some(before.clone()), context);
        };
        let distinct = Counted::Distinct(only.key.clone());
        let distinct = self.counted(function, distinct, Some(before.clone()), context)?;
        if !only.nulls_first {
            return Ok(distinct);
        }
        // NULL, which is not counted, may be one of them.
        let is_null = ast::Expr::IsNull(Box::new(only.key.clone()));
        let condition = binary(before.clone(), BinaryOperator::And, is_null);
        let nulls = self.counted(function, Counted::Rows, Some(condition), context)?;
        let one = Expr::Case {
            branches: vec![CaseBranch {
                condition: Expr::compare(CompareOp::Greater, nulls, Expr::bigint(0)),
                result: Expr::bigint(1),
            }],
            otherwise: Some(Box::new(Expr::bigint(0))),
            data_type: LogicalType::BigInt,
        };
        self.operator_call("+", vec![distinct, one], &[None, None])
    }

    /// A count of the rows that the call's own FILTER lets through and `condition` holds for.
    fn counted(
        &mut self,
        function: &ast::Function,
        counted: Counted,
        condition: Option<ast::Expr>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let (argument, treatment) = match counted {
            Counted::Rows => (FunctionArgExpr::Wildcard, None),
            Counted::Distinct(key) => (FunctionArgExpr::Expr(key), Some(DuplicateTreatment::Distinct)),
        };
        let own = function.filter.as_deref().cloned();
        let filter = match (own, condition) {
            (Some(own), Some(condition)) => Some(binary(own, BinaryOperator::And, condition)),
            (own, condition) => own.or(condition),
        };
        let count = ast::Function {
            name: ObjectName::from(vec![Ident::new("count")]),
            args: FunctionArguments::List(FunctionArgumentList {
                duplicate_treatment: treatment,
                args: vec![FunctionArg::Unnamed(argument)],
                clauses: Vec::new(),
            }),
            within_group: Vec::new(),
            filter: filter.map(Box::new),
            ..function.clone()
        };
        self.bind_function(&count, context)
    }
}

/// What is counted.
enum Counted {
    Rows,
    Distinct(ast::Expr),
}

fn nested(expression: ast::Expr) -> ast::Expr {
    ast::Expr::Nested(Box::new(expression))
}

fn binary(left: ast::Expr, op: BinaryOperator, right: ast::Expr) -> ast::Expr {
    ast::Expr::BinaryOp {
        left: Box::new(nested(left)),
        op,
        right: Box::new(nested(right)),
    }
}

/// That a row's keys come before the values, or (`with_peers`) are the same. May be NULL where they do not.
fn comes_before(keys: &[Key<'_>], with_peers: bool) -> ast::Expr {
    let is_null = |expression: &ast::Expr| ast::Expr::IsNull(Box::new(nested(expression.clone())));
    let mut condition = None;
    for key in keys.iter().rev() {
        let operator = match key.descending {
            true => BinaryOperator::Gt,
            false => BinaryOperator::Lt,
        };
        let compared = binary(key.key.clone(), operator, key.value.clone());
        let (first, other) = match key.nulls_first {
            true => (key.key, key.value),
            false => (key.value, key.key),
        };
        // NULL before a value, or a value before NULL.
        let by_null = binary(
            is_null(first),
            BinaryOperator::And,
            ast::Expr::IsNotNull(Box::new(nested(other.clone()))),
        );
        let before = binary(compared, BinaryOperator::Or, by_null);
        let same = ast::Expr::IsNotDistinctFrom(Box::new(nested(key.key.clone())), Box::new(nested(key.value.clone())));
        condition = Some(match condition {
            None if with_peers => binary(before, BinaryOperator::Or, same),
            None => before,
            Some(later) => binary(before, BinaryOperator::Or, binary(same, BinaryOperator::And, later)),
        });
    }
    condition.unwrap_or(ast::Expr::Value(ast::Value::Boolean(false).into()))
}
