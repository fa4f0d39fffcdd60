//! Names to numbers and back: `to_regclass`, `to_regtype`, `to_regnamespace`, `to_regproc`, `pg_get_userbyid`.

use super::fact::{number, numbers, oid_keys, texts};
use crate::functions::ScalarFunction;
use crate::functions::scalar::signature::*;

const CATEGORY: &str = "catalog";

macro_rules! to_number {
    ($($item:ident = $name:literal $returns:expr, $kind:literal $summary:literal $example:literal;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || stable($name, const { &[signature(&[TEXT], $returns)] }),
            documentation: documentation(CATEGORY, $summary, concat!($name, "('", $example, "')"), $example),
            execute: |call| {
                let names = call.texts(0)?;
                numbers(call, |row| Ok(number(call.fact($kind, names.value(row)))))
            },
        };)*
    };
}

to_number! {
    TO_REGCLASS = "to_regclass" returns::regclass, "relation_oid" "The relation of a name, NULL where there is none." "events";
    TO_REGNAMESPACE = "to_regnamespace" returns::regnamespace, "namespace_oid" "The schema of a name, NULL where there is none." "public";
    TO_REGPROC = "to_regproc" returns_regproc, "function_oid" "The function of a name, NULL where there is none." "now";
    TO_REGTYPE = "to_regtype" returns::regtype, "type_oid" "The type of a name, NULL where there is none." "integer";
}

fn returns_regproc(_: &[stoa_sql::types::LogicalType]) -> stoa_sql::types::LogicalType {
    stoa_sql::types::LogicalType::Regproc
}

pub(super) static PG_GET_USERBYID: ScalarFunction = ScalarFunction {
    info: || stable("pg_get_userbyid", const { &[signature(&[OID], returns::name)] }),
    documentation: documentation(CATEGORY, "The name of a user's number.", "pg_get_userbyid(10)", "stoa"),
    execute: |call| {
        let oid = oid_keys(call)?;
        texts(call, |row| {
            let name = call.fact("user_name", &oid(row));
            Some(name.unwrap_or_else(|| format!("unknown (OID={})", oid(row))))
        })
    },
};

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn names() {
        for (function, known, number, data_type) in [
            ("to_regclass", "events", 16384, LogicalType::Regclass),
            ("to_regtype", "integer", 23, LogicalType::Regtype),
            ("to_regnamespace", "public", 2200, LogicalType::Regnamespace),
            ("to_regproc", "now", 1299, LogicalType::Regproc),
        ] {
            knows(function, &[text(known)], (Literal::Integer(number), data_type.clone()));
            knows(function, &[text("nope")], null(data_type));
        }
        knows("pg_get_userbyid", &[oid(10)], name("stoa"));
        knows("pg_get_userbyid", &[oid(12345)], name("unknown (OID=12345)"));
    }
}
