//! Parse, Bind, Describe, Execute, Close: statements prepared once, bound to values, and read in parts.
//!
//! What comes between two Syncs is one transaction. A lone Execute before a Sync commits by itself; only a longer pipeline opens
//! an implicit one.

use super::message::{Bind, Format, Target};
use super::portal::{Portal, PortalState, RowCursor, Statement};
use super::report::{Report, Severity};
use super::response;
use super::session::{Failure, Result, Session, protocol_failure};
use super::simple_query::{Completion, at, rows_tag};
use super::types::{is_supported, logical_type, wire_type};
use crate::limits::{PORTALS_MAX, PREPARED_STATEMENTS_MAX};
use std::sync::Arc;
use stoa_engine::connection::{Outcome, RowsTag, TransactionStatus};

impl Session {
    /// Prepares one statement.
    pub(super) fn parse(&mut self, name: &str, text: &str, types: &[u32]) -> Result<()> {
        if name.is_empty() {
            self.statements.remove("");
        } else if self.statement(name).is_ok() {
            return Err(protocol_failure(
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            ));
        } else if self.statements.len() >= PREPARED_STATEMENTS_MAX {
            return Err(protocol_failure(
                "53400",
                format!("a connection keeps at most {PREPARED_STATEMENTS_MAX} prepared statements"),
            ));
        }
        if let Some(oid) = types.iter().find(|oid| !is_supported(**oid)) {
            return Err(protocol_failure(
                "42704",
                format!("type with OID {oid} is not supported"),
            ));
        }
        let parsed = self.connection.parse(text).map_err(|error| at(text, &error))?;
        let prepared = match parsed.as_slice() {
            [] => None,
            [parsed] => {
                let types: Vec<_> = types.iter().map(|oid| logical_type(*oid)).collect();
                let prepared = self.connection.prepare(parsed, &types);
                Some(prepared.map_err(|error| at(text, &error))?)
            }
            _ => {
                return Err(protocol_failure(
                    "42601",
                    "cannot insert multiple commands into a prepared statement",
                ));
            }
        };
        if let (false, Some(prepared)) = (name.is_empty(), &prepared) {
            self.connection.keep_prepared(name, prepared);
        }
        let statement = Statement {
            text: text.to_owned(),
            prepared,
        };
        self.statements.insert(name.to_owned(), Arc::new(statement));
        response::parse_complete(&mut self.output.buffer);
        Ok(())
    }

    /// Makes a portal of a prepared statement and values.
    pub(super) fn bind(&mut self, bind: &Bind<'_>) -> Result<()> {
        let statement = self.statement(bind.statement)?;
        if bind.portal.is_empty() {
            self.portals.remove("");
        } else if self.is_portal(bind.portal) {
            return Err(protocol_failure(
                "42P03",
                format!("cursor \"{}\" already exists", bind.portal),
            ));
        } else if self.portals.len() >= PORTALS_MAX {
            return Err(protocol_failure(
                "53400",
                format!("a connection keeps at most {PORTALS_MAX} portals"),
            ));
        }
        let (types, column_count) = statement.prepared.as_ref().map_or((&[][..], 0), |prepared| {
            let columns = self.connection.columns(prepared).map_or(0, |columns| columns.len());
            (prepared.parameter_types.as_slice(), columns)
        });
        let settings = self.connection.format_settings();
        let parameters = super::parameter::literals(bind, types, &settings)?;
        let formats = match column_count {
            0 => Vec::new(),
            count => bind.result_formats.expand(count, "result column")?,
        };
        let query = statement.prepared.as_ref().filter(|prepared| prepared.is_query());
        let state = match query.filter(|_| !bind.portal.is_empty()) {
            Some(query) => {
                let opened = self.connection.open_portal(bind.portal, query, parameters);
                opened.map_err(|error| at(&statement.text, &error))?;
                PortalState::Cursor
            }
            None => PortalState::Bound(parameters),
        };
        let portal = Portal {
            statement,
            formats,
            state,
        };
        self.portals.insert(bind.portal.to_owned(), portal);
        response::bind_complete(&mut self.output.buffer);
        Ok(())
    }

