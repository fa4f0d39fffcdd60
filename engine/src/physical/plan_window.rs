//! Window.

use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result, SqlState};
use crate::expression::Layout;
use crate::functions::{AggregateBinding, registry};
use crate::operators::key::{KeyColumns, KeyEncoder, KeyField, Nulls};
use crate::operators::sort::{Order, Sort};
use crate::operators::window::{
    Bound, Call, Computation, Frame, Place, RangeOffset, Reach, Specification, Window as WindowOperator, WindowSink,
    WindowSource,
};
use crate::types::{Literal, array_of, array_type, literal_at};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, Expr, FrameBound, FrameUnits, Window, WindowCall, WindowFrame};
use stoa_storage::vector::Batch;

impl Planner {
    pub(super) fn plan_window(&mut self, window: &Window) -> Result<Piece> {
        let piece = self.plan(&window.input)?;
        let layout = piece.layout.clone();
        let partition_fields = window
            .partition_by
            .iter()
            .map(|expression| KeyField::equality(array_type(&expression.data_type())));
        let partition_fields: Vec<KeyField> = partition_fields.collect();
        let types = column_types(layout.columns());
        let order_type = window
            .order_by
            .first()
            .map(|key| array_type(&key.expression.data_type()));
        let calls = window
            .calls
            .iter()
            .map(|(_, call)| self.window_call(call, &layout, order_type.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let operator = WindowOperator::new(Specification {
            sort: self.window_sort(window, &partition_fields, &layout, types.clone())?,
            types,
            partition: self.key_columns(&window.partition_by, &layout)?,
            partition_encoder: KeyEncoder::new(partition_fields)?,
            order: self.key_columns(window.order_by.iter().map(|key| &key.expression), &layout)?,
            descending: window.order_by.first().is_some_and(|key| key.descending),
            calls,
            statement: self.context.statement.clone(),
            batch_rows: self.context.batch_rows,
            workers: self.context.threads,
            memory: self.context.memory.clone(),
            cancel: self.context.cancel.clone(),
        });
        self.sink(piece, Arc::new(WindowSink(operator.clone())));
        let added = window.calls.iter().map(|(column, _)| column.clone());
        let columns: Vec<ColumnDef> = layout.columns().iter().cloned().chain(added).collect();
        Ok(Piece::source(WindowSource(operator), columns))
    }

    /// Takes the rows that find no room: by partition, then in order.
    fn window_sort(
        &self,
        window: &Window,
        partition_fields: &[KeyField],
        layout: &Layout,
        types: Vec<DataType>,
    ) -> Result<Arc<Sort>> {
        let order_fields = window.order_by.iter().map(|key| KeyField {
            data_type: array_type(&key.expression.data_type()),
            descending: key.descending,
            nulls: if key.nulls_first { Nulls::First } else { Nulls::Last },
        });
        let fields = partition_fields.iter().cloned().chain(order_fields).collect();
        let KeyColumns(mut columns) = self.key_columns(&window.partition_by, layout)?;
        let KeyColumns(order) = self.key_columns(window.order_by.iter().map(|key| &key.expression), layout)?;
        columns.extend(order);
        let order = Order {
            columns: KeyColumns(columns),
            encoder: KeyEncoder::new(fields)?,
        };
        let memory = self.context.memory.clone();
        let cancel = self.context.cancel.clone();
        Ok(Sort::new(
            order,
            types,
            None,
            self.context.batch_rows,
            memory,
            cancel,
            1,
        ))
    }

    fn window_call(&self, call: &WindowCall, layout: &Layout, order_type: Option<&DataType>) -> Result<Call> {
        let name = call.call.function.name;
        let computation = match (registry::window_function(name), registry::aggregate_function(name)) {
            (Some(_), _) if name == "row_number" => Computation::RowNumber,
            (Some(_), _) if name == "rank" => Computation::Rank,
            (Some(_), _) if name == "dense_rank" => Computation::DenseRank,
            (Some(function), _) => Computation::Function {
                execute: function.execute,
                reach: reach(call),
            },
            (None, Some(function)) => Computation::Aggregate {
                accumulator: function.accumulator,
                binding: binding(call)?,
            },
            (None, None) => return Err(Error::Internal(format!("there is no window function {name}"))),
        };
        Ok(Call {
            computation,
            arguments: self.compile_all(&call.call.arguments, layout)?,
            filter: call
                .filter
                .as_ref()
                .map(|filter| self.compile(filter, layout))
                .transpose()?,
            ignore_nulls: call.ignore_nulls,
            frame: self.frame(&call.frame, order_type)?,
            return_type: call.call.data_type.clone(),
        })
    }

    fn frame(&self, frame: &WindowFrame, order_type: Option<&DataType>) -> Result<Frame> {
        Ok(Frame {
            units: frame.units,
            start: self.frame_bound(&frame.start, frame.units, order_type, "starting")?,
            end: self.frame_bound(&frame.end, frame.units, order_type, "ending")?,
            exclusion: frame.exclusion,
        })
    }

    fn frame_bound(
        &self,
        bound: &FrameBound,
        units: FrameUnits,
        order_type: Option<&DataType>,
        which: &str,
    ) -> Result<Bound> {
        let (offset, is_preceding) = match bound {
            FrameBound::UnboundedPreceding => return Ok(Bound::UnboundedPreceding),
            FrameBound::CurrentRow => return Ok(Bound::CurrentRow),
            FrameBound::UnboundedFollowing => return Ok(Bound::UnboundedFollowing),
            FrameBound::Preceding(offset) => (offset, true),
            FrameBound::Following(offset) => (offset, false),
        };
        let value = self.offset_value(offset)?;
        if value.is_null(0) {
            return Err(null_offset(which));
        }
        if units == FrameUnits::Range {
            let order_type = order_type.ok_or_else(|| Error::Internal("a distance without an order".into()))?;
            let offset = RangeOffset::new(&value, order_type)?;
            return Ok(match is_preceding {
                true => Bound::RangePreceding(offset),
                false => Bound::RangeFollowing(offset),
            });
        }
        let Literal::Integer(count) = literal_at(&*value, 0, &offset.data_type())? else {
            return Err(Error::Internal("a frame's offset is not a bigint".into()));
        };
        let count = u64::try_from(count).map_err(|_| negative_offset(which))?;
        Ok(match is_preceding {
            true => Bound::Preceding(count),
            false => Bound::Following(count),
        })
    }

    /// The value of an expression without columns.
    fn offset_value(&self, offset: &Expr) -> Result<ArrayRef> {
        let compiled = self.compile(offset, &Layout::default())?;
        compiled.evaluate_plain(&Batch::new(Vec::new(), 1))
    }
}

/// Where a window function finds its rows.
fn reach(call: &WindowCall) -> Reach {
    let offset = match call.call.arguments.get(1) {
        None => Some(1),
        Some(Expr::Literal(Literal::Integer(offset), _)) => Some(*offset),
        Some(Expr::Literal(Literal::Null, _)) => Some(0),
        Some(_) => None,
    };
    let name = call.call.function.name;
    let is_shift = matches!(name, "lag" | "lead") && !call.ignore_nulls;
    match (name, offset) {
        ("first_value", _) => Reach::First,
        ("last_value", _) => Reach::Last,
        ("nth_value", _) => Reach::Frame,
        ("percent_rank", _) => Reach::Place(Place::PercentRank),
        ("cume_dist", _) => Reach::Place(Place::CumeDist),
        ("ntile", _) => Reach::Place(Place::Ntile),
        ("conditional_true_event" | "conditional_change_event" | "session_id", _) => Reach::Running,
        (_, Some(offset)) if is_shift => {
            let is_before = (name == "lag") == (offset >= 0);
            let rows = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            match is_before {
                true => Reach::Rows { before: rows, after: 0 },
                false => Reach::Rows { before: 0, after: rows },
            }
        }
        _ => Reach::Partition,
    }
}

fn null_offset(which: &str) -> Error {
    Error::user(SqlState("22004"), format!("frame {which} offset must not be null"))
}

fn negative_offset(which: &str) -> Error {
    Error::user(SqlState("22013"), format!("frame {which} offset must not be negative"))
}

fn binding(call: &WindowCall) -> Result<AggregateBinding> {
    let arguments = &call.call.arguments;
    let constants = arguments.iter().map(|argument| match argument {
        Expr::Literal(literal, data_type) => array_of(literal, data_type).map(Some),
        _ => Ok(None),
    });
    Ok(AggregateBinding {
        argument_types: arguments.iter().map(Expr::data_type).collect(),
        return_type: call.call.data_type.clone(),
        order_types: Vec::new(),
        constants: constants.collect::<Result<_>>()?,
    })
}
