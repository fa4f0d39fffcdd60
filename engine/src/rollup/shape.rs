//! What a rollup's definition comes to: keys, conditions and aggregates over the table's columns by place, and the columns of a partial.
//! A definition that cannot be kept exact is refused, with what would do.

use super::canonical::{Source, column_def};
use super::definition::RollupDefinition;
use super::exact::{KEPT, inexact};
use super::fixed::{Reason, unfixed};
use super::one_table::{OneTable, no_session};
use super::states::{StateColumn, have_same_states, state_columns};
use crate::catalog::relation::table_relation;
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::functions::StatementContext;
use crate::operators::hash_aggregate::AggregateSpecification;
use crate::physical::{Inputs, PreparedCall, prepared};
use crate::types::{LogicalType, array_type};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;
use stoa_sql::CompileOptions;
use stoa_sql::plan::{self, Aggregate, AggregateCall, ColumnDef, ColumnSet, Expr, Plan, Statement};
use stoa_storage::schema::{ColumnId, ColumnSchema, RollupSchema, TableId, TableSchema};
use stoa_storage::vector::is_stored_type;

/// See the module.
#[derive(Clone)]
pub(crate) struct Rollup {
    /// Its identity in storage.
    pub(crate) id: TableId,
    /// The number of its materialized view.
    pub(crate) view: u32,
    /// The types of the table's columns.
    table_types: Vec<LogicalType>,
    pub(super) keys: Vec<Expr>,
    /// The conditions of its rows.
    pub(super) conditions: Vec<Expr>,
    pub(super) calls: Vec<RollupCall>,
    statement: Arc<StatementContext>,
}

/// An aggregate of a [`Rollup`].
#[derive(Clone)]
pub(super) struct RollupCall {
    pub(super) call: AggregateCall,
    prepared: PreparedCall,
    /// The columns of a partial that hold its states.
    pub(super) places: Range<usize>,
    state_types: Vec<DataType>,
    /// What the states are, where others are made of the same.
    pub(super) states: Option<Vec<StateColumn>>,
}

impl std::fmt::Debug for Rollup {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Rollup({})", self.id.0)
    }
}

impl Rollup {
    /// What storage keeps of a rollup, made ready.
    ///
    /// # Errors
    /// The definition does not fit the table any more.
    pub(crate) fn of(table: &TableSchema, rollup: &RollupSchema) -> Result<Self> {
        Rollup::new(table, rollup.id, &RollupDefinition::read(&rollup.definition)?)
    }

    /// A definition made ready.
    ///
    /// # Errors
    /// 0A000: it cannot be kept exact.
    pub(crate) fn new(table: &TableSchema, id: TableId, definition: &RollupDefinition) -> Result<Self> {
        let relation = table_relation(&Arc::new(table.clone()))?;
        let statement = no_session();
        let catalog = OneTable {
            name: definition.table.name.clone(),
            info: definition.table.read(&relation),
            statement: statement.clone(),
        };
        let parsed = stoa_sql::parse(&definition.query)?;
        let [parsed] = parsed.as_slice() else {
            return Err(Error::Internal("a rollup is not one query".into()));
        };
        let compiled = stoa_sql::compile(parsed, &catalog, &CompileOptions::default())?;
        let Statement::Query(query) = &compiled.statement else {
            return Err(Error::Internal("a rollup is no query".into()));
        };
        let aggregate = aggregation(&query.plan)?;
        let source = Source::of(&aggregate.input, None).ok_or_else(|| other_input(&aggregate.input))?;
        let mut rollup = Rollup {
            id,
            view: definition.view,
            table_types: catalog
                .info
                .columns
                .iter()
                .map(|column| column.data_type.clone())
                .collect(),
            keys: aggregate.keys.iter().map(|(_, key)| source.canonical(key)).collect(),
            conditions: source
                .conditions
                .iter()
                .map(|condition| condition.expression.clone())
                .collect(),
            calls: Vec::new(),
            statement: statement.clone(),
        };
        rollup.add_calls(aggregate, &source)?;
        rollup.check()?;
        Ok(rollup)
    }

