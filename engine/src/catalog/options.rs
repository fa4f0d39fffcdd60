//! WITH (..) of a table: which options there are, what their values may be, and what they mean to storage.

use super::arrival::keep_arrival;
use super::versioned_key::{is_versioned, versioned_key};
use crate::error::{Error, Result, SqlState};
use stoa_storage::schema::{ColumnId, KeySchema, PartitionBy, PartitionUnit, TableId, TableSchema};

/// What an option is called, and how a value looks.
const KNOWN: [(&str, &str); 12] = [
    (
        "partition_by",
        "day(column), week(column), month(column) or year(column)",
    ),
    ("order_by", "columns with commas between"),
    ("bloom_filter", "columns with commas between"),
    ("deduplicate_by", "columns with commas between"),
    ("event_time", "a column of type date, timestamp or timestamptz"),
    (
        "allowed_lateness",
        "a number of seconds, minutes, hours, days or weeks: '72 hours'",
    ),
    (
        "future_tolerance",
        "a number of seconds, minutes, hours, days or weeks: '24 hours'",
    ),
    (
        "idle_after",
        "a number of seconds, minutes, hours, days or weeks: '5 minutes'",
    ),
    ("after_seal", "correction, sideline or reject"),
    ("retention", "a number of days: '400 days'"),
    (
        "history",
        "a number of seconds, minutes, hours, days or weeks: '7 days'; or 'none', or 'scd2' for versions of rows",
    ),
    ("key", "columns with commas between"),
];

/// How long rows that were deleted can still be read as of the versions that had them, where no option says otherwise.
const HISTORY_DEFAULT_MS: u64 = 7 * DAY_MS;
/// Storage remembers the times of commits for so long.
const HISTORY_MAX_MS: u64 = 35 * DAY_MS;
const DAY_MS: u64 = 86_400_000;
const ALLOWED_LATENESS_DEFAULT_MS: u64 = 3 * DAY_MS;
const FUTURE_TOLERANCE_DEFAULT_MS: u64 = DAY_MS;
const IDLE_AFTER_DEFAULT_MS: u64 = 300_000;

/// Parameters of Postgres's tables that say how pages are filled and cleaned, of which Stoa has none. Programs give them by habit.
const WITHOUT_EFFECT: [&str; 7] = [
    "fillfactor",
    "parallel_workers",
    "toast_tuple_target",
    "user_catalog_table",
    "log_autovacuum_min_duration",
    "vacuum_index_cleanup",
    "vacuum_truncate",
];

/// Whether an option is taken and does nothing; who gives it is told.
pub(crate) fn is_without_effect(name: &str) -> bool {
    WITHOUT_EFFECT.contains(&name) || name.starts_with("autovacuum_")
}

/// Puts the options' meaning into a table's schema; columns are found by their names. A temporary table keeps no history. A new key gets
/// a new identity.
///
/// # Errors
/// 22023: an option that is not there, or a value that makes no sense. 42703: a column that is not there.
pub(crate) fn apply_options(
    schema: &mut TableSchema,
    options: &[(String, String)],
    is_temporary: bool,
    new_id: &dyn Fn() -> TableId,
) -> Result<()> {
    let former_keys = std::mem::take(&mut schema.keys);
    schema.partition_by = None;
    schema.sort_key = Vec::new();
    schema.bloom_columns = Vec::new();
    schema.retention_days = None;
    schema.history_ms = if is_temporary { 0 } else { HISTORY_DEFAULT_MS };
    for (position, (name, value)) in options.iter().enumerate() {
        if options.iter().take(position).any(|(other, _)| other == name) {
            return Err(invalid(format!("parameter \"{name}\" specified more than once")));
        }
        match name.as_str() {
            "partition_by" => schema.partition_by = partition_by(schema, value)?,
            "order_by" => schema.sort_key = column_list(schema, name, value)?,
            "bloom_filter" => schema.bloom_columns = column_list(schema, name, value)?,
            "deduplicate_by" => {
                let columns = column_list(schema, name, value)?;
                let known = former_keys.iter().find(|key| key.columns == columns);
                let id = known.map(|key| key.id);
                if !columns.is_empty() {
                    let id = id.unwrap_or_else(new_id);
                    schema.keys.push(KeySchema { id, columns });
                }
            }
            "event_time" | "allowed_lateness" | "future_tolerance" | "idle_after" => {}
            "retention" => schema.retention_days = retention(value)?,
            "history" if value.trim().is_empty() || is_versioned(value) => {}
            "key" => {}
            "history" => schema.history_ms = history_ms(value)?,
            "after_seal" => {}
            name if is_without_effect(name) => {}
            _ => return Err(unknown(name)),
        }
    }
    if schema.retention_days.is_some() && schema.partition_by.is_none() {
        return Err(invalid(
            "option \"retention\" needs \"partition_by\": whole partitions are dropped",
        ));
    }
    after_seal(options)?;
    versioned_key(schema, options)?;
    keep_arrival(schema, options)
}

/// What becomes of rows that come into a sealed period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterSeal {
    /// They come, and can be told from those that were sealed.
    Correction,
    /// They are put aside.
    Sideline,
    /// Their statement fails.
    Reject,
}

