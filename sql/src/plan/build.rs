//! Short ways to make expressions and nodes, with the trivial cases left out: no Filter without predicates, no AND of one.

use super::{
    ColumnDef, CompareOp, Expr, Filter, FrameBound, FrameExclusion, FrameUnits, FunctionCall, Plan, Project, SortKey,
    Window, WindowCall, WindowFrame,
};
use crate::catalog::FunctionInfo;
use crate::literal::Literal;
use crate::types::LogicalType;
use std::sync::Arc;

impl Expr {
    /// TRUE
    pub const TRUE: Expr = Expr::Literal(Literal::Boolean(true), LogicalType::Boolean);
    /// FALSE
    pub const FALSE: Expr = Expr::Literal(Literal::Boolean(false), LogicalType::Boolean);

    /// A bigint constant.
    pub fn bigint(value: i64) -> Expr {
        Expr::Literal(Literal::Integer(value), LogicalType::BigInt)
    }

    /// NULL of a type.
    pub fn null(data_type: LogicalType) -> Expr {
        Expr::Literal(Literal::Null, data_type)
    }

    /// Whether it is the constant NULL.
    pub fn is_null_literal(&self) -> bool {
        matches!(self, Expr::Literal(Literal::Null, _))
    }

    /// All of them; TRUE for none. Nested ANDs are flattened.
    pub fn and(conditions: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(conditions.len());
        for condition in conditions {
            condition.split_and(&mut flat);
        }
        match flat.len() {
            0 => Expr::TRUE,
            1 => flat.swap_remove(0),
            _ => Expr::And(flat),
        }
    }

    /// One of them; FALSE for none. Nested ORs are flattened.
    pub fn or(conditions: Vec<Expr>) -> Expr {
        let mut flat = Vec::with_capacity(conditions.len());
        for condition in conditions {
            match condition {
                Expr::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Expr::FALSE,
            1 => flat.swap_remove(0),
            _ => Expr::Or(flat),
        }
    }

    /// Adds the conjuncts of the expression to `conjuncts`.
    pub fn split_and(self, conjuncts: &mut Vec<Expr>) {
        match self {
            Expr::And(conditions) => {
                for condition in conditions {
                    condition.split_and(conjuncts);
                }
            }
            other => conjuncts.push(other),
        }
    }

    /// `left op right`
    pub fn compare(op: CompareOp, left: Expr, right: Expr) -> Expr {
        Expr::Compare {
            op,
            left: Box::new(left),
            right: Box::new(right),
        }
    }

    /// NOT of it; a double negation falls away.
    pub fn negated(self) -> Expr {
        match self {
            Expr::Not(inner) => *inner,
            other => Expr::Not(Box::new(other)),
        }
    }

    /// `IS NOT NULL`
    pub fn is_not_null(self) -> Expr {
        Expr::Not(Box::new(Expr::IsNull(Box::new(self))))
    }

    /// Whether NULL may be its value, as far as it can be told.
    pub fn nullable(&self) -> bool {
        match self {
            Expr::Column(column) => column.nullable,
            Expr::Literal(literal, _) => *literal == Literal::Null,
            Expr::IsNull(_) | Expr::Exists(_) | Expr::Array { .. } | Expr::ArraySubquery(_) => false,
            Expr::Compare { op, left, right } => {
                !matches!(op, CompareOp::Distinct | CompareOp::NotDistinct) && (left.nullable() || right.nullable())
            }
            Expr::And(list) | Expr::Or(list) => list.iter().any(Expr::nullable),
            Expr::Coalesce(list) => list.iter().all(Expr::nullable),
            Expr::Not(input) => input.nullable(),
            Expr::Cast { input, target, .. } => {
                // A cast from json may turn its own null into NULL.
                matches!(input.data_type(), LogicalType::Json | LogicalType::Jsonb)
                    || matches!(target, LogicalType::Unknown)
                    || input.nullable()
            }
            Expr::InList { input, list } => input.nullable() || list.iter().any(Expr::nullable),
            Expr::Case {
                branches, otherwise, ..
            } => {
                otherwise.as_ref().is_none_or(|otherwise| otherwise.nullable())
                    || branches.iter().any(|branch| branch.result.nullable())
            }
            Expr::Parameter { .. }
            | Expr::Call(_)
            | Expr::QuantifiedArray { .. }
            | Expr::ScalarSubquery(_)
            | Expr::QuantifiedSubquery { .. } => true,
        }
    }
}

impl CompareOp {
    /// The operator that holds exactly where this one does not, NULLs apart.
    pub fn negated(self) -> CompareOp {
        match self {
            CompareOp::Equal => CompareOp::NotEqual,
            CompareOp::NotEqual => CompareOp::Equal,
            CompareOp::Less => CompareOp::GreaterOrEqual,
            CompareOp::LessOrEqual => CompareOp::Greater,
            CompareOp::Greater => CompareOp::LessOrEqual,
            CompareOp::GreaterOrEqual => CompareOp::Less,
            CompareOp::Distinct => CompareOp::NotDistinct,
            CompareOp::NotDistinct => CompareOp::Distinct,
        }
    }

