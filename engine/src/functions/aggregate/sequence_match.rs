//! `sequence_match` and `sequence_count`: whether, or how often, a group's events in order of time contain a pattern, as ClickHouse has
//! it. Rows where no condition holds are no events.

use super::events::{EventLists, OfEvents, Ordered, check_conditions, units_per_second};
use super::sequence_pattern::Pattern;
use super::signature::aggregate;
use crate::error::{Error, Result, SqlState};
use crate::functions::{AggregateBinding, AggregateFunction, Documentation};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array};
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&SEQUENCE_MATCH, &SEQUENCE_COUNT];

static SEQUENCE_MATCH: AggregateFunction = AggregateFunction {
    info: || {
        const SIGNATURES: &[Signature] = &overloads(|_| LogicalType::Boolean);
        aggregate("sequence_match", SIGNATURES)
    },
    documentation: Documentation {
        category: "events",
        summary: "Whether events in order of time contain a pattern: (pattern, time, condition ..). In it (?1) is an event for which the first \
                  condition holds, . any event, .* any number of them, (?t<=3600) seconds between the events around it.",
        example: "sequence_match('(?1).*(?2)', x, x = 1, x = 4)",
        result: "t",
    },
    accumulator: |binding| Ok(Box::new(Sequence::ordered(binding, false)?)),
    summary: None,
};

static SEQUENCE_COUNT: AggregateFunction = AggregateFunction {
    info: || {
        const SIGNATURES: &[Signature] = &overloads(|_| LogicalType::BigInt);
        aggregate("sequence_count", SIGNATURES)
    },
    documentation: Documentation {
        category: "events",
        summary: "How often events in order of time contain a pattern, without overlaps; the pattern as for sequence_match.",
        example: "sequence_count('(?1).*(?2)', x, x = 1, x = 4)",
        result: "1",
    },
    accumulator: |binding| Ok(Box::new(Sequence::ordered(binding, true)?)),
    summary: None,
};

const fn overloads(returns: fn(&[LogicalType]) -> LogicalType) -> [Signature; 4] {
    macro_rules! overload {
        ($kind:ident) => {
            Signature {
                parameters: &[
                    Parameter::Kind(TypeKind::Text),
                    Parameter::Kind(TypeKind::$kind),
                    Parameter::Kind(TypeKind::Boolean),
                ],
                variadic: true,
                returns,
            }
        };
    }
    [
        overload!(Timestamp),
        overload!(TimestampTz),
        overload!(Date),
        overload!(BigInt),
    ]
}

struct Sequence {
    pattern: Pattern,
    counts: bool,
}

impl Sequence {
    fn ordered(binding: &AggregateBinding, counts: bool) -> Result<Ordered<Self>> {
        check_conditions(binding, 2, if counts { "sequence_count" } else { "sequence_match" })?;
        let pattern = match binding.constants.first() {
            Some(Some(pattern)) if pattern.is_valid(0) => pattern.as_string_view().value(0).to_owned(),
            Some(Some(_)) => {
                return Err(Error::user(
                    SqlState::INVALID_PARAMETER_VALUE,
                    "a pattern must not be NULL",
                ));
            }
            _ => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "a pattern of events that is not a constant is not supported",
                ));
            }
        };
        let conditions = binding.argument_types.len() - 2;
        let unit = units_per_second(&binding.argument_types[1]);
        Ok(Ordered {
            events: EventLists::new(false),
            time: 1,
            conditions,
            answer: Sequence {
                pattern: Pattern::parse(&pattern, conditions, unit)?,
                counts,
            },
        })
    }
}

impl OfEvents for Sequence {
    fn answer(&self, events: &mut EventLists, group_count: usize) -> Result<ArrayRef> {
        let pattern = &self.pattern;
        if self.counts {
            let mut answers: Vec<i64> = Vec::with_capacity(group_count);
            events.for_each_group(group_count, |events| {
                answers.push(pattern.count(events)?);
                Ok(())
            })?;
            return Ok(Arc::new(Int64Array::from(answers)));
        }
        let mut answers: Vec<bool> = Vec::with_capacity(group_count);
        events.for_each_group(group_count, |events| {
            answers.push(pattern.is_match(events)?);
            Ok(())
        })?;
        Ok(Arc::new(BooleanArray::from(answers)))
    }
}
