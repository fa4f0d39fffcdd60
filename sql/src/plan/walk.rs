//! The one walker and rewriter of plans and expressions. Everything that visits or changes a tree goes through here, so a
//! new node is taught its children once. Order: children in evaluation order, inputs before what uses them.

use super::{
    AggregateCall, CaseBranch, ColumnDef, ColumnId, Expr, FrameBound, FunctionCall, JoinKey, Plan, ScanChanges,
    SortKey, WindowFrame,
};
use std::collections::HashSet;
use std::convert::Infallible;

/// A set of column identities.
pub type ColumnSet = HashSet<ColumnId, foldhash::fast::FixedState>;

/// What an expression rewrite is given: each direct operand in turn.
type ExprMapper<'f, E> = &'f mut dyn FnMut(Expr) -> Result<Expr, E>;

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
        Err(never) => match never {},
    }
}

#[expect(clippy::boxed_local, reason = "operands are boxed, and come back boxed")]
fn boxed<E>(expression: Box<Expr>, map: ExprMapper<'_, E>) -> Result<Box<Expr>, E> {
    map(*expression).map(Box::new)
}

fn list<E>(expressions: Vec<Expr>, map: ExprMapper<'_, E>) -> Result<Vec<Expr>, E> {
    expressions.into_iter().map(map).collect()
}

impl Expr {
    /// Calls `visit` for each direct operand; the plans of subqueries are not entered.
    pub fn for_each_operand<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match self {
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::Parameter { .. }
            | Expr::ScalarSubquery(_)
            | Expr::ArraySubquery(_)
            | Expr::Exists(_) => {}
            Expr::Call(call) => call.arguments.iter().for_each(visit),
            Expr::Compare { left, right, .. } => {
                visit(left);
                visit(right);
            }
            Expr::And(list) | Expr::Or(list) | Expr::Coalesce(list) | Expr::Array { elements: list, .. } => {
                list.iter().for_each(visit);
            }
            Expr::Not(input) | Expr::IsNull(input) | Expr::Cast { input, .. } => visit(input),
            Expr::Case {
                branches, otherwise, ..
            } => {
                for branch in branches {
                    visit(&branch.condition);
                    visit(&branch.result);
                }
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
            Expr::InList { input, list } => {
                visit(input);
                list.iter().for_each(visit);
            }
            Expr::QuantifiedArray { input, array, .. } => {
                visit(input);
                visit(array);
            }
            Expr::QuantifiedSubquery { inputs, .. } => inputs.iter().for_each(visit),
        }
    }

    /// The plan of a subquery expression.
    pub fn subquery(&self) -> Option<&Plan> {
        match self {
            Expr::ScalarSubquery(plan)
            | Expr::ArraySubquery(plan)
            | Expr::Exists(plan)
            | Expr::QuantifiedSubquery { plan, .. } => Some(plan),
            _ => None,
        }
    }

