//! Whole suites compile: every pass verifies its plan, and nothing is left that the executor does not run.

use super::{compile_with, plan};
use crate::plan::{Plan, Statement, verify_executable};
use crate::{CompileOptions, pass_names};
use proptest::prelude::*;

fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

/// Compiles with every pass, with each left out, and with none that can be left out.
fn compiles_in_every_way(text: &str) {
    let mut ways: Vec<Vec<String>> = vec![Vec::new(), vec!["all".to_owned()]];
    ways.extend(pass_names().into_iter().map(|name| vec![name.to_owned()]));
    for disabled_passes in ways {
        let options = CompileOptions {
            disabled_passes,
            ..CompileOptions::default()
        };
        let compiled = compile_with(text, &options).unwrap_or_else(|error| panic!("{options:?} {text}: {error:?}"));
        let Statement::Query(query) = compiled.statement else {
            panic!("not a query: {text}");
        };
        verify_executable(&query.plan).unwrap_or_else(|problem| panic!("{text}: {problem}"));
    }
}

#[test]
fn tpch_compiles() {
    let queries: Vec<&str> = statements(include_str!("tpch.sql")).collect();
    assert_eq!(queries.len(), 22);
    queries.into_iter().for_each(compiles_in_every_way);
}

#[test]
fn clickbench_compiles() {
    let queries: Vec<&str> = statements(include_str!("clickbench.sql")).collect();
    assert_eq!(queries.len(), 43);
    queries.into_iter().for_each(compiles_in_every_way);
}

fn has_cross_join(plan: &Plan) -> bool {
    matches!(plan, Plan::Join(join) if join.keys.is_empty() && join.residual.is_empty())
        || plan.inputs().into_iter().any(has_cross_join)
}

#[test]
fn tpch_joins_have_keys() {
    // 11 and 22 compare with a scalar subquery's only row, 15 too: those are cross joins with one row.
    for (number, query) in (1..).zip(statements(include_str!("tpch.sql"))) {
        if !matches!(number, 11 | 15 | 22) {
            assert!(!has_cross_join(&plan(query)), "query {number}:\n{}", plan(query));
        }
    }
}

#[test]
fn subqueries_of_every_kind_are_unnested() {
    let queries = [
        "select a from t where b in (select b from u)",
        "select a from t where b not in (select b from u)",
        "select a from t where b not in (select b from u where u.a = t.a)",
        "select a, b in (select b from u where u.a = t.a) from t",
        "select a, b > all (select b from u) from t",
        "select a from t where b > any (select b from u where u.a < t.a)",
        "select a from t where (a, b) in (select a, b from u)",
        "select a from t where (a, b) not in (select a, b from u where u.e = t.c)",
        "select a, (select max(b) from u where u.a = t.a) from t",
        "select a, (select count(*) from u where u.a > t.a) from t",
        "select a, (select e from u where u.a = t.a limit 1) from t",
        "select a, (select e from u where u.a < t.a order by b desc limit 1) from t",
        "select a, array(select e from u where u.a = t.a order by b) from t",
        "select a, exists (select 1 from u where u.a = t.a and u.b > t.b) as e from t",
        "select t.a, q.m from t, lateral (select max(b) as m from u where u.a = t.a) q",
        "select t.a, q.e from t left join lateral (select e from u where u.a = t.a order by b limit 2) q on true",
        "select t.a, q.k from t cross join lateral (select t.a + u.a as k from u where u.b = t.b union all select t.b) q",
        "select t.a, y from t, unnest(t.r) as y",
        "select t.a, y, o from t left join lateral unnest(t.r) with ordinality as q(y, o) on true",
        "select a, unnest(r) from t",
        "select a from t where exists (select 1 from u where u.a = t.a and exists (select 1 from w where w.id = u.b and w.k = t.b))",
        "select a from t where b = (select max(b) from u where u.a = t.a and u.b in (select k from w where w.id = t.a))",
        "select a from t where b = (select sum(k) from w where id > (select min(b) from u where u.a = t.a))",
        "select sum((select max(b) from u where u.a = t.a)) from t group by a order by (select count(*) from w where w.id = t.a)",
        "select a from t left join u using (a) where exists (select 1 from w where w.id = u.b)",
        "select t.a from t left join u on t.a = u.a and u.b in (select k from w)",
        "select t.a from t join u on t.a = u.a and u.b in (select k from w where w.id = t.b)",
        "values ((select max(a) from t)), (1)",
        "select a, (with recursive r(i) as (select t.b union all select i + 1 from r where i < t.a) select max(i) from r) from t",
        "select a, (select sum(x) from (select row_number() over (order by b) as x from u where u.a = t.a) s) from t",
        "select a, (select string_agg(e, ',' order by b) from u where u.a = t.a) from t",
        "select a, (select max(b) from u where u.a = t.a group by e limit 1) from t",
        "with q as (select a, b from t) select * from q where a in (select b from q)",
        "select case when exists (select 1 from u where u.a = t.a) then 1 else (select max(k) from w) end from t",
        "select a from t where not exists (select 1 from u full join w on u.a = w.id where w.id = t.a)",
        "select a from t where a = (select distinct b from u where u.a = t.a)",
        "select a from t where b is distinct from (select max(b) from u where u.a = t.a)",
        "select a from totals where total > (select avg(b) from t where t.a = totals.a)",
    ];
    queries.into_iter().for_each(compiles_in_every_way);
}

