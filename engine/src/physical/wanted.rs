//! Which columns of each join anything above it asks for: the others need not be put together.

use std::collections::HashMap;
use stoa_sql::plan::{ColumnSet, Plan};

/// By the join's number, counted as EXPLAIN prints nodes.
pub(super) fn columns(plan: &Plan) -> HashMap<usize, ColumnSet> {
    let mut visitor = Visitor {
        next_node: 0,
        joins: HashMap::new(),
    };
    visitor.visit(plan, output(plan));
    visitor.joins
}

fn output(plan: &Plan) -> ColumnSet {
    plan.output_ids()
}

struct Visitor {
    next_node: usize,
    joins: HashMap<usize, ColumnSet>,
}

impl Visitor {
    fn visit(&mut self, plan: &Plan, mut wanted: ColumnSet) {
        let node = self.next_node;
        self.next_node += 1;
        match plan {
            Plan::Join(_) => {
                self.joins.insert(node, wanted.clone());
            }
            // These make their columns of nothing but what their expressions name.
            Plan::Project(_) | Plan::Aggregate(_) => wanted = ColumnSet::default(),
            // These take their inputs' columns by place, or all of them.
            Plan::SetOperation(_) | Plan::Distinct(_) => {
                wanted.extend(plan.inputs().into_iter().flat_map(output));
            }
            Plan::With(with) => {
                self.visit(&with.definition, output(&with.definition));
                if let Some(recursive) = &with.recursive {
                    self.visit(&recursive.term, output(&recursive.term));
                }
                return self.visit(&with.body, wanted);
            }
            _ => {}
        }
        plan.for_each_expression(&mut |expression| expression.collect_columns(&mut wanted));
        if let Plan::Apply(apply) = plan {
            // The right side names columns of the left one.
            wanted.extend(apply.right.free_columns());
        }
        for input in plan.inputs() {
            self.visit(input, wanted.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoa_sql::plan::{ColumnDef, ColumnId, Expr, Filter, Join, JoinKey, JoinKind, Project, Values};
    use stoa_sql::types::LogicalType;

    fn column(id: u32) -> ColumnDef {
        ColumnDef {
            id: ColumnId(id),
            name: format!("c{id}"),
            data_type: LogicalType::Boolean,
            nullable: true,
        }
    }

    fn values(ids: &[u32]) -> Box<Plan> {
        Box::new(Plan::Values(Values {
            columns: ids.iter().map(|id| column(*id)).collect(),
            rows: Vec::new(),
        }))
    }

    #[test]
    fn a_join_makes_what_is_named_above_it() {
        let join = |left, right, left_key, right_key| {
            Plan::Join(Join {
                left,
                right,
                kind: JoinKind::Inner,
                keys: vec![JoinKey {
                    left: Expr::Column(column(left_key)),
                    right: Expr::Column(column(right_key)),
                    null_matches: false,
                }],
                residual: Vec::new(),
            })
        };
        let inner = join(values(&[1, 2, 3]), values(&[4, 5]), 1, 4);
        let filtered = Plan::Filter(Filter {
            input: Box::new(inner),
            predicates: vec![Expr::Column(column(5))],
        });
        let outer = join(Box::new(filtered), values(&[6, 7]), 2, 6);
        let plan = Plan::Project(Project {
            input: Box::new(outer),
            expressions: vec![
                (column(7), Expr::Column(column(7))),
                (column(8), Expr::Column(column(3))),
            ],
        });
        let wanted = columns(&plan);
        let of = |node: usize| {
            let mut ids: Vec<u32> = wanted[&node].iter().map(|id| id.0).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(wanted.len(), 2);
        assert_eq!(of(1), [3, 7]);
        assert_eq!(of(3), [2, 3, 5, 6, 7]);
    }
}
