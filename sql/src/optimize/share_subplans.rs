//! Equal parts of a plan -> one, whose rows are kept: `f(q) .. g(q)` -> `WITH q AS MATERIALIZED (..) f(q) .. g(q)`.
//!
//! Sound because equal plans over one snapshot give equal rows; what may give others each time is left alone. Parts are compared
//! after filters went down, so that a filter of one place is not undone for the other's sake. Worth it where much is read for
//! few rows: rows that are kept are written and read again.

use super::context::{Context, is_volatile};
use super::estimate::Statistics;
use crate::catalog::TableId;
use crate::error::Result;
use crate::limits::SHARED_ROWS_MAX;
use crate::plan::{ColumnDef, ColumnId, CteId, CteScan, Expr, Plan, Scan, With};
use std::collections::HashMap;

/// Rows that a shared part must read for each that it gives.
const READ_ROWS_PER_ROW: f64 = 4.0;

/// Shares what occurs more than once.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let mut tables = HashMap::new();
    count_tables(&plan, &mut tables);
    if tables.values().all(|count| *count < 2) {
        return Ok(plan);
    }
    let mut statistics = Statistics::default();
    statistics.collect(&plan, context);
    let mut sharing = Sharing {
        context,
        statistics,
        tables,
        candidates: Vec::new(),
    };
    sharing.count(&plan);
    sharing.candidates.retain(|candidate| candidate.count > 1);
    if sharing.candidates.is_empty() {
        return Ok(plan);
    }
    let body = sharing.replace(plan);
    let shared = sharing.candidates.into_iter().filter_map(|candidate| candidate.shared);
    Ok(shared.fold(body, |body, shared| {
        Plan::With(With {
            id: shared.id,
            name: shared.name,
            definition: Box::new(shared.definition),
            recursive: None,
            columns: shared.columns,
            body: Box::new(body),
        })
    }))
}

fn count_tables(plan: &Plan, tables: &mut HashMap<TableId, usize>) {
    if let Plan::Scan(scan) = plan {
        *tables.entry(scan.table).or_insert(0) += 1;
    }
    plan.inputs().into_iter().for_each(|input| count_tables(input, tables));
}

struct Sharing<'c> {
    context: &'c Context<'c>,
    statistics: Statistics,
    /// How often each table is read.
    tables: HashMap<TableId, usize>,
    candidates: Vec<Candidate>,
}

/// A part that may occur more than once.
struct Candidate {
    /// See [`canonical_form`].
    form: Plan,
    count: usize,
    shared: Option<Shared>,
}

/// A part that is computed once.
struct Shared {
    id: CteId,
    name: String,
    definition: Plan,
    columns: Vec<ColumnDef>,
}

impl Sharing<'_> {
    fn count(&mut self, plan: &Plan) {
        if let Some(form) = self.form_of(plan) {
            match self.candidates.iter_mut().find(|candidate| candidate.form == form) {
                Some(candidate) => candidate.count += 1,
                None => self.candidates.push(Candidate {
                    form,
                    count: 1,
                    shared: None,
                }),
            }
        }
        plan.inputs().into_iter().for_each(|input| self.count(input));
    }

    /// The canonical form of a part that can be shared and is worth it.
    fn form_of(&self, plan: &Plan) -> Option<Plan> {
        let is_costly = matches!(
            plan,
            Plan::Aggregate(_) | Plan::Distinct(_) | Plan::Join(_) | Plan::Window(_)
        );
        if !is_costly || !self.is_repeated(plan) || !is_alone(plan) || !plan.free_columns().is_empty() {
            return None;
        }
        let rows = self.statistics.rows(plan, self.context);
        let is_worth_it = rows <= SHARED_ROWS_MAX && rows * READ_ROWS_PER_ROW <= self.rows_read(plan);
        is_worth_it.then(|| canonical_form(plan))
    }

    /// Whether every table of a part is read elsewhere, too.
    fn is_repeated(&self, plan: &Plan) -> bool {
        match plan {
            Plan::Scan(scan) => self.tables.get(&scan.table).is_some_and(|count| *count > 1),
            _ => plan.inputs().into_iter().all(|input| self.is_repeated(input)),
        }
    }

    fn rows_read(&self, plan: &Plan) -> f64 {
        match plan {
            Plan::Scan(_) => self.statistics.rows(plan, self.context),
            _ => plan.inputs().into_iter().map(|input| self.rows_read(input)).sum(),
        }
    }

    /// The largest parts that occur again become scans of what is shared.
    fn replace(&mut self, plan: Plan) -> Plan {
        let form = self.form_of(&plan);
        let known = form.and_then(|form| self.candidates.iter().position(|candidate| candidate.form == form));
        let Some(known) = known else {
            return plan.map_inputs(&mut |input| self.replace(input));
        };
        let shared_count = self.candidates.iter().filter(|known| known.shared.is_some()).count();
        let context = self.context;
        let shared = self.candidates[known].shared.get_or_insert_with(|| {
            let (definition, columns) = context.fresh_copy(&plan);
            Shared {
                id: context.cte_id(),
                name: format!("shared_{}", shared_count + 1),
                definition,
                columns,
            }
        });
        Plan::CteScan(CteScan {
            id: shared.id,
            name: shared.name.clone(),
            columns: plan.output().into_iter().enumerate().collect(),
        })
    }
}

/// Whether a part depends on nothing but tables, and gives the same each time.
fn is_alone(plan: &Plan) -> bool {
    let mut is_stable = true;
    plan.for_each_expression(&mut |expression| is_stable &= !is_volatile(expression));
    is_stable
        && !matches!(plan, Plan::CteScan(_) | Plan::With(_) | Plan::TableFunction(_))
        && plan.inputs().into_iter().all(is_alone)
}

/// The part without names and places in the text, its columns numbered in the order in which they occur.
fn canonical_form(plan: &Plan) -> Plan {
    let nameless = plan.clone().transform_up(&mut |node| match node {
        Plan::Scan(scan) => Plan::Scan(Scan {
            name: String::new(),
            ..scan
        }),
        other => other,
    });
    let placeless =
        nameless.transform_up(&mut |node| node.map_expressions(&mut |part| part.transform_up(&mut without_place)));
    let mut numbers: HashMap<ColumnId, ColumnId> = HashMap::new();
    placeless.map_columns(&mut |column| {
        let next = ColumnId(numbers.len() as u32);
        ColumnDef {
            id: *numbers.entry(column.id).or_insert(next),
            name: String::new(),
            ..column
        }
    })
}

fn without_place(expression: Expr) -> Expr {
    match expression {
        Expr::Cast {
            input,
            target,
            explicit,
            span: _,
        } => Expr::Cast {
            input,
            target,
            explicit,
            span: None,
        },
        other => other,
    }
}
