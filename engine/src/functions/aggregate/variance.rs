//! `variance`, `stddev` and their `_pop` and `_samp` forms. Integers and decimals give exact numeric answers
//! ([`super::exact_variance`]), doubles the nearest one ([`super::float_variance`]). Neither depends on the order of rows.

use super::exact_variance::ExactVariance;
use super::float_variance::FloatVariance;
use super::signature::{aggregate, fractional, signatures};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation};
use crate::types::LogicalType;
use stoa_sql::catalog::Signature;

macro_rules! deviation {
    ($static:ident, $name:literal, $summary:literal, $result:literal, $wanted:expr) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || aggregate($name, SIGNATURES),
            documentation: Documentation {
                category: "statistics",
                summary: $summary,
                example: concat!($name, "(x)"),
                result: $result,
            },
            accumulator: |binding| accumulator(binding, $wanted),
            summary: None,
        };
    };
}

pub(super) static FUNCTIONS: &[&AggregateFunction] =
    &[&VARIANCE, &VAR_SAMP, &VAR_POP, &STDDEV, &STDDEV_SAMP, &STDDEV_POP];

deviation!(
    VARIANCE,
    "variance",
    "Another name of var_samp.",
    "1.6666666666666667",
    Wanted::VARIANCE_SAMP
);
deviation!(
    VAR_SAMP,
    "var_samp",
    "The variance of a sample: squared deviations from the average over one less than their count.",
    "1.6666666666666667",
    Wanted::VARIANCE_SAMP
);
deviation!(
    VAR_POP,
    "var_pop",
    "The variance of a population: squared deviations from the average over their count.",
    "1.2500000000000000",
    Wanted::VARIANCE_POP
);
deviation!(
    STDDEV,
    "stddev",
    "Another name of stddev_samp.",
    "1.2909944487358056",
    Wanted::DEVIATION_SAMP
);
deviation!(
    STDDEV_SAMP,
    "stddev_samp",
    "The standard deviation of a sample: the square root of var_samp.",
    "1.2909944487358056",
    Wanted::DEVIATION_SAMP
);
deviation!(
    STDDEV_POP,
    "stddev_pop",
    "The standard deviation of a population: the square root of var_pop.",
    "1.1180339887498948",
    Wanted::DEVIATION_POP
);

const SIGNATURES: &[Signature] = signatures![
    (SmallInt) => fractional,
    (Integer) => fractional,
    (BigInt) => fractional,
    (Numeric) => fractional,
    (Double) => |_| LogicalType::Double,
];

/// Which of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Over one less than the count.
    pub(super) is_sample: bool,
    /// The square root.
    pub(super) is_root: bool,
}

impl Wanted {
    pub(super) const VARIANCE_SAMP: Wanted = Wanted {
        is_sample: true,
        is_root: false,
    };
    pub(super) const VARIANCE_POP: Wanted = Wanted {
        is_sample: false,
        is_root: false,
    };
    pub(super) const DEVIATION_SAMP: Wanted = Wanted {
        is_sample: true,
        is_root: true,
    };
    pub(super) const DEVIATION_POP: Wanted = Wanted {
        is_sample: false,
        is_root: true,
    };
}

fn accumulator(binding: &AggregateBinding, wanted: Wanted) -> Result<Box<dyn Accumulator>> {
    Ok(match binding.argument_types[0] {
        LogicalType::Double => Box::new(FloatVariance::new(wanted)),
        _ => Box::new(ExactVariance::new(binding, wanted)?),
    })
}
