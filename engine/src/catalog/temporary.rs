//! Schemas of temporary relations: one per session, named after it, made with its first temporary relation and dropped with all that
//! is in it when the session ends. What a crash leaves is dropped when the database is opened.

use super::CatalogState;

/// What every session calls its own.
pub(crate) const ALIAS: &str = "pg_temp";

const PREFIX: &str = "pg_temp_";

/// The schema of a session, by its number among those of this process.
pub(crate) fn schema_of(session: u64) -> String {
    format!("{PREFIX}{session}")
}

/// Whether a schema is a session's.
pub(crate) fn is_temporary(schema: &str) -> bool {
    schema.starts_with(PREFIX)
}

/// The schemas of all sessions, those of former ones included.
pub(crate) fn schemas(catalog: &CatalogState) -> impl Iterator<Item = &str> {
    let names = catalog.schemas().map(|(name, _)| name);
    names.filter(|name| is_temporary(name))
}
