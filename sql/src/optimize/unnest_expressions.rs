//! First step of unnesting: every subquery expression becomes a dependent join below the node that uses it.
//!
//! - `WHERE EXISTS (q)` -> semi, `NOT EXISTS` -> anti, `x IN (q)` -> semi on equality, `x NOT IN (q)` -> anti with NOT IN's
//!   logic; `x op ALL (q)` is `NOT (x negated-op ANY (q))`.
//! - anywhere else: a mark column for EXISTS and IN, the value of a single join for a scalar subquery.
//! - `ARRAY(q)` is the scalar subquery `SELECT array_agg(..) FROM q`, with `{}` for no rows.
//!
//! Sound by definition of the join kinds; conjuncts without subqueries stay below the joins, so nothing is evaluated for rows
//! that they leave out.

use super::context::Context;
use super::not_supported;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{
    Aggregate, AggregateCall, Apply, CaseBranch, ColumnDef, ColumnSet, CompareOp, Expr, FunctionCall, Join, JoinKind,
    Limit, Plan, Quantifier, SetOperation, SetOperationKind, SortKey, Values,
};
use crate::types::LogicalType;

/// The plan without subquery expressions; its output is unchanged.
pub(super) fn lift_subqueries(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let plan = plan.try_map_inputs(&mut |input| lift_subqueries(input, context))?;
    let mut has_subquery = false;
    plan.for_each_expression(&mut |expression| has_subquery = has_subquery || expression.has_subquery());
    if !has_subquery {
        return Ok(plan);
    }
    let output = plan.output();
    let lifted = match plan {
        Plan::Filter(filter) => lift_filter(*filter.input, filter.predicates, context)?,
        Plan::Join(join) => lift_join(join, context)?,
        Plan::Values(values) => lift_values(values, context)?,
        Plan::TableFunction(mut function) => {
            let mut input = Plan::one_row();
            let calls = function.calls.into_iter();
            function.calls = calls
                .map(|call| call.try_map_arguments(&mut |argument| lift_value(argument, &mut input, context)))
                .collect::<Result<_>>()?;
            Plan::Apply(Apply {
                left: Box::new(input),
                right: Box::new(Plan::TableFunction(function)),
                kind: JoinKind::Inner,
                predicates: Vec::new(),
            })
        }
        Plan::Apply(apply) if apply.kind == JoinKind::Inner => {
            let predicates = apply.predicates;
            let joined = Plan::Apply(Apply {
                predicates: Vec::new(),
                ..apply
            });
            lift_filter(joined, predicates, context)?
        }
        Plan::Apply(_) => return Err(not_supported("a subquery in the condition of an outer LATERAL join")),
        Plan::AsOfJoin(_) => return Err(not_supported("a subquery in the condition of an ASOF JOIN")),
        Plan::Limit(_) => return Err(not_supported("a subquery in LIMIT or OFFSET")),
        Plan::Scan(_) => return Err(not_supported("a subquery in FOR SYSTEM_TIME AS OF")),
        node => lift_from_single_input(node, context)?,
    };
    Ok(lifted.with_columns(&output))
}

/// Project, Aggregate, Sort, Distinct, Window: the joins go between the node and its only input.
fn lift_from_single_input(mut node: Plan, context: &Context<'_>) -> Result<Plan> {
    let mut inputs: Vec<Plan> = Vec::new();
    node = node.map_inputs(&mut |input| {
        inputs.push(input);
        Plan::nothing()
    });
    let Some(mut input) = inputs.pop() else {
        return Err(not_supported("a subquery here"));
    };
    node = node.try_map_expressions(&mut |expression| lift_value(expression, &mut input, context))?;
    let mut input = Some(input);
    Ok(node.map_inputs(&mut |nothing| input.take().unwrap_or(nothing)))
}

fn lift_filter(input: Plan, predicates: Vec<Expr>, context: &Context<'_>) -> Result<Plan> {
    let (with, without): (Vec<Expr>, Vec<Expr>) = predicates.into_iter().partition(Expr::has_subquery);
    let mut plan = input.filtered(without);
    let mut remaining = Vec::new();
    for predicate in with {
        match lift_condition(predicate, plan, context)? {
            (lifted, None) => plan = lifted,
            (lifted, Some(predicate)) => {
                plan = lifted;
                remaining.push(predicate);
            }
        }
    }
    Ok(plan.filtered(remaining))
}

