//! `power(a, b)`, `pow(a, b)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::arithmetic::power;
use crate::functions::scalar::signature::*;

pub(super) static POWER: ScalarFunction = ScalarFunction {
    info: || immutable("power", power::SIGNATURES),
    documentation: documentation("numeric", "a to the power b.", "power(9, 3)", "729"),
    execute: power::execute,
};

pub(super) static POW: ScalarFunction = ScalarFunction {
    info: || immutable("pow", power::SIGNATURES),
    documentation: documentation("numeric", "a to the power b.", "pow(9, 3)", "729"),
    execute: power::execute,
};