    /// Rebuilds the expression from its mapped direct operands.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_operands<E>(self, map: ExprMapper<'_, E>) -> Result<Expr, E> {
        Ok(match self {
            Expr::Column(_)
            | Expr::Literal(..)
            | Expr::Parameter { .. }
            | Expr::ScalarSubquery(_)
            | Expr::ArraySubquery(_)
            | Expr::Exists(_) => self,
            Expr::Call(call) => Expr::Call(call.try_map_arguments(map)?),
            Expr::Compare { op, left, right } => Expr::Compare {
                op,
                left: boxed(left, map)?,
                right: boxed(right, map)?,
            },
            Expr::And(conditions) => Expr::And(list(conditions, map)?),
            Expr::Or(conditions) => Expr::Or(list(conditions, map)?),
            Expr::Coalesce(arguments) => Expr::Coalesce(list(arguments, map)?),
            Expr::Array { elements, element_type } => Expr::Array {
                elements: list(elements, map)?,
                element_type,
            },
            Expr::Not(input) => Expr::Not(boxed(input, map)?),
            Expr::IsNull(input) => Expr::IsNull(boxed(input, map)?),
            Expr::Cast {
                input,
                target,
                explicit,
                span,
            } => Expr::Cast {
                input: boxed(input, map)?,
                target,
                explicit,
                span,
            },
            Expr::Case {
                branches,
                otherwise,
                data_type,
            } => Expr::Case {
                branches: branches
                    .into_iter()
                    .map(|branch| {
                        Ok(CaseBranch {
                            condition: map(branch.condition)?,
                            result: map(branch.result)?,
                        })
                    })
                    .collect::<Result<_, E>>()?,
                otherwise: otherwise.map(|otherwise| boxed(otherwise, map)).transpose()?,
                data_type,
            },
            Expr::InList { input, list: values } => Expr::InList {
                input: boxed(input, map)?,
                list: list(values, map)?,
            },
            Expr::QuantifiedArray {
                input,
                op,
                quantifier,
                array,
            } => Expr::QuantifiedArray {
                input: boxed(input, map)?,
                op,
                quantifier,
                array: boxed(array, map)?,
            },
            Expr::QuantifiedSubquery {
                inputs,
                op,
                quantifier,
                plan,
            } => Expr::QuantifiedSubquery {
                inputs: list(inputs, map)?,
                op,
                quantifier,
                plan,
            },
        })
    }

    /// Rebuilds the expression with the subquery's plan mapped, if it has one.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_subquery<E>(self, map: &mut dyn FnMut(Plan) -> Result<Plan, E>) -> Result<Expr, E> {
        Ok(match self {
            Expr::ScalarSubquery(plan) => Expr::ScalarSubquery(Box::new(map(*plan)?)),
            Expr::ArraySubquery(plan) => Expr::ArraySubquery(Box::new(map(*plan)?)),
            Expr::Exists(plan) => Expr::Exists(Box::new(map(*plan)?)),
            Expr::QuantifiedSubquery {
                inputs,
                op,
                quantifier,
                plan,
            } => Expr::QuantifiedSubquery {
                inputs,
                op,
                quantifier,
                plan: Box::new(map(*plan)?),
            },
            other => other,
        })
    }

    /// Rewrites bottom-up: operands first, then the expression itself. Subqueries are not entered.
    pub fn transform_up(self, map: &mut dyn FnMut(Expr) -> Expr) -> Expr {
        let mapped = infallible(self.try_map_operands::<Infallible>(&mut |operand| Ok(operand.transform_up(map))));
        map(mapped)
    }

    /// Rewrites top-down: where `map` gives an expression it replaces the whole subtree, otherwise the operands follow and
    /// then the plans of subqueries.
    pub fn replace(self, map: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Expr {
        if let Some(replacement) = map(&self) {
            return replacement;
        }
        let mapped = infallible(self.try_map_operands::<Infallible>(&mut |operand| Ok(operand.replace(map))));
        infallible(mapped.try_map_subquery::<Infallible>(&mut |plan| Ok(plan.replace_expressions(map))))
    }

    /// Whether `test` holds for the expression or an operand at any depth. Subqueries are not entered.
    pub fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        if test(self) {
            return true;
        }
        let mut found = false;
        self.for_each_operand(&mut |operand| found = found || operand.any(test));
        found
    }

    /// Adds the columns the expression names, those free in its subqueries included.
    pub fn collect_columns(&self, columns: &mut ColumnSet) {
        if let Expr::Column(column) = self {
            columns.insert(column.id);
        }
        self.for_each_operand(&mut |operand| operand.collect_columns(columns));
        if let Some(plan) = self.subquery() {
            columns.extend(plan.free_columns());
        }
    }

    /// The columns the expression names.
    pub fn columns(&self) -> ColumnSet {
        let mut columns = ColumnSet::default();
        self.collect_columns(&mut columns);
        columns
    }

    /// Whether every column it names is in `columns`.
    pub fn uses_only(&self, columns: &ColumnSet) -> bool {
        self.columns().is_subset(columns)
    }

    /// Whether it, or an operand, has a subquery.
    pub fn has_subquery(&self) -> bool {
        self.any(&mut |expression| expression.subquery().is_some())
    }
}

impl FunctionCall {
    /// The call with its arguments mapped.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_arguments<E>(self, map: ExprMapper<'_, E>) -> Result<Self, E> {
        Ok(FunctionCall {
            arguments: list(self.arguments, map)?,
            ..self
        })
    }
}

fn sort_keys<E>(keys: Vec<SortKey>, map: ExprMapper<'_, E>) -> Result<Vec<SortKey>, E> {
    keys.into_iter()
        .map(|key| {
            Ok(SortKey {
                expression: map(key.expression)?,
                ..key
            })
        })
        .collect()
}

fn named<T, E>(pairs: Vec<(T, Expr)>, map: ExprMapper<'_, E>) -> Result<Vec<(T, Expr)>, E> {
    pairs
        .into_iter()
        .map(|(column, expression)| Ok((column, map(expression)?)))
        .collect()
}

