//! Hyperbolic functions.

use super::trigonometric::{map, out_of_range};
use crate::functions::ScalarFunction;
use crate::functions::scalar::signature::*;
use stoa_sql::catalog::Signature;

const FAMILY: &str = "hyperbolic";
const ONE: &[Signature] = &[signature(&[DOUBLE], returns::double)];

pub(super) static SINH: ScalarFunction = ScalarFunction {
    info: || immutable("sinh", ONE),
    documentation: documentation(FAMILY, "The hyperbolic sine.", "sinh(1)", "1.1752011936438014"),
    execute: |call| map(call, |value| Ok(value.sinh())),
};
pub(super) static COSH: ScalarFunction = ScalarFunction {
    info: || immutable("cosh", ONE),
    documentation: documentation(FAMILY, "The hyperbolic cosine.", "cosh(0)", "1"),
    execute: |call| map(call, |value| Ok(value.cosh())),
};
pub(super) static TANH: ScalarFunction = ScalarFunction {
    info: || immutable("tanh", ONE),
    documentation: documentation(FAMILY, "The hyperbolic tangent.", "tanh(1)", "0.7615941559557649"),
    execute: |call| map(call, |value| Ok(value.tanh())),
};
pub(super) static ASINH: ScalarFunction = ScalarFunction {
    info: || immutable("asinh", ONE),
    documentation: documentation(FAMILY, "The inverse hyperbolic sine.", "asinh(1)", "0.881373587019543"),
    execute: |call| map(call, |value| Ok(value.asinh())),
};
pub(super) static ACOSH: ScalarFunction = ScalarFunction {
    info: || immutable("acosh", ONE),
    documentation: documentation(FAMILY, "The inverse hyperbolic cosine.", "acosh(1)", "0"),
    execute: |call| {
        map(call, |value| match value < 1.0 {
            true => Err(out_of_range()),
            false => Ok(value.acosh()),
        })
    },
};
pub(super) static ATANH: ScalarFunction = ScalarFunction {
    info: || immutable("atanh", ONE),
    documentation: documentation(
        FAMILY,
        "The inverse hyperbolic tangent.",
        "atanh(0.5)",
        "0.5493061443340548",
    ),
    execute: |call| {
        map(call, |value| match value.abs() > 1.0 {
            true => Err(out_of_range()),
            false => Ok(value.atanh()),
        })
    },
};
