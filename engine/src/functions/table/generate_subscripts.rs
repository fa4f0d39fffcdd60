//! `generate_subscripts(array, dimension [, reverse])`

use super::rows::{Nothing, argument, has_null, ready};
use super::table;
use crate::error::Result;
use crate::functions::scalar::array::dimensions;
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::Int32Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use std::sync::Arc;
use stoa_sql::catalog::Volatility;

pub(super) static GENERATE_SUBSCRIPTS: TableFunction = TableFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[ANY_ARRAY, INTEGER], returns::integer),
                signature(&[ANY_ARRAY, INTEGER, BOOLEAN], returns::integer),
            ]
        };
        table("generate_subscripts", Volatility::Immutable, signatures)
    },
    documentation: documentation(
        "table",
        "The subscripts of an array's dimension, backwards if asked.",
        "generate_subscripts(ARRAY['a', 'b'], 1)",
        "1, 2",
    ),
    open,
};

fn open(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let sizes = dimensions(argument(call, 0)?.as_list(), 0);
    let wanted = argument(call, 1)?.as_primitive::<Int32Type>().value(0);
    let place = usize::try_from(wanted).ok().and_then(|wanted| wanted.checked_sub(1));
    let size = place.and_then(|place| sizes.get(place)).copied().unwrap_or(0);
    let last = i32::try_from(size).unwrap_or(i32::MAX);
    let backwards = match call.arguments.get(2) {
        Some(reverse) => reverse.as_boolean().value(0),
        None => false,
    };
    let subscripts = match backwards {
        true => Int32Array::from_iter_values((1..=last).rev()),
        false => Int32Array::from_iter_values(1..=last),
    };
    Ok(ready(vec![Arc::new(subscripts)]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn subscripts() {
        let expect = |values: &[i32]| -> Vec<_> { values.iter().map(|value| vec![integer(*value)]).collect() };
        let array = numbers(&[5, 6, 7]);
        assert_eq!(
            rows("generate_subscripts", &[array.clone(), integer(1)]),
            expect(&[1, 2, 3])
        );
        assert_eq!(
            rows("generate_subscripts", &[array.clone(), integer(1), boolean(true)]),
            expect(&[3, 2, 1])
        );
        assert_eq!(rows("generate_subscripts", &[array, integer(2)]), expect(&[]));
        assert_eq!(
            rows("generate_subscripts", &[nested(&[&[1, 2]]), integer(2)]),
            expect(&[1, 2])
        );
    }
}