#[test]
fn real_clients_catalog_queries_parse() {
    let texts = [
        "SELECT c.oid, n.nspname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname OPERATOR(pg_catalog.~) '^(tt)$' COLLATE pg_catalog.default ORDER BY 2, 3",
        "SELECT 'd' = any(stxkind), x::pg_catalog.regclass::pg_catalog.text, prattrs[s] FROM pg_catalog.pg_statistic_ext",
        "SELECT (pg_catalog.current_schemas(true))[1], array(select 1 order by 1), (f(x)).n FROM t",
    ];
    for text in texts {
        crate::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "select",
        "from",
        "where",
        "t",
        "u",
        "a",
        "b",
        "c",
        "r",
        "1",
        "2.5",
        "'x'",
        "null",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "=",
        "<",
        "and",
        "or",
        "not",
        "in",
        "exists",
        "group",
        "by",
        "order",
        "limit",
        "union",
        "all",
        "sum",
        "count",
        "case",
        "when",
        "then",
        "else",
        "end",
        "is",
        "like",
        "as",
        "join",
        "on",
        "left",
        "using",
        "with",
        "over",
        "partition",
        "values",
        "distinct",
        "having",
        "::",
        "int4",
        "date",
        "interval",
        "[",
        "]",
        "any",
        "array",
        "$1",
        "insert",
        "into",
        "update",
        "set",
        "delete",
        "copy",
        "stdin",
        ";",
        ".",
        "lateral",
        "natural",
        "row_number",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn token_soup_never_panics(words in prop::collection::vec(word(), 1..40)) {
        let text = words.join(" ");
        if let Ok(parsed) = crate::parse(&text) {
            for one in parsed {
                let result = crate::compile(&one, &super::TestCatalog::new(), &CompileOptions::default());
                let is_broken = matches!(&result, Err(error) if error.state == crate::error::SqlState::INTERNAL_ERROR);
                prop_assert!(!is_broken, "{text}: {result:?}");
            }
        }
    }

    #[test]
    fn expressions_never_break_a_plan(words in prop::collection::vec(word(), 1..12), more in prop::collection::vec(word(), 0..8)) {
        let text = format!("select {} from t where {}", words.join(" "), more.join(" "));
        if let Ok(parsed) = crate::parse(&text) {
            for one in parsed {
                let result = crate::compile(&one, &super::TestCatalog::new(), &CompileOptions::default());
                let is_broken = matches!(&result, Err(error) if error.state == crate::error::SqlState::INTERNAL_ERROR);
                prop_assert!(!is_broken, "{text}: {result:?}");
            }
        }
    }

    #[test]
    fn any_text_parses_or_fails(text in "\\PC{0,60}") {
        let _ = crate::parse(&text);
    }
}
