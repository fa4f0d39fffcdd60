//! A session: statements in, outcomes out. Used by one thread at a time; a [`SessionHandle`] may be used by any.
//!
//! Invariant: every statement sees one snapshot, and its changes happen all together or not at all: by itself, or with the rest of
//! the transaction it is in. A statement that is a transaction by itself is tried again where another commit came between.

pub(crate) mod batch;
mod copy;
mod cursor;
mod cursor_rows;
mod cursors;
mod on_commit;
mod outcome;
mod pending;
mod prepared;
mod session;
mod sessions;
pub(crate) mod temporary;
mod transaction;
mod transaction_control;

pub use copy::{CopyChunk, CopyIn, CopyOut, CopyReport};
pub(crate) use cursor::CursorInfo;
pub use outcome::{Committed, Notice, Outcome, RowsTag, TransactionStatus};
pub use prepared::Prepared;
pub use sessions::SessionHandle;
pub(crate) use sessions::Sessions;
pub use stoa_sql::Parsed;
pub use stoa_sql::plan::CopyFormat;
pub(crate) use transaction::{StatementWrites, conflict_error};

use crate::activity::{Client, Entry};
use crate::catalog::view::{Asker, Moment, View};
use crate::database::Shared;
use crate::database::advisory_locks::{Owner, Scope, SessionLocks, UntilSessionEnds};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::pipeline::Cancel;
use crate::rows::ResultColumn;
use crate::statement::{self, Effect, Run};
use crate::types::{Literal, LogicalType};
use parking_lot::Mutex;
use prepared::Plans;
use session::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stoa_sql::StatementKind;
use stoa_sql::plan::{DiscardTarget, InsertConstants, SetScope, Statement};

/// Who connects, and with which settings.
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    /// The user.
    pub user: String,
    /// The database, under whatever name the client has for it.
    pub database: String,
    /// `application_name`.
    pub application_name: String,
    /// The connection's number, as the client was told.
    pub process_id: i32,
    /// Settings to begin with; RESET goes back to them.
    pub settings: Vec<(String, String)>,
}

/// A session.
pub struct Connection {
    shared: Arc<Shared>,
    session: Arc<Mutex<Session>>,
    asker: Asker,
    handle: SessionHandle,
    plans: Plans,
    /// What the last statement read.
    version_read: Option<u64>,
    _locks: UntilSessionEnds,
    _place: sessions::Place,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Connection({}, {})", self.asker.process_id, self.asker.user)
    }
}

impl Connection {
    pub(crate) fn new(shared: Arc<Shared>, options: ConnectionOptions) -> Self {
        let (user, database) = (options.user.clone(), options.database.clone());
        let process_id = options.process_id;
        let session = Arc::new(Mutex::new(Session::new(options)));
        let handle = SessionHandle::new(process_id, &user, &database, shared.now(), &session);
        let place = shared.sessions.enter(handle.clone());
        let locks = SessionLocks {
            locks: shared.advisory_locks.clone(),
            owner: Owner {
                session: place.number(),
                process_id,
            },
        };
        let asker = Asker {
            locks: locks.clone(),
            temporary_schema: crate::catalog::temporary::schema_of(place.number()).into(),
            user,
            database,
            process_id,
            change_setting: session::setting_changer(&session),
            session_sequences: Arc::default(),
            sessions: shared.sessions.clone(),
            warn: session::warner(&session),
            list_cursors: cursors::lister(&session),
            export_snapshot: session::exporter(&session, &shared.exported_snapshots, process_id),
            random: Arc::default(),
        };
        Connection {
            _locks: UntilSessionEnds(locks),
            _place: place,
            shared,
            session,
            asker,
            handle,
            plans: Plans::default(),
            version_read: None,
        }
    }

    /// Splits a text into statements.
    ///
    /// # Errors
    /// 42601 with its place in the text.
    pub fn parse(&mut self, text: &str) -> Result<Vec<Parsed>> {
        match self.plans.parsed(text) {
            Some(parsed) => Ok(parsed),
            None => Ok(stoa_sql::parse(text)?),
        }
    }

    /// Binds a statement: what it needs and what it gives is known from then on. Given types are those of `$1`, `$2` ...; the others
    /// are inferred.
    ///
    /// # Errors
    /// Whatever the user got wrong, with its place in the client's text; 25P02 in a failed transaction.
    pub fn prepare(&mut self, parsed: &Parsed, types: &[Option<LogicalType>]) -> Result<Arc<Prepared>> {
        self.check_transaction(parsed.kind())?;
        let prepared = self
            .prepare_statement(parsed, types)
            .map_err(|error| shifted(error, parsed.offset));
        if prepared.is_err() {
            self.fail_transaction();
        }
        prepared
    }

