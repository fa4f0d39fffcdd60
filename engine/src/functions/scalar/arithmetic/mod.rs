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