    /// Tells the parameters and columns of a statement, or the columns of a portal or an SQL cursor.
    pub(super) fn describe(&mut self, target: Target, name: &str) -> Result<()> {
        if target == Target::Portal
            && !self.portals.contains_key(name)
            && let Some(columns) = self.connection.cursor_columns(name)
        {
            self.tell_columns(&columns, &vec![Format::Text; columns.len()]);
            return Ok(());
        }
        let (statement, formats) = match target {
            Target::Statement => (self.statement(name)?, None),
            Target::Portal => {
                let portal = self.portals.get(name).ok_or_else(|| no_portal(name))?;
                (Arc::clone(&portal.statement), Some(portal.formats.clone()))
            }
        };
        if formats.is_none() {
            let types = statement
                .prepared
                .as_ref()
                .map_or(&[][..], |prepared| prepared.parameter_types.as_slice());
            let oids = types.iter().map(|data_type| wire_type(data_type).oid);
            response::parameter_description(&mut self.output.buffer, oids);
        }
        let prepared = statement.prepared.as_ref();
        match prepared.and_then(|prepared| self.connection.columns(prepared)) {
            Some(columns) => {
                let formats = formats.unwrap_or_else(|| vec![Format::Text; columns.len()]);
                self.tell_columns(&columns, &formats);
            }
            None => response::no_data(&mut self.output.buffer),
        }
        Ok(())
    }

    /// Forgets a statement, a portal or an SQL cursor; one that is not there is no error.
    pub(super) fn close(&mut self, target: Target, name: &str) -> Result<()> {
        match target {
            Target::Statement => {
                self.connection.forget_prepared(name);
                if let Some(statement) = self.statements.remove(name) {
                    let of_it = |portal: &mut Portal| Arc::ptr_eq(&portal.statement, &statement);
                    for (name, _) in self.portals.extract_if(|_, portal| of_it(portal)) {
                        self.connection.close_cursor(&name);
                    }
                }
            }
            Target::Portal => {
                self.portals.remove(name);
                self.connection.close_cursor(name);
            }
        }
        response::close_complete(&mut self.output.buffer);
        Ok(())
    }

    /// Runs a portal, or goes on with it, for at most so many rows.
    pub(super) fn execute(&mut self, name: &str, rows_max: Option<usize>) -> Result<()> {
        // Taken out while it runs, and not put back where it fails: a failed portal cannot go on.
        let (key, mut portal) = self.portals.remove_entry(name).ok_or_else(|| no_portal(name))?;
        let text = portal.statement.text.clone();
        portal.state = match portal.state {
            PortalState::Bound(parameters) => {
                let Some(prepared) = portal.statement.prepared.clone() else {
                    self.complete(&Completion::Empty);
                    portal.state = PortalState::Bound(Vec::new());
                    self.portals.insert(key, portal);
                    return Ok(());
                };
                self.open_pipeline();
                let outcome = self.connection.execute(&prepared, parameters);
                match outcome.map_err(|error| at(&text, &error))? {
                    Outcome::Rows(rows, tag) => {
                        check_columns(&portal.formats, rows.columns().len())?;
                        let settings = self.connection.format_settings();
                        PortalState::Streaming(RowCursor::new(rows, tag, &portal.formats, settings))
                    }
                    command => {
                        let completion = self.finish_command(command, Some(&text))?;
                        self.complete(&completion);
                        PortalState::Ran
                    }
                }
            }
            PortalState::Exhausted(tag) => {
                self.complete(&Completion::Tag(rows_tag(&tag, 0)));
                PortalState::Exhausted(tag)
            }
            PortalState::Ran => return Err(protocol_failure("55000", format!("portal \"{name}\" cannot be run"))),
            streaming @ PortalState::Streaming(_) => streaming,
            PortalState::Cursor => {
                self.open_pipeline();
                self.read_cursor(&key, &portal, rows_max)?;
                PortalState::Cursor
            }
        };
        if let PortalState::Streaming(cursor) = portal.state {
            portal.state = self.advance(cursor, rows_max, &text)?;
        }
        self.portals.insert(key, portal);
        Ok(())
    }

