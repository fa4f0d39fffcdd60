//! Whether a rollup answers an aggregation, and how: keys, conditions and aggregates over the columns of its partials, or the reason why
//! not. What is decided is a matter of expressions alone; which segments have partials is storage's.

use super::canonical::{Condition, Source, column_at};
use super::cut::{Cut, RestOfRows, bounded_time, with_rest};
use super::exact::inexact;
use super::grain::{as_time, coarsened, truncated_time};
use super::shape::Rollup;
use super::states::{StateColumn, have_same_states, state_columns};
use crate::error::Result;
use crate::expression::{Expression, Layout};
use crate::functions::{StatementContext, SummaryState};
use crate::operators::hash_aggregate::{AggregateInput, AggregateSpecification, AggregateStep, CallOrder};
use crate::physical::{Inputs, PreparedCall, translates_whole};
use crate::types::array_type;
use std::sync::Arc;
use stoa_sql::catalog::Volatility;
use stoa_sql::literal::Literal;
use stoa_sql::plan::{Aggregate, AggregateCall, ColumnId, ColumnSet, Expr};
use stoa_storage::vector::Batch;

/// How partials of a rollup stand for rows of an aggregation. Expressions are over the columns of a partial, by place.
#[derive(Clone)]
pub(crate) struct RollupUse {
    /// The rollup.
    pub(crate) rollup: Arc<Rollup>,
    keys: Vec<Expr>,
    /// Which groups of a partial count.
    conditions: Vec<Expr>,
    calls: Vec<PartialInput>,
    /// Filters of the scan, by place, that partials know nothing of: all rows of a segment must meet them.
    pub(crate) whole_filters: Vec<usize>,
    /// Rows that are read beside partials, whose groups do not count.
    pub(crate) rest: Vec<RestOfRows>,
}

/// What becomes of a query's conditions.
#[derive(Default)]
struct Conditions {
    of_groups: Vec<Expr>,
    whole_filters: Vec<usize>,
    rest: Vec<RestOfRows>,
}

/// What an aggregate takes of a partial.
#[derive(Clone, Debug)]
pub(crate) enum PartialInput {
    /// States, in these columns, of the groups that meet the condition.
    States(Vec<usize>, Option<Expr>),
    /// The groups themselves, as rows: the arguments, and the condition.
    Groups(Vec<Expr>, Option<Expr>),
}

/// Finds out how.
pub(super) struct Matching<'a> {
    pub(super) rollup: &'a Arc<Rollup>,
    pub(super) source: &'a Source<'a>,
    pub(super) statement: &'a Arc<StatementContext>,
}

/// Why a rollup does not answer.
pub(super) type WhyNot = String;

