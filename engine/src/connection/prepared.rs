//! Prepared statements, and the plans that a connection keeps. A plan is good as long as definitions and the settings it was bound
//! under are the same, and for a while.

use crate::catalog::CatalogState;
use crate::catalog::compile::CompilerCatalog;
use crate::catalog::view::View;
use crate::error::{Error, Result, SqlState};
use crate::limits::{PLAN_AGE_MAX_MS, PLAN_TEXT_BYTES_MAX, PLANS_KEPT};
use crate::rows::ResultColumn;
use crate::settings::Settings;
use crate::statement::query::{result_column, result_columns};
use crate::statement::{explain, set};
use crate::types::LogicalType;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stoa_sql::catalog::TableId;
use stoa_sql::plan::{Returning, Statement};
use stoa_sql::{CompileOptions, Parsed, StatementKind};

/// A statement that was bound.
pub struct Prepared {
    /// The types of `$1`, `$2` ...
    pub parameter_types: Vec<LogicalType>,
    /// The columns of its rows; `None` where it gives none. See [`super::Connection::columns`].
    pub(super) columns: Option<Arc<[ResultColumn]>>,
    parsed: Parsed,
    given_types: Vec<Option<LogicalType>>,
    bound: Mutex<Arc<Bound>>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Prepared({:?})", self.parsed.text)
    }
}

/// A statement bound to one version of the definitions.
pub(crate) struct Bound {
    pub(crate) statement: Statement,
    parameter_types: Vec<LogicalType>,
    /// Relations that binding asked for.
    pub(crate) seen: Vec<TableId>,
    catalog: Arc<CatalogState>,
    settings: Arc<Settings>,
    made: Instant,
    /// What binding and optimizing took.
    pub(crate) compile_time: Duration,
    /// It holds constants of the moment, such as `'today'`.
    is_momentary: bool,
}

fn bind(parsed: &Parsed, given_types: &[Option<LogicalType>], view: &View, in_full: bool) -> Result<Bound> {
    let begun = Instant::now();
    let catalog = CompilerCatalog::new(view);
    let options = CompileOptions {
        parameter_types: given_types.to_vec(),
        disabled_passes: view.settings.resolved().disabled_passes.clone(),
        in_full,
    };
    let compiled = stoa_sql::compile(parsed, &catalog, &options)?;
    Ok(Bound {
        statement: compiled.statement,
        parameter_types: compiled.parameter_types,
        seen: catalog.seen().into_iter().collect(),
        catalog: view.catalog.clone(),
        settings: view.settings.clone(),
        made: Instant::now(),
        compile_time: begun.elapsed(),
        is_momentary: catalog.is_momentary(),
    })
}

impl Bound {
    fn is_good_for(&self, view: &View) -> bool {
        Arc::ptr_eq(&self.catalog, &view.catalog)
            && (Arc::ptr_eq(&self.settings, &view.settings) || self.settings.binds_like(&view.settings))
            && !self.is_momentary
            && self.made.elapsed().as_millis() <= PLAN_AGE_MAX_MS
    }
}

impl Prepared {
    /// Binds a statement.
    ///
    /// # Errors
    /// Whatever the user got wrong.
    pub(super) fn new(parsed: Parsed, given_types: Vec<Option<LogicalType>>, view: &View) -> Result<Self> {
        let bound = bind(&parsed, &given_types, view, false)?;
        Ok(Prepared {
            parameter_types: bound.parameter_types.clone(),
            columns: columns_of(&bound.statement),
            parsed,
            given_types,
            bound: Mutex::new(Arc::new(bound)),
        })
    }

    /// The same statement, giving rows of these columns.
    pub(super) fn with_columns(&self, columns: Option<Arc<[ResultColumn]>>) -> Self {
        Prepared {
            parameter_types: self.parameter_types.clone(),
            columns,
            parsed: self.parsed.clone(),
            given_types: self.given_types.clone(),
            bound: Mutex::new(self.bound()),
        }
    }

    /// The statement as it was bound last.
    pub(super) fn bound(&self) -> Arc<Bound> {
        self.bound.lock().clone()
    }

