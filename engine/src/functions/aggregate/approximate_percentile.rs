//! `approx_percentile` and `approx_quantile`: percentiles by a sketch per group, exact while a group has few values, and the same in every
//! order of rows. A state is the sketch's bytes, for any fractions.

use super::quantile_sketch::QuantileSketch;
use super::rows::{counting_rows, grow, visit};
use super::signature::aggregate;
use super::value_lists::{item_field, list_offsets};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, BinaryViewArray, Float64Array, ListArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&APPROX_PERCENTILE, &APPROX_QUANTILE];

static APPROX_PERCENTILE: AggregateFunction = AggregateFunction {
    info: || aggregate("approx_percentile", SIGNATURES),
    documentation: Documentation {
        category: "statistics",
        summary: "About the value at a fraction of the ordered values: exact up to 512, then within 0.4 percent while they spread over 16 powers of \
                  two, the error doubling with the spread; an array of fractions gives an array.",
        example: "approx_percentile(x, 0.5)",
        result: "2.5",
    },
    accumulator: |binding| Ok(Box::new(ApproximatePercentile::new(binding)?)),
    summary: None,
};

static APPROX_QUANTILE: AggregateFunction = AggregateFunction {
    info: || aggregate("approx_quantile", SIGNATURES),
    documentation: Documentation {
        category: "statistics",
        summary: "Another name of approx_percentile.",
        example: "approx_quantile(x, 0.5)",
        result: "2.5",
    },
    accumulator: |binding| Ok(Box::new(ApproximatePercentile::new(binding)?)),
    summary: None,
};

const SIGNATURES: &[Signature] = &[
    Signature {
        parameters: &[Parameter::Kind(TypeKind::Double), Parameter::Kind(TypeKind::Double)],
        variadic: false,
        returns: |_| LogicalType::Double,
    },
    Signature {
        parameters: &[Parameter::Kind(TypeKind::Double), Parameter::ArrayOf(TypeKind::Double)],
        variadic: false,
        returns: |_| LogicalType::Array(Box::new(LogicalType::Double)),
    },
];

struct ApproximatePercentile {
    sketches: Vec<QuantileSketch>,
    bytes: usize,
    /// A fraction may be NULL; none at all is a NULL instead of them.
    fractions: Option<Vec<Option<f64>>>,
    answers_array: bool,
}

impl ApproximatePercentile {
    fn new(binding: &AggregateBinding) -> Result<Self> {
        let Some(Some(constant)) = binding.constants.get(1) else {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "a percentile whose fraction is not a constant is not supported",
            ));
        };
        Ok(ApproximatePercentile {
            sketches: Vec::new(),
            bytes: 0,
            fractions: super::ordered_set::fractions(constant)?,
            answers_array: matches!(binding.return_type, LogicalType::Array(_)),
        })
    }

    fn grow(&mut self, group_count: usize) {
        grow(&mut self.sketches, group_count, QuantileSketch::default());
    }

    fn take(&mut self, group_count: usize) -> Vec<QuantileSketch> {
        self.grow(group_count);
        self.bytes = 0;
        std::mem::take(&mut self.sketches)
    }

    fn change(&mut self, group: usize, change: impl FnOnce(&mut QuantileSketch)) {
        let sketch = &mut self.sketches[group];
        let before = sketch.memory_bytes();
        change(sketch);
        self.bytes = self.bytes + sketch.memory_bytes() - before;
    }
}

impl Accumulator for ApproximatePercentile {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        self.grow(group_count);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<Float64Type>().values();
        visit(groups, mask.as_ref(), |group, row| {
            self.change(group, |sketch| sketch.add(values[row]));
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.grow(group_count);
        let states = states[0].as_binary_view();
        let mut is_known = true;
        visit(groups, None, |group, row| {
            match QuantileSketch::from_bytes(states.value(row)) {
                Some(other) => self.change(group, |sketch| sketch.merge(&other)),
                None => is_known = false,
            }
        });
        match is_known {
            true => Ok(()),
            false => Err(Error::Internal("what should be a sketch of numbers is none".into())),
        }
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::BinaryView]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let mut sketches = self.take(group_count);
        let states = BinaryViewArray::from_iter_values(sketches.iter_mut().map(QuantileSketch::encoded));
        Ok(vec![Arc::new(states)])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let mut sketches = self.take(group_count);
        let fractions = self.fractions.as_deref().unwrap_or_default();
        let of = |sketch: &mut QuantileSketch, fraction: &Option<f64>| {
            fraction.and_then(|fraction| sketch.quantile(fraction))
        };
        if !self.answers_array {
            let answers = sketches.iter_mut();
            let answers = answers.map(|sketch| fractions.first().and_then(|fraction| of(sketch, fraction)));
            return Ok(Arc::new(answers.collect::<Float64Array>()));
        }
        let (mut values, mut offsets, mut present) = (Vec::new(), vec![0], Vec::with_capacity(group_count));
        for sketch in &mut sketches {
            let is_present = self.fractions.is_some() && sketch.quantile(0.0).is_some();
            if is_present {
                values.extend(fractions.iter().map(|fraction| of(sketch, fraction)));
            }
            present.push(is_present);
            offsets.push(values.len());
        }
        Ok(Arc::new(ListArray::try_new(
            item_field(&DataType::Float64),
            list_offsets(&offsets)?,
            Arc::new(Float64Array::from(values)),
            Some(NullBuffer::from(present)),
        )?))
    }

    fn memory_bytes(&self) -> usize {
        self.sketches.capacity() * size_of::<QuantileSketch>() + self.bytes
    }
}
