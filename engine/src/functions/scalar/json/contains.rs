//! Whether one jsonb value contains another, `@>`: structure and all, whatever the order of elements.

use super::document::{Kind, elements, member, members, same_number, unescaped};
use super::{deeper, too_deep};
use crate::error::Result;
use crate::functions::{Call, Value};

/// `whole @> part`, or with `swapped` `part <@ whole`.
pub(crate) fn contains(call: &Call<'_>, swapped: bool) -> Result<Value> {
    let (whole, part) = match swapped {
        false => (call.texts(0)?, call.texts(1)?),
        true => (call.texts(1)?, call.texts(0)?),
    };
    call.map_booleans(|row| {
        let (whole, part) = (whole.value(row), part.value(row));
        // An array at the top contains a scalar that is its element.
        if Kind::of(whole) == Kind::Array && Kind::of(part).is_scalar() {
            return Ok(elements(whole).any(|element| same_scalar(element, part)));
        }
        value_contains(whole, part, 0)
    })
}

fn value_contains(whole: &str, part: &str, depth: usize) -> Result<bool> {
    let kind = Kind::of(whole);
    if kind != Kind::of(part) {
        return Ok(false);
    }
    if deeper(depth) {
        return Err(too_deep());
    }
    match kind {
        Kind::Object => {
            for (key, wanted) in members(part) {
                let Some(here) = member(whole, &unescaped(key), true) else {
                    return Ok(false);
                };
                if !value_contains(here, wanted, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Kind::Array => {
            for wanted in elements(part) {
                let mut found = false;
                for here in elements(whole) {
                    if value_contains(here, wanted, depth + 1)? {
                        found = true;
                        break;
                    }
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(same_scalar(whole, part)),
    }
}

/// Whether two values are the same scalar.
pub(crate) fn same_scalar(left: &str, right: &str) -> bool {
    let kind = Kind::of(left);
    kind.is_scalar()
        && kind == Kind::of(right)
        && match kind {
            Kind::Number => same_number(left, right),
            _ => left == right,
        }
}
