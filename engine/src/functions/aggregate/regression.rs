//! `corr`, `covar_pop`, `covar_samp` and the `regr_` family: pairs of doubles (y, x) in which neither is NULL.

use super::moments::{MomentStates, Moments, doubles};
use super::signature::{aggregate, signatures};
use crate::functions::{AggregateFunction, Documentation};
use crate::types::LogicalType;
use stoa_sql::catalog::Signature;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[
    &CORR,
    &COVAR_POP,
    &COVAR_SAMP,
    &REGR_AVGX,
    &REGR_AVGY,
    &REGR_COUNT,
    &REGR_INTERCEPT,
    &REGR_R2,
    &REGR_SLOPE,
    &REGR_SXX,
    &REGR_SXY,
    &REGR_SYY,
];

macro_rules! pairs {
    ($static:ident, $name:literal, $summary:literal, $result:literal, $answer:expr) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || aggregate($name, SIGNATURES),
            documentation: Documentation {
                category: "statistics",
                summary: $summary,
                example: concat!($name, "(y, x)"),
                result: $result,
            },
            accumulator: |_| {
                Ok(Box::new(MomentStates::<Pairs, 2, 6>::new(|states| {
                    doubles(states, |state| {
                        let answer: fn(Sums) -> Option<f64> = $answer;
                        answer(Sums::of(state))
                    })
                })))
            },
            summary: None,
        };
    };
}

const SIGNATURES: &[Signature] = signatures![(Double, Double) => |_| LogicalType::Double];

pairs!(CORR, "corr", "The correlation coefficient.", "1", |sums| {
    (sums.count > 0.0 && sums.xx != 0.0 && sums.yy != 0.0).then(|| sums.xy / (sums.xx * sums.yy).sqrt())
});
pairs!(
    COVAR_POP,
    "covar_pop",
    "The covariance of a population.",
    "1.25",
    |sums| { (sums.count > 0.0).then(|| sums.xy / sums.count) }
);
pairs!(
    COVAR_SAMP,
    "covar_samp",
    "The covariance of a sample.",
    "1.6666666666666667",
    |sums| { (sums.count > 1.0).then(|| sums.xy / (sums.count - 1.0)) }
);
pairs!(
    REGR_AVGX,
    "regr_avgx",
    "The average of the independent variable, x.",
    "2.5",
    |sums| { (sums.count > 0.0).then(|| sums.x / sums.count) }
);
pairs!(
    REGR_AVGY,
    "regr_avgy",
    "The average of the dependent variable, y.",
    "2.5",
    |sums| { (sums.count > 0.0).then(|| sums.y / sums.count) }
);
pairs!(
    REGR_INTERCEPT,
    "regr_intercept",
    "Where the line of least squares crosses the y axis.",
    "0",
    |sums| (sums.count > 0.0 && sums.xx != 0.0).then(|| (sums.y - sums.x * sums.xy / sums.xx) / sums.count)
);
pairs!(
    REGR_R2,
    "regr_r2",
    "The square of the correlation coefficient.",
    "1",
    |sums| {
        match (sums.count > 0.0, sums.xx != 0.0, sums.yy != 0.0) {
            (true, true, true) => Some((sums.xy * sums.xy) / (sums.xx * sums.yy)),
            (true, true, false) => Some(1.0),
            _ => None,
        }
    }
);
pairs!(
    REGR_SLOPE,
    "regr_slope",
    "The slope of the line of least squares.",
    "1",
    |sums| { (sums.count > 0.0 && sums.xx != 0.0).then(|| sums.xy / sums.xx) }
);
pairs!(
    REGR_SXX,
    "regr_sxx",
    "The sum of squares of the independent variable.",
    "5",
    |sums| { (sums.count > 0.0).then_some(sums.xx) }
);
pairs!(
    REGR_SXY,
    "regr_sxy",
    "The sum of products of both variables.",
    "5",
    |sums| { (sums.count > 0.0).then_some(sums.xy) }
);
pairs!(
    REGR_SYY,
    "regr_syy",
    "The sum of squares of the dependent variable.",
    "5",
    |sums| { (sums.count > 0.0).then_some(sums.yy) }
);

static REGR_COUNT: AggregateFunction = AggregateFunction {
    info: || aggregate("regr_count", COUNT_SIGNATURES),
    documentation: Documentation {
        category: "statistics",
        summary: "The number of rows in which neither argument is NULL.",
        example: "regr_count(y, x)",
        result: "4",
    },
    accumulator: |_| Ok(Box::new(super::count::Count::default())),
    summary: None,
};

const COUNT_SIGNATURES: &[Signature] = signatures![(Double, Double) => |_| LogicalType::BigInt];

/// What is kept of the pairs of a group.
struct Sums {
    count: f64,
    x: f64,
    /// Squared deviations of x from its average.
    xx: f64,
    y: f64,
    yy: f64,
    xy: f64,
}

impl Sums {
    fn of(&[count, x, xx, y, yy, xy]: &[f64; 6]) -> Self {
        Sums {
            count,
            x,
            xx,
            y,
            yy,
            xy,
        }
    }
}

struct Pairs;

impl Moments<2, 6> for Pairs {
    #[inline(always)]
    fn step(state: &mut [f64; 6], [new_y, new_x]: [f64; 2]) {
        let [count, x, xx, y, yy, xy] = state;
        *count += 1.0;
        *x += new_x;
        *y += new_y;
        if *count > 1.0 {
            let (dx, dy) = (new_x * *count - *x, new_y * *count - *y);
            let scale = 1.0 / (*count * (*count - 1.0));
            *xx += dx * dx * scale;
            *yy += dy * dy * scale;
            *xy += dx * dy * scale;
            return;
        }
        if !new_x.is_finite() {
            (*xx, *xy) = (f64::NAN, f64::NAN);
        }
        if !new_y.is_finite() {
            (*yy, *xy) = (f64::NAN, f64::NAN);
        }
    }

    fn combine(state: &mut [f64; 6], other: &[f64; 6]) {
        if other[0] == 0.0 {
            return;
        }
        if state[0] == 0.0 {
            *state = *other;
            return;
        }
        let (left, right) = (Sums::of(state), Sums::of(other));
        let count = left.count + right.count;
        let dx = left.x / left.count - right.x / right.count;
        let dy = left.y / left.count - right.y / right.count;
        let weight = left.count * right.count / count;
        *state = [
            count,
            left.x + right.x,
            left.xx + right.xx + weight * dx * dx,
            left.y + right.y,
            left.yy + right.yy + weight * dy * dy,
            left.xy + right.xy + weight * dx * dy,
        ];
    }
}
