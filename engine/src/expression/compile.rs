//! From a bound expression to a tree that evaluates itself.

use super::apply::Traits;
use super::call::{CallNode, CastNode};
use super::conditional::CaseNode;
use super::in_list::InListNode;
use super::node::{Kind, Node};
use super::quantified::QuantifiedNode;
use super::remembered::Remembered;
use super::{Expression, Layout};
use crate::error::{Error, Result};
use crate::functions::kernel::set::ConstantSet;
use crate::functions::{StatementContext, cast, registry};
use crate::types::{LogicalType, array_of, array_type};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_sql::catalog::Volatility;
use stoa_sql::plan::{CompareOp, Expr, FunctionCall, Quantifier};

/// How much stack compiling a node may use before it moves to a new one.
const RED_ZONE_BYTES: usize = 128 << 10;
/// A new stack's size.
const STACK_BYTES: usize = 1 << 20;

impl Expression {
    /// Compiles an expression without subqueries or parameters whose columns are all in the layout.
    ///
    /// # Errors
    /// A function that is not there, or a cast that does not exist.
    pub(crate) fn compile(expression: &Expr, layout: &Layout, statement: &Arc<StatementContext>) -> Result<Self> {
        Ok(Expression {
            node: compile(expression, layout)?,
            statement: statement.clone(),
        })
    }
}

fn compile(expression: &Expr, layout: &Layout) -> Result<Node> {
    stacker::maybe_grow(RED_ZONE_BYTES, STACK_BYTES, || compile_inner(expression, layout))
}

fn compile_inner(expression: &Expr, layout: &Layout) -> Result<Node> {
    let data_type = expression.data_type();
    let node = |kind: Kind, eager: bool| Node {
        kind,
        data_type: data_type.clone(),
        eager,
    };
    let boxed = |expression: &Expr| compile(expression, layout).map(Box::new);
    Ok(match expression {
        Expr::Column(column) => match layout.position(column.id) {
            Some(at) => node(Kind::Column(at), true),
            None => return Err(Error::Internal(format!("no input has the column {}", column.name))),
        },
        Expr::Literal(literal, data_type) => node(Kind::Constant(array_of(literal, data_type)?), true),
        Expr::Call(call) => node(Kind::Call(compile_call(call, layout)?), false),
        Expr::Compare { op, left, right } => {
            let (left, right) = (boxed(left)?, boxed(right)?);
            check_comparable(&left.data_type, &right.data_type)?;
            let eager = left.eager && right.eager;
            node(Kind::Compare { op: *op, left, right }, eager)
        }
        Expr::And(operands) => {
            let (operands, eager) = compile_operands(operands, layout)?;
            node(Kind::And(operands), eager)
        }
        Expr::Or(operands) => {
            let (operands, eager) = compile_operands(operands, layout)?;
            node(Kind::Or(operands), eager)
        }
        Expr::Not(input) => {
            let input = boxed(input)?;
            let eager = input.eager;
            node(Kind::Not(input), eager)
        }
        Expr::IsNull(input) => {
            let input = boxed(input)?;
            let eager = input.eager;
            node(Kind::IsNull(input), eager)
        }
        Expr::Cast {
            input,
            target,
            explicit,
            span,
        } => {
            let input = boxed(input)?;
            if input.data_type == *target {
                return Ok(*input);
            }
            let eager = input.eager && cast::never_fails(&input.data_type, target);
            let cast = CastNode {
                input,
                explicit: *explicit,
                span: *span,
                remembered: Remembered::default(),
            };
            node(Kind::Cast(cast), eager)
        }
        Expr::Case {
            branches, otherwise, ..
        } => {
            let branches = branches
                .iter()
                .map(|branch| Ok((compile(&branch.condition, layout)?, compile(&branch.result, layout)?)))
                .collect::<Result<_>>()?;
            let otherwise = otherwise.as_deref().map(boxed).transpose()?;
            node(Kind::Case(CaseNode { branches, otherwise }), false)
        }
        Expr::Coalesce(arguments) => node(Kind::Coalesce(compile_all(arguments, layout)?), false),
        Expr::InList { input, list } => {
            let list = compile_in_list(compile(input, layout)?, compile_all(list, layout)?);
            let eager = list.input.eager && list.others.is_empty();
            node(Kind::InList(list), eager)
        }
        Expr::QuantifiedArray {
            input,
            op,
            quantifier,
            array,
        } => compile_quantified(compile(input, layout)?, *op, *quantifier, compile(array, layout)?)?,
        Expr::Array { elements, .. } => node(Kind::Array(compile_all(elements, layout)?), false),
        Expr::Parameter { index, .. } => {
            return Err(Error::Internal(format!("the parameter ${index} has no value")));
        }
        Expr::ScalarSubquery(_) | Expr::ArraySubquery(_) | Expr::Exists(_) | Expr::QuantifiedSubquery { .. } => {
            return Err(Error::Internal("a subquery was left in an expression".into()));
        }
    })
}