    /// The statement bound to what the view sees: as it was, where that is still good.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn bind(&self, view: &View) -> Result<Arc<Bound>> {
        let bound = self.bound();
        if bound.is_good_for(view) {
            return Ok(bound);
        }
        // Parameters keep the types that the client was told.
        let types: Vec<_> = self.parameter_types.iter().cloned().map(Some).collect();
        let fresh = Arc::new(bind(&self.parsed, &types, view, false)?);
        self.check_columns(&fresh.statement)?;
        *self.bound.lock() = fresh.clone();
        Ok(fresh)
    }

    /// Refuses rows of other columns than the client was told of.
    fn check_columns(&self, statement: &Statement) -> Result<()> {
        match (&self.columns, columns_of(statement)) {
            (Some(told), Some(now)) if *told != now => {
                let message = "cached plan must not change result type";
                let error = stoa_sql::Error::new(SqlState::FEATURE_NOT_SUPPORTED, message);
                // By the routine clients know that they may prepare anew.
                Err(Error::Sql(error.with_routine("RevalidateCachedQuery")))
            }
            _ => Ok(()),
        }
    }

    /// An INSERT of constants as one of expressions.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn bind_in_full(&self, view: &View) -> Result<Bound> {
        bind(&self.parsed, &self.given_types, view, true)
    }

    /// As [`Self::bind`], with a plan where statements of its kind have one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn bind_with_plan(&self, view: &View) -> Result<Arc<Bound>> {
        let bound = self.bind(view)?;
        match bound.statement {
            Statement::InsertConstants(_) => self.bind_in_full(view).map(Arc::new),
            _ => Ok(bound),
        }
    }

    /// Whether it is a query, of which a cursor can be made.
    pub fn is_query(&self) -> bool {
        matches!(self.bound().statement, Statement::Query(_))
    }

    pub(super) fn kind(&self) -> StatementKind {
        self.parsed.kind()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.parsed.text
    }

    pub(super) fn offset(&self) -> usize {
        self.parsed.offset
    }
}

/// The columns of the rows that a statement gives.
fn columns_of(statement: &Statement) -> Option<Arc<[ResultColumn]>> {
    let returned = |returning: &Returning| {
        let columns = returning.expressions.iter().zip(&returning.names);
        columns.map(|((column, _), name)| result_column(column, name)).collect()
    };
    match statement {
        Statement::Query(query) => Some(result_columns(&query.plan, &query.names)),
        Statement::Insert(insert) => insert.returning.as_ref().map(returned),
        Statement::Update(update) => update.returning.as_ref().map(returned),
        Statement::Delete(delete) => delete.returning.as_ref().map(returned),
        Statement::With(with) => columns_of(&with.body),
        Statement::Explain(explain) => Some(explain::columns(explain.format)),
        Statement::Show { name } => Some(set::columns(name.as_deref())),
        _ => None,
    }
}

/// Statements that a connection has bound, by their text: those who send the same text again do not wait for it to be bound again.
#[derive(Default)]
pub(super) struct Plans {
    by_text: HashMap<String, Arc<Prepared>>,
}

impl Plans {
    /// The statements of a text that is one statement, bound before.
    pub(super) fn parsed(&self, text: &str) -> Option<Vec<Parsed>> {
        let prepared = self.by_text.get(text)?;
        (prepared.parsed.offset == 0).then(|| vec![prepared.parsed.clone()])
    }

    /// The statement, bound before and still good.
    pub(super) fn find(&self, parsed: &Parsed, view: &View) -> Option<Arc<Prepared>> {
        let prepared = self.by_text.get(&parsed.text)?;
        let bound = prepared.bound();
        let is_same = prepared.parsed.offset == parsed.offset && bound.is_good_for(view);
        // Bound anew meanwhile, it may give other columns than the client of the former one was told.
        (is_same && columns_of(&bound.statement) == prepared.columns).then(|| prepared.clone())
    }

    /// Keeps a query for the next time.
    pub(super) fn keep(&mut self, prepared: &Arc<Prepared>) {
        let text = &prepared.parsed.text;
        if prepared.kind() != StatementKind::Query || text.len() > PLAN_TEXT_BYTES_MAX {
            return;
        }
        if self.by_text.len() >= PLANS_KEPT && !self.by_text.contains_key(text) {
            self.by_text.clear();
        }
        self.by_text.insert(text.clone(), prepared.clone());
    }
}
