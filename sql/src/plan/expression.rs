//! Expressions: values per row, aggregates per group, functions per window. Bound: every name is an identity, every node
//! has a type, every cast is written out.

use super::Plan;
use crate::catalog::FunctionInfo;
use crate::literal::Literal;
use crate::span::Span;
use crate::types::LogicalType;
use std::sync::Arc;

/// A column's identity, unique in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// A column as a node hands it on.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    /// Identity.
    pub id: ColumnId,
    /// Name, for EXPLAIN and results; not unique.
    pub name: String,
    /// Type.
    pub data_type: LogicalType,
    /// Whether NULL may occur.
    pub nullable: bool,
}

/// A comparison of two values of the same type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators' own names")]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS DISTINCT FROM`
    Distinct,
    /// `IS NOT DISTINCT FROM`
    NotDistinct,
}

/// `ANY` or `ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the keywords")]
pub enum Quantifier {
    Any,
    All,
}

/// A bound expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A column of an input.
    Column(ColumnDef),
    /// A constant.
    Literal(Literal, LogicalType),
    /// `$index`, counted from 1.
    Parameter {
        /// Which.
        index: usize,
        /// Its type, from the client or from where it stands.
        data_type: LogicalType,
    },
    /// A scalar function or operator; arguments have the types the overload takes.
    Call(FunctionCall),
    /// A comparison; both sides have the same type. Rows (records) compare field by field and are written out by the
    /// binder.
    Compare {
        /// Which.
        op: CompareOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// All true; two or more.
    And(Vec<Expr>),
    /// One true; two or more.
    Or(Vec<Expr>),
    /// Negation.
    Not(Box<Expr>),
    /// `IS NULL`
    IsNull(Box<Expr>),
    /// A cast, implicit or written.
    Cast {
        /// What is cast.
        input: Box<Expr>,
        /// To what. A cast to `varchar(n)` or `char(n)` cuts if `explicit` and fails on an overlong value otherwise.
        target: LogicalType,
        /// Written by the user.
        explicit: bool,
        /// Where.
        span: Option<Span>,
    },
    /// `CASE`: branches in order, lazily. `CASE x WHEN ..` is written out by the binder.
    Case {
        /// Conditions and results, all results of one type.
        branches: Vec<CaseBranch>,
        /// ELSE; NULL where absent.
        otherwise: Option<Box<Expr>>,
        /// The results' type.
        data_type: LogicalType,
    },
    /// The first argument that is not NULL, lazily; all of one type.
    Coalesce(Vec<Expr>),
    /// `input IN (list)` with SQL's NULL logic; all of one type. NOT IN is `Not` around it.
    InList {
        /// The value.
        input: Box<Expr>,
        /// The candidates.
        list: Vec<Expr>,
    },
    /// `input op ANY/ALL (array)`
    QuantifiedArray {
        /// The value.
        input: Box<Expr>,
        /// The comparison.
        op: CompareOp,
        /// Which.
        quantifier: Quantifier,
        /// An array whose elements have the input's type.
        array: Box<Expr>,
    },
    /// `ARRAY[...]`
    Array {
        /// The elements, all of one type.
        elements: Vec<Expr>,
        /// The element's type.
        element_type: LogicalType,
    },
    /// A subquery as a value: its only column in its only row, NULL where there is none. Gone after unnesting.
    ScalarSubquery(Box<Plan>),
    /// `ARRAY(SELECT ..)`. Gone after unnesting.
    ArraySubquery(Box<Plan>),
    /// Whether a subquery has rows. Gone after unnesting.
    Exists(Box<Plan>),
    /// `input op ANY/ALL (subquery)`; IN is `Equal Any`. Gone after unnesting.
    QuantifiedSubquery {
        /// The values: one, or a row's fields.
        inputs: Vec<Expr>,
        /// The comparison.
        op: CompareOp,
        /// Which.
        quantifier: Quantifier,
        /// As many columns as inputs, of the same types.
        plan: Box<Plan>,
    },
}

/// A call of a function by name with arguments of the types its overload takes.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    /// The function.
    pub function: Arc<FunctionInfo>,
    /// The coerced arguments.
    pub arguments: Vec<Expr>,
    /// The answer's type.
    pub data_type: LogicalType,
    /// Where, for errors while it runs.
    pub span: Option<Span>,
}

impl PartialEq for FunctionCall {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
            && self.arguments == other.arguments
            && self.data_type == other.data_type
    }
}

/// `WHEN condition THEN result`
#[derive(Clone, Debug, PartialEq)]
pub struct CaseBranch {
    /// When.
    pub condition: Expr,
    /// Then.
    pub result: Expr,
}

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What is compared.
    pub expression: Expr,
    /// DESC.
    pub descending: bool,
    /// NULLs before everything else (Postgres's default for DESC).
    pub nulls_first: bool,
}

/// An aggregate over a group.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// The function and its arguments; `count(*)` is `count` without arguments.
    pub call: FunctionCall,
    /// DISTINCT.
    pub distinct: bool,
    /// FILTER (WHERE ..).
    pub filter: Option<Expr>,
    /// ORDER BY inside the call, or WITHIN GROUP.
    pub order_by: Vec<SortKey>,
    /// The columns of states that an aggregation below made of the arguments, which are not evaluated then.
    pub states: Option<Vec<Expr>>,
}

/// What a frame's bounds count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the keywords")]
pub enum FrameUnits {
    Rows,
    Range,
    Groups,
}

/// A frame's bound.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the keywords")]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Box<Expr>),
    CurrentRow,
    Following(Box<Expr>),
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the keywords")]
pub enum FrameExclusion {
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

/// The rows around the current one that a window function sees.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowFrame {
    /// What the bounds count.
    pub units: FrameUnits,
    /// First row.
    pub start: FrameBound,
    /// Last row.
    pub end: FrameBound,
    /// What is left out.
    pub exclusion: FrameExclusion,
}

/// A window function or an aggregate over a window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowCall {
    /// The function.
    pub call: FunctionCall,
    /// DISTINCT is not possible here; FILTER is, for aggregates.
    pub filter: Option<Expr>,
    /// `IGNORE NULLS`.
    pub ignore_nulls: bool,
    /// The frame.
    pub frame: WindowFrame,
}

impl Expr {
    /// The type of the value.
    pub fn data_type(&self) -> LogicalType {
        match self {
            Expr::Column(column) => column.data_type.clone(),
            Expr::Literal(_, data_type) | Expr::Parameter { data_type, .. } | Expr::Case { data_type, .. } => {
                data_type.clone()
            }
            Expr::Call(call) => call.data_type.clone(),
            Expr::Compare { .. }
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::InList { .. }
            | Expr::QuantifiedArray { .. }
            | Expr::Exists(_)
            | Expr::QuantifiedSubquery { .. } => LogicalType::Boolean,
            Expr::Cast { target, .. } => target.clone(),
            Expr::Coalesce(arguments) => arguments.first().map_or(LogicalType::Unknown, Expr::data_type),
            Expr::Array { element_type, .. } => LogicalType::Array(Box::new(element_type.clone())),
            Expr::ScalarSubquery(plan) => plan
                .output()
                .into_iter()
                .next()
                .map_or(LogicalType::Unknown, |column| column.data_type),
            Expr::ArraySubquery(plan) => LogicalType::Array(Box::new(
                plan.output()
                    .into_iter()
                    .next()
                    .map_or(LogicalType::Unknown, |column| column.data_type),
            )),
        }
    }
}
