//! Functions of arrays. An array of arrays is a list of lists, rectangular as Postgres has it; subscripts begin with 1.

mod concatenate;
mod contains;
mod edit;
mod element;
mod fill;
mod measure;
mod position;
mod slice;
mod subscript;
#[cfg(test)]
pub(crate) mod testing;
mod to_string;

pub(crate) use concatenate::concatenate;
pub(crate) use element::{dimensions, leaves};

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &concatenate::ARRAY_APPEND,
    &concatenate::ARRAY_CAT,
    &measure::ARRAY_DIMS,
    &fill::ARRAY_FILL,
    &measure::ARRAY_LENGTH,
    &measure::ARRAY_LOWER,
    &measure::ARRAY_NDIMS,
    &position::ARRAY_POSITION,
    &position::ARRAY_POSITIONS,
    &concatenate::ARRAY_PREPEND,
    &edit::ARRAY_REMOVE,
    &edit::ARRAY_REPLACE,
    &slice::ARRAY_SLICE,
    &subscript::ARRAY_SUBSCRIPT,
    &to_string::ARRAY_TO_STRING,
    &measure::ARRAY_UPPER,
    &measure::CARDINALITY,
    &contains::CONTAINED,
    &contains::CONTAINS,
    &contains::OVERLAPS,
    &edit::TRIM_ARRAY,
];
