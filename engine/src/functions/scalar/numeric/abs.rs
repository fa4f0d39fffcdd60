//! `abs(number)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::arithmetic::absolute;
use crate::functions::scalar::signature::*;

pub(super) static ABS: ScalarFunction = ScalarFunction {
    info: || immutable("abs", absolute::SIGNATURES),
    documentation: documentation("numeric", "The absolute value.", "abs(-17.4)", "17.4"),
    execute: absolute::execute,
};
