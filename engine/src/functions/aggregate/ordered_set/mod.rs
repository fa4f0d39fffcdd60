//! Ordered-set aggregates: `percentile_cont`, `percentile_disc`, `mode`; `median` and `mad`. Rows arrive sorted within their group (but
//! for the last two, which are no ordered-set aggregates in their syntax and sort by themselves).

mod interpolate;
mod median;
mod mode;
mod percentile;

pub(super) use percentile::fractions;

use super::signature::{aggregate, array_of_second, same_as_first, same_as_second, signatures};
use crate::error::{Error, Result, SqlState};
use crate::functions::{AggregateBinding, AggregateFunction, Documentation};
use crate::types::{LogicalType, array_type};
use arrow_schema::DataType;
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::TypeKind;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&PERCENTILE_CONT, &PERCENTILE_DISC, &MODE, &MEDIAN, &MAD];

static PERCENTILE_CONT: AggregateFunction = AggregateFunction {
    info: || aggregate("percentile_cont", CONTINUOUS),
    documentation: Documentation {
        category: "ordered set",
        summary: "The value at a fraction of the ordered values, between two of them where need be; an array of fractions gives an array.",
        example: "percentile_cont(0.5) WITHIN GROUP (ORDER BY x)",
        result: "2.5",
    },
    accumulator: |binding| Ok(Box::new(percentile::Percentile::new(binding, true)?)),
    summary: None,
};

static PERCENTILE_DISC: AggregateFunction = AggregateFunction {
    info: || aggregate("percentile_disc", DISCRETE),
    documentation: Documentation {
        category: "ordered set",
        summary: "The first of the ordered values whose place reaches a fraction; an array of fractions gives an array.",
        example: "percentile_disc(0.5) WITHIN GROUP (ORDER BY x)",
        result: "2",
    },
    accumulator: |binding| Ok(Box::new(percentile::Percentile::new(binding, false)?)),
    summary: None,
};

static MODE: AggregateFunction = AggregateFunction {
    info: || aggregate("mode", ANY),
    documentation: Documentation {
        category: "ordered set",
        summary: "The most frequent of the ordered values, of several the first.",
        example: "mode() WITHIN GROUP (ORDER BY x)",
        result: "2",
    },
    accumulator: |binding| {
        let data_type = ordered_type(binding, "mode")?;
        Ok(Box::new(mode::Mode::new(data_type)?))
    },
    summary: None,
};

static MEDIAN: AggregateFunction = AggregateFunction {
    info: || aggregate("median", MEDIANS),
    documentation: Documentation {
        category: "ordered set",
        summary: "percentile_cont(0.5) of a column of numbers.",
        example: "median(x)",
        result: "2.5",
    },
    accumulator: |_| Ok(Box::new(median::Median::new(false))),
    summary: None,
};

static MAD: AggregateFunction = AggregateFunction {
    info: || aggregate("mad", MEDIANS),
    documentation: Documentation {
        category: "ordered set",
        summary: "The median of how far values are from their median.",
        example: "mad(x)",
        result: "1",
    },
    accumulator: |_| Ok(Box::new(median::Median::new(true))),
    summary: None,
};

const CONTINUOUS: &[Signature] = &[
    Signature {
        parameters: &[Parameter::Kind(TypeKind::Double), Parameter::Kind(TypeKind::Double)],
        variadic: false,
        returns: same_as_second,
    },
    Signature {
        parameters: &[Parameter::Kind(TypeKind::Double), Parameter::Kind(TypeKind::Interval)],
        variadic: false,
        returns: same_as_second,
    },
    Signature {
        parameters: &[Parameter::ArrayOf(TypeKind::Double), Parameter::Kind(TypeKind::Double)],
        variadic: false,
        returns: array_of_second,
    },
    Signature {
        parameters: &[
            Parameter::ArrayOf(TypeKind::Double),
            Parameter::Kind(TypeKind::Interval),
        ],
        variadic: false,
        returns: array_of_second,
    },
];

const DISCRETE: &[Signature] = &[
    Signature {
        parameters: &[Parameter::Kind(TypeKind::Double), Parameter::AnyElement],
        variadic: false,
        returns: same_as_second,
    },
    Signature {
        parameters: &[Parameter::ArrayOf(TypeKind::Double), Parameter::AnyElement],
        variadic: false,
        returns: array_of_second,
    },
];

const ANY: &[Signature] = &[Signature {
    parameters: &[Parameter::AnyElement],
    variadic: false,
    returns: same_as_first,
}];

const MEDIANS: &[Signature] = signatures![(Double) => |_| LogicalType::Double];

/// The type of the values that the call orders.
fn ordered_type(binding: &AggregateBinding, name: &str) -> Result<DataType> {
    match binding.order_types.as_slice() {
        [ordered] => Ok(array_type(ordered)),
        _ => Err(Error::user(
            SqlState::WRONG_OBJECT_TYPE,
            format!("WITHIN GROUP is required for ordered-set aggregate {name}"),
        )),
    }
}
