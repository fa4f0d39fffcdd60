//! Words to write a scalar function down tersely: parameters, answers, signatures. No execution.
//!
//! ```text
//! pub(super) static LOWER: ScalarFunction = ScalarFunction {
//!     info: || immutable("lower", const { &[signature(&[TEXT], returns::text)] }),
//!     documentation: documentation("text", "Lower case.", "lower('ABC')", "abc"),
//!     execute,
//! };
//! ```

use crate::functions::Documentation;
use stoa_sql::catalog::{FunctionInfo, FunctionKind, NamedParameter, Parameter, Signature, Volatility};
use stoa_sql::literal::Literal;
use stoa_sql::types::{LogicalType, TypeKind};

/// From the types of the coerced arguments to the type of the answer.
pub(crate) type Returns = fn(&[LogicalType]) -> LogicalType;

macro_rules! parameters {
    ($($name:ident = $kind:ident),* $(,)?) => {$(
        #[doc = concat!("A parameter of kind `", stringify!($kind), "`.")]
        #[allow(dead_code, reason = "the whole vocabulary, used or not")]
        pub(crate) const $name: Parameter = Parameter::Kind(TypeKind::$kind);
    )*};
}
parameters! {
    BOOLEAN = Boolean, SMALLINT = SmallInt, INTEGER = Integer, BIGINT = BigInt, REAL = Real, DOUBLE = Double,
    NUMERIC = Numeric, TEXT = Text, VARCHAR = Varchar, CHAR = Char, DATE = Date, TIME = Time, TIMESTAMP = Timestamp,
    TIMESTAMPTZ = TimestampTz, INTERVAL = Interval, UUID = Uuid, JSON = Json, JSONB = Jsonb, JSONPATH = Jsonpath, BYTEA = Bytea, OID = Oid,
    NAME = Name, SINGLE_CHAR = SingleChar, REGCLASS = Regclass, REGTYPE = Regtype, REGPROC = Regproc,
    REGNAMESPACE = Regnamespace, RECORD = Record,
}
/// `anyelement`
pub(crate) const ANY_ELEMENT: Parameter = Parameter::AnyElement;
/// `anyarray`
pub(crate) const ANY_ARRAY: Parameter = Parameter::AnyArray;
/// `"any"`
pub(crate) const ANY: Parameter = Parameter::Any;
/// `text[]`
pub(crate) const TEXT_ARRAY: Parameter = Parameter::ArrayOf(TypeKind::Text);

/// One overload.
pub(crate) const fn signature(parameters: &'static [Parameter], returns: Returns) -> Signature {
    Signature {
        parameters,
        variadic: false,
        returns,
    }
}

/// One overload whose last parameter may be repeated.
pub(crate) const fn variadic(parameters: &'static [Parameter], returns: Returns) -> Signature {
    Signature {
        parameters,
        variadic: true,
        returns,
    }
}

/// A strict, immutable scalar function: the usual kind.
pub(crate) const fn immutable(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    FunctionInfo {
        name,
        kind: FunctionKind::Scalar,
        volatility: Volatility::Immutable,
        strict: true,
        signatures,
        table_columns: None,
        named_parameters: &[],
    }
}

/// A strict scalar function that is constant within a statement.
pub(crate) const fn stable(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    let mut info = immutable(name, signatures);
    info.volatility = Volatility::Stable;
    info
}

/// A strict scalar function that answers anew at every row.
pub(crate) const fn volatile(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    let mut info = immutable(name, signatures);
    info.volatility = Volatility::Volatile;
    info
}

/// The same function, called with NULLs too.
pub(crate) const fn called_on_null(mut info: FunctionInfo) -> FunctionInfo {
    info.strict = false;
    info
}

/// The same function, whose arguments may be given by these names.
pub(crate) const fn named(mut info: FunctionInfo, parameters: &'static [NamedParameter]) -> FunctionInfo {
    info.named_parameters = parameters;
    info
}

/// A parameter that every call has.
pub(crate) const fn required(name: &'static str) -> NamedParameter {
    NamedParameter { name, default: None }
}

/// A parameter that a call may leave out.
pub(crate) const fn optional(name: &'static str, value: Literal, data_type: LogicalType) -> NamedParameter {
    NamedParameter {
        name,
        default: Some((value, data_type)),
    }
}

/// What people read: family, one sentence, a call and its answer.
pub(crate) const fn documentation(
    category: &'static str,
    summary: &'static str,
    example: &'static str,
    result: &'static str,
) -> Documentation {
    Documentation {
        category,
        summary,
        example,
        result,
    }
}

/// Types of answers.
pub(crate) mod returns {
    use stoa_sql::types::LogicalType;

    macro_rules! fixed {
        ($($name:ident = $kind:ident),* $(,)?) => {$(
            #[doc = concat!("`", stringify!($kind), "`, whatever the arguments.")]
            #[allow(dead_code, reason = "the whole vocabulary, used or not")]
            pub(crate) fn $name(_arguments: &[LogicalType]) -> LogicalType {
                LogicalType::$kind
            }
        )*};
    }
    fixed! {
        boolean = Boolean, smallint = SmallInt, integer = Integer, bigint = BigInt, real = Real, double = Double,
        text = Text, date = Date, time = Time, timestamp = Timestamp, timestamptz = TimestampTz, interval = Interval,
        uuid = Uuid, json = Json, jsonb = Jsonb, bytea = Bytea, oid = Oid, name = Name, regclass = Regclass,
        regtype = Regtype, regnamespace = Regnamespace, void = Void,
    }

    /// `numeric` without parameters.
    pub(crate) fn numeric(_arguments: &[LogicalType]) -> LogicalType {
        LogicalType::NUMERIC
    }

    /// The first argument's type.
    pub(crate) fn first(arguments: &[LogicalType]) -> LogicalType {
        arguments.first().cloned().unwrap_or(LogicalType::Text)
    }

    /// The second argument's type.
    pub(crate) fn second(arguments: &[LogicalType]) -> LogicalType {
        arguments.get(1).cloned().unwrap_or(LogicalType::Text)
    }

    /// `text[]`
    pub(crate) fn text_array(_arguments: &[LogicalType]) -> LogicalType {
        LogicalType::Array(Box::new(LogicalType::Text))
    }

    /// An array of the first argument's type.
    pub(crate) fn array_of_first(arguments: &[LogicalType]) -> LogicalType {
        LogicalType::Array(Box::new(first(arguments)))
    }

    /// The first argument's element type.
    pub(crate) fn element(arguments: &[LogicalType]) -> LogicalType {
        match arguments.first() {
            Some(LogicalType::Array(element)) => (**element).clone(),
            _ => LogicalType::Text,
        }
    }
}
