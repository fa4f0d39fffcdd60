//! `pg_table_is_visible(oid)` and kin: whether an object is found by its name alone.

use super::fact::{oid_keys, truths};
use crate::functions::ScalarFunction;
use crate::functions::scalar::signature::*;
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &[signature(&[OID], returns::boolean)];
const SUMMARY: &str = "Whether an object is found by its name without a schema; NULL where there is no such object.";

/// Operators and the like are the catalog's own, which come first on every path.
macro_rules! functions {
    ($($item:ident = $name:literal $answer:expr;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, SIGNATURES),
            documentation: documentation("catalog", SUMMARY, concat!($name, "(16384)"), "t"),
            execute: |call| {
                let oid = oid_keys(call)?;
                let answer: fn(&crate::functions::Call<'_>, &str) -> Option<bool> = $answer;
                truths(call, |row| Ok(answer(call, &oid(row))))
            },
        };)*
    };
}

functions! {
    PG_TABLE_IS_VISIBLE = "pg_table_is_visible" |call, oid| call.fact("relation_visible", oid).map(|visible| visible == "true");
    PG_TYPE_IS_VISIBLE = "pg_type_is_visible" |call, oid| call.fact("type_name", oid).map(|_| true);
    PG_FUNCTION_IS_VISIBLE = "pg_function_is_visible" |call, oid| call.fact("function_name", oid).map(|_| true);
    PG_OPERATOR_IS_VISIBLE = "pg_operator_is_visible" |_, _| Some(true);
    PG_OPCLASS_IS_VISIBLE = "pg_opclass_is_visible" |_, _| Some(true);
    PG_OPFAMILY_IS_VISIBLE = "pg_opfamily_is_visible" |_, _| Some(true);
    PG_COLLATION_IS_VISIBLE = "pg_collation_is_visible" |_, _| Some(true);
    PG_CONVERSION_IS_VISIBLE = "pg_conversion_is_visible" |_, _| Some(true);
    PG_STATISTICS_OBJ_IS_VISIBLE = "pg_statistics_obj_is_visible" |_, _| Some(true);
    PG_RELATION_IS_PUBLISHABLE = "pg_relation_is_publishable" |call, oid| call.fact("relation_name", oid).map(|_| false);
    PG_TS_CONFIG_IS_VISIBLE = "pg_ts_config_is_visible" |_, _| Some(true);
    PG_TS_DICT_IS_VISIBLE = "pg_ts_dict_is_visible" |_, _| Some(true);
    PG_TS_PARSER_IS_VISIBLE = "pg_ts_parser_is_visible" |_, _| Some(true);
    PG_TS_TEMPLATE_IS_VISIBLE = "pg_ts_template_is_visible" |_, _| Some(true);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn visible() {
        for (function, number, expected) in [
            ("pg_table_is_visible", 16384, Some(true)),
            ("pg_table_is_visible", 16385, Some(false)),
            ("pg_table_is_visible", 1, None),
            ("pg_type_is_visible", 23, Some(true)),
            ("pg_type_is_visible", 1, None),
            ("pg_function_is_visible", 1299, Some(true)),
        ] {
            let expected = expected.map_or(null(LogicalType::Boolean), boolean);
            knows(function, &[oid(number)], expected);
        }
    }
}
