//! Functions of numbers. Those without an overload for numeric take doubles: exp, ln, log, power, the trigonometric ones.

mod abs;
mod cbrt;
mod ceil;
mod div;
mod divisors;
mod exp;
mod factorial;
mod floor;
mod hyperbolic;
mod log;
mod modulo;
mod pi;
mod power;
mod random;
mod round;
mod scale;
mod sign;
mod sqrt;
mod trigonometric;
mod trunc;
mod width_bucket;

use crate::functions::ScalarFunction;
use crate::types::LogicalType;
use stoa_sql::types::NUMERIC_PRECISION_MAX;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &abs::ABS,
    &cbrt::CBRT,
    &ceil::CEIL,
    &ceil::CEILING,
    &div::DIV,
    &divisors::GCD,
    &divisors::LCM,
    &exp::EXP,
    &factorial::FACTORIAL,
    &floor::FLOOR,
    &hyperbolic::ACOSH,
    &hyperbolic::ASINH,
    &hyperbolic::ATANH,
    &hyperbolic::COSH,
    &hyperbolic::SINH,
    &hyperbolic::TANH,
    &log::LN,
    &log::LOG,
    &log::LOG10,
    &modulo::MOD,
    &pi::PI,
    &power::POW,
    &power::POWER,
    &random::RANDOM,
    &random::SETSEED,
    &round::ROUND,
    &scale::MIN_SCALE,
    &scale::SCALE,
    &sign::SIGN,
    &sqrt::SQRT,
    &trigonometric::ACOS,
    &trigonometric::ASIN,
    &trigonometric::ATAN,
    &trigonometric::ATAN2,
    &trigonometric::COS,
    &trigonometric::COT,
    &trigonometric::DEGREES,
    &trigonometric::RADIANS,
    &trigonometric::SIN,
    &trigonometric::TAN,
    &trunc::TRUNC,
    &width_bucket::WIDTH_BUCKET,
];

/// A numeric type without a fraction that holds the first argument rounded.
fn whole_type(types: &[LogicalType]) -> LogicalType {
    match types.first() {
        Some(LogicalType::Numeric { precision, scale }) => LogicalType::Numeric {
            precision: (precision - scale + 1).min(NUMERIC_PRECISION_MAX),
            scale: 0,
        },
        _ => LogicalType::NUMERIC,
    }
}

/// The first argument's type with one digit more before the point, for what rounding carries.
fn rounded_type(types: &[LogicalType]) -> LogicalType {
    match types.first() {
        Some(LogicalType::Numeric { precision, scale }) => LogicalType::Numeric {
            precision: (precision + 1).min(NUMERIC_PRECISION_MAX),
            scale: *scale,
        },
        _ => LogicalType::NUMERIC,
    }
}

#[cfg(test)]
mod tests;
