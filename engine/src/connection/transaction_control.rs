//! BEGIN, COMMIT, ROLLBACK, savepoints, and the transactions that several statements in one message make by themselves.

use super::batch::CommitLabel;
use super::transaction::Transaction;
use super::{Connection, Notice, Outcome};
use crate::database::advisory_locks::SessionLocks;
use crate::error::{Error, Result, SqlState};
use stoa_sql::plan::{SetScope, TransactionModes, TransactionStatement};

impl Connection {
    /// A statement of transaction control.
    pub(super) fn control_transaction(&mut self, statement: &TransactionStatement) -> Result<Outcome> {
        let tag = match statement {
            TransactionStatement::Begin { modes, is_start } => {
                self.begin_block(&mode_settings(modes))?;
                if *is_start { "START TRANSACTION" } else { "BEGIN" }
            }
            TransactionStatement::End { commit, chain } => self.end_block(*commit, *chain)?,
            TransactionStatement::Savepoint(name) => {
                let mut session = self.session.lock();
                let settings = session.settings.clone();
                let marks = (session.cursors.mark(), self.asker.locks.locks.mark());
                block(session.transaction.as_mut(), "SAVEPOINT")?.set_savepoint(name, &settings, marks);
                "SAVEPOINT"
            }
            TransactionStatement::RollbackTo(name) => {
                let mut session = self.session.lock();
                let transaction = block(session.transaction.as_mut(), "ROLLBACK TO SAVEPOINT")?;
                let (settings, (cursors, taken)) = transaction.roll_back_to(name)?;
                session.settings = settings;
                session.cursors.close_after(cursors);
                self.asker.locks.locks.release_since(self.asker.locks.owner, taken);
                "ROLLBACK"
            }
            TransactionStatement::Release(name) => {
                let mut session = self.session.lock();
                block(session.transaction.as_mut(), "RELEASE SAVEPOINT")?.release(name)?;
                "RELEASE"
            }
        };
        Ok(Outcome::Command { tag: tag.to_owned() })
    }

