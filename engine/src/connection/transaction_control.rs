//! BEGIN, COMMIT, ROLLBACK, savepoints, and the transactions that several statements in one message make by themselves.

use super::transaction::Transaction;
use super::{Connection, Notice, Outcome};
use crate::error::{Error, Result, SqlState};
use stoa_sql::plan::TransactionStatement;

impl Connection {
    /// A statement of transaction control.
    pub(super) fn control_transaction(&mut self, statement: &TransactionStatement) -> Result<Outcome> {
        let tag = match statement {
            TransactionStatement::Begin { read_only } => self.begin_block(*read_only)?,
            TransactionStatement::Commit => self.end_block(true)?,
            TransactionStatement::Rollback => self.end_block(false)?,
            TransactionStatement::Savepoint(name) => {
                let mut session = self.session.lock();
                let settings = session.settings.clone();
                block(session.transaction.as_mut(), "SAVEPOINT")?.set_savepoint(name, &settings);
                "SAVEPOINT"
            }
            TransactionStatement::RollbackTo(name) => {
                let mut session = self.session.lock();
                let transaction = block(session.transaction.as_mut(), "ROLLBACK TO SAVEPOINT")?;
                session.settings = transaction.roll_back_to(name)?;
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
    fn begin_block(&mut self, read_only: bool) -> Result<&'static str> {
        let now = self.shared.now();
        let mut session = self.session.lock();
        let is_read_only = read_only || session.settings.flag("default_transaction_read_only");
        match &mut session.transaction {
            Some(transaction) if transaction.is_block => {
                session.notices.push(Notice::warning(
                    SqlState::ACTIVE_SQL_TRANSACTION.0,
                    "there is already a transaction in progress",
                ));
                return Ok("BEGIN");
            }
            Some(transaction) => {
                transaction.is_block = true;
                transaction.is_read_only = is_read_only;
            }
            None => {
                let settings = session.settings.clone();
                session.transaction = Some(Transaction::new(true, is_read_only, now, settings));
            }
        }
        if is_read_only {
            let mut settings = (*session.settings).clone();
            settings.set("transaction_read_only", Some("on"))?;
            session.settings = settings.into();
        }
        Ok("BEGIN")
    }

    /// COMMIT or ROLLBACK. In an implicit transaction they end what was done so far; the rest of the text is another one.
    fn end_block(&mut self, commit: bool) -> Result<&'static str> {
        let (tag, no_block) = match commit {
            true => ("COMMIT", "there is no transaction in progress"),
            false => ("ROLLBACK", "there is no transaction in progress"),
        };
        let is_implicit = {
            let mut session = self.session.lock();
            let transaction = session.transaction.as_ref();
            let is_block = transaction.is_some_and(|transaction| transaction.is_block);
            let is_implicit = transaction.is_some() && !is_block;
            if !is_block {
                let state = SqlState::NO_ACTIVE_SQL_TRANSACTION.0;
                session.notices.push(Notice::warning(state, no_block));
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
        Ok(if was_good { tag } else { "ROLLBACK" })
    }

    /// Commits or forgets the open transaction; false where it had failed and could only be forgotten.
    fn end_transaction(&mut self, commit: bool) -> Result<bool> {
        let mut session = self.session.lock();
        let Some(transaction) = session.transaction.take() else {
            return Ok(true);
        };
        let (before, after) = (transaction.settings_before.clone(), transaction.settings_after.clone());
        if !commit || transaction.is_failed {
            let was_good = !transaction.is_failed;
            session.settings = before;
            return Ok(was_good || !commit);
        }
        // Others may ask this session for its settings while the disk is waited for.
        session.settings = after;
        drop(session);
        let committed = transaction.commit(&self.shared);
        if committed.is_err() {
            self.session.lock().settings = before;
        }
        committed.map(|()| true)
    }

    /// An error came: an open transaction can only be rolled back from now on.
    pub fn fail_transaction(&mut self) {
        if let Some(transaction) = &mut self.session.lock().transaction {
            transaction.is_failed = true;
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
    transaction.filter(|transaction| transaction.is_block).ok_or_else(|| {
        Error::user(
            SqlState::NO_ACTIVE_SQL_TRANSACTION,
            format!("{what} can only be used in transaction blocks"),
        )
    })
}
