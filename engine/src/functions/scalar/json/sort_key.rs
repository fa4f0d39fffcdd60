//! `jsonb_sort_key(jsonb)`: bytes that compare as the values do, and are the same for equal ones. Sorts and groups use it.

use crate::error::Result;
use crate::functions::kernel::compare::jsonb_key;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::BinaryViewBuilder;
use std::sync::Arc;

pub(super) static JSONB_SORT_KEY: ScalarFunction = ScalarFunction {
    info: || immutable("jsonb_sort_key", const { &[signature(&[JSONB], returns::bytea)] }),
    documentation: documentation(
        "json",
        "Bytes that compare as jsonb values do, the same for equal ones.",
        "jsonb_sort_key('true')",
        "\\x0401",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    let nulls = call.nulls();
    let mut builder = BinaryViewBuilder::with_capacity(call.row_count);
    let mut key = Vec::new();
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        key.clear();
        jsonb_key(texts.value(row), &mut key);
        builder.append_value(&key);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn bytes_of_values() {
        let bytes = |bytes: &[u8]| (Literal::Bytes(bytes.to_vec()), LogicalType::Bytea);
        check("jsonb_sort_key", &[jsonb("true")], bytes(&[4, 1]));
        check("jsonb_sort_key", &[jsonb("[]")], bytes(&[0]));
        check("jsonb_sort_key", &[null(LogicalType::Jsonb)], null(LogicalType::Bytea));
    }
}
