//! Window functions, a file each; aggregates serve as window functions too.

mod conditional_event;
mod first_last;
mod lag_lead;
mod ntile;
mod rank;
mod row_number;
#[cfg(test)]
mod testing;

pub(crate) use ntile::ntile_buckets;

use super::WindowFunction;
use crate::functions::scalar::signature::immutable;
use stoa_sql::catalog::{FunctionInfo, FunctionKind, Signature};

/// A window function's description.
const fn window(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    let mut info = immutable(name, signatures);
    info.kind = FunctionKind::Window;
    info.strict = false;
    info
}

const FUNCTIONS: &[&WindowFunction] = &[
    &conditional_event::CONDITIONAL_CHANGE_EVENT,
    &conditional_event::CONDITIONAL_TRUE_EVENT,
    &conditional_event::SESSION_ID,
    &rank::CUME_DIST,
    &rank::DENSE_RANK,
    &first_last::FIRST_VALUE,
    &lag_lead::LAG,
    &first_last::LAST_VALUE,
    &lag_lead::LEAD,
    &first_last::NTH_VALUE,
    &ntile::NTILE,
    &rank::PERCENT_RANK,
    &rank::RANK,
    &row_number::ROW_NUMBER,
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static WindowFunction> {
    FUNCTIONS.iter().copied()
}
