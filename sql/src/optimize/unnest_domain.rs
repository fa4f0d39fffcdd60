//! The distinct outer values, pushed down a dependent plan: what comes out answers for every outer value at once and has
//! the value it answers for in further columns.
//!
//! Where a filter equates an outer column with something of its own input, that something takes the outer column's place
//! and the outer values are not needed at all; rows with other values find no partner when the result is joined back.

use super::context::Context;
use super::not_supported;
use super::unnest_subqueries::empty_value;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{
    Aggregate, Apply, ColumnDef, ColumnSet, CompareOp, CteId, CteScan, Distinct, Expr, Filter, Join, JoinKey, JoinKind,
    Limit, Plan, Project, SetOperation, SetOperationKind, SortKey, TableFunction, Values, With,
};
use crate::types::LogicalType;

/// A plan, and its columns that hold the outer values, one per correlated column.
type Pushed = (Plan, Vec<ColumnDef>);

/// One dependent join being resolved.
pub(super) struct Domain<'d> {
    correlated: &'d [ColumnDef],
    ids: ColumnSet,
    context: &'d Context<'d>,
    /// The CTE that holds the outer rows, if they turn out to be needed.
    source: CteId,
    used: bool,
    /// CTEs within the plan that have the outer values as their last columns: from which index on.
    widened: Vec<(CteId, usize)>,
}

impl<'d> Domain<'d> {
    pub(super) fn new(correlated: &'d [ColumnDef], context: &'d Context<'_>) -> Self {
        Domain {
            correlated,
            ids: correlated.iter().map(|column| column.id).collect(),
            context,
            source: context.cte_id(),
            used: false,
            widened: Vec::new(),
        }
    }

    /// Whether the pushed plan scans the outer rows.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// The CTE that such scans name.
    pub(super) fn source_id(&self) -> CteId {
        self.source
    }

    /// Joins the outer rows with the pushed plan on the outer values.
    pub(super) fn join_back(
        &self,
        left: Plan,
        right: Plan,
        keys: &[ColumnDef],
        kind: JoinKind,
        predicates: Vec<Expr>,
    ) -> Plan {
        let mut conditions: Vec<Expr> = self
            .correlated
            .iter()
            .zip(keys)
            .map(|(outer, key)| {
                // A key that cannot be NULL has no partner in a NULL, so that plain equality says the same.
                let op = match outer.nullable && key.nullable {
                    true => CompareOp::NotDistinct,
                    false => CompareOp::Equal,
                };
                Expr::compare(op, Expr::Column(outer.clone()), Expr::Column(key.clone()))
            })
            .collect();
        conditions.extend(predicates);
        Plan::joined(left, right, kind, conditions)
    }

    fn fresh(&self) -> Vec<ColumnDef> {
        self.correlated
            .iter()
            .map(|column| self.context.copy_of(column))
            .collect()
    }

    /// The distinct outer values. Its scan is made whole by [`Self::resolve_source`].
    fn values(&mut self) -> Pushed {
        self.used = true;
        let columns = self.fresh();
        let scan = Plan::CteScan(CteScan {
            id: self.source,
            name: "outer_rows".to_owned(),
            columns: columns.iter().cloned().enumerate().collect(),
        });
        let plan = Plan::Distinct(Distinct {
            input: Box::new(scan),
            on: Vec::new(),
        });
        (plan, columns)
    }

    /// Points the scans of the outer values, which count the correlated columns, to the columns of the outer rows.
    pub(super) fn resolve_source(&self, plan: Plan, outer_columns: &[ColumnDef]) -> Plan {
        plan.transform_up(&mut |node| match node {
            Plan::CteScan(mut scan) if scan.id == self.source => {
                for (index, _) in &mut scan.columns {
                    let outer = self.correlated.get(*index).map(|column| column.id);
                    let place = outer_columns.iter().position(|column| Some(column.id) == outer);
                    *index = place.unwrap_or(*index);
                }
                Plan::CteScan(scan)
            }
            other => other,
        })
    }

    fn depends(&self, plan: &Plan) -> bool {
        !plan.free_columns().is_disjoint(&self.ids) || self.scans_widened(plan)
    }

    fn scans_widened(&self, plan: &Plan) -> bool {
        match plan {
            Plan::CteScan(scan) => self.widened.iter().any(|(id, _)| *id == scan.id),
            other => other.inputs().into_iter().any(|input| self.scans_widened(input)),
        }
    }

