//! An aggregation over joins of a table that has rollups: the table's rows are put into groups before they are joined, where a rollup has
//! these groups, and the states of the groups are aggregated behind the joins. Every row of a group meets the same rows of the other tables,
//! because the group's keys are all that the joins, and whatever else stands above the table, know of it. Rewrites plans, reads nothing.
//!
//! (W. P. Yan and P.-A. Larson, "Eager Aggregation and Lazy Aggregation", VLDB 1995.)

use super::canonical::Source;
use super::matching::{WhyNot, depends_on_repetition, is_known_bucket};
use super::uses::{RollupChoice, TableRollups, choose};
use crate::error::{Error, Result};
use crate::functions::StatementContext;
use crate::physical::prepared;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::catalog::{TableId, Volatility};
use stoa_sql::plan::{
    Aggregate, AggregateCall, ColumnDef, ColumnId, ColumnSet, Expr, Filter, Join, JoinKey, JoinKind, Plan, Scan,
};
use stoa_sql::types::LogicalType;

/// Rows of a table up to which it is the same how they are read.
const FEW_ROWS: u64 = 8_192;

/// So many rows must a rollup stand for with each that it has, or more, for it to be read before a join.
const ROWS_PER_GROUP_MIN: u64 = 2;

/// An aggregation over joins, and what was decided about rollups below them.
struct BelowJoins {
    /// The aggregation of groups, where a rollup answers.
    plan: Option<Plan>,
    /// The name of that rollup, or why none does.
    choice: RollupChoice,
}

/// A plan with its aggregations over joins rewritten; `None` where there is none to rewrite.
pub(crate) fn with_rollups_below_joins(
    plan: &Plan,
    statement: &Arc<StatementContext>,
    rollups: &dyn Fn(TableId) -> TableRollups,
) -> Result<Option<Plan>> {
    if !has_candidates(plan, rollups) {
        return Ok(None);
    }
    let mut next_column = next_column(plan);
    let mut is_changed = false;
    let rewritten = rewritten(plan, &mut |aggregate| {
        let below = below_joins(aggregate, &mut next_column, statement, rollups)?;
        let plan = below.and_then(|below| below.plan);
        is_changed |= plan.is_some();
        Ok(plan)
    })?;
    Ok(is_changed.then_some(rewritten))
}

fn has_candidates(plan: &Plan, rollups: &dyn Fn(TableId) -> TableRollups) -> bool {
    let below = match plan {
        Plan::Aggregate(aggregate) => grouped_before(&aggregate.input),
        _ => None,
    };
    below.is_some_and(|(_, scan)| !rollups(scan.table).rollups.is_empty())
        || plan.inputs().into_iter().any(|input| has_candidates(input, rollups))
}

fn rewritten(plan: &Plan, map: &mut dyn FnMut(&Aggregate) -> Result<Option<Plan>>) -> Result<Plan> {
    let mapped = match plan {
        Plan::Aggregate(aggregate) => map(aggregate)?,
        _ => None,
    };
    match mapped {
        Some(mapped) => Ok(mapped),
        None => plan.clone().try_map_inputs(&mut |input| rewritten(&input, map)),
    }
}

/// A number that no column has, nor any larger one.
fn next_column(plan: &Plan) -> u32 {
    let of_output = plan.output().into_iter().map(|column| column.id.0 + 1).max();
    let of_inputs = plan.inputs().into_iter().map(next_column).max();
    of_output.max(of_inputs).unwrap_or(0)
}

/// The rows of one table, and its scan, below joins which ask nothing of a row but its values, and give it once for each match.
fn grouped_before(plan: &Plan) -> Option<(&Plan, &Scan)> {
    match plan {
        Plan::Project(project) => grouped_before(&project.input),
        Plan::Filter(filter) => grouped_before(&filter.input),
        Plan::Join(join) if keeps_left_rows_apart(&join.kind) => match Source::scan(&join.left) {
            Some(scan) => Some((&join.left, scan)),
            None => grouped_before(&join.left),
        },
        _ => None,
    }
}

