//! Table functions: by themselves, side by side, or called for each row of another relation. Rows come as they are asked for.

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

/// Calls of table functions whose rows go side by side; where one has fewer rows than another, its columns are NULL.
pub(crate) struct FunctionCalls {
    pub(crate) calls: Vec<FunctionCall>,
    pub(crate) statement: Arc<StatementContext>,
    /// Types of all columns, the ordinality among them.
    pub(crate) types: Vec<DataType>,
    pub(crate) with_ordinality: bool,
    pub(crate) batch_rows: usize,
    pub(crate) cancel: Arc<Cancel>,
}

/// A call of a table function.
pub(crate) struct FunctionCall {
    pub(crate) function: &'static TableFunction,
    /// A NULL argument gives no rows.
    pub(crate) strict: bool,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) argument_types: Vec<LogicalType>,
    /// What it returns.
    pub(crate) return_type: LogicalType,
    /// Types of its columns.
    pub(crate) types: Vec<DataType>,
}

impl FunctionCall {
    /// The rows for one row of argument values.
    fn open(&self, arguments: &[ArrayRef], row: usize, statement: &StatementContext) -> Result<CallRows> {
        if self.strict && arguments.iter().any(|argument| argument.is_null(row)) {
            return Ok(CallRows::default());
        }
        let arguments: Vec<ArrayRef> = arguments.iter().map(|argument| argument.slice(row, 1)).collect();
        let rows = (self.function.open)(&TableCall {
            arguments: &arguments,
            argument_types: &self.argument_types,
            return_type: &self.return_type,
            statement,
        })?;
        Ok(CallRows {
            rows: Some(rows),
            ahead: Vec::new(),
        })
    }

    /// NULLs where it has no more rows.
    fn nulls(&self, count: usize) -> impl Iterator<Item = ArrayRef> {
        self.types.iter().map(move |data_type| new_null_array(data_type, count))
    }
}

impl FunctionCalls {
    /// The arguments' values for the selected rows of a batch, call by call.
    fn evaluate(&self, batch: &Batch) -> Result<Vec<Vec<ArrayRef>>> {
        let calls = self.calls.iter();
        calls
            .map(|call| {
                let arguments = call.arguments.iter();
                arguments.map(|argument| argument.evaluate_plain(batch)).collect()
            })
            .collect()
    }

    /// The rows for one row of argument values.
    fn open(&self, arguments: &[Vec<ArrayRef>], row: usize) -> Result<OpenRows> {
        let calls = self.calls.iter().zip(arguments);
        Ok(OpenRows {
            calls: calls
                .map(|(call, arguments)| call.open(arguments, row, &self.statement))
                .collect::<Result<_>>()?,
            given: 0,
        })
    }
}

/// One call under way.
#[derive(Default)]
struct CallRows {
    /// `None` at the end.
    rows: Option<Box<dyn TableRows>>,
    /// Rows that another call has no counterpart for yet.
    ahead: Vec<ArrayRef>,
}

impl CallRows {
    /// Rows that are there; reads some unless it is at its end.
    fn fill(&mut self, call: &FunctionCall, rows_max: usize, cancel: &Cancel) -> Result<usize> {
        let count = |columns: &[ArrayRef]| columns.first().map_or(0, |column| column.len());
        while count(&self.ahead) == 0
            && let Some(rows) = &mut self.rows
        {
            cancel.check()?;
            match rows.next(rows_max)? {
                Some(columns) if columns.len() != call.types.len() => {
                    return Err(Error::Internal(format!(
                        "a table function gave {} columns of {}",
                        columns.len(),
                        call.types.len()
                    )));
                }
                Some(columns) => self.ahead = columns,
                None => self.rows = None,
            }
        }
        Ok(count(&self.ahead))
    }

    fn take(&mut self, count: usize) -> Vec<ArrayRef> {
        let whole = self.ahead.first().is_none_or(|column| column.len() == count);
        if whole {
            return std::mem::take(&mut self.ahead);
        }
        let taken = self.ahead.iter().map(|column| column.slice(0, count)).collect();
        for column in &mut self.ahead {
            *column = column.slice(count, column.len() - count);
        }
        taken
    }
}

/// Calls under way.
struct OpenRows {
    calls: Vec<CallRows>,
    /// Rows that they gave so far.
    given: i64,
}

impl OpenRows {
    /// At most so many further rows with their number; `None` at the end.
    fn next(&mut self, calls: &FunctionCalls, rows_max: usize) -> Result<Option<(Vec<ArrayRef>, usize)>> {
        let mut counts = Vec::with_capacity(self.calls.len());
        for (rows, call) in self.calls.iter_mut().zip(&calls.calls) {
            counts.push(rows.fill(call, rows_max, &calls.cancel)?);
        }
        let Some(count) = counts.iter().copied().filter(|count| *count > 0).min() else {
            return Ok(None);
        };
        let mut columns = Vec::with_capacity(calls.types.len());
        for ((rows, call), ahead) in self.calls.iter_mut().zip(&calls.calls).zip(counts) {
            match ahead {
                0 => columns.extend(call.nulls(count)),
                _ => columns.extend(rows.take(count)),
            }
        }
        if calls.with_ordinality {
            let numbers = self.given + 1..=self.given + count as i64;
            columns.push(Arc::new(Int64Array::from_iter_values(numbers)));
        }
        self.given += count as i64;
        Ok(Some((columns, count)))
    }
}