/// What the options say of that.
///
/// # Errors
/// 22023
pub(crate) fn after_seal(options: &[(String, String)]) -> Result<AfterSeal> {
    let value = options.iter().find(|(name, _)| name == "after_seal");
    let value = value.map_or("", |(_, value)| value.trim());
    match value.to_lowercase().as_str() {
        "" | "correction" => Ok(AfterSeal::Correction),
        "sideline" => Ok(AfterSeal::Sideline),
        "reject" => Ok(AfterSeal::Reject),
        _ => Err(wrong_value("after_seal", value)),
    }
}

/// When the events of a table happened, and what that means for rows that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTime {
    /// The column: a date, a timestamp in UTC, or a timestamptz.
    pub(crate) column: ColumnId,
    /// Events that come later than this behind others of their source are very late.
    pub(crate) allowed_lateness_ms: u64,
    /// Events that are further in the future are put aside.
    pub(crate) future_tolerance_ms: u64,
    /// A source that brings nothing for longer does not hold up the others.
    pub(crate) idle_after_ms: u64,
}

/// What the options of a table say of its events' times.
///
/// # Errors
/// 22023, 42703.
pub(crate) fn event_time(schema: &TableSchema, options: &[(String, String)]) -> Result<Option<EventTime>> {
    let given = |name: &str| {
        let mut options = options.iter().filter(|(_, value)| !value.trim().is_empty());
        options
            .find(|(option, _)| option == name)
            .map(|(_, value)| value.as_str())
    };
    let duration = |name: &str, default_ms: u64| match given(name) {
        None => Ok(default_ms),
        Some(value) => span_ms(value).ok_or_else(|| wrong_value(name, value)),
    };
    let allowed_lateness_ms = duration("allowed_lateness", ALLOWED_LATENESS_DEFAULT_MS)?;
    let future_tolerance_ms = duration("future_tolerance", FUTURE_TOLERANCE_DEFAULT_MS)?;
    let idle_after_ms = duration("idle_after", IDLE_AFTER_DEFAULT_MS)?;
    let Some(name) = given("event_time") else {
        let needing = ["allowed_lateness", "future_tolerance", "idle_after"];
        return match needing.into_iter().find(|name| given(name).is_some()) {
            None => Ok(None),
            Some(name) => Err(invalid(format!(
                "option \"{name}\" needs \"event_time\": the column that says when an event happened"
            ))),
        };
    };
    let column = column_named(schema, name)?;
    let data_type = schema.column(column).map(|column| &column.data_type);
    use arrow_schema::DataType::{Date32, Timestamp};
    if !matches!(data_type, Some(Date32 | Timestamp(_, _))) {
        return Err(invalid(
            "the time of an event is a column of type date, timestamp or timestamptz",
        ));
    }
    Ok(Some(EventTime {
        column,
        allowed_lateness_ms,
        future_tolerance_ms,
        idle_after_ms,
    }))
}

pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn unknown(name: &str) -> Error {
    let known = KNOWN.map(|(name, _)| name).join(", ");
    let error = stoa_sql::Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("unrecognized parameter \"{name}\""),
    );
    Error::Sql(error.with_hint(format!("The options of a table are {known}.")))
}

fn wrong_value(name: &str, value: &str) -> Error {
    let form = KNOWN
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, form)| form);
    let error = stoa_sql::Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for option \"{name}\": \"{value}\""),
    );
    Error::Sql(error.with_hint(format!("Write {form}.")))
}

/// A column's name as SQL writes it: folded to lower case unless quoted.
fn column_named(schema: &TableSchema, text: &str) -> Result<ColumnId> {
    let text = text.trim();
    let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name = quoted.map_or_else(|| text.to_lowercase(), |name| name.replace("\"\"", "\""));
    let column = schema.columns.iter().find(|column| column.name == name);
    column.map(|column| column.id).ok_or_else(|| {
        Error::user(
            SqlState::UNDEFINED_COLUMN,
            format!("column \"{name}\" named in an option does not exist"),
        )
    })
}

pub(super) fn column_list(schema: &TableSchema, option: &str, value: &str) -> Result<Vec<ColumnId>> {
    let mut columns = Vec::new();
    for part in split_list(value) {
        let id = column_named(schema, part)?;
        if columns.contains(&id) {
            return Err(wrong_value(option, value));
        }
        columns.push(id);
    }
    Ok(columns)
}

/// The parts between commas that stand outside quotes; none of an empty text.
fn split_list(text: &str) -> Vec<&str> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let mut is_quoted = false;
    text.split(|letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    })
    .collect()
}

