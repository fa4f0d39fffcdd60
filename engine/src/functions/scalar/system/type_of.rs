//! `pg_typeof(value)`

use crate::catalog::type_oid::type_oid;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, array_of};

pub(super) static PG_TYPEOF: ScalarFunction = ScalarFunction {
    info: || called_on_null(stable("pg_typeof", const { &[signature(&[ANY], returns::regtype)] })),
    documentation: documentation("catalog", "The type of a value.", "pg_typeof(1.5)", "numeric"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let oid = Literal::Integer(type_oid(call.argument_type(0)?).into());
    Ok(Value::Constant(array_of(&oid, call.return_type)?))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn types() {
        for (value, oid) in [
            (integer(1), 23),
            (text("a"), 25),
            (text_array(&[]), 1009),
            (null(LogicalType::Jsonb), 3802),
        ] {
            check("pg_typeof", &[value], (Literal::Integer(oid), LogicalType::Regtype));
        }
    }
}
