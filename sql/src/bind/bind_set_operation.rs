//! UNION, INTERSECT, EXCEPT: columns are matched by place and get one type each.

use super::bind_order_by::QueryOrder;
use super::bind_query::BoundQuery;
use super::coerce::Level;
use super::common_type::common_type_of;
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::{Plan, SetOperation, SetOperationKind};
use crate::types::LogicalType;
use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

impl Binder<'_> {
    /// The body of a query; columns may have type unknown.
    pub(super) fn bind_set_expression(&mut self, body: &SetExpr, parent: Option<&Scope<'_>>) -> Result<BoundQuery> {
        match body {
            SetExpr::Select(select) => self.bind_select(select, QueryOrder::Keys(&[]), parent),
            SetExpr::Query(query) => self.bind_query_undecided(query, parent),
            SetExpr::Values(values) => self.bind_values(values, parent),
            SetExpr::SetOperation { op, set_quantifier, .. } => {
                self.bind_set_operation(body, *op, *set_quantifier, parent)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(not_supported("a statement that changes rows inside a query"))
            }
            SetExpr::Table(_) => Err(not_supported("TABLE here")),
        }
    }

    fn bind_set_operation(
        &mut self,
        body: &SetExpr,
        operator: SetOperator,
        quantifier: SetQuantifier,
        parent: Option<&Scope<'_>>,
    ) -> Result<BoundQuery> {
        let (kind, name) = match operator {
            SetOperator::Union => (SetOperationKind::Union, "UNION"),
            SetOperator::Intersect => (SetOperationKind::Intersect, "INTERSECT"),
            SetOperator::Except | SetOperator::Minus => (SetOperationKind::Except, "EXCEPT"),
        };
        let all = match quantifier {
            SetQuantifier::All => true,
            SetQuantifier::None | SetQuantifier::Distinct => false,
            _ => return Err(not_supported(format!("{name} BY NAME"))),
        };
        let mut inputs = Vec::new();
        let mut names = Vec::new();
        for input in chain(body, operator, quantifier) {
            let bound = self.bind_set_expression(input, parent)?;
            if inputs.is_empty() {
                names = bound.names;
            }
            inputs.push(bound.plan);
        }
        let types = common_types(name, &inputs)?;
        let inputs = inputs
            .into_iter()
            .map(|input| self.coerce_columns(input, &types, Level::Assignment))
            .collect::<Result<Vec<Plan>>>()?;
        let columns = names
            .iter()
            .zip(types)
            .enumerate()
            .map(|(index, (name, data_type))| {
                let nullable = inputs
                    .iter()
                    .any(|input| input.output().get(index).is_none_or(|column| column.nullable));
                self.column(name.clone(), data_type, nullable)
            })
            .collect();
        Ok(BoundQuery {
            plan: Plan::SetOperation(SetOperation {
                kind,
                all,
                inputs,
                columns,
            }),
            names,
        })
    }
}

/// The operands of `a UNION b UNION c`, which the parser nests to the left. Only UNIONs of one kind make one node.
fn chain(body: &SetExpr, operator: SetOperator, quantifier: SetQuantifier) -> Vec<&SetExpr> {
    let mut operands = Vec::new();
    let mut rest = body;
    while let SetExpr::SetOperation {
        left,
        op,
        set_quantifier,
        right,
    } = rest
    {
        let same = *op == operator && *set_quantifier == quantifier;
        if !same || (!operands.is_empty() && operator != SetOperator::Union) {
            break;
        }
        operands.push(&**right);
        rest = left;
    }
    operands.push(rest);
    operands.reverse();
    operands
}

fn common_types(name: &str, inputs: &[Plan]) -> Result<Vec<LogicalType>> {
    let outputs: Vec<Vec<LogicalType>> = inputs
        .iter()
        .map(|input| input.output().into_iter().map(|column| column.data_type).collect())
        .collect();
    let width = outputs.first().map_or(0, Vec::len);
    if outputs.iter().any(|output| output.len() != width) {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("each {name} query must have the same number of columns"),
        ));
    }
    (0..width)
        .map(|index| {
            let types = outputs.iter().filter_map(|output| output.get(index));
            match common_type_of(types) {
                Ok(LogicalType::Unknown) => Ok(LogicalType::Text),
                Ok(data_type) => Ok(data_type),
                Err((left, right)) => Err(Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("{name} types {left} and {right} cannot be matched"),
                )),
            }
        })
        .collect()
}
