//! Statements at work: one file per kind. Each gets a [`Run`], what it sees and may use, and hands back an [`Effect`]: an outcome, and
//! changes that its transaction commits. None of them commits by itself, and none keeps state.

mod admission;
mod alter_constraint;
pub(crate) mod alter_table;
pub(crate) mod alter_type;
mod alter_versions;
mod check_constraint;
pub(crate) mod comment;
pub(crate) mod constants;
pub(crate) mod copy_file;
pub(crate) mod copy_rows;
mod create_index;
pub(crate) mod create_schema;
pub(crate) mod create_table;
pub(crate) mod create_view;
pub(crate) mod definition;
pub(crate) mod delete;
pub(crate) mod drop;
pub(crate) mod explain;
mod indexed_key;
pub(crate) mod insert;
pub(crate) mod insert_constants;
pub(crate) mod maintain;
mod merge;
pub(crate) mod query;
pub(crate) mod rejects;
mod returning;
pub(crate) mod row_sink;
mod seal;
pub(crate) mod sequence;
pub(crate) mod set;
pub(crate) mod truncate;
mod unique_key;
pub(crate) mod update;
mod verify_rollups;
mod versions_of_key;
pub(crate) mod with;

use crate::activity::Entry;
use crate::catalog::relation::{Relation, StoredTable};
use crate::catalog::view::View;
use crate::connection::{Notice, Outcome, StatementWrites};
use crate::error::{Error, Result, SqlState};
use crate::limits::MEMORY_BYTES_PER_BATCH_ROW;
use crate::pipeline::{Profile, QueryContext};
use crate::types::Literal;
use std::sync::Arc;
use std::time::Duration;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::Statement;
use stoa_storage::commit::Change;

/// What a statement runs with.
pub(crate) struct Run<'r> {
    /// What it sees.
    pub(crate) view: View,
    /// Its place among the running statements.
    pub(crate) entry: Arc<Entry>,
    /// The values of `$1`, `$2` ...
    pub(crate) parameters: &'r [Literal],
    /// Relations that its compilation asked for.
    pub(crate) seen: Vec<TableId>,
    /// What its compilation took, for EXPLAIN.
    pub(crate) compile_time: Duration,
    /// In a part of a WITH: the rows that parts before it returned.
    pub(crate) returned: with::ReturnedRows,
    /// Likewise: what they changed, which the part does not see but for the keys of its table.
    pub(crate) changed_before: Vec<Change>,
}

/// What a statement did.
pub(crate) struct Effect {
    /// For the client.
    pub(crate) outcome: Outcome,
    /// For the transaction.
    pub(crate) writes: StatementWrites,
    /// To be told beside the outcome.
    pub(crate) notices: Vec<Notice>,
}

impl Effect {
    /// Only an outcome.
    pub(crate) fn outcome(outcome: Outcome) -> Self {
        Effect {
            outcome,
            writes: StatementWrites::default(),
            notices: Vec::new(),
        }
    }

    /// A command that changed something.
    pub(crate) fn command(tag: impl Into<String>, writes: StatementWrites) -> Self {
        Effect {
            outcome: Outcome::Command { tag: tag.into() },
            writes,
            notices: Vec::new(),
        }
    }

    /// The same, with a notice.
    pub(crate) fn with_notice(mut self, notice: Notice) -> Self {
        self.notices.push(notice);
        self
    }
}

impl Run<'_> {
    /// What the operators of a plan share.
    pub(crate) fn context(&self, profile: Option<Arc<Profile>>) -> QueryContext {
        let shared = &self.view.shared;
        let settings = self.view.settings.resolved();
        let batch_rows = match self.view.settings.is_set("stoa.batch_rows") {
            true => settings.batch_rows,
            false => shared.config.batch_rows,
        };
        let memory = self.entry.running().memory.clone();
        let batch_rows = batch_rows.min(memory.limit_bytes() / MEMORY_BYTES_PER_BATCH_ROW).max(1);
        let threads = match settings.threads {
            0 => shared.workers.count(),
            threads => threads.min(shared.workers.count()),
        };
        QueryContext {
            cancel: self.entry.running().cancel.clone(),
            memory,
            statement: self.view.statement.clone(),
            batch_rows,
            use_metadata: settings.use_metadata,
            use_rollups: settings.use_rollups,
            threads,
            profile,
        }
    }

    /// The table of a number.
    ///
    /// # Errors
    /// It is gone: definitions changed since the statement was bound.
    pub(crate) fn table(&self, id: TableId) -> Result<Arc<Relation>> {
        let relation = self.view.catalog.by_id(id);
        relation
            .filter(|relation| relation.stored().is_some())
            .ok_or_else(|| Error::Internal(format!("table {} is not there any more", id.0)))
    }
}

/// The stored part of a relation that is a table.
pub(crate) fn stored(relation: &Relation) -> Result<&StoredTable> {
    relation
        .stored()
        .ok_or_else(|| Error::Internal(format!("\"{}\" is not a table", relation.name())))
}

/// Runs a statement that needs no more of its session than a [`Run`] has.
pub(crate) fn execute(run: &Run<'_>, statement: &Statement) -> Result<Effect> {
    seal::guard(run, effect_of(run, statement)?)
}

