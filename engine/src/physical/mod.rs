//! From an optimized plan to pipelines: every plan node becomes a source, a transform, or a sink and the source that reads it.
//! One file per family of nodes; each takes the node and hands back a [`Piece`]. Decides how, never what.

mod column_facts;
mod late_columns;
mod plan_aggregate;
mod plan_as_of_join;
mod plan_distinct;
mod plan_filter;
mod plan_join;
mod plan_project;
mod plan_scan;
mod plan_set_operation;
mod plan_sort;
mod plan_table_function;
mod plan_values;
mod plan_window;
mod plan_with;
mod predicate;
mod referenced;
mod wanted;

use crate::error::Result;
use crate::expression::{Expression, Layout};
use crate::operators::cte::CteRows;
use crate::pipeline::{Branch, Pipeline, Profiled, QueryContext, Sink, Source, Transform};
use crate::rollup::RollupUse;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, ColumnId, ColumnSet, CteId, Expr, Plan};

/// Rows on their way: the branches they come from, one after the other, and the columns of their batches.
pub(crate) struct Piece {
    pub(crate) branches: Vec<Branch>,
    pub(crate) layout: Arc<Layout>,
}

impl Piece {
    /// Rows of a source.
    pub(crate) fn source(source: impl Source + 'static, columns: Vec<ColumnDef>) -> Self {
        Piece::boxed_source(Box::new(source), columns)
    }

    /// Rows of a source whose type was chosen elsewhere.
    pub(crate) fn boxed_source(source: Box<dyn Source>, columns: Vec<ColumnDef>) -> Self {
        Piece {
            branches: vec![Branch {
                source: Arc::from(source),
                transforms: Vec::new(),
            }],
            layout: Arc::new(Layout::new(columns)),
        }
    }

    /// The same rows after a transform that all branches share.
    pub(crate) fn through(mut self, transform: impl Transform + 'static, columns: Vec<ColumnDef>) -> Self {
        let transform: Arc<dyn Transform> = Arc::new(transform);
        for branch in &mut self.branches {
            branch.transforms.push(transform.clone());
        }
        self.layout = Arc::new(Layout::new(columns));
        self
    }
}

/// Turns one statement's plan into pipelines, in the order in which they must run.
pub(crate) struct Planner {
    pub(crate) context: QueryContext,
    pipelines: Vec<Pipeline>,
    /// Where the rows of common table expressions are kept.
    ctes: HashMap<CteId, plan_with::CteAccess>,
    /// How storage and system tables are reached.
    tables: Arc<dyn plan_scan::Tables>,
    /// The number that the next plan node gets, counted as EXPLAIN prints them.
    next_node: usize,
    /// Columns that anything but the filters of their own scan asks for.
    referenced: ColumnSet,
    /// By join: the columns that anything above it asks for.
    wanted: Arc<HashMap<usize, ColumnSet>>,
    /// Conditions on columns of scans that are yet to be planned, which operators above tighten while they run. Whoever adds one
    /// makes sure that rows of the scan which do not meet it cannot matter.
    pub(crate) dynamic_conditions: HashMap<ColumnId, Vec<DynamicCondition>>,
    /// A rollup whose partials the scan that is planned next hands out, and who takes them.
    wanted_partials: Option<(RollupUse, Arc<LateReceiver>)>,
}

pub(crate) use plan_aggregate::{Inputs, LateReceiver, PreparedCall, prepared};
pub(crate) use plan_scan::{DynamicCondition, Reading, StoredColumn, SummaryWish, TableAccess, Tables};
pub(crate) use predicate::translates_whole;

impl Planner {
    /// For a statement that runs in this context.
    pub(crate) fn new(context: QueryContext, tables: Arc<dyn Tables>) -> Self {
        Planner {
            context,
            pipelines: Vec::new(),
            ctes: HashMap::new(),
            tables,
            next_node: 0,
            referenced: ColumnSet::default(),
            wanted: Arc::default(),
            dynamic_conditions: HashMap::new(),
            wanted_partials: None,
        }
    }

    /// With rows that scans of common table expressions find.
    pub(crate) fn with_rows(mut self, rows: &HashMap<CteId, Arc<CteRows>>) -> Self {
        let rows = rows
            .iter()
            .map(|(id, rows)| (*id, plan_with::CteAccess::Kept(rows.clone())));
        self.ctes.extend(rows);
        self
    }

    /// Plans a node and what is below it. Inputs must be planned in the order in which `Plan::inputs` gives them, or see to their
    /// nodes' numbers.
    pub(crate) fn plan(&mut self, plan: &Plan) -> Result<Piece> {
        if self.next_node == 0 {
            self.referenced = referenced::columns(plan);
            self.wanted = Arc::new(wanted::columns(plan));
        }
        let node = self.next_node;
        self.next_node += 1;
        let piece = stacker::maybe_grow(PLAN_STACK_BYTES / 4, PLAN_STACK_BYTES, || match plan {
            Plan::Scan(scan) => self.plan_scan(scan, node),
            Plan::CteScan(scan) => self.plan_cte_scan(scan),
            Plan::Values(values) => self.plan_values(values),
            Plan::TableFunction(function) => self.plan_table_function(function),
            Plan::Filter(filter) => self.plan_filter(filter),
            Plan::Project(project) => self.plan_project(project),
            Plan::Aggregate(aggregate) => self.plan_aggregate(aggregate, node),
            Plan::Join(join) => self.plan_join(join, node),
            Plan::AsOfJoin(join) => self.plan_as_of_join(join),
            Plan::Apply(apply) => self.plan_apply(apply),
            Plan::Sort(sort) => self.plan_sort(sort, node),
            Plan::Limit(limit) => self.plan_limit(limit),
            Plan::Distinct(distinct) => self.plan_distinct(distinct),
            Plan::Window(window) => self.plan_window(window),
            Plan::SetOperation(operation) => self.plan_set_operation(operation),
            Plan::With(with) => self.plan_with(with),
        })?;
        Ok(self.profiled(piece, node))
    }

    /// The piece, counting what it hands on if somebody wants to know.
    fn profiled(&self, piece: Piece, node: usize) -> Piece {
        let Some(profile) = &self.context.profile else {
            return piece;
        };
        let columns = piece.layout.columns().to_vec();
        piece.through(
            Profiled {
                node: profile.node(node),
            },
            columns,
        )
    }

    /// Ends a piece in a sink: a pipeline that runs before whatever is planned next.
    pub(crate) fn sink(&mut self, piece: Piece, sink: Arc<dyn Sink>) {
        self.pipelines.push(Pipeline {
            branches: piece.branches,
            sink,
        });
    }

    /// Compiles an expression over a piece's columns.
    pub(crate) fn compile(&self, expression: &Expr, layout: &Layout) -> Result<Expression> {
        Expression::compile(expression, layout, &self.context.statement)
    }

    /// Compiles expressions over a piece's columns.
    pub(crate) fn compile_all<'e>(
        &self,
        expressions: impl IntoIterator<Item = &'e Expr>,
        layout: &Layout,
    ) -> Result<Vec<Expression>> {
        expressions
            .into_iter()
            .map(|expression| self.compile(expression, layout))
            .collect()
    }

    /// All pipelines, in order.
    pub(crate) fn finish(self) -> Vec<Pipeline> {
        self.pipelines
    }
}

/// The stack that planning the deepest plan needs.
const PLAN_STACK_BYTES: usize = 16 << 20;
