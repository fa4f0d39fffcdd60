//! What of the session decides how values are written and read.

use crate::format::{DateOrder, FormatSettings, IntervalStyle};
use crate::functions::StatementContext;

/// The session's settings as the formats want them; what the session does not know is as Postgres has it by default.
pub(crate) fn format_settings(statement: &StatementContext) -> FormatSettings {
    let setting = |name: &str| {
        statement
            .session
            .fact("setting", name)
            .unwrap_or_default()
            .to_lowercase()
    };
    let date_style = setting("DateStyle");
    FormatSettings {
        time_zone: statement.time_zone.clone(),
        date_order: if date_style.contains("dmy") {
            DateOrder::DayMonthYear
        } else if date_style.contains("ymd") {
            DateOrder::YearMonthDay
        } else {
            DateOrder::MonthDayYear
        },
        interval_style: match setting("IntervalStyle").as_str() {
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            "iso_8601" => IntervalStyle::Iso8601,
            _ => IntervalStyle::Postgres,
        },
        bytea_escape: setting("bytea_output") == "escape",
        extra_float_digits: setting("extra_float_digits").parse().unwrap_or(1),
        transaction_time: statement.transaction_time,
        objects: Some(statement.session.clone()),
    }
}
