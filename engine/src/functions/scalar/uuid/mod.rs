//! Functions of `uuid`.

mod extract;
mod generate;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &generate::GEN_RANDOM_UUID,
    &extract::UUID_EXTRACT_TIMESTAMP,
    &extract::UUID_EXTRACT_VERSION,
    &generate::UUIDV4,
    &generate::UUIDV7,
];