    /// Sends the next rows of a portal that is a cursor.
    fn read_cursor(&mut self, name: &str, portal: &Portal, rows_max: Option<usize>) -> Result<()> {
        let text = &portal.statement.text;
        let limit = rows_max.map(|rows| rows as u64);
        let rows = self.connection.read_portal(name, limit);
        let rows = rows.map_err(|error| at(text, &error))?;
        check_columns(&portal.formats, rows.columns().len())?;
        let settings = self.connection.format_settings();
        let mut cursor = RowCursor::new(rows, RowsTag::Select, &portal.formats, settings);
        let mut rows_left = u64::MAX;
        self.stream(&mut cursor, &mut rows_left, Some(text))?;
        let row_count = u64::MAX - rows_left;
        if limit == Some(row_count) {
            response::portal_suspended(&mut self.output.buffer);
        } else {
            self.complete(&Completion::Tag(rows_tag(&RowsTag::Select, row_count)));
        }
        Ok(())
    }

    /// Whether a name is taken, by a portal or by a cursor that SQL has declared. CLOSE may have closed a portal.
    fn is_portal(&self, name: &str) -> bool {
        let is_other = |portal: &Portal| !matches!(portal.state, PortalState::Cursor);
        self.portals.get(name).is_some_and(is_other) || self.connection.cursor_columns(name).is_some()
    }

    /// Sends a portal's next rows.
    fn advance(&mut self, mut cursor: RowCursor, rows_max: Option<usize>, text: &str) -> Result<PortalState> {
        let limit = rows_max.map_or(u64::MAX, |rows| rows as u64);
        let mut rows_left = limit;
        if self.stream(&mut cursor, &mut rows_left, Some(text))? {
            let tag = cursor.into_tag();
            self.complete(&Completion::Tag(rows_tag(&tag, limit - rows_left)));
            Ok(PortalState::Exhausted(tag))
        } else {
            response::portal_suspended(&mut self.output.buffer);
            Ok(PortalState::Streaming(cursor))
        }
    }

    /// Opens the implicit transaction of a pipeline, unless this Execute is all there is before the Sync.
    fn open_pipeline(&mut self) {
        if !self.pipeline_is_open
            && matches!(self.connection.transaction_status(), TransactionStatus::Idle)
            && self.input.peek() != Some(b'S')
        {
            self.connection.begin_implicit();
            self.pipeline_is_open = true;
        }
    }

    /// The statement of a name, as the connection has it: SQL may have forgotten it, or made one of that name.
    fn statement(&mut self, name: &str) -> Result<Arc<Statement>> {
        let own = self.statements.get(name);
        if name.is_empty() {
            let missing = || protocol_failure("26000", "unnamed prepared statement does not exist");
            return own.cloned().ok_or_else(missing);
        }
        let kept = self.connection.prepared(name);
        match (own.map(|own| (own, &own.prepared)), kept) {
            (Some((own, None)), None) => Ok(own.clone()),
            (Some((own, Some(prepared))), Some(kept)) if Arc::ptr_eq(prepared, &kept) => Ok(own.clone()),
            (_, Some(kept)) => {
                let statement = Arc::new(Statement {
                    text: kept.text().to_owned(),
                    prepared: Some(kept),
                });
                self.statements.insert(name.to_owned(), statement.clone());
                Ok(statement)
            }
            (_, None) => {
                self.statements.remove(name);
                Err(protocol_failure(
                    "26000",
                    format!("prepared statement \"{name}\" does not exist"),
                ))
            }
        }
    }
}

fn no_portal(name: &str) -> Failure {
    protocol_failure("34000", format!("portal \"{name}\" does not exist"))
}

/// The client knows the columns from an earlier Describe; a definition that changed since must not surprise it.
fn check_columns(formats: &[Format], column_count: usize) -> Result<()> {
    if formats.len() == column_count {
        return Ok(());
    }
    // By the routine clients know that they may prepare anew.
    Err(Failure::Statement(Report {
        routine: Some("RevalidateCachedQuery"),
        ..Report::new(Severity::Error, "0A000", "cached plan must not change result type")
    }))
}
