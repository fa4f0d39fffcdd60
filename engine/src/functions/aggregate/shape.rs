//! `skewness`, `kurtosis`, `kurtosis_pop`, `geometric_mean` and `product`, as DuckDB has them, over doubles.

use super::moments::{MomentStates, Moments, doubles};
use super::signature::{aggregate, signatures};
use crate::error::{Error, Result, SqlState};
use crate::functions::{AggregateFunction, Documentation};
use crate::types::LogicalType;
use arrow_array::ArrayRef;
use stoa_sql::catalog::Signature;

macro_rules! of_doubles {
    ($static:ident, $name:literal, $summary:literal, $result:literal, $moments:ty, $count:literal, $finish:expr) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || aggregate($name, SIGNATURES),
            documentation: Documentation {
                category: "statistics",
                summary: $summary,
                example: concat!($name, "(x)"),
                result: $result,
            },
            accumulator: |_| Ok(Box::new(MomentStates::<$moments, 1, $count>::new($finish))),
            summary: None,
        };
    };
}

pub(super) static FUNCTIONS: &[&AggregateFunction] =
    &[&SKEWNESS, &KURTOSIS, &KURTOSIS_POP, &GEOMETRIC_MEAN, &GEOMEAN, &PRODUCT];

const SIGNATURES: &[Signature] = signatures![(Double) => |_| LogicalType::Double];

of_doubles!(
    SKEWNESS,
    "skewness",
    "The skewness of a sample; NULL of fewer than three values, and of values that do not differ.",
    "0",
    Central,
    5,
    |states| doubles(states, skewness)
);
of_doubles!(
    KURTOSIS,
    "kurtosis",
    "The excess kurtosis of a sample; NULL of fewer than four values, and of values that do not differ.",
    "-1.2",
    Central,
    5,
    |states| doubles(states, kurtosis)
);
of_doubles!(
    KURTOSIS_POP,
    "kurtosis_pop",
    "The excess kurtosis of a population; NULL of values that do not differ.",
    "-1.36",
    Central,
    5,
    |states| doubles(states, kurtosis_pop)
);
of_doubles!(
    GEOMETRIC_MEAN,
    "geometric_mean",
    "The n-th root of the product of n values; NaN where one is negative.",
    "2.2133638394006434",
    Logarithms,
    2,
    geometric_mean
);
of_doubles!(
    GEOMEAN,
    "geomean",
    "Another name of geometric_mean.",
    "2.2133638394006434",
    Logarithms,
    2,
    geometric_mean
);
of_doubles!(PRODUCT, "product", "All values multiplied.", "24", Product, 3, product);

/// Count, average, and sums of the second, third and fourth powers of deviations from the average (Pébay's formulas).
struct Central;

impl Moments<1, 5> for Central {
    #[inline(always)]
    fn step(state: &mut [f64; 5], [value]: [f64; 1]) {
        Self::combine(state, &[1.0, value, 0.0, 0.0, 0.0]);
    }

    fn combine(state: &mut [f64; 5], other: &[f64; 5]) {
        let [left_count, left_mean, left2, left3, left4] = *state;
        let [right_count, right_mean, right2, right3, right4] = *other;
        if right_count == 0.0 || left_count == 0.0 {
            if left_count == 0.0 {
                *state = *other;
            }
            return;
        }
        let count = left_count + right_count;
        let delta = right_mean - left_mean;
        let part = delta / count;
        let both = left_count * right_count;
        let second = left2 + right2 + delta * part * both;
        let third = left3
            + right3
            + delta * part * part * both * (left_count - right_count)
            + 3.0 * part * (left_count * right2 - right_count * left2);
        let fourth = left4
            + right4
            + delta * part.powi(3) * both * (left_count * left_count - both + right_count * right_count)
            + 6.0 * part * part * (left_count * left_count * right2 + right_count * right_count * left2)
            + 4.0 * part * (left_count * right3 - right_count * left3);
        *state = [count, left_mean + part * right_count, second, third, fourth];
    }
}

fn skewness(&[count, _, second, third, _]: &[f64; 5]) -> Option<f64> {
    (count > 2.0 && second != 0.0).then(|| {
        let population = (third / count) / (second / count).powf(1.5);
        population * (count * (count - 1.0)).sqrt() / (count - 2.0)
    })
}

fn kurtosis_pop(&[count, _, second, _, fourth]: &[f64; 5]) -> Option<f64> {
    (count > 1.0 && second != 0.0).then(|| count * fourth / (second * second) - 3.0)
}

fn kurtosis(state: &[f64; 5]) -> Option<f64> {
    let count = state[0];
    let population = kurtosis_pop(state)?;
    (count > 3.0).then(|| {
        let factor = (count - 1.0) / ((count - 2.0) * (count - 3.0));
        factor * ((count + 1.0) * population + 6.0)
    })
}

/// Count and sum of logarithms.
struct Logarithms;

impl Moments<1, 2> for Logarithms {
    #[inline(always)]
    fn step(state: &mut [f64; 2], [value]: [f64; 1]) {
        state[0] += 1.0;
        state[1] += value.ln();
    }

    fn combine(state: &mut [f64; 2], other: &[f64; 2]) {
        state[0] += other[0];
        state[1] += other[1];
    }
}

fn geometric_mean(states: &[[f64; 2]]) -> Result<ArrayRef> {
    doubles(states, |[count, sum]| (*count > 0.0).then(|| (sum / count).exp()))
}

/// Count, product, and whether an infinity came in.
struct Product;

impl Moments<1, 3> for Product {
    #[inline(always)]
    fn step(state: &mut [f64; 3], [value]: [f64; 1]) {
        Self::combine(state, &[1.0, value, if value.is_finite() { 0.0 } else { 1.0 }]);
    }

    fn combine(state: &mut [f64; 3], other: &[f64; 3]) {
        if state[0] == 0.0 {
            *state = *other;
        } else if other[0] > 0.0 {
            *state = [state[0] + other[0], state[1] * other[1], state[2].max(other[2])];
        }
    }
}

fn product(states: &[[f64; 3]]) -> Result<ArrayRef> {
    if states
        .iter()
        .any(|[_, product, infinite]| product.is_infinite() && *infinite == 0.0)
    {
        return Err(Error::user(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            "value out of range: overflow",
        ));
    }
    doubles(states, |[count, product, _]| (*count > 0.0).then_some(*product))
}
