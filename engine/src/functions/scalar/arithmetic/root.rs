//! `|/ a` and `||/ a`: square and cube root; also what `sqrt` and `cbrt` do.

use super::numeric::DIVISION_SCALE_MIN;
use crate::error::{Error, Result, SqlState};
use crate::functions::cast::decimal::{power_of_ten, scale_of};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType};
use arrow_array::types::{Decimal64Type, Decimal128Type, Float64Type};
use arrow_buffer::i256;
use stoa_sql::catalog::Signature;
use stoa_sql::types::{NUMERIC_PRECISION_MAX, TypeKind as Kind};

pub(super) static SQUARE_ROOT: ScalarFunction = ScalarFunction {
    info: || immutable("|/", const { &[signature(&[DOUBLE], returns::double)] }),
    documentation: documentation("arithmetic", "The square root.", "|/ 25.0", "5"),
    execute: square_root,
};

pub(super) static CUBE_ROOT: ScalarFunction = ScalarFunction {
    info: || immutable("||/", CUBE_ROOT_SIGNATURES),
    documentation: documentation("arithmetic", "The cube root.", "||/ 64.0", "4"),
    execute: cube_root,
};

/// Those of `sqrt`.
pub(in crate::functions::scalar) const SQUARE_ROOT_SIGNATURES: &[Signature] = &[
    signature(&[DOUBLE], returns::double),
    signature(&[NUMERIC], square_root_type),
];

/// Also those of `cbrt`.
pub(in crate::functions::scalar) const CUBE_ROOT_SIGNATURES: &[Signature] = &[signature(&[DOUBLE], returns::double)];

fn square_root_type(types: &[LogicalType]) -> LogicalType {
    LogicalType::Numeric {
        precision: NUMERIC_PRECISION_MAX,
        scale: types.first().map_or(0, scale_of).clamp(DIVISION_SCALE_MIN, 18),
    }
}

fn negative() -> Error {
    Error::user(SqlState("2201F"), "cannot take square root of a negative number")
}

/// Also that of `sqrt`.
pub(in crate::functions::scalar) fn square_root(call: &Call<'_>) -> Result<Value> {
    if call.argument_type(0)?.kind() != Kind::Numeric {
        return call.unary::<Float64Type, Float64Type>(|value| (value.sqrt(), value < 0.0), |_| negative());
    }
    let scale = scale_of(call.argument_type(0)?);
    let answer_scale = scale_of(call.return_type);
    let root = |value: i128| match value < 0 {
        true => Err(negative()),
        false => Ok(numeric_root(value, scale, answer_scale)),
    };
    let narrow = matches!(call.argument_type(0)?, LogicalType::Numeric { precision, .. } if *precision <= DECIMAL64_PRECISION_MAX);
    if narrow {
        let values = call.primitives::<Decimal64Type>(0)?;
        return call.map_rows::<Decimal128Type>(|row| root(values.value(row).into()));
    }
    let values = call.primitives::<Decimal128Type>(0)?;
    call.map_rows::<Decimal128Type>(|row| root(values.value(row)))
}

/// The root of `value / 10^scale` with `answer_scale` digits behind the point, rounded.
fn numeric_root(value: i128, scale: u8, answer_scale: u8) -> i128 {
    // The root of value * 10^(2 answer_scale - scale), an integer; the exponent is not negative and at most 36.
    let exponent = (2 * answer_scale).saturating_sub(scale);
    let squared = i256::from_i128(value).wrapping_mul(i256::from_i128(power_of_ten(exponent)));
    let mut root = i256::from_i128((value as f64 * 10f64.powi(exponent.into())).sqrt() as i128);
    // Newton's steps from a start that is right to fifteen digits.
    for _ in 0..8 {
        if root == i256::ZERO {
            break;
        }
        let next = root
            .wrapping_add(squared.wrapping_div(root))
            .wrapping_div(i256::from_i128(2));
        if next == root {
            break;
        }
        root = next;
    }
    while root.wrapping_mul(root) > squared {
        root = root.wrapping_sub(i256::ONE);
    }
    while root.wrapping_add(i256::ONE).wrapping_mul(root.wrapping_add(i256::ONE)) <= squared {
        root = root.wrapping_add(i256::ONE);
    }
    // (root + 1/2)^2 = root^2 + root + 1/4: rounds up where the rest is above root.
    if squared.wrapping_sub(root.wrapping_mul(root)) > root {
        root = root.wrapping_add(i256::ONE);
    }
    root.to_i128().unwrap_or(i128::MAX)
}

/// Also that of `cbrt`.
pub(in crate::functions::scalar) fn cube_root(call: &Call<'_>) -> Result<Value> {
    call.unary::<Float64Type, Float64Type>(|value| (value.cbrt(), false), |_| negative())
}