    /// The operator with its sides exchanged.
    pub fn flipped(self) -> CompareOp {
        match self {
            CompareOp::Less => CompareOp::Greater,
            CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
            CompareOp::Greater => CompareOp::Less,
            CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
            same => same,
        }
    }

    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Equal => "=",
            CompareOp::NotEqual => "<>",
            CompareOp::Less => "<",
            CompareOp::LessOrEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterOrEqual => ">=",
            CompareOp::Distinct => "IS DISTINCT FROM",
            CompareOp::NotDistinct => "IS NOT DISTINCT FROM",
        }
    }
}

impl Plan {
    /// The rows with their numbers, from 1 in each partition; `row_number` is the function of that name.
    pub fn numbered(
        self,
        row_number: Arc<FunctionInfo>,
        number: ColumnDef,
        partition_by: Vec<Expr>,
        order_by: Vec<SortKey>,
    ) -> Plan {
        let call = WindowCall {
            call: FunctionCall {
                function: row_number,
                arguments: Vec::new(),
                data_type: LogicalType::BigInt,
                span: None,
            },
            filter: None,
            ignore_nulls: false,
            frame: WindowFrame {
                units: FrameUnits::Range,
                start: FrameBound::UnboundedPreceding,
                end: FrameBound::CurrentRow,
                exclusion: FrameExclusion::NoOthers,
            },
        };
        Plan::Window(Window {
            input: Box::new(self),
            calls: vec![(number, call)],
            partition_by,
            order_by,
        })
    }

    /// The rows for which all predicates hold; the plan itself where there are none.
    pub fn filtered(self, predicates: Vec<Expr>) -> Plan {
        if predicates.is_empty() {
            return self;
        }
        Plan::Filter(Filter {
            input: Box::new(self),
            predicates,
        })
    }

    /// The given columns of it.
    pub fn projected(self, expressions: Vec<(ColumnDef, Expr)>) -> Plan {
        Plan::Project(Project {
            input: Box::new(self),
            expressions,
        })
    }

    /// Only the given of its columns, in that order.
    pub fn with_columns(self, columns: &[ColumnDef]) -> Plan {
        if self
            .output()
            .iter()
            .map(|column| column.id)
            .eq(columns.iter().map(|column| column.id))
        {
            return self;
        }
        let expressions = columns
            .iter()
            .map(|column| (column.clone(), Expr::Column(column.clone())))
            .collect();
        self.projected(expressions)
    }

    /// One row without columns: what `SELECT` without FROM reads.
    pub fn one_row() -> Plan {
        Plan::Values(super::Values {
            columns: Vec::new(),
            rows: vec![Vec::new()],
        })
    }
}

impl Plan {
    /// A join under the given conditions: equalities between the sides become keys, the rest the residual.
    pub fn joined(left: Plan, right: Plan, kind: super::JoinKind, conditions: Vec<Expr>) -> Plan {
        let left_columns = left.output_ids();
        let right_columns = right.output_ids();
        let mut keys = Vec::new();
        let mut residual = Vec::new();
        for condition in conditions {
            match super::JoinKey::from_condition(condition, &left_columns, &right_columns) {
                Ok(key) => keys.push(key),
                Err(condition) => residual.push(condition),
            }
        }
        Plan::Join(super::Join {
            left: Box::new(left),
            right: Box::new(right),
            kind,
            keys,
            residual,
        })
    }
}

impl super::JoinKey {
    /// The condition as a key, if it equates an expression over one side with one over the other.
    ///
    /// # Errors
    /// The condition itself, if it does not.
    pub fn from_condition(
        condition: Expr,
        left_columns: &super::ColumnSet,
        right_columns: &super::ColumnSet,
    ) -> Result<Self, Expr> {
        let null_matches = match &condition {
            Expr::Compare {
                op: CompareOp::Equal, ..
            } => false,
            Expr::Compare {
                op: CompareOp::NotDistinct,
                ..
            } => true,
            _ => return Err(condition),
        };
        if condition.has_subquery() {
            return Err(condition);
        }
        let Expr::Compare { op, left, right } = condition else {
            return Err(condition);
        };
        let over = |expression: &Expr, columns: &super::ColumnSet| {
            let used = expression.columns();
            !used.is_empty() && used.is_subset(columns)
        };
        if over(&left, left_columns) && over(&right, right_columns) {
            return Ok(super::JoinKey {
                left: *left,
                right: *right,
                null_matches,
            });
        }
        if over(&right, left_columns) && over(&left, right_columns) {
            return Ok(super::JoinKey {
                left: *right,
                right: *left,
                null_matches,
            });
        }
        Err(Expr::Compare { op, left, right })
    }

    /// The key as a condition.
    pub fn into_condition(self) -> Expr {
        let op = if self.null_matches {
            CompareOp::NotDistinct
        } else {
            CompareOp::Equal
        };
        Expr::compare(op, self.left, self.right)
    }
}
