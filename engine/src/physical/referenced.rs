//! Which columns anybody asks for, beyond the filters of the scan that they come from: storage need not hand out the others.

use stoa_sql::plan::{ColumnSet, Plan};

/// The columns that a plan's nodes name or hand out, except where a scan's own filter is the only one to name them.
pub(super) fn columns(plan: &Plan) -> ColumnSet {
    let mut columns = ColumnSet::default();
    add_output(plan, &mut columns);
    collect(plan, &mut columns);
    columns
}

fn add_output(plan: &Plan, columns: &mut ColumnSet) {
    columns.extend(plan.output().iter().map(|column| column.id));
}

fn collect(plan: &Plan, columns: &mut ColumnSet) {
    match plan {
        Plan::Scan(_) => {}
        // These take their inputs' columns by place, or all of them.
        Plan::SetOperation(_) | Plan::With(_) | Plan::Distinct(_) => {
            plan.inputs().into_iter().for_each(|input| add_output(input, columns));
        }
        _ => {}
    }
    if !matches!(plan, Plan::Scan(_)) {
        plan.for_each_expression(&mut |expression| expression.collect_columns(columns));
    }
    plan.inputs().into_iter().for_each(|input| collect(input, columns));
}
