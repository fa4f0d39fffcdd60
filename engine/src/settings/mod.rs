//! Settings of a session: every one with its name, default, range and a sentence; SET, SHOW and RESET; what changes are told to the
//! client. Values are kept as the text that SHOW gives, and what the engine asks for often is kept ready beside them.

mod definition;
mod value;

pub(crate) use definition::{DEFINITIONS, Definition, Kind, find};

use crate::error::{Error, Result, SqlState};
use crate::format::{FormatSettings, IntervalStyle};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The settings of a session at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Values that differ from the defaults, by the definition's name.
    values: BTreeMap<&'static str, String>,
    /// Values of names with a point that Stoa does not know: whatever clients keep there.
    custom: BTreeMap<String, String>,
    user: String,
    resolved: Resolved,
}

/// What the engine asks for, ready to use.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// How values look.
    pub(crate) format: FormatSettings,
    /// `search_path` with the user's name in it.
    pub(crate) search_path: Arc<[String]>,
    /// 0 is none.
    pub(crate) statement_timeout_ms: u64,
    /// Rows of a batch at most.
    pub(crate) batch_rows: usize,
    /// 0 is all.
    pub(crate) threads: usize,
    /// 0 is the database's.
    pub(crate) memory_limit_bytes: usize,
    /// Optimizer passes to leave out.
    pub(crate) disabled_passes: Vec<String>,
    /// Whether summaries may answer.
    pub(crate) use_metadata: bool,
    /// Whether rollups may answer.
    pub(crate) use_rollups: bool,
    /// Whether what they answer is checked.
    pub(crate) verify_rollups: bool,
}

impl Settings {
    /// The defaults, for a user.
    pub(crate) fn new(user: &str) -> Self {
        let mut settings = Settings {
            values: BTreeMap::new(),
            custom: BTreeMap::new(),
            user: user.to_owned(),
            resolved: Resolved {
                format: FormatSettings::default(),
                search_path: Arc::from([]),
                statement_timeout_ms: 0,
                batch_rows: 0,
                threads: 0,
                memory_limit_bytes: 0,
                disabled_passes: Vec::new(),
                use_metadata: true,
                use_rollups: true,
                verify_rollups: false,
            },
        };
        settings.resolve();
        settings
    }

    /// What the engine asks for.
    pub(crate) fn resolved(&self) -> &Resolved {
        &self.resolved
    }