/// The rows of one call with constant arguments.
pub(crate) struct TableFunctionSource(pub(crate) Arc<FunctionCalls>);

impl Source for TableFunctionSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let arguments = self.0.evaluate(&Batch::new(Vec::new(), 1))?;
        Ok(Box::new(TableFunctionStream {
            rows: Some(self.0.open(&arguments, 0)?),
            call: self.0.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}

struct TableFunctionStream {
    call: Arc<FunctionCalls>,
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
    pub(crate) call: Arc<FunctionCalls>,
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
    call: Arc<FunctionCalls>,
    keeps_all: bool,
    current: Option<Outer>,
}

/// An input batch on its way.
struct Outer {
    rows: SelectedRows,
    arguments: Vec<Vec<ArrayRef>>,
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
                outer.open = Some(self.call.open(&outer.arguments, outer.row)?);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Layout;
    use crate::functions::Documentation;
    use crate::operators::testing::{TestSource, batches_of, branch, cancel, collect, rows_of};
    use crate::types::{Literal, array_type, literal_at};
    use stoa_sql::catalog::{FunctionInfo, FunctionKind, Volatility};
    use stoa_sql::plan::{ColumnDef, ColumnId, Expr};

    /// The numbers from 1 to its argument, and what they have in common.
    static COUNT_UP: TableFunction = TableFunction {
        info: || FunctionInfo {
            name: "count_up",
            kind: FunctionKind::Table,
            volatility: Volatility::Immutable,
            strict: true,
            signatures: &[],
            table_columns: None,
            named_parameters: &[],
        },
        documentation: Documentation {
            category: "",
            summary: "",
            example: "",
            result: "",
        },
        open: |call| {
            let Literal::Integer(last) = literal_at(&*call.arguments[0], 0, &call.argument_types[0])? else {
                panic!("a strict function is not called with NULL")
            };
            Ok(Box::new(CountUp(1, last)))
        },
    };

    struct CountUp(i64, i64);

    impl TableRows for CountUp {
        fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
            if self.0 > self.1 {
                return Ok(None);
            }
            let to = self.1.min(self.0 + rows_max as i64 - 1);
            let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(self.0..=to));
            self.0 = to + 1;
            Ok(Some(vec![numbers]))
        }
    }

    fn call(argument: &Expr, columns: Vec<ColumnDef>, with_ordinality: bool) -> Arc<FunctionCalls> {
        let statement = Arc::new(crate::functions::scalar::testing::statement());
        let argument_type = argument.data_type();
        let argument = Expression::compile(argument, &Layout::new(columns), &statement).unwrap();
        let mut types = vec![DataType::Int64];
        types.extend(with_ordinality.then_some(DataType::Int64));
        Arc::new(FunctionCalls {
            calls: vec![FunctionCall {
                function: &COUNT_UP,
                strict: true,
                arguments: vec![argument],
                argument_types: vec![argument_type],
                return_type: LogicalType::BigInt,
                types: vec![DataType::Int64],
            }],
            statement,
            types,
            with_ordinality,
            batch_rows: 10,
            cancel: cancel(),
        })
    }

    #[test]
    fn rows_of_one_call() {
        for (argument, expected) in [(Literal::Integer(25), 25), (Literal::Integer(0), 0), (Literal::Null, 0)] {
            let call = call(&Expr::Literal(argument, LogicalType::BigInt), vec![], true);
            let batches = collect(vec![branch(TableFunctionSource(call), vec![])], 1).unwrap();
            assert!(batches.iter().all(|batch| batch.row_count <= 10));
            let rows = rows_of(&batches, &[LogicalType::BigInt, LogicalType::BigInt]);
            let numbers = (1..=expected).map(|number| vec![Literal::Integer(number); 2]);
            assert_eq!(rows, numbers.collect::<Vec<_>>());
        }
    }

    #[test]
    fn rows_for_each_outer_row() {
        let column = ColumnDef {
            id: ColumnId(1),
            name: "n".into(),
            data_type: LogicalType::BigInt,
            nullable: true,
        };
        let types = [LogicalType::BigInt];
        assert_eq!(array_type(&types[0]), DataType::Int64);
        let outer = [Some(2), Some(0), None, Some(13), Some(-1), Some(1)];
        let literal = |value: Option<i64>| value.map_or(Literal::Null, Literal::Integer);
        let input: Vec<Vec<Literal>> = outer.iter().map(|value| vec![literal(*value)]).collect();
        for keeps_all in [false, true] {
            let call = call(&Expr::Column(column.clone()), vec![column.clone()], true);
            let source = TestSource::new(batches_of(&input, &types, 4), 1);
            let transform = ApplyFunctionTransform { call, keeps_all };
            let batches = collect(vec![branch(source, vec![Arc::new(transform)])], 1).unwrap();
            assert!(batches.iter().all(|batch| batch.row_count <= 10));
            let rows = rows_of(&batches, &vec![LogicalType::BigInt; 3]);
            let mut expected = Vec::new();
            for value in outer {
                let numbers = 1..=value.unwrap_or(0);
                if numbers.is_empty() && keeps_all {
                    expected.push(vec![literal(value), Literal::Null, Literal::Null]);
                }
                for number in numbers {
                    expected.push(vec![literal(value), Literal::Integer(number), Literal::Integer(number)]);
                }
            }
            assert_eq!(rows, expected);
        }
    }
}
