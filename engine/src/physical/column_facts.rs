//! What storage knows of a column that a plan's scan reads: bounds and distinct values of all rows, whatever filters do later. Only
//! ever used to choose between ways that give the same answer.

use super::{Planner, Reading, TableAccess};
use crate::operators::hash_aggregate::integer_at;
use crate::types::Literal;
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
        match self.tables.table(scan.table, Reading::default()).ok()? {
            TableAccess::Stored { table, columns } => table.column_summary(columns.get(*index)?.id).map(ColumnFacts),
            TableAccess::System { .. } => None,
        }
    }

    /// Values that an expression takes at most, where it is a field of a date or time, or depends on one column whose distinct values are
    /// known.
    pub(super) fn distinct_count_max(&self, plan: &Plan, expression: &Expr) -> Option<u64> {
        let columns = expression.columns();
        let mut columns = columns.iter();
        let of_column = match (columns.next(), columns.next()) {
            (Some(column), None) => self
                .column_facts(plan, *column)
                .and_then(|facts| facts.distinct_count()),
            _ => None,
        };
        of_column.into_iter().chain(field_values_max(expression)).min()
    }
}

/// Values of a field of dates and times that comes round, as `extract(month FROM x)`.
fn field_values_max(expression: &Expr) -> Option<u64> {
    let Expr::Call(call) = expression else { return None };
    let field = match &call.arguments[..] {
        [Expr::Literal(Literal::Text(field), _), _] if matches!(call.function.name, "extract" | "date_part") => field,
        _ => return None,
    };
    Some(match field.to_ascii_lowercase().as_str() {
        "quarter" => 4,
        "dow" | "isodow" => 7,
        "month" => 12,
        "hour" => 24,
        "day" => 31,
        "week" => 53,
        "minute" => 60,
        "doy" => 366,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::registry::scalar_function;
    use std::sync::Arc;
    use stoa_sql::plan::FunctionCall;
    use stoa_sql::types::LogicalType;

    #[test]
    fn fields_that_come_round_have_few_values() {
        let field = |function: &str, field: &str| {
            let date = Expr::Literal(Literal::Null, LogicalType::Date);
            Expr::Call(FunctionCall {
                function: Arc::new((scalar_function(function).unwrap().info)()),
                arguments: vec![Expr::Literal(Literal::Text(field.into()), LogicalType::Text), date],
                data_type: LogicalType::Double,
                span: None,
            })
        };
        assert_eq!(field_values_max(&field("extract", "month")), Some(12));
        assert_eq!(field_values_max(&field("date_part", "DOY")), Some(366));
        assert_eq!(field_values_max(&field("extract", "year")), None);
        assert_eq!(field_values_max(&field("date_trunc", "month")), None);
        assert_eq!(
            field_values_max(&Expr::Literal(Literal::Text("month".into()), LogicalType::Text)),
            None
        );
    }
}