    /// The value as SHOW gives it; the name in any case.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        match find(name) {
            Some(definition) => Some(self.value(definition).to_owned()),
            None => self.custom.get(&name.to_lowercase()).cloned(),
        }
    }

    /// The value of a setting that is defined.
    pub(crate) fn value(&self, definition: &Definition) -> &str {
        match (self.values.get(definition.name), definition.name) {
            (Some(value), _) => value,
            (None, "session_authorization") => &self.user,
            // A transaction begins as sessions want it.
            (None, "transaction_deferrable" | "transaction_isolation" | "transaction_read_only") => {
                let default = find(&format!("default_{}", definition.name));
                default.map_or(definition.default, |default| self.value(default))
            }
            (None, _) => definition.default,
        }
    }

    /// Whether a setting has been given a value.
    pub(crate) fn is_set(&self, name: &'static str) -> bool {
        self.values.contains_key(name)
    }

    /// Gives a setting a value; `None` is its default.
    ///
    /// # Errors
    /// 42704 for a name nobody knows, 55P02 for one that is fixed, 22023 for a value that makes no sense.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let Some(definition) = find(name) else {
            return self.set_custom(name, value);
        };
        if definition.is_fixed {
            return self.set_fixed(definition, value);
        }
        match value {
            None => {
                self.values.remove(definition.name);
            }
            Some(value) => {
                let value = value::normalize(definition, value, self.value(definition))?;
                self.values.insert(definition.name, value);
            }
        }
        self.resolve();
        Ok(())
    }

    /// Names with a point belong to clients' programs, but for Stoa's own.
    fn set_custom(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        let name = name.to_lowercase();
        match name.split_once('.') {
            Some((prefix, _)) if prefix != "stoa" => {}
            _ => return Err(unknown(&name)),
        }
        // One that is reset stays known, and is empty.
        self.custom.insert(name, value.unwrap_or_default().to_owned());
        Ok(())
    }

    /// What cannot change may be set to what it is.
    fn set_fixed(&self, definition: &Definition, value: Option<&str>) -> Result<()> {
        let current = self.value(definition);
        if value.is_none_or(|value| value.eq_ignore_ascii_case(current)) {
            return Ok(());
        }
        let name = definition.name;
        Err(match name {
            "session_authorization" => Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "SET SESSION AUTHORIZATION is not supported",
            ),
            _ => Error::user(SqlState("55P02"), format!("parameter \"{name}\" cannot be changed")),
        })
    }

    /// Settings whose shown values differ from those of `before`.
    pub(crate) fn changes_since(&self, before: &Settings) -> Vec<(String, String)> {
        let differs = |definition: &&Definition| self.value(definition) != before.value(definition);
        let changed = DEFINITIONS.iter().filter(differs);
        changed
            .map(|definition| (definition.name.to_owned(), self.value(definition).to_owned()))
            .collect()
    }

    /// Whether statements bound under these and under the others mean the same.
    pub(crate) fn binds_like(&self, other: &Settings) -> bool {
        const BINDING: [&str; 9] = [
            "search_path",
            "TimeZone",
            "DateStyle",
            "IntervalStyle",
            "stoa.disabled_passes",
            "bytea_output",
            "stoa.as_of",
            "stoa.window_mode",
            "stoa.corrections",
        ];
        self.user == other.user
            && BINDING
                .iter()
                .all(|name| self.values.get(name) == other.values.get(name))
    }

    fn shown(&self, name: &str) -> &str {
        find(name).map_or("", |definition| self.value(definition))
    }

    fn number(&self, name: &str) -> usize {
        self.shown(name).parse().unwrap_or(0)
    }

    fn is_on(&self, name: &str) -> bool {
        self.shown(name) == "on"
    }

    /// A truth value that is asked for rarely.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.is_on(name)
    }

    fn resolve(&mut self) {
        let format = FormatSettings {
            time_zone: value::time_zone(self.shown("TimeZone")).map_or(jiff::tz::TimeZone::UTC, |(_, zone)| zone),
            date_order: value::date_order(self.shown("DateStyle")),
            interval_style: match self.shown("IntervalStyle") {
                "postgres_verbose" => IntervalStyle::PostgresVerbose,
                "sql_standard" => IntervalStyle::SqlStandard,
                "iso_8601" => IntervalStyle::Iso8601,
                _ => IntervalStyle::Postgres,
            },
            bytea_escape: self.shown("bytea_output") == "escape",
            extra_float_digits: self.shown("extra_float_digits").parse().unwrap_or(1),
            ..FormatSettings::default()
        };
        let passes = self.shown("stoa.disabled_passes").split(',').map(str::trim);
        self.resolved = Resolved {
            format,
            search_path: value::search_path(self.shown("search_path"), &self.user).into(),
            statement_timeout_ms: value::with_unit_ms(self.shown("statement_timeout"))
                .and_then(|number| u64::try_from(number).ok())
                .unwrap_or(0),
            batch_rows: self.number("stoa.batch_rows").max(1),
            threads: self.number("stoa.threads"),
            memory_limit_bytes: value::with_unit_bytes(self.shown("stoa.memory_limit"))
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(0),
            disabled_passes: passes.filter(|pass| !pass.is_empty()).map(str::to_owned).collect(),
            use_metadata: self.is_on("stoa.use_metadata"),
            use_rollups: self.is_on("stoa.use_rollups"),
            verify_rollups: self.is_on("stoa.verify_rollups"),
        };
    }
}

/// That there is no such setting.
pub(crate) fn unknown(name: &str) -> Error {
    Error::user(
        SqlState::UNDEFINED_OBJECT,
        format!("unrecognized configuration parameter \"{name}\""),
    )
}

#[cfg(test)]
mod tests;
