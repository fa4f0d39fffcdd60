//! `history = 'scd2'`: which tables keep every version of their rows, by what key, and in which columns a version's period is. What a
//! change does to the versions is decided in `statement/versions_of_key`.

use super::options::{column_list, invalid};
use super::persist::TableDefinition;
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, stored_type};
use stoa_sql::catalog::VersionedKey;
use stoa_storage::schema::TableSchema;

/// The columns of a version's period.
const VALID_FROM: &str = "valid_from";
const VALID_TO: &str = "valid_to";

/// Whether a value of the option `history` asks for versions of rows.
pub(super) fn is_versioned(history: &str) -> bool {
    history.trim().eq_ignore_ascii_case("scd2")
}

/// What the options of a table say of its versions; `None` where it keeps none.
///
/// # Errors
/// 22023 for options that do not go together, and for columns that are no period; 42703 for a column that is not there.
pub(crate) fn versioned_key(schema: &TableSchema, options: &[(String, String)]) -> Result<Option<VersionedKey>> {
    let given = |name: &str| {
        let mut options = options.iter().filter(|(_, value)| !value.trim().is_empty());
        options
            .find(|(option, _)| option == name)
            .map(|(_, value)| value.as_str())
    };
    let key = given("key");
    if !given("history").is_some_and(is_versioned) {
        return match key {
            None => Ok(None),
            Some(_) => Err(invalid(
                "option \"key\" needs history = 'scd2': it says what the rows are versions of",
            )),
        };
    }
    let Some(key) = key else {
        return Err(with_hint(
            "history = 'scd2' needs the option \"key\": the columns that say what a row is a version of",
            "Write WITH (history = 'scd2', key = 'id').",
        ));
    };
    for other in ["deduplicate_by", "event_time"] {
        if given(other).is_some() {
            return Err(invalid(format!("option \"{other}\" does not go with history = 'scd2'")));
        }
    }
    let place = |id| schema.columns.iter().position(|column| column.id == id);
    let columns: Option<Vec<usize>> = column_list(schema, "key", key)?.into_iter().map(place).collect();
    let versions = VersionedKey {
        columns: columns.unwrap_or_default(),
        valid_from: period_column(schema, VALID_FROM)?,
        valid_to: period_column(schema, VALID_TO)?,
    };
    if versions
        .columns
        .iter()
        .any(|place| *place == versions.valid_from || *place == versions.valid_to)
    {
        return Err(invalid(
            "the key of a table with history = 'scd2' is without valid_from and valid_to",
        ));
    }
    check_retention(schema, &versions)?;
    Ok(Some(versions))
}

/// The place of a column of the period.
fn period_column(schema: &TableSchema, name: &str) -> Result<usize> {
    let zoned = stored_type(&LogicalType::TimestampTz);
    let mut columns = schema.columns.iter();
    match columns.position(|column| column.name == name && column.data_type == zoned) {
        Some(place) => Ok(place),
        None => Err(with_hint(
            format!("history = 'scd2' needs a column \"{name}\" of type timestamptz"),
            "CREATE TABLE adds it where it is not declared; to a table that is there: \
             ALTER TABLE .. ADD COLUMN valid_from timestamptz NOT NULL DEFAULT '-infinity', ADD COLUMN valid_to timestamptz.",
        )),
    }
}

/// The version of now may have begun long ago: only those that ended may go with their partition.
fn check_retention(schema: &TableSchema, versions: &VersionedKey) -> Result<()> {
    let ends = schema.columns.get(versions.valid_to).map(|column| column.id);
    match schema.retention_days.is_some() && schema.partition_by.map(|by| by.column) != ends {
        true => Err(with_hint(
            "\"retention\" of a table with history = 'scd2' would drop versions that are valid",
            "Partition the table by valid_to: those that ended are dropped then.",
        )),
        false => Ok(()),
    }
}

/// That no key of a table contradicts its versions.
///
/// # Errors
/// As [`check_unique_key`].
pub(crate) fn check_unique_keys(
    schema: &TableSchema,
    definition: &TableDefinition,
    versions: &VersionedKey,
) -> Result<()> {
    let place = |id: u32| schema.columns.iter().position(|column| column.id.0 == id);
    definition.keys().try_for_each(|(_, name, columns)| {
        let places: Vec<usize> = columns.into_iter().filter_map(place).collect();
        check_unique_key(versions, &places, name)
    })
}

/// Versions may have the same values in all columns, but never the same beginning.
///
/// # Errors
/// 42P16 for a key that forbids that.
pub(crate) fn check_unique_key(versions: &VersionedKey, places: &[usize], name: &str) -> Result<()> {
    if places.contains(&versions.valid_from) {
        return Ok(());
    }
    let error = stoa_sql::Error::new(
        SqlState::INVALID_TABLE_DEFINITION,
        format!("unique constraint \"{name}\" on a table with history = 'scd2' must include column \"{VALID_FROM}\""),
    );
    let error = error.with_detail("Versions of a row may have the same values in all other columns.");
    Err(Error::Sql(error.with_hint(
        "Leave the constraint out: by the option \"key\" one version at most is valid at any time.",
    )))
}

fn with_hint(message: impl Into<String>, hint: &str) -> Error {
    let error = stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message.into());
    Error::Sql(error.with_hint(hint))
}
