//! Tests of scalar functions as tables: a call, its answer. Every call runs with constants, with one value per row, and below
//! NULLs, and must answer the same.

use crate::error::{Error, Result};
use crate::functions::{Call, NoFacts, StatementContext, Value, registry};
use crate::types::{Literal, LogicalType, array_of, array_type, literal_at};
use arrow_array::{Array, ArrayRef};
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

/// A statement at 2024-02-03 04:05:06 UTC in the zone given.
pub(crate) fn statement_in(zone: &str) -> StatementContext {
    StatementContext {
        transaction_time: 1_706_933_106_000_000,
        statement_time: 1_706_933_106_000_000,
        time_zone: jiff::tz::TimeZone::get(zone).unwrap(),
        user: "stoa".to_owned(),
        database: "stoa".to_owned(),
        search_path: vec!["public".to_owned()],
        process_id: 1,
        session: Arc::new(NoFacts),
    }
}

/// A statement in UTC.
pub(crate) fn statement() -> StatementContext {
    statement_in("UTC")
}

/// A constant with its type.
pub(crate) type Typed = (Literal, LogicalType);

/// `text`
pub(crate) fn text(value: &str) -> Typed {
    (Literal::Text(value.to_owned()), LogicalType::Text)
}
/// `smallint`
pub(crate) fn smallint(value: i16) -> Typed {
    (Literal::Integer(value.into()), LogicalType::SmallInt)
}
/// `integer`
pub(crate) fn integer(value: i32) -> Typed {
    (Literal::Integer(value.into()), LogicalType::Integer)
}
/// `bigint`
pub(crate) fn bigint(value: i64) -> Typed {
    (Literal::Integer(value), LogicalType::BigInt)
}
/// `double precision`
pub(crate) fn double(value: f64) -> Typed {
    (Literal::Float(value), LogicalType::Double)
}
/// `real`
pub(crate) fn real(value: f32) -> Typed {
    (Literal::Float(value.into()), LogicalType::Real)
}
/// `boolean`
pub(crate) fn boolean(value: bool) -> Typed {
    (Literal::Boolean(value), LogicalType::Boolean)
}
/// `bytea`
pub(crate) fn bytea(value: &[u8]) -> Typed {
    (Literal::Bytes(value.to_vec()), LogicalType::Bytea)
}
/// `numeric`, typed as a constant of so many digits: `-1.50` is numeric(3,2).
pub(crate) fn numeric(value: &str) -> Typed {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let scale = value.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u8);
    let unscaled: i128 = digits.parse().unwrap();
    let unscaled = if value.starts_with('-') { -unscaled } else { unscaled };
    let precision = (digits.trim_start_matches('0').len() as u8).max(scale).max(1);
    (Literal::Numeric(unscaled), LogicalType::Numeric { precision, scale })
}
/// NULL of a type.
pub(crate) fn null(data_type: LogicalType) -> Typed {
    (Literal::Null, data_type)
}
/// `text[]`
pub(crate) fn text_array(values: &[Option<&str>]) -> Typed {
    let element = |value: &Option<&str>| value.map_or(Literal::Null, |value| Literal::Text(value.to_owned()));
    let elements = values.iter().map(element).collect();
    (
        Literal::Array(elements),
        LogicalType::Array(Box::new(LogicalType::Text)),
    )
}

fn takes(signature: &Signature, types: &[LogicalType]) -> bool {
    let mut parameters = signature.parameters.to_vec();
    if signature.variadic
        && let Some(last) = parameters.last().copied()
        && types.len() >= parameters.len()
    {
        parameters.resize(types.len(), last);
    }
    parameters.len() == types.len()
        && parameters
            .iter()
            .zip(types)
            .all(|(parameter, data_type)| match (parameter, data_type) {
                (Parameter::Kind(kind), data_type) => data_type.kind() == *kind,
                (Parameter::ArrayOf(kind), LogicalType::Array(element)) => element.kind() == *kind,
                (Parameter::ArrayOf(_), _) => false,
                (Parameter::AnyArray, data_type) => matches!(data_type, LogicalType::Array(_)),
                (Parameter::AnyElement | Parameter::Any, _) => true,
            })
}

