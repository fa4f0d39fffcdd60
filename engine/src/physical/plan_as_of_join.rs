//! ASOF JOIN.

use super::plan_join::node_count;
use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::operators::asof_join::{AsOfJoin as AsOfOperator, AsOfSink, AsOfTransform, Nearest, Specification};
use crate::operators::key::{KeyEncoder, KeyField};
use crate::operators::sort::{Order, Sort};
use crate::types::array_type;
use std::sync::Arc;
use stoa_sql::plan::{AsOfJoin, ColumnDef, CompareOp};

impl Planner {
    pub(super) fn plan_as_of_join(&mut self, join: &AsOfJoin) -> Result<Piece> {
        // The right side first, whatever the nodes' numbers say: it is collected before left rows stream by.
        let left_node = self.next_node;
        self.next_node += node_count(&join.left);
        let right = self.plan(&join.right)?;
        let next_node = std::mem::replace(&mut self.next_node, left_node);
        let left = self.plan(&join.left)?;
        self.next_node = next_node;

        let key_fields = join.keys.iter().map(|key| array_type(&key.right.data_type()));
        let key_fields: Vec<KeyField> = key_fields.map(KeyField::without_nulls).collect();
        let time_field = KeyField::without_nulls(array_type(&join.right_time.data_type()));
        let order_fields: Vec<KeyField> = key_fields.iter().cloned().chain([time_field]).collect();
        let left_keys = || join.keys.iter().map(|key| &key.left).chain([&join.left_time]);
        let right_keys = || join.keys.iter().map(|key| &key.right).chain([&join.right_time]);
        let left_order = Order {
            columns: self.key_columns(left_keys(), &left.layout)?,
            encoder: KeyEncoder::new(order_fields.clone())?,
        };
        let right_order = Order {
            columns: self.key_columns(right_keys(), &right.layout)?,
            encoder: KeyEncoder::new(order_fields.clone())?,
        };
        let right_types = column_types(right.layout.columns());
        let memory = self.context.memory.clone();
        let right_sort = Sort::new(
            right_order,
            right_types.clone(),
            None,
            self.context.batch_rows,
            memory.clone(),
            self.context.cancel.clone(),
            1,
        );
        let operator = AsOfOperator::new(Specification {
            nearest: nearest(join.op)?,
            keeps_left: join.keeps_left,
            left: self.key_columns(left_keys(), &left.layout)?,
            right: self.key_columns(right_keys(), &right.layout)?,
            order: KeyEncoder::new(order_fields)?,
            equality: KeyEncoder::new(key_fields)?,
            left_types: column_types(left.layout.columns()),
            right_types,
            left_order: Arc::new(left_order),
            right_sort,
            batch_rows: self.context.batch_rows,
            workers: self.context.threads,
            memory,
            cancel: self.context.cancel.clone(),
        });
        let right_columns = right.layout.columns().iter().cloned().map(|column| ColumnDef {
            nullable: column.nullable || join.keeps_left,
            ..column
        });
        let columns = left.layout.columns().iter().cloned().chain(right_columns).collect();
        self.sink(right, Arc::new(AsOfSink(operator.clone())));
        Ok(left.through(AsOfTransform(operator), columns))
    }
}

/// `left time <op> right time`, from the left row's point of view.
fn nearest(op: CompareOp) -> Result<Nearest> {
    Ok(match op {
        CompareOp::GreaterOrEqual => Nearest::Before { inclusive: true },
        CompareOp::Greater => Nearest::Before { inclusive: false },
        CompareOp::LessOrEqual => Nearest::After { inclusive: true },
        CompareOp::Less => Nearest::After { inclusive: false },
        other => return Err(Error::Internal(format!("an as-of join by {other:?}"))),
    })
}
