//! The cursors of a session: DECLARE, FETCH, MOVE, CLOSE, and what the end of a transaction does to them. The protocol's portals
//! that have names are cursors as well.

use super::cursor::{Approach, Cursor, CursorInfo, Reader};
use super::cursor_rows::Opening;
use super::session::Session;
use super::transaction_control::only_in_block;
use super::{Connection, Outcome, Prepared, RowsTag};
use crate::activity::Entry;
use crate::catalog::view::ListCursors;
use crate::error::{Error, Result, SqlState};
use crate::limits::CURSORS_MAX;
use crate::rows::{ResultColumn, Rows};
use crate::statement::query::result_columns;
use crate::types::Literal;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use stoa_sql::StatementKind;
use stoa_sql::plan::{DeclareCursor, FetchCursor, FetchDirection};

/// All of them, by name.
#[derive(Default)]
pub(super) struct Cursors {
    by_name: BTreeMap<String, Open>,
    last_number: u64,
}

struct Open {
    cursor: Arc<Cursor>,
    /// Counts the session's cursors.
    number: u64,
}

impl Cursors {
    /// The cursor of a name.
    ///
    /// # Errors
    /// 34000
    pub(super) fn find(&self, name: &str) -> Result<Arc<Cursor>> {
        let open = self.by_name.get(name);
        open.map(|open| open.cursor.clone()).ok_or_else(|| {
            Error::user(
                SqlState::INVALID_CURSOR_NAME,
                format!("cursor \"{name}\" does not exist"),
            )
        })
    }

    fn open(&mut self, cursor: Arc<Cursor>) -> Result<()> {
        let name = &cursor.info.name;
        if self.by_name.contains_key(name) {
            return Err(Error::user(
                SqlState("42P03"),
                format!("cursor \"{name}\" already exists"),
            ));
        }
        if self.by_name.len() >= CURSORS_MAX {
            return Err(Error::user(
                SqlState("53400"),
                format!("a session keeps at most {CURSORS_MAX} cursors"),
            ));
        }
        self.last_number += 1;
        let number = self.last_number;
        self.by_name.insert(name.clone(), Open { cursor, number });
        Ok(())
    }

    /// CLOSE name, or all.
    ///
    /// # Errors
    /// 34000
    pub(super) fn close(&mut self, name: Option<&str>) -> Result<()> {
        let Some(name) = name else {
            self.by_name.clear();
            return Ok(());
        };
        self.find(name)?;
        self.by_name.remove(name);
        Ok(())
    }

    /// Stands for the cursors there are now.
    pub(super) fn mark(&self) -> u64 {
        self.last_number
    }

    /// Closes the cursors that came after a mark.
    pub(super) fn close_after(&mut self, mark: u64) {
        self.by_name.retain(|_, open| open.number <= mark);
    }

    /// Cursors that outlive the transaction if it commits.
    fn to_hold(&self) -> Vec<Arc<Cursor>> {
        let cursors = self.by_name.values().map(|open| &open.cursor);
        let to_hold = cursors.filter(|cursor| cursor.info.is_holdable && !cursor.is_held() && !cursor.has_failed());
        to_hold.cloned().collect()
    }

    /// Closes what ends with a transaction.
    pub(super) fn end_transaction(&mut self, is_committed: bool) {
        if is_committed {
            for cursor in self.to_hold() {
                cursor.is_held.store(true, Ordering::Relaxed);
            }
        }
        self.by_name.retain(|_, open| open.cursor.is_held());
    }

    fn list(&self) -> Vec<CursorInfo> {
        self.by_name.values().map(|open| open.cursor.info.clone()).collect()
    }
}

/// What `pg_cursors` lists, as long as there is a session.
pub(super) fn lister(session: &Arc<Mutex<Session>>) -> Arc<ListCursors> {
    let session = Arc::downgrade(session);
    Arc::new(move || match session.upgrade() {
        Some(session) => session.lock().cursors.list(),
        None => Vec::new(),
    })
}

fn deadline_in(timeout_ms: u64) -> Option<Instant> {
    match timeout_ms {
        0 => None,
        limit => Instant::now().checked_add(Duration::from_millis(limit)),
    }
}

impl Connection {
    /// DECLARE CURSOR. Outside of a transaction, one that is held is complete at once.
    pub(super) fn declare_cursor(&self, declare: &DeclareCursor, opening: Opening) -> Result<Outcome> {
        let running = opening.entry.running();
        let info = CursorInfo {
            name: declare.name.clone(),
            text: running.text.clone(),
            is_binary: declare.is_binary,
            is_scrollable: declare.is_scrollable,
            is_holdable: declare.is_holdable,
            created: running.started,
        };
        let columns = result_columns(&declare.query.plan, &declare.query.names);
        let cursor = Arc::new(Cursor::new(info, columns, opening));
        let is_alone = {
            let mut session = self.session.lock();
            let is_alone = session.transaction.is_none();
            if is_alone && !declare.is_holdable {
                return Err(only_in_block("DECLARE CURSOR"));
            }
            session.cursors.open(cursor)?;
            is_alone
        };
        if is_alone {
            let held = self.hold_cursors();
            self.session.lock().cursors.end_transaction(held.is_ok());
            held?;
        }
        Ok(Outcome::Command {
            tag: "DECLARE CURSOR".to_owned(),
        })
    }