fn partition_by(schema: &TableSchema, value: &str) -> Result<Option<PartitionBy>> {
    if value.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || wrong_value("partition_by", value);
    let (unit, column) = value.trim().split_once('(').ok_or_else(wrong)?;
    let column = column.strip_suffix(')').ok_or_else(wrong)?;
    let unit = match unit.trim().to_lowercase().as_str() {
        "day" => PartitionUnit::Day,
        "week" => PartitionUnit::Week,
        "month" => PartitionUnit::Month,
        "year" => PartitionUnit::Year,
        _ => return Err(wrong()),
    };
    let column = column_named(schema, column)?;
    let data_type = schema.column(column).map(|column| &column.data_type);
    use arrow_schema::DataType::{Date32, Timestamp};
    if !matches!(data_type, Some(Date32 | Timestamp(_, _))) {
        return Err(invalid(
            "a table is partitioned by a column of type date, timestamp or timestamptz",
        ));
    }
    Ok(Some(PartitionBy { column, unit }))
}

fn retention(value: &str) -> Result<Option<u32>> {
    if value.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || wrong_value("retention", value);
    let mut words = value.split_whitespace();
    let number: u32 = words.next().and_then(|word| word.parse().ok()).ok_or_else(wrong)?;
    let days = match (words.next().map(str::to_lowercase).as_deref(), words.next()) {
        (Some("day" | "days"), None) => number,
        (Some("week" | "weeks"), None) => number.checked_mul(7).ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    match days {
        0 => Err(wrong()),
        days => Ok(Some(days)),
    }
}

fn history_ms(value: &str) -> Result<u64> {
    if value.trim().eq_ignore_ascii_case("none") {
        return Ok(0);
    }
    let history_ms = span_ms(value).ok_or_else(|| wrong_value("history", value))?;
    match history_ms <= HISTORY_MAX_MS {
        true => Ok(history_ms),
        false => Err(invalid(
            "history is kept for 35 days at most: beyond, it is not known when versions were made",
        )),
    }
}

/// A number and a unit, in milliseconds; `u64::MAX` where that is more.
fn span_ms(value: &str) -> Option<u64> {
    let mut words = value.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let unit_ms = match (words.next().map(str::to_lowercase).as_deref(), words.next()) {
        (None, None) if number == 0 => 1,
        (Some("second" | "seconds"), None) => 1_000,
        (Some("minute" | "minutes"), None) => 60_000,
        (Some("hour" | "hours"), None) => 3_600_000,
        (Some("day" | "days"), None) => DAY_MS,
        (Some("week" | "weeks"), None) => 7 * DAY_MS,
        _ => return None,
    };
    Some(number.saturating_mul(unit_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::DataType;
    use std::sync::Arc;
    use stoa_storage::schema::ColumnSchema;

    fn schema() -> TableSchema {
        let column = |id: u32, name: &str, data_type| ColumnSchema {
            id: ColumnId(id),
            name: name.into(),
            data_type,
            nullable: true,
            missing_value: None,
        };
        let columns = vec![
            column(0, "day", DataType::Date32),
            column(1, "A,b", DataType::Int64),
            column(2, "n", DataType::Int64),
        ];
        TableSchema::new(TableId(1), columns, Arc::from(&b""[..]))
    }

    fn apply(options: &[(&str, &str)]) -> Result<TableSchema> {
        let mut schema = schema();
        let options: Vec<_> = options
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        apply_options(&mut schema, &options, false, &|| TableId(9)).map(|()| schema)
    }

    #[test]
    fn options_reach_the_schema() {
        let schema = apply(&[
            ("partition_by", "Month(DAY)"),
            ("order_by", "n, \"A,b\""),
            ("bloom_filter", "n"),
            ("deduplicate_by", "n, day"),
            ("retention", "2 weeks"),
        ])
        .unwrap();
        let by = PartitionBy {
            column: ColumnId(0),
            unit: PartitionUnit::Month,
        };
        assert_eq!(schema.partition_by, Some(by));
        assert_eq!(schema.sort_key, [ColumnId(2), ColumnId(1)]);
        assert_eq!(schema.bloom_columns, [ColumnId(2)]);
        let key = KeySchema {
            id: TableId(9),
            columns: vec![ColumnId(2), ColumnId(0)],
        };
        assert_eq!(schema.keys, [key]);
        assert_eq!(schema.retention_days, Some(14));
        assert_eq!(schema.history_ms, 604_800_000);
        for (value, history_ms) in [
            ("none", 0),
            ("0", 0),
            ("90 seconds", 90_000),
            ("1 hour", 3_600_000),
            ("2 Weeks", 1_209_600_000),
        ] {
            assert_eq!(apply(&[("history", value)]).unwrap().history_ms, history_ms, "{value}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (name, value) in [
            ("partition_by", "hour(day)"),
            ("partition_by", "day"),
            ("partition_by", "day(n)"),
            ("partition_by", "day(x)"),
            ("order_by", "n, n"),
            ("order_by", "n,"),
            ("event_time", "n"),
            ("event_time", "x"),
            ("allowed_lateness", "3 hours"),
            ("retention", "5 days"),
            ("retention", "soon"),
            ("history", "7"),
            ("history", "for ever"),
            ("history", "36 days"),
            ("history", "99999999999999999999 days"),
            ("fill", "70"),
        ] {
            assert!(apply(&[(name, value)]).is_err(), "{name} {value}");
        }
        let Err(Error::Sql(error)) = apply(&[("fill", "70")]) else {
            panic!("refused")
        };
        assert!(error.hint.unwrap().contains("partition_by, order_by"));
    }
}
