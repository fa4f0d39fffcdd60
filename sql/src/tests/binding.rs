//! Types, names and errors of bound statements.

use super::{columns, compile_text, compile_with, error, plan};
use crate::CompileOptions;
use crate::plan::Statement;
use crate::types::LogicalType;

#[test]
fn literals_have_postgres_types() {
    assert_eq!(
        columns("select 1, 3000000000, 1.50, 'x', null, true, -2147483648, 1e3"),
        "?column? integer, ?column? bigint, ?column? numeric(3,2), ?column? text, ?column? text, ?column? boolean, \
         ?column? integer, ?column? numeric(4,0)"
    );
}

#[test]
fn names_and_types_of_outputs() {
    assert_eq!(
        columns("select a, b as k, a + b, c || 'x', count(*) over () from t"),
        "a integer, k integer, ?column? integer, ?column? text, count bigint"
    );
    assert_eq!(columns("select t.* from t limit 1").split(", ").count(), 12);
    assert_eq!(
        columns("select d + interval '1 day', n * 1.5, a / 2.0 from t"),
        "?column? timestamp without time zone, ?column? numeric(38,3), ?column? numeric"
    );
    assert_eq!(
        columns("select case when a = 1 then 1 else 2.5 end, coalesce(b, 1) from t"),
        "case numeric(11,1), coalesce integer"
    );
    assert_eq!(
        columns("select cast(c as int), c::varchar(3), a::text from t"),
        "c integer, c character varying(3), a text"
    );
    assert_eq!(
        columns("select extract(year from d), date_trunc('day', ts), d at time zone 'UTC' from t"),
        "extract numeric(10,0), date_trunc timestamp without time zone, timezone timestamp without time zone"
    );
    assert_eq!(
        columns("values (1, 'a'), (2.5, null)"),
        "column1 numeric(11,1), column2 text"
    );
    assert_eq!(columns("select 1 union select 2.5"), "?column? numeric(11,1)");
    assert_eq!(columns("table w"), "id integer, k integer");
}

#[test]
fn names_are_resolved_as_postgres_does() {
    assert_eq!(error("select z from t"), "42703 8 column \"z\" does not exist");
    assert_eq!(
        error("select a from t, u"),
        "42702 8 column reference \"a\" is ambiguous"
    );
    assert_eq!(error("select a from nope"), "42P01 15 relation \"nope\" does not exist");
    assert_eq!(
        error("select q.a from t"),
        "42P01 8 missing FROM-clause entry for table \"q\""
    );
    assert_eq!(
        error("select 1 from t, t"),
        "42712 18 table name \"t\" specified more than once"
    );
    assert_eq!(error("select t.z from t"), "42703 8 column t.z does not exist");
    columns("select a from t join u using (a)");
    columns("select public.t.a from public.t");
    columns("select x.A from t as x");
}

#[test]
fn types_are_checked() {
    assert_eq!(
        error("select a = c from t"),
        "42883 8 operator does not exist: integer = text"
    );
    assert_eq!(
        error("select 'x' = a from t"),
        "22P02 8 invalid input syntax for type integer: \"x\""
    );
    assert_eq!(
        error("select a from t where a"),
        "42804 23 argument of WHERE must be type boolean, not type integer"
    );
    assert_eq!(error("select nope(1)"), "42883 8 function nope(integer) does not exist");
    assert_eq!(
        error("select lower(1, 2)"),
        "42883 8 function lower(integer, integer) does not exist"
    );
    assert_eq!(
        error("select 1 union select 1, 2"),
        "42601 - each UNION query must have the same number of columns"
    );
}

#[test]
fn grouping_is_checked() {
    assert_eq!(
        error("select a, b from t group by a"),
        "42803 - column \"t.b\" must appear in the GROUP BY clause or be used in an aggregate function"
    );
    assert_eq!(
        error("select a from t where sum(b) > 1"),
        "42803 23 aggregate functions are not allowed in WHERE"
    );
    assert_eq!(
        error("select sum(sum(b)) from t"),
        "42803 12 aggregate function calls cannot be nested"
    );
    assert_eq!(
        error("select a from t group by 2"),
        "42P10 26 GROUP BY position 2 is not in select list"
    );
    assert_eq!(
        columns("select a + 1 as k, sum(b) from t group by a + 1 order by sum(b)"),
        "k integer, sum bigint"
    );
    columns("select a + 1 as k, sum(b) from t group by 1 having count(*) > 1 order by 2 desc");
    columns("select a as k, sum(b) from t group by k");
    columns("select a, b, grouping(a, b), sum(x) from t group by rollup (a, b)");
    columns("select d::date, count(*) from t group by d::date");
}

