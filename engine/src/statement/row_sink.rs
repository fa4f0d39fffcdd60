//! Where rows for a table arrive: from a query, from COPY, from any thread. Few rows are kept and go through the log; many go into
//! segments as they come. Either way they are changes that somebody else commits: all of them or none.

use super::admission::Admission;
use super::check_constraint::Check;
use super::query::plain;
use super::seal::Sealed;
use super::stored;
use super::unique_key::{Key, NewKeys};
use super::versions_of_key::Staging;
use crate::catalog::arrival::{CORRECTED, has_arrival, named_columns};
use crate::catalog::relation::Relation;
use crate::catalog::view::View;
use crate::database::Shared;
use crate::error::{Error, ErrorObject, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::limits::{LOGGED_BYTES_MAX, LOGGED_ROWS_MAX};
use crate::operators::gather::batch_bytes;
use crate::pipeline::{Demand, MemoryBudget, Reservation, Sink, SinkPart};
use crate::types::{LogicalType, array_type, stored_array};
use arrow_array::{Array, ArrayRef, Int16Array};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use stoa_storage::commit::Change;
use stoa_storage::ingest::IngestCounts;
use stoa_storage::schema::{TableId, TableSchema};
use stoa_storage::store::BulkLoad;
use stoa_storage::vector::Batch;

/// Rows for one table in the making.
pub(crate) struct RowSink {
    shared: Arc<Shared>,
    target: Target,
    checks: Vec<Check>,
    keys: Vec<Key>,
    format: FormatSettings,
    memory: Arc<MemoryBudget>,
    row_count: AtomicU64,
    state: Mutex<State>,
    /// Which rows come, where that is to be asked.
    admission: Option<Admission>,
    /// How the others come.
    arrival: Option<i16>,
    /// What is sealed of the table.
    sealed: Option<Sealed>,
    /// Where a table keeps versions of its rows: what the statement says of them.
    staging: Option<Staging>,
}

/// What is written to.
#[derive(Clone)]
struct Target {
    schema_name: String,
    name: String,
    schema: Arc<TableSchema>,
    types: Vec<LogicalType>,
}

impl Target {
    fn as_object(&self) -> ErrorObject {
        ErrorObject {
            schema: Some(self.schema_name.clone()),
            table: Some(self.name.clone()),
            ..ErrorObject::default()
        }
    }
}

struct State {
    waiting: Vec<Batch>,
    waiting_rows: usize,
    waiting_bytes: usize,
    memory: Reservation,
    load: Option<Arc<dyn BulkLoad>>,
    /// The rows' values in the columns of each key.
    keys: Vec<Vec<Vec<ArrayRef>>>,
}

/// What came of the rows.
pub(crate) struct Written {
    /// The rows as changes; none where there were no rows.
    pub(crate) changes: Vec<Change>,
    /// The bulk load whose segments are among them.
    pub(crate) loads: Vec<Arc<dyn BulkLoad>>,
    /// The memory of rows that are kept.
    pub(crate) memory: Reservation,
    /// How many rows.
    pub(crate) row_count: u64,
    /// Their keys, but for those that storage has an index of.
    pub(crate) keys: Vec<NewKeys>,
    /// Those.
    pub(crate) indexed_keys: Vec<(TableId, Key)>,
}

impl RowSink {
    /// For a table, with memory of a statement.
    ///
    /// # Errors
    /// A constraint that does not fit the table any more.
    pub(crate) fn new(view: &View, relation: &Relation, memory: &Arc<MemoryBudget>) -> Result<Self> {
        let columns = relation.info.columns.iter();
        let keys = Key::all(relation);
        Ok(RowSink {
            shared: view.shared.clone(),
            target: Target {
                schema_name: relation.schema().to_owned(),
                name: relation.name().to_owned(),
                schema: stored(relation)?.schema.clone(),
                types: columns.map(|column| column.data_type.clone()).collect(),
            },
            checks: Check::all(view, relation)?,
            format: view.format.clone(),
            memory: memory.clone(),
            row_count: AtomicU64::new(0),
            state: Mutex::new(State {
                waiting: Vec::new(),
                waiting_rows: 0,
                waiting_bytes: 0,
                memory: memory.reservation(),
                load: None,
                keys: vec![Vec::new(); keys.len()],
            }),
            keys,
            admission: None,
            arrival: Some(CORRECTED),
            sealed: Sealed::of(relation)?,
            staging: None,
        })
    }

    /// As [`Self::new`], for rows that come from outside: a table with an event time puts some of them aside.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn receiving(view: &View, relation: &Relation, memory: &Arc<MemoryBudget>) -> Result<Self> {
        let sink = RowSink::new(view, relation, memory)?;
        let admission = Admission::to(view, relation, memory)?;
        let sink = sink.without_arrival();
        Ok(RowSink { admission, ..sink }.settling(relation))
    }

    /// The same for a statement that changes a table by itself: rows of one that keeps versions wait until all of them are known.
    pub(super) fn settling(self, relation: &Relation) -> Self {
        let staging = Staging::of(relation, &self.memory);
        RowSink { staging, ..self }
    }

    /// The rows that wait, where they do.
    pub(super) fn staging(&self) -> Option<&Staging> {
        self.staging.as_ref()
    }

    /// Whether the table keeps versions of its rows.
    pub(crate) fn keeps_versions(&self) -> bool {
        self.staging.is_some()
    }

    /// The same for rows of which nobody knows how they came.
    pub(crate) fn without_arrival(mut self) -> Self {
        self.arrival = None;
        self
    }

    /// The same for rows that get other values in these columns only: keys of other columns stay as they are.
    pub(crate) fn assigning(mut self, columns: &[usize]) -> Self {
        self.keys
            .retain(|key| key.places.iter().any(|place| columns.contains(place)));
        self
    }

    /// As [`Self::new`], for so many rows that they go into segments at once.
    ///
    /// # Errors
    /// What storage says.
    pub(crate) fn bulk(view: &View, relation: &Relation, memory: &Arc<MemoryBudget>) -> Result<Self> {
        let sink = RowSink::receiving(view, relation, memory)?;
        if sink.staging.is_none() {
            sink.begin_load(&mut sink.state.lock())?;
        }
        Ok(sink)
    }

    /// Whether columns are of the table's types.
    ///
    /// # Errors
    /// 42804, naming the column.
    pub(crate) fn check_types(&self, columns: &[ArrayRef]) -> Result<()> {
        let definitions = named_columns(&self.target.schema);
        let types = columns
            .iter()
            .map(|column| column.data_type().clone())
            .zip(&self.target.types);
        let wrong = types
            .zip(definitions)
            .find(|((given, data_type), _)| *given != array_type(data_type));
        if columns.len() == definitions.len() && wrong.is_none() {
            return Ok(());
        }
        let message = match wrong {
            Some(((given, data_type), definition)) => format!(
                "column \"{}\" of relation \"{}\" takes {}, not {given}",
                definition.name,
                self.target.name,
                array_type(data_type),
            ),
            None => format!(
                "relation \"{}\" has {} columns, not {}",
                self.target.name,
                definitions.len(),
                columns.len()
            ),
        };
        Err(Error::user(SqlState::DATATYPE_MISMATCH, message))
    }

    /// Columns of the rows that it takes.
    pub(crate) fn column_count(&self) -> usize {
        named_columns(&self.target.schema).len()
    }

    /// Rows taken so far.
    pub(crate) fn row_count(&self) -> u64 {
        self.row_count.load(Ordering::Relaxed)
    }

    /// Takes rows with the table's columns in its order.
    ///
    /// # Errors
    /// 23502 for a NULL where none may be, 23514 for a row that a check refuses; what storage says.
    pub(crate) fn append(&self, batch: Batch) -> Result<()> {
        self.append_admitted(self.admitted(batch)?)
    }

    /// The rows that come, of all columns; the others are put aside.
    ///
    /// # Errors
    /// What storage says to those.
    pub(super) fn admitted(&self, batch: Batch) -> Result<Batch> {
        let batch = plain(batch);
        match (&self.admission, &self.sealed) {
            (Some(admission), _) => admission.admit(batch),
            (None, Some(sealed)) => sealed.check(&batch).map(|()| batch),
            (None, None) => Ok(batch),
        }
    }

    /// [`Self::append`] of rows in the place of those of these identities.
    pub(super) fn append_replacing(&self, row_ids: &ArrayRef, batch: Batch) -> Result<()> {
        let Some(staging) = &self.staging else {
            return self.append(batch);
        };
        self.check(&batch)?;
        staging.add(batch, Some(row_ids), false)
    }

    /// Rows that end; only for a table that keeps them as versions.
    pub(super) fn append_ended(&self, row_ids: &ArrayRef, batch: Batch) -> Result<()> {
        match &self.staging {
            Some(staging) => staging.add(batch, Some(row_ids), true),
            None => Err(Error::Internal("rows of a table without versions end".into())),
        }
    }

    fn check(&self, batch: &Batch) -> Result<()> {
        if batch.row_count == 0 {
            return Ok(());
        }
        self.check_nulls(batch)?;
        self.check_conditions(batch)?;
        self.row_count.fetch_add(batch.row_count as u64, Ordering::Relaxed);
        Ok(())
    }

    /// [`Self::append`] of rows that are known to come.
    pub(super) fn append_admitted(&self, batch: Batch) -> Result<()> {
        self.check(&batch)?;
        if batch.row_count == 0 {
            return Ok(());
        }
        if let Some(staging) = &self.staging {
            return staging.add(batch, None, false);
        }
        let columns = batch.columns.iter().map(stored_array::encode);
        let mut columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        if has_arrival(&self.target.schema) {
            columns.push(match &self.admission {
                Some(admission) => admission.arrivals(&batch),
                None => Arc::new(Int16Array::from(vec![self.arrival; batch.row_count])),
            });
        }
        let stored = Batch::new(columns, batch.row_count);
        let load = {
            let mut state = self.state.lock();
            self.keep_keys(&mut state, &batch)?;
            match &state.load {
                Some(load) => load.clone(),
                None => {
                    let bytes = batch_bytes(&stored);
                    let (rows, total) = (state.waiting_rows + stored.row_count, state.waiting_bytes + bytes);
                    if rows <= LOGGED_ROWS_MAX && total <= LOGGED_BYTES_MAX {
                        state.memory.grow(bytes)?;
                        (state.waiting_rows, state.waiting_bytes) = (rows, total);
                        state.waiting.push(stored);
                        return Ok(());
                    }
                    self.begin_load(&mut state)?
                }
            }
        };
        Ok(load.append(stored)?)
    }

    /// Too many rows for the log.
    fn begin_load(&self, state: &mut State) -> Result<Arc<dyn BulkLoad>> {
        let memory_bytes = self.shared.config.bulk_load_bytes_max();
        let load = self.shared.store.bulk_load(self.target.schema.clone(), memory_bytes)?;
        for waiting in std::mem::take(&mut state.waiting) {
            load.append(waiting)?;
        }
        let keys = state.keys.iter().flatten().flatten();
        let kept_bytes = keys.map(|column| column.get_array_memory_size()).sum();
        state.memory.resize(kept_bytes)?;
        state.load = Some(load.clone());
        Ok(load)
    }

    fn check_nulls(&self, batch: &Batch) -> Result<()> {
        if batch.columns.len() != self.column_count() {
            return Err(Error::Internal(format!(
                "{} columns were given for the {} of \"{}\"",
                batch.columns.len(),
                self.column_count(),
                self.target.name
            )));
        }
        for (column, definition) in batch.columns.iter().zip(&self.target.schema.columns) {
            if !definition.nullable && column.null_count() > 0 {
                let row = (0..batch.row_count).find(|row| column.is_null(*row)).unwrap_or(0);
                return Err(self.null_error(&definition.name, batch, row));
            }
        }
        Ok(())
    }

    fn check_conditions(&self, batch: &Batch) -> Result<()> {
        for check in &self.checks {
            if let Some(row) = check.first_violation(batch)? {
                let (table, name) = (&self.target.name, &check.name);
                let error = stoa_sql::Error::new(
                    SqlState::CHECK_VIOLATION,
                    format!("new row for relation \"{table}\" violates check constraint \"{name}\""),
                );
                let row = row_text(&batch.columns, &self.target.types, row, &self.format);
                let error = error.with_detail(format!("Failing row contains ({row})."));
                return Err(Error::Sql(error.about(ErrorObject {
                    constraint: Some(name.clone()),
                    ..self.target.as_object()
                })));
            }
        }
        Ok(())
    }

    /// Keys are looked at when all rows are known.
    fn keep_keys(&self, state: &mut State, batch: &Batch) -> Result<()> {
        let looked_at = self.keys.iter().enumerate();
        for (at, key) in looked_at.filter(|(_, key)| key.index.is_none()) {
            let columns = key.places.iter().filter_map(|place| batch.columns.get(*place));
            let columns: Vec<ArrayRef> = columns.cloned().collect();
            // Rows that wait for the log are counted as a whole.
            if state.load.is_some() {
                let bytes = columns.iter().map(|column| column.get_array_memory_size()).sum();
                state.memory.grow(bytes)?;
            }
            if let Some(kept) = state.keys.get_mut(at) {
                kept.push(columns);
            }
        }
        Ok(())
    }

    fn null_error(&self, column: &str, batch: &Batch, row: usize) -> Error {
        let error = stoa_sql::Error::new(
            SqlState::NOT_NULL_VIOLATION,
            format!(
                "null value in column \"{column}\" of relation \"{}\" violates not-null constraint",
                self.target.name
            ),
        );
        let row = row_text(&batch.columns, &self.target.types, row, &self.format);
        let error = error.with_detail(format!("Failing row contains ({row})."));
        Error::Sql(error.about(ErrorObject {
            column: Some(column.to_owned()),
            ..self.target.as_object()
        }))
    }

    /// The counts of what became of the rows, where they are counted: `left_out` of them do not come.
    pub(super) fn counts(&self, left_out: u64) -> Option<IngestCounts> {
        let counts = IngestCounts {
            received: self.row_count(),
            stored: self.row_count() - left_out,
            deduplicated: left_out,
            ..IngestCounts::default()
        };
        match &self.admission {
            Some(admission) => Some(admission.add_to(counts)),
            None => self.keys.iter().any(|key| key.index.is_some()).then_some(counts),
        }
    }

    /// The rows as changes. Where their commit came too late, they are given once more.
    ///
    /// # Errors
    /// What storage says to the last segments.
    pub(crate) fn finish(&self) -> Result<Written> {
        let mut state = self.state.lock();
        let table = self.target.schema.id;
        let mut changes = Vec::new();
        let loads: Vec<_> = state.load.clone().into_iter().collect();
        for load in &loads {
            changes.push(Change::AddSegments(table, load.finish()?));
        }
        if state.waiting_rows > 0 && loads.is_empty() {
            // Rows in one piece are shared by those who ask.
            let waiting = joined(std::mem::take(&mut state.waiting))?;
            state.waiting.push(waiting.clone());
            changes.push(Change::Insert(table, waiting));
        }
        let memory = std::mem::replace(&mut state.memory, self.memory.reservation());
        let (indexed, others): (Vec<_>, Vec<_>) = self
            .keys
            .iter()
            .cloned()
            .zip(state.keys.clone())
            .partition(|(key, _)| key.index.is_some());
        if !changes.is_empty() {
            changes.push(Change::CheckedBy(self.target.schema.clone()));
        }
        let mut loads = loads;
        if let Some(admission) = &self.admission {
            let put_aside = admission.rejects().finish()?;
            changes.extend(put_aside.changes);
            loads.extend(put_aside.loads);
        }
        Ok(Written {
            changes,
            loads,
            memory,
            row_count: self.row_count(),
            keys: others
                .into_iter()
                .map(|(key, batches)| NewKeys { key, batches })
                .collect(),
            indexed_keys: indexed
                .into_iter()
                .filter_map(|(key, _)| Some((key.index?, key)))
                .collect(),
        })
    }
}