/// The overload that takes just these types.
pub(crate) fn overload<'i>(info: &'i stoa_sql::catalog::FunctionInfo, types: &[LogicalType]) -> &'i Signature {
    info.signatures
        .iter()
        .find(|signature| takes(signature, types))
        .unwrap_or_else(|| panic!("{} has no overload for {types:?}", info.name))
}

/// The answer of a call with its type; the arguments must be of the types of an overload exactly.
pub(crate) fn evaluate_in(name: &str, arguments: &[Typed], statement: &StatementContext) -> Result<Typed> {
    let function = registry::scalar_function(name).unwrap_or_else(|| panic!("there is no function {name}"));
    let info = (function.info)();
    let types: Vec<LogicalType> = arguments.iter().map(|(_, data_type)| data_type.clone()).collect();
    let signature = info
        .signatures
        .iter()
        .find(|signature| takes(signature, &types))
        .unwrap_or_else(|| panic!("{name} has no overload for {types:?}"));
    let return_type = (signature.returns)(&types);
    let run = |values: Vec<Value>, row_count: usize| -> Result<ArrayRef> {
        let answer = (function.execute)(&Call {
            arguments: &values,
            argument_types: &types,
            row_count,
            return_type: &return_type,
            statement,
        })?;
        let answer = answer.expand(row_count)?;
        assert_eq!(answer.len(), row_count, "{name}: rows");
        assert_eq!(answer.data_type(), &array_type(&return_type), "{name}: array type");
        Ok(answer)
    };
    let arrays: Vec<ArrayRef> = arguments
        .iter()
        .map(|(literal, data_type)| array_of(literal, data_type).unwrap())
        .collect();
    if info.strict && arguments.iter().any(|(literal, _)| *literal == Literal::Null) {
        return Ok((Literal::Null, return_type));
    }
    let answer = run(arrays.iter().cloned().map(Value::Constant).collect(), 1)?;
    let answer = literal_at(&*answer, 0, &return_type)?;
    if info.volatility != stoa_sql::catalog::Volatility::Volatile && !arguments.is_empty() {
        // A NULL row between two others, in every argument in turn.
        for at in 0..arrays.len() {
            let values = arrays.iter().enumerate().map(|(place, array)| {
                let middle = match place == at && info.strict {
                    true => arrow_array::new_null_array(array.data_type(), 1),
                    false => array.clone(),
                };
                let rows = arrow_select::concat::concat(&[array.as_ref(), middle.as_ref(), array.as_ref()]).unwrap();
                match place == at || arrays.len() == 1 || at % 2 == 0 {
                    true => Value::Array(rows),
                    false => Value::Constant(array.clone()),
                }
            });
            let rows = run(values.collect(), 3)?;
            for row in [0, 2] {
                let here = literal_at(&*rows, row, &return_type)?;
                assert!(
                    same(&here, &answer),
                    "{name}: {here:?} per row, {answer:?} as a constant"
                );
            }
        }
    }
    Ok((answer, return_type))
}

/// [`evaluate_in`] UTC.
pub(crate) fn evaluate(name: &str, arguments: &[Typed]) -> Result<Typed> {
    evaluate_in(name, arguments, &statement())
}

fn same(left: &Literal, right: &Literal) -> bool {
    match (left, right) {
        (Literal::Float(left), Literal::Float(right)) => left.to_bits() == right.to_bits() || left == right,
        (left, right) => left == right,
    }
}

/// That a call answers so.
#[track_caller]
pub(crate) fn check(name: &str, arguments: &[Typed], expected: Typed) {
    match evaluate(name, arguments) {
        Ok(answer) => assert!(
            same(&answer.0, &expected.0) && answer.1 == expected.1,
            "{name}{arguments:?}\n  gives    {answer:?}\n  expected {expected:?}"
        ),
        Err(error) => panic!("{name}{arguments:?} fails: {error}"),
    }
}

/// That a call fails so: a SQLSTATE and a sentence.
#[track_caller]
pub(crate) fn check_error(name: &str, arguments: &[Typed], state: &str, message: &str) {
    match evaluate(name, arguments) {
        Ok(answer) => panic!("{name}{arguments:?} gives {answer:?}"),
        Err(Error::Internal(reason)) => panic!("{name}{arguments:?}: {reason}"),
        Err(error) => {
            assert_eq!(error.to_string(), message, "{name}{arguments:?}");
            assert_eq!(error.state().0, state, "{name}{arguments:?}");
        }
    }
}
