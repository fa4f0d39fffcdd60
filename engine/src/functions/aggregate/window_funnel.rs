//! `window_funnel`: how many steps of a funnel a group's events went through in order within a window of time, as ClickHouse has it.

use super::events::{Event, EventLists, OfEvents, Ordered, check_conditions, units_per_second};
use super::signature::aggregate;
use crate::calendar::{DAY, fixed_microseconds};
use crate::error::{Error, Result, SqlState};
use crate::functions::{AggregateBinding, AggregateFunction, Documentation};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, Int32Array};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&WINDOW_FUNNEL];

static WINDOW_FUNNEL: AggregateFunction = AggregateFunction {
    info: || aggregate("window_funnel", SIGNATURES),
    documentation: Documentation {
        category: "events",
        summary: "How many of the conditions, from the first, events fulfilled one after the other within a window of time from the first: \
                  (window [, mode], time, condition ..); the mode names any of strict_order, strict_deduplication and strict_increase.",
        example: "window_funnel(10, x, x = 1, x = 2, x = 5)",
        result: "2",
    },
    accumulator: |binding| Ok(Box::new(WindowFunnel::ordered(binding)?)),
    summary: None,
};

const fn overload(parameters: &'static [Parameter]) -> Signature {
    Signature {
        parameters,
        variadic: true,
        returns: |_| LogicalType::Integer,
    }
}

macro_rules! overloads {
    ($(($window:ident, $time:ident)),*) => {
        &[$(
            overload(&[
                Parameter::Kind(TypeKind::$window),
                Parameter::Kind(TypeKind::$time),
                Parameter::Kind(TypeKind::Boolean),
            ]),
            overload(&[
                Parameter::Kind(TypeKind::$window),
                Parameter::Kind(TypeKind::Text),
                Parameter::Kind(TypeKind::$time),
                Parameter::Kind(TypeKind::Boolean),
            ]),
        )*]
    };
}

const SIGNATURES: &[Signature] = overloads![
    (Interval, Timestamp),
    (Interval, TimestampTz),
    (Interval, Date),
    (BigInt, Timestamp),
    (BigInt, TimestampTz),
    (BigInt, Date),
    (BigInt, BigInt)
];

/// What else is asked of the events.
#[derive(Clone, Copy, Debug, Default)]
struct Mode {
    strict_order: bool,
    strict_deduplication: bool,
    strict_increase: bool,
}

struct WindowFunnel {
    window: i64,
    mode: Mode,
    steps: usize,
}

fn invalid(message: impl Into<String>) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

impl Mode {
    fn named(text: &str) -> Result<Mode> {
        let mut mode = Mode::default();
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            match word {
                "strict_order" => mode.strict_order = true,
                "strict_deduplication" => mode.strict_deduplication = true,
                "strict_increase" => mode.strict_increase = true,
                other => {
                    let message = format!("window_funnel has no mode \"{other}\"");
                    return Err(stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
                        .with_hint("Its modes are strict_order, strict_deduplication and strict_increase.")
                        .into());
                }
            }
        }
        Ok(mode)
    }
}

/// The window in the unit of the time column.
fn window_length(window: &ArrayRef, time_type: &LogicalType) -> Result<i64> {
    if window.is_null(0) {
        return Err(invalid("the window of window_funnel must not be NULL"));
    }
    if let DataType::Int64 = window.data_type() {
        let window = window.as_primitive::<Int64Type>().value(0);
        return window
            .checked_mul(units_per_second(time_type))
            .ok_or_else(|| invalid("the window of window_funnel is too long"));
    }
    let window = window.as_primitive::<IntervalMonthDayNanoType>().value(0);
    if window.months != 0 {
        return Err(invalid(
            "the window of window_funnel must not have months, which differ in length",
        ));
    }
    let microseconds = fixed_microseconds(window)?;
    Ok(match time_type {
        LogicalType::Date => microseconds.div_euclid(DAY),
        _ => microseconds,
    })
}

impl WindowFunnel {
    fn ordered(binding: &AggregateBinding) -> Result<Ordered<Self>> {
        let constant = |place: usize| match binding.constants.get(place) {
            Some(Some(constant)) => Ok(constant),
            _ => Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a window or mode of window_funnel that is not a constant is not supported",
            )),
        };
        let has_mode = binding.argument_types.get(1) == Some(&LogicalType::Text);
        let time = 1 + usize::from(has_mode);
        check_conditions(binding, time + 1, "window_funnel")?;
        let mode = match has_mode {
            true if constant(1)?.is_valid(0) => Mode::named(constant(1)?.as_string_view().value(0))?,
            _ => Mode::default(),
        };
        let steps = binding.argument_types.len() - time - 1;
        Ok(Ordered {
            events: EventLists::new(mode.strict_order),
            time,
            conditions: steps,
            answer: WindowFunnel {
                window: window_length(constant(0)?, &binding.argument_types[time])?,
                mode,
                steps,
            },
        })
    }

    /// The steps that events in order of time went through; at the same time the first step comes first, so that one event may take
    /// several steps. For each step the time of the first event of the chain that reached it and its own are known.
    fn steps_taken(&self, events: &[Event]) -> i32 {
        let mut reached: Vec<Option<(i64, i64)>> = vec![None; self.steps];
        for (time, step) in moves(events, self.steps) {
            let Some(step) = step else {
                if reached.first().is_some_and(Option::is_some) {
                    break;
                }
                continue;
            };
            if step == 0 {
                reached[0] = Some((time, time));
            } else if self.mode.strict_deduplication && reached[step].is_some() {
                break;
            } else if self.mode.strict_order && reached[0].is_some() && reached[step - 1].is_none() {
                return reached.iter().take_while(|reached| reached.is_some()).count() as i32;
            } else if let Some((first, last)) = reached[step - 1] {
                let in_time = time <= first.saturating_add(self.window);
                if in_time && !(self.mode.strict_increase && last >= time) {
                    reached[step] = Some((first, time));
                    if step + 1 == self.steps {
                        return self.steps as i32;
                    }
                }
            }
        }
        reached
            .iter()
            .rposition(Option::is_some)
            .map_or(0, |last| last as i32 + 1)
    }
}

/// Times and the steps whose conditions held then, in order; no step for an event without any.
fn moves(events: &[Event], steps: usize) -> Vec<(i64, Option<usize>)> {
    let mut moves = Vec::with_capacity(events.len());
    for event in events {
        if event.conditions == 0 {
            moves.push((event.time, None));
        }
        let held = (0..steps).filter(|step| event.conditions >> step & 1 == 1);
        moves.extend(held.map(|step| (event.time, Some(step))));
    }
    moves.sort_unstable();
    moves
}

impl OfEvents for WindowFunnel {
    fn answer(&self, events: &mut EventLists, group_count: usize) -> Result<ArrayRef> {
        let mut answers = Vec::with_capacity(group_count);
        events.for_each_group(group_count, |events| {
            answers.push(self.steps_taken(events));
            Ok(())
        })?;
        Ok(Arc::new(Int32Array::from(answers)))
    }
}
