//! Keys of type jsonb become bytes that are equal and ordered as the values are: `1.0` is `1`, whatever digits are written. Sorts,
//! groups, joins and windows then need not know of jsonb; values are shown as they were.
//!
//! Recursive UNION and DISTINCT inside an aggregate other than `count` still compare the digits.

use super::context::Context;
use crate::catalog::FunctionInfo;
use crate::error::Result;
use crate::plan::{
    Aggregate, AggregateCall, CaseBranch, ColumnDef, Distinct, Expr, FunctionCall, Plan, Project, SetOperation, SortKey,
};
use crate::types::LogicalType;
use std::sync::Arc;

/// The name of the function that gives the bytes.
const KEY_FUNCTION: &str = "jsonb_sort_key";
/// Aggregates whose ORDER BY is only that: it is not among what they answer with.
const ORDERED: [&str; 6] = [
    "array_agg",
    "string_agg",
    "json_agg",
    "jsonb_agg",
    "json_object_agg",
    "jsonb_object_agg",
];

/// Rewrites keys wherever rows are compared.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let function = |name: &str| context.catalog.function(None, name);
    let (Some(key), Some(any_value)) = (function(KEY_FUNCTION), function("any_value")) else {
        return Ok(plan);
    };
    let keys = Keys {
        context,
        key,
        any_value,
    };
    Ok(plan.transform_up(&mut |node| keys.rewrite(node)))
}

struct Keys<'c> {
    context: &'c Context<'c>,
    key: Arc<FunctionInfo>,
    any_value: Arc<FunctionInfo>,
}

fn is_jsonb(expression: &Expr) -> bool {
    expression.data_type() == LogicalType::Jsonb
}

fn has_jsonb(columns: &[ColumnDef]) -> bool {
    columns.iter().any(|column| column.data_type == LogicalType::Jsonb)
}

fn call(function: &Arc<FunctionInfo>, argument: Expr, data_type: LogicalType) -> FunctionCall {
    FunctionCall {
        function: function.clone(),
        arguments: vec![argument],
        data_type,
        span: None,
    }
}

impl Keys<'_> {
    fn key(&self, expression: Expr) -> Expr {
        match is_jsonb(&expression) {
            true => Expr::Call(call(&self.key, expression, LogicalType::Bytea)),
            false => expression,
        }
    }

    fn all(&self, expressions: Vec<Expr>) -> Vec<Expr> {
        expressions.into_iter().map(|expression| self.key(expression)).collect()
    }

    fn order(&self, keys: Vec<SortKey>) -> Vec<SortKey> {
        let key = |key: SortKey| SortKey {
            expression: self.key(key.expression),
            ..key
        };
        keys.into_iter().map(key).collect()
    }

    fn rewrite(&self, node: Plan) -> Plan {
        match node {
            Plan::Sort(mut sort) => {
                sort.keys = self.order(sort.keys);
                Plan::Sort(sort)
            }
            Plan::Window(mut window) => {
                window.partition_by = self.all(window.partition_by);
                window.order_by = self.order(window.order_by);
                Plan::Window(window)
            }
            Plan::Join(mut join) => {
                for key in &mut join.keys {
                    if is_jsonb(&key.left) && is_jsonb(&key.right) {
                        key.left = self.key(key.left.clone());
                        key.right = self.key(key.right.clone());
                    }
                }
                Plan::Join(join)
            }
            Plan::AsOfJoin(mut join) => {
                for key in &mut join.keys {
                    if is_jsonb(&key.left) && is_jsonb(&key.right) {
                        key.left = self.key(key.left.clone());
                        key.right = self.key(key.right.clone());
                    }
                }
                Plan::AsOfJoin(join)
            }
            Plan::Distinct(distinct) => self.distinct(distinct),
            Plan::Aggregate(aggregate) => self.aggregate(aggregate),
            Plan::SetOperation(operation) if has_jsonb(&operation.columns) => self.set_operation(operation),
            other => other,
        }
    }

    fn distinct(&self, distinct: Distinct) -> Plan {
        if !distinct.on.is_empty() || !has_jsonb(&distinct.input.output()) {
            return Plan::Distinct(Distinct {
                on: self.all(distinct.on),
                ..distinct
            });
        }
        let columns = distinct.input.output().into_iter();
        self.aggregate(Aggregate {
            keys: columns.map(|column| (column.clone(), Expr::Column(column))).collect(),
            input: distinct.input,
            aggregates: Vec::new(),
            grouping_sets: None,
            grouping_set_index: None,
            group_limit: None,
            best_groups: None,
            states: None,
        })
    }

    /// Groups by the bytes; the value that is shown is one of the group.
    fn aggregate(&self, mut aggregate: Aggregate) -> Plan {
        for (_, call) in &mut aggregate.aggregates {
            self.aggregate_call(call);
        }
        if !aggregate.keys.iter().any(|(_, key)| is_jsonb(key)) {
            return Plan::Aggregate(aggregate);
        }
        let output = Plan::Aggregate(aggregate.clone()).output();
        let mut shown = Vec::new();
        for (column, key) in &mut aggregate.keys {
            if !is_jsonb(key) {
                continue;
            }
            let value = self.context.copy_of(column);
            let bytes = self.context.column(column.name.clone(), LogicalType::Bytea, true);
            let any = AggregateCall {
                call: call(&self.any_value, key.clone(), LogicalType::Jsonb),
                distinct: false,
                filter: None,
                order_by: Vec::new(),
                states: None,
            };
            aggregate.aggregates.push((value.clone(), any));
            shown.push((column.id, shown_value(&bytes, &value)));
            *key = self.key(key.clone());
            *column = bytes;
        }
        let expressions = output.into_iter().map(|column| {
            let found = shown.iter().find(|(id, _)| *id == column.id);
            let expression = found.map_or_else(|| Expr::Column(column.clone()), |(_, value)| value.clone());
            (column, expression)
        });
        Plan::Project(Project {
            expressions: expressions.collect(),
            input: Box::new(Plan::Aggregate(aggregate)),
        })
    }

    fn aggregate_call(&self, aggregate: &mut AggregateCall) {
        let name = aggregate.call.function.name;
        if aggregate.distinct && name == "count" {
            let arguments = std::mem::take(&mut aggregate.call.arguments);
            aggregate.call.arguments = self.all(arguments);
        }
        if !aggregate.distinct && ORDERED.contains(&name) {
            aggregate.order_by = self.order(std::mem::take(&mut aggregate.order_by));
        }
    }

    /// UNION is what is distinct of UNION ALL.
    fn set_operation(&self, operation: SetOperation) -> Plan {
        match operation.all {
            true => Plan::SetOperation(operation),
            false => self.distinct(Distinct {
                input: Box::new(Plan::SetOperation(SetOperation { all: true, ..operation })),
                on: Vec::new(),
            }),
        }
    }
}

/// A group's value; NULL where its key is, which it also is outside of its grouping set.
fn shown_value(bytes: &ColumnDef, value: &ColumnDef) -> Expr {
    Expr::Case {
        branches: vec![CaseBranch {
            condition: Expr::IsNull(Box::new(Expr::Column(bytes.clone()))),
            result: Expr::null(LogicalType::Jsonb),
        }],
        otherwise: Some(Box::new(Expr::Column(value.clone()))),
        data_type: LogicalType::Jsonb,
    }
}
