//! Table functions called in tests.

use crate::error::Result;
use crate::functions::scalar::testing::{Typed, statement};
use crate::functions::{TableCall, registry};
use crate::types::{LogicalType, array_of, array_type, literal_at};
use arrow_array::{Array, ArrayRef};

/// The rows of a call, asked for two at a time; the arguments must be of an overload's types.
pub(super) fn try_rows(name: &str, arguments: &[Typed]) -> Result<Vec<Vec<Typed>>> {
    let function = registry::table_function(name).unwrap();
    let info = (function.info)();
    let types: Vec<LogicalType> = arguments.iter().map(|(_, data_type)| data_type.clone()).collect();
    let signature = crate::functions::scalar::testing::overload(&info, &types);
    let columns = match info.table_columns {
        Some(columns) => columns(&types).into_iter().map(|(_, data_type)| data_type).collect(),
        None => vec![(signature.returns)(&types)],
    };
    let values: Vec<ArrayRef> = arguments
        .iter()
        .map(|(literal, data_type)| array_of(literal, data_type).unwrap())
        .collect();
    let statement = statement();
    let mut opened = (function.open)(&TableCall {
        arguments: &values,
        argument_types: &types,
        return_type: &(signature.returns)(&types),
        statement: &statement,
    })?;
    let mut rows = Vec::new();
    while let Some(batch) = opened.next(2)? {
        assert_eq!(batch.len(), columns.len(), "{name}: columns");
        let count = batch[0].len();
        assert!((1..=2).contains(&count), "{name}: {count} rows at once");
        for (array, data_type) in batch.iter().zip(&columns) {
            assert_eq!(array.data_type(), &array_type(data_type), "{name}: array type");
            assert_eq!(array.len(), count, "{name}: column's length");
        }
        for row in 0..count {
            let cells = batch.iter().zip(&columns);
            let cell = |(array, data_type): (&ArrayRef, &LogicalType)| {
                (literal_at(&**array, row, data_type).unwrap(), data_type.clone())
            };
            rows.push(cells.map(cell).collect());
        }
    }
    Ok(rows)
}

/// As [`try_rows`], of a call that works.
pub(super) fn rows(name: &str, arguments: &[Typed]) -> Vec<Vec<Typed>> {
    try_rows(name, arguments).unwrap()
}