fn bound<E>(bound: FrameBound, map: ExprMapper<'_, E>) -> Result<FrameBound, E> {
    Ok(match bound {
        FrameBound::Preceding(offset) => FrameBound::Preceding(boxed(offset, map)?),
        FrameBound::Following(offset) => FrameBound::Following(boxed(offset, map)?),
        other => other,
    })
}

fn frame<E>(frame: WindowFrame, map: ExprMapper<'_, E>) -> Result<WindowFrame, E> {
    Ok(WindowFrame {
        start: bound(frame.start, map)?,
        end: bound(frame.end, map)?,
        ..frame
    })
}

impl AggregateCall {
    /// The call with its arguments, filter and order mapped.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_expressions<E>(self, map: ExprMapper<'_, E>) -> Result<Self, E> {
        Ok(AggregateCall {
            call: self.call.try_map_arguments(map)?,
            filter: self.filter.map(&mut *map).transpose()?,
            order_by: sort_keys(self.order_by, map)?,
            distinct: self.distinct,
            states: self.states.map(|states| list(states, map)).transpose()?,
        })
    }

    /// Calls `visit` for each argument (or for each column of states in their place), the filter and each sort key.
    pub fn for_each_expression<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        let arguments = self.states.as_ref().unwrap_or(&self.call.arguments);
        arguments.iter().for_each(&mut *visit);
        self.filter.iter().for_each(&mut *visit);
        self.order_by.iter().for_each(|key| visit(&key.expression));
    }
}

impl Plan {
    /// Whether something holds of a join of the plan.
    pub(crate) fn has_join(&self, holds: &impl Fn(&super::Join) -> bool) -> bool {
        let is_such = matches!(self, Plan::Join(join) if holds(join));
        is_such || self.inputs().into_iter().any(|input| input.has_join(holds))
    }

    /// The node's inputs.
    pub fn inputs(&self) -> Vec<&Plan> {
        match self {
            Plan::Scan(_) | Plan::Values(_) | Plan::TableFunction(_) | Plan::CteScan(_) => Vec::new(),
            Plan::Filter(node) => vec![&node.input],
            Plan::Project(node) => vec![&node.input],
            Plan::Aggregate(node) => vec![&node.input],
            Plan::Join(node) => vec![&node.left, &node.right],
            Plan::AsOfJoin(node) => vec![&node.left, &node.right],
            Plan::Apply(node) => vec![&node.left, &node.right],
            Plan::Sort(node) => vec![&node.input],
            Plan::Limit(node) => vec![&node.input],
            Plan::Distinct(node) => vec![&node.input],
            Plan::Window(node) => vec![&node.input],
            Plan::SetOperation(node) => node.inputs.iter().collect(),
            Plan::With(node) => {
                let mut inputs = vec![&*node.definition];
                inputs.extend(node.recursive.as_ref().map(|recursive| &*recursive.term));
                inputs.push(&node.body);
                inputs
            }
        }
    }

