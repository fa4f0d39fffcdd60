//! What an expression may contain in its clause, and where aggregates, window functions and set-returning functions go:
//! each is taken out of the expression, which names its column instead.

use super::scope::Scope;
use crate::plan::{AggregateCall, ColumnDef, ColumnSet, Expr, FunctionCall, SortKey, WindowCall};
use sqlparser::ast;

/// The clause an expression stands in, as error messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    Select,
    Where,
    On,
    GroupBy,
    Having,
    Qualify,
    OrderBy,
    Values,
    Limit,
    /// Arguments of an aggregate.
    Aggregate,
    /// FILTER of an aggregate.
    Filter,
    /// Arguments, partition and order of a window function.
    Window,
    /// A function in FROM.
    From,
    Default,
    /// CHECK
    Check,
    Returning,
    Update,
    Execute,
    AsOf,
}

impl Clause {
    /// As an error message names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Clause::Select => "SELECT",
            Clause::Where => "WHERE",
            Clause::On => "JOIN conditions",
            Clause::GroupBy => "GROUP BY",
            Clause::Having => "HAVING",
            Clause::Qualify => "QUALIFY",
            Clause::OrderBy => "ORDER BY",
            Clause::Values => "VALUES",
            Clause::Limit => "LIMIT",
            Clause::Aggregate => "aggregate functions",
            Clause::Filter => "FILTER",
            Clause::Window => "window functions",
            Clause::From => "functions in FROM",
            Clause::Default => "DEFAULT expressions",
            Clause::Check => "check constraints",
            Clause::Returning => "RETURNING",
            Clause::Update => "UPDATE",
            Clause::Execute => "EXECUTE parameters",
            Clause::AsOf => "FOR SYSTEM_TIME AS OF",
        }
    }

    pub(super) fn allows_aggregates(self) -> bool {
        matches!(
            self,
            Clause::Select | Clause::Having | Clause::Qualify | Clause::OrderBy | Clause::Window
        )
    }

    pub(super) fn allows_windows(self) -> bool {
        matches!(self, Clause::Select | Clause::Qualify | Clause::OrderBy)
    }
}

/// A window function with its window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CollectedWindow {
    pub(super) column: ColumnDef,
    pub(super) call: WindowCall,
    pub(super) partition_by: Vec<Expr>,
    pub(super) order_by: Vec<SortKey>,
}

/// A set-returning function of the select list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CollectedTableFunction {
    pub(super) columns: Vec<ColumnDef>,
    pub(super) call: FunctionCall,
}

/// The grouping of a select, for `grouping()`.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouping {
    /// Keys as bound over the input.
    pub(super) keys: Vec<(ColumnDef, Expr)>,
    /// As [`crate::plan::Aggregate::grouping_sets`].
    pub(super) sets: Option<Vec<Vec<usize>>>,
    /// The column that tells the set, once `grouping()` has asked for it.
    pub(super) set_index: Option<ColumnDef>,
}

/// What was taken out of a select's expressions.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) aggregates: Vec<(ColumnDef, AggregateCall)>,
    pub(super) windows: Vec<CollectedWindow>,
    pub(super) table_functions: Vec<CollectedTableFunction>,
    pub(super) named_windows: Vec<(String, ast::WindowSpec)>,
    pub(super) grouping: Grouping,
    /// Aliases of the select list's items bound so far, and what they stand for.
    pub(super) aliases: Vec<(String, Expr)>,
}

/// Where an expression is bound.
pub(super) struct Context<'s> {
    pub(super) scope: &'s Scope<'s>,
    pub(super) clause: Clause,
    pub(super) collector: Option<&'s mut Collector>,
}

impl Collector {
    /// The columns that stand for what was taken out.
    pub(super) fn columns(&self) -> ColumnSet {
        let aggregates = self.aggregates.iter().map(|(column, _)| column.id);
        let windows = self.windows.iter().map(|window| window.column.id);
        let functions = self.table_functions.iter().flat_map(|function| &function.columns);
        aggregates
            .chain(windows)
            .chain(functions.map(|column| column.id))
            .collect()
    }

    /// What an alias of the select list stands for; `None` where there is none, or several that differ.
    pub(super) fn alias(&self, name: &str) -> Option<&Expr> {
        let mut named = self.aliases.iter().filter(|(alias, _)| alias == name);
        let (_, first) = named.next()?;
        named.all(|(_, other)| other == first).then_some(first)
    }
}

impl<'s> Context<'s> {
    /// A clause without aggregates and the like.
    pub(super) fn plain(scope: &'s Scope<'s>, clause: Clause) -> Self {
        Context {
            scope,
            clause,
            collector: None,
        }
    }

    /// A clause of a select.
    pub(super) fn collecting(scope: &'s Scope<'s>, clause: Clause, collector: &'s mut Collector) -> Self {
        Context {
            scope,
            clause,
            collector: Some(collector),
        }
    }

    /// The same place, for an inner clause that collects nothing.
    pub(super) fn inner(&self, clause: Clause) -> Context<'_> {
        Context::plain(self.scope, clause)
    }
}
