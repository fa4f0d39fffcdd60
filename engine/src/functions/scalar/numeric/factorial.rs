//! `factorial(bigint)`

use crate::error::{Error, Result, SqlState};
use crate::functions::cast::decimal::beyond_numeric;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Int64Type;
use stoa_sql::types::NUMERIC_PRECISION_MAX;

pub(super) static FACTORIAL: ScalarFunction = ScalarFunction {
    info: || immutable("factorial", const { &[signature(&[BIGINT], whole)] }),
    documentation: documentation("numeric", "The factorial, up to that of 33.", "factorial(5)", "120"),
    execute,
};

fn whole(_types: &[LogicalType]) -> LogicalType {
    LogicalType::Numeric {
        precision: NUMERIC_PRECISION_MAX,
        scale: 0,
    }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    let values = call.primitives::<Int64Type>(0)?;
    call.map_numerics(|row| {
        let value = values.value(row);
        if value < 0 {
            let message = "factorial of a negative number is undefined";
            return Err(Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message));
        }
        let product = (2..=i128::from(value)).try_fold(1i128, |product, factor| product.checked_mul(factor));
        product.ok_or_else(beyond_numeric)
    })
}