fn effect_of(run: &Run<'_>, statement: &Statement) -> Result<Effect> {
    match statement {
        Statement::Query(query) => query::execute(run, query),
        Statement::Insert(insert) => insert::execute(run, insert),
        Statement::Update(update) => update::execute(run, update),
        Statement::Merge(merge) => merge::execute(run, merge),
        Statement::Delete(delete) => delete::execute(run, delete),
        Statement::With(statement) => with::execute(run, statement),
        Statement::Truncate(truncate) => truncate::execute(run, truncate),
        Statement::CreateTable(create) => create_table::execute(run, create),
        Statement::CreateView(create) => create_view::execute(run, create),
        Statement::CreateIndex(create) => create_index::execute(run, create),
        Statement::CreateSchema { name, if_not_exists } => create_schema::execute(run, name, *if_not_exists),
        Statement::CreateSequence(create) => sequence::create(run, create),
        Statement::AlterSequence(alter) => sequence::alter(run, alter),
        Statement::Drop(drop) => drop::execute(run, drop),
        Statement::AlterTable(alter) => match &alter.rewrite {
            Some(rows) => alter_type::execute(run, alter, rows),
            None => alter_table::execute(run, alter),
        },
        Statement::Comment(comment) => comment::execute(run, comment),
        Statement::Explain(explain) => explain::execute(run, explain),
        Statement::RefreshMaterializedView(name) => maintain::refresh(run, name),
        Statement::Maintain { vacuum, table } => maintain::execute(run, *vacuum, *table),
        Statement::Checkpoint => maintain::checkpoint(run),
        Statement::Show { name } => set::show(run, name.as_deref()),
        Statement::Empty => Ok(Effect::outcome(Outcome::Empty)),
        Statement::Copy(_)
        | Statement::InsertConstants(_)
        | Statement::Set { .. }
        | Statement::Reset { .. }
        | Statement::Transaction(_)
        | Statement::Prepare { .. }
        | Statement::Execute { .. }
        | Statement::Deallocate { .. }
        | Statement::DeclareCursor(_)
        | Statement::Fetch(_)
        | Statement::Close { .. }
        | Statement::Discard(_)
        | Statement::Lock
        | Statement::Unlisten
        | Statement::ImportSnapshot(_)
        | Statement::SetTransaction { .. } => Err(Error::Internal(
            "a statement of the session reached the wrong place".into(),
        )),
    }
}

/// What a statement is called where it is refused.
pub(crate) fn name_of(statement: &Statement) -> &'static str {
    match statement {
        Statement::Query(_) => "SELECT",
        Statement::Insert(_) | Statement::InsertConstants(_) => "INSERT",
        Statement::Update(_) => "UPDATE",
        Statement::Merge(_) => "MERGE",
        Statement::Delete(_) => "DELETE",
        Statement::With(with) => name_of(&with.body),
        Statement::Truncate(_) => "TRUNCATE TABLE",
        Statement::CreateTable(_) => "CREATE TABLE",
        Statement::CreateView(_) => "CREATE VIEW",
        Statement::CreateIndex(_) => "CREATE INDEX",
        Statement::CreateSchema { .. } => "CREATE SCHEMA",
        Statement::CreateSequence(_) => "CREATE SEQUENCE",
        Statement::AlterSequence(_) => "ALTER SEQUENCE",
        Statement::Drop(drop) => match drop.kind {
            stoa_sql::plan::ObjectKind::Table => "DROP TABLE",
            stoa_sql::plan::ObjectKind::View => "DROP VIEW",
            stoa_sql::plan::ObjectKind::MaterializedView => "DROP MATERIALIZED VIEW",
            stoa_sql::plan::ObjectKind::Schema => "DROP SCHEMA",
            stoa_sql::plan::ObjectKind::Sequence => "DROP SEQUENCE",
            stoa_sql::plan::ObjectKind::Index => "DROP INDEX",
        },
        Statement::AlterTable(_) => "ALTER TABLE",
        Statement::Comment(_) => "COMMENT",
        Statement::Copy(_) => "COPY",
        Statement::Explain(_) => "EXPLAIN",
        Statement::RefreshMaterializedView(_) => "REFRESH MATERIALIZED VIEW",
        Statement::Maintain { vacuum: true, .. } => "VACUUM",
        Statement::Maintain { .. } => "ANALYZE",
        Statement::Checkpoint => "CHECKPOINT",
        _ => "this statement",
    }
}

/// Whether a statement changes what is stored.
pub(crate) fn is_write(statement: &Statement) -> bool {
    match statement {
        Statement::Insert(_)
        | Statement::InsertConstants(_)
        | Statement::Update(_)
        | Statement::Merge(_)
        | Statement::Delete(_)
        | Statement::With(_)
        | Statement::Truncate(_)
        | Statement::CreateTable(_)
        | Statement::CreateView(_)
        | Statement::CreateIndex(_)
        | Statement::CreateSchema { .. }
        | Statement::CreateSequence(_)
        | Statement::AlterSequence(_)
        | Statement::Drop(_)
        | Statement::AlterTable(_)
        | Statement::Comment(_) => true,
        Statement::Copy(copy) => matches!(copy.direction, stoa_sql::plan::CopyDirection::From { .. }),
        Statement::Explain(explain) => explain.analyze && is_write(&explain.statement),
        _ => false,
    }
}

/// An error about a name, with its code.
pub(crate) fn already_exists(state: SqlState, what: &str, name: &str) -> Error {
    Error::user(state, format!("{what} \"{name}\" already exists"))
}