    fn prepare_statement(&mut self, parsed: &Parsed, types: &[Option<LogicalType>]) -> Result<Arc<Prepared>> {
        let view = self.view_for(parsed.kind(), None)?;
        if types.is_empty()
            && let Some(prepared) = self.plans.find(parsed, &view)
        {
            return Ok(prepared);
        }
        let prepared = Arc::new(Prepared::new(parsed.clone(), types.to_vec(), &view)?);
        let prepared = match &prepared.bound().statement {
            Statement::Execute { name, .. } => {
                let columns = self.session.lock().named(name)?.columns.clone();
                Arc::new(prepared.with_columns(columns))
            }
            _ => prepared,
        };
        if types.is_empty() {
            self.plans.keep(&prepared);
        }
        Ok(prepared)
    }

    /// Keeps a statement by name: those of the protocol and those of PREPARE share one name space, so that DEALLOCATE and
    /// EXECUTE reach both.
    pub fn keep_prepared(&mut self, name: &str, prepared: &Arc<Prepared>) {
        self.session.lock().prepared.insert(name.to_owned(), prepared.clone());
    }

    /// The statement kept by a name.
    pub fn prepared(&self, name: &str) -> Option<Arc<Prepared>> {
        self.session.lock().prepared.get(name).cloned()
    }

    /// Forgets the statement kept by a name, if there is one.
    pub fn forget_prepared(&mut self, name: &str) {
        self.session.lock().prepared.remove(name);
    }

    /// The columns of the rows that a statement gives now; `None` where it gives none. Those of FETCH are the cursor's.
    pub fn columns(&self, prepared: &Prepared) -> Option<Arc<[ResultColumn]>> {
        match &prepared.bound().statement {
            Statement::Fetch(fetch) if !fetch.is_move => self.cursor_columns(&fetch.name),
            _ => prepared.columns.clone(),
        }
    }

    /// Runs a prepared statement with the values of its parameters.
    ///
    /// # Errors
    /// Whatever went wrong; nothing of the statement happened then, and an open transaction has failed.
    pub fn execute(&mut self, prepared: &Arc<Prepared>, parameters: Vec<Literal>) -> Result<Outcome> {
        let outcome = self.execute_statement(prepared, &parameters).map_err(|error| {
            let error = shifted(error, prepared.offset());
            self.fail_transaction();
            error
        })?;
        Ok(outcome)
    }

    fn execute_statement(&mut self, prepared: &Arc<Prepared>, parameters: &[Literal]) -> Result<Outcome> {
        self.version_read = None;
        self.session.lock().committed = None;
        self.shared.check_open()?;
        self.check_transaction(prepared.kind())?;
        if prepared.kind() == StatementKind::Empty {
            return Ok(Outcome::Empty);
        }
        // The query of a cursor takes as long as its client likes.
        let has_deadline = prepared.kind() != StatementKind::Declare;
        let entry = self.begin(prepared.text(), has_deadline)?;
        let outcome = self.run(prepared, parameters, &entry);
        let outcome = outcome.map_err(|error| entry.running().cancel.told(error));
        if let Err(error) = &outcome {
            entry.failed(error);
        }
        outcome
    }

    /// A statement's place among those that run, with its memory and its deadline.
    fn begin(&self, text: &str, has_deadline: bool) -> Result<Arc<Entry>> {
        let settings = self.session.lock().settings.clone();
        let resolved = settings.resolved();
        let limit_bytes = match resolved.memory_limit_bytes {
            0 => self.shared.config.memory_limit_bytes,
            limit => limit,
        };
        let deadline = match resolved.statement_timeout_ms {
            limit if limit == 0 || !has_deadline => None,
            limit => Instant::now().checked_add(Duration::from_millis(limit)),
        };
        let client = Client {
            process_id: self.asker.process_id,
            user: self.asker.user.clone(),
            application_name: settings.get("application_name").unwrap_or_default(),
        };
        let entry = Arc::new(self.shared.activity.begin(
            text,
            client,
            self.shared.now(),
            self.shared.memory.child(limit_bytes),
            Arc::new(Cancel::new(deadline)),
        ));
        if let Some(deadline) = deadline {
            entry.set_deadline(self.shared.timer.end_at(deadline, entry.running()));
        }
        self.handle.begin(entry.running())?;
        Ok(entry)
    }