    fn expression_depends(&self, expression: &Expr) -> bool {
        !expression.columns().is_disjoint(&self.ids)
    }

    /// The expression with outer columns replaced by those that hold their values here.
    fn replaced(&self, expression: Expr, keys: &[ColumnDef]) -> Expr {
        expression.replace(&mut |part| match part {
            Expr::Column(column) => {
                let place = self.correlated.iter().position(|outer| outer.id == column.id)?;
                keys.get(place).cloned().map(Expr::Column)
            }
            _ => None,
        })
    }

    fn replaced_all(&self, expressions: Vec<Expr>, keys: &[ColumnDef]) -> Vec<Expr> {
        expressions
            .into_iter()
            .map(|expression| self.replaced(expression, keys))
            .collect()
    }

    /// Pushes the outer values down a plan.
    pub(super) fn push(&mut self, plan: Plan) -> Result<Pushed> {
        if !self.depends(&plan) {
            let (values, keys) = self.values();
            return Ok((Plan::joined(values, plan, JoinKind::Inner, Vec::new()), keys));
        }
        match plan {
            Plan::Filter(filter) => self.push_filter(filter),
            Plan::Project(project) => self.push_project(project),
            Plan::Aggregate(aggregate) => self.push_aggregate(aggregate),
            Plan::Join(join) => self.push_join(join),
            Plan::AsOfJoin(mut join) => {
                let is_left_only = !self.depends(&join.right)
                    && !join.keys.iter().any(|key| self.expression_depends(&key.right))
                    && !self.expression_depends(&join.right_time);
                if !is_left_only {
                    return Err(not_supported("an ASOF JOIN with a dependent right side in a subquery"));
                }
                let (left, keys) = self.push(*join.left)?;
                join.left = Box::new(Plan::nothing());
                let node = Plan::AsOfJoin(join).map_expressions(&mut |expression| self.replaced(expression, &keys));
                let Plan::AsOfJoin(mut join) = node else {
                    return Err(not_supported("this ASOF JOIN in a dependent subquery"));
                };
                join.left = Box::new(left);
                Ok((Plan::AsOfJoin(join), keys))
            }
            Plan::Apply(apply) => self.push_apply(apply),
            Plan::Sort(mut sort) => {
                let (input, keys) = self.push(*sort.input)?;
                sort.input = Box::new(input);
                for key in &mut sort.keys {
                    let expression = std::mem::replace(&mut key.expression, Expr::TRUE);
                    key.expression = self.replaced(expression, &keys);
                }
                Ok((Plan::Sort(sort), keys))
            }
            Plan::Limit(limit) => self.push_limit(limit),
            Plan::Distinct(mut distinct) => {
                let (input, keys) = self.push(*distinct.input)?;
                distinct.input = Box::new(input);
                if !distinct.on.is_empty() {
                    distinct.on = self.replaced_all(distinct.on, &keys);
                    distinct.on.extend(keys.iter().cloned().map(Expr::Column));
                }
                Ok((Plan::Distinct(distinct), keys))
            }
            Plan::Window(mut window) => {
                let (input, keys) = self.push(*window.input)?;
                window.input = Box::new(Plan::nothing());
                let node = Plan::Window(window).map_expressions(&mut |expression| self.replaced(expression, &keys));
                let Plan::Window(mut window) = node else {
                    return Err(not_supported("this window function in a dependent subquery"));
                };
                window.input = Box::new(input);
                window.partition_by.extend(keys.iter().cloned().map(Expr::Column));
                Ok((Plan::Window(window), keys))
            }
            Plan::SetOperation(operation) => self.push_set_operation(operation),
            Plan::Values(values) => self.push_values(values),
            Plan::TableFunction(function) => self.push_table_function(function),
            Plan::With(with) => self.push_with(with),
            Plan::CteScan(scan) => self.push_cte_scan(scan),
            Plan::Scan(_) => Err(not_supported("a dependent FOR SYSTEM_TIME AS OF")),
        }
    }

