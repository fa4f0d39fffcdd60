//! The state of a session that outlives its statements: settings, the open transaction, statements prepared by name, and what is to
//! be told.

use super::batch::CommitLabel;
use super::cursors::Cursors;
use super::transaction::{StatementWrites, Transaction};
use super::transaction_control::mode_settings;
use super::{Committed, ConnectionOptions, Notice, Prepared};
use crate::catalog::CatalogState;
use crate::catalog::view::{ChangeSetting, ExportSnapshot, View, Warn};
use crate::database::{ExportedSnapshots, Shared};
use crate::error::{Error, Result, SqlState};
use crate::settings::{Settings, find};
use crate::types::{Literal, LogicalType};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_sql::plan::{SetScope, TransactionModes};
use stoa_storage::commit::CommitVersion;
use stoa_storage::store::Snapshot;

/// See the module.
pub(super) struct Session {
    /// As they are for the next statement.
    pub(super) settings: Arc<Settings>,
    /// As the session began: what RESET goes back to.
    initial: Arc<Settings>,
    /// As the client was told.
    reported: Arc<Settings>,
    pub(super) transaction: Option<Transaction>,
    pub(super) prepared: BTreeMap<String, Arc<Prepared>>,
    pub(super) cursors: Cursors,
    pub(super) notices: Vec<Notice>,
    /// What the last statement committed.
    pub(super) committed: Option<Committed>,
    /// A temporary table that ends or is emptied with a transaction was made.
    pub(super) has_on_commit: bool,
}

impl Session {
    /// A new session. A setting that makes no sense is left out, with a warning.
    pub(super) fn new(options: ConnectionOptions) -> Self {
        let mut settings = Settings::new(&options.user);
        let mut notices = Vec::new();
        let application_name = ("application_name".to_owned(), options.application_name);
        for (name, value) in std::iter::once(application_name).chain(options.settings) {
            if let Err(error) = settings.set(&name, Some(&value)) {
                notices.push(Notice::warning(error.state().0, error.to_string()));
            }
        }
        let settings = Arc::new(settings);
        Session {
            initial: settings.clone(),
            reported: settings.clone(),
            settings,
            transaction: None,
            prepared: BTreeMap::new(),
            cursors: Cursors::default(),
            notices,
            committed: None,
            has_on_commit: false,
        }
    }

    /// What the next statement reads; `fixes` says whether it is from then on what the transaction reads.
    pub(super) fn snapshot(&mut self, shared: &Shared, fixes: bool) -> Result<(Arc<dyn Snapshot>, Arc<CatalogState>)> {
        if fixes && let Some(version) = self.past_version(shared)? {
            let snapshot = shared.store.snapshot_at(version)?;
            let catalog = shared.catalog_of(&*snapshot)?;
            return Ok((snapshot, catalog));
        }
        match &mut self.transaction {
            Some(transaction) if fixes || transaction.has_begun() => transaction.snapshot(shared),
            _ => {
                let snapshot = shared.store.snapshot();
                let catalog = shared.catalog_of(&*snapshot)?;
                Ok((snapshot, catalog))
            }
        }
    }

