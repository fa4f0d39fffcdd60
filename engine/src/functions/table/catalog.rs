//! `pg_options_to_table(text[])` and `pg_partition_tree(regclass)`: what clients ask of foreign objects and of partitioned ones. Stoa
//! has none of either: a table is a tree of its own.

use super::rows::{Nothing, argument, has_null, ready};
use super::table_of;
use crate::error::Result;
use crate::functions::scalar::array::leaves;
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, StringViewArray};
use std::sync::Arc;
use stoa_sql::catalog::{FunctionInfo, Volatility};
use stoa_sql::types::LogicalType;

const CATEGORY: &str = "catalog";

pub(super) static PG_OPTIONS_TO_TABLE: TableFunction = TableFunction {
    info: || {
        let signatures = const { &[signature(&[TEXT_ARRAY], returns::text)] };
        table_of("pg_options_to_table", signatures, |_| {
            let column = |name: &str| (name.to_owned(), LogicalType::Text);
            vec![column("option_name"), column("option_value")]
        })
    },
    documentation: documentation(
        CATEGORY,
        "Options written as name=value, a row each.",
        "pg_options_to_table(ARRAY['host=a', 'port=1'])",
        "(host,a), (port,1)",
    ),
    open: options,
};

pub(super) static PG_PARTITION_TREE: TableFunction = TableFunction {
    info: || {
        let signatures = const { &[signature(&[REGCLASS], returns::text)] };
        let info = table_of("pg_partition_tree", signatures, |_| {
            let column = |name: &str, data_type| (name.to_owned(), data_type);
            vec![
                column("relid", LogicalType::Regclass),
                column("parentrelid", LogicalType::Regclass),
                column("isleaf", LogicalType::Boolean),
                column("level", LogicalType::Integer),
            ]
        });
        FunctionInfo {
            volatility: Volatility::Stable,
            ..info
        }
    },
    documentation: documentation(
        CATEGORY,
        "The partitions of a table and itself; tables are no trees here, so that it is itself.",
        "pg_partition_tree('events')",
        "(events,,t,0)",
    ),
    open: tree,
};

fn options(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let (values, range) = leaves(argument(call, 0)?.as_list(), 0);
    let values = values.slice(range.start, range.len());
    let values = values.as_string_view();
    let options = || {
        (0..values.len())
            .filter(|row| values.is_valid(*row))
            .map(|row| values.value(row))
    };
    let names = options().map(|option| option.split_once('=').map_or(option, |(name, _)| name));
    let texts = options().map(|option| option.split_once('=').map(|(_, text)| text));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from_iter_values(names)),
        Arc::new(StringViewArray::from_iter(texts)),
    ];
    Ok(ready(columns))
}

fn tree(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    let oid = argument(call, 0)?.as_primitive::<Int64Type>().value(0);
    if call.statement.session.fact("relation_rows", &oid.to_string()).is_none() {
        return Ok(Box::new(Nothing));
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![oid])),
        Arc::new(Int64Array::from(vec![None::<i64>])),
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(Int32Array::from(vec![0])),
    ];
    Ok(ready(columns))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn options_are_rows() {
        let options = text_array(&[Some("host=a=b"), None, Some("fast")]);
        let expected = [
            vec![text("host"), text("a=b")],
            vec![text("fast"), null(LogicalType::Text)],
        ];
        assert_eq!(rows("pg_options_to_table", &[options]), expected);
    }
}
