//! `retention`: which of some conditions a group's rows fulfilled, if they fulfilled the first, as ClickHouse has it.

use super::events::{CONDITIONS_MAX, check_conditions};
use super::rows::{grow, visit};
use super::signature::aggregate;
use super::value_lists::{item_field, list_offsets};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateFunction, Documentation, Groups};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, ListArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&RETENTION];

static RETENTION: AggregateFunction = AggregateFunction {
    info: || {
        aggregate(
            "retention",
            &[Signature {
                parameters: &[Parameter::Kind(TypeKind::Boolean)],
                variadic: true,
                returns: |_| LogicalType::Array(Box::new(LogicalType::Integer)),
            }],
        )
    },
    documentation: Documentation {
        category: "events",
        summary: "An array of 1 and 0: whether the first condition held in any row, and for each other one whether both did.",
        example: "retention(x = 1, x = 2, x = 9)",
        result: "{1,1,0}",
    },
    accumulator: |binding| {
        check_conditions(binding, 0, "retention")?;
        Ok(Box::new(Retention {
            conditions: binding.argument_types.len(),
            seen: Vec::new(),
        }))
    },
    summary: None,
};

struct Retention {
    conditions: usize,
    /// The conditions that held, as bits.
    seen: Vec<i64>,
}

const _: () = assert!(CONDITIONS_MAX < 63);

impl Accumulator for Retention {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.seen, group_count, 0);
        for (place, condition) in arguments.iter().take(self.conditions).enumerate() {
            let condition = condition.as_boolean();
            let mut holds = condition.values().clone();
            for more in [condition.nulls().map(|nulls| nulls.inner()), selection]
                .into_iter()
                .flatten()
            {
                holds = &holds & more;
            }
            visit(groups, Some(&holds), |group, _| self.seen[group] |= 1 << place);
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        grow(&mut self.seen, group_count, 0);
        let seen = states[0].as_primitive::<Int64Type>().values();
        visit(groups, None, |group, row| self.seen[group] |= seen[row]);
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Int64]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        grow(&mut self.seen, group_count, 0);
        Ok(vec![Arc::new(Int64Array::from(std::mem::take(&mut self.seen)))])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.seen, group_count, 0);
        let seen = std::mem::take(&mut self.seen);
        let holds = |seen: i64, place: usize| i32::from(seen & 1 == 1 && seen >> place & 1 == 1);
        let values: Int32Array = seen
            .iter()
            .flat_map(|seen| (0..self.conditions).map(move |place| Some(holds(*seen, place))))
            .collect();
        let offsets: Vec<usize> = (0..=group_count).map(|group| group * self.conditions).collect();
        Ok(Arc::new(ListArray::try_new(
            item_field(&DataType::Int32),
            list_offsets(&offsets)?,
            Arc::new(values),
            None,
        )?))
    }

    fn memory_bytes(&self) -> usize {
        self.seen.capacity() * size_of::<i64>()
    }
}