#[test]
fn parameters_are_inferred_from_their_place() {
    let types = |text: &str| compile_text(text).unwrap().parameter_types;
    assert_eq!(
        types("select a from t where a = $1 and c = $2"),
        [LogicalType::Integer, LogicalType::Text]
    );
    assert_eq!(types("select $1"), [LogicalType::Text]);
    assert_eq!(
        types("select $1::date, $2 + 1"),
        [LogicalType::Date, LogicalType::Integer]
    );
    assert_eq!(
        types("insert into u (a, e) values ($1, $2)"),
        [LogicalType::Integer, LogicalType::Text]
    );
    assert_eq!(types("select a from t limit $1"), [LogicalType::BigInt]);
    let given = CompileOptions {
        parameter_types: vec![Some(LogicalType::BigInt)],
        ..CompileOptions::default()
    };
    assert_eq!(
        compile_with("select $1 + 1", &given).unwrap().parameter_types,
        [LogicalType::BigInt]
    );
}

#[test]
fn insert_fills_in_defaults_and_casts() {
    let Statement::Insert(insert) = compile_text("insert into u (b, a) values (2.6, '1'), (null, 3)")
        .unwrap()
        .statement
    else {
        panic!("not an insert");
    };
    let types: Vec<LogicalType> = insert
        .source
        .output()
        .into_iter()
        .map(|column| column.data_type)
        .collect();
    assert_eq!(types, [LogicalType::Integer, LogicalType::Integer, LogicalType::Text]);
    assert!(insert.source.to_string().contains("'none' AS e"), "{}", insert.source);
    compile_text("insert into u select a, b, c from t returning a + 1 as k, *").unwrap();
    compile_text("insert into u default values").unwrap();
    compile_text("insert into u values (1, default, default)").unwrap();
    assert_eq!(
        error("insert into u (a) values (true)"),
        "42804 27 column \"a\" is of type integer but expression is of type boolean"
    );
    assert_eq!(
        error("insert into u values (1, 2, 'a', 4)"),
        "42601 34 INSERT has more expressions than target columns"
    );
    assert_eq!(
        error("insert into u (z) values (1)"),
        "42703 16 column \"z\" of relation \"u\" does not exist"
    );
}

#[test]
fn update_and_delete_scan_row_identities() {
    let Statement::Update(update) =
        compile_text("update t set b = t.b + 1, (c, d) = ('x', default) from u where t.a = u.a returning t.b")
            .unwrap()
            .statement
    else {
        panic!("not an update");
    };
    assert_eq!(update.source.output().len(), 13);
    let Statement::Delete(delete) = compile_text("delete from t using u where t.a = u.a returning *")
        .unwrap()
        .statement
    else {
        panic!("not a delete");
    };
    assert_eq!(delete.source.output()[0].name, "row_id");
    assert_eq!(
        error("update t set a = 1, a = 2"),
        "42601 21 multiple assignments to same column \"a\""
    );
    assert_eq!(
        error("delete from totals"),
        "42809 13 \"totals\" is a view, not a table"
    );
}

#[test]
fn tables_are_defined() {
    let Statement::CreateTable(table) = compile_text(
        "create table if not exists e (id bigint primary key, at timestamptz not null default now(), n numeric(12,2)) \
         with (order_by = 'id', retention = '400 days')",
    )
    .unwrap()
    .statement
    else {
        panic!("not a table");
    };
    assert_eq!(
        table.constraints[0].kind,
        crate::plan::ConstraintKind::PrimaryKey(vec![0])
    );
    assert_eq!(table.columns[1].default.as_deref(), Some("now()"));
    assert_eq!(table.options[1], ("retention".to_owned(), "400 days".to_owned()));
    assert!(error("create table e (id int references f (id))").starts_with("0A000"));
    assert!(error("create table e (id int, id int)").starts_with("42701 25"));
    assert!(error("create table e (id nope)").starts_with("42704"));
    compile_text("create table e as select a, sum(b) as s from t group by a").unwrap();
    compile_text("create view e as select a, sum(b) as s from t group by a").unwrap();
    assert!(error("alter table t drop column z").starts_with("42703 27"));
    compile_text("alter table t add column z int default 1, drop column b").unwrap();
    compile_text("drop table if exists t, u cascade").unwrap();
    compile_text("truncate t, u").unwrap();
}

#[test]
fn views_and_ctes_are_put_in_place() {
    assert_eq!(columns("select * from totals"), "a integer, total bigint");
    assert_eq!(
        columns("with x as (select a from t) select * from x, x as y"),
        "a integer, a integer"
    );
    assert_eq!(
        columns("with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select * from n"),
        "i integer"
    );
    columns("with x (k) as materialized (select a from t) select k from x where k in (select k from x)");
}

#[test]
fn windows_are_bound() {
    columns("select a, sum(b) over w, rank() over (w order by b) from t window w as (partition by a)");
    columns("select lag(b) over (order by d rows between 1 preceding and 2 following) from t");
    columns("select sum(b) over (order by d range between interval '7 days' preceding and current row) from t");
    columns("select a, sum(sum(b)) over (order by a) from t group by a");
    assert_eq!(
        error("select a from t where rank() over () = 1"),
        "42P20 23 window functions are not allowed in WHERE"
    );
    assert_eq!(
        error("select rank() from t"),
        "42809 8 window function rank requires an OVER clause"
    );
}

#[test]
fn plans_print_as_trees() {
    let text = plan("select a from t where b > 1").to_string();
    assert!(text.contains("Scan on t"), "{text}");
}
