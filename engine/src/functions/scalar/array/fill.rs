//! `array_fill(element, sizes)`

use super::element::Assembly;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Parameter;
use stoa_sql::types::TypeKind;

/// The most elements an array is filled with.
const ELEMENTS_MAX: usize = 134_217_727;

pub(super) static ARRAY_FILL: ScalarFunction = ScalarFunction {
    info: || {
        const SIZES: Parameter = Parameter::ArrayOf(TypeKind::Integer);
        let signatures = const {
            &[
                signature(&[ANY_ELEMENT, SIZES], returns::array_of_first),
                signature(&[ANY_ELEMENT, SIZES, SIZES], returns::array_of_first),
            ]
        };
        called_on_null(immutable("array_fill", signatures))
    },
    documentation: documentation(
        "array",
        "An array of so many copies of one element.",
        "array_fill(7, ARRAY[3])",
        "{7,7,7}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let element = call.argument(0)?;
    let sizes = call.argument(1)?.lists()?;
    let null_bound = || Error::user(SqlState("22004"), "dimension array or low bound array cannot be null");
    let mut assembly = Assembly::new(vec![&**element.array()], call.row_count);
    for row in 0..call.row_count {
        if sizes.is_null(row) {
            return Err(null_bound());
        }
        if let Some(bounds) = call.arguments.get(2) {
            let bounds = bounds.lists()?;
            if bounds.is_null(row) {
                return Err(null_bound());
            }
            let bounds = bounds.value(row);
            if bounds.as_primitive::<Int32Type>().iter().any(|bound| bound != Some(1)) {
                let message = "arrays whose subscripts do not begin with 1 are not supported";
                return Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
        }
        let sizes = sizes.value(row);
        let sizes = sizes.as_primitive::<Int32Type>();
        if sizes.null_count() > 0 {
            return Err(Error::user(SqlState("22004"), "dimension values cannot be null"));
        }
        let count = match sizes.values().as_ref() {
            [] => 0,
            [size] => usize::try_from(*size)
                .ok()
                .filter(|size| *size <= ELEMENTS_MAX)
                .ok_or_else(|| {
                    let message = format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})");
                    Error::user(SqlState::PROGRAM_LIMIT_EXCEEDED, message)
                })?,
            _ => {
                let message = "array_fill with several dimensions is not supported";
                return Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
        };
        let place = if element.is_constant() { 0 } else { row };
        (0..count).for_each(|_| assembly.push(0, place));
        assembly.finish_row();
    }
    assembly.finish(call)
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn arrays() {
        check("array_fill", &[integer(7), numbers(&[3])], numbers(&[7, 7, 7]));
        check("array_fill", &[integer(7), numbers(&[])], numbers(&[]));
        check(
            "array_fill",
            &[null(LogicalType::Integer), numbers(&[1])],
            integers(&[None]),
        );
        let message = "array size exceeds the maximum allowed (134217727)";
        check_error("array_fill", &[integer(7), numbers(&[-1])], "54000", message);
        let message = "dimension array or low bound array cannot be null";
        check_error("array_fill", &[integer(7), no_array()], "22004", message);
    }
}