fn compile_all(expressions: &[Expr], layout: &Layout) -> Result<Vec<Node>> {
    expressions
        .iter()
        .map(|expression| compile(expression, layout))
        .collect()
}

/// Operands of AND or OR, eager ones first: they decide rows before anything dear or fallible sees them.
fn compile_operands(operands: &[Expr], layout: &Layout) -> Result<(Vec<Node>, bool)> {
    let (mut eager, others): (Vec<Node>, Vec<Node>) = compile_all(operands, layout)?
        .into_iter()
        .partition(|operand| operand.eager);
    let all = others.is_empty();
    eager.extend(others);
    Ok((eager, all))
}

fn compile_call(call: &FunctionCall, layout: &Layout) -> Result<CallNode> {
    let name = call.function.name;
    let function =
        registry::scalar_function(name).ok_or_else(|| Error::Internal(format!("{name} is not a scalar function")))?;
    let arguments = compile_all(&call.arguments, layout)?;
    Ok(CallNode {
        name,
        function,
        traits: Traits {
            // `||` is called with NULLs for the sake of arrays alone.
            strict: call.function.strict || name == "||" && !matches!(call.data_type, LogicalType::Array(_)),
            volatile: call.function.volatility == Volatility::Volatile,
        },
        argument_types: arguments.iter().map(|argument| argument.data_type.clone()).collect(),
        arguments,
        span: call.span,
        remembered: Remembered::default(),
    })
}

fn check_comparable(left: &LogicalType, right: &LogicalType) -> Result<()> {
    if array_type(left) == array_type(right) {
        return Ok(());
    }
    Err(Error::Internal(format!("a comparison of {left} and {right}")))
}

fn compile_in_list(input: Node, list: Vec<Node>) -> InListNode {
    let (constants, others): (Vec<Node>, Vec<Node>) = list
        .into_iter()
        .partition(|item| matches!(item.kind, Kind::Constant(_)));
    let constants: Vec<ArrayRef> = constants.iter().filter_map(Node::constant).cloned().collect();
    let all = constants.len();
    let values: Vec<ArrayRef> = constants.into_iter().filter(|value| !value.is_null(0)).collect();
    InListNode {
        has_null: values.len() < all,
        set: ConstantSet::new(&values, &input.data_type),
        input: Box::new(input),
        others,
    }
}

/// `= ANY` and `<> ALL` of a constant array are IN and NOT IN.
fn compile_quantified(input: Node, op: CompareOp, quantifier: Quantifier, array: Node) -> Result<Node> {
    check_comparable(&LogicalType::Array(Box::new(input.data_type.clone())), &array.data_type)?;
    let boolean = |kind: Kind, eager: bool| Node {
        kind,
        data_type: LogicalType::Boolean,
        eager,
    };
    let negated = match (op, quantifier) {
        (CompareOp::Equal, Quantifier::Any) => Some(false),
        (CompareOp::NotEqual, Quantifier::All) => Some(true),
        _ => None,
    };
    if let (Some(negated), Some(constant)) = (negated, array.constant())
        && !constant.is_null(0)
        && let Some(list) = constant.as_list_opt::<i32>()
        && !list.value(0).is_empty()
    {
        let elements = list.value(0);
        let list = (0..elements.len())
            .map(|at| Node {
                kind: Kind::Constant(elements.slice(at, 1)),
                data_type: input.data_type.clone(),
                eager: true,
            })
            .collect();
        let list = compile_in_list(input, list);
        let eager = list.input.eager;
        let node = boolean(Kind::InList(list), eager);
        return Ok(match negated {
            true => boolean(Kind::Not(Box::new(node)), eager),
            false => node,
        });
    }
    let quantified = QuantifiedNode {
        input: Box::new(input),
        op,
        quantifier,
        array: Box::new(array),
    };
    Ok(boolean(Kind::Quantified(quantified), false))
}