    fn run(&mut self, prepared: &Arc<Prepared>, parameters: &[Literal], entry: &Arc<Entry>) -> Result<Outcome> {
        let mut attempts = 0;
        loop {
            let view = self.view_for(prepared.kind(), Some(entry))?;
            self.version_read = Some(view.snapshot.version().0);
            let bound = prepared.bind(&view)?;
            if let Some(outcome) = self.run_of_session(&bound.statement, parameters, entry, &view)? {
                return Ok(outcome);
            }
            self.check_writable(&bound.statement)?;
            self.check_outside_block(&bound.statement)?;
            if let Statement::CreateTable(create) = &bound.statement
                && create.on_commit.is_some()
            {
                self.session.lock().has_on_commit = true;
            }
            let run = Run {
                view,
                entry: entry.clone(),
                parameters,
                seen: bound.seen.clone(),
                returned: Default::default(),
                compile_time: bound.compile_time,
                changed_before: Vec::new(),
            };
            if let Statement::Copy(copy) = &bound.statement {
                return copy::execute(self, &run, copy);
            }
            if let Statement::DeclareCursor(declare) = &bound.statement {
                let opening = cursor_rows::Opening {
                    view: run.view,
                    entry: run.entry,
                    parameters: parameters.to_vec(),
                    bound: bound.clone(),
                };
                return self.declare_cursor(declare, opening);
            }
            if let Statement::Explain(explain) = &bound.statement
                && let Statement::Execute { name, arguments } = &*explain.statement
            {
                let (inner, values) = self.named(name, arguments, &run.view)?;
                let inner = inner.bind_with_plan(&run.view)?;
                let explain = stoa_sql::plan::Explain {
                    statement: Box::new(inner.statement.clone()),
                    ..explain.clone()
                };
                self.check_writable(&explain.statement)?;
                let run = Run {
                    parameters: &values,
                    ..run
                };
                let effect = statement::execute(&run, &Statement::Explain(explain))?;
                return self.finish(effect, &run.view);
            }
            let effect = match &bound.statement {
                Statement::InsertConstants(insert) => self.insert_constants(prepared, &run, insert)?,
                statement => statement::execute(&run, statement)?,
            };
            match self.finish(effect, &run.view) {
                Err(error) if self.may_retry(&error, attempts) => attempts += 1,
                outcome => return outcome,
            }
        }
    }

    /// Inserts constants; as expressions where one cannot be read.
    fn insert_constants(&self, prepared: &Prepared, run: &Run<'_>, insert: &InsertConstants) -> Result<Effect> {
        statement::insert_constants::execute(run, insert).or_else(|unread| {
            if !matches!(unread, Error::Sql(_)) {
                return Err(unread);
            }
            match prepared.bind_in_full(&run.view) {
                Ok(bound) => statement::execute(run, &bound.statement),
                // Too long for a syntax tree.
                Err(error) if error.state() == SqlState::PROGRAM_LIMIT_EXCEEDED => Err(unread),
                Err(error) => Err(error),
            }
        })
    }

    /// Another commit came between a statement's snapshot and its own commit. By itself it can see the newer state and try again.
    fn may_retry(&self, error: &Error, attempts: usize) -> bool {
        error.state() == SqlState::SERIALIZATION_FAILURE
            && attempts < CONFLICT_RETRIES_MAX
            && self.session.lock().transaction.is_none()
    }

    /// Commits a statement's changes, or adds them to the transaction.
    fn finish(&self, effect: Effect, view: &View) -> Result<Outcome> {
        let mut session = self.session.lock();
        session.write(&self.shared, effect.writes, view)?;
        session.notices.extend(effect.notices);
        Ok(effect.outcome)
    }

