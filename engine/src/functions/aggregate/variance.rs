//! `variance`, `stddev` and their `_pop` and `_samp` forms. Integers and decimals give exact numeric answers
//! ([`super::exact_variance`]); doubles go by Youngs and Cramer's recurrence, as in Postgres.

use super::exact_variance::ExactVariance;
use super::moments::{MomentStates, Moments, doubles};
use super::signature::{aggregate, fractional, signatures};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation};
use crate::types::LogicalType;
use arrow_array::ArrayRef;
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
    const VARIANCE_SAMP: Wanted = Wanted {
        is_sample: true,
        is_root: false,
    };
    const VARIANCE_POP: Wanted = Wanted {
        is_sample: false,
        is_root: false,
    };
    const DEVIATION_SAMP: Wanted = Wanted {
        is_sample: true,
        is_root: true,
    };
    const DEVIATION_POP: Wanted = Wanted {
        is_sample: false,
        is_root: true,
    };
}

fn accumulator(binding: &AggregateBinding, wanted: Wanted) -> Result<Box<dyn Accumulator>> {
    if binding.argument_types[0] != LogicalType::Double {
        return Ok(Box::new(ExactVariance::new(binding, wanted)?));
    }
    let finish: fn(&[[f64; 3]]) -> Result<ArrayRef> = match wanted {
        Wanted::VARIANCE_SAMP => |states| doubles(states, sample),
        Wanted::VARIANCE_POP => |states| doubles(states, population),
        Wanted::DEVIATION_SAMP => |states| doubles(states, |state| sample(state).map(f64::sqrt)),
        _ => |states| doubles(states, |state| population(state).map(f64::sqrt)),
    };
    Ok(Box::new(MomentStates::<YoungsCramer, 1, 3>::new(finish)))
}

fn sample(&[count, _, squares]: &[f64; 3]) -> Option<f64> {
    (count > 1.0).then(|| squares / (count - 1.0))
}

fn population(&[count, _, squares]: &[f64; 3]) -> Option<f64> {
    (count > 0.0).then(|| squares / count)
}

/// Count, sum, and sum of squared deviations from the average.
struct YoungsCramer;

impl Moments<1, 3> for YoungsCramer {
    #[inline(always)]
    fn step(state: &mut [f64; 3], [value]: [f64; 1]) {
        let [count, sum, squares] = state;
        *count += 1.0;
        *sum += value;
        if *count > 1.0 {
            let deviation = value * *count - *sum;
            *squares += deviation * deviation / (*count * (*count - 1.0));
        } else if !value.is_finite() {
            *squares = f64::NAN;
        }
    }

    fn combine(state: &mut [f64; 3], other: &[f64; 3]) {
        if other[0] == 0.0 {
            return;
        }
        if state[0] == 0.0 {
            *state = *other;
            return;
        }
        let count = state[0] + other[0];
        let difference = state[1] / state[0] - other[1] / other[0];
        state[2] += other[2] + state[0] * other[0] * difference * difference / count;
        state[1] += other[1];
        state[0] = count;
    }
}