/// A conjunct of a filter: as a semi or anti join where it is one, otherwise as a condition over lifted values.
fn lift_condition(predicate: Expr, plan: Plan, context: &Context<'_>) -> Result<(Plan, Option<Expr>)> {
    let (negated, inner) = match predicate {
        Expr::Not(inner) => (true, *inner),
        other => (false, other),
    };
    match inner {
        Expr::Exists(subquery) => {
            let right = lift_subqueries(only_existence(*subquery), context)?;
            let kind = if negated { JoinKind::Anti } else { JoinKind::Semi };
            Ok((apply(plan, right, kind, Vec::new()), None))
        }
        Expr::QuantifiedSubquery {
            inputs,
            op,
            quantifier,
            plan: subquery,
        } => {
            // ALL is NOT ANY of the negation.
            let (negated, op) = match quantifier {
                Quantifier::Any => (negated, op),
                Quantifier::All => (!negated, op.negated()),
            };
            if quantifier == Quantifier::All && inputs.len() > 1 {
                return Err(not_supported("ALL of a row comparison"));
            }
            let mut plan = plan;
            let inputs = inputs
                .into_iter()
                .map(|input| lift_value(input, &mut plan, context))
                .collect::<Result<Vec<_>>>()?;
            let right = lift_subqueries(*subquery, context)?;
            let output = right.output();
            if !negated {
                let conditions = comparisons(op, &inputs, &output)?;
                return Ok((apply(plan, right, JoinKind::Semi, conditions), None));
            }
            let null_free = is_null_free(&inputs, &output);
            let is_plain = is_membership(op, &inputs, &right);
            let (kind, conditions) = match (null_free, is_plain) {
                (true, _) => (JoinKind::Anti, comparisons(op, &inputs, &output)?),
                (false, true) => (JoinKind::NullAwareAnti, comparisons(op, &inputs, &output)?),
                (false, false) => (JoinKind::Anti, not_false(op, &inputs, &output)?),
            };
            Ok((apply(plan, right, kind, conditions), None))
        }
        other => {
            let mut plan = plan;
            let lifted = lift_value(other, &mut plan, context)?;
            Ok((plan, Some(if negated { lifted.negated() } else { lifted })))
        }
    }
}

/// The expression with each subquery replaced by a column that a join adds to `input`.
fn lift_value(expression: Expr, input: &mut Plan, context: &Context<'_>) -> Result<Expr> {
    let expression = expression.try_map_operands(&mut |operand| lift_value(operand, input, context))?;
    match expression {
        Expr::ScalarSubquery(subquery) => lift_scalar(*subquery, input, context),
        Expr::ArraySubquery(subquery) => lift_array(*subquery, input, context),
        Expr::Exists(subquery) => {
            let right = lift_subqueries(only_existence(*subquery), context)?;
            Ok(add_mark(input, right, Vec::new(), false, context))
        }
        Expr::QuantifiedSubquery {
            inputs,
            op,
            quantifier: Quantifier::Any,
            plan,
        } => {
            let right = lift_subqueries(*plan, context)?;
            lift_any(inputs, op, right, input, context)
        }
        Expr::QuantifiedSubquery {
            inputs,
            op,
            quantifier: Quantifier::All,
            plan,
        } => {
            if inputs.len() > 1 {
                return Err(not_supported("ALL of a row comparison"));
            }
            let right = lift_subqueries(*plan, context)?;
            Ok(lift_any(inputs, op.negated(), right, input, context)?.negated())
        }
        other => Ok(other),
    }
}

fn lift_scalar(subquery: Plan, input: &mut Plan, context: &Context<'_>) -> Result<Expr> {
    let mut right = lift_subqueries(subquery, context)?;
    let kind = if at_most_one_row(&right) {
        JoinKind::Left
    } else {
        JoinKind::Single
    };
    // NULLIF and comparisons of rows hold an operand several times.
    if !is_lifted(input, &right, &kind) {
        if !right.output_ids().is_disjoint(&input.output_ids()) {
            (right, _) = context.fresh_copy(&right);
        }
        let left = std::mem::replace(input, Plan::nothing());
        *input = apply(left, right.clone(), kind, Vec::new());
    }
    let Some(column) = right.output().into_iter().next() else {
        return Err(not_supported("a scalar subquery without columns"));
    };
    Ok(Expr::Column(ColumnDef {
        nullable: true,
        ..column
    }))
}

/// Whether the same value has been joined to the input.
fn is_lifted(input: &Plan, right: &Plan, kind: &JoinKind) -> bool {
    match input {
        Plan::Apply(apply) => {
            apply.kind == *kind && apply.predicates.is_empty() && *apply.right == *right
                || is_lifted(&apply.left, right, kind)
        }
        _ => false,
    }
}

