//! Random statements with what PostgreSQL answered, in one compressed file: Stoa is compared where there is no PostgreSQL.
//!
//! A line each: `U` seed; `P` a statement that fills the database, whatever comes of it; `Q` how to compare, then a statement; its answer in `C` columns as
//! `name:oid` and `R` rows, or `D` rows changed, or `F` the SQLSTATE. Fields are set apart by tabs and escaped as in COPY.

use crate::answer::Answer;
use crate::generator::Comparison;
use crate::live::{Pair, case};
use crate::stoa_side::Stoa;
use crate::universe::Universe;
use crate::verdict::{Totals, Verdict, verdict};
use std::fmt::Write;
use std::path::PathBuf;

const UNIVERSES: u64 = 18;
const STATEMENTS_PER_UNIVERSE: u64 = 130;
/// Larger answers are not kept.
const ROWS_KEPT_MAX: usize = 40;
const ROW_BYTES_KEPT_MAX: usize = 2_000;
/// Seeds that long runs do not begin with.
const FIRST_SEED: u64 = 7_000_000;
const COMPRESSION_LEVEL: i32 = 19;

fn path() -> PathBuf {
    stoa_tests::workspace_root().join("tests/differential/corpus.zst")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('t') => plain.push('\t'),
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

/// Asks PostgreSQL and Stoa; statements on which they agree are kept.
pub(crate) fn record(connection: &str) {
    let mut text = String::new();
    for seed in FIRST_SEED..FIRST_SEED + UNIVERSES {
        let universe = Universe::new(seed);
        let mut totals = Totals::default();
        let filled = Pair::fill(&universe, connection, &mut totals);
        assert!(totals.differences.is_empty(), "{}", totals.report());
        let Some(mut pair) = filled else {
            continue;
        };
        writeln!(text, "U{seed}").unwrap();
        let preparations = universe.preparations().into_iter().map(|preparation| preparation.stoa);
        for sql in preparations.chain(universe.settings.clone()) {
            writeln!(text, "P{}", escaped(&sql)).unwrap();
        }
        for number in 0..STATEMENTS_PER_UNIVERSE {
            record_case(&universe, number, &mut pair, &mut text);
        }
    }
    let compressed = zstd::bulk::compress(text.as_bytes(), COMPRESSION_LEVEL).unwrap();
    println!("{} bytes of {}", compressed.len(), text.len());
    std::fs::write(path(), compressed).unwrap();
}

fn record_case(universe: &Universe, number: u64, pair: &mut Pair, text: &mut String) {
    let case = case(universe, number);
    let tree = &case.generated.tree;
    let (verdict, answer, _) = pair.judge(&case, tree);
    let bytes: usize = match &answer {
        Answer::Rows { rows, .. } => rows.iter().flatten().flatten().map(String::len).sum(),
        _ => 0,
    };
    let is_kept = matches!(verdict, Verdict::Same | Verdict::BothFail(_));
    if !is_kept || answer.row_count() > ROWS_KEPT_MAX || bytes > ROW_BYTES_KEPT_MAX {
        return;
    }
    let comparison = &case.generated.comparison;
    let Some(table) = &case.table else {
        return write_step(text, &tree.render(), comparison, &answer);
    };
    // Once more, step by step.
    let plain = Comparison::default();
    let read = format!("SELECT * FROM {table}");
    for (sql, comparison) in [
        ("BEGIN", &plain),
        (&tree.render(), comparison),
        (&read, comparison),
        ("ROLLBACK", &plain),
    ] {
        let answer = pair.postgres.ask(sql);
        write_step(text, sql, comparison, &answer);
    }
}

fn write_step(text: &mut String, sql: &str, comparison: &Comparison, answer: &Answer) {
    let rounded = if comparison.is_rounded { "r" } else { "" };
    writeln!(text, "Q{rounded}\t{}", escaped(sql)).unwrap();
    match answer {
        Answer::Failed { state, .. } => writeln!(text, "F{state}").unwrap(),
        Answer::Changed(count) => writeln!(text, "D{count}").unwrap(),
        Answer::Rows { columns, rows } => {
            let columns: Vec<String> = columns
                .iter()
                .map(|(name, of)| format!("{}:{of}", escaped(name)))
                .collect();
            writeln!(text, "C{}", columns.join("\t")).unwrap();
            for row in rows {
                let values = row.iter().map(|value| match value {
                    Some(value) => escaped(value),
                    None => "\\N".to_owned(),
                });
                writeln!(text, "R{}", values.collect::<Vec<_>>().join("\t")).unwrap();
            }
        }
    }
}

/// A statement of the corpus.
struct Step {
    sql: String,
    comparison: Comparison,
    answer: Answer,
}

/// The tables of one seed, and the statements put to them.
#[derive(Default)]
struct Chapter {
    seed: u64,
    preparations: Vec<String>,
    steps: Vec<Step>,
}

fn read(text: &str) -> Vec<Chapter> {
    let mut chapters: Vec<Chapter> = Vec::new();
    for line in text.lines() {
        let (kind, rest) = line.split_at(1);
        if kind == "U" {
            chapters.push(Chapter {
                seed: rest.parse().unwrap(),
                ..Chapter::default()
            });
            continue;
        }
        let chapter = chapters.last_mut().expect("a seed comes first");
        match kind {
            "P" => chapter.preparations.push(unescaped(rest)),
            "Q" => {
                let (comparison, sql) = rest.split_once('\t').unwrap();
                chapter.steps.push(Step {
                    sql: unescaped(sql),
                    comparison: Comparison {
                        is_rounded: comparison == "r",
                    },
                    answer: Answer::Changed(0),
                });
            }
            _ => read_answer(kind, rest, &mut chapter.steps.last_mut().unwrap().answer),
        }
    }
    chapters
}

fn read_answer(kind: &str, rest: &str, answer: &mut Answer) {
    match (kind, &mut *answer) {
        ("F", _) => {
            *answer = Answer::Failed {
                state: rest.to_owned(),
                message: String::new(),
            };
        }
        ("D", _) => *answer = Answer::Changed(rest.parse().unwrap()),
        ("C", _) => {
            let columns = rest.split('\t').map(|column| {
                let (name, of) = column.rsplit_once(':').unwrap();
                (unescaped(name), of.parse().unwrap())
            });
            *answer = Answer::Rows {
                columns: columns.collect(),
                rows: Vec::new(),
            };
        }
        ("R", Answer::Rows { rows, .. }) => {
            let values = rest.split('\t').map(|value| (value != "\\N").then(|| unescaped(value)));
            rows.push(values.collect());
        }
        _ => panic!("the corpus has a line {kind}{rest}"),
    }
}

/// Puts the corpus to Stoa.
pub(crate) fn replay() {
    let compressed = std::fs::read(path()).unwrap();
    let text = zstd::decode_all(compressed.as_slice()).unwrap();
    let chapters = read(std::str::from_utf8(&text).unwrap());
    let next = std::sync::atomic::AtomicUsize::new(0);
    let parts = std::thread::scope(|scope| {
        let work = || {
            let mut totals = Totals::default();
            while let Some(chapter) = chapters.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                replay_chapter(chapter, &mut totals);
            }
            totals
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.map(|thread| thread.join().unwrap())
    });
    for totals in parts {
        println!("{}", totals.report());
        totals.check();
    }
}

fn replay_chapter(chapter: &Chapter, totals: &mut Totals) {
    let universe = Universe::new(chapter.seed);
    let mut stoa = Stoa::open(universe.configuration);
    for sql in &chapter.preparations {
        stoa.ask(sql);
        if !sql.starts_with("SET ") {
            stoa.settle();
        }
    }
    for step in &chapter.steps {
        let answer = stoa.ask(&step.sql);
        let verdict = verdict(&step.sql, &step.answer, &answer, &step.comparison);
        totals.count(&verdict);
        totals.rows += answer.row_count() as u64;
        // They agreed when the corpus was recorded.
        if !matches!(verdict, Verdict::Same | Verdict::BothFail(_)) {
            let (seed, sql) = (chapter.seed, &step.sql);
            let theirs = &step.answer;
            totals.differences.push(format!(
                "{verdict:?}, seed {seed}\n{sql}\n-- recorded: {theirs:?}\n-- now: {answer:?}"
            ));
        }
    }
}
