//! Table functions, by themselves and for each row of another relation.

use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::functions::registry;
use crate::operators::table_function::{ApplyFunctionTransform, FunctionCall, FunctionCalls, TableFunctionSource};
use std::sync::Arc;
use stoa_sql::plan::{Apply, ColumnDef, Expr, JoinKind, Plan, TableFunction};

impl Planner {
    pub(super) fn plan_table_function(&mut self, function: &TableFunction) -> Result<Piece> {
        let call = self.function_calls(function, &Layout::default())?;
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
        let call = self.function_calls(function, &left.layout)?;
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

    fn function_calls(&self, function: &TableFunction, layout: &Layout) -> Result<FunctionCalls> {
        let types = column_types(&function.columns);
        let mut calls = Vec::with_capacity(function.calls.len());
        let mut first = 0;
        for (call, count) in function.calls.iter().zip(&function.column_counts) {
            let implementation = registry::table_function(call.function.name)
                .ok_or_else(|| Error::Internal(format!("there is no table function {}", call.function.name)))?;
            calls.push(FunctionCall {
                function: implementation,
                strict: call.function.strict,
                arguments: self.compile_all(&call.arguments, layout)?,
                argument_types: call.arguments.iter().map(Expr::data_type).collect(),
                return_type: call.data_type.clone(),
                types: types.iter().skip(first).take(*count).cloned().collect(),
            });
            first += count;
        }
        Ok(FunctionCalls {
            calls,
            statement: self.context.statement.clone(),
            types,
            with_ordinality: function.with_ordinality,
            batch_rows: self.context.batch_rows,
            cancel: self.context.cancel.clone(),
        })
    }
}