    fn add_calls(&mut self, aggregate: &Aggregate, source: &Source<'_>) -> Result<()> {
        let calls = aggregate.aggregates.iter();
        let calls: Vec<AggregateCall> = calls.map(|(_, call)| source.canonical_call(call)).collect();
        let prepared = prepared(&calls, &self.statement)?;
        let mut reasons = calls
            .iter()
            .zip(&prepared)
            .filter_map(|(call, prepared)| inexact(call, prepared));
        if let Some(reason) = reasons.next() {
            return Err(reason.refusal());
        }
        for (_, call) in prepared.iter().zip(&calls).filter(|(prepared, _)| prepared.distinct) {
            self.add_distinct(call);
        }
        let mut next_place = self.keys.len();
        for (prepared, call) in prepared.into_iter().zip(calls) {
            if prepared.distinct {
                continue;
            }
            let states = state_columns(&prepared)?;
            if self.has_shared(&call, states.as_deref()) {
                continue;
            }
            let state_types = (prepared.function.accumulator)(&prepared.binding)?.state_types();
            if let Some(other) = state_types.iter().find(|data_type| !is_stored_type(data_type)) {
                return Err(Reason {
                    message: format!("the states of {} cannot be stored ({other})", call.call.function.name),
                    hint: KEPT,
                }
                .refusal());
            }
            let places = next_place..next_place + state_types.len();
            next_place = places.end;
            self.calls.push(RollupCall {
                states,
                call,
                prepared,
                places,
                state_types,
            });
        }
        Ok(())
    }

    /// Whether a call before has the very states of a call, as one percentile has those of another.
    fn has_shared(&self, call: &AggregateCall, states: Option<&[StateColumn]>) -> bool {
        let shared = states.filter(|states| matches!(states, [StateColumn::Family(..), ..]));
        self.calls
            .iter()
            .any(|known| shared.is_some() && known.states.as_deref() == shared && have_same_states(&known.call, call))
    }

    /// Distinct arguments are further keys: a partial has each once.
    fn add_distinct(&mut self, call: &AggregateCall) {
        for part in call.call.arguments.iter().chain(&call.filter) {
            if !matches!(part, Expr::Literal(..)) && !self.keys.contains(part) {
                self.keys.push(part.clone());
            }
        }
    }

