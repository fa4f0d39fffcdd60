//! Random statements that hunt wrong answers; README.md beside this file tells what is compared with what, and how to run long.

mod aggregate;
mod answer;
mod corpus;
mod expression;
mod generator;
mod kind;
mod live;
mod modify;
mod partition_logic;
mod postgres_side;
mod query;

mod select;
mod source;
mod stoa_side;
mod subquery;
mod table;
mod templates;
mod tree;
mod universe;
mod verdict;
mod window;

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number")),
        Err(_) => default,
    }
}

/// Live against a PostgreSQL, where there is one.
#[test]
fn same_answers_as_postgres() {
    let Ok(connection) = std::env::var("STOA_DIFFERENTIAL_ORACLE") else {
        return;
    };
    let statements = number("STOA_DIFFERENTIAL_STATEMENTS", 1_000);
    let totals = live::run(&connection, number("STOA_DIFFERENTIAL_SEED", 1), statements);
    println!("{}", totals.report());
    totals.check();
}

/// What PostgreSQL answered when the corpus was recorded.
#[test]
fn same_answers_as_recorded() {
    if std::env::var_os("STOA_DIFFERENTIAL_RECORD").is_some() {
        return;
    }
    corpus::replay();
}

/// Writes the corpus anew.
#[test]
fn record_corpus() {
    let (Ok(connection), Some(_)) = (
        std::env::var("STOA_DIFFERENTIAL_ORACLE"),
        std::env::var_os("STOA_DIFFERENTIAL_RECORD"),
    ) else {
        return;
    };
    corpus::record(&connection);
}

/// Filters against sums over all rows, a query against its three parts, settings against each other.
#[test]
fn answers_agree_with_themselves() {
    let statements = number("STOA_DIFFERENTIAL_LOGIC", 200);
    let kinds = partition_logic::Kinds::named(std::env::var("STOA_DIFFERENTIAL_KIND").ok().as_deref());
    let totals = partition_logic::run(number("STOA_DIFFERENTIAL_SEED", 1), statements, kinds);
    println!("{}", totals.report());
    totals.check();
}