    /// Rebuilds the node from its mapped inputs.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_inputs<E>(mut self, map: &mut dyn FnMut(Plan) -> Result<Plan, E>) -> Result<Plan, E> {
        let mut replace = |slot: &mut Plan| -> Result<(), E> {
            let input = std::mem::replace(slot, Plan::nothing());
            *slot = map(input)?;
            Ok(())
        };
        match &mut self {
            Plan::Scan(_) | Plan::Values(_) | Plan::TableFunction(_) | Plan::CteScan(_) => {}
            Plan::Filter(node) => replace(&mut node.input)?,
            Plan::Project(node) => replace(&mut node.input)?,
            Plan::Aggregate(node) => replace(&mut node.input)?,
            Plan::Join(node) => {
                replace(&mut node.left)?;
                replace(&mut node.right)?;
            }
            Plan::AsOfJoin(node) => {
                replace(&mut node.left)?;
                replace(&mut node.right)?;
            }
            Plan::Apply(node) => {
                replace(&mut node.left)?;
                replace(&mut node.right)?;
            }
            Plan::Sort(node) => replace(&mut node.input)?,
            Plan::Limit(node) => replace(&mut node.input)?,
            Plan::Distinct(node) => replace(&mut node.input)?,
            Plan::Window(node) => replace(&mut node.input)?,
            Plan::SetOperation(node) => node.inputs.iter_mut().try_for_each(replace)?,
            Plan::With(node) => {
                replace(&mut node.definition)?;
                if let Some(recursive) = &mut node.recursive {
                    replace(&mut recursive.term)?;
                }
                replace(&mut node.body)?;
            }
        }
        Ok(self)
    }

    /// Rebuilds the node from its mapped inputs.
    pub fn map_inputs(self, map: &mut dyn FnMut(Plan) -> Plan) -> Plan {
        infallible(self.try_map_inputs::<Infallible>(&mut |input| Ok(map(input))))
    }

    /// Calls `visit` for each expression of the node itself.
    pub fn for_each_expression<'p>(&'p self, visit: &mut dyn FnMut(&'p Expr)) {
        match self {
            Plan::Scan(node) => {
                node.filters.iter().for_each(&mut *visit);
                node.as_of.iter().for_each(&mut *visit);
                let changes = node.changes.iter().flat_map(|changes| &changes.after);
                changes.for_each(visit);
            }
            Plan::Values(node) => node.rows.iter().flatten().for_each(visit),
            Plan::TableFunction(node) => {
                let arguments = node.calls.iter().flat_map(|call| &call.arguments);
                arguments.for_each(visit);
            }
            Plan::Filter(node) => node.predicates.iter().for_each(visit),
            Plan::Project(node) => node.expressions.iter().for_each(|(_, expression)| visit(expression)),
            Plan::Aggregate(node) => {
                node.keys.iter().for_each(|(_, expression)| visit(expression));
                node.aggregates
                    .iter()
                    .for_each(|(_, aggregate)| aggregate.for_each_expression(visit));
            }
            Plan::Join(node) => {
                for key in &node.keys {
                    visit(&key.left);
                    visit(&key.right);
                }
                node.residual.iter().for_each(visit);
            }
            Plan::AsOfJoin(node) => {
                for key in &node.keys {
                    visit(&key.left);
                    visit(&key.right);
                }
                visit(&node.left_time);
                visit(&node.right_time);
            }
            Plan::Apply(node) => node.predicates.iter().for_each(visit),
            Plan::Sort(node) => node.keys.iter().for_each(|key| visit(&key.expression)),
            Plan::Limit(node) => {
                node.limit.iter().for_each(&mut *visit);
                node.offset.iter().for_each(visit);
            }
            Plan::Distinct(node) => node.on.iter().for_each(visit),
            Plan::Window(node) => {
                node.partition_by.iter().for_each(&mut *visit);
                node.order_by.iter().for_each(|key| visit(&key.expression));
                for (_, window) in &node.calls {
                    window.call.arguments.iter().for_each(&mut *visit);
                    window.filter.iter().for_each(&mut *visit);
                    for bound in [&window.frame.start, &window.frame.end] {
                        if let FrameBound::Preceding(offset) | FrameBound::Following(offset) = bound {
                            visit(offset);
                        }
                    }
                }
            }
            Plan::SetOperation(_) | Plan::With(_) | Plan::CteScan(_) => {}
        }
    }

    /// Rebuilds the node with its own expressions mapped; inputs stay.
    ///
    /// # Errors
    /// Whatever `map` gives.
    pub fn try_map_expressions<E>(self, map: ExprMapper<'_, E>) -> Result<Plan, E> {
        Ok(match self {
            Plan::Scan(mut node) => {
                node.filters = list(node.filters, map)?;
                node.as_of = node.as_of.map(&mut *map).transpose()?;
                if let Some(changes) = node.changes {
                    let after = changes.after.map(map).transpose()?;
                    node.changes = Some(ScanChanges { after, ..changes });
                }
                Plan::Scan(node)
            }
            Plan::Values(mut node) => {
                node.rows = node
                    .rows
                    .into_iter()
                    .map(|row| list(row, map))
                    .collect::<Result<_, E>>()?;
                Plan::Values(node)
            }
            Plan::TableFunction(mut node) => {
                let calls = node.calls.into_iter().map(|call| call.try_map_arguments(map));
                node.calls = calls.collect::<Result<_, E>>()?;
                Plan::TableFunction(node)
            }
            Plan::Filter(mut node) => {
                node.predicates = list(node.predicates, map)?;
                Plan::Filter(node)
            }
            Plan::Project(mut node) => {
                node.expressions = named(node.expressions, map)?;
                Plan::Project(node)
            }
            Plan::Aggregate(mut node) => {
                node.keys = named(node.keys, map)?;
                node.aggregates = node
                    .aggregates
                    .into_iter()
                    .map(|(column, aggregate)| Ok((column, aggregate.try_map_expressions(map)?)))
                    .collect::<Result<_, E>>()?;
                Plan::Aggregate(node)
            }
            Plan::Join(mut node) => {
                node.keys = join_keys(node.keys, map)?;
                node.residual = list(node.residual, map)?;
                Plan::Join(node)
            }
            Plan::AsOfJoin(mut node) => {
                node.keys = join_keys(node.keys, map)?;
                node.left_time = map(node.left_time)?;
                node.right_time = map(node.right_time)?;
                Plan::AsOfJoin(node)
            }
            Plan::Apply(mut node) => {
                node.predicates = list(node.predicates, map)?;
                Plan::Apply(node)
            }
            Plan::Sort(mut node) => {
                node.keys = sort_keys(node.keys, map)?;
                Plan::Sort(node)
            }
            Plan::Limit(mut node) => {
                node.limit = node.limit.map(&mut *map).transpose()?;
                node.offset = node.offset.map(map).transpose()?;
                Plan::Limit(node)
            }
            Plan::Distinct(mut node) => {
                node.on = list(node.on, map)?;
                Plan::Distinct(node)
            }
            Plan::Window(mut node) => {
                node.partition_by = list(node.partition_by, map)?;
                node.order_by = sort_keys(node.order_by, map)?;
                node.calls = node
                    .calls
                    .into_iter()
                    .map(|(column, mut window)| {
                        window.call = window.call.try_map_arguments(map)?;
                        window.filter = window.filter.map(&mut *map).transpose()?;
                        window.frame = frame(window.frame, map)?;
                        Ok((column, window))
                    })
                    .collect::<Result<_, E>>()?;
                Plan::Window(node)
            }
            Plan::SetOperation(_) | Plan::With(_) | Plan::CteScan(_) => self,
        })
    }

    /// Rebuilds the node with its own expressions mapped; inputs stay.
    pub fn map_expressions(self, map: &mut dyn FnMut(Expr) -> Expr) -> Plan {
        infallible(self.try_map_expressions::<Infallible>(&mut |expression| Ok(map(expression))))
    }

    /// [`Expr::replace`] on every expression of the whole tree.
    pub fn replace_expressions(self, map: &mut dyn FnMut(&Expr) -> Option<Expr>) -> Plan {
        let mapped = self.map_inputs(&mut |input| input.replace_expressions(map));
        mapped.map_expressions(&mut |expression| expression.replace(map))
    }

    /// Rewrites bottom-up, inputs first. Plans of subquery expressions are not entered.
    pub fn transform_up(self, map: &mut dyn FnMut(Plan) -> Plan) -> Plan {
        let mapped = self.map_inputs(&mut |input| input.transform_up(map));
        map(mapped)
    }

    /// The identities of the output columns.
    pub fn output_ids(&self) -> ColumnSet {
        self.output().into_iter().map(|column| column.id).collect()
    }

    /// The columns that the tree names and does not itself make: those of an outer side.
    pub fn free_columns(&self) -> ColumnSet {
        let mut free = ColumnSet::default();
        let mut made = ColumnSet::default();
        self.collect_columns(&mut free, &mut made);
        free.retain(|column| !made.contains(column));
        free
    }

    /// Columns named and columns made, anywhere in the tree.
    fn collect_columns(&self, named: &mut ColumnSet, made: &mut ColumnSet) {
        self.for_each_expression(&mut |expression| expression.collect_columns(named));
        for input in self.inputs() {
            input.collect_columns(named, made);
        }
        match self {
            Plan::Filter(_) | Plan::Sort(_) | Plan::Limit(_) | Plan::Distinct(_) | Plan::AsOfJoin(_) => {}
            Plan::Project(node) => made.extend(
                node.expressions
                    .iter()
                    .filter(|(column, expression)| !matches!(expression, Expr::Column(input) if input.id == column.id))
                    .map(|(column, _)| column.id),
            ),
            Plan::Join(super::Join { kind, .. }) | Plan::Apply(super::Apply { kind, .. }) => {
                if let super::JoinKind::Mark { column, .. } = kind {
                    made.insert(column.id);
                }
            }
            Plan::Window(node) => made.extend(node.calls.iter().map(|(column, _)| column.id)),
            Plan::With(_) => {}
            Plan::Aggregate(node) => {
                let keys = node
                    .keys
                    .iter()
                    .filter(|(column, expression)| !matches!(expression, Expr::Column(input) if input.id == column.id))
                    .map(|(column, _)| column.id);
                made.extend(keys);
                made.extend(node.aggregates.iter().map(|(column, _)| column.id));
                made.extend(node.states.iter().flatten().flatten().map(|column| column.id));
                made.extend(node.grouping_set_index.iter().map(|column| column.id));
            }
            Plan::Scan(_) | Plan::Values(_) | Plan::TableFunction(_) | Plan::CteScan(_) | Plan::SetOperation(_) => {
                made.extend(self.output().into_iter().map(|column| column.id));
            }
        }
    }

    /// No rows and no columns: what stands in a node's place while it is rebuilt.
    pub fn nothing() -> Plan {
        Plan::Values(super::Values {
            columns: Vec::new(),
            rows: Vec::new(),
        })
    }
}

