//! How aggregates declare their overloads, in one line each.

use stoa_sql::catalog::{FunctionInfo, FunctionKind, Signature, Volatility};
use stoa_sql::types::LogicalType;

/// An aggregate with these overloads.
pub(super) fn aggregate(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    FunctionInfo {
        name,
        kind: FunctionKind::Aggregate,
        volatility: Volatility::Immutable,
        strict: false,
        signatures,
        table_columns: None,
        named_parameters: &[],
    }
}

/// The answer has the type of the first argument.
pub(super) fn same_as_first(arguments: &[LogicalType]) -> LogicalType {
    arguments.first().cloned().unwrap_or(LogicalType::Unknown)
}

/// The answer has the type of the second argument.
pub(super) fn same_as_second(arguments: &[LogicalType]) -> LogicalType {
    arguments.get(1).cloned().unwrap_or(LogicalType::Unknown)
}

/// The answer is an array of the first argument's type.
pub(super) fn array_of_first(arguments: &[LogicalType]) -> LogicalType {
    LogicalType::Array(Box::new(same_as_first(arguments)))
}

/// The answer is an array of the second argument's type.
pub(super) fn array_of_second(arguments: &[LogicalType]) -> LogicalType {
    LogicalType::Array(Box::new(same_as_second(arguments)))
}

/// Digits behind the point that averages and deviations of integers and decimals have at least.
pub(super) const FRACTION_DIGITS_MIN: u8 = 16;

/// The numeric type of averages and deviations: 38 digits, 16 behind the point or as many as the argument has. Postgres gives
/// at least 16 significant digits, so it shows fewer behind the point of large numbers; the value is the same.
pub(super) fn fractional(arguments: &[LogicalType]) -> LogicalType {
    let scale = match arguments.first() {
        Some(LogicalType::Numeric { scale, .. }) => (*scale).max(FRACTION_DIGITS_MIN),
        _ => FRACTION_DIGITS_MIN,
    };
    LogicalType::Numeric { precision: 38, scale }
}

/// `[(SmallInt, Integer) => returns, ..]` as signatures.
macro_rules! signatures {
    ($(($($kind:ident),*) => $returns:expr),* $(,)?) => {
        &[$(stoa_sql::catalog::Signature {
            parameters: &[$(stoa_sql::catalog::Parameter::Kind(stoa_sql::types::TypeKind::$kind)),*],
            variadic: false,
            returns: $returns,
        }),*]
    };
}
pub(super) use signatures;
