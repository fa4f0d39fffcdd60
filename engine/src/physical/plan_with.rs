//! Common table expressions: materialized once, scanned by their uses; recursive ones round by round.

use super::plan_join::node_count;
use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::operators::cte::{CteRows, CteSink, CteSource, PlanRound, RecursiveSource};
use crate::operators::seen_rows::SeenRows;
use crate::pipeline::Sink;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::plan::{CteId, CteScan, Plan, Recursive, With};

/// How the rows of a common table expression are had.
#[derive(Clone)]
pub(super) enum CteAccess {
    /// They are kept.
    Kept(Arc<CteRows>),
    /// A recursion that is used once runs as its rows are asked for.
    Recursion(Recursion),
}

/// A recursion that was planned.
#[derive(Clone)]
pub(super) struct Recursion {
    base: Arc<CteRows>,
    working: Arc<CteRows>,
    plan_round: PlanRound,
    seen: Option<Arc<SeenRows>>,
}

impl Planner {
    pub(super) fn plan_with(&mut self, with: &With) -> Result<Piece> {
        let definition = self.planned_by_place(&with.definition, &with.columns)?;
        let rows = CteRows::new(self.context.memory.clone());
        self.sink(definition, Arc::new(CteSink(rows.clone())));
        let access = match &with.recursive {
            None => CteAccess::Kept(rows),
            Some(recursive) => {
                let recursion = self.recursion(with, recursive, rows)?;
                match use_count(&with.body, with.id) {
                    0 | 1 => CteAccess::Recursion(recursion),
                    _ => {
                        let kept = CteRows::new(self.context.memory.clone());
                        let source = self.recursive_source(recursion, (0..with.columns.len()).collect());
                        let piece = Piece::source(source, with.columns.clone());
                        self.sink(piece, Arc::new(CteSink(kept.clone())));
                        CteAccess::Kept(kept)
                    }
                }
            }
        };
        self.ctes.insert(with.id, access);
        self.plan(&with.body)
    }

    pub(super) fn plan_cte_scan(&mut self, scan: &CteScan) -> Result<Piece> {
        let access = self.ctes.get(&scan.id).cloned();
        let access = access.ok_or_else(|| Error::Internal(format!("the rows of {} are not known", scan.name)))?;
        let places = scan.columns.iter().map(|(place, _)| *place).collect();
        let columns = scan.columns.iter().map(|(_, column)| column.clone()).collect();
        Ok(match access {
            CteAccess::Kept(rows) => Piece::source(CteSource::new(rows, places), columns),
            CteAccess::Recursion(recursion) => Piece::source(self.recursive_source(recursion, places), columns),
        })
    }

    fn recursive_source(&self, recursion: Recursion, places: Vec<usize>) -> RecursiveSource {
        RecursiveSource {
            base: recursion.base,
            working: recursion.working,
            plan_round: recursion.plan_round,
            seen: recursion.seen,
            places,
            cancel: self.context.cancel.clone(),
        }
    }

    /// The recursive term is planned anew for each round, as sources run once.
    fn recursion(&mut self, with: &With, recursive: &Recursive, base: Arc<CteRows>) -> Result<Recursion> {
        let working = CteRows::new(self.context.memory.clone());
        let mut ctes = self.ctes.clone();
        ctes.insert(with.id, CteAccess::Kept(working.clone()));
        let node = self.next_node;
        self.next_node += node_count(&recursive.term);
        let context = self.context.clone();
        let (tables, referenced, wanted) = (self.tables.clone(), self.referenced.clone(), self.wanted.clone());
        let (term, columns) = (recursive.term.clone(), with.columns.clone());
        let plan_round = move |sink: Arc<dyn Sink>| {
            let mut planner = Planner {
                wanted_partials: None,
                context: context.clone(),
                pipelines: Vec::new(),
                ctes: ctes.clone(),
                tables: tables.clone(),
                next_node: node,
                referenced: referenced.clone(),
                wanted: wanted.clone(),
                dynamic_conditions: HashMap::new(),
            };
            let piece = planner.planned_by_place(&term, &columns)?;
            planner.sink(piece, sink);
            Ok(planner.finish())
        };
        let seen = match recursive.all {
            true => None,
            false => Some(SeenRows::new(&column_types(&with.columns), &self.context.memory)?),
        };
        Ok(Recursion {
            base,
            working,
            plan_round: Arc::new(plan_round),
            seen,
        })
    }
}

/// How often a plan scans a common table expression; a recursive term, which may run often, counts twice.
fn use_count(plan: &Plan, id: CteId) -> usize {
    match plan {
        Plan::CteScan(scan) => usize::from(scan.id == id),
        Plan::With(with) => {
            let recursive = with.recursive.as_ref();
            let in_term = recursive.map_or(0, |recursive| 2 * use_count(&recursive.term, id));
            use_count(&with.definition, id) + in_term + use_count(&with.body, id)
        }
        plan => plan.inputs().into_iter().map(|input| use_count(input, id)).sum(),
    }
}