/// Whether a plan can be told to have at most one row.
pub(super) fn at_most_one_row(plan: &Plan) -> bool {
    match plan {
        Plan::Aggregate(aggregate) => aggregate.keys.is_empty() && aggregate.grouping_sets.is_none(),
        Plan::Values(values) => values.rows.len() <= 1,
        Plan::Limit(limit) => {
            matches!(limit.limit, Some(Expr::Literal(Literal::Integer(count), _)) if count <= 1)
                || at_most_one_row(&limit.input)
        }
        Plan::Project(node) => at_most_one_row(&node.input),
        Plan::Filter(node) => at_most_one_row(&node.input),
        Plan::Sort(node) => at_most_one_row(&node.input),
        Plan::Distinct(node) => at_most_one_row(&node.input),
        _ => false,
    }
}

fn lift_array(subquery: Plan, input: &mut Plan, context: &Context<'_>) -> Result<Expr> {
    let Some(function) = context.catalog.function(None, "array_agg") else {
        return Err(not_supported("ARRAY(subquery) without array_agg"));
    };
    let Some(column) = subquery.output().into_iter().next() else {
        return Err(not_supported("a subquery without columns"));
    };
    let (source, order_by) = take_order(subquery);
    let array_type = LogicalType::Array(Box::new(column.data_type.clone()));
    let aggregate = AggregateCall {
        call: FunctionCall {
            function,
            arguments: vec![Expr::Column(column)],
            data_type: array_type.clone(),
            span: None,
        },
        distinct: false,
        filter: None,
        order_by,
        states: None,
    };
    let result = context.column("array", array_type.clone(), true);
    let plan = Plan::Aggregate(Aggregate {
        input: Box::new(source),
        keys: Vec::new(),
        aggregates: vec![(result, aggregate)],
        grouping_sets: None,
        grouping_set_index: None,
        group_limit: None,
        best_groups: None,
        states: None,
    });
    let value = lift_scalar(plan, input, context)?;
    let empty = Expr::Literal(Literal::Array(Vec::new()), array_type);
    Ok(Expr::Coalesce(vec![value, empty]))
}

/// The rows and the order they come in; columns that only the order needs become visible.
fn take_order(plan: Plan) -> (Plan, Vec<SortKey>) {
    match plan {
        Plan::Sort(sort) if sort.limit.is_none() => (*sort.input, sort.keys),
        Plan::Project(project) => {
            let is_plain = project
                .expressions
                .iter()
                .all(|(column, expression)| matches!(expression, Expr::Column(input) if input.id == column.id));
            match *project.input {
                Plan::Sort(sort) if is_plain && sort.limit.is_none() => (*sort.input, sort.keys),
                input => (input.projected(project.expressions), Vec::new()),
            }
        }
        other => (other, Vec::new()),
    }
}

/// `inputs op ANY (right)` as a boolean value.
fn lift_any(inputs: Vec<Expr>, op: CompareOp, right: Plan, input: &mut Plan, context: &Context<'_>) -> Result<Expr> {
    let output = right.output();
    if is_null_free(&inputs, &output) {
        let conditions = comparisons(op, &inputs, &output)?;
        return Ok(add_mark(input, right, conditions, false, context));
    }
    if is_membership(op, &inputs, &right) {
        let conditions = comparisons(op, &inputs, &output)?;
        return Ok(add_mark(input, right, conditions, true, context));
    }
    // True where one compares true, otherwise NULL where one compares NULL, otherwise false.
    let (second, second_output) = context.fresh_copy(&right);
    let is_true = add_mark(input, right, comparisons(op, &inputs, &output)?, false, context);
    let is_open = add_mark(input, second, not_false(op, &inputs, &second_output)?, false, context);
    Ok(Expr::Case {
        branches: vec![
            CaseBranch {
                condition: is_true,
                result: Expr::TRUE,
            },
            CaseBranch {
                condition: is_open,
                result: Expr::null(LogicalType::Boolean),
            },
        ],
        otherwise: Some(Box::new(Expr::FALSE)),
        data_type: LogicalType::Boolean,
    })
}

fn add_mark(input: &mut Plan, right: Plan, predicates: Vec<Expr>, null_aware: bool, context: &Context<'_>) -> Expr {
    let column = context.column("mark", LogicalType::Boolean, null_aware);
    let left = std::mem::replace(input, Plan::nothing());
    let kind = JoinKind::Mark {
        column: column.clone(),
        null_aware,
    };
    *input = apply(left, right, kind, predicates);
    Expr::Column(column)
}

fn apply(left: Plan, right: Plan, kind: JoinKind, predicates: Vec<Expr>) -> Plan {
    Plan::Apply(Apply {
        left: Box::new(left),
        right: Box::new(right),
        kind,
        predicates,
    })
}

/// Whether a hash join with NOT IN's logic answers `inputs op ANY (right)`: one column equals one of a set that is the same for all
/// rows.
fn is_membership(op: CompareOp, inputs: &[Expr], right: &Plan) -> bool {
    let is_column = matches!(inputs, [only] if !only.columns().is_empty());
    is_column && op == CompareOp::Equal && right.free_columns().is_empty()
}

