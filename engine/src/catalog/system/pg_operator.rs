//! `pg_operator` and `pg_cast`: operators and casts that Stoa shares with Postgres, by Postgres's numbers (`operators.tsv`, `casts.tsv`).
//! The functions behind them have no numbers here.

use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemTable, columns_of, flag, number, text};
use crate::catalog::names::function_oid;
use crate::catalog::state::PG_CATALOG;
use crate::types::Literal;

const OPERATOR_COLUMNS: &str = "oid oid, oprname name, oprnamespace oid, oprowner oid, oprkind \"char\", oprcanmerge boolean, \
     oprcanhash boolean, oprleft oid, oprright oid, oprresult oid, oprcom oid, oprnegate oid, oprcode regproc, \
     oprrest regproc, oprjoin regproc";
const CAST_COLUMNS: &str =
    "oid oid, castsource oid, casttarget oid, castfunc oid, castcontext \"char\", castmethod \"char\"";

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_operator",
        oid: 2617,
        columns: || columns_of(OPERATOR_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(OPERATOR_COLUMNS));
            operators().for_each(|fields| rows.push(operator(&fields)));
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_cast",
        oid: 2605,
        columns: || columns_of(CAST_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(CAST_COLUMNS));
            for line in include_str!("casts.tsv").lines() {
                if let [oid, source, target, function, context, method] = fields(line)[..] {
                    rows.push([
                        whole(oid),
                        whole(source),
                        whole(target),
                        number(function_oid(function).unwrap_or(0)),
                        text(context),
                        text(method),
                    ]);
                }
            }
            rows.finish()
        },
    },
];

fn fields(line: &'static str) -> Vec<&'static str> {
    line.split('\t').collect()
}

fn whole(field: &str) -> Literal {
    number(field.parse::<i64>().unwrap_or(0))
}

/// Number, name, kind, whether it merges and hashes, types of its operands and its answer, commutator, negator, what it does.
fn operators() -> impl Iterator<Item = [&'static str; 11]> {
    let lines = include_str!("operators.tsv").lines();
    lines.filter_map(|line| fields(line).try_into().ok())
}

/// Numbers of operators and what they do.
pub(super) fn descriptions() -> impl Iterator<Item = (i64, &'static str)> {
    operators().filter_map(|fields| Some((fields[0].parse().ok()?, fields[10])))
}

fn operator(fields: &[&'static str; 11]) -> [Literal; 15] {
    let [
        oid,
        name,
        kind,
        merges,
        hashes,
        left,
        right,
        result,
        commutator,
        negator,
        _,
    ] = *fields;
    [
        whole(oid),
        text(name),
        number(11),
        number(OWNER_OID),
        text(kind),
        flag(merges == "t"),
        flag(hashes == "t"),
        whole(left),
        whole(right),
        whole(result),
        whole(commutator),
        whole(negator),
        number(0),
        number(0),
        number(0),
    ]
}
