//! What one statement sees of the world: a snapshot, its definitions, the session's settings. Everything a statement asks goes
//! through one of these, so that it sees one state throughout.

use super::CatalogState;
use super::facts::{Facts, SessionSequences};
use super::relation::Relation;
use super::system::SystemContext;
use crate::connection::{CursorInfo, Sessions};
use crate::database::Shared;
use crate::database::advisory_locks::{Scope, SessionLocks};
use crate::error::Result;
use crate::format::FormatSettings;
use crate::functions::StatementContext;
use crate::functions::kernel::random::RandomSequence;
use crate::pipeline::Cancel;
use crate::settings::Settings;
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::store::Snapshot;

/// Who asks.
#[derive(Clone)]
pub(crate) struct Asker {
    /// The user.
    pub(crate) user: String,
    /// The database, as the client named it.
    pub(crate) database: String,
    /// The connection's number.
    pub(crate) process_id: i32,
    /// Where its temporary relations are.
    pub(crate) temporary_schema: Arc<str>,
    /// What `set_config` does: name, value (none: the default), for the transaction only.
    pub(crate) change_setting: Arc<ChangeSetting>,
    /// Numbers that the session took from sequences.
    pub(crate) session_sequences: Arc<Mutex<SessionSequences>>,
    /// Who else is connected.
    pub(crate) sessions: Arc<Sessions>,
    /// Its advisory locks.
    pub(crate) locks: SessionLocks,
    /// Tells the client something beside the statement's outcome.
    pub(crate) warn: Arc<Warn>,
    /// The cursors of the session.
    pub(crate) list_cursors: Arc<ListCursors>,
    /// What `pg_export_snapshot` does.
    pub(crate) export_snapshot: Arc<ExportSnapshot>,
    /// What `random()` gives where the session asked for it.
    pub(crate) random: Arc<RandomSequence>,
}

/// When somebody asks, and what ends the asking.
pub(crate) struct Moment {
    /// When the transaction began.
    pub(crate) transaction_time: i64,
    /// When the statement began.
    pub(crate) statement_time: i64,
    /// Where a statement runs: whether it should go on.
    pub(crate) cancel: Option<Arc<Cancel>>,
    /// How long it holds what it takes for its transaction.
    pub(crate) lock_scope: Scope,
}

/// Changes a setting of a session.
pub(crate) type ChangeSetting = dyn Fn(&str, Option<&str>, bool) -> Result<String> + Send + Sync;
/// Tells a client a warning: SQLSTATE and sentence.
pub(crate) type Warn = dyn Fn(&str, String) + Send + Sync;
/// Lets others read what a session's transaction reads, by the name that comes back.
pub(crate) type ExportSnapshot = dyn Fn() -> Result<String> + Send + Sync;
/// Tells the cursors of a session.
pub(crate) type ListCursors = dyn Fn() -> Vec<CursorInfo> + Send + Sync;

/// See the module.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) shared: Arc<Shared>,
    pub(crate) catalog: Arc<CatalogState>,
    pub(crate) snapshot: Arc<dyn Snapshot>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) statement: Arc<StatementContext>,
    /// How values look, and what `'now'` means.
    pub(crate) format: FormatSettings,
    /// The cursors of the session.
    pub(crate) list_cursors: Arc<ListCursors>,
    /// Where the session's temporary relations are.
    pub(crate) temporary_schema: Arc<str>,
}

impl View {
    /// What an asker sees of a snapshot, whose definitions are `catalog`'s.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        snapshot: Arc<dyn Snapshot>,
        catalog: Arc<CatalogState>,
        settings: Arc<Settings>,
        asker: &Asker,
        moment: Moment,
    ) -> Self {
        let named = settings.resolved().search_path.iter().map(String::as_str);
        let search_path = std::iter::once(&*asker.temporary_schema).chain(named);
        let search_path = search_path.filter(|schema| catalog.schema_oid(schema).is_some());
        let search_path: Vec<String> = search_path.map(str::to_owned).collect();
        let facts = Facts {
            start_time: shared.start_time,
            scans: shared.scans.clone(),
            sequences: shared.sequences.clone(),
            catalog: catalog.clone(),
            snapshot: snapshot.clone(),
            settings: settings.clone(),
            search_path: search_path.clone(),
            asker: asker.clone(),
            cancel: moment.cancel,
            lock_scope: moment.lock_scope,
        };
        let statement = StatementContext {
            transaction_time: moment.transaction_time,
            statement_time: moment.statement_time,
            time_zone: settings.resolved().format.time_zone.clone(),
            user: asker.user.clone(),
            database: asker.database.clone(),
            search_path,
            process_id: asker.process_id,
            session: Arc::new(facts),
        };
        let format = FormatSettings {
            transaction_time: moment.transaction_time,
            objects: Some(statement.session.clone()),
            ..settings.resolved().format.clone()
        };
        View {
            format,
            shared: shared.clone(),
            catalog,
            snapshot,
            settings,
            statement: Arc::new(statement),
            list_cursors: asker.list_cursors.clone(),
            temporary_schema: asker.temporary_schema.clone(),
        }
    }

    /// The rows as they are now, for who goes on with one table alone and where its definition is still the same.
    pub(crate) fn refresh_rows(&mut self, relation: &Relation) {
        let newest = self.shared.store.snapshot();
        let schema = |snapshot: &dyn Snapshot| {
            let table = snapshot.table(relation.stored()?.schema.id)?;
            Some(table.schema().clone())
        };
        if schema(&*newest) == schema(&*self.snapshot) {
            self.snapshot = newest;
        }
    }

    /// The rows of a system table.
    pub(crate) fn system_rows(&self, table: &super::system::SystemTable) -> Result<Vec<ArrayRef>> {
        table.all_columns(&SystemContext {
            catalog: &self.catalog,
            snapshot: &self.snapshot,
            store: &*self.shared.store,
            settings: &self.settings,
            format: &self.format,
            activity: &self.shared.activity,
            sessions: &self.shared.sessions,
            advisory_locks: &self.shared.advisory_locks,
            scans: &self.shared.scans,
            sequences: &self.shared.sequences,
            statement: &self.statement,
            list_cursors: &*self.list_cursors,
        })
    }
}