    /// FETCH and MOVE
    pub(super) fn fetch_cursor(&self, fetch: &FetchCursor, entry: &Arc<Entry>) -> Result<Outcome> {
        let cursor = self.session.lock().cursors.find(&fetch.name)?;
        entry.running().set_reads_from(&cursor.running);
        let reader = Reader::Statement(entry.clone());
        let passed = match cursor.approach(fetch.direction, fetch.is_move, &reader)? {
            Approach::Way(way) if !fetch.is_move => {
                let tag = RowsTag::Fetch {
                    is_binary: cursor.info.is_binary,
                };
                return Ok(Outcome::Rows(cursor.read(way, &reader), tag));
            }
            Approach::Way(way) => cursor.pass(way, &reader)?,
            Approach::Passed(count) => count,
        };
        Ok(Outcome::Command {
            tag: format!("MOVE {passed}"),
        })
    }

    /// CLOSE
    pub(super) fn close_cursors(&self, name: Option<&str>) -> Result<Outcome> {
        self.session.lock().cursors.close(name)?;
        let tag = match name {
            Some(_) => "CLOSE CURSOR",
            None => "CLOSE CURSOR ALL",
        };
        Ok(Outcome::Command { tag: tag.to_owned() })
    }

    /// Before a commit: cursors that outlive it take in the rest of their rows.
    ///
    /// # Errors
    /// What a query says; 53200.
    pub(super) fn hold_cursors(&self) -> Result<()> {
        let (cursors, timeout_ms) = {
            let session = self.session.lock();
            let timeout_ms = session.settings.resolved().statement_timeout_ms;
            (session.cursors.to_hold(), timeout_ms)
        };
        let deadline = deadline_in(timeout_ms);
        for cursor in cursors {
            self.handle.set_running(&cursor.running);
            let _deadline = deadline.map(|deadline| self.shared.timer.end_at(deadline, &cursor.running));
            cursor.hold()?;
        }
        Ok(())
    }

    /// Makes a cursor of a query that a client has prepared: a portal of the protocol that has a name. Where there is no transaction,
    /// the client ends it ([`Self::close_portals`]).
    ///
    /// # Errors
    /// 42P03; 25P02 in a failed transaction; whatever binding says.
    pub fn open_portal(&mut self, name: &str, prepared: &Arc<Prepared>, parameters: Vec<Literal>) -> Result<()> {
        self.check_transaction(prepared.kind())?;
        let opened = self.open_cursor(name, prepared, parameters);
        opened.map_err(|error| {
            self.fail_transaction();
            super::shifted(error, prepared.offset())
        })
    }

    fn open_cursor(&mut self, name: &str, prepared: &Arc<Prepared>, parameters: Vec<Literal>) -> Result<()> {
        self.shared.check_open()?;
        let entry = self.begin(prepared.text(), false)?;
        let view = self.view_for(prepared.kind(), Some(&entry))?;
        let bound = prepared.bind(&view)?;
        let running = entry.running().clone();
        let opening = Opening {
            view,
            entry,
            parameters,
            bound,
        };
        let query = opening.query()?;
        let columns = result_columns(&query.plan, &query.names);
        let info = CursorInfo {
            name: name.to_owned(),
            text: running.text.clone(),
            is_binary: false,
            is_scrollable: false,
            is_holdable: false,
            created: running.started,
        };
        let cursor = Arc::new(Cursor::new(info, columns, opening));
        self.session.lock().cursors.open(cursor)
    }

    /// The next rows of a portal that [`Self::open_portal`] made; `None` for all.
    ///
    /// # Errors
    /// 34000 where it is gone; what the query says, or said before.
    pub fn read_portal(&mut self, name: &str, rows_max: Option<u64>) -> Result<Rows> {
        let rows = self.check_transaction(StatementKind::Query).and_then(|()| {
            let (cursor, timeout_ms) = {
                let session = self.session.lock();
                let timeout_ms = session.settings.resolved().statement_timeout_ms;
                (session.cursors.find(name)?, timeout_ms)
            };
            self.handle.begin(&cursor.running)?;
            let deadline = deadline_in(timeout_ms);
            let deadline = deadline.map(|deadline| Arc::new(self.shared.timer.end_at(deadline, &cursor.running)));
            let reader = Reader::Client(deadline);
            match cursor.approach(FetchDirection::Forward(rows_max), false, &reader)? {
                Approach::Way(way) => Ok(cursor.read(way, &reader)),
                Approach::Passed(_) => Err(Error::Internal("rows were passed instead of given".into())),
            }
        });
        if rows.is_err() {
            self.fail_transaction();
        }
        rows
    }

    /// Closes the portals that belong to no transaction.
    pub fn close_portals(&mut self) {
        let mut session = self.session.lock();
        if session.transaction.is_none() {
            session.cursors.end_transaction(false);
        }
    }

    /// The columns of a cursor's rows; `None` where there is no such cursor.
    pub fn cursor_columns(&self, name: &str) -> Option<Arc<[ResultColumn]>> {
        let session = self.session.lock();
        session.cursors.find(name).ok().map(|cursor| cursor.columns.clone())
    }

    /// Closes a cursor, if there is one of this name.
    pub fn close_cursor(&mut self, name: &str) {
        // That there is none is no error here.
        let _ = self.session.lock().cursors.close(Some(name));
    }
}