    /// All that it evaluates.
    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let calls = self.calls.iter().map(|call| &call.call);
        let arguments = calls.flat_map(|call| call.call.arguments.iter().chain(&call.filter));
        self.keys.iter().chain(&self.conditions).chain(arguments)
    }

    fn check(&self) -> Result<()> {
        for expression in self.expressions() {
            if let Some(reason) = unfixed(expression) {
                return Err(reason.refusal());
            }
            let is_hidden =
                |part: &Expr| matches!(part, Expr::Column(column) if column.id.0 as usize >= self.table_types.len());
            if expression.any(&mut { is_hidden }) {
                return Err(Reason {
                    message: "it reads what identifies a row".into(),
                    hint: "Roll up the table's own columns.",
                }
                .refusal());
            }
        }
        for key in &self.keys {
            let data_type = key.data_type();
            let is_equal_in_many_ways = matches!(
                data_type,
                LogicalType::Json
                    | LogicalType::Jsonb
                    | LogicalType::Jsonpath
                    | LogicalType::Interval
                    | LogicalType::Real
                    | LogicalType::Double
            );
            if is_equal_in_many_ways || !is_stored_type(&array_type(&data_type)) {
                return Err(Reason {
                    message: format!("it groups by a value of type {data_type}"),
                    hint: "Group by whole or decimal numbers, texts, dates, times, booleans or uuids.",
                }
                .refusal());
            }
        }
        Ok(())
    }

    /// The columns of a partial, as storage keeps them.
    pub(crate) fn columns(&self) -> Vec<ColumnSchema> {
        let keys = self.keys.iter().map(|key| array_type(&key.data_type()));
        let states = self.calls.iter().flat_map(|call| call.state_types.iter().cloned());
        let columns = (0..).zip(keys.chain(states));
        columns
            .map(|(place, data_type)| ColumnSchema {
                id: ColumnId(place),
                name: match self.keys.len() > place as usize {
                    true => format!("key_{place}"),
                    false => format!("state_{place}"),
                },
                data_type,
                nullable: true,
                missing_value: None,
            })
            .collect()
    }

    /// The keys that are columns of the table: their places in a partial and in the table.
    pub(crate) fn plain_keys(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.keys.iter().enumerate().filter_map(|(place, key)| match key {
            Expr::Column(column) => Some((place, column.id.0 as usize)),
            _ => None,
        })
    }

    /// How many columns a partial has.
    pub(super) fn column_count(&self) -> usize {
        self.calls.last().map_or(self.keys.len(), |call| call.places.end)
    }

    /// The layout of batches of some columns of a partial. Types of states are not the users'.
    pub(super) fn layout(&self, places: &[usize]) -> Layout {
        let columns = places.iter().map(|place| {
            let key = self.keys.get(*place);
            column_def(*place, key.map_or(LogicalType::Unknown, Expr::data_type))
        });
        Layout::new(columns.collect())
    }

    /// The table's columns that it is made of, by place.
    pub(super) fn table_places(&self) -> Vec<usize> {
        let mut columns = ColumnSet::default();
        for expression in self.expressions() {
            expression.collect_columns(&mut columns);
        }
        (0..self.table_types.len())
            .filter(|place| columns.contains(&plan::ColumnId(*place as u32)))
            .collect()
    }

    /// What makes a partial of rows of those columns.
    pub(super) fn specification(&self) -> Result<(AggregateSpecification, Layout)> {
        let places = self.table_places().into_iter();
        let columns: Vec<ColumnDef> = places
            .map(|place| column_def(place, self.table_types[place].clone()))
            .collect();
        let layout = Layout::new(columns);
        let mut inputs = Inputs::new(&self.statement, &layout);
        let keys = inputs.keys(&self.keys)?;
        let calls = self.calls.iter().map(|call| inputs.step(call.prepared.clone()));
        let calls = calls.collect::<Result<Vec<_>>>()?;
        let specification = AggregateSpecification {
            keys,
            key_types: self.keys.iter().map(|key| array_type(&key.data_type())).collect(),
            arguments: inputs.arguments,
            filters: inputs.filters,
            calls,
            sets: vec![(0..self.keys.len()).collect()],
            gives_set_index: false,
            gives_states: true,
            group_limit: None,
            best_groups: None,
        };
        Ok((specification, layout))
    }

    /// What functions may know while partials are made.
    pub(super) fn statement(&self) -> &Arc<StatementContext> {
        &self.statement
    }
}

/// The aggregation of a rollup's query; what is above it is computed when the view is read.
fn aggregation(plan: &Plan) -> Result<&Aggregate> {
    match plan {
        Plan::Project(project) => aggregation(&project.input),
        Plan::Filter(filter) => aggregation(&filter.input),
        Plan::Sort(sort) if sort.limit.is_none() => aggregation(&sort.input),
        Plan::Aggregate(aggregate) if aggregate.grouping_sets.is_none() => Ok(aggregate),
        Plan::Aggregate(_) => Err(Reason {
            message: "it has several grouping sets".into(),
            hint: "Group by all keys; coarser groups are answered from the same rollup.",
        }
        .refusal()),
        other => Err(Reason {
            message: format!("its outermost step is {}, not a grouping", other.title()),
            hint: "Write SELECT keys, aggregates FROM table GROUP BY keys.",
        }
        .refusal()),
    }
}

fn other_input(input: &Plan) -> Error {
    let mut plan = input;
    while let Plan::Project(_) | Plan::Filter(_) = plan {
        match plan.inputs().first() {
            Some(input) => plan = input,
            None => break,
        }
    }
    let (message, hint) = match plan {
        Plan::Join(_) | Plan::AsOfJoin(_) => (
            "it joins".to_owned(),
            "Roll up on the key of the other table, and join when the view is read: changes of the other table then show at once.",
        ),
        other => (
            format!("it groups the rows of {}", other.title()),
            "Group the rows of one table.",
        ),
    };
    Reason { message, hint }.refusal()
}