    fn push_filter(&mut self, filter: Filter) -> Result<Pushed> {
        if !self.depends(&filter.input)
            && let Some(definitions) = self.equated(&filter)
        {
            let mut expressions: Vec<(ColumnDef, Expr)> = passed_on(&filter.input);
            let mut keys = Vec::with_capacity(definitions.len());
            let (mut not_null, mut defining) = (Vec::new(), Vec::new());
            for (outer, definition) in self.correlated.iter().zip(definitions) {
                if definition.nullable() {
                    not_null.push(definition.clone().is_not_null());
                }
                let mut key = self.context.copy_of(outer);
                key.nullable = false;
                for (left, right) in [
                    (Expr::Column(key.clone()), definition.clone()),
                    (definition.clone(), Expr::Column(key.clone())),
                ] {
                    defining.push(Expr::compare(CompareOp::Equal, left, right));
                }
                expressions.push((key.clone(), definition));
                keys.push(key);
            }
            let plan = filter.input.filtered(not_null).projected(expressions);
            let mut predicates = self.replaced_all(filter.predicates, &keys);
            // What defines a key holds of it.
            predicates.retain(|predicate| !defining.contains(predicate));
            return Ok((plan.filtered(predicates), keys));
        }
        let (input, keys) = self.push(*filter.input)?;
        let predicates = self.replaced_all(filter.predicates, &keys);
        Ok((input.filtered(predicates), keys))
    }

    /// For each outer column an expression over the filter's input that a conjunct equates with it.
    fn equated(&self, filter: &Filter) -> Option<Vec<Expr>> {
        let inner = filter.input.output_ids();
        self.correlated
            .iter()
            .map(|outer| {
                filter.predicates.iter().find_map(|predicate| {
                    let Expr::Compare {
                        op: CompareOp::Equal,
                        left,
                        right,
                    } = predicate
                    else {
                        return None;
                    };
                    let is_outer = |side: &Expr| matches!(side, Expr::Column(column) if column.id == outer.id);
                    let is_inner = |side: &Expr| !side.columns().is_empty() && side.uses_only(&inner);
                    if is_outer(left) && is_inner(right) {
                        Some((**right).clone())
                    } else if is_outer(right) && is_inner(left) {
                        Some((**left).clone())
                    } else {
                        None
                    }
                })
            })
            .collect()
    }

    fn push_project(&mut self, project: Project) -> Result<Pushed> {
        let (input, keys) = self.push(*project.input)?;
        let mut expressions: Vec<(ColumnDef, Expr)> = project
            .expressions
            .into_iter()
            .map(|(column, expression)| (column, self.replaced(expression, &keys)))
            .collect();
        expressions.extend(keys.iter().map(|key| (key.clone(), Expr::Column(key.clone()))));
        Ok((input.projected(expressions), keys))
    }

    fn push_aggregate(&mut self, mut aggregate: Aggregate) -> Result<Pushed> {
        let empty_sets: Vec<usize> = match &aggregate.grouping_sets {
            None if aggregate.keys.is_empty() => vec![0],
            None => Vec::new(),
            Some(sets) => (0..sets.len()).filter(|set| sets[*set].is_empty()).collect(),
        };
        let (input, keys) = self.push(*aggregate.input)?;
        aggregate.input = Box::new(Plan::nothing());
        let node = Plan::Aggregate(aggregate).map_expressions(&mut |expression| self.replaced(expression, &keys));
        let Plan::Aggregate(mut aggregate) = node else {
            return Err(not_supported("this aggregate in a dependent subquery"));
        };
        aggregate.input = Box::new(input);
        let first = aggregate.keys.len();
        aggregate
            .keys
            .extend(keys.iter().map(|key| (key.clone(), Expr::Column(key.clone()))));
        if let Some(sets) = &mut aggregate.grouping_sets {
            for set in sets {
                set.extend(first..first + keys.len());
            }
        }
        match empty_sets.as_slice() {
            [] => Ok((Plan::Aggregate(aggregate), keys)),
            [set] => self.with_empty_groups(aggregate, *set, &keys),
            _ => Err(not_supported("several empty grouping sets in a dependent subquery")),
        }
    }

