//! `div(a, b)`: the quotient of numerics without its fraction.

use crate::error::Result;
use crate::functions::cast::decimal::{beyond_numeric, power_of_ten};
use crate::functions::scalar::arithmetic::division_by_zero;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_buffer::i256;
use stoa_sql::types::NUMERIC_PRECISION_MAX;

pub(super) static DIV: ScalarFunction = ScalarFunction {
    info: || immutable("div", const { &[signature(&[NUMERIC, NUMERIC], whole_quotient)] }),
    documentation: documentation("numeric", "The quotient without its fraction.", "div(9, 4)", "2"),
    execute,
};

fn whole_quotient(types: &[LogicalType]) -> LogicalType {
    let precision = match types {
        [
            LogicalType::Numeric { precision, scale },
            LogicalType::Numeric {
                scale: divisor_scale, ..
            },
        ] => precision - scale + divisor_scale,
        _ => NUMERIC_PRECISION_MAX,
    };
    LogicalType::Numeric {
        precision: precision.clamp(1, NUMERIC_PRECISION_MAX),
        scale: 0,
    }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    let (left, right) = (call.numerics(0)?, call.numerics(1)?);
    let scale = left.scale().max(right.scale());
    let left_factor = i256::from_i128(power_of_ten(scale - left.scale()));
    let right_factor = i256::from_i128(power_of_ten(scale - right.scale()));
    call.map_numerics(|row| {
        let divisor = right.value(row);
        if divisor == 0 {
            return Err(division_by_zero());
        }
        let dividend = i256::from_i128(left.value(row)).checked_mul(left_factor);
        let divisor = i256::from_i128(divisor).checked_mul(right_factor);
        let quotient = dividend
            .zip(divisor)
            .and_then(|(dividend, divisor)| dividend.checked_div(divisor));
        quotient.and_then(i256::to_i128).ok_or_else(beyond_numeric)
    })
}
