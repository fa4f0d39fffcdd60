//! What passes share: the catalog, and fresh identities.

use crate::catalog::{Catalog, Volatility};
use crate::plan::{ColumnDef, ColumnId, ColumnSet, CteId, Expr, Plan};
use crate::types::LogicalType;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Handed to every pass.
pub(super) struct Context<'c> {
    pub(super) catalog: &'c dyn Catalog,
    next_column: Cell<u32>,
    next_cte: Cell<u32>,
    /// Common table expressions whose rows the statement has before the plan runs.
    given: RefCell<Vec<CteId>>,
}

impl<'c> Context<'c> {
    pub(super) fn new(catalog: &'c dyn Catalog, next_column: u32, next_cte: u32) -> Self {
        Context {
            catalog,
            next_column: Cell::new(next_column),
            next_cte: Cell::new(next_cte),
            given: RefCell::default(),
        }
    }

    /// Rows that plans from now on may scan.
    pub(super) fn give(&self, id: CteId) {
        self.given.borrow_mut().push(id);
    }

    /// See [`Self::give`].
    pub(super) fn given(&self) -> Vec<CteId> {
        self.given.borrow().clone()
    }

    /// A column with an identity of its own.
    pub(super) fn column(&self, name: impl Into<String>, data_type: LogicalType, nullable: bool) -> ColumnDef {
        let id = ColumnId(self.next_column.get());
        self.next_column.set(id.0 + 1);
        ColumnDef {
            id,
            name: name.into(),
            data_type,
            nullable,
        }
    }

    /// The same column under another identity.
    pub(super) fn copy_of(&self, column: &ColumnDef) -> ColumnDef {
        self.column(column.name.clone(), column.data_type.clone(), column.nullable)
    }

    pub(super) fn cte_id(&self) -> CteId {
        let id = CteId(self.next_cte.get());
        self.next_cte.set(id.0 + 1);
        id
    }

    /// A plan that gives the same rows under identities of its own; columns of outer sides stay. The second part is the
    /// copy's output in the order of the original's.
    pub(super) fn fresh_copy(&self, plan: &Plan) -> (Plan, Vec<ColumnDef>) {
        let free: ColumnSet = plan.free_columns();
        let mut ids: HashMap<ColumnId, ColumnId> = HashMap::new();
        let mut rename = |column: ColumnDef| {
            if free.contains(&column.id) {
                return column;
            }
            let id = *ids.entry(column.id).or_insert_with(|| {
                let id = ColumnId(self.next_column.get());
                self.next_column.set(id.0 + 1);
                id
            });
            ColumnDef { id, ..column }
        };
        let mut ctes: HashMap<CteId, CteId> = HashMap::new();
        plan.collect_cte_definitions(&mut |id| {
            ctes.insert(id, self.cte_id());
        });
        let copy = plan
            .clone()
            .map_columns(&mut rename)
            .map_cte_ids(&mut |id| ctes.get(&id).copied().unwrap_or(id));
        let output = plan.output().into_iter().map(rename).collect();
        (copy, output)
    }
}

/// Whether each evaluation may give another value.
pub(super) fn is_volatile(expression: &Expr) -> bool {
    expression.any(&mut |part| matches!(part, Expr::Call(call) if call.function.volatility == Volatility::Volatile))
}

/// The expression with columns replaced by what computes them.
pub(super) fn substitute(expression: Expr, definitions: &HashMap<ColumnId, Expr>) -> Expr {
    expression.replace(&mut |part| match part {
        Expr::Column(column) => definitions.get(&column.id).cloned(),
        _ => None,
    })
}