    /// Statements about the session itself; `None` for the others.
    fn run_of_session(
        &mut self,
        statement: &Statement,
        parameters: &[Literal],
        entry: &Arc<Entry>,
        view: &View,
    ) -> Result<Option<Outcome>> {
        let command = |tag: &str| Ok(Some(Outcome::Command { tag: tag.to_owned() }));
        match statement {
            Statement::Transaction(statement) => self.control_transaction(statement).map(Some),
            Statement::Set { name, value, scope } => {
                self.session.lock().set(name, value.as_deref(), *scope)?;
                command("SET")
            }
            Statement::Reset { name } => {
                self.session.lock().reset(name.as_deref())?;
                command("RESET")
            }
            Statement::Prepare {
                name,
                parameter_types,
                text,
            } => {
                self.prepare_named(name, parameter_types, text)?;
                command("PREPARE")
            }
            Statement::Deallocate { name } => {
                self.session.lock().deallocate(name.as_deref())?;
                command(if name.is_some() { "DEALLOCATE" } else { "DEALLOCATE ALL" })
            }
            Statement::Fetch(fetch) => self.fetch_cursor(fetch, entry).map(Some),
            Statement::Close { name } => self.close_cursors(name.as_deref()).map(Some),
            Statement::Discard(target) => {
                if *target == DiscardTarget::All {
                    self.session.lock().discard()?;
                    self.asker.locks.locks.unlock_all(self.asker.locks.owner);
                }
                if matches!(target, DiscardTarget::All | DiscardTarget::Plans) {
                    self.plans = Plans::default();
                }
                if matches!(target, DiscardTarget::All | DiscardTarget::Sequences) {
                    *self.asker.session_sequences.lock() = Default::default();
                }
                if matches!(target, DiscardTarget::All | DiscardTarget::Temporary) {
                    self.drop_temporary_relations(entry)?;
                }
                command(match target {
                    DiscardTarget::All => "DISCARD ALL",
                    DiscardTarget::Plans => "DISCARD PLANS",
                    DiscardTarget::Sequences => "DISCARD SEQUENCES",
                    DiscardTarget::Temporary => "DISCARD TEMP",
                })
            }
            Statement::Lock => {
                self.require_transaction("LOCK TABLE")?;
                command("LOCK TABLE")
            }
            Statement::Unlisten => command("UNLISTEN"),
            Statement::ImportSnapshot(name) => {
                self.session
                    .lock()
                    .import_snapshot(name, &self.shared.exported_snapshots)?;
                command("SET")
            }
            Statement::SetTransaction { modes, scope } => {
                self.session.lock().set_transaction(modes, *scope)?;
                command("SET")
            }
            Statement::Execute { name, arguments } => {
                let arguments = arguments
                    .iter()
                    .map(|argument| statement::constants::close_expression(argument.clone(), parameters, view))
                    .collect::<Result<Vec<_>>>()?;
                let (prepared, values) = self.named(name, &arguments, view)?;
                self.run(&prepared, &values, entry).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Refuses what means something in a transaction only, where there is none.
    fn require_transaction(&self, what: &str) -> Result<()> {
        match self.session.lock().transaction {
            Some(_) => Ok(()),
            None => Err(transaction_control::only_in_block(what)),
        }
    }

    /// PREPARE: the statement is bound now, for its errors and its parameters' types.
    fn prepare_named(&mut self, name: &str, types: &[LogicalType], text: &str) -> Result<()> {
        if self.session.lock().named(name).is_ok() {
            return Err(Error::user(
                SqlState("42P05"),
                format!("prepared statement \"{name}\" already exists"),
            ));
        }
        let parsed = stoa_sql::parse(text)?;
        let [parsed] = parsed.as_slice() else {
            return Err(Error::user(SqlState::SYNTAX_ERROR, "PREPARE needs one statement"));
        };
        let types: Vec<_> = types.iter().cloned().map(Some).collect();
        let prepared = self.prepare_statement(parsed, &types)?;
        self.session.lock().prepared.insert(name.to_owned(), prepared);
        Ok(())
    }

    /// A statement prepared by name, and its arguments' values as its parameters' types.
    fn named(
        &self,
        name: &str,
        arguments: &[stoa_sql::plan::Expr],
        view: &View,
    ) -> Result<(Arc<Prepared>, Vec<Literal>)> {
        let prepared = self.session.lock().named(name)?;
        let types = &prepared.parameter_types;
        if arguments.len() != types.len() {
            let error = stoa_sql::Error::new(
                SqlState::SYNTAX_ERROR,
                format!("wrong number of parameters for prepared statement \"{name}\""),
            );
            let detail = format!("Expected {} parameters but got {}.", types.len(), arguments.len());
            return Err(Error::Sql(error.with_detail(detail)));
        }
        let values = arguments.iter().zip(types).map(|(argument, data_type)| {
            let argument = match argument.data_type() == *data_type {
                true => argument.clone(),
                false => stoa_sql::plan::Expr::Cast {
                    input: Box::new(argument.clone()),
                    target: data_type.clone(),
                    explicit: false,
                    span: None,
                },
            };
            crate::catalog::compile::evaluate_constant(&argument, view)
        });
        Ok((prepared.clone(), values.collect::<Result<_>>()?))
    }

    /// What a statement of this kind sees. Statements about the session do not fix the transaction's snapshot.
    fn view_for(&self, kind: StatementKind, entry: Option<&Entry>) -> Result<View> {
        let fixes = !matches!(
            kind,
            StatementKind::Begin | StatementKind::End | StatementKind::Session | StatementKind::Empty
        );
        let now = self.shared.now();
        let mut session = self.session.lock();
        let (snapshot, catalog) = session.snapshot(&self.shared, fixes)?;
        let transaction_time = session.transaction.as_ref().map_or(now, |transaction| transaction.time);
        let settings = session.settings.clone();
        let lock_scope = match (&session.transaction, entry) {
            (None, Some(entry)) => Scope::Statement(Arc::downgrade(entry.running())),
            _ => Scope::Transaction,
        };
        drop(session);
        Ok(View::new(
            &self.shared,
            snapshot,
            catalog,
            settings,
            &self.asker,
            Moment {
                transaction_time,
                statement_time: now,
                cancel: entry.map(|entry| entry.running().cancel.clone()),
                lock_scope,
            },
        ))
    }

    /// Refuses everything but the end of a failed transaction.
    fn check_transaction(&self, kind: StatementKind) -> Result<()> {
        let session = self.session.lock();
        let is_failed = session
            .transaction
            .as_ref()
            .is_some_and(|transaction| transaction.is_failed);
        match is_failed && !matches!(kind, StatementKind::End | StatementKind::Empty) {
            true => Err(Error::user(
                SqlState::IN_FAILED_SQL_TRANSACTION,
                "current transaction is aborted, commands ignored until end of transaction block",
            )),
            false => Ok(()),
        }
    }

    /// Refuses writes where only reads are allowed.
    fn check_writable(&self, statement: &Statement) -> Result<()> {
        const READ_ONLY: SqlState = SqlState("25006");
        if !statement::is_write(statement) {
            return Ok(());
        }
        let session = self.session.lock();
        let name = statement::name_of(statement);
        if session.is_read_only() {
            return Err(Error::user(
                READ_ONLY,
                format!("cannot execute {name} in a read-only transaction"),
            ));
        }
        if session.reads_the_past() {
            return Err(Error::user(
                READ_ONLY,
                format!("cannot execute {name} while stoa.as_of is set"),
            ));
        }
        Ok(())
    }

    /// Refuses what cannot be part of a transaction.
    fn check_outside_block(&self, statement: &Statement) -> Result<()> {
        let is_block = || {
            let session = self.session.lock();
            session
                .transaction
                .as_ref()
                .is_some_and(|transaction| transaction.is_block)
        };
        match statement {
            Statement::Maintain { vacuum: true, .. } if is_block() => Err(Error::user(
                SqlState::ACTIVE_SQL_TRANSACTION,
                "VACUUM cannot run inside a transaction block",
            )),
            Statement::CreateIndex(create) if create.is_concurrent && is_block() => Err(Error::user(
                SqlState::ACTIVE_SQL_TRANSACTION,
                "CREATE INDEX CONCURRENTLY cannot run inside a transaction block",
            )),
            _ => Ok(()),
        }
    }

    /// Ends what this connection runs, or the connection; may be used from any thread.
    pub fn handle(&self) -> SessionHandle {
        self.handle.clone()
    }

    /// Whether a transaction is open.
    pub fn transaction_status(&self) -> TransactionStatus {
        match &self.session.lock().transaction {
            None => TransactionStatus::Idle,
            Some(transaction) if transaction.is_failed => TransactionStatus::Failed,
            Some(_) => TransactionStatus::InTransaction,
        }
    }

    /// What statements wanted said, once.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.session.lock().notices)
    }

    /// Settings whose values changed since the last time.
    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        self.session.lock().take_parameter_changes()
    }

    /// The version of the database that the last statement read: what `snapshot_version()` gives in it. `None` where it read nothing.
    pub fn version_read(&self) -> Option<u64> {
        self.version_read
    }

    /// What the last statement committed; `None` where that was nothing, or is for the end of its transaction.
    pub fn committed(&self) -> Option<Committed> {
        self.session.lock().committed
    }

    /// Changes a setting, as SET does.
    ///
    /// # Errors
    /// 42704 and 22023: there is no such setting, or it does not take the value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        self.session.lock().set(name, Some(value), SetScope::Session)
    }

    /// A setting's value as SHOW gives it.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.session.lock().settings.get(name)
    }

    /// How values look now, and by which names objects of the catalog go.
    pub fn format_settings(&self) -> FormatSettings {
        match self.view_for(StatementKind::Session, None) {
            Ok(view) => view.format,
            Err(_) => self.session.lock().settings.resolved().format.clone(),
        }
    }
}

/// An error's place within its statement as one in the client's whole text.
fn shifted(error: Error, offset: usize) -> Error {
    match error {
        Error::Sql(mut error) => {
            if let (Some(span), Ok(offset)) = (&mut error.span, u32::try_from(offset)) {
                span.start = span.start.saturating_add(offset);
                span.end = span.end.saturating_add(offset);
            }
            Error::Sql(error)
        }
        other => other,
    }
}
