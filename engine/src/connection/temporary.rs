//! The end of temporary relations: with DISCARD, with their session, or, after a crash, when the database is opened.

use super::{Connection, ConnectionOptions};
use crate::activity::Entry;
use crate::catalog::names::quote_name;
use crate::catalog::temporary;
use crate::database::Shared;
use crate::error::Result;
use std::sync::Arc;

impl Connection {
    /// Drops the session's temporary relations, as a part of the statement that asks for it.
    pub(super) fn drop_temporary_relations(&mut self, entry: &Arc<Entry>) -> Result<()> {
        let text = drop_text(&self.asker.temporary_schema);
        self.drop_schema(&text, entry)
    }

    fn drop_schema(&mut self, text: &str, entry: &Arc<Entry>) -> Result<()> {
        for parsed in stoa_sql::parse(text)? {
            let prepared = self.prepare_statement(&parsed, &[])?;
            self.run(&prepared, &[], entry)?;
        }
        // Nobody asked for each of them by name.
        self.take_notices();
        Ok(())
    }

    /// Drops a schema of a session that has ended; nothing else is going on in this one.
    fn drop_schema_of_ended(&mut self, schema: &str) -> Result<()> {
        let text = drop_text(schema);
        let entry = self.begin(&text, false)?;
        self.drop_schema(&text, &entry)
    }

    fn end_temporary_relations(&mut self) -> Result<()> {
        let schema = self.asker.temporary_schema.clone();
        let catalog = self.shared.catalog_of(&*self.shared.store.snapshot())?;
        if catalog.schema_oid(&schema).is_none() || self.shared.check_open().is_err() {
            return Ok(());
        }
        {
            let mut session = self.session.lock();
            session.transaction = None;
            session.reset(None)?;
        }
        self.drop_schema_of_ended(&schema)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Err(error) = self.end_temporary_relations() {
            tracing::warn!("temporary tables of session {} stay: {error}", self.asker.process_id);
        }
    }
}

fn drop_text(schema: &str) -> String {
    format!("DROP SCHEMA IF EXISTS {} CASCADE", quote_name(schema))
}

/// Drops what sessions before the last crash left.
///
/// # Errors
/// What storage says.
pub(crate) fn drop_left_over(shared: &Arc<Shared>) -> Result<()> {
    let catalog = shared.catalog_of(&*shared.store.snapshot())?;
    let schemas: Vec<String> = temporary::schemas(&catalog).map(str::to_owned).collect();
    if schemas.is_empty() {
        return Ok(());
    }
    let mut connection = Connection::new(shared.clone(), ConnectionOptions::default());
    schemas
        .iter()
        .try_for_each(|schema| connection.drop_schema_of_ended(schema))
}
