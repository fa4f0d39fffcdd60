//! Random statements put to Stoa and to a PostgreSQL; what differs is reduced and told.

use crate::answer::Answer;
use crate::generator::{Comparison, Dialect, Generated};
use crate::postgres_side::Postgres;
use crate::stoa_side::Stoa;
use crate::tree::Tree;
use crate::universe::Universe;
use crate::verdict::{Totals, Verdict, verdict};

/// Statements put to the tables of one seed.
const STATEMENTS_PER_UNIVERSE: u64 = 200;
/// Simpler statements tried while reducing one.
const REDUCTIONS_MAX: usize = 600;
/// Rows shown of an answer.
const ROWS_SHOWN: usize = 12;

/// Both databases filled alike.
pub(crate) struct Pair {
    pub(crate) postgres: Postgres,
    pub(crate) stoa: Stoa,
}

impl Pair {
    /// Fills both; what differs in that is told. `None` where they came to differ for an excusable reason.
    pub(crate) fn fill(universe: &Universe, connection: &str, totals: &mut Totals) -> Option<Pair> {
        let mut pair = Pair {
            postgres: Postgres::connect(connection),
            stoa: Stoa::open(universe.configuration.clone()),
        };
        for preparation in universe.preparations() {
            let theirs = pair.postgres.ask(&preparation.postgres);
            let ours = pair.stoa.ask(&preparation.stoa);
            let verdict = verdict(&preparation.postgres, &theirs, &ours, &Comparison::default());
            if matches!(verdict, Verdict::EvaluationOrder(_) | Verdict::Refused(_)) {
                totals.count(&verdict);
                return None;
            }
            if !matches!(verdict, Verdict::Same | Verdict::BothFail(_)) {
                let what = format!("{verdict:?} while filling\n{}", preparation.stoa);
                let told = told(universe, 0, &what, &theirs, &ours);
                println!("{told}\n");
                totals.differences.push(told);
            }
            pair.stoa.settle();
        }
        for setting in &universe.settings {
            pair.both(setting, &Comparison::default());
        }
        Some(pair)
    }

    fn both(&mut self, sql: &str, comparison: &Comparison) -> (Verdict, Answer, Answer) {
        let theirs = self.postgres.ask(sql);
        let ours = self.stoa.ask(sql);
        (verdict(sql, &theirs, &ours, comparison), theirs, ours)
    }

    /// The first step whose answers differ, else the last that matters.
    pub(crate) fn judge(&mut self, case: &Case, tree: &Tree) -> (Verdict, Answer, Answer) {
        match &case.table {
            None => self.both(&tree.render(), &case.generated.comparison),
            Some(table) => {
                self.both("BEGIN", &Comparison::default());
                let changed = self.both(&tree.render(), &case.generated.comparison);
                let seen = match changed.0 {
                    Verdict::Same => self.both(&format!("SELECT * FROM {table}"), &case.generated.comparison),
                    _ => changed,
                };
                self.both("ROLLBACK", &Comparison::default());
                seen
            }
        }
    }
}

/// A statement, and the table to look at after it.
pub(crate) struct Case {
    pub(crate) generated: Generated,
    pub(crate) table: Option<String>,
}

pub(crate) fn case(universe: &Universe, number: u64) -> Case {
    let mut generator = universe.generator(number, Dialect::Postgres);
    match generator.random.chance(12) {
        true => {
            let (generated, table) = generator.modification();
            Case {
                generated,
                table: Some(table),
            }
        }
        false => Case {
            generated: generator.statement(),
            table: None,
        },
    }
}

