//! From a filter's conjuncts to what storage can answer: conditions on one column each. What does not translate stays an
//! expression. A translation says exactly the same as its conjunct, or less (then the conjunct stays too), never more.

use crate::error::Result;
use crate::types::{Literal, LogicalType, array_of};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, CompareOp, Expr, Quantifier};
use stoa_storage::predicate::{Bound, Condition};
use stoa_storage::scan::AddressCondition;

/// A conjunct as storage can answer it.
pub(super) struct Translated {
    /// The column.
    pub(super) column: ColumnDef,
    /// What must hold of it.
    pub(super) condition: Condition,
    /// The condition says all that the conjunct says.
    pub(super) complete: bool,
}

/// Whether storage can answer all of a conjunct, of a column that it has.
pub(crate) fn translates_whole(conjunct: &Expr) -> bool {
    matches!(translate(conjunct), Ok(Some(translated)) if translated.complete)
}

/// The conditions of a conjunct, if it has any.
pub(super) fn translate(conjunct: &Expr) -> Result<Option<Translated>> {
    match conjunct {
        Expr::Compare { op, left, right } => match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(literal, data_type)) => compare(*op, column, literal, data_type),
            (Expr::Literal(literal, data_type), Expr::Column(column)) => {
                compare(op.flipped(), column, literal, data_type)
            }
            _ => Ok(None),
        },
        Expr::IsNull(input) => Ok(presence(input, Condition::IsNull)),
        Expr::Not(input) => match &**input {
            Expr::IsNull(input) => Ok(presence(input, Condition::IsNotNull)),
            Expr::InList { input, list } => in_list(input, list, Condition::NotIn),
            Expr::Column(column) => compare(
                CompareOp::Equal,
                column,
                &Literal::Boolean(false),
                &LogicalType::Boolean,
            ),
            _ => Ok(None),
        },
        Expr::Column(column) => compare(CompareOp::Equal, column, &Literal::Boolean(true), &LogicalType::Boolean),
        Expr::InList { input, list } => in_list(input, list, Condition::In),
        Expr::QuantifiedArray {
            input,
            op: CompareOp::Equal,
            quantifier: Quantifier::Any,
            array,
        } => any_of(input, array),
        Expr::Call(call) => match call.arguments.as_slice() {
            [Expr::Column(column), Expr::Literal(Literal::Text(pattern), _)] if is_bytewise(&column.data_type) => {
                Ok(match call.function.name {
                    "~~" => like(column, pattern),
                    "starts_with" => Some(exact(column, Condition::Prefix(pattern.as_bytes().into()))),
                    _ => None,
                })
            }
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn exact(column: &ColumnDef, condition: Condition) -> Translated {
    Translated {
        column: column.clone(),
        condition,
        complete: true,
    }
}

/// Types whose order and equality storage shares with SQL.
fn is_comparable(data_type: &LogicalType) -> bool {
    data_type.is_numeric()
        || is_bytewise(data_type)
        || matches!(
            data_type,
            LogicalType::Boolean
                | LogicalType::Date
                | LogicalType::Time
                | LogicalType::Timestamp
                | LogicalType::TimestampTz
                | LogicalType::Uuid
                | LogicalType::Tid
                | LogicalType::Bytea
                | LogicalType::Oid
        )
}

/// Text that is stored and compared as it is.
fn is_bytewise(data_type: &LogicalType) -> bool {
    matches!(
        data_type,
        LogicalType::Text | LogicalType::Varchar(_) | LogicalType::Name | LogicalType::Char(_)
    )
}

/// The literal as storage's array of one value; `None` where the comparison is not storage's.
fn operand(column: &ColumnDef, literal: &Literal, data_type: &LogicalType) -> Result<Option<ArrayRef>> {
    if !is_comparable(&column.data_type) || *literal == Literal::Null {
        return Ok(None);
    }
    let same_form = crate::types::array_type(data_type) == crate::types::array_type(&column.data_type);
    let scale_differs = column.data_type.is_numeric() && *data_type != column.data_type && !same_form;
    if scale_differs || !same_form {
        return Ok(None);
    }
    let trimmed = match (&column.data_type, literal) {
        (LogicalType::Char(_), Literal::Text(text)) => Literal::Text(text.trim_end_matches(' ').to_owned()),
        _ => literal.clone(),
    };
    array_of(&trimmed, &column.data_type).map(Some)
}

fn compare(
    op: CompareOp,
    column: &ColumnDef,
    literal: &Literal,
    data_type: &LogicalType,
) -> Result<Option<Translated>> {
    let Some(value) = operand(column, literal, data_type)? else {
        return Ok(None);
    };
    let bound = |inclusive| {
        Some(Bound {
            value: value.clone(),
            inclusive,
        })
    };
    let (lower, upper) = match op {
        CompareOp::Equal | CompareOp::NotDistinct => (bound(true), bound(true)),
        CompareOp::Less => (None, bound(false)),
        CompareOp::LessOrEqual => (None, bound(true)),
        CompareOp::Greater => (bound(false), None),
        CompareOp::GreaterOrEqual => (bound(true), None),
        CompareOp::NotEqual => return Ok(Some(exact(column, Condition::NotEqual(value)))),
        CompareOp::Distinct => return Ok(None),
    };
    Ok(Some(exact(column, Condition::Range { lower, upper })))
}

fn presence(input: &Expr, condition: Condition) -> Option<Translated> {
    match input {
        Expr::Column(column) => Some(exact(column, condition)),
        _ => None,
    }
}

/// `column = ANY (array)`; what is NULL among the elements makes no row pass.
fn any_of(input: &Expr, array: &Expr) -> Result<Option<Translated>> {
    let Expr::Literal(Literal::Array(elements), LogicalType::Array(element)) = array else {
        return Ok(None);
    };
    let elements = elements.iter().filter(|literal| **literal != Literal::Null);
    let list: Vec<Expr> = elements
        .map(|literal| Expr::Literal(literal.clone(), (**element).clone()))
        .collect();
    match list.is_empty() {
        true => Ok(None),
        false => in_list(input, &list, Condition::In),
    }
}

fn in_list(input: &Expr, list: &[Expr], condition: fn(ArrayRef) -> Condition) -> Result<Option<Translated>> {
    let Expr::Column(column) = input else { return Ok(None) };
    let mut values = Vec::with_capacity(list.len());
    for item in list {
        let Expr::Literal(literal, data_type) = item else {
            return Ok(None);
        };
        match operand(column, literal, data_type)? {
            Some(value) => values.push(value),
            None => return Ok(None),
        }
    }
    Ok(Some(exact(column, condition(sorted_set(&values)?))))
}

/// The values sorted, each once.
fn sorted_set(values: &[ArrayRef]) -> Result<ArrayRef> {
    let arrays: Vec<&dyn Array> = values.iter().map(|value| &**value).collect();
    let all = arrow_select::concat::concat(&arrays)?;
    let sorted = arrow_ord::sort::sort(&all, None)?;
    let distinct = arrow_ord::partition::partition(&[Arc::clone(&sorted)])?;
    let firsts = distinct.ranges().into_iter().map(|range| range.start as u32);
    let firsts = arrow_array::UInt32Array::from_iter_values(firsts);
    Ok(arrow_select::take::take(&sorted, &firsts, None)?)
}

/// `LIKE` with a constant pattern: equality, a prefix, a part; of any other pattern, the text before its first wildcard.
fn like(column: &ColumnDef, pattern: &str) -> Option<Translated> {
    if pattern.contains('\\') || matches!(column.data_type, LogicalType::Char(_)) {
        return None;
    }
    let literal = |text: &str| !text.contains(['%', '_']);
    if literal(pattern) {
        let value: ArrayRef = Arc::new(arrow_array::StringViewArray::from(vec![pattern]));
        let bound = Some(Bound { value, inclusive: true });
        let (lower, upper) = (bound.clone(), bound);
        return Some(exact(column, Condition::Range { lower, upper }));
    }
    if let Some(prefix) = pattern.strip_suffix('%')
        && literal(prefix)
        && !prefix.is_empty()
    {
        return Some(exact(column, Condition::Prefix(prefix.as_bytes().into())));
    }
    if let Some(part) = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'))
        && literal(part)
        && !part.is_empty()
    {
        return Some(exact(column, Condition::Contains(part.as_bytes().into())));
    }
    let prefix = pattern.split(['%', '_']).next().unwrap_or_default();
    (!prefix.is_empty()).then(|| Translated {
        complete: false,
        ..exact(column, Condition::Prefix(prefix.as_bytes().into()))
    })
}

/// A condition on the column of addresses as storage takes it; `None` where it does not.
pub(super) fn address_condition(condition: &Condition) -> Option<AddressCondition> {
    let number = |value: &ArrayRef, at: usize| {
        let values = value.as_primitive_opt::<Int64Type>()?;
        values.values().get(at).map(|address| address.cast_unsigned())
    };
    match condition {
        Condition::Range { lower, upper } => {
            let lower = match lower {
                None => 0,
                Some(bound) => number(&bound.value, 0)? + u64::from(!bound.inclusive),
            };
            let upper = match upper {
                None => u64::MAX,
                // Nothing is below the first.
                Some(bound) if !bound.inclusive && number(&bound.value, 0)? == 0 => {
                    return Some(AddressCondition::In(Arc::from([])));
                }
                Some(bound) => number(&bound.value, 0)? - u64::from(!bound.inclusive),
            };
            Some(AddressCondition::Range(lower, upper))
        }
        Condition::In(values) => {
            let addresses = (0..values.len()).map(|at| number(values, at));
            addresses
                .collect::<Option<Vec<u64>>>()
                .map(|list| AddressCondition::In(list.into()))
        }
        _ => None,
    }
}
