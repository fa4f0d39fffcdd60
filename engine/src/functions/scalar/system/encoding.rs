//! Encodings: `pg_encoding_to_char`, `pg_char_to_encoding`, `getdatabaseencoding`, `pg_client_encoding`. There is one, UTF-8; the others
//! have names.

use super::fact::texts;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::{Literal, array_of};
use arrow_array::types::Int32Type;

const CATEGORY: &str = "catalog";

/// Names by number, as far as they are still met.
const ENCODINGS: [(i32, &str); 6] = [
    (0, "SQL_ASCII"),
    (1, "EUC_JP"),
    (2, "EUC_CN"),
    (6, "UTF8"),
    (8, "LATIN1"),
    (16, "LATIN9"),
];

pub(super) static PG_ENCODING_TO_CHAR: ScalarFunction = ScalarFunction {
    info: || immutable("pg_encoding_to_char", const { &[signature(&[INTEGER], returns::name)] }),
    documentation: documentation(
        CATEGORY,
        "The name of an encoding's number.",
        "pg_encoding_to_char(6)",
        "UTF8",
    ),
    execute: |call| {
        let numbers = call.primitives::<Int32Type>(0)?;
        texts(call, |row| {
            let known = ENCODINGS.iter().find(|(number, _)| *number == numbers.value(row));
            Some(known.map_or("", |(_, name)| name).to_owned())
        })
    },
};
pub(super) static PG_CHAR_TO_ENCODING: ScalarFunction = ScalarFunction {
    info: || immutable("pg_char_to_encoding", const { &[signature(&[NAME], returns::integer)] }),
    documentation: documentation(
        CATEGORY,
        "The number of an encoding's name, -1 if it is none.",
        "pg_char_to_encoding('UTF8')",
        "6",
    ),
    execute: |call| {
        let names = call.texts(0)?;
        call.map_rows::<Int32Type>(|row| {
            let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
            let name = plain(names.value(row));
            let known = ENCODINGS
                .iter()
                .find(|(_, known)| plain(known) == name || *known == "UTF8" && name == "unicode");
            Ok(known.map_or(-1, |(number, _)| *number))
        })
    },
};
pub(super) static GETDATABASEENCODING: ScalarFunction = ScalarFunction {
    info: || stable("getdatabaseencoding", const { &[signature(&[], returns::name)] }),
    documentation: documentation(
        CATEGORY,
        "The encoding of the database.",
        "getdatabaseencoding()",
        "UTF8",
    ),
    execute: |call| encoding(call, "server_encoding"),
};
pub(super) static PG_CLIENT_ENCODING: ScalarFunction = ScalarFunction {
    info: || stable("pg_client_encoding", const { &[signature(&[], returns::name)] }),
    documentation: documentation(CATEGORY, "The encoding of the client.", "pg_client_encoding()", "UTF8"),
    execute: |call| encoding(call, "client_encoding"),
};

fn encoding(call: &Call<'_>, setting: &str) -> Result<Value> {
    let name = call.fact("setting", setting).map_or(Literal::Null, Literal::Text);
    Ok(Value::Constant(array_of(&name, call.return_type)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn names_and_numbers() {
        knows("pg_encoding_to_char", &[integer(6)], name("UTF8"));
        knows("pg_encoding_to_char", &[integer(999)], name(""));
        for (encoding, number) in [("utf8", 6), ("UTF-8", 6), ("SQL_ASCII", 0), ("x", -1)] {
            knows("pg_char_to_encoding", &[name(encoding)], integer(number));
        }
    }
}