    /// BEGIN. What an implicit transaction has done so far becomes part of the block.
    fn begin_block(&mut self, modes: &[(&'static str, String)]) -> Result<()> {
        let now = self.shared.now();
        let mut session = self.session.lock();
        match &mut session.transaction {
            Some(transaction) if transaction.is_block => session.notices.push(Notice::warning(
                SqlState::ACTIVE_SQL_TRANSACTION.0,
                "there is already a transaction in progress",
            )),
            Some(transaction) => transaction.is_block = true,
            None => {
                let settings = session.settings.clone();
                let is_read_only = settings.flag("default_transaction_read_only");
                session.transaction = Some(Transaction::new(true, is_read_only, now, settings));
            }
        }
        for (name, value) in modes {
            session.set(&format!("transaction_{name}"), Some(value), SetScope::Local)?;
        }
        Ok(())
    }

    /// COMMIT or ROLLBACK. In an implicit transaction they end what was done so far; the rest of the text is another one.
    fn end_block(&mut self, commit: bool, chain: bool) -> Result<&'static str> {
        let tag = if commit { "COMMIT" } else { "ROLLBACK" };
        let mut modes = Vec::new();
        let is_implicit = {
            let mut session = self.session.lock();
            let transaction = session.transaction.as_ref();
            let is_block = transaction.is_some_and(|transaction| transaction.is_block);
            let is_implicit = transaction.is_some() && !is_block;
            if chain {
                if !is_block {
                    return Err(only_in_block(&format!("{tag} AND CHAIN")));
                }
                for name in ["isolation", "read_only", "deferrable"] {
                    let value = session.settings.get(&format!("transaction_{name}"));
                    modes.extend(value.map(|value| (name, value)));
                }
            }
            if !is_block {
                let state = SqlState::NO_ACTIVE_SQL_TRANSACTION.0;
                let warning = Notice::warning(state, "there is no transaction in progress");
                session.notices.push(warning);
            }
            if transaction_is_none(&session) {
                return Ok(tag);
            }
            is_implicit
        };
        let was_good = self.end_transaction(commit)?;
        if is_implicit {
            self.begin_implicit();
        }
        if chain {
            self.begin_block(&modes)?;
        }
        Ok(if was_good { tag } else { "ROLLBACK" })
    }

    /// Commits or forgets the open transaction, and gives back its locks; false where it had failed and could only be forgotten.
    fn end_transaction(&mut self, commit: bool) -> Result<bool> {
        let ended = self.end_writes(commit);
        let SessionLocks { locks, owner } = &self.asker.locks;
        locks.end_transaction(*owner);
        ended
    }

    fn end_writes(&mut self, commit: bool) -> Result<bool> {
        let is_good = {
            let session = self.session.lock();
            let transaction = session.transaction.as_ref();
            transaction.is_some_and(|transaction| !transaction.is_failed)
        };
        let held = match commit && is_good {
            true => self.hold_cursors(),
            false => Ok(()),
        };
        let mut session = self.session.lock();
        let has_on_commit = session.has_on_commit;
        let Some(mut transaction) = session.transaction.take() else {
            return Ok(true);
        };
        let (before, after) = (transaction.settings_before.clone(), transaction.settings_after.clone());
        if !commit || !is_good || held.is_err() {
            session.settings = before;
            session.cursors.end_transaction(false);
            return held.map(|()| is_good || !commit);
        }
        let label = match CommitLabel::of(&session.settings) {
            Ok(label) if !transaction.has_written() => CommitLabel { token: None, ..label },
            Ok(label) => label,
            Err(error) => {
                session.settings = before;
                session.cursors.end_transaction(false);
                return Err(error);
            }
        };
        // Others may ask this session for its settings while the disk is waited for.
        session.settings = after;
        drop(session);
        let ended = match has_on_commit {
            true => transaction.add_on_commit(&self.shared, &self.asker.temporary_schema),
            false => Ok(()),
        };
        let committed = ended.and_then(|()| transaction.commit(&self.shared, label.clone()));
        let mut session = self.session.lock();
        let committed = session.end_batch(label.token, committed);
        session.cursors.end_transaction(committed.is_ok());
        if committed.is_err() {
            session.settings = before;
        }
        committed.map(|()| true)
    }

    /// An error came: an open transaction can only be rolled back from now on. It, or what came since its last savepoint, has no
    /// locks any more.
    pub fn fail_transaction(&mut self) {
        if let Some(transaction) = &mut self.session.lock().transaction {
            transaction.is_failed = true;
            let SessionLocks { locks, owner } = &self.asker.locks;
            locks.release_since(*owner, transaction.locks_at_savepoint());
        }
    }

    /// Statements from now on are one transaction, unless one is open.
    pub fn begin_implicit(&mut self) {
        let now = self.shared.now();
        let mut session = self.session.lock();
        if session.transaction.is_none() {
            let is_read_only = session.settings.flag("default_transaction_read_only");
            let settings = session.settings.clone();
            session.transaction = Some(Transaction::new(false, is_read_only, now, settings));
        }
    }

    /// Ends what [`Self::begin_implicit`] began: commits it, or forgets it. A block that BEGIN opened meanwhile stays open.
    ///
    /// # Errors
    /// The commit failed, and nothing happened.
    pub fn end_implicit(&mut self, commit: bool) -> Result<()> {
        let is_block = {
            let session = self.session.lock();
            session
                .transaction
                .as_ref()
                .is_some_and(|transaction| transaction.is_block)
        };
        if is_block {
            if !commit {
                self.fail_transaction();
            }
            return Ok(());
        }
        self.end_transaction(commit).map(|_| ())
    }
}

fn transaction_is_none(session: &super::session::Session) -> bool {
    session.transaction.is_none()
}

/// The block that a statement about savepoints needs.
fn block<'t>(transaction: Option<&'t mut Transaction>, what: &str) -> Result<&'t mut Transaction> {
    transaction
        .filter(|transaction| transaction.is_block)
        .ok_or_else(|| only_in_block(what))
}

/// That something means nothing outside of a transaction.
pub(super) fn only_in_block(what: &str) -> Error {
    Error::user(
        SqlState::NO_ACTIVE_SQL_TRANSACTION,
        format!("{what} can only be used in transaction blocks"),
    )
}

/// Modes as settings: the names behind `transaction_`, and their values.
pub(super) fn mode_settings(modes: &TransactionModes) -> Vec<(&'static str, String)> {
    let on_or_off = |value: bool| if value { "on" } else { "off" };
    let modes = [
        ("isolation", modes.isolation),
        ("read_only", modes.read_only.map(on_or_off)),
        ("deferrable", modes.deferrable.map(on_or_off)),
    ];
    let given = modes
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.to_owned())));
    given.collect()
}
