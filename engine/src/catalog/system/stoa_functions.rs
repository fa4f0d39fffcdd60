//! `stoa.functions`: every function with its signatures and what it is for.

use super::{Rows, SystemContext, SystemTable, flag, text};
use crate::catalog::state::STOA;
use crate::error::Result;
use crate::functions::Documentation;
use crate::functions::registry::{self, Function};
use crate::types::LogicalType;
use arrow_array::ArrayRef;
use stoa_sql::catalog::{FunctionKind, Parameter, Signature, Volatility};
use stoa_sql::types::TypeKind;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: STOA,
    name: "functions",
    oid: 12_507,
    columns,
    rows,
}];

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Text};
    vec![
        ("name", Text),
        ("kind", Text),
        ("category", Text),
        ("arguments", Text),
        ("is_variadic", Boolean),
        ("volatility", Text),
        ("description", Text),
        ("example", Text),
        ("result", Text),
    ]
}

fn documentation(function: Function) -> Documentation {
    match function {
        Function::Scalar(function) => function.documentation,
        Function::Aggregate(function) => function.documentation,
        Function::Window(function) => function.documentation,
        Function::Table(function) => function.documentation,
    }
}

/// What a function does, a sentence.
pub(super) fn summary_of(name: &str) -> Option<&'static str> {
    registry::find(name).map(|function| documentation(function).summary)
}

/// `TimestampTz` as `timestamptz`.
fn kind_text(kind: TypeKind) -> String {
    match kind {
        TypeKind::SingleChar => "\"char\"".into(),
        TypeKind::Double => "double precision".into(),
        kind => format!("{kind:?}").to_lowercase(),
    }
}

/// What an overload takes: `text, integer`.
fn arguments(signature: &Signature) -> String {
    let words = signature.parameters.iter().map(|parameter| match parameter {
        Parameter::Kind(kind) => kind_text(*kind),
        Parameter::ArrayOf(kind) => format!("{}[]", kind_text(*kind)),
        Parameter::AnyElement => "anyelement".into(),
        Parameter::AnyArray => "anyarray".into(),
        Parameter::Any => "any".into(),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn rows(_: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for (info, function) in registry::all() {
        let documentation = documentation(function);
        let kind = match info.kind {
            FunctionKind::Scalar => "scalar",
            FunctionKind::Aggregate => "aggregate",
            FunctionKind::Window => "window",
            FunctionKind::Table => "table",
        };
        let volatility = match info.volatility {
            Volatility::Immutable => "immutable",
            Volatility::Stable => "stable",
            Volatility::Volatile => "volatile",
        };
        for signature in info.signatures {
            rows.push([
                text(info.name),
                text(kind),
                text(documentation.category),
                text(arguments(signature)),
                flag(signature.variadic),
                text(volatility),
                text(documentation.summary),
                text(documentation.example),
                text(documentation.result),
            ]);
        }
    }
    rows.finish()
}