    /// A grouping set without keys has a row for no rows: outer values without rows get theirs by an outer join.
    fn with_empty_groups(&mut self, mut aggregate: Aggregate, set: usize, keys: &[ColumnDef]) -> Result<Pushed> {
        let own_keys = aggregate.keys.len() - keys.len();
        let mut outputs = Vec::with_capacity(own_keys + aggregate.aggregates.len());
        for (column, _) in &mut aggregate.keys[..own_keys] {
            column.nullable = true;
            outputs.push((column.clone(), Expr::Column(column.clone())));
        }
        for (column, call) in &mut aggregate.aggregates {
            let Some(empty) = empty_value(call.call.function.name, column) else {
                return Err(not_supported(&format!(
                    "{} in a dependent subquery",
                    call.call.function.name
                )));
            };
            let mut inner = self.context.copy_of(column);
            inner.nullable = true;
            let value = Expr::Column(inner.clone());
            let value = match empty.is_null_literal() {
                true => value,
                false => Expr::Coalesce(vec![value, empty]),
            };
            outputs.push((std::mem::replace(column, inner), value));
        }
        if let Some(column) = &mut aggregate.grouping_set_index {
            let mut inner = self.context.copy_of(column);
            inner.nullable = true;
            let index = Expr::Literal(Literal::Integer(set as i64), column.data_type.clone());
            let value = Expr::Coalesce(vec![Expr::Column(inner.clone()), index]);
            outputs.push((std::mem::replace(column, inner), value));
        }
        let (values, outer_keys) = self.values();
        let conditions = equal_keys(&outer_keys, keys);
        let joined = Plan::joined(values, Plan::Aggregate(aggregate), JoinKind::Left, conditions);
        outputs.extend(outer_keys.iter().map(|key| (key.clone(), Expr::Column(key.clone()))));
        Ok((joined.projected(outputs), outer_keys))
    }

    fn push_join(&mut self, join: Join) -> Result<Pushed> {
        let Join {
            left,
            right,
            kind,
            keys: join_keys,
            residual,
        } = join;
        let mut conditions: Vec<Expr> = join_keys.into_iter().map(JoinKey::into_condition).collect();
        conditions.extend(residual);
        let conditions_depend = conditions.iter().any(|condition| self.expression_depends(condition));
        let left_depends = self.depends(&left);
        let right_depends = self.depends(&right);
        let is_null_aware = matches!(kind, JoinKind::NullAwareAnti | JoinKind::Mark { null_aware: true, .. });
        if is_null_aware && (right_depends || conditions_depend) {
            return Err(not_supported("NOT IN over a dependent subquery within a subquery"));
        }
        match kind {
            JoinKind::Full => self.push_full_join(*left, *right, conditions),
            JoinKind::Inner if right_depends && !left_depends => {
                let (right, keys) = self.push(*right)?;
                let conditions = self.replaced_all(conditions, &keys);
                Ok((Plan::joined(*left, right, kind, conditions), keys))
            }
            JoinKind::Right => {
                let (right, keys) = self.push(*right)?;
                let mut conditions = self.replaced_all(conditions, &keys);
                let mut left = *left;
                if left_depends || conditions_depend {
                    let (pushed, left_keys) = self.push(left)?;
                    conditions.extend(equal_keys(&left_keys, &keys));
                    left = pushed;
                }
                Ok((Plan::joined(left, right, kind, conditions), keys))
            }
            kind => {
                let (left, keys) = self.push(*left)?;
                let mut conditions = self.replaced_all(conditions, &keys);
                let mut right = *right;
                if right_depends {
                    let (pushed, right_keys) = self.push(right)?;
                    conditions.extend(equal_keys(&keys, &right_keys));
                    right = pushed;
                }
                Ok((Plan::joined(left, right, kind, conditions), keys))
            }
        }
    }

    /// Both sides get the outer values; a row of one side alone has them on that side.
    fn push_full_join(&mut self, left: Plan, right: Plan, conditions: Vec<Expr>) -> Result<Pushed> {
        let mut outputs: Vec<(ColumnDef, Expr)> = [&left, &right]
            .into_iter()
            .flat_map(Plan::output)
            .map(|column| ColumnDef {
                nullable: true,
                ..column
            })
            .map(|column| (column.clone(), Expr::Column(column)))
            .collect();
        let (left, left_keys) = self.push(left)?;
        let (right, right_keys) = self.push(right)?;
        let mut conditions = self.replaced_all(conditions, &left_keys);
        conditions.extend(equal_keys(&left_keys, &right_keys));
        let joined = Plan::joined(left, right, JoinKind::Full, conditions);
        let keys = self.fresh();
        for ((key, left), right) in keys.iter().zip(left_keys).zip(right_keys) {
            let either = Expr::Coalesce(vec![Expr::Column(left), Expr::Column(right)]);
            outputs.push((key.clone(), either));
        }
        Ok((joined.projected(outputs), keys))
    }