    /// The version that `stoa.as_of` means.
    fn past_version(&self, shared: &Shared) -> Result<Option<CommitVersion>> {
        if !self.settings.is_set("stoa.as_of") {
            return Ok(None);
        }
        let text = self.settings.get("stoa.as_of").unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(version) = text.parse() {
            return Ok(Some(CommitVersion(version)));
        }
        let format = &self.settings.resolved().format;
        let time = crate::format::text::parse_value(&text, &LogicalType::TimestampTz, format)?;
        let Literal::Timestamp(time) = time else {
            return Err(Error::Internal("a time was read as something else".into()));
        };
        let version = shared.store.version_at(time).ok_or_else(|| {
            Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                "no version of the database is kept from the time that stoa.as_of names",
            )
        })?;
        Ok(Some(version))
    }

    /// Whether statements see an older version.
    pub(super) fn reads_the_past(&self) -> bool {
        self.settings.get("stoa.as_of").is_some_and(|value| !value.is_empty())
    }

    /// Whether statements may not write.
    pub(super) fn is_read_only(&self) -> bool {
        match &self.transaction {
            Some(transaction) => transaction.is_read_only,
            None => self.settings.flag("default_transaction_read_only"),
        }
    }

    /// Commits a statement's changes, or adds them to the transaction.
    pub(super) fn write(&mut self, shared: &Shared, writes: StatementWrites, view: &View) -> Result<()> {
        match &mut self.transaction {
            Some(transaction) => transaction.add(shared, writes),
            None => {
                // Whatever writes nothing is no batch.
                let label = match writes.cause {
                    "" => CommitLabel::default(),
                    _ => CommitLabel::of(&self.settings)?,
                };
                let committed = self.commit(shared, writes, view, label.clone());
                self.end_batch(label.token, committed)
            }
        }
    }

    fn commit(
        &self,
        shared: &Shared,
        writes: StatementWrites,
        view: &View,
        label: CommitLabel,
    ) -> Result<Option<CommitVersion>> {
        if !self.has_on_commit {
            return writes.commit(shared, &*view.snapshot, label);
        }
        let mut transaction = Transaction::new(false, false, 0, self.settings.clone());
        transaction.import(view.snapshot.clone());
        transaction.add(shared, writes)?;
        transaction.add_on_commit(shared, &view.temporary_schema)?;
        transaction.commit(shared, label)
    }

    /// SET. LOCAL outside of a transaction has no effect, as in Postgres.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>, scope: SetScope) -> Result<()> {
        let value = match (value, self.initial_value(name)) {
            (None, initial) => initial,
            (Some(value), _) => Some(value.to_owned()),
        };
        let mut next = (*self.settings).clone();
        next.set(name, value.as_deref())?;
        self.apply_transaction_setting(name, &next)?;
        match (&mut self.transaction, scope) {
            (None, SetScope::Local) => {
                self.notices.push(Notice::warning(
                    "25P01",
                    "SET LOCAL can only be used in transaction blocks",
                ));
                return Ok(());
            }
            (Some(transaction), SetScope::Session) if !is_of_transaction(name) => {
                let mut after = (*transaction.settings_after).clone();
                after.set(name, value.as_deref())?;
                transaction.settings_after = Arc::new(after);
            }
            _ => {}
        }
        self.settings = Arc::new(next);
        Ok(())
    }

    /// SET TRANSACTION, SET SESSION CHARACTERISTICS AS TRANSACTION
    pub(super) fn set_transaction(&mut self, modes: &TransactionModes, scope: SetScope) -> Result<()> {
        let prefix = match scope {
            SetScope::Session => "default_transaction",
            SetScope::Local if self.transaction.is_none() => {
                self.notices.push(Notice::warning(
                    "25P01",
                    "SET TRANSACTION can only be used in transaction blocks",
                ));
                return Ok(());
            }
            SetScope::Local => "transaction",
        };
        for (name, value) in mode_settings(modes) {
            self.set(&format!("{prefix}_{name}"), Some(&value), scope)?;
        }
        Ok(())
    }

    /// SET TRANSACTION SNAPSHOT
    pub(super) fn import_snapshot(&mut self, name: &str, snapshots: &ExportedSnapshots) -> Result<()> {
        let isolation = self.settings.get("transaction_isolation").unwrap_or_default();
        let Some(transaction) = self.transaction.as_mut().filter(|transaction| transaction.is_block) else {
            self.notices.push(Notice::warning(
                "25P01",
                "SET TRANSACTION can only be used in transaction blocks",
            ));
            return Ok(());
        };
        if transaction.has_begun() {
            return Err(Error::user(
                SqlState::ACTIVE_SQL_TRANSACTION,
                "SET TRANSACTION SNAPSHOT must be called before any query",
            ));
        }
        if !matches!(isolation.as_str(), "serializable" | "repeatable read") {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ",
            ));
        }
        transaction.import(snapshots.find(name)?);
        Ok(())
    }

    /// The value that RESET gives back; `None` is the default.
    fn initial_value(&self, name: &str) -> Option<String> {
        let definition = find(name)?;
        let value = self.initial.value(definition);
        (value != definition.default && !definition.is_fixed).then(|| value.to_owned())
    }

    /// `SET TRANSACTION` changes the transaction, not only what is shown.
    fn apply_transaction_setting(&mut self, name: &str, next: &Settings) -> Result<()> {
        let has_begun = self.transaction.as_ref().is_some_and(Transaction::has_begun);
        for (setting, what) in [
            ("transaction_isolation", "ISOLATION LEVEL"),
            ("transaction_deferrable", "[NOT] DEFERRABLE"),
        ] {
            if has_begun && name.eq_ignore_ascii_case(setting) && next.get(name) != self.settings.get(name) {
                return Err(Error::user(
                    SqlState::ACTIVE_SQL_TRANSACTION,
                    format!("SET TRANSACTION {what} must be called before any query"),
                ));
            }
        }
        if !name.eq_ignore_ascii_case("transaction_read_only") {
            return Ok(());
        }
        let is_read_only = next.flag("transaction_read_only");
        if let Some(transaction) = &mut self.transaction {
            if transaction.is_read_only && !is_read_only && transaction.has_begun() {
                return Err(Error::user(
                    SqlState::ACTIVE_SQL_TRANSACTION,
                    "transaction read-write mode must be set before any query",
                ));
            }
            transaction.is_read_only = is_read_only;
        }
        Ok(())
    }

    /// RESET name, or all.
    pub(super) fn reset(&mut self, name: Option<&str>) -> Result<()> {
        let Some(name) = name else {
            self.settings = self.initial.clone();
            if let Some(transaction) = &mut self.transaction {
                transaction.settings_after = self.initial.clone();
            }
            return Ok(());
        };
        self.set(name, None, SetScope::Session)
    }

    /// A statement prepared by name.
    pub(super) fn named(&self, name: &str) -> Result<Arc<Prepared>> {
        self.prepared.get(name).cloned().ok_or_else(|| {
            Error::user(
                SqlState::INVALID_SQL_STATEMENT_NAME,
                format!("prepared statement \"{name}\" does not exist"),
            )
        })
    }

    /// DEALLOCATE name, or all.
    pub(super) fn deallocate(&mut self, name: Option<&str>) -> Result<()> {
        let Some(name) = name else {
            self.prepared.clear();
            return Ok(());
        };
        self.named(name)?;
        self.prepared.remove(name);
        Ok(())
    }

    /// DISCARD ALL
    pub(super) fn discard(&mut self) -> Result<()> {
        if self
            .transaction
            .as_ref()
            .is_some_and(|transaction| transaction.is_block)
        {
            return Err(Error::user(
                SqlState::ACTIVE_SQL_TRANSACTION,
                "DISCARD ALL cannot run inside a transaction block",
            ));
        }
        self.prepared.clear();
        self.cursors.close(None)?;
        self.reset(None)
    }

    /// Settings whose values changed since the client was told.
    pub(super) fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        if Arc::ptr_eq(&self.settings, &self.reported) {
            return Vec::new();
        }
        let changes = self.settings.changes_since(&self.reported);
        self.reported = self.settings.clone();
        changes
    }
}

