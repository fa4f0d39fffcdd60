//! Arithmetic and bit operators of numbers, dates, times and intervals.
//!
//! Never wraps around: what does not fit its type is an error. The types of numeric answers are decided in `numeric`.

pub(super) mod absolute;
mod add;
mod bitwise;
mod divide;
mod error;
mod float;
mod integer;
mod interval;
pub(super) mod modulo;
mod multiply;
pub(super) mod numeric;
pub(super) mod power;
pub(super) mod root;
mod shift;
mod subtract;
mod timestamp;

pub(super) use bitwise::not as bitwise_not;
pub(super) use error::{division_by_zero, overflow, underflow};

use crate::functions::ScalarFunction;
use crate::functions::scalar::signature::*;
use stoa_sql::catalog::Signature;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &absolute::ABSOLUTE,
    &add::ADD,
    &bitwise::AND,
    &bitwise::OR,
    &bitwise::XOR,
    &divide::DIVIDE,
    &modulo::MODULO,
    &multiply::MULTIPLY,
    &power::POWER,
    &root::SQUARE_ROOT,
    &root::CUBE_ROOT,
    &shift::SHIFT_LEFT,
    &shift::SHIFT_RIGHT,
    &subtract::SUBTRACT,
];

#[cfg(test)]
mod tests;

/// Overloads of a function that takes a number and gives one of its type.
const NUMBERS: &[Signature] = &[
    signature(&[INTEGER], returns::integer),
    signature(&[BIGINT], returns::bigint),
    signature(&[SMALLINT], returns::smallint),
    signature(&[DOUBLE], returns::double),
    signature(&[REAL], returns::real),
    signature(&[NUMERIC], returns::first),
];

/// Overloads of a sum or a difference of numbers.
const SUMS: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, BIGINT], returns::bigint),
    signature(&[SMALLINT, SMALLINT], returns::smallint),
    signature(&[DOUBLE, DOUBLE], returns::double),
    signature(&[REAL, REAL], returns::real),
    signature(&[REAL, DOUBLE], returns::double),
    signature(&[DOUBLE, REAL], returns::double),
    signature(&[NUMERIC, NUMERIC], numeric::sum_type),
];

/// Some overloads, and others behind them; `N` of them in all.
const fn joined<const N: usize>(parts: &[&[Signature]]) -> [Signature; N] {
    let mut all = [NUMBERS[0]; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut next = 0;
        while next < parts[part].len() {
            all[at] = parts[part][next];
            (at, next) = (at + 1, next + 1);
        }
        part += 1;
    }
    assert!(at == N);
    all
}
