//! What running a plan costs, about, and what comes out of it: for EXPLAIN, and for programs that compare it with what reading the
//! rows themselves would cost them. Nothing here chooses a plan, but the weights are those by which joins are ordered.
//!
//! What is counted is rows: those that a node hands on, those that a scan looks at, those put into hash tables and looked up there, and
//! pairs that are compared. A row handed on is [`ROW_COST`], so that figures are of Postgres's kind. The first row's cost is what has
//! to be done before it: a sort's whole input, a join's build side.

use super::context::Context;
use super::estimate::Statistics;
use super::reorder_joins::{BUILD_COST, PAIR_COST, probe_cost};
use crate::catalog::Catalog;
use crate::plan::{ColumnDef, Plan, SetOperationKind};
use crate::types::LogicalType;

/// A row handed on, in Postgres's unit, a page read from a disk in order: its default of `cpu_tuple_cost`.
const ROW_COST: f64 = 0.01;

/// Bytes of a value whose length its type does not tell, where Postgres knows nothing either.
const UNKNOWN_BYTES: u32 = 32;

/// What is expected of a node of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Until its first row.
    pub startup_cost: f64,
    /// Until its last row.
    pub total_cost: f64,
    /// Rows it hands on.
    pub rows: f64,
    /// Bytes of such a row.
    pub width: u32,
}

/// Costs counted in rows handed on.
#[derive(Clone, Copy)]
struct Cost {
    startup: f64,
    total: f64,
    rows: f64,
}

/// The estimates of a plan's nodes: a node before its inputs, those in order.
pub(crate) fn estimate(plan: &Plan, catalog: &dyn Catalog) -> Vec<Estimate> {
    let context = Context::new(catalog, 0, 0);
    let mut statistics = Statistics::default();
    statistics.collect(plan, &context);
    let mut estimates = Vec::new();
    add(plan, &statistics, &context, &mut estimates);
    estimates
}

fn add(plan: &Plan, statistics: &Statistics, context: &Context<'_>, estimates: &mut Vec<Estimate>) -> Cost {
    let place = estimates.len();
    estimates.push(Estimate {
        startup_cost: 0.0,
        total_cost: 0.0,
        rows: 0.0,
        width: plan.output().iter().map(width).fold(0, u32::saturating_add),
    });
    let inputs: Vec<Cost> = plan
        .inputs()
        .into_iter()
        .map(|input| add(input, statistics, context, estimates))
        .collect();
    let cost = cost(plan, statistics.rows(plan, context), &inputs, context);
    if let Some(estimate) = estimates.get_mut(place) {
        estimate.startup_cost = cost.startup * ROW_COST;
        estimate.total_cost = cost.total * ROW_COST;
        estimate.rows = cost.rows;
    }
    cost
}

fn cost(plan: &Plan, rows: f64, inputs: &[Cost], context: &Context<'_>) -> Cost {
    const NOTHING: Cost = Cost {
        startup: 0.0,
        total: 0.0,
        rows: 1.0,
    };
    let first = inputs.first().copied().unwrap_or(NOTHING);
    let second = inputs.get(1).copied().unwrap_or(NOTHING);
    let made = |startup: f64, total: f64| Cost {
        startup,
        total: total + rows,
        rows,
    };
    // Everything comes in before anything goes out.
    let after_all = |work: f64| made(first.total + work, first.total + work);
    match plan {
        Plan::Scan(scan) => {
            let looked_at = context.catalog.row_count(scan.table);
            made(0.0, looked_at.map_or(rows, |count| count as f64))
        }
        Plan::Values(_) | Plan::TableFunction(_) | Plan::CteScan(_) => made(0.0, 0.0),
        Plan::Filter(_) | Plan::Project(_) => made(first.startup, first.total),
        Plan::Limit(_) => {
            let share = (rows / first.rows.max(1.0)).min(1.0);
            made(first.startup, first.startup + (first.total - first.startup) * share)
        }
        Plan::Sort(sort) => {
            let kept = sort.limit.map_or(first.rows, |limit| first.rows.min(limit as f64));
            after_all(first.rows * comparisons(kept))
        }
        Plan::Window(_) => after_all(first.rows * comparisons(first.rows)),
        Plan::Aggregate(aggregate) if aggregate.keys.is_empty() => after_all(0.0),
        Plan::Aggregate(_) => after_all(hashed(first.rows, rows)),
        Plan::Distinct(_) => made(first.startup, first.total + hashed(first.rows, rows)),
        Plan::Join(join) => {
            let build = second.total + second.rows * BUILD_COST;
            let pairs = if join.keys.is_empty() {
                first.rows * second.rows
            } else {
                0.0
            };
            let probes = first.rows * probe_cost(second.rows) + pairs * PAIR_COST;
            made(build + first.startup, build + first.total + probes)
        }
        Plan::AsOfJoin(_) => {
            let sorted = second.total + second.rows * comparisons(second.rows);
            let searches = first.rows * comparisons(second.rows);
            made(sorted + first.startup, sorted + first.total + searches)
        }
        Plan::Apply(_) => made(first.startup + second.startup, first.total + first.rows * second.total),
        Plan::SetOperation(operation) => {
            let total: f64 = inputs.iter().map(|input| input.total).sum();
            match (operation.kind, operation.all) {
                (SetOperationKind::Union, true) => made(first.startup, total),
                _ => {
                    let count: f64 = inputs.iter().map(|input| input.rows).sum();
                    let total = total + hashed(count, rows);
                    made(total, total)
                }
            }
        }
        Plan::With(_) => {
            let (body, kept) = inputs
                .split_last()
                .map_or((NOTHING, inputs), |(body, kept)| (*body, kept));
            let before: f64 = kept.iter().map(|input| input.total).sum();
            Cost {
                startup: before + body.startup,
                total: before + body.total,
                rows,
            }
        }
    }
}

/// Rows looked up among so many different ones, which are put there.
fn hashed(rows: f64, different: f64) -> f64 {
    rows * probe_cost(different) + different * BUILD_COST
}

/// Comparisons that find a row's place among so many.
fn comparisons(rows: f64) -> f64 {
    rows.max(2.0).log2() * PAIR_COST
}

/// Bytes of a column's values: of their type, as Postgres takes it where it has no statistics.
fn width(column: &ColumnDef) -> u32 {
    match &column.data_type {
        LogicalType::Boolean | LogicalType::SingleChar => 1,
        LogicalType::SmallInt => 2,
        LogicalType::Integer
        | LogicalType::Real
        | LogicalType::Date
        | LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace
        | LogicalType::Void => 4,
        LogicalType::BigInt
        | LogicalType::Double
        | LogicalType::Time
        | LogicalType::Timestamp
        | LogicalType::TimestampTz => 8,
        LogicalType::Tid => 6,
        LogicalType::Interval | LogicalType::Uuid => 16,
        LogicalType::Name => 64,
        LogicalType::Char(length) => *length,
        LogicalType::Varchar(Some(length)) => (*length).min(UNKNOWN_BYTES),
        LogicalType::Numeric { .. }
        | LogicalType::Jsonpath
        | LogicalType::Text
        | LogicalType::Varchar(None)
        | LogicalType::Json
        | LogicalType::Jsonb
        | LogicalType::Bytea
        | LogicalType::Int2Vector
        | LogicalType::OidVector
        | LogicalType::Array(_)
        | LogicalType::Record(_)
        | LogicalType::Unknown => UNKNOWN_BYTES,
    }
}
