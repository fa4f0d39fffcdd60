//! `pg_get_keywords()`: the words of the language; clients quote names by it.

use super::rows::ready;
use super::table_of;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use arrow_array::{ArrayRef, BooleanArray, StringViewArray};
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static PG_GET_KEYWORDS: TableFunction = TableFunction {
    info: || table_of("pg_get_keywords", const { &[signature(&[], returns::text)] }, columns),
    documentation: documentation(
        "catalog",
        "The key words of SQL, with what they may name all the same.",
        "pg_get_keywords()",
        "(abort,U,t,unreserved,\"can be bare label\"), ..",
    ),
    open,
};

/// Words; a `-` behind one that needs AS before it as a label.
const UNRESERVED_BUT_NO_FUNCTION: &str = "\
    between bigint bit boolean char- character- coalesce dec decimal exists extract float greatest grouping \
    inout int integer interval least national nchar none normalize nullif numeric out overlay position \
    precision- real row setof smallint substring time timestamp treat trim values varchar xmlattributes \
    xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";
const RESERVED: &str = "\
    all analyse analyze and any array- as- asc asymmetric both case cast check collate column constraint create- \
    current_catalog current_date current_role current_time current_timestamp current_user default deferrable \
    desc distinct do else end except- false fetch- for- foreign from- grant- group- having- in initially \
    intersect- into- lateral leading limit- localtime localtimestamp not null offset- on- only or order- placing \
    primary references returning- select session_user some symmetric table then to- trailing true union- unique \
    user using variadic when where- window- with-";
const RESERVED_BUT_FUNCTION: &str = "\
    authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull- join \
    left like natural notnull- outer overlaps- right similar tablesample verbose";
const UNRESERVED: &str = "\
    abort absolute access action add admin after aggregate also alter always asensitive assertion assignment at \
    atomic attach attribute backward before begin breadth by cache call called cascade cascaded catalog chain \
    characteristics checkpoint class close cluster columns comment comments commit committed compression \
    configuration conflict connection constraints content continue conversion copy cost csv cube current cursor \
    cycle data database day- deallocate declare defaults deferred definer delete delimiter delimiters depends \
    depth detach dictionary disable discard document domain double drop each enable encoding encrypted enum \
    escape event exclude excluding exclusive execute explain expression extension external family filter- \
    finalize first following force forward function functions generated global granted groups handler header \
    hold hour- identity if immediate immutable implicit import include including increment index indexes inherit \
    inherits inline input insensitive insert instead invoker isolation key label language large last leakproof \
    level listen load local location lock locked logged mapping match matched materialized maxvalue merge method \
    minute- minvalue mode month- move name names new next nfc nfd nfkc nfkd no normalized nothing notify nowait \
    nulls object of off oids old operator option options ordinality others over- overriding owned owner parallel \
    parameter parser partial partition passing password plans policy preceding prepare prepared preserve prior \
    privileges procedural procedure procedures program publication quote range read reassign recheck recursive \
    ref referencing refresh reindex relative release rename repeatable replace replica reset restart restrict \
    return returns revoke role rollback rollup routine routines rows rule savepoint schema schemas scroll search \
    second- security sequence sequences serializable server session set sets share show simple skip snapshot sql \
    stable standalone start statement statistics stdin stdout storage stored strict strip subscription support \
    sysid system tables tablespace temp template temporary text ties transaction transform trigger truncate \
    trusted type types uescape unbounded uncommitted unencrypted unknown unlisten unlogged until update vacuum \
    valid validate validator value varying- version view views volatile whitespace within- without- work wrapper \
    write xml year- yes zone";

/// Code, description and words of each category.
const CATEGORIES: [(&str, &str, &str); 4] = [
    ("U", "unreserved", UNRESERVED),
    (
        "C",
        "unreserved (cannot be function or type name)",
        UNRESERVED_BUT_NO_FUNCTION,
    ),
    ("T", "reserved (can be function or type name)", RESERVED_BUT_FUNCTION),
    ("R", "reserved", RESERVED),
];

fn columns(_: &[LogicalType]) -> Vec<(String, LogicalType)> {
    let column = |name: &str, data_type| (name.to_owned(), data_type);
    vec![
        column("word", LogicalType::Text),
        column("catcode", LogicalType::SingleChar),
        column("barelabel", LogicalType::Boolean),
        column("catdesc", LogicalType::Text),
        column("baredesc", LogicalType::Text),
    ]
}

fn open(_call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    let mut words: Vec<(&'static str, bool, &'static str, &'static str)> = CATEGORIES
        .iter()
        .flat_map(|(code, description, words)| {
            words.split_ascii_whitespace().map(|word| match word.strip_suffix('-') {
                Some(word) => (word, false, *code, *description),
                None => (word, true, *code, *description),
            })
        })
        .collect();
    words.sort_unstable();
    let texts = |text: fn(&(&'static str, bool, &'static str, &'static str)) -> &'static str| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(words.iter().map(text)))
    };
    let bare: Vec<bool> = words.iter().map(|(_, bare, _, _)| *bare).collect();
    Ok(ready(vec![
        texts(|(word, ..)| word),
        texts(|(_, _, code, _)| code),
        Arc::new(BooleanArray::from(bare)),
        texts(|(_, _, _, description)| description),
        texts(|(_, bare, ..)| if *bare { "can be bare label" } else { "requires AS" }),
    ]))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn words() {
        let rows = rows("pg_get_keywords", &[]);
        assert_eq!(rows.len(), 460);
        let select = rows.iter().find(|row| row[0] == text("select")).unwrap();
        let code = (Literal::Text("R".into()), LogicalType::SingleChar);
        assert_eq!(select[1..4], [code, boolean(true), text("reserved")]);
        assert!(
            rows.iter()
                .any(|row| row[0] == text("as") && row[4] == text("requires AS"))
        );
    }
}