    /// An inner dependent join: its left side takes the outer values in, and its right side then depends on the left only.
    fn push_apply(&mut self, apply: Apply) -> Result<Pushed> {
        if self.scans_widened(&apply.right) {
            return Err(not_supported("a LATERAL join over a dependent WITH query"));
        }
        let (left, keys) = self.push(*apply.left)?;
        let right = apply.right.replace_expressions(&mut |part| match part {
            Expr::Column(column) if self.ids.contains(&column.id) => {
                Some(self.replaced(Expr::Column(column.clone()), &keys))
            }
            _ => None,
        });
        let plan = Plan::Apply(Apply {
            left: Box::new(left),
            right: Box::new(right),
            kind: apply.kind,
            predicates: self.replaced_all(apply.predicates, &keys),
        });
        Ok((plan, keys))
    }

    /// The first rows of each outer value: numbered in order, and cut by number.
    fn push_limit(&mut self, limit: Limit) -> Result<Pushed> {
        let count = |bound: &Option<Expr>| match bound {
            None => Ok(None),
            Some(Expr::Literal(Literal::Integer(value), _)) => Ok(Some(*value)),
            Some(_) => Err(not_supported("a LIMIT that is no constant in a dependent subquery")),
        };
        let (rows_max, offset) = (count(&limit.limit)?, count(&limit.offset)?.unwrap_or(0));
        let Some(function) = self.context.catalog.function(None, "row_number") else {
            return Err(not_supported("LIMIT in a dependent subquery"));
        };
        let (input, keys) = self.push(*limit.input)?;
        let output = input.output();
        let (input, order_by) = take_order(input);
        let number = self.context.column("row_number", LogicalType::BigInt, false);
        let partition_by = keys.iter().cloned().map(Expr::Column).collect();
        let numbered = input.numbered(function, number.clone(), partition_by, order_by);
        let is = |op: CompareOp, value: i64| Expr::compare(op, Expr::Column(number.clone()), Expr::bigint(value));
        let mut predicates = Vec::new();
        if offset > 0 {
            predicates.push(is(CompareOp::Greater, offset));
        }
        if let Some(rows_max) = rows_max {
            predicates.push(is(CompareOp::LessOrEqual, offset.saturating_add(rows_max)));
        }
        Ok((numbered.filtered(predicates).with_columns(&output), keys))
    }

    fn push_set_operation(&mut self, operation: SetOperation) -> Result<Pushed> {
        let mut inputs = Vec::with_capacity(operation.inputs.len());
        for input in operation.inputs {
            let mut output = input.output();
            let (input, keys) = self.push(input)?;
            output.extend(keys);
            inputs.push(input.with_columns(&output));
        }
        let keys = self.fresh();
        let mut columns = operation.columns;
        columns.extend(keys.iter().cloned());
        let plan = Plan::SetOperation(SetOperation {
            inputs,
            columns,
            ..operation
        });
        Ok((plan, keys))
    }

    fn push_values(&mut self, values: Values) -> Result<Pushed> {
        let mut inputs = Vec::with_capacity(values.rows.len());
        for row in values.rows {
            let (input, keys) = self.values();
            let mut expressions: Vec<(ColumnDef, Expr)> = values
                .columns
                .iter()
                .zip(row)
                .map(|(column, value)| (self.context.copy_of(column), self.replaced(value, &keys)))
                .collect();
            expressions.extend(keys.iter().map(|key| (key.clone(), Expr::Column(key.clone()))));
            inputs.push(input.projected(expressions));
        }
        let keys = self.fresh();
        let mut columns = values.columns;
        columns.extend(keys.iter().cloned());
        if let ([_], Some(only)) = (inputs.as_slice(), inputs.first().cloned()) {
            let renamed = columns
                .into_iter()
                .zip(only.output())
                .map(|(column, inner)| (column, Expr::Column(inner)))
                .collect();
            return Ok((only.projected(renamed), keys));
        }
        let plan = Plan::SetOperation(SetOperation {
            kind: SetOperationKind::Union,
            all: true,
            inputs,
            columns,
        });
        Ok((plan, keys))
    }

