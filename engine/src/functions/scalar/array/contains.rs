//! `@>`, `<@`, `&&`: whether arrays, or jsonb values, contain one another; whether arrays share an element.

use super::element::{Comparison, leaf_values, leaves};
use crate::error::Result;
use crate::functions::scalar::json;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

const SIGNATURES: &[Signature] = &[
    signature(&[JSONB, JSONB], returns::boolean),
    signature(&[ANY_ARRAY, ANY_ARRAY], returns::boolean),
];

pub(super) static CONTAINS: ScalarFunction = ScalarFunction {
    info: || immutable("@>", SIGNATURES),
    documentation: documentation(
        "array",
        "Whether the left array or jsonb value contains the right one.",
        "ARRAY[1, 2, 3] @> ARRAY[3, 1]",
        "t",
    ),
    execute: |call| contains(call, false),
};
pub(super) static CONTAINED: ScalarFunction = ScalarFunction {
    info: || immutable("<@", SIGNATURES),
    documentation: documentation(
        "array",
        "Whether the left array or jsonb value is contained in the right one.",
        "ARRAY[3, 1] <@ ARRAY[1, 2, 3]",
        "t",
    ),
    execute: |call| contains(call, true),
};
pub(super) static OVERLAPS: ScalarFunction = ScalarFunction {
    info: || immutable("&&", const { &[signature(&[ANY_ARRAY, ANY_ARRAY], returns::boolean)] }),
    documentation: documentation(
        "array",
        "Whether two arrays have an element in common.",
        "ARRAY[1, 2] && ARRAY[2, 3]",
        "t",
    ),
    execute: overlaps,
};

fn contains(call: &Call<'_>, swapped: bool) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Jsonb {
        return json::contains(call, swapped);
    }
    let (whole, part) = if swapped { (1, 0) } else { (0, 1) };
    // A NULL is contained in nothing.
    compare(call, part, whole, |mut elements| {
        Iterator::all(&mut elements, |found| found)
    })
}

fn overlaps(call: &Call<'_>) -> Result<Value> {
    compare(call, 0, 1, |mut elements| Iterator::any(&mut elements, |found| found))
}

/// Decides by whether each element of one array is in the other; a NULL is not.
fn compare(
    call: &Call<'_>,
    each: usize,
    within: usize,
    decide: fn(&mut dyn Iterator<Item = bool>) -> bool,
) -> Result<Value> {
    let (each, within) = (call.argument(each)?.lists()?, call.argument(within)?.lists()?);
    let (elements, others) = (leaf_values(each.array()), leaf_values(within.array()));
    let comparison = Comparison::new(elements, others)?;
    call.map_booleans(|row| {
        let range = leaves(each.array(), each.index(row)).1;
        let places = leaves(within.array(), within.index(row)).1;
        let mut found = range.map(|at| {
            elements.is_valid(at)
                && places
                    .clone()
                    .any(|other| others.is_valid(other) && comparison.is_same(at, other))
        });
        Ok(decide(&mut found))
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::json::testing::jsonb;
    use crate::functions::scalar::testing::*;

    #[test]
    fn arrays() {
        let cases = [
            (numbers(&[1, 2, 3]), numbers(&[2, 2]), true, true),
            (numbers(&[1, 2]), integers(&[None]), false, false),
            (integers(&[Some(1), None]), numbers(&[1]), true, true),
            (numbers(&[1]), numbers(&[]), true, false),
            (numbers(&[1]), numbers(&[2]), false, false),
            (nested(&[&[1, 2], &[3, 4]]), nested(&[&[4]]), true, true),
        ];
        for (whole, part, contains, overlaps) in cases {
            check("@>", &[whole.clone(), part.clone()], boolean(contains));
            check("<@", &[part.clone(), whole.clone()], boolean(contains));
            check("&&", &[whole, part], boolean(overlaps));
        }
    }

    #[test]
    fn json_values() {
        for (whole, part, expected) in [
            (r#"{"a": 1, "b": [1, 2, {"c": 3}]}"#, r#"{"b": [{"c": 3}]}"#, true),
            ("[1, 2]", "1", true),
            ("1", "[1]", false),
            ("[1, [2]]", "[2]", false),
            (r#"{"a": 1.0}"#, r#"{"a": 1}"#, true),
            ("[1]", "[1, 1]", true),
            ("[[1, 2]]", "[[1]]", true),
            (r#"{"a": [1]}"#, r#"{"a": 1}"#, false),
            (r#"{"a": "x"}"#, r#"{"a": "y"}"#, false),
            ("{}", "[]", false),
        ] {
            check("@>", &[jsonb(whole), jsonb(part)], boolean(expected));
            check("<@", &[jsonb(part), jsonb(whole)], boolean(expected));
        }
    }
}
