//! `arg_min` and `arg_max`, also `min_by` and `max_by`: a column's value in the row where another is smallest or largest, the least of them
//! where several rows have that. The order of rows says nothing but where the call has an ORDER BY of its own.
//!
//! A state is the two values of the row, and whether there is one.

use super::best_rows::BestRows;
use super::picked::{Held, PickedRows};
use super::rows::{counting_rows, grow};
use super::signature::{aggregate, array_of_first, same_as_first};
use super::total_order::{OrderedBytes, TotalOrder};
use crate::error::{Error, Result};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::operators::key::{KeyEncoder, KeyField, Keys};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

macro_rules! by_extreme {
    ($static:ident, $name:literal, $summary:literal, $result:literal, $is_largest:literal) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || aggregate($name, SIGNATURES),
            documentation: Documentation {
                category: "aggregate",
                summary: $summary,
                example: concat!($name, "(x, y)"),
                result: $result,
            },
            accumulator: |binding| match binding.argument_types.len() {
                2 => Ok(Box::new(ArgumentExtreme::new(binding, $is_largest)?)),
                _ => Ok(Box::new(BestRows::new(binding, $is_largest)?)),
            },
            summary: None,
        };
    };
}

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&ARG_MIN, &ARG_MAX, &MIN_BY, &MAX_BY];

by_extreme!(
    ARG_MIN,
    "arg_min",
    "The value of x, NULL or not, in the row where y is smallest; the least one of several, NULL last; rows where y is NULL do not count. With (x, y, n) an array of n.",
    "1",
    false
);
by_extreme!(
    ARG_MAX,
    "arg_max",
    "The value of x, NULL or not, in the row where y is largest; the least one of several, NULL last; rows where y is NULL do not count. With (x, y, n) an array of n.",
    "3",
    true
);
by_extreme!(MIN_BY, "min_by", "Another name of arg_min.", "1", false);
by_extreme!(MAX_BY, "max_by", "Another name of arg_max.", "3", true);

const SIGNATURES: &[Signature] = &[
    Signature {
        parameters: &[Parameter::Any, Parameter::Any],
        variadic: false,
        returns: same_as_first,
    },
    Signature {
        parameters: &[Parameter::Any, Parameter::Any, Parameter::Kind(TypeKind::BigInt)],
        variadic: false,
        returns: array_of_first,
    },
];

struct ArgumentExtreme {
    rows: PickedRows,
    types: Vec<DataType>,
    keys: KeyEncoder,
    ties: Ties,
    /// The extreme of each group so far, as bytes that order as the values do.
    extremes: Vec<Option<Extreme>>,
    extreme_bytes: usize,
}

/// What is known of a group's row.
#[derive(Clone)]
struct Extreme {
    key: Box<[u8]>,
    /// Its value in the order that decides between equal keys, once that was asked for.
    value: Option<Box<[u8]>>,
}

impl Extreme {
    fn bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, |value| value.len())
    }
}

/// Which row counts of those with equal keys.
enum Ties {
    /// The first, in an order that was asked for.
    First,
    /// The one with the least value.
    Least(TotalOrder),
}

impl ArgumentExtreme {
    fn new(binding: &AggregateBinding, is_largest: bool) -> Result<Self> {
        let types: Vec<DataType> = binding.argument_types.iter().take(2).map(array_type).collect();
        let mut field = KeyField::without_nulls(types[1].clone());
        field.descending = is_largest;
        Ok(ArgumentExtreme {
            rows: PickedRows::new(types.clone()),
            keys: KeyEncoder::new_bytes(vec![field])?,
            ties: match binding.order_types.is_empty() {
                true => Ties::Least(TotalOrder::new(&types[0])?),
                false => Ties::First,
            },
            types,
            extremes: Vec::new(),
            extreme_bytes: 0,
        })
    }
}

/// Compares the values of rows with equal keys.
struct TieBreak<'a> {
    ties: &'a Ties,
    values: &'a ArrayRef,
    /// Made when the first two keys are equal: mostly none are.
    ordered: Option<OrderedBytes>,
}

impl TieBreak<'_> {
    /// Whether a row's value comes before that of the row held, which is then the new one's.
    fn is_less(&mut self, row: usize, held: Held<'_>, known: &mut Option<Box<[u8]>>) -> Result<bool> {
        let Ties::Least(order) = self.ties else {
            return Ok(false);
        };
        let ordered = match &mut self.ordered {
            Some(ordered) => ordered,
            none => none.insert(order.encode(self.values)?),
        };
        let least = match (known.take(), held) {
            (Some(known), _) => known,
            (None, Held::Offered(held)) => ordered.of(held),
            (None, Held::Earlier(columns, held)) => order.encode(&columns[0].slice(held, 1))?.of(0),
            (None, Held::Nothing) => return Ok(true),
        };
        let is_less = ordered.is_less(row, &least);
        *known = Some(if is_less { ordered.of(row) } else { least });
        Ok(is_less)
    }
}

impl Accumulator for ArgumentExtreme {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.extremes, group_count, None);
        let mask = counting_rows(&arguments[1..2], selection);
        let Keys::Bytes(keys) = self.keys.encode(&arguments[1..2], groups.row_count())? else {
            return Err(Error::Internal(
                "keys that are not the bytes that were asked for".into(),
            ));
        };
        let (extremes, extreme_bytes) = (&mut self.extremes, &mut self.extreme_bytes);
        let mut tie_break = TieBreak {
            ties: &self.ties,
            values: &arguments[0],
            ordered: None,
        };
        let mut failure = None;
        let is_better = |group: usize, row: usize, held: Held<'_>| {
            let (key, extreme) = (keys.row(row), &mut extremes[group]);
            let key = key.data();
            let bytes_before = extreme.as_ref().map_or(0, Extreme::bytes);
            let is_better = match extreme {
                Some(known) if *known.key == *key => {
                    let is_less = tie_break.is_less(row, held, &mut known.value);
                    is_less.unwrap_or_else(|error| {
                        failure = Some(error);
                        false
                    })
                }
                Some(known) if *known.key < *key => false,
                _ => {
                    *extreme = Some(Extreme {
                        key: key.into(),
                        value: None,
                    });
                    true
                }
            };
            *extreme_bytes += extreme.as_ref().map_or(0, Extreme::bytes);
            *extreme_bytes -= bytes_before;
            is_better
        };
        self.rows
            .offer(&arguments[..2], groups, mask.as_ref(), group_count, is_better)?;
        failure.map_or(Ok(()), Err)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        let present = states[2].as_boolean().values().clone();
        self.update(&states[..2], groups, Some(&present), group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        let mut types = self.types.clone();
        types.push(DataType::Boolean);
        types
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let (mut columns, present) = self.rows.take(group_count)?;
        columns.push(Arc::new(BooleanArray::from(present)));
        self.extremes = Vec::new();
        self.extreme_bytes = 0;
        Ok(columns)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        Ok(self.states(group_count)?.remove(0))
    }

    fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.extremes.capacity() * size_of::<Option<Extreme>>() + self.extreme_bytes
    }
}
