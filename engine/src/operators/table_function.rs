//! Table functions: by themselves, or called for each row of another relation. Rows come as they are asked for.

use super::gather::{SelectedRows, joined};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::functions::{StatementContext, TableCall, TableFunction, TableRows};
use crate::pipeline::{Cancel, Source, Stream, Transform};
use crate::types::LogicalType;
use arrow_array::{Array, ArrayRef, Int64Array, new_null_array};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// A call of a table function.
pub(crate) struct FunctionCall {
    pub(crate) function: &'static TableFunction,
    /// A NULL argument gives no rows.
    pub(crate) strict: bool,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) argument_types: Vec<LogicalType>,
    pub(crate) statement: Arc<StatementContext>,
    /// Types of the columns, the ordinality among them.
    pub(crate) types: Vec<DataType>,
    pub(crate) with_ordinality: bool,
    pub(crate) batch_rows: usize,
    pub(crate) cancel: Arc<Cancel>,
}

impl FunctionCall {
    /// The arguments' values for the selected rows of a batch.
    fn evaluate(&self, batch: &Batch) -> Result<Vec<ArrayRef>> {
        self.arguments
            .iter()
            .map(|argument| argument.evaluate_plain(batch))
            .collect()
    }

    /// The rows for one row of argument values.
    fn open(&self, arguments: &[ArrayRef], row: usize) -> Result<Option<OpenRows>> {
        if self.strict && arguments.iter().any(|argument| argument.is_null(row)) {
            return Ok(None);
        }
        let arguments: Vec<ArrayRef> = arguments.iter().map(|argument| argument.slice(row, 1)).collect();
        let rows = (self.function.open)(&TableCall {
            arguments: &arguments,
            argument_types: &self.argument_types,
            statement: &self.statement,
        })?;
        Ok(Some(OpenRows { rows, given: 0 }))
    }
}

/// A call under way.
struct OpenRows {
    rows: Box<dyn TableRows>,
    /// Rows that it gave so far.
    given: i64,
}

impl OpenRows {
    /// At most so many further rows with their number; `None` at the end.
    fn next(&mut self, call: &FunctionCall, rows_max: usize) -> Result<Option<(Vec<ArrayRef>, usize)>> {
        loop {
            call.cancel.check()?;
            let Some(mut columns) = self.rows.next(rows_max)? else {
                return Ok(None);
            };
            let count = columns.first().map_or(0, |column| column.len());
            if count == 0 {
                continue;
            }
            if call.with_ordinality {
                let numbers = self.given + 1..=self.given + count as i64;
                columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
            }
            if columns.len() != call.types.len() {
                return Err(Error::Internal(format!(
                    "a table function gave {} columns of {}",
                    columns.len(),
                    call.types.len()
                )));
            }
            self.given += count as i64;
            return Ok(Some((columns, count)));
        }
    }
}

/// The rows of one call with constant arguments.
pub(crate) struct TableFunctionSource(pub(crate) Arc<FunctionCall>);

impl Source for TableFunctionSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let arguments = self.0.evaluate(&Batch::new(Vec::new(), 1))?;
        Ok(Box::new(TableFunctionStream {
            rows: self.0.open(&arguments, 0)?,
            call: self.0.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}

struct TableFunctionStream {
    call: Arc<FunctionCall>,
    rows: Option<OpenRows>,
}

impl Stream for TableFunctionStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        Ok(match rows.next(&self.call, self.call.batch_rows.max(1))? {
            Some((columns, count)) => Some(Batch::new(columns, count)),
            None => {
                self.rows = None;
                None
            }
        })
    }
}

/// Each row of the input with each row that the function gives for it.
pub(crate) struct ApplyFunctionTransform {
    pub(crate) call: Arc<FunctionCall>,
    /// Rows for which there are none stay, with NULLs.
    pub(crate) keeps_all: bool,
}

impl Transform for ApplyFunctionTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(ApplyFunctionStream {
            input,
            call: self.call.clone(),
            keeps_all: self.keeps_all,
            current: None,
        }))
    }
}

struct ApplyFunctionStream {
    input: Box<dyn Stream>,
    call: Arc<FunctionCall>,
    keeps_all: bool,
    current: Option<Outer>,
}

/// An input batch on its way.
struct Outer {
    rows: SelectedRows,
    arguments: Vec<ArrayRef>,
    /// The row that is called for.
    row: usize,
    open: Option<OpenRows>,
    is_called: bool,
}

/// Rows that wait until they are worth a batch.
struct Gathered {
    outer: Vec<u32>,
    parts: Vec<Vec<ArrayRef>>,
}

impl ApplyFunctionStream {
    /// Gathers rows until there are enough or the input batch has ended; gives whether it has.
    fn gather(&self, outer: &mut Outer, gathered: &mut Gathered) -> Result<bool> {
        let rows_max = self.call.batch_rows.max(1);
        while outer.row < outer.rows.count() {
            if gathered.outer.len() >= rows_max {
                return Ok(false);
            }
            if !outer.is_called {
                outer.open = self.call.open(&outer.arguments, outer.row)?;
                outer.is_called = true;
            }
            let room = rows_max - gathered.outer.len();
            let next = match &mut outer.open {
                Some(open) => open.next(&self.call, room)?,
                None => None,
            };
            match next {
                Some((columns, count)) => gathered.push(outer.row, columns, count),
                None => {
                    let given = outer.open.take().map_or(0, |open| open.given);
                    if given == 0 && self.keeps_all {
                        let nulls = self.call.types.iter().map(|data_type| new_null_array(data_type, 1));
                        gathered.push(outer.row, nulls.collect(), 1);
                    }
                    outer.row += 1;
                    outer.is_called = false;
                }
            }
        }
        Ok(true)
    }

    fn batch(&self, outer: &Outer, gathered: Gathered) -> Result<Batch> {
        let mut columns = outer.rows.columns(&gathered.outer, 0..outer.rows.batch.columns.len())?;
        for (parts, data_type) in gathered.parts.iter().zip(&self.call.types) {
            columns.push(joined(parts, data_type)?);
        }
        Ok(Batch::new(columns, gathered.outer.len()))
    }
}

impl Gathered {
    fn push(&mut self, row: usize, columns: Vec<ArrayRef>, count: usize) {
        self.outer.resize(self.outer.len() + count, row as u32);
        for (parts, column) in self.parts.iter_mut().zip(columns) {
            parts.push(column);
        }
    }
}

impl Stream for ApplyFunctionStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            let mut outer = match self.current.take() {
                Some(outer) => outer,
                None => {
                    let Some(batch) = self.input.next()? else {
                        return Ok(None);
                    };
                    Outer {
                        arguments: self.call.evaluate(&batch)?,
                        rows: SelectedRows::new(batch),
                        row: 0,
                        open: None,
                        is_called: false,
                    }
                }
            };
            let mut gathered = Gathered {
                outer: Vec::new(),
                parts: vec![Vec::new(); self.call.types.len()],
            };
            let is_end = self.gather(&mut outer, &mut gathered)?;
            let batch = match gathered.outer.is_empty() {
                true => None,
                false => Some(self.batch(&outer, gathered)?),
            };
            if !is_end {
                self.current = Some(outer);
            }
            if batch.is_some() {
                return Ok(batch);
            }
        }
    }
}