fn is_null_free(inputs: &[Expr], output: &[ColumnDef]) -> bool {
    !inputs.iter().any(Expr::nullable) && !output.iter().any(|column| column.nullable)
}

fn comparisons(op: CompareOp, inputs: &[Expr], output: &[ColumnDef]) -> Result<Vec<Expr>> {
    if op != CompareOp::Equal && inputs.len() > 1 {
        return Err(not_supported("ANY of a row comparison, except for equality,"));
    }
    Ok(inputs
        .iter()
        .zip(output)
        .map(|(input, column)| Expr::compare(op, input.clone(), Expr::Column(column.clone())))
        .collect())
}

/// That the comparison is true or NULL.
fn not_false(op: CompareOp, inputs: &[Expr], output: &[ColumnDef]) -> Result<Vec<Expr>> {
    let mut conditions = comparisons(op, inputs, output)?;
    for (condition, (input, column)) in conditions.iter_mut().zip(inputs.iter().zip(output)) {
        let mut cases = vec![std::mem::replace(condition, Expr::TRUE)];
        for side in [input.clone(), Expr::Column(column.clone())] {
            if side.nullable() {
                cases.push(Expr::IsNull(Box::new(side)));
            }
        }
        *condition = Expr::or(cases);
    }
    Ok(conditions)
}

/// What EXISTS asks of a query: order, distinctness, outputs and a limit of one or more do not matter.
fn only_existence(plan: Plan) -> Plan {
    match plan {
        Plan::Project(project) => only_existence(*project.input),
        Plan::Sort(sort) => only_existence(*sort.input),
        Plan::Distinct(distinct) => only_existence(*distinct.input),
        Plan::Limit(Limit {
            input,
            limit: Some(Expr::Literal(Literal::Integer(1..), _)),
            offset: None,
        }) => only_existence(*input),
        other => other,
    }
}

/// Conditions with subqueries of an inner join go above it; of a left join, to the side they are about.
fn lift_join(mut join: Join, context: &Context<'_>) -> Result<Plan> {
    let conditions = std::mem::take(&mut join.residual);
    let (with, without): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(Expr::has_subquery);
    join.residual = without;
    if join.kind == JoinKind::Inner {
        return lift_filter(Plan::Join(join), with, context);
    }
    if join.kind != JoinKind::Left {
        return Err(not_supported("a subquery in the condition of a RIGHT or FULL join"));
    }
    let left = join.left.output_ids();
    let right = join.right.output_ids();
    for condition in with {
        let lifted = lift_to_side(condition, &mut join, (&left, &right), context)?;
        join.residual.push(lifted);
    }
    Ok(Plan::Join(join))
}

/// Subqueries of a condition over both sides, each to the side that it is about.
fn lift_to_side(
    expression: Expr,
    join: &mut Join,
    (left, right): (&ColumnSet, &ColumnSet),
    context: &Context<'_>,
) -> Result<Expr> {
    if !expression.has_subquery() {
        return Ok(expression);
    }
    let columns = expression.columns();
    let side = if columns.is_disjoint(left) {
        &mut join.right
    } else if columns.is_disjoint(right) {
        &mut join.left
    } else {
        return match expression {
            Expr::ScalarSubquery(_) | Expr::ArraySubquery(_) | Expr::Exists(_) | Expr::QuantifiedSubquery { .. } => {
                Err(not_supported("a subquery over both sides of an outer join's condition"))
            }
            other => other.try_map_operands(&mut |operand| lift_to_side(operand, join, (left, right), context)),
        };
    };
    let mut input = std::mem::replace(&mut **side, Plan::nothing());
    let lifted = lift_value(expression, &mut input, context)?;
    **side = input;
    Ok(lifted)
}

/// Rows with subqueries: each row is computed from one row without columns.
fn lift_values(values: Values, context: &Context<'_>) -> Result<Plan> {
    let mut inputs = Vec::with_capacity(values.rows.len());
    let is_single = values.rows.len() == 1;
    for row in values.rows {
        let mut input = Plan::one_row();
        let mut expressions = Vec::with_capacity(row.len());
        for (value, column) in row.into_iter().zip(&values.columns) {
            let value = lift_value(value, &mut input, context)?;
            let column = if is_single {
                column.clone()
            } else {
                context.copy_of(column)
            };
            expressions.push((column, value));
        }
        inputs.push(input.projected(expressions));
    }
    if is_single && let Some(only) = inputs.pop() {
        return Ok(only);
    }
    Ok(Plan::SetOperation(SetOperation {
        kind: SetOperationKind::Union,
        all: true,
        inputs,
        columns: values.columns,
    }))
}
