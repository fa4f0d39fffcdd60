//! `cbrt(number)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::arithmetic::root;
use crate::functions::scalar::signature::*;

pub(super) static CBRT: ScalarFunction = ScalarFunction {
    info: || immutable("cbrt", root::CUBE_ROOT_SIGNATURES),
    documentation: documentation("numeric", "The cube root.", "cbrt(64.0)", "4"),
    execute: root::cube_root,
};