/// Runs until so many statements were compared.
pub(crate) fn run(connection: &str, first_seed: u64, statements: u64) -> Totals {
    let mut totals = Totals::default();
    let started = std::time::Instant::now();
    let mut seed = first_seed;
    while totals.statements < statements {
        let universe = Universe::new(seed);
        if let Some(mut pair) = Pair::fill(&universe, connection, &mut totals) {
            for number in 0..STATEMENTS_PER_UNIVERSE.min(statements) {
                judge(&universe, number, &mut pair, &mut totals);
            }
        }
        seed += 1;
        if seed.is_multiple_of(10) {
            println!(
                "seed {seed}: {} statements, {} rows, {} differences, {} excused, {} refused, {} s",
                totals.statements,
                totals.rows,
                totals.differences.len(),
                totals.evaluation_order.values().sum::<u64>(),
                totals.refused.values().sum::<u64>(),
                started.elapsed().as_secs(),
            );
        }
    }
    totals
}

fn judge(universe: &Universe, number: u64, pair: &mut Pair, totals: &mut Totals) {
    let case = case(universe, number);
    let (verdict, theirs, ours) = pair.judge(&case, &case.generated.tree);
    totals.count(&verdict);
    totals.rows += theirs.row_count() as u64;
    let asked = std::env::var("STOA_DIFFERENTIAL_SHOW").unwrap_or_default();
    if let Verdict::Refused(message) | Verdict::EvaluationOrder(message) = &verdict
        && !asked.is_empty()
    {
        println!("{verdict:?} {message}: {}", case.generated.tree.render());
        println!("  {theirs:.200?}\n  {ours:.200?}");
    }
    let Verdict::Different(difference) = verdict else {
        return;
    };
    let (tree, theirs, ours) = reduced(&case, &difference, (theirs, ours), pair);
    let what = format!("{difference}\n{};", tree.render());
    let told = told(universe, number, &what, &theirs, &ours);
    println!("{told}\n");
    totals.differences.push(told);
}

/// Leaves out parts of the statement as long as it differs in the same way.
fn reduced(case: &Case, difference: &str, answers: (Answer, Answer), pair: &mut Pair) -> (Tree, Answer, Answer) {
    let mut best = (case.generated.tree.clone(), answers.0, answers.1);
    let mut left = REDUCTIONS_MAX;
    'reduce: while left > 0 {
        for simpler in best.0.simpler() {
            if left == 0 {
                break 'reduce;
            }
            left -= 1;
            let (verdict, theirs, ours) = pair.judge(case, &simpler);
            if verdict == Verdict::Different(difference.to_owned()) {
                best = (simpler, theirs, ours);
                continue 'reduce;
            }
        }
        break;
    }
    best
}

/// A difference in full, and its tables in a file.
fn told(universe: &Universe, number: u64, what: &str, theirs: &Answer, ours: &Answer) -> String {
    let file = std::env::temp_dir().join(format!("differential-{}.sql", universe.seed));
    let lines = universe
        .preparations()
        .into_iter()
        .map(|preparation| preparation.stoa + ";\n");
    let settings = universe.settings.iter().map(|setting| format!("{setting};\n"));
    // The text goes out in any case.
    let _ = std::fs::write(&file, lines.chain(settings).collect::<String>());
    format!(
        "== seed {} statement {number} ({:?}), tables in {}\n{what}\n-- PostgreSQL: {}\n-- Stoa: {}",
        universe.seed,
        universe.configuration,
        file.display(),
        shown(theirs, ours),
        shown(ours, theirs),
    )
}

/// An answer; of many rows first those that the other one does not have.
fn shown(answer: &Answer, other: &Answer) -> String {
    match answer {
        Answer::Rows { columns, rows } => {
            let of_other = match other {
                Answer::Rows { rows, .. } => rows.as_slice(),
                _ => &[],
            };
            let mut rows_shown: Vec<_> = rows.iter().collect();
            rows_shown.sort_by_cached_key(|row| (of_other.contains(row), format!("{row:?}")));
            rows_shown.truncate(ROWS_SHOWN);
            let lines: Vec<String> = rows_shown.iter().map(|row| format!("{row:?}")).collect();
            format!("{columns:?}, {} rows\n     {}", rows.len(), lines.join("\n     "))
        }
        other => format!("{other:?}"),
    }
}
