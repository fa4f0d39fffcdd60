//! `row(a, b, ..)`, which `(a, b)` means

use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::array_type;
use arrow_array::{ArrayRef, StructArray};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static ROW: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("row", const { &[variadic(&[ANY], record)] })),
    documentation: documentation(
        "record",
        "A row of its arguments. What (1, 'a') calls.",
        "row(1, 'a')",
        "(1,a)",
    ),
    execute,
};

/// Fields are called f1, f2 ..; the binder may name them otherwise.
fn record(types: &[LogicalType]) -> LogicalType {
    let fields = (1..)
        .zip(types)
        .map(|(place, data_type)| (format!("f{place}"), data_type.clone()));
    LogicalType::Record(fields.collect())
}

fn execute(call: &Call<'_>) -> Result<Value> {
    let DataType::Struct(fields) = array_type(call.return_type) else {
        return Err(Error::Internal("row() answers something else than a record".into()));
    };
    let is_constant = call.arguments.iter().all(Value::is_constant);
    let row_count = if is_constant { 1 } else { call.row_count };
    let columns = call.arguments.iter().map(|argument| argument.expand(row_count));
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    let row: ArrayRef = Arc::new(StructArray::try_new_with_length(fields, columns, None, row_count)?);
    Ok(match is_constant {
        true => Value::Constant(row),
        false => Value::Array(row),
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn rows() {
        let data_type = LogicalType::Record(vec![
            ("f1".to_owned(), LogicalType::Integer),
            ("f2".to_owned(), LogicalType::Text),
        ]);
        let row = Literal::Record(vec![Literal::Integer(1), Literal::Null]);
        check("row", &[integer(1), null(LogicalType::Text)], (row, data_type));
    }
}
