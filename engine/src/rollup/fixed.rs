//! Whether an expression gives the same for the same row in every session and at any time, as whatever is kept must.

use stoa_sql::catalog::Volatility;
use stoa_sql::plan::{Expr, FunctionCall};
use stoa_sql::types::LogicalType;

/// Why not, and what would do.
pub(super) struct Reason {
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// The first part of an expression that is not fixed.
pub(super) fn unfixed(expression: &Expr) -> Option<Reason> {
    let mut found = None;
    expression.any(&mut |part| {
        found = reason(part);
        found.is_some()
    });
    found
}

fn reason(part: &Expr) -> Option<Reason> {
    match part {
        Expr::Call(call) => unfixed_call(call),
        Expr::Cast { input, target, .. } if depends_on_settings(&input.data_type(), target) => Some(Reason {
            message: format!(
                "a cast from {} to {target} depends on settings of the session",
                input.data_type()
            ),
            hint: "Name the time zone: (event_time AT TIME ZONE 'UTC')::date.",
        }),
        Expr::Parameter { .. } => Some(Reason {
            message: "it has parameters".into(),
            hint: "Write the values themselves.",
        }),
        Expr::Column(column) if matches!(column.data_type, LogicalType::Array(_) | LogicalType::Record(_)) => {
            Some(Reason {
                message: format!("it reads a column of type {}", column.data_type),
                hint: "Roll up columns of other types.",
            })
        }
        part if part.subquery().is_some() => Some(Reason {
            message: "it has a subquery".into(),
            hint: "Roll up on the key, and look the rest up when the view is read.",
        }),
        _ => None,
    }
}

fn unfixed_call(call: &FunctionCall) -> Option<Reason> {
    if call.function.volatility == Volatility::Immutable {
        return None;
    }
    let is_fixed = call.function.volatility == Volatility::Stable && is_fixed_overload(call);
    let name = call.function.name;
    (!is_fixed).then(|| match name {
        "date_trunc" => Reason {
            message: "date_trunc of a timestamp with time zone depends on the time zone of the session".into(),
            hint: "Name the zone: date_trunc('day', event_time, 'UTC').",
        },
        _ => Reason {
            message: format!("{name} can give different answers for the same row"),
            hint: "Use functions whose answers depend on nothing but the row.",
        },
    })
}

/// Functions that are stable for some of their overloads only.
fn is_fixed_overload(call: &FunctionCall) -> bool {
    let has_instant = || {
        let mut arguments = call.arguments.iter();
        arguments.any(|argument| argument.data_type() == LogicalType::TimestampTz)
    };
    match call.function.name {
        "date_trunc" => call.arguments.len() == 3 || !has_instant(),
        // Of instants in UTC, unless a zone is named.
        "time_bucket" => true,
        "date_part" | "extract" => !has_instant(),
        _ => false,
    }
}

fn depends_on_settings(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType::*;
    let has_zone = |data_type: &LogicalType| matches!(data_type, TimestampTz);
    let is_time = |data_type: &LogicalType| matches!(data_type, Date | Time | Timestamp | TimestampTz | Interval);
    let is_text = |data_type: &LogicalType| matches!(data_type, Text | Varchar(_) | Char(_) | Name);
    let is_shown_by_settings =
        |data_type: &LogicalType| is_time(data_type) || matches!(data_type, Real | Double | Bytea);
    if from == to {
        return false;
    }
    has_zone(from) != has_zone(to) || is_text(to) && is_shown_by_settings(from) || is_text(from) && is_time(to)
}