    fn push_table_function(&mut self, function: TableFunction) -> Result<Pushed> {
        let (values, keys) = self.values();
        let node = Plan::TableFunction(function).map_expressions(&mut |argument| self.replaced(argument, &keys));
        let plan = Plan::Apply(Apply {
            left: Box::new(values),
            right: Box::new(node),
            kind: JoinKind::Inner,
            predicates: Vec::new(),
        });
        Ok((plan, keys))
    }

    /// A WITH query that depends gets the outer values as further columns, and so do its scans.
    fn push_with(&mut self, with: With) -> Result<Pushed> {
        let term_depends = with
            .recursive
            .as_ref()
            .is_some_and(|recursive| self.depends(&recursive.term));
        if !self.depends(&with.definition) && !term_depends {
            let (body, keys) = self.push(*with.body)?;
            let plan = Plan::With(With {
                body: Box::new(body),
                ..with
            });
            return Ok((plan, keys));
        }
        let mut output = with.definition.output();
        let (definition, keys) = self.push(*with.definition)?;
        output.extend(keys.iter().cloned());
        let definition = definition.with_columns(&output);
        self.widened.push((with.id, with.columns.len()));
        let mut recursive = with.recursive;
        if let Some(recursive) = &mut recursive {
            let mut output = recursive.term.output();
            let term = std::mem::replace(&mut *recursive.term, Plan::nothing());
            let (term, keys) = self.push(term)?;
            output.extend(keys);
            *recursive.term = term.with_columns(&output);
        }
        let mut columns = with.columns;
        columns.extend(keys.iter().map(|key| self.context.copy_of(key)));
        let (body, keys) = self.push(*with.body)?;
        let plan = Plan::With(With {
            id: with.id,
            name: with.name,
            definition: Box::new(definition),
            recursive,
            columns,
            body: Box::new(body),
        });
        Ok((plan, keys))
    }

    fn push_cte_scan(&mut self, mut scan: CteScan) -> Result<Pushed> {
        let keys = self.fresh();
        let first = self
            .widened
            .iter()
            .find(|(id, _)| *id == scan.id)
            .map_or(0, |(_, first)| *first);
        scan.columns
            .extend(keys.iter().enumerate().map(|(index, key)| (first + index, key.clone())));
        Ok((Plan::CteScan(scan), keys))
    }
}

fn passed_on(plan: &Plan) -> Vec<(ColumnDef, Expr)> {
    plan.output()
        .into_iter()
        .map(|column| (column.clone(), Expr::Column(column)))
        .collect()
}

fn equal_keys(left: &[ColumnDef], right: &[ColumnDef]) -> Vec<Expr> {
    left.iter()
        .zip(right)
        .map(|(left, right)| {
            let op = match left.nullable && right.nullable {
                true => CompareOp::NotDistinct,
                false => CompareOp::Equal,
            };
            Expr::compare(op, Expr::Column(left.clone()), Expr::Column(right.clone()))
        })
        .collect()
}

/// The rows and their order; a projection that hides sort keys goes away with the order above it.
fn take_order(plan: Plan) -> (Plan, Vec<SortKey>) {
    match plan {
        Plan::Sort(sort) => (*sort.input, sort.keys),
        Plan::Project(project) => {
            let is_plain = project
                .expressions
                .iter()
                .all(|(column, expression)| matches!(expression, Expr::Column(input) if input.id == column.id));
            match *project.input {
                Plan::Sort(sort) if is_plain => (*sort.input, sort.keys),
                input => (input.projected(project.expressions), Vec::new()),
            }
        }
        other => (other, Vec::new()),
    }
}

/// An outer column's identity stands for its value everywhere below the Apply, so no two may be the same.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_null_compare_with_equality() {
        let column = |id, nullable| ColumnDef {
            id: crate::plan::ColumnId(id),
            name: "k".to_owned(),
            data_type: LogicalType::Integer,
            nullable,
        };
        let text = |left, right| equal_keys(&[column(1, left)], &[column(2, right)])[0].to_string();
        assert_eq!(text(true, false), "(k = k)");
        assert_eq!(text(true, true), "(k IS NOT DISTINCT FROM k)");
    }
}
