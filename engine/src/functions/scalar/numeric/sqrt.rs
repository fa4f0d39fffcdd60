//! `sqrt(number)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::arithmetic::root;
use crate::functions::scalar::signature::*;

pub(super) static SQRT: ScalarFunction = ScalarFunction {
    info: || immutable("sqrt", root::SQUARE_ROOT_SIGNATURES),
    documentation: documentation("numeric", "The square root.", "sqrt(2::float8)", "1.4142135623730951"),
    execute: root::square_root,
};
