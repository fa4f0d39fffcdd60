//! `format_type(oid, modifier)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Int32Type, Int64Type};

pub(super) static FORMAT_TYPE: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(stable(
            "format_type",
            const { &[signature(&[OID, INTEGER], returns::text)] },
        ))
    },
    documentation: documentation(
        "catalog",
        "A type's name as SQL writes it, with its modifier's parameters.",
        "format_type(1700, 786438)",
        "numeric(12,2)",
    ),
    execute,
};

/// What modifiers are shifted by.
const MODIFIER_OFFSET: i32 = 4;

fn execute(call: &Call<'_>) -> Result<Value> {
    let (oids, modifiers) = (call.primitives::<Int64Type>(0)?, call.primitives::<Int32Type>(1)?);
    call.map_every_text(|row, out| {
        if oids.is_null(row) {
            return Ok(false);
        }
        let modifier = (!modifiers.is_null(row)).then(|| modifiers.value(row));
        match oids.value(row) {
            0 => out.push('-'),
            oid => match call.fact("type_name", &oid.to_string()) {
                Some(name) => write_type(&name, modifier, out),
                None => out.push_str("???"),
            },
        }
        Ok(true)
    })
}

fn write_type(name: &str, modifier: Option<i32>, out: &mut String) {
    let (element, brackets) = match name.strip_suffix("[]") {
        Some(element) => (element, "[]"),
        None => (name, ""),
    };
    let modifier_given = modifier;
    let modifier = modifier.filter(|modifier| *modifier >= 0);
    let length = modifier.map(|modifier| modifier.wrapping_sub(MODIFIER_OFFSET));
    match (element, length, modifier) {
        ("character varying" | "character" | "bit varying", Some(length), _) => {
            out.push_str(&format!("{element}({length})"));
        }
        // Without a modifier it is any length, with -1 the type's own name.
        ("character", None, _) if modifier_given.is_some() => out.push_str("bpchar"),
        ("numeric", Some(parameters), _) => {
            out.push_str(&format!(
                "numeric({},{})",
                parameters >> 16 & 0xFFFF,
                parameters & 0xFFFF
            ));
        }
        (_, _, Some(digits)) if element.starts_with("timestamp") || element.starts_with("time ") => {
            let (first, rest) = element.split_once(' ').unwrap_or((element, ""));
            out.push_str(&format!("{first}({digits}) {rest}"));
        }
        _ => out.push_str(element),
    }
    out.push_str(brackets);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn names() {
        for (number, modifier, expected) in [
            (23, None, "integer"),
            (1043, Some(14), "character varying(10)"),
            (1015, Some(14), "character varying(10)[]"),
            (1042, Some(14), "character(10)"),
            (1042, None, "character"),
            (1042, Some(-1), "bpchar"),
            (1043, Some(-1), "character varying"),
            (1700, Some(786_442), "numeric(12,6)"),
            (1114, Some(3), "timestamp(3) without time zone"),
            (1184, Some(0), "timestamp(0) with time zone"),
            (999_999, None, "???"),
            (0, None, "-"),
        ] {
            let modifier = modifier.map_or(null(LogicalType::Integer), integer);
            knows("format_type", &[oid(number), modifier], text(expected));
        }
        knows(
            "format_type",
            &[null(LogicalType::Oid), integer(1)],
            null(LogicalType::Text),
        );
    }
}