fn join_keys<E>(keys: Vec<JoinKey>, map: ExprMapper<'_, E>) -> Result<Vec<JoinKey>, E> {
    keys.into_iter()
        .map(|key| {
            Ok(JoinKey {
                left: map(key.left)?,
                right: map(key.right)?,
                null_matches: key.null_matches,
            })
        })
        .collect()
}

impl Plan {
    /// Every column of the tree mapped, where it is made and where it is named.
    pub fn map_columns(self, map: &mut dyn FnMut(ColumnDef) -> ColumnDef) -> Plan {
        let mut plan = self.map_inputs(&mut |input| input.map_columns(map));
        match &mut plan {
            Plan::Scan(node) => replace_each(node.columns.iter_mut().map(|(_, column)| column), map),
            Plan::CteScan(node) => replace_each(node.columns.iter_mut().map(|(_, column)| column), map),
            Plan::Values(node) => replace_each(node.columns.iter_mut(), map),
            Plan::TableFunction(node) => replace_each(node.columns.iter_mut(), map),
            Plan::Project(node) => replace_each(node.expressions.iter_mut().map(|(column, _)| column), map),
            Plan::Aggregate(node) => {
                replace_each(node.keys.iter_mut().map(|(column, _)| column), map);
                replace_each(node.aggregates.iter_mut().map(|(column, _)| column), map);
                replace_each(node.states.iter_mut().flatten().flatten(), map);
                replace_each(node.grouping_set_index.iter_mut(), map);
            }
            Plan::Join(super::Join { kind, .. }) | Plan::Apply(super::Apply { kind, .. }) => {
                if let super::JoinKind::Mark { column, .. } = kind {
                    replace_each(std::iter::once(column), map);
                }
            }
            Plan::Window(node) => replace_each(node.calls.iter_mut().map(|(column, _)| column), map),
            Plan::SetOperation(node) => replace_each(node.columns.iter_mut(), map),
            Plan::With(node) => replace_each(node.columns.iter_mut(), map),
            Plan::Filter(_) | Plan::Sort(_) | Plan::Limit(_) | Plan::Distinct(_) | Plan::AsOfJoin(_) => {}
        }
        plan.map_expressions(&mut |expression| expression.map_columns(map))
    }

