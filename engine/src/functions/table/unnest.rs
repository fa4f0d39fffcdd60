//! `unnest(array, ..)`: the elements of an array as rows; of several arrays side by side, the shorter ones filled with NULL.

use super::rows::{Nothing, argument, ready};
use super::table;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::array::leaves;
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, new_null_array};
use stoa_sql::catalog::Volatility;
use stoa_sql::types::LogicalType;

pub(super) static UNNEST: TableFunction = TableFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[ANY_ARRAY], first_element),
                variadic(&[ANY, ANY], first_element),
            ]
        };
        let mut info = called_on_null(table("unnest", Volatility::Immutable, signatures));
        info.table_columns = Some(columns);
        info
    },
    documentation: documentation(
        "table",
        "The elements of an array as rows, or of several arrays side by side.",
        "unnest(ARRAY['a', 'b'])",
        "a, b",
    ),
    open,
};

/// The innermost element's type: an array of arrays is unnested to the bottom.
fn element_type(data_type: &LogicalType) -> LogicalType {
    match data_type {
        LogicalType::Array(element) => element_type(element),
        other => other.clone(),
    }
}

fn first_element(types: &[LogicalType]) -> LogicalType {
    types.first().map_or(LogicalType::Text, element_type)
}

fn columns(types: &[LogicalType]) -> Vec<(String, LogicalType)> {
    types
        .iter()
        .map(|data_type| (String::new(), element_type(data_type)))
        .collect()
}

fn open(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(call.arguments.len());
    for (at, data_type) in call.argument_types.iter().enumerate() {
        let array = argument(call, at)?;
        let Some(list) = array.as_list_opt::<i32>() else {
            return Err(Error::user(
                SqlState::UNDEFINED_FUNCTION,
                format!("function unnest({data_type}) does not exist"),
            ));
        };
        let (values, range) = leaves(list, 0);
        let count = if list.is_null(0) { 0 } else { range.len() };
        columns.push(values.slice(range.start, count));
    }
    let count = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    if count == 0 {
        return Ok(Box::new(Nothing));
    }
    for column in columns.iter_mut().filter(|column| column.len() < count) {
        let missing = new_null_array(column.data_type(), count - column.len());
        *column = arrow_select::concat::concat(&[&**column, &*missing])?;
    }
    Ok(ready(columns))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn one_array() {
        let expect = |values: &[i32]| -> Vec<_> { values.iter().map(|value| vec![integer(*value)]).collect() };
        assert_eq!(rows("unnest", &[numbers(&[1, 2, 3])]), expect(&[1, 2, 3]));
        assert_eq!(rows("unnest", &[nested(&[&[1, 2], &[3, 4]])]), expect(&[1, 2, 3, 4]));
        assert!(rows("unnest", &[numbers(&[])]).is_empty());
        assert!(rows("unnest", &[no_array()]).is_empty());
    }

    #[test]
    fn several_arrays() {
        let arguments = [numbers(&[1]), text_array(&[Some("a"), None]), no_array()];
        let nothing = || null(LogicalType::Integer);
        let expected = [
            vec![integer(1), text("a"), nothing()],
            vec![nothing(), null(LogicalType::Text), nothing()],
        ];
        assert_eq!(rows("unnest", &arguments), expected);
    }
}