impl Matching<'_> {
    /// How the rollup answers an aggregation.
    pub(super) fn find(
        &self,
        aggregate: &Aggregate,
        prepared: &[PreparedCall],
    ) -> std::result::Result<RollupUse, WhyNot> {
        let mut keys = Vec::with_capacity(aggregate.keys.len());
        for (_, key) in &aggregate.keys {
            let derived = self.derived(&self.source.canonical(key));
            keys.push(derived.ok_or_else(|| format!("it does not know {key}"))?);
        }
        let conditions = self.conditions()?;
        let calls = aggregate.aggregates.iter().zip(prepared);
        let calls = calls.map(|((_, call), prepared)| {
            let found = self.input(&self.source.canonical_call(call), prepared);
            found.ok_or_else(|| format!("it does not have {call}"))
        });
        Ok(RollupUse {
            rollup: self.rollup.clone(),
            keys,
            conditions: conditions.of_groups,
            calls: calls.collect::<std::result::Result<_, _>>()?,
            whole_filters: conditions.whole_filters,
            rest: conditions.rest,
        })
    }

    /// What of the query's conditions is about groups, which must hold for whole segments, and which rows come beside groups. The
    /// rollup's own conditions must be among the query's.
    fn conditions(&self) -> std::result::Result<Conditions, WhyNot> {
        let known = &self.source.conditions;
        for condition in &self.rollup.conditions {
            if !known.iter().any(|of_query| of_query.expression == *condition) {
                return Err("it leaves out rows that the query counts".into());
            }
        }
        let mut found = Conditions::default();
        let (mut cuts, mut cut_conditions) = (Vec::new(), Vec::new());
        for condition in known {
            let expression = &condition.expression;
            if self.rollup.conditions.contains(expression) {
                continue;
            }
            if let Some(derived) = self.derived(expression) {
                found.of_groups.push(derived);
            } else if let Some(cut) = Cut::of(self, expression) {
                cuts.push(cut);
                cut_conditions.push(condition);
            } else {
                found.whole_filters.push(self.whole_filter(condition)?);
            }
        }
        match with_rest(&cuts) {
            Some((of_groups, rest)) => {
                found.of_groups.extend(of_groups);
                found.rest = rest;
            }
            None => {
                let places = cut_conditions.into_iter().map(|condition| self.whole_filter(condition));
                found
                    .whole_filters
                    .extend(places.collect::<std::result::Result<Vec<_>, _>>()?);
            }
        }
        Ok(found)
    }

    /// The place of a filter of the scan that storage can tell of whole segments.
    fn whole_filter(&self, condition: &Condition<'_>) -> std::result::Result<usize, WhyNot> {
        let filter = condition
            .filter
            .and_then(|place| Some((place, self.source.scan.filters.get(place)?)));
        match filter.filter(|(_, filter)| translates_whole(filter)) {
            Some((place, _)) => Ok(place),
            None => Err(format!("it cannot tell which rows meet {}", condition.written)),
        }
    }

    /// An expression over keys that is the same for every row of a group.
    fn derived(&self, expression: &Expr) -> Option<Expr> {
        let keys = &self.rollup.keys;
        if let Some(place) = keys.iter().position(|key| key == expression) {
            return Some(column_at(place, expression.data_type()));
        }
        if let Some(found) = coarsened(expression, keys).or_else(|| self.aligned(expression)) {
            return Some(found);
        }
        match expression {
            Expr::Column(_) | Expr::Parameter { .. } => None,
            Expr::Call(call) if call.function.volatility == Volatility::Volatile => None,
            other if other.subquery().is_some() => None,
            other => other
                .clone()
                .try_map_operands(&mut |operand| self.derived(&operand).ok_or(()))
                .ok(),
        }
    }

    /// A bound of a time that no bucket contains more than the start of, as a bound of the buckets.
    fn aligned(&self, condition: &Expr) -> Option<Expr> {
        let (op, time, bound) = bounded_time(condition)?;
        let mut keys = self.rollup.keys.iter().enumerate();
        let (place, key) = keys.find(|(_, key)| {
            truncated_time(key).is_some_and(|of_key| of_key == time && self.begins_bucket(key, time, &bound))
        })?;
        let bound = Expr::Literal(bound, time.data_type());
        Some(Expr::compare(op, as_time(key, place, time), bound))
    }

    /// Whether a time is the start of its bucket.
    fn begins_bucket(&self, key: &Expr, time: &Expr, bound: &Literal) -> bool {
        self.bucket_start(key, time, bound).is_some_and(|start| start == *bound)
    }

    /// The start of a time's bucket, in microseconds.
    pub(super) fn bucket(&self, key: &Expr, time: &Expr, at: &Literal) -> Option<i64> {
        match self.bucket_start(key, time, at)? {
            Literal::Timestamp(start) => Some(start),
            _ => None,
        }
    }

    fn bucket_start(&self, key: &Expr, time: &Expr, at: &Literal) -> Option<Literal> {
        let at = Expr::Literal(at.clone(), time.data_type());
        let bucket = key.clone().replace(&mut |part| (part == time).then(|| at.clone()));
        let bucket = match bucket.data_type() == time.data_type() {
            true => bucket,
            false => Expr::Cast {
                input: Box::new(bucket),
                target: time.data_type(),
                explicit: false,
                span: None,
            },
        };
        self.constant(&bucket)
    }

    fn constant(&self, expression: &Expr) -> Option<Literal> {
        let compiled = Expression::compile(expression, &Layout::default(), self.statement).ok()?;
        let value = compiled.evaluate_plain(&Batch::new(Vec::new(), 1)).ok()?;
        crate::types::literal_at(&*value, 0, &expression.data_type()).ok()
    }

    fn input(&self, call: &AggregateCall, prepared: &PreparedCall) -> Option<PartialInput> {
        if inexact(call, prepared).is_some() {
            return None;
        }
        let filter = call.filter.as_ref().map(|filter| self.derived(filter));
        if !prepared.distinct {
            if let Some(places) = self.states(call, prepared) {
                return Some(PartialInput::States(places, None));
            }
            if let Some(Some(filter)) = &filter {
                let all = AggregateCall {
                    filter: None,
                    ..call.clone()
                };
                if let Some(places) = self.states(&all, prepared) {
                    return Some(PartialInput::States(places, Some(filter.clone())));
                }
            }
        }
        if !prepared.distinct && depends_on_repetition(call) {
            return None;
        }
        let arguments = call.call.arguments.iter().map(|argument| self.derived(argument));
        let arguments: Vec<Expr> = arguments.collect::<Option<_>>()?;
        match filter {
            None => Some(PartialInput::Groups(arguments, None)),
            Some(filter) => Some(PartialInput::Groups(arguments, Some(filter?))),
        }
    }

    /// The columns with the states of an aggregate, or with what makes them up.
    fn states(&self, call: &AggregateCall, prepared: &PreparedCall) -> Option<Vec<usize>> {
        let calls = &self.rollup.calls;
        let is_same = |other: &AggregateCall| {
            other.call == call.call && other.filter == call.filter && other.order_by == call.order_by
        };
        if let Some(known) = calls.iter().find(|known| is_same(&known.call)) {
            return Some(known.places.clone().collect());
        }
        let wanted = state_columns(prepared).ok()??;
        let row_count = StateColumn::Summary(SummaryState::RowCount);
        let place = |wanted: &StateColumn| {
            calls.iter().find_map(|known| {
                let is_of_same = match *wanted == row_count {
                    true => known.call.filter == call.filter,
                    false => have_same_states(&known.call, call),
                };
                let states = known.states.as_ref().filter(|_| is_of_same)?;
                let at = states.iter().position(|state| state == wanted)?;
                Some(known.places.start + at)
            })
        };
        wanted.iter().map(place).collect()
    }
}

