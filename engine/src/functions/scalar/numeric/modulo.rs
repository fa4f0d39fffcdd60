//! `mod(a, b)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::arithmetic::modulo;
use crate::functions::scalar::signature::*;

pub(super) static MOD: ScalarFunction = ScalarFunction {
    info: || immutable("mod", modulo::SIGNATURES),
    documentation: documentation(
        "numeric",
        "The rest of a division, with the sign of a.",
        "mod(9, 4)",
        "1",
    ),
    execute: modulo::execute,
};
