//! Table functions, by themselves and for each row of another relation.

use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::functions::registry;
use crate::operators::table_function::{ApplyFunctionTransform, FunctionCall, TableFunctionSource};
use std::sync::Arc;
use stoa_sql::plan::{Apply, ColumnDef, Expr, JoinKind, Plan, TableFunction};

impl Planner {
    pub(super) fn plan_table_function(&mut self, function: &TableFunction) -> Result<Piece> {
        let call = self.function_call(function, &Layout::default())?;
        Ok(Piece::source(
            TableFunctionSource(Arc::new(call)),
            function.columns.clone(),
        ))
    }

    /// The one form that unnesting leaves: a table function for each row of the left side.
    pub(super) fn plan_apply(&mut self, apply: &Apply) -> Result<Piece> {
        let left = self.plan(&apply.left)?;
        let (Plan::TableFunction(function), JoinKind::Inner | JoinKind::Left) = (&*apply.right, &apply.kind) else {
            return Err(Error::Internal("a dependent join was left".into()));
        };
        let keeps_all = apply.kind == JoinKind::Left;
        let node = self.next_node;
        self.next_node += 1;
        let call = self.function_call(function, &left.layout)?;
        let nullable = function.columns.iter().map(|column| ColumnDef {
            nullable: column.nullable || keeps_all,
            ..column.clone()
        });
        let columns = left.layout.columns().iter().cloned().chain(nullable).collect();
        let transform = ApplyFunctionTransform {
            call: Arc::new(call),
            keeps_all,
        };
        Ok(self.profiled(left.through(transform, columns), node))
    }

    fn function_call(&self, function: &TableFunction, layout: &Layout) -> Result<FunctionCall> {
        let info = &function.call.function;
        let implementation = registry::table_function(info.name)
            .ok_or_else(|| Error::Internal(format!("there is no table function {}", info.name)))?;
        let arguments = &function.call.arguments;
        Ok(FunctionCall {
            function: implementation,
            strict: info.strict,
            arguments: self.compile_all(arguments, layout)?,
            argument_types: arguments.iter().map(Expr::data_type).collect(),
            statement: self.context.statement.clone(),
            types: column_types(&function.columns),
            with_ordinality: function.with_ordinality,
            batch_rows: self.context.batch_rows,
            cancel: self.context.cancel.clone(),
        })
    }
}