/// Whether a rollup has an expression as a key, or knows it of the bucket of a time that it has.
pub(super) fn is_known_bucket(expression: &Expr, rollup: &Rollup) -> bool {
    rollup.keys.contains(expression) || coarsened(expression, &rollup.keys).is_some()
}

/// Aggregates to which it is the same how often a value occurs.
pub(super) fn depends_on_repetition(call: &AggregateCall) -> bool {
    let name = call.call.function.name;
    match call.call.arguments.len() {
        1 => !matches!(
            name,
            "min" | "max" | "bool_and" | "bool_or" | "every" | "bit_and" | "bit_or" | "approx_count_distinct"
        ),
        2 => !matches!(name, "arg_min" | "arg_max" | "min_by" | "max_by"),
        _ => true,
    }
}

impl RollupUse {
    /// The columns of a partial that it takes, by place, ascending.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut columns = ColumnSet::default();
        let of_calls = self.calls.iter().flat_map(|call| match call {
            PartialInput::States(_, filter) => [].iter().chain(filter),
            PartialInput::Groups(arguments, filter) => arguments.iter().chain(filter),
        });
        for expression in self.keys.iter().chain(&self.conditions).chain(of_calls) {
            expression.collect_columns(&mut columns);
        }
        let states = self.calls.iter().flat_map(|call| match call {
            PartialInput::States(places, _) => places.as_slice(),
            PartialInput::Groups(..) => &[],
        });
        let states: Vec<usize> = states.copied().collect();
        let is_taken = |place: &usize| columns.contains(&ColumnId(*place as u32)) || states.contains(place);
        (0..self.rollup.column_count()).filter(is_taken).collect()
    }

    /// For the first of two steps, which groups by the distinct arguments and their condition too and makes the states of the other calls.
    pub(crate) fn by_distinct_arguments(mut self, calls: &[PreparedCall]) -> Self {
        let inputs = std::mem::take(&mut self.calls);
        let mut has_arguments = false;
        for (call, input) in calls.iter().zip(inputs) {
            match input {
                PartialInput::Groups(arguments, filter) if call.distinct => {
                    // All distinct calls have the same.
                    if !std::mem::replace(&mut has_arguments, true) {
                        self.keys.extend(arguments.into_iter().chain(filter));
                    }
                }
                input => self.calls.push(input),
            }
        }
        self
    }

    /// What takes a partial's groups into the groups of an aggregation with these calls and grouping sets: which groups count, and what of
    /// them.
    pub(crate) fn specification(
        &self,
        calls: &[PreparedCall],
        like: &AggregateSpecification,
        statement: &Arc<StatementContext>,
    ) -> Result<(Vec<Expression>, AggregateSpecification)> {
        let taken = self.places();
        let layout = self.rollup.layout(&taken);
        let conditions = self.conditions.iter();
        let conditions = conditions.map(|condition| Expression::compile(condition, &layout, statement));
        let conditions = conditions.collect::<Result<_>>()?;
        let mut inputs = Inputs::new(statement, &layout);
        let keys = inputs.keys(&self.keys)?;
        let mut steps: Vec<AggregateStep> = Vec::with_capacity(calls.len());
        for (call, input) in calls.iter().zip(&self.calls) {
            steps.push(match input {
                PartialInput::States(places, filter) => AggregateStep {
                    function: call.function,
                    binding: call.binding.clone(),
                    input: AggregateInput::States {
                        columns: places
                            .iter()
                            .filter_map(|place| taken.iter().position(|known| known == place))
                            .map(|place| inputs.column(place))
                            .collect(),
                        filter: filter.as_ref().map(|filter| inputs.filter(filter)).transpose()?,
                    },
                    order: None::<CallOrder>,
                    distinct: false,
                },
                PartialInput::Groups(arguments, filter) => inputs.step(PreparedCall {
                    arguments: arguments.clone(),
                    filter: filter.clone(),
                    ..call.clone()
                })?,
            });
        }
        let specification = AggregateSpecification {
            keys,
            key_types: self.keys.iter().map(|key| array_type(&key.data_type())).collect(),
            arguments: inputs.arguments,
            filters: inputs.filters,
            calls: steps,
            sets: like.sets.clone(),
            gives_set_index: like.gives_set_index,
            gives_states: like.gives_states,
            group_limit: None,
            best_groups: None,
        };
        Ok((conditions, specification))
    }
}