fn keeps_left_rows_apart(kind: &JoinKind) -> bool {
    match kind {
        JoinKind::Inner
        | JoinKind::Left
        | JoinKind::Semi
        | JoinKind::Anti
        | JoinKind::NullAwareAnti
        | JoinKind::Mark { .. }
        | JoinKind::Single => true,
        JoinKind::Right | JoinKind::Full | JoinKind::RightSemi | JoinKind::RightAnti => false,
    }
}

/// What is decided about an aggregation, whether it is over a table that has rollups or over joins of one.
pub(crate) fn decided(
    aggregate: &Aggregate,
    statement: &Arc<StatementContext>,
    rollups: &dyn Fn(TableId) -> TableRollups,
) -> Result<Option<RollupChoice>> {
    let choice = choose(aggregate, statement, rollups)?;
    match choice {
        Some(choice) => Ok(Some(choice)),
        None => Ok(below_joins(aggregate, &mut 0, statement, rollups)?.map(|below| below.choice)),
    }
}

/// What becomes of an aggregation; `None` where it is not one over joins of a table that has rollups.
fn below_joins(
    aggregate: &Aggregate,
    next_column: &mut u32,
    statement: &Arc<StatementContext>,
    rollups: &dyn Fn(TableId) -> TableRollups,
) -> Result<Option<BelowJoins>> {
    let Some((rows, scan)) = grouped_before(&aggregate.input) else {
        return Ok(None);
    };
    let of_table = rollups(scan.table);
    if of_table.rollups.is_empty() || aggregate.group_limit.is_some() {
        return Ok(None);
    }
    let Some(source) = Source::of(rows, statement.time_zone.iana_name()) else {
        return Ok(None);
    };
    let mut division = Division {
        rows,
        columns: rows.output_ids(),
        source: &source,
        rollups: &of_table,
        statement,
        definitions: HashMap::new(),
        keys: Vec::new(),
        calls: Vec::new(),
        states: Vec::new(),
        next_column,
    };
    let (steps, above) = match division.divide(aggregate) {
        Ok(divided) => divided,
        Err(reason) => return Ok(Some(unused(&of_table, &reason))),
    };
    let mut below = division.groups();
    let Some(mut choice) = choose(&below, statement, |_| of_table.clone())? else {
        return Ok(None);
    };
    let (work, row_count) = choice.work;
    let saves_work = row_count <= FEW_ROWS || work.saturating_mul(ROWS_PER_GROUP_MIN) <= row_count;
    if let (Some((name, _)), false) = (&choice.used, saves_work) {
        let reason = "before a join it would save too few rows".to_owned();
        choice.unused.insert(0, (name.clone(), reason));
        choice.used = None;
    }
    let plan = choice.used.is_some().then(|| {
        below.states = Some(std::mem::take(&mut division.states));
        let steps = steps.into_iter();
        let input = steps.fold(Plan::Aggregate(below), |input, step| step.over(input));
        Plan::Aggregate(Aggregate {
            input: Box::new(input),
            ..above
        })
    });
    Ok(Some(BelowJoins { plan, choice }))
}

fn unused(of_table: &TableRollups, reason: &str) -> BelowJoins {
    let rollups = of_table.rollups.iter();
    BelowJoins {
        plan: None,
        choice: RollupChoice {
            used: None,
            work: (of_table.row_count, of_table.row_count),
            unused: rollups
                .map(|(named, _)| (named.name.clone(), reason.to_owned()))
                .collect(),
        },
    }
}

/// A column of states, whose type is not the users'.
fn state_column(next_column: &mut u32) -> ColumnDef {
    new_column(next_column, LogicalType::Unknown)
}

fn new_column(next_column: &mut u32, data_type: LogicalType) -> ColumnDef {
    let id = ColumnId(*next_column);
    *next_column += 1;
    ColumnDef {
        id,
        name: String::new(),
        data_type,
        nullable: true,
    }
}

/// What comes of dividing, or why there is no way.
type Divided<T> = std::result::Result<T, WhyNot>;

/// What stands between the two aggregations.
enum Step {
    Filter(Vec<Expr>),
    /// Its left side is what is below.
    Join(Join),
}

