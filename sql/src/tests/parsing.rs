//! Splitting, limits, and the statements read by ourselves.

use super::{compile_text, error};
use crate::plan::{
    CopyFormat, DiscardTarget, FetchCursor, FetchDirection, SetScope, Statement, TransactionModes, TransactionStatement,
};
use crate::{StatementKind, parse};

#[test]
fn text_is_split_at_semicolons_with_offsets() {
    let parsed = parse(" select 1 ;; select ';' ; -- nothing\n").unwrap();
    let pieces: Vec<(&str, usize)> = parsed.iter().map(|one| (one.text.as_str(), one.offset)).collect();
    assert_eq!(pieces, [("select 1", 1), ("select ';'", 13)]);
}

#[test]
fn syntax_errors_have_a_place() {
    assert_eq!(error("select from where"), "42601 13 syntax error at or near \"where\"");
    assert_eq!(error("selec 1"), "42601 1 syntax error at or near \"selec\"");
    assert_eq!(error("select (1"), "42601 10 syntax error at end of input");
    assert_eq!(error("select 'a"), "42601 8 unterminated quoted string");
}

#[test]
fn places_in_later_statements_count_from_the_whole_text() {
    let error = parse("select 1; select from where").unwrap_err();
    assert_eq!(error.span.unwrap().start, 22);
}

#[test]
fn limits_refuse_before_the_parser_overflows() {
    let deep = format!("select {}1{}", "(".repeat(90_000), ")".repeat(90_000));
    assert!(error(&deep).starts_with("54001"));
    let case = format!("select {}1{}", "case when true then ".repeat(1000), " end".repeat(1000));
    assert!(error(&case).starts_with("54001"));
    let sum = format!("select 1{}", " + 1".repeat(5000));
    assert!(error(&sum).starts_with("54001"));
    let nots = format!("select {} true", "not ".repeat(5000));
    assert!(error(&nots).starts_with("54001"));
    let casts = format!("select 1{}", "::int4".repeat(5000));
    assert!(error(&casts).starts_with("54001"));
    let long = format!("select '{}'", "x".repeat(2 << 20));
    assert!(error(&long).starts_with("54000"));
}

#[test]
fn long_boolean_chains_compile() {
    let chain = format!("select 1 from t where {} a = 0", "a = 1 or ".repeat(9000));
    compile_text(&chain).unwrap();
    let wide = format!("select 1 from t where a in ({}0)", "1, ".repeat(20_000));
    compile_text(&wide).unwrap();
    let deep = format!("select {}1{}", "(".repeat(100), ")".repeat(100));
    compile_text(&deep).unwrap();
    let sum = format!("select 1{}", " + 1".repeat(300));
    compile_text(&sum).unwrap();
}

fn statement(text: &str) -> Statement {
    compile_text(text)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
        .statement
}

#[test]
fn session_statements() {
    let set = |name: &str, value: Option<&str>, scope| Statement::Set {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        scope,
    };
    let session = SetScope::Session;
    assert_eq!(statement("SET a.b TO 'x', Y"), set("a.b", Some("x, y"), session));
    assert_eq!(
        statement("set local work_mem = -1"),
        set("work_mem", Some("-1"), SetScope::Local)
    );
    assert_eq!(statement("SET x = DEFAULT"), set("x", None, session));
    assert_eq!(statement("SET TIME ZONE 'UTC'"), set("timezone", Some("UTC"), session));
    assert_eq!(
        statement("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"),
        Statement::SetTransaction {
            modes: TransactionModes {
                isolation: Some("read uncommitted"),
                ..TransactionModes::default()
            },
            scope: session,
        }
    );
    assert_eq!(
        statement("SHOW TRANSACTION ISOLATION LEVEL"),
        Statement::Show {
            name: Some("transaction_isolation".to_owned())
        }
    );
    assert_eq!(statement("DISCARD ALL"), Statement::Discard(DiscardTarget::All));
    assert_eq!(statement("discard temp"), Statement::Discard(DiscardTarget::Temporary));
    assert_eq!(
        statement("move backward 3 in c"),
        Statement::Fetch(FetchCursor {
            name: "c".to_owned(),
            direction: FetchDirection::Backward(Some(3)),
            is_move: true,
        })
    );
    assert_eq!(statement("close all"), Statement::Close { name: None });
    assert_eq!(statement("checkpoint"), Statement::Checkpoint);
    assert_eq!(
        statement("begin isolation level serializable, read only, not deferrable"),
        Statement::Transaction(TransactionStatement::Begin {
            modes: TransactionModes {
                read_only: Some(true),
                isolation: Some("serializable"),
                deferrable: Some(false),
            },
            is_start: false,
        })
    );
    assert_eq!(
        statement("rollback to savepoint s"),
        Statement::Transaction(TransactionStatement::RollbackTo("s".to_owned()))
    );
}

#[test]
fn kinds_are_known_before_binding() {
    let kind = |text: &str| parse(text).unwrap()[0].kind();
    assert_eq!(kind("select nothing"), StatementKind::Query);
    assert_eq!(kind("insert into nothing values (1)"), StatementKind::Change);
    assert_eq!(kind("rollback"), StatementKind::End);
    assert_eq!(kind("begin"), StatementKind::Begin);
    assert_eq!(kind("set a = 1"), StatementKind::Session);
    assert_eq!(kind("create table z (a int)"), StatementKind::Definition);
}

#[test]
fn copy_options_have_postgres_defaults() {
    let options = |text: &str| match statement(text) {
        Statement::Copy(copy) => copy.options,
        other => panic!("{other:?}"),
    };
    let text = options("copy t from stdin");
    assert_eq!(
        (text.format, text.delimiter, text.null.as_str()),
        (CopyFormat::Text, b'\t', "\\N")
    );
    let csv = options("copy t from stdin with (format csv, header, delimiter '|')");
    assert_eq!((csv.format, csv.delimiter, csv.header), (CopyFormat::Csv, b'|', true));
    assert_eq!(csv.null, "");
    let old = options("copy t (a, b) to stdout delimiter as ';' csv header force quote b");
    assert_eq!(
        (old.format, old.delimiter, old.force_quote),
        (CopyFormat::Csv, b';', Some(vec![1]))
    );
    assert_eq!(options("copy binary t to stdout").format, CopyFormat::Binary);
    assert_eq!(options("copy t from '/x/*.parquet'").format, CopyFormat::Parquet);
    let matching = options("copy t from stdin (format csv, header match)");
    assert_eq!((matching.header, matching.header_matches), (true, true));
    assert!(error("copy t to stdout (header match)").starts_with("0A000"));
    assert!(error("copy t from stdin (format json, header match)").starts_with("42601"));
    assert!(error("copy t from stdin (format csv, quote 'ab')").starts_with("0A000"));
    assert!(error("copy t from program 'x'").starts_with("0A000"));
}
