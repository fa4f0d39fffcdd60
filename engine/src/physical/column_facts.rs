//! What storage knows of a column that a plan's scan reads: bounds and distinct values of all rows, whatever filters do later. Only
//! ever used to choose between ways that give the same answer.

use super::{Planner, TableAccess};
use crate::operators::hash_aggregate::integer_at;
use stoa_sql::plan::{ColumnId, Expr, Plan};
use stoa_storage::segment::ColumnSummary;

/// See the module.
pub(super) struct ColumnFacts(ColumnSummary);

impl ColumnFacts {
    /// How far apart the smallest and the largest value of a column of integers are.
    pub(super) fn integer_span(&self) -> Option<u64> {
        let minimum = integer_at(self.0.minimum.as_ref()?)?;
        let maximum = integer_at(self.0.maximum.as_ref()?)?;
        u64::try_from(i128::from(maximum) - i128::from(minimum)).ok()
    }

    /// Distinct values, about.
    pub(super) fn distinct_count(&self) -> Option<u64> {
        self.0.distinct_count.map(u64::from)
    }
}

impl Planner {
    /// What is known of a column that comes from a scan somewhere in a plan.
    pub(super) fn column_facts(&self, plan: &Plan, column: ColumnId) -> Option<ColumnFacts> {
        let Plan::Scan(scan) = plan else {
            let mut inputs = plan.inputs().into_iter();
            return inputs.find_map(|input| self.column_facts(input, column));
        };
        let (index, _) = scan.columns.iter().find(|(_, known)| known.id == column)?;
        match self.tables.table(scan.table, None).ok()? {
            TableAccess::Stored { table, columns } => table.column_summary(columns.get(*index)?.id).map(ColumnFacts),
            TableAccess::System { .. } => None,
        }
    }

    /// Values that an expression takes at most, where it depends on one column whose distinct values are known.
    pub(super) fn distinct_count_max(&self, plan: &Plan, expression: &Expr) -> Option<u64> {
        let columns = expression.columns();
        let mut columns = columns.iter();
        match (columns.next(), columns.next()) {
            (Some(column), None) => self.column_facts(plan, *column)?.distinct_count(),
            _ => None,
        }
    }
}
