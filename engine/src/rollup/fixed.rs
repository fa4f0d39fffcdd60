//! Whether an expression gives the same for the same row in every session and at any time, as whatever is kept must.

use crate::error::{Error, SqlState};
use stoa_sql::catalog::Volatility;
use stoa_sql::plan::{Expr, FunctionCall, Plan};
use stoa_sql::types::LogicalType;

/// Why not, and what would do.
pub(crate) struct Reason {
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

impl Reason {
    /// That a definition is refused for it.
    pub(crate) fn refusal(&self) -> Error {
        Error::Sql(self.sql_refusal())
    }

    /// Likewise, as the compiler says it.
    pub(super) fn sql_refusal(&self) -> stoa_sql::Error {
        let error = stoa_sql::Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!(
                "a materialized view of this query cannot be kept exact: {}",
                self.message
            ),
        );
        error.with_hint(self.hint)
    }
}

/// The first expression of a plan that is not fixed.
pub(crate) fn unfixed_plan(plan: &Plan) -> Option<Reason> {
    let mut found = None;
    plan.for_each_expression(&mut |expression| found = found.take().or_else(|| unfixed(expression)));
    found.or_else(|| plan.inputs().into_iter().find_map(unfixed_plan))
}

/// The first part of an expression that is not fixed; functions before what is made of their answers.
pub(super) fn unfixed(expression: &Expr) -> Option<Reason> {
    let mut found = None;
    expression.any(&mut |part| {
        found = match part {
            Expr::Call(call) => unfixed_call(call),
            _ => None,
        };
        found.is_some()
    });
    if found.is_none() {
        expression.any(&mut |part| {
            found = unfixed_part(part);
            found.is_some()
        });
    }
    found
}

fn unfixed_part(part: &Expr) -> Option<Reason> {
    match part {
        Expr::Cast { input, target, .. } if depends_on_settings(&input.data_type(), target) => Some(Reason {
            message: format!(
                "a cast from {} to {target} depends on settings of the session",
                input.data_type()
            ),
            hint: match [input.data_type(), target.clone()].contains(&LogicalType::TimestampTz) {
                true => "Name the time zone: (event_time AT TIME ZONE 'UTC')::date.",
                false => "Keep the value itself, and cast it when the view is read.",
            },
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
    let name = call.function.name;
    let is_fixed = match call.function.volatility {
        Volatility::Immutable => !has_instant(call) || is_fixed_of_instants(call),
        Volatility::Stable => is_fixed_overload(call),
        Volatility::Volatile => false,
    };
    if !is_fixed {
        return Some(match name {
            "date_trunc" => Reason {
                message: "date_trunc of a timestamp with time zone depends on the time zone of the session".into(),
                hint: "Name the zone: date_trunc('day', event_time, 'UTC').",
            },
            _ if has_instant(call) => Reason {
                message: format!("{name} of a timestamp with time zone may depend on the time zone of the session"),
                hint: "Take the local time of a zone that you name: event_time AT TIME ZONE 'UTC'.",
            },
            _ => Reason {
                message: format!("{name} can give different answers for the same row"),
                hint: "Use functions whose answers depend on nothing but the row.",
            },
        });
    }
    // Functions that take any type show values as the session has it.
    let mut arguments = call.arguments.iter().map(Expr::data_type);
    let shown = arguments
        .find(is_shown_by_settings)
        .filter(|_| is_text(&call.data_type))?;
    Some(Reason {
        message: format!("{name} shows a value of type {shown} as the settings of the session have it"),
        hint: "Use functions whose answers depend on nothing but the row.",
    })
}

fn has_instant(call: &FunctionCall) -> bool {
    let mut arguments = call.arguments.iter();
    arguments.any(|argument| argument.data_type() == LogicalType::TimestampTz)
}

/// Functions of instants that do not look at the session's time zone.
fn is_fixed_of_instants(call: &FunctionCall) -> bool {
    let is_difference = || {
        let mut arguments = call.arguments.iter();
        arguments.all(|argument| argument.data_type() == LogicalType::TimestampTz)
    };
    match call.function.name {
        "timezone" => call.arguments.len() == 2,
        "-" => is_difference(),
        "date_bin" | "isfinite" | "greatest" | "least" => true,
        // Aggregates.
        "count" | "min" | "max" | "approx_count_distinct" => true,
        _ => false,
    }
}

/// Functions that are stable for some of their overloads only.
fn is_fixed_overload(call: &FunctionCall) -> bool {
    match call.function.name {
        "date_trunc" => call.arguments.len() == 3 || !has_instant(call),
        // Of instants in UTC, unless a zone is named.
        "time_bucket" => true,
        "date_part" | "extract" => !has_instant(call),
        _ => false,
    }
}

fn is_text(data_type: &LogicalType) -> bool {
    use LogicalType::{Char, Json, Jsonb, Name, Text, Varchar};
    matches!(data_type, Text | Varchar(_) | Char(_) | Name | Json | Jsonb)
}

/// Types whose text is not the same in every session.
fn is_shown_by_settings(data_type: &LogicalType) -> bool {
    use LogicalType::*;
    match data_type {
        Array(element) => is_shown_by_settings(element),
        Record(fields) => fields.iter().any(|(_, field)| is_shown_by_settings(field)),
        Date | Time | Timestamp | TimestampTz | Interval | Real | Double | Bytea => true,
        Regclass | Regtype | Regproc | Regnamespace => true,
        _ => false,
    }
}

fn depends_on_settings(from: &LogicalType, to: &LogicalType) -> bool {
    use LogicalType::*;
    if from == to {
        return false;
    }
    match (from, to) {
        (Array(from), Array(to)) => depends_on_settings(from, to),
        (TimestampTz, _) | (_, TimestampTz) => true,
        (from, to) if is_text(to) => is_shown_by_settings(from),
        (from, to) if is_text(from) => is_shown_by_settings(to) && !matches!(to, Real | Double | Bytea),
        (Record(_), _) | (_, Record(_)) => true,
        _ => false,
    }
}
