//! `greatest(..)`, `least(..)`: NULLs are passed over; NULL where all are.

use crate::error::Result;
use crate::functions::kernel::compare::compare;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::{Array, BooleanArray};
use arrow_buffer::BooleanBuffer;
use stoa_sql::catalog::Signature;
use stoa_sql::plan::CompareOp;

pub(super) static GREATEST: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("greatest", SIGNATURES)),
    documentation: documentation("conditional", "The largest argument.", "greatest(1, 4, NULL)", "4"),
    execute: |call| choose(call, CompareOp::Greater),
};

pub(super) static LEAST: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("least", SIGNATURES)),
    documentation: documentation("conditional", "The smallest argument.", "least(1, 4, NULL)", "1"),
    execute: |call| choose(call, CompareOp::Less),
};

const SIGNATURES: &[Signature] = &[variadic(&[ANY_ELEMENT], returns::first)];

fn choose(call: &Call<'_>, better: CompareOp) -> Result<Value> {
    let mut best = call.argument(0)?.expand(call.row_count)?;
    for candidate in call.arguments.iter().skip(1) {
        let candidate = candidate.expand(call.row_count)?;
        let truth = compare(
            better,
            &Value::Array(candidate.clone()),
            &Value::Array(best.clone()),
            call.return_type,
            call.row_count,
        )?;
        // Better, or there where nothing was.
        let mut chosen: BooleanBuffer = truth.rows(true);
        if let Some(nulls) = best.logical_nulls() {
            chosen = &chosen | &!nulls.inner();
        }
        best = arrow_select::zip::zip(&BooleanArray::new(chosen, None), &candidate, &best)?;
    }
    Ok(Value::Array(best))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn chooses() {
        check(
            "greatest",
            &[integer(1), null(LogicalType::Integer), integer(3)],
            integer(3),
        );
        check("least", &[text("b"), text("a")], text("a"));
        check("greatest", &[double(f64::NAN), double(1.0)], double(f64::NAN));
        check(
            "least",
            &[null(LogicalType::Integer), null(LogicalType::Integer)],
            null(LogicalType::Integer),
        );
        check(
            "greatest",
            &[null(LogicalType::Date), null(LogicalType::Date)],
            null(LogicalType::Date),
        );
    }
}