/// What `set_config` does to a session, as long as there is one.
pub(super) fn setting_changer(session: &Arc<Mutex<Session>>) -> Arc<ChangeSetting> {
    let session = Arc::downgrade(session);
    Arc::new(move |name, value, transaction_only| {
        let session = session.upgrade();
        let session = session.ok_or_else(|| Error::Internal("the session has ended".into()))?;
        let mut session = session.lock();
        let scope = match transaction_only {
            true => SetScope::Local,
            false => SetScope::Session,
        };
        session.set(name, value, scope)?;
        Ok(session.settings.get(name).unwrap_or_default())
    })
}

/// What `pg_export_snapshot` does, as long as there is a session. Of a statement that is a transaction by itself nobody could read the
/// snapshot before it ends.
pub(super) fn exporter(
    session: &Arc<Mutex<Session>>,
    snapshots: &Arc<ExportedSnapshots>,
    process_id: i32,
) -> Arc<ExportSnapshot> {
    let (session, snapshots) = (Arc::downgrade(session), snapshots.clone());
    Arc::new(move || {
        let session = session.upgrade();
        let session = session.ok_or_else(|| Error::Internal("the session has ended".into()))?;
        match &mut session.lock().transaction {
            Some(transaction) => transaction.export(process_id, &snapshots),
            None => Ok(format!("{process_id:08X}-00000000-1")),
        }
    })
}

/// How functions tell the client something, as long as there is a session.
pub(super) fn warner(session: &Arc<Mutex<Session>>) -> Arc<Warn> {
    let session = Arc::downgrade(session);
    Arc::new(move |state, message| {
        if let Some(session) = session.upgrade() {
            session.lock().notices.push(Notice::warning(state, message));
        }
    })
}

/// Settings that last for one transaction however they are set.
fn is_of_transaction(name: &str) -> bool {
    [
        "transaction_read_only",
        "transaction_isolation",
        "transaction_deferrable",
    ]
    .iter()
    .any(|setting| name.eq_ignore_ascii_case(setting))
}