/// Several batches as one.
pub(crate) fn joined(batches: Vec<Batch>) -> Result<Batch> {
    if batches.len() == 1 {
        return Ok(batches.into_iter().next().unwrap_or_else(|| Batch::new(Vec::new(), 0)));
    }
    let row_count = batches.iter().map(|batch| batch.row_count).sum();
    let column_count = batches.first().map_or(0, |batch| batch.columns.len());
    let columns = (0..column_count).map(|place| {
        let parts: Vec<&dyn Array> = batches
            .iter()
            .filter_map(|batch| batch.columns.get(place))
            .map(|column| &**column)
            .collect();
        Ok(arrow_select::concat::concat(&parts)?)
    });
    Ok(Batch::new(columns.collect::<Result<Vec<ArrayRef>>>()?, row_count))
}

/// Characters of a value that a failing row is shown with.
const SHOWN_CHARACTERS_MAX: usize = 64;

/// A row as Postgres shows it in errors: `1, null, some text`.
fn row_text(columns: &[ArrayRef], types: &[LogicalType], row: usize, format: &FormatSettings) -> String {
    let values = columns.iter().zip(types).map(|(column, data_type)| {
        if column.is_null(row) {
            return "null".to_owned();
        }
        let mut text = Vec::new();
        ColumnWriter::new(column, data_type, format).write(row, &mut text);
        let text = String::from_utf8_lossy(&text);
        match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
            Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
            None => text.into_owned(),
        }
    });
    values.collect::<Vec<_>>().join(", ")
}

/// The end of a pipeline whose rows go into a table.
pub(crate) struct IntoTable(pub(crate) Arc<RowSink>);

struct IntoTablePart(Arc<RowSink>);

impl Sink for IntoTable {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(IntoTablePart(self.0.clone())))
    }
}

impl SinkPart for IntoTablePart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        self.0.append(batch)?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
