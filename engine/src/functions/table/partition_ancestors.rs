//! `pg_partition_ancestors(regclass)`: the tables that a table is a partition of; there are none.

use super::rows::Nothing;
use super::table_of;
use crate::functions::TableFunction;
use crate::functions::scalar::signature::*;
use stoa_sql::types::LogicalType;

pub(super) static PG_PARTITION_ANCESTORS: TableFunction = TableFunction {
    info: || {
        table_of(
            "pg_partition_ancestors",
            const { &[signature(&[REGCLASS], returns::regclass)] },
            columns,
        )
    },
    documentation: documentation(
        "catalog",
        "The tables that a table is a partition of; partitions are no tables here.",
        "pg_partition_ancestors('events')",
        "",
    ),
    open: |_| Ok(Box::new(Nothing)),
};

fn columns(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    vec![("relid".to_owned(), LogicalType::Regclass)]
}