impl Step {
    fn over(self, input: Plan) -> Plan {
        let input = Box::new(input);
        match self {
            Step::Filter(predicates) => Plan::Filter(Filter { input, predicates }),
            Step::Join(join) => Plan::Join(Join { left: input, ..join }),
        }
    }
}

/// Finds what is to be known of the rows above their groups: the keys of these, and the aggregates.
struct Division<'a> {
    rows: &'a Plan,
    /// Theirs.
    columns: ColumnSet,
    source: &'a Source<'a>,
    rollups: &'a TableRollups,
    /// What projections above have, over columns of the rows and of the joined tables.
    definitions: HashMap<ColumnId, Expr>,
    keys: Vec<(ColumnDef, Expr)>,
    /// Aggregates of the rows.
    calls: Vec<(ColumnDef, AggregateCall)>,
    /// The columns of their states.
    states: Vec<Vec<ColumnDef>>,
    statement: &'a Arc<StatementContext>,
    next_column: &'a mut u32,
}

impl Division<'_> {
    /// The aggregation of the rows into groups.
    fn groups(&mut self) -> Aggregate {
        Aggregate {
            input: Box::new(self.rows.clone()),
            keys: std::mem::take(&mut self.keys),
            aggregates: std::mem::take(&mut self.calls),
            grouping_sets: None,
            grouping_set_index: None,
            group_limit: None,
            best_groups: None,
            states: None,
        }
    }

    /// What stands above the groups, from the bottom, and the aggregation over it, whose input is not meant.
    fn divide(&mut self, aggregate: &Aggregate) -> Divided<(Vec<Step>, Aggregate)> {
        let mut steps = Vec::new();
        self.add_steps(&aggregate.input, &mut steps)?;
        let keys = aggregate.keys.iter();
        let keys = keys.map(|(column, key)| Ok((column.clone(), self.above(key)?)));
        let keys = keys.collect::<Divided<_>>()?;
        let calls = aggregate.aggregates.iter();
        let calls = calls.map(|(column, call)| Ok((column.clone(), self.call(call)?)));
        let above = Aggregate {
            input: Box::new(Plan::nothing()),
            keys,
            aggregates: calls.collect::<Divided<_>>()?,
            ..aggregate.clone()
        };
        // Without keys there would be a group even of no rows.
        match self.keys.is_empty() {
            true => Err("nothing of its table is asked for but that a row is there".into()),
            false => Ok((steps, above)),
        }
    }

    fn add_steps(&mut self, plan: &Plan, steps: &mut Vec<Step>) -> Divided<()> {
        if std::ptr::eq(plan, self.rows) {
            return Ok(());
        }
        match plan {
            Plan::Project(project) => {
                self.add_steps(&project.input, steps)?;
                for (column, expression) in &project.expressions {
                    let defined = self.defined(expression)?;
                    self.definitions.insert(column.id, defined);
                }
            }
            Plan::Filter(filter) => {
                self.add_steps(&filter.input, steps)?;
                let predicates = self.all_above(&filter.predicates)?;
                steps.push(Step::Filter(predicates));
            }
            Plan::Join(join) => {
                self.add_steps(&join.left, steps)?;
                let keys = join.keys.iter().map(|key| {
                    Ok(JoinKey {
                        left: self.above(&key.left)?,
                        ..key.clone()
                    })
                });
                let keys = keys.collect::<Divided<_>>()?;
                steps.push(Step::Join(Join {
                    left: Box::new(Plan::nothing()),
                    right: join.right.clone(),
                    kind: join.kind.clone(),
                    keys,
                    residual: self.all_above(&join.residual)?,
                }));
            }
            other => return Err(format!("there is a step between ({})", other.title())),
        }
        Ok(())
    }

    /// An expression over columns of the rows and of the joined tables.
    fn defined(&self, expression: &Expr) -> Divided<Expr> {
        let is_moving = |part: &Expr| match part {
            Expr::Call(call) => call.function.volatility == Volatility::Volatile,
            part => part.subquery().is_some(),
        };
        if expression.any(&mut { is_moving }) {
            return Err(format!("{expression} must be evaluated row by row"));
        }
        let definition = |part: &Expr| match part {
            Expr::Column(column) => self.definitions.get(&column.id).cloned(),
            _ => None,
        };
        Ok(expression.clone().replace(&mut { definition }))
    }

    /// An expression over keys of the groups in place of the rows' columns.
    fn above(&mut self, expression: &Expr) -> Divided<Expr> {
        let expression = self.defined(expression)?;
        Ok(expression.replace(&mut |part| match self.is_key(part) {
            true => Some(self.key(part)),
            false => None,
        }))
    }

    fn all_above(&mut self, expressions: &[Expr]) -> Divided<Vec<Expr>> {
        expressions.iter().map(|expression| self.above(expression)).collect()
    }

    /// Whether something is known of the rows by itself: a column, or a bucket that a rollup has or is made of.
    fn is_key(&self, part: &Expr) -> bool {
        if let Expr::Column(column) = part {
            return self.columns.contains(&column.id);
        }
        let columns = part.columns();
        let is_of_rows = columns.iter().next().is_some() && columns.iter().all(|id| self.columns.contains(id));
        if !is_of_rows {
            return false;
        }
        let canonical = self.source.canonical(part);
        let mut rollups = self.rollups.rollups.iter();
        rollups.any(|(named, _)| is_known_bucket(&canonical, &named.rollup))
    }

    fn key(&mut self, part: &Expr) -> Expr {
        if let Some((column, _)) = self.keys.iter().find(|(_, known)| known == part) {
            return Expr::Column(column.clone());
        }
        let column = match part {
            Expr::Column(column) => column.clone(),
            other => ColumnDef {
                name: other.to_string(),
                ..new_column(self.next_column, other.data_type())
            },
        };
        self.keys.push((column.clone(), part.clone()));
        Expr::Column(column)
    }

    fn is_of_rows(&self, expression: &Expr) -> bool {
        expression.columns().iter().all(|id| self.columns.contains(id))
    }

    /// An aggregate over states of the groups, or over their keys where it is the same to it how often a value occurs.
    fn call(&mut self, call: &AggregateCall) -> Divided<AggregateCall> {
        if !call.order_by.is_empty() {
            return Err(format!("{call} depends on the order of rows"));
        }
        let mut defined = call.clone();
        for argument in defined.call.arguments.iter_mut().chain(&mut defined.filter) {
            *argument = self.defined(argument)?;
        }
        let arguments = &defined.call.arguments;
        if !call.distinct && arguments.iter().all(|argument| self.is_of_rows(argument)) {
            return self.over_states(defined);
        }
        if !call.distinct && call.call.function.name != "any_value" && depends_on_repetition(call) {
            return Err(format!("{call} is of values that a join brings"));
        }
        for argument in defined.call.arguments.iter_mut().chain(&mut defined.filter) {
            *argument = self.above(argument)?;
        }
        Ok(defined)
    }

    fn over_states(&mut self, call: AggregateCall) -> Divided<AggregateCall> {
        let mut below = call.clone();
        // Which rows count is known where they are.
        let filter = match below.filter.take() {
            Some(filter) if !self.is_of_rows(&filter) => Some(self.above(&filter)?),
            filter => {
                below.filter = filter;
                None
            }
        };
        let place = match self.calls.iter().position(|(_, known)| *known == below) {
            Some(place) => place,
            None => self.add_call(below)?,
        };
        let states = self.states[place].iter().cloned();
        Ok(AggregateCall {
            filter,
            states: Some(states.map(Expr::Column).collect()),
            ..call
        })
    }

    fn add_call(&mut self, call: AggregateCall) -> Divided<usize> {
        let types = || {
            let prepared = prepared([&call], self.statement)?;
            let [prepared] = prepared.as_slice() else {
                return Ok(Vec::new());
            };
            Ok((prepared.function.accumulator)(&prepared.binding)?.state_types())
        };
        let types = types().map_err(|error: Error| error.to_string())?;
        let states = types.iter().map(|_| state_column(self.next_column));
        self.states.push(states.collect());
        self.calls.push((state_column(self.next_column), call));
        Ok(self.calls.len() - 1)
    }
}