    /// Calls `visit` for each CTE that the tree defines.
    pub fn collect_cte_definitions(&self, visit: &mut dyn FnMut(super::CteId)) {
        if let Plan::With(with) = self {
            visit(with.id);
        }
        self.inputs()
            .into_iter()
            .for_each(|input| input.collect_cte_definitions(visit));
    }

    /// Every CTE identity of the tree mapped. Subquery expressions are not entered.
    pub fn map_cte_ids(self, map: &mut dyn FnMut(super::CteId) -> super::CteId) -> Plan {
        let mut plan = self.map_inputs(&mut |input| input.map_cte_ids(map));
        match &mut plan {
            Plan::With(with) => with.id = map(with.id),
            Plan::CteScan(scan) => scan.id = map(scan.id),
            _ => {}
        }
        plan
    }
}

impl Expr {
    /// Every column it names mapped, those of subqueries included.
    pub fn map_columns(self, map: &mut dyn FnMut(ColumnDef) -> ColumnDef) -> Expr {
        if let Expr::Column(column) = self {
            return Expr::Column(map(column));
        }
        let mapped = infallible(self.try_map_operands::<Infallible>(&mut |operand| Ok(operand.map_columns(map))));
        infallible(mapped.try_map_subquery::<Infallible>(&mut |plan| Ok(plan.map_columns(map))))
    }
}

fn replace_each<'c>(columns: impl Iterator<Item = &'c mut ColumnDef>, map: &mut dyn FnMut(ColumnDef) -> ColumnDef) {
    for column in columns {
        *column = map(column.clone());
    }
}
